"""`yibao reconcile`: a clerk compares an institution's list with the platform, by the same function as 3202."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from openyibao.policy.model import Bilingual
from openyibao.service.reconciliation.found import Found
from openyibao.service.reconciliation.kinds import kinds
from openyibao.service.run import RunError, prepare

SHOWN = 20
ZIP = b"PK"


class ReconcileError(ValueError):
    """What was asked can't be done; says why, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Bilingual(zh, en)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a clerk asks for. `office` and `clearing`: "" for all; `out`: where the file of differences is written."""

    file: Path
    institution: str
    month: str
    office: str = ""
    clearing: str = ""
    out: Path | None = None
    keep: bool = False
    lang: str = "en"


def run(asked: Asked) -> bool:
    """Print what differs, at most 20 rows of it; the last line is JSON. Whether nothing does.

    Raises ReconcileError, sheet_rows.SheetError, scope.TooManyError, RunError, OSError.
    """
    first = month_of(asked.month)
    if not os.environ.get("DATABASE_URL"):
        raise RunError("DATABASE_URL is not set. Set it to postgresql://user:password@host/name")
    prepare(migrate=False)
    from openyibao.service import clock
    from openyibao.service.institutions.models import Institution
    from openyibao.service.reconciliation import run, sheet, written
    from openyibao.service.reconciliation.scope import Scope
    from openyibao.service.settlements.replies import CLEARING

    institution = Institution.objects.filter(code=asked.institution).first()
    if institution is None:
        raise ReconcileError(f"没有机构 {asked.institution}", f"there is no institution {asked.institution}")
    if asked.clearing not in ("", *CLEARING.values()):
        known = ", ".join(CLEARING.values())
        raise ReconcileError(f"清算类别应为 {known} 之一", f"--clearing is one of {known}")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    scope = Scope(institution.pk, asked.office, first, last, asked.clearing or None)
    with asked.file.open("rb") as raw:
        zipped = raw.read(len(ZIP)) == ZIP
        raw.seek(0)
        stated = sheet.read_zip(raw.read()) if zipped else sheet.read_text(raw)
    found = run.reconcile(scope, stated, "command", clock.now() if asked.keep else None)
    if asked.out is not None:
        with asked.out.open("w", encoding="utf-8") as file:
            file.writelines("\t".join(row) + "\n" for row in (written.ANSWER, *written.rows_of(found, asked.lang)))
    console = Console()
    console.print(_table(found, asked.lang))
    for one in islice(found.differences(), SHOWN):
        console.print(
            f"{written.result_of(one)} {one.text('setl_id') or '-'}: {written.memo(one, asked.lang)}", highlight=False
        )
    if len(found) > SHOWN:
        more = len(found) - SHOWN
        console.print(f"另有 {more} 项" if asked.lang == "zh" else f"and {more} more")
    sums = {"institution": asked.institution, "month": asked.month, "rows": len(stated), "matched": found.matched}
    print(json.dumps({**sums, "differences": len(found), "sums_agree": found.sums_agree, "kinds": found.counts()}))
    return not len(found)


def month_of(text: str) -> date:
    """The first day of `2026-03`. Raises ReconcileError."""
    try:
        if len(text) == 7:
            return date.fromisoformat(f"{text}-01")
    except ValueError:
        pass
    raise ReconcileError(f"月份 {text} 有误，应如 2026-03", f"the month {text} is wrong; expected such as 2026-03")


def _table(found: Found, lang: str) -> Table:
    table = Table("差异" if lang == "zh" else "difference", "笔数" if lang == "zh" else "rows")
    table.add_row("一致" if lang == "zh" else "agree", f"{found.matched:,}")
    for name, count in found.counts().items():
        table.add_row(str(getattr(kinds()[name], lang)), f"{count:,}")
    return table
