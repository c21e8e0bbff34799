"""What is counted, for Prometheus: requests and their time, settlements, refusals, entries without a seal.

Several processes count together where PROMETHEUS_MULTIPROC_DIR names a folder (`yibao serve` sets it).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from openyibao.service.gateway.calls import HANDLERS

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
SETTLING = {"2102": "pharmacy", "2207": "outpatient", "2304": "inpatient"}
"""The transactions that settle. Their reversals are counted as requests only."""
OTHER = "other"

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "yibao_requests",
    "Requests by transaction and outcome: ok, refused, failed.",
    ["infno", "outcome"],
    registry=REGISTRY,
)
SECONDS = Histogram("yibao_request_seconds", "How long requests took.", ["infno"], buckets=BUCKETS, registry=REGISTRY)
SETTLEMENTS = Counter("yibao_settlements", "Settlements made, by kind of visit.", ["kind"], registry=REGISTRY)
WRITES = Counter(
    "yibao_writes",
    "Calls that write, by their database transaction: shared with others, own, or own because it could not be shared.",
    ["transaction"],
    registry=REGISTRY,
)
REFUSALS = Counter("yibao_refusals", "Refusals by code.", ["code"], registry=REGISTRY)


def count(noted: dict[str, Any], status: int, seconds: float) -> None:
    """Count a request by what was noted of it (see logs.note) and its HTTP status."""
    asked = str(noted.get("infno") or "")
    infno = asked if asked in HANDLERS else OTHER  # what anybody may send must not become a label
    refusal = noted.get("refusal")
    outcome = "failed" if status >= 500 else "refused" if refusal or status >= 400 else "ok"
    requests, observed = _counters(infno, outcome)
    requests.inc()
    observed.observe(seconds)
    if refusal:
        REFUSALS.labels(str(refusal)).inc()
    if outcome == "ok" and infno in SETTLING and str(noted.get("infcode")) == "0":
        _settlements(infno).inc()


@cache
def writes(transaction: str) -> Counter:
    """The counter of calls with such a transaction: `shared`, `own`, `left out`."""
    return WRITES.labels(transaction)


@cache
def _counters(infno: str, outcome: str) -> tuple[Counter, Histogram]:
    """Looking labels up takes longer than counting."""
    return REQUESTS.labels(infno, outcome), SECONDS.labels(infno)


@cache
def _settlements(infno: str) -> Counter:
    return SETTLEMENTS.labels(SETTLING[infno])


class Unsealed:
    """How many entries of the ledger bear no seal yet, read when asked; nothing where the database is gone."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from django.db import Error, connection

        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM ledger_entry"
                    " WHERE id > coalesce((SELECT last FROM ledger_seal ORDER BY number DESC LIMIT 1), 0)"
                )
                found = cursor.fetchone()[0]
        except Error:
            return
        yield GaugeMetricFamily("yibao_ledger_unsealed", "Entries of the ledger without a seal.", value=found)


def page(request: HttpRequest) -> HttpResponse:
    """All counters, for Prometheus."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text = generate_latest(registry)
    gauges = CollectorRegistry()
    gauges.register(Unsealed())
    return HttpResponse(text + generate_latest(gauges), content_type=CONTENT_TYPE_LATEST)
