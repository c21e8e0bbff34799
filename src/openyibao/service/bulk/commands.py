"""`yibao bench fill`: a database with so many true settlements. Figures on the last line, as JSON."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from openyibao.service.bulk.progress import Progress, shown, silent
from openyibao.service.postgres import Server
from openyibao.service.run import RunError, prepare


@dataclass(frozen=True, slots=True)
class Filled:
    """What a database holds after it was filled: `histories` are the different ones, of `persons` persons in all."""

    histories: int
    persons: int
    settlements: int
    refused: int
    regions: int
    seed_seconds: float
    copy_seconds: float
    bytes_per_settlement: int


@contextmanager
def platform_database(folder: Path | None, *, durable: bool = True) -> Iterator[str]:
    """A migrated database: that of DATABASE_URL (which must be a sandbox's), or a server's of our own in a folder.

    Without a folder it ends with the block. Raises RunError, PostgresError.
    """
    if os.environ.get("DATABASE_URL"):
        if folder is not None:
            raise RunError("--folder is for a database of our own; DATABASE_URL names another. Leave one out")
        if os.environ.get("YIBAO_SANDBOX") != "1":
            raise RunError("persons for measuring are put into a sandbox's database only: set YIBAO_SANDBOX=1")
        prepare(migrate=True)
        yield os.environ["DATABASE_URL"]
        return
    with Server(folder, durable=durable) as server:
        os.environ["DATABASE_URL"] = server.url()
        os.environ["YIBAO_SANDBOX"] = "1"
        os.environ.setdefault("YIBAO_SECRET_KEY", secrets.token_urlsafe(32))
        try:
            prepare(migrate=True)
            yield server.url()
        finally:
            from django.db import connections

            connections.close_all()
            del os.environ["DATABASE_URL"]


def fill(
    settlements: int,
    histories: int,
    seed: int,
    *,
    lines: bool = True,
    progress: Progress | None = None,
    only: Sequence[str] = (),
) -> Filled:
    """Fill the database of the environment; Django is set up. One that was filled before gets more copies only."""
    from django.db import connection

    from openyibao.service.bulk import copies, seeds

    tell = progress or silent
    start = time.perf_counter()
    seeded = seeds.seeded_before() or seeds.seed(histories, seed, tell, only)
    middle = time.perf_counter()
    copies.multiply(settlements, lines=lines, progress=tell)
    end = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SELECT count(*) FROM people_person WHERE psn_no LIKE 'BULK%%'")
        persons = int(cursor.fetchone()[0])
        cursor.execute("SELECT count(*), pg_database_size(current_database()) FROM settlements_settlement")
        count, size = (int(one) for one in cursor.fetchone())
    return Filled(
        seeded.histories,
        persons,
        count,
        seeded.refused,
        seeded.regions,
        round(middle - start, 1),
        round(end - middle, 1),
        size // max(1, count),
    )


def run(settlements: int, histories: int, seed: int, folder: Path | None, *, lines: bool, check: bool) -> bool:
    """`yibao bench fill`: whether all is right, as far as it was checked."""
    with platform_database(folder):
        from openyibao.service.bulk.checks import check as wrong

        filled = fill(settlements, histories, seed, lines=lines, progress=shown())
        print(
            f"{filled.settlements:,} settlements of {filled.persons:,} persons in {filled.regions} regions; of them"
            f" {filled.histories:,} different histories, settled through the door in {filled.seed_seconds} s"
            f" ({filled.refused:,} visits refused by the law), the others copies made in {filled.copy_seconds} s"
        )
        found = wrong() if check else []
        for text in found:
            print(text)
        print(json.dumps({"bench": "fill", **asdict(filled), "checked": check, "wrong": len(found)}))
        return not found
