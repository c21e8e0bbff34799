"""T28: at work for long at half load, while the disk is full, no connection is left, and the database is slow.

The long form takes one hour (`YIBAO_SOAK_MINUTES` changes that) and half a core to one core.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connections

from openyibao.service.postgres import Server
from service.conftest import using
from service.crash import Service, half_posted
from service.databases import durable
from service.figures import figure
from service.racing import check_books, one, seeded
from service.soak import Crowd, Memory, full, lost, slow, small_disk, without_connections
from service.test_killed import county

MINUTES = float(os.environ.get("YIBAO_SOAK_MINUTES", "60"))

GROWS = "memory grew by more than 1 %/h; an hour does not tell whether it goes on: Python takes it by the MiB, 0.75 %"
NO_DISK = "a disk of its own could not be mounted: the full disk was left out"


@dataclass(frozen=True)
class Plan:
    """How long each thing takes, in seconds; the sizes of the disk and the county."""

    measure: float
    calm: float
    trouble: float
    rounds: int
    statement: int
    disk_mb: int
    persons: int


PLANS = {
    "short": Plan(measure=1, calm=0.4, trouble=1.2, rounds=1, statement=1, disk_mb=120, persons=12),
    "long": Plan(
        measure=30,
        calm=MINUTES * 60 / 13,
        trouble=MINUTES * 60 / 60,
        rounds=3,
        statement=10,
        disk_mb=4_000,
        persons=600,
    ),
}


@pytest.fixture
def plan(request: pytest.FixtureRequest) -> Plan:
    return PLANS[request.param]


@pytest.fixture
def own_server(request: pytest.FixtureRequest, plan: Plan) -> Iterator[Server]:
    """With fsync on for the long form."""
    if plan is PLANS["short"]:
        yield request.getfixturevalue("server")
        return
    with durable() as server:
        yield server


@pytest.fixture
def disk(own_server: Server, plan: Plan) -> Iterator[Path | None]:
    with small_disk(own_server, plan.disk_mb) as folder:
        yield folder


@pytest.fixture
def on_disk(own_server: Server, disk: Path | None) -> Iterator[str]:
    yield from using(own_server, tablespace="small" if disk else "")


@pytest.mark.reliability("T28", "half load with a full disk, no connections left, a slow database")
@pytest.mark.parametrize("plan", ["short", pytest.param("long", marks=pytest.mark.long)], indirect=True)
def test_half_load_while_things_fail(plan: Plan, own_server: Server, disk: Path | None, on_disk: str) -> None:
    seed, _ = seeded()
    people, recoveries = county(plan.persons), []
    connections.close_all()  # this process is not what is tested
    limit = {"YIBAO_STATEMENT_TIMEOUT_S": str(plan.statement)}
    with Service(on_disk, **limit) as service, Crowd(service.port, people, 6, seed) as crowd:
        memory = Memory(lambda: [*service.pids(), service.platform.children["worker"].pid], plan.calm / 100)
        time.sleep(plan.measure)
        crowd.rate = max(5.0, crowd.counts["2207"] / plan.measure / 2)
        warm = time.monotonic() + plan.calm
        memory.start()
        first_over = warm  # when each trouble has been there once: what it needs first (threads, connections) stays
        for number in range(plan.rounds):
            if number == 1:
                first_over = time.monotonic()
            for trouble in troubles(on_disk, disk, plan):
                time.sleep(plan.calm)
                before = crowd.counts["unavailable"]
                with trouble:
                    felt(crowd, before, plan.trouble)
                recoveries.append(crowd.recovered(time.monotonic()))
        time.sleep(plan.calm)
        service.platform.check()
        memory.ending.set()
    slope, later = memory.slope(warm), memory.slope(first_over)
    half = memory.slope((warm + time.monotonic()) / 2)
    steady = max(later, half)
    print(
        dict(crowd.counts),
        [round(one_, 1) for one_ in recoveries],
        f"{crowd.rate:.1f} visits/s, {slope:+.2f} %/h, after the first round {later:+.2f} %/h",
        memory.told(),
    )
    assert not crowd.refused, crowd.refused.most_common(3)
    told = lost(crowd, on_disk)
    assert (told, half_posted(), crowd.counts["without_retry_after"]) == (0, 0, 0)
    assert max(recoveries) < 30
    settled = one("SELECT count(*) FROM settlements_settlement")
    assert len(crowd.acknowledged) <= settled <= len(crowd.acknowledged) + 6
    check_books()
    figure(
        minutes=(time.monotonic() - warm + plan.calm) / 60,
        settlements=settled,
        visits_per_second=crowd.rate,
        absent=told,
        unavailable=crowd.counts["unavailable"],
        without_retry_after=0,
        recovery_s=max(recoveries),
        memory_percent_per_hour=slope,
        seed=seed,
        memory_mb=sum(memory.samples[-1][1]) / 2**20,
        memory_percent_after_first=later,
        memory_percent_second_half=half,
        met=disk is not None and (steady < 1 or plan is PLANS["short"]),
        why=NO_DISK if disk is None else GROWS if steady >= 1 else "",
    )
    figure("T14", "books after the soak", books_differ_fen=0)


def troubles(url: str, disk: Path | None, plan: Plan) -> list[object]:
    """The three things that fail, one after the other; each a context in which it does."""
    found: list[object] = [without_connections(url), slow(url, plan.statement * 3)]
    return [full(disk), *found] if disk else found


def felt(crowd: Crowd, before: int, seconds: float, patience_s: float = 60) -> None:
    """Wait so long, and on until somebody was answered 503: files have some room left when a disk has none."""
    end = time.monotonic() + seconds
    while time.monotonic() < end or crowd.counts["unavailable"] <= before:
        assert time.monotonic() < end + patience_s, "nothing was felt of it"
        time.sleep(0.05)
