"""`yibao replay` and `yibao bench replay`."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

from rich.console import Console

from openyibao.service import named
from openyibao.service.bulk.commands import fill, platform_database
from openyibao.service.bulk.progress import shown
from openyibao.service.replay.periods import Period
from openyibao.service.run import RunError, say


def asked_period(day: str, year: int) -> Period:
    """The period that the options name; neither: all days. Raises RunError."""
    if day and year:
        raise RunError("--day and --year exclude each other / --day 与 --year 只能选一个")
    if year:
        return Period(date(year, 1, 1), date(year, 12, 31))
    if not day:
        return Period()
    only = named.day("--day", day)
    return Period(only, only)


def run(period: Period, *, lang: str, processes: int, most: int, from_lines: bool) -> bool:
    """Replay on DATABASE_URL; whether nothing differs and nothing stays open. Raises RunError."""
    named.platform()
    from openyibao.service.replay.log import LogError
    from openyibao.service.replay.report import last_line, tell
    from openyibao.service.replay.work import replay

    try:
        done = replay(period, processes=processes, progress=shown(), most=most, from_lines=from_lines)
    except LogError as error:
        raise RunError(f"a row of the log can't be read / 日志中有一行无法读取: {error}") from None
    tell(done, lang, Console())
    print(last_line(done))
    return done.right


def bench(settlements: int, histories: int, seed: int, folder: Path | None, *, from_lines: bool) -> bool:
    """`yibao bench replay`: a database filled with settlements, all of them replayed; whether nothing differs."""
    os.environ.setdefault("YIBAO_LOG_LEVEL", "WARNING")
    with platform_database(folder):
        from django.db import connection

        from openyibao.service.replay.report import figures, tell
        from openyibao.service.replay.work import replay

        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM settlements_settlement")
            kept = int(cursor.fetchone()[0])
        if not kept:
            filled = fill(settlements, histories, seed, lines=from_lines, progress=shown())
            say(f"{filled.settlements:,} settlements, {filled.histories:,} different histories")
        done = replay(Period(), progress=shown())
        tell(done, "en", Console())
        found = {"bench": "replay", **figures(done)}
        if from_lines:
            again = replay(Period(), progress=shown(), from_lines=True)
            tell(again, "en", Console())
            found |= {"from_lines_seconds": round(again.seconds, 2), "from_lines_differing": again.tally.differing}
            done.tally.add(again.tally)
        found["settlements_per_second"] = round(found["settlements"] / found["seconds"])
        print(json.dumps(found))
        return done.right
