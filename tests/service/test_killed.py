"""T1, T2: the service, and then PostgreSQL itself, are killed at random moments while clients settle.

What was acknowledged is there, once, with its books; what was not is done when the client sends the same id again.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from openyibao.service.ledger.audit import audit
from openyibao.service.postgres import PostgresError, Server
from service.conftest import using
from service.county import add_person, build
from service.crash import ROLES, Load, Service, account_for, children, prepared
from service.databases import durable
from service.figures import figure
from service.racing import check_books, credit, one, seeded

CLIENTS = 6


@pytest.fixture(scope="module")
def durable_server() -> Iterator[Server]:
    """A server of this module's own, with fsync on."""
    with durable() as server:
        yield server


@pytest.fixture
def strong(durable_server: Server) -> Iterator[str]:
    """A database that is as durable as in operation."""
    yield from using(durable_server)


def county(persons: int) -> list[object]:
    region = build()
    found = []
    for number in range(1, persons + 1):
        money = 500_000 if number % 2 else None
        found.append(add_person(region, number, account_fen=money, identity="" if number % 3 else "2303"))
        credit(found[-1])
    return found


def at_work(load: Load, number: int, step: int, random_: random.Random) -> None:
    """Let the clients go on; return at a random moment while they are in the midst of it."""
    load.limit = (number + 1) * step
    assert load.wait_for(number * step + random_.randrange(step // 2))
    time.sleep(random_.random() * 0.01)


def verify(load: Load, settlements: int, seals: Path, **more: float) -> None:
    """Every visit was settled once, as its client was told; the books agree, by an auditor's command too."""
    assert load.total("refused") == 0, [text for client in load.clients for text in client.refused][:3]
    found = account_for(load)
    acknowledged = load.total("acknowledged")
    assert found == dict.fromkeys(found, 0)
    assert acknowledged == settlements == one("SELECT count(*) FROM settlements_settlement")
    check_books()
    text, right = audit(seals, "en")
    assert right, text
    tried = {"cut": load.total("cut"), "unavailable": load.total("unavailable"), "retried": load.total("again")}
    figure(settlements=settlements, acknowledged=acknowledged, **more, **found, **tried)


@pytest.mark.reliability("T1", "kills of the web server, of one of its processes, of all")
@pytest.mark.parametrize(
    ("settlements", "kills"), [(45, 2), pytest.param(1_000, 50, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_the_service_is_killed(strong: str, tmp_path: Path, settlements: int, kills: int) -> None:
    """T1. The long form takes about 6 minutes, most of it starting the service again."""
    (seed, random_), seals = seeded(), tmp_path / "seals"
    visits = prepared(county(max(4, settlements // 20)), settlements, random_)
    step = settlements // (kills + 1)
    with Service(strong, YIBAO_SEAL_FILE=str(seals)) as service, Load(service.port, visits, CLIENTS, 0) as load:
        for number in range(kills):
            at_work(load, number, step, random_)
            service.kill(ROLES[number] if number < 2 else random_.choice(ROLES), random_)
            service.again()
        load.limit = settlements
    verify(load, settlements, seals, kills=kills, seed=seed)
    assert kills < 50 or load.total("cut") > kills / 2  # it was at work when it was killed
    figure("T14", "books after kills of the service", books_differ_fen=0)


@pytest.mark.reliability("T2", "kills of the postmaster with all its processes, alone, of one backend")
@pytest.mark.parametrize(
    ("settlements", "kills"), [(40, 2), pytest.param(1_000, 20, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_postgresql_is_killed(
    durable_server: Server, strong: str, tmp_path: Path, settlements: int, kills: int
) -> None:
    """T2. The service runs on, and answers 503 meanwhile. The long form takes about 2 minutes."""
    from django.db import connections

    (seed, random_), seals = seeded(), tmp_path / "seals"
    visits = prepared(county(max(4, settlements // 20)), settlements, random_)
    connections.close_all()
    step, slowest = settlements // (kills + 1), 0.0
    with Service(strong, YIBAO_SEAL_FILE=str(seals)) as service, Load(service.port, visits, CLIENTS, 0) as load:
        for number in range(kills):
            at_work(load, number, step, random_)
            kind = ("all", "one backend")[number] if number < 2 else random_.choice(("all", "all", "one", "postmaster"))
            possible = kill_postgresql(durable_server, kind, random_)
            load.limit += step
            slowest = max(slowest, load.since(possible))
        load.limit = settlements
        service.platform.check()  # neither the web server nor the worker gave up
    verify(load, settlements, seals, kills=kills, slowest_restart_s=slowest, seed=seed)
    assert load.total("unavailable") > 0 and load.total("without_retry_after") == 0
    assert slowest <= 30
    figure("T14", "books after kills of PostgreSQL", books_differ_fen=0)


def kill_postgresql(server: Server, kind: str, random_: random.Random) -> float:
    """Kill the server or a part of it, and start it again; the moment from which it could start."""
    assert server.process is not None
    first, others = server.process.pid, children(server.process.pid)
    backends = [pid for pid in others if _is_backend(pid)]
    if kind.startswith("one") and backends:
        os.kill(random_.choice(backends), signal.SIGKILL)  # the postmaster then ends all and begins anew by itself
        return time.monotonic()
    os.kill(first, signal.SIGKILL)
    for pid in others if kind == "all" else ():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    server.process.wait()
    begun = time.monotonic()
    while True:
        try:
            server.start()
        except PostgresError:  # processes of the old one are still there: it refuses to start beside them
            assert time.monotonic() < begun + 20
            time.sleep(0.05)
        else:
            return begun


def _is_backend(pid: int) -> bool:
    """Whether a process of the server serves a client."""
    try:
        return b" yibao copy_" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
