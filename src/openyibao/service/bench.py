"""`yibao bench platform`: visits settled over HTTP, by clients in processes of their own. Figures, no verdicts.

Client, web server and a durable PostgreSQL share the machine; the load stops by itself.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

PERSON, INSTITUTION = "cq-category-1", "outpatient"
ADDRESS = "/fsi/api/rsfComIfsService/callService"
SETTLES = "2207"


@dataclass
class Load:
    """What a client saw: seconds of each answered request by transaction, and how many were refused."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0
    elapsed: float = 0.0


def run(seconds: float, clients: int, persons: int, workers: int) -> None:
    """Print a table of all figures; the last line is one JSON object."""
    from openyibao.service.run import Platform, Web
    from openyibao.service.sandbox.serve import Kept, sandbox

    os.environ.setdefault("YIBAO_LOG_LEVEL", "WARNING")
    web = Web(port=0, workers=workers)
    with TemporaryDirectory(prefix="yibao-bench-") as folder, sandbox(Path(folder) / "db", Kept(), web):
        first = _multiply(persons)
        with Platform(web) as platform:
            loads = _drive(platform.port, first, persons, clients, seconds)
        settled, differences = _check()
    _print(loads, clients, persons, workers, settled, differences)


def _multiply(persons: int) -> int:
    """Copies of a documented person, so that no two visits at once are of one person; the first one's number."""
    from django.db import connections

    from openyibao.service.people.models import Coverage, Person
    from openyibao.service.sandbox.data import persons as documented

    name = next(one.name for one in documented() if one.id == PERSON)
    model = Coverage.objects.select_related("person").get(person__name=name)
    born, last = model.person.born, Person.objects.latest("pk").pk
    made = [
        Person(psn_no=f"BENCH{number:012d}", certificate=f"BENCH{number:012d}", name=name, sex="1", born=born)
        for number in range(persons)
    ]
    Person.objects.bulk_create(made, batch_size=5_000)
    model.pk, model._state.adding = None, True
    rows = Person.objects.filter(pk__gt=last).order_by("pk")
    fields = {one.attname: getattr(model, one.attname) for one in Coverage._meta.concrete_fields if not one.primary_key}
    Coverage.objects.bulk_create((Coverage(**{**fields, "person_id": one.pk}) for one in rows), batch_size=5_000)
    found = int(rows[0].pk)
    connections.close_all()
    return found


def _drive(port: int, first: int, persons: int, clients: int, seconds: float) -> list[Load]:
    context = multiprocessing.get_context("spawn")
    share = persons // clients
    with context.Pool(clients) as pool:
        return pool.starmap(_client, [(port, first + number * share, share, seconds) for number in range(clients)])


def _client(port: int, first: int, persons: int, seconds: float) -> Load:
    """Visits of its own persons, one after the other, until the time is over."""
    import django

    django.setup()
    from openyibao.service.clock import now
    from openyibao.service.institutions.models import Institution
    from openyibao.service.people.models import Coverage
    from openyibao.service.sandbox.data import persons as documented
    from openyibao.service.sandbox.drive import drive
    from openyibao.service.sandbox.ready import About

    somebody = next(one for one in documented() if one.id == PERSON)
    place = Institution.objects.select_related("body").get(code=getattr(somebody, INSTITUTION)["institution"])
    rows = Coverage.objects.select_related("person", "region__body").filter(person_id__gte=first)
    covered = list(rows.order_by("person_id")[:persons])
    connection, load = http.client.HTTPConnection("127.0.0.1", port, timeout=60), Load()

    def send(message: dict[str, Any]) -> Mapping[str, Any]:
        body = json.dumps(message, ensure_ascii=False).encode()
        start = time.perf_counter()
        connection.request("POST", ADDRESS, body, {"Content-Type": "application/json"})
        answer = connection.getresponse().read()
        load.seconds.setdefault(message["infno"], []).append(time.perf_counter() - start)
        reply: Mapping[str, Any] = json.loads(answer, parse_float=Decimal)
        return reply

    begun, visits = time.perf_counter(), 0
    while time.perf_counter() < begun + seconds:
        one = covered[visits % len(covered)]
        serial = f"{first}{visits:06d}"
        driven = drive(About(one.person, one, place, "outpatient", now(), serial=serial), send)
        load.refused += bool(driven.refused)
        visits += 1
    load.elapsed = time.perf_counter() - begun
    connection.close()
    return load


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


def _print(loads: list[Load], clients: int, persons: int, workers: int, settled: int, differences: int) -> None:
    elapsed = max(load.elapsed for load in loads)
    by_infno: dict[str, list[float]] = {}
    for load in loads:
        for infno, seconds in load.seconds.items():
            by_infno.setdefault(infno, []).extend(seconds)
    table = Table("transaction", "requests", "median ms", "p95 ms", "p99 ms", title="the platform, over HTTP")
    for infno, seconds in by_infno.items():
        table.add_row(infno, f"{len(seconds):,}", *(f"{one:.1f}" for one in _quantiles(seconds)))
    console = Console()
    console.print(table)
    requests = sum(len(seconds) for seconds in by_infno.values())
    settles = by_infno.get(SETTLES, [])
    refused = sum(load.refused for load in loads)
    console.print(
        f"{clients} clients, {workers} workers, {persons:,} persons, {elapsed:.1f} s; {refused} visits refused;"
        f" {settled:,} settlements in the database, books differ by {differences} fen"
    )
    median, p95, p99 = _quantiles(settles)
    figures = {
        "requests_per_second": round(requests / elapsed, 1),
        "settlements_per_second": round(len(settles) / elapsed, 1),
    }
    print(
        json.dumps(
            {"bench": "platform", **figures, "settle_median_ms": round(median, 1), "settle_p95_ms": round(p95, 1)}
            | {"settle_p99_ms": round(p99, 1), "refused": refused, "difference_fen": differences}
        )
    )


def _quantiles(seconds: list[float]) -> tuple[float, float, float]:
    """Median, 95th and 99th percentile in milliseconds."""
    if len(seconds) < 2:
        return (0.0, 0.0, 0.0)
    cut = statistics.quantiles(seconds, n=100, method="inclusive")
    return statistics.median(seconds) * 1000, cut[94] * 1000, cut[98] * 1000
