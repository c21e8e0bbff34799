"""What a database holds and whether it is right, for the report of a restore.

    python -m openyibao.service.backup.check [--seals FILE] [--hash]      on DATABASE_URL; one JSON object

It runs as a process of its own, so that the process that restores need not be one of that database.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

COUNTED = {
    "persons": "people_person",
    "visits": "settlements_visit",
    "settlements": "settlements_settlement",
    "entries": "ledger_entry",
    "postings": "ledger_posting",
    "messages": "gateway_message",
}
WRITTEN = {"TimeZone": "UTC", "DateStyle": "ISO", "IntervalStyle": "iso_8601", "bytea_output": "hex"}
"""How values are written while they are hashed, whatever a server is set to."""
SUMS = """
SELECT count(*)::text, sum(('x' || left(hash, 16))::bit(64)::bigint)::text,
       sum(('x' || right(hash, 16))::bit(64)::bigint)::text
FROM (SELECT md5(t::text) AS hash FROM {} t) AS rows
"""
PASSING = ("django_session",)
"""Tables that are no state of the platform."""


@dataclass(frozen=True, slots=True)
class Found:
    """A database's state. `ahead`: how many seals the file outside has that the database, set back, has not.

    `fault` is what is wrong with the seals, `differences` what is wrong with the books, each as (zh, en).
    """

    size: int
    counts: dict[str, int]
    migrations_missing: list[str]
    seals: int
    head: str
    unsealed: int
    ahead: int
    fault: list[str]
    differences: list[list[str]]
    trial_fen: int
    hash: str

    @property
    def right(self) -> bool:
        return not self.fault and not self.differences and not self.trial_fen


def check(url: str, seals: Path | None, *, hashed: bool = False) -> Found:
    """Check the database at an address, in a process of its own. Raises RuntimeError with what that said."""
    command = [sys.executable, "-P", "-m", __name__]
    command += ["--seals", str(seals)] if seals else []
    command += ["--hash"] if hashed else []
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "openyibao.service.settings",
        "YIBAO_SECRET_KEY": os.environ.get("YIBAO_SECRET_KEY") or secrets.token_urlsafe(32),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"the restored database could not be checked: {done.stderr.strip()[-2000:]}")
    return Found(**json.loads(done.stdout.splitlines()[-1]))


def state_hash(connection: psycopg.Connection[Any]) -> str:
    """One hash over all rows of all tables, in whatever order they lie.

    Two databases with the same hash hold the same rows. Where a sequence stands is not in it. A table counts with its
    number of rows and the sums of both halves of their texts' MD5: nothing is sorted, and the server's processes share
    the work. It finds accidents; against forgers there are the seals.
    """
    digest = hashlib.sha256()
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name, value in WRITTEN.items():
            connection.execute("SELECT set_config(%s, %s, true)", [name, value])
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
        for (name,) in names:
            if name not in PASSING:
                sums = connection.execute(sql.SQL(SUMS).format(sql.Identifier(name))).fetchone()
                digest.update(f"{name} {sums}\n".encode())
    return digest.hexdigest()


def look(seals: Path | None, *, hashed: bool) -> Found:
    """The state of the database that Django uses."""
    from django.conf import settings
    from django.db import connection

    from openyibao.service.health import unapplied
    from openyibao.service.ledger.checks import check_books
    from openyibao.service.ledger.reports import trial_balance
    from openyibao.service.ledger.verify import verify

    url = os.environ["DATABASE_URL"]
    name = settings.DATABASES["default"]["NAME"]
    missing = unapplied()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(%s)", [name])
        size = int(cursor.fetchone()[0])
    if missing:  # an older version's tables: its own program can check them
        return Found(size, {}, missing, 0, "", 0, 0, [], [], 0, "")
    verdict = verify(seals)
    ahead = 0
    if verdict.fault and verdict.fault.what == "file ahead" and seals is not None:
        ahead = sum(1 for line in seals.read_bytes().split(b"\n") if line) - verdict.seals
        verdict = verify()
    fault = [verdict.fault.text(lang) for lang in ("zh", "en")] if verdict.fault else []
    counts = {}
    with connection.cursor() as cursor:
        for what, table in COUNTED.items():
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[what] = int(cursor.fetchone()[0])
    differences = [[one.text("zh"), one.text("en")] for one in check_books()]
    trial = sum(row.fen for row in trial_balance())
    digest = ""
    if hashed:
        with psycopg.connect(url, autocommit=True) as own:
            digest = state_hash(own)
    sealed = (verdict.seals, verdict.head, verdict.unsealed, ahead)
    return Found(size, counts, missing, *sealed, fault, differences, trial, digest)


def main() -> None:
    asked = argparse.ArgumentParser(prog="check", description=__doc__)
    asked.add_argument("--seals", type=Path)
    asked.add_argument("--hash", action="store_true")
    given = asked.parse_args()
    import django

    django.setup()
    print(json.dumps(asdict(look(given.seals, hashed=given.hash)), ensure_ascii=False))


if __name__ == "__main__":
    main()
