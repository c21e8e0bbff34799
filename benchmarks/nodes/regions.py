"""A region moves to a server of its own: counted, the books equal before and after, both servers settle on.

    .venv/bin/python benchmarks/nodes/regions.py [--settlements 5000] [--region 980001]

The places, institutions and staff are on both servers (reference tables). Every row of the region is copied, then taken
from the first server; the second gives numbers from a range of its own.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import psycopg
from common import columns, filled, finish, one, rows, say, using

from openyibao.service.postgres import Server

SHARED = ("organisation_", "institutions_", "auth_", "django_", "people_household", "settlements_law")
"""Tables that both servers have in full, by how their names begin."""
FIRST_NUMBER = 1_000_000_000_000
"""Where the numbers of the second server begin: no id is ever given twice, wherever a row moves."""

REGION = (
    "(SELECT r.id FROM organisation_region r JOIN organisation_body b ON b.id = r.body_id WHERE b.code = %(region)s)"
)
COVERED = f"(SELECT person_id FROM people_coverage WHERE region_id IN {REGION})"
ELSEWHERE = f"(SELECT person_id FROM people_coverage WHERE region_id NOT IN {REGION})"
ACCOUNTS = f"(SELECT id FROM people_account WHERE region_id IN {REGION})"
HISTORIES = f"(SELECT id FROM settlements_history WHERE region_id IN {REGION})"
COVERAGES = f"(SELECT id FROM people_coverage WHERE region_id IN {REGION})"
VISITS = f"(SELECT id FROM settlements_visit WHERE coverage_id IN {COVERAGES})"
SETTLEMENTS = f"(SELECT id FROM settlements_settlement WHERE history_id IN {HISTORIES})"
BOOKED = "(SELECT id FROM ledger_account WHERE region = %(region)s)"
ENTRIES = f"(SELECT entry_id FROM ledger_posting WHERE account_id IN {BOOKED})"
OF_REGION = {
    "people_person": f"id IN {COVERED}",
    "people_identity": f"person_id IN {COVERED}",
    "people_coverage": f"region_id IN {REGION}",
    "people_account": f"region_id IN {REGION}",
    "people_account_members": f"account_id IN {ACCOUNTS}",
    "settlements_history": f"region_id IN {REGION}",
    "settlements_use": f"history_id IN {HISTORIES}",
    "settlements_visit": f"id IN {VISITS}",
    "settlements_settlement": f"history_id IN {HISTORIES}",
    "settlements_feeline": f"visit_id IN {VISITS}",
    "settlements_layerpaid": f"settlement_id IN {SETTLEMENTS}",
    "gateway_message": f"settlement_id IN {SETTLEMENTS} OR visit_id IN {VISITS}",
    "ledger_account": "region = %(region)s",
    "ledger_entry": f"id IN {ENTRIES}",
    "ledger_posting": f"entry_id IN {ENTRIES}",
}
"""How each table's rows belong to a region: what would be the distribution key, if each of them had it itself."""
STAYING = {
    "people_person": f" AND id NOT IN {ELSEWHERE}",
    "people_identity": f" AND person_id NOT IN {ELSEWHERE}",
}
"""What the first server keeps although it was copied: persons who are insured in another region too."""
TABLES = "SELECT relname FROM pg_class WHERE relkind = '{}' AND relnamespace = 'public'::regnamespace ORDER BY 1"
OF_NODE = ("ledger_balance", "ledger_fold", "ledger_seal", "ledger_carried", "ledger_closedmonth")
"""Made anew on the second server: folded balances, and a chain of seals that begins there."""
CROSSING = (
    "SELECT count(*) FROM (SELECT p.entry_id FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
    " GROUP BY 1 HAVING count(DISTINCT a.region) > 1) x"
)
BOOKS = (
    "SELECT a.region, a.kind, a.scheme, a.fund, count(*), sum(p.fen)::bigint FROM ledger_posting p"
    " JOIN ledger_account a ON a.id = p.account_id GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--settlements", type=int, default=5_000)
    asked.add_argument("--folder", type=Path, help="keep the first server's data here, to be used again")
    asked.add_argument("--region", default="980001")
    given = asked.parse_args()
    with filled(given.settlements, given.folder) as first, Server() as second:
        rehearse(first, second, given.region)


def rehearse(first: Server, second: Server, region: str) -> None:
    with using(second.url()):
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
    with psycopg.connect(first.url()) as a, psycopg.connect(second.url()) as b:
        known = [row[0] for row in rows(a, TABLES.format("r"))]
        unknown = [t for t in known if not t.startswith(SHARED) and t not in OF_REGION and t not in OF_NODE]
        unknown = [t for t in unknown if one(a, f"SELECT EXISTS (SELECT FROM {t})")]
        if unknown:
            raise SystemExit(f"no rule says to which region rows belong in: {', '.join(unknown)}")
        if one(a, CROSSING):
            raise SystemExit("an entry has postings in two regions; it can't stand in one place")
        whole = rows(a, BOOKS)
        both = one(a, of(f"SELECT count(*) FROM people_person WHERE id IN {COVERED} AND id IN {ELSEWHERE}", region))
        clock = time.monotonic()
        moved = move(a, b, [t for t in known if t.startswith(SHARED)], region)
        seconds = time.monotonic() - clock
        left = {row[0] for row in rows(a, BOOKS)}
        assert region not in left and {row[0] for row in rows(b, BOOKS)} == {region}
        assert sorted(rows(a, BOOKS) + rows(b, BOOKS)) == sorted(whole), "the books of the two are not those of the one"
    settled, faults = {}, {}
    for name, server in (("first", first), ("second", second)):
        with using(server.url()):
            settled[name], faults[name] = settle_on(), books()
    say(f"numbers of the next settlement: {settled}")
    assert settled["second"] >= FIRST_NUMBER > settled["first"]
    total = sum(moved.values())
    for table, count in moved.items():
        print(f"{table:28} {count:>10,}")
    print(f"{total:,} rows in {seconds:.1f} s; persons insured in both: {both}; differences of the books: {faults}")
    finish(rehearsal="regions", region=region, rows=total, settlements=moved["settlements_settlement"],
           seconds=round(seconds, 2), rows_per_second=round(total / seconds), shared_persons=both,
           differences=sum(faults.values()))  # fmt: skip


def move(a: psycopg.Connection[Any], b: psycopg.Connection[Any], shared: list[str], region: str) -> dict[str, int]:
    """Copy the region's rows and take them from the first server; how many of each table."""
    for connection in (a, b):
        connection.commit()
        connection.execute("SET session_replication_role = replica")  # neither triggers nor foreign keys: all at once
    for table in shared:
        b.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]
        copy(a, b, table, "true")
    moved = {}
    for table, rule in OF_REGION.items():
        moved[table] = copy(a, b, table, of(rule, region))
    # what belongs to both stays: persons insured elsewhere too. Children first, so that each rule still finds its rows
    for table in reversed(OF_REGION):
        rule = of(OF_REGION[table] + STAYING.get(table, ""), region)
        a.execute(f"CREATE TEMP TABLE gone_{table} AS SELECT ctid AS place FROM {table} WHERE {rule}")  # type: ignore[arg-type]
    for table in OF_REGION:
        a.execute(f"DELETE FROM {table} WHERE ctid IN (SELECT place FROM gone_{table})")  # type: ignore[arg-type]
    for connection in (a, b):
        refold(connection)
    sequences(b)
    for connection in (a, b):
        connection.commit()
        connection.execute("SET session_replication_role = origin")
        connection.commit()
    return moved


def of(sql: str, region: str) -> str:
    """A statement for a region; its code is digits only."""
    return sql.replace("%(region)s", f"'{int(region)}'")


def copy(a: psycopg.Connection[Any], b: psycopg.Connection[Any], table: str, rule: str) -> int:
    names = ", ".join(f'"{name}"' for name in columns(a, table))
    with (
        a.cursor().copy(f"COPY (SELECT {names} FROM {table} WHERE {rule}) TO STDOUT (FORMAT binary)") as out,  # type: ignore[arg-type]
        b.cursor() as cursor,
    ):
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT binary)") as into:  # type: ignore[arg-type]
            for data in out:
                into.write(data)
        return cursor.rowcount


def refold(connection: psycopg.Connection[Any]) -> None:
    """Balances are folded anew by the worker; here from nothing."""
    connection.execute("DELETE FROM ledger_balance")
    connection.execute("UPDATE ledger_fold SET through = 0")


def sequences(connection: psycopg.Connection[Any]) -> None:
    """Numbers of a range of its own, for every table; rows of reference tables are made on the first server only."""
    for (name,) in rows(connection, TABLES.format("S")):
        if not name.startswith(SHARED):
            connection.execute(f"SELECT setval('{name}', {FIRST_NUMBER})")


def settle_on() -> int:
    """The newest settlement, taken back through the platform's own door: the number that this server gave."""
    from django.db import transaction

    from openyibao.service.clock import now
    from openyibao.service.gateway.refusals import Refused
    from openyibao.service.settlements import door
    from openyibao.service.settlements.models import Settlement

    for newest in Settlement.objects.filter(reverses=None, reversed_by=None).order_by("-settled")[:50]:
        try:
            with transaction.atomic():
                made = door.reverse(newest, now(), f"MOVED{newest.pk}"[:30])
        except Refused:
            continue
        return int(made.pk)
    raise SystemExit("no settlement could be taken back")


def books() -> int:
    from openyibao.service.ledger.checks import check_books

    return len(check_books())


if __name__ == "__main__":
    main()
