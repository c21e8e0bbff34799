"""Settlements by region and year: which constraints have to change, what it costs to write, what it saves.

    .venv/bin/python benchmarks/nodes/partitions.py [--settlements 20000] [--folder KEPT]

It works on copies of the settlements' table; the platform's own tables stay as they are.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import Any

import psycopg
from common import columns, filled, finish, one, rows

TABLE = "settlements_settlement"
UNIQUE = (
    "SELECT indexrelid::regclass::text, (SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute"
    " WHERE attrelid = indrelid AND attnum = ANY(indkey::int2[])) FROM pg_index"
    " WHERE indrelid = %s::regclass AND indisunique ORDER BY 1"
)
REFERRING = (
    "SELECT conrelid::regclass::text, conname FROM pg_constraint"
    " WHERE confrelid = %s::regclass AND contype = 'f' ORDER BY 1"
)
YEARS = "SELECT extract(year FROM min(day))::int, extract(year FROM max(day))::int + 1 FROM rehearsed_all"
WITH_REGION = (
    "SELECT b.code AS region, s.* FROM settlements_settlement s JOIN settlements_history h ON h.id = s.history_id"
    " JOIN organisation_region r ON r.id = h.region_id JOIN organisation_body b ON b.id = r.body_id"
)
MONTH = "SELECT count(*), sum(funds_fen) FROM {} WHERE region = '{}' AND day >= '{}' AND day < '{}'"


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--settlements", type=int, default=20_000)
    asked.add_argument("--folder", type=Path, help="keep the server's data here, to be used again")
    given = asked.parse_args()
    with filled(given.settlements, given.folder) as server, psycopg.connect(server.url(), autocommit=True) as a:
        rehearse(a)


def rehearse(a: psycopg.Connection[Any]) -> None:
    for name in ("parted", "plain", "rehearsed_all"):
        a.execute(f"DROP TABLE IF EXISTS {name}")  # type: ignore[arg-type]
    a.execute(f"CREATE TABLE rehearsed_all AS {WITH_REGION}")  # type: ignore[arg-type]
    names = columns(a, "rehearsed_all")
    regions = [row[0] for row in rows(a, "SELECT DISTINCT region FROM rehearsed_all ORDER BY 1")]
    years = range(*rows(a, YEARS)[0])
    parts = make(a, regions, years)
    must, refused = constraints(a)
    written = {table: fill(a, table, names) for table in ("plain", "parted")}
    a.execute("ANALYZE")
    region, day = rows(a, "SELECT region, max(day) FROM rehearsed_all GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")[0]
    first = day.replace(day=1)
    plan = rows(a, "EXPLAIN " + MONTH.format("parted", region, first, day))
    scanned = len({found for row in plan for found in re.findall(r"parted_\d+_\d+", row[0])})
    month = {table: seconds(a, MONTH.format(table, region, first, day)) for table in ("plain", "parted")}
    year = first.year
    gone = one(a, f"SELECT count(*) FROM plain WHERE region = '{region}' AND extract(year FROM day) = {year}")
    within = f"region = '{region}' AND day >= '{year}-01-01' AND day < '{year + 1}-01-01'"
    delete = seconds(a, f"DELETE FROM plain WHERE {within}")
    detach = seconds(a, f"ALTER TABLE parted_{region} DETACH PARTITION parted_{region}_{year}")
    assert one(a, "SELECT count(*) FROM plain") == one(a, "SELECT count(*) FROM parted"), "the two tables differ"
    count = one(a, "SELECT count(*) FROM rehearsed_all")
    print(f"{count:,} settlements, {len(regions)} regions, {parts} partitions by region and year")
    print(f"must change: {', '.join(must)}; PostgreSQL says: {refused}")
    print("carry the region too: " + ", ".join(f"{table} ({name})" for table, name in rows(a, REFERRING, TABLE)))
    tables = ("plain", "parted")
    rates = {table: count / written[table] for table in tables}
    months = {table: round(month[table] * 1000, 2) for table in tables}
    for table in tables:
        print(f"{table:7} written at {rates[table]:9,.0f} rows/s; a month of a region {months[table]:7.2f} ms")
    print(f"a month touches {scanned} of {parts} partitions; a region's year of {gone:,} rows goes in")
    print(f"{detach * 1000:.1f} ms by detaching, in {delete * 1000:.1f} ms by deleting")
    finish(
        rehearsal="partitions",
        settlements=count,
        partitions=parts,
        constraints_to_change=must,
        scanned=scanned,
        write_ratio=round(rates["parted"] / rates["plain"], 2),
        month_ms=months,
        detach_ms=round(detach * 1000, 1),
        delete_ms=round(delete * 1000, 1),
        rows_gone=gone,
    )
    for name in ("parted", "plain", "rehearsed_all", f"parted_{region}_{year}"):
        a.execute(f"DROP TABLE IF EXISTS {name}")  # type: ignore[arg-type]


def make(a: psycopg.Connection[Any], regions: list[str], years: range) -> int:
    """A plain table, and one by region and year, with the same indexes as far as that can be; how many partitions."""
    a.execute("CREATE TABLE plain (LIKE rehearsed_all)")
    a.execute("CREATE TABLE parted (LIKE rehearsed_all) PARTITION BY LIST (region)")
    for region in regions:
        a.execute(
            f"CREATE TABLE parted_{region} PARTITION OF parted FOR VALUES IN ('{region}') PARTITION BY RANGE (day)"
        )  # type: ignore[arg-type]
        for year in years:
            a.execute(  # type: ignore[call-overload]
                f"CREATE TABLE parted_{region}_{year} PARTITION OF parted_{region} FOR VALUES"
                f" FROM ('{year}-01-01') TO ('{year + 1}-01-01')"
            )
    for table, keys in (("plain", ("id",)), ("parted", ("region", "day", "id"))):
        a.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({', '.join(keys)})")  # type: ignore[arg-type]
        for index in ("institution_id, day", "history_id, settled", "setl_id", "region, day"):
            a.execute(f"CREATE INDEX ON {table} ({index})")  # type: ignore[arg-type]
    return len(regions) * len(years)


def constraints(a: psycopg.Connection[Any]) -> tuple[list[str], str]:
    """The unique constraints that a partitioned table can't have as they are, and why, in the server's words."""
    must, said = [], ""
    for name, keys in rows(a, UNIQUE, TABLE):
        try:
            a.execute(f"ALTER TABLE parted ADD CONSTRAINT trial_{name} UNIQUE ({', '.join(keys)})")  # type: ignore[arg-type]
        except psycopg.errors.FeatureNotSupported as error:
            must.append(f"{name} ({', '.join(keys)})")
            said = error.diag.message_primary or ""
        else:
            a.execute(f"ALTER TABLE parted DROP CONSTRAINT trial_{name}")  # type: ignore[arg-type]
    return must, said


def fill(a: psycopg.Connection[Any], table: str, names: list[str]) -> float:
    listed = ", ".join(f'"{name}"' for name in names)
    return seconds(a, f"INSERT INTO {table} ({listed}) SELECT {listed} FROM rehearsed_all")


def seconds(a: psycopg.Connection[Any], sql: str) -> float:
    clock = time.monotonic()
    a.execute(sql)  # type: ignore[arg-type]
    return time.monotonic() - clock


if __name__ == "__main__":
    main()
