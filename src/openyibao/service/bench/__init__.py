"""`yibao bench platform`: settlements and whole visits over HTTP, and where the processor's time goes. No verdicts.

Clients, web server and a durable PostgreSQL share the machine. After two seconds that are not measured, and the
statistics that the database else makes within a minute: first only settlements (2207), of visits that were
registered and uploaded before the clock starts; then whole visits (2201, 2203, 2204, 2206, 2207). With `stored`, so
many settlements are put into the database after that, and settling is measured again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from openyibao.service.bench import load
from openyibao.service.bench.load import Load

MOST_SETTLEMENTS, MOST_VISITS = 1_500, 400
"""Requests that are prepared for each second."""
DATABASE = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
}
"""What differs from PostgreSQL's own settings; fsync, synchronous_commit and full_page_writes stay on."""
WARM_SECONDS = 2.0
COMPRESSION = ("wal_compression", "default_toast_compression")
"""By lz4, where the server was built with it, which costs less processor time than its own way."""
PARTS = ("web server", "database", "clients", "worker")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a phase gave: rates a second, milliseconds of 2207, milliseconds of processor a settlement by part."""

    name: str
    loads: tuple[Load, ...]
    elapsed: float
    per_second: float
    p50_ms: float
    p99_ms: float
    fsyncs_per_second: float
    wal_bytes: int
    cpu_ms: dict[str, float]
    refused: int
    refusal: str


def run(
    seconds: float,
    clients: int,
    persons: int,
    workers: int,
    threads: int = 4,
    stored: int = 0,
    folder: Path | None = None,
) -> None:
    """Print all figures; the last line is one JSON object."""
    from openyibao.service.run import Platform, Web
    from openyibao.service.sandbox.serve import Kept, sandbox

    os.environ.setdefault("YIBAO_LOG_LEVEL", "WARNING")
    web = Web(port=0, workers=workers, threads=threads)
    with (
        TemporaryDirectory(prefix="yibao-bench-", dir=folder) as temporary,
        sandbox(Path(temporary) / "db", Kept(), web) as server,
    ):
        tune(server)
        bench = _Bench(seconds, clients, persons)
        with Platform(web) as platform:
            bench.start(platform, server)
            bench.warm()
            phases = [bench.settling("2207 alone"), bench.whole_visits()]
            bytes_each = 0
            if stored:
                bytes_each = _store(stored)
                phases.append(bench.settling(f"2207 alone, {stored:,} stored"))
        settled, differences = _check()
    _print(phases, bench, settled, differences, bytes_each)


def tune(server: Any) -> None:
    """Set a server as it is measured, and start it again."""
    from django.db import connection

    with connection.cursor() as cursor:
        for name, value in DATABASE.items():
            cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        for name in COMPRESSION:
            cursor.execute("SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = %s", [name])
            if cursor.fetchone()[0]:
                cursor.execute(f"ALTER SYSTEM SET {name} = 'lz4'")
    connection.close()
    server.pause()
    server.start()


class _Bench:
    """Prepares and measures one phase after the other; numbers of visits go on through all of them."""

    def __init__(self, seconds: float, clients: int, persons: int) -> None:
        from openyibao.service.bench import prepare

        self.prepare = prepare
        self.seconds, self.clients = seconds, clients
        self.persons = persons - persons % len(prepare.KINDS)
        self.first = len(prepare.KINDS)

    def start(self, platform: Any, server: Any) -> None:
        self.prepare.make_persons(self.persons)
        self.port = platform.port
        self.kinds = self.prepare.kinds(self.port)
        self.pids = {
            "web server": [platform.children["web server"].pid],
            "worker": [one.pid for name, one in platform.children.items() if name != "web server"],
            "database": [server.process.pid],
        }

    def warm(self) -> None:
        """Some settlements that are not measured, and the statistics that the database else makes within a minute."""
        from django.db import connection

        seconds, self.seconds = self.seconds, WARM_SECONDS
        self.whole_visits()
        self.seconds = seconds
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def settling(self, name: str) -> Measured:
        count = self._count(MOST_SETTLEMENTS)
        self.prepare.copy_visits(self.kinds, self.first, count, self.persons)
        bodies = self.prepare.settle_bodies(self.kinds, self.first, count, self.persons)
        self.first += count
        return self._measure(name, load.settle, bodies)

    def whole_visits(self) -> Measured:
        count = self._count(MOST_VISITS)
        flows = self.prepare.flows(self.kinds, self.first, count, self.persons)
        self.first += count
        return self._measure("whole visits", load.visits, flows)

    def _count(self, most: int) -> int:
        count = int(self.seconds * most)
        return count - count % len(self.prepare.KINDS)

    def _measure(self, name: str, drive: Callable[..., Load], work: Sequence[Any]) -> Measured:
        from django.db import connection, connections

        from openyibao.service.bench import watch

        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        connections.close_all()
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            pool.apply(os.getpid)
            parts = {**self.pids, "clients": [one.pid for one in multiprocessing.active_children()]}
            waiting = pool.apply_async(_driven, (drive.__name__, self.port, work, self.clients, self.seconds))
            before = watch.mark(parts)
            done = waiting.get()
            after = watch.mark(parts)
        settles = done.seconds.get("2207", [])
        p50, p99 = _quantiles(settles)
        return Measured(
            name=name,
            loads=(done,),
            elapsed=done.elapsed,
            per_second=len(settles) / done.elapsed,
            p50_ms=p50,
            p99_ms=p99,
            fsyncs_per_second=(after.syncs - before.syncs) / done.elapsed,
            wal_bytes=(after.wal_bytes - before.wal_bytes) // max(1, len(settles)),
            cpu_ms={part: (after.cpu[part] - before.cpu[part]) / max(1, len(settles)) * 1000 for part in PARTS},
            refused=done.refused,
            refusal=done.refusal,
        )


def _driven(name: str, *about: Any) -> Load:
    """In the process of the clients."""
    found: Load = getattr(load, name)(*about)
    return found


def _store(count: int) -> int:
    """Put settlements into the database, without their fee lines; bytes of the database for each of them."""
    from django.db import connection, connections

    from openyibao.service.bulk.commands import fill
    from openyibao.service.bulk.progress import shown

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        before = cursor.fetchone()[0]
        filled = fill(count, 2_000, 1, lines=False, progress=shown())
        cursor.execute("SELECT pg_database_size(current_database())")
        after = cursor.fetchone()[0]
    connections.close_all()
    return int(after - before) // max(1, filled.settlements)


def _check() -> tuple[int, int]:
    """How many settlements stand, and how much the books differ from them, in fen."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(funds_fen + account_fen + family_fen), 0) FROM settlements_settlement"
        )
        count, borne = cursor.fetchone()
        cursor.execute(
            "SELECT coalesce(-sum(p.fen), 0) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            " WHERE a.kind = 'payable to institution'"
        )
        owed = cursor.fetchone()[0]
    connection.close()
    return int(count), int(borne) - int(owed)


def _print(phases: list[Measured], bench: _Bench, settled: int, differences: int, bytes_each: int) -> None:
    console = Console()
    table = Table(
        "phase", "2207 a second", "median ms", "p99 ms", "fsyncs a second", "log bytes each", title="the platform"
    )
    times = Table("phase", *(f"{part} ms" for part in PARTS), "all ms", title="processor time for each settlement")
    for one in phases:
        rates = (f"{one.per_second:,.0f}", f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}", f"{one.fsyncs_per_second:,.0f}")
        table.add_row(one.name, *rates, f"{one.wal_bytes:,}")
        times.add_row(one.name, *(f"{one.cpu_ms[part]:.2f}" for part in PARTS), f"{sum(one.cpu_ms.values()):.2f}")
    console.print(table)
    console.print(times)
    alone, visits, *later = phases
    requests = Table("transaction", "requests", "median ms", "p99 ms", title="whole visits")
    for infno, seconds in sorted(visits.loads[0].seconds.items()):
        requests.add_row(infno, f"{len(seconds):,}", *(f"{one:.1f}" for one in _quantiles(seconds)))
    console.print(requests)
    console.print(
        f"{bench.clients} clients, {bench.persons:,} persons, {bench.seconds:g} s for each phase; 20 fee lines a visit;"
        f" {settled:,} settlements in the database, books differ by {differences} fen"
    )
    for one in phases:
        if one.refused:
            console.print(f"{one.name}: {one.refused} refused; the first: {one.refusal}", markup=False)
    more: dict[str, Any] = {
        "refused": sum(one.refused for one in phases),
        "difference_fen": differences,
        "cpu_ms": {one.name: {part: round(value, 2) for part, value in one.cpu_ms.items()} for one in phases},
    }
    for one in later:
        lost = 1 - one.per_second / alone.per_second
        console.print(
            f"{one.name}: {lost:.0%} less than before; {bytes_each:,} bytes of the database for each stored settlement"
        )
        more |= {"stored_per_second": round(one.per_second, 1), "lost": round(lost, 3)}
        more |= {"stored_p99_ms": round(one.p99_ms, 1), "bytes_per_settlement": bytes_each}
    print(json.dumps({"bench": "platform details", **more}, ensure_ascii=False))
    print(
        json.dumps(
            {
                "bench": "platform",
                "settlements_per_second": round(alone.per_second, 1),
                "p50_ms": round(alone.p50_ms, 1),
                "p99_ms": round(alone.p99_ms, 1),
                "visits_per_second": round(visits.per_second, 1),
                "fsyncs_per_second": round(alone.fsyncs_per_second, 1),
            }
        )
    )


def _quantiles(seconds: list[float]) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds."""
    if len(seconds) < 2:
        return (0.0, 0.0)
    cut = statistics.quantiles(seconds, n=100, method="inclusive")
    return statistics.median(seconds) * 1000, cut[98] * 1000
