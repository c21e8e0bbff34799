"""The independent client meets the platform: real processes, real HTTP, the sandbox's institutions and persons.

The client (tests/client) was written from the text of the interface alone. In every run some persons and a few wrong
requests of each transaction; the long form takes all persons, addresses, ways of signing, and 2,000 wrong requests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from client import clock, facts, fuzz, run
from service import live
from service.conftest import using
from service.watch import EXEMPT, Watch

COUNTY, CHONGQING = "H99999900001", "H50011200002"
SIGNED = ("sign-in", "refused stay", "outpatient lost reply", "inpatient mid-stay", "reconciliation")
"""Flows that are run with signatures in every run."""
LAST_YEAR = "2025-06-02T09:00"
"""When the law of Chongqing's employees is known."""
SHORT_AFTER_MIDNIGHT = "2026-06-01T00:20"
REFUSED_LAST_YEAR = {"lives-elsewhere": "Y4101", "cq-assisted": "Y5004"}
"""Willow County has no law and no catalogue of that year; a value of assistance was not found."""


@pytest.fixture
def filled(server: Any) -> Iterator[str]:
    """The address of a filled sandbox's database."""
    one = using(server)
    url = next(one)
    from openyibao.service.sandbox.fill import fill

    fill()
    yield url
    next(one, None)


def written(folder: Path, institution: str, auth: str = "none", refused: dict[str, str] | None = None) -> Path:
    """The facts of an institution, as the client reads them."""
    path = folder / f"{institution}-{auth}.json"
    path.write_text(json.dumps(live.facts(institution, auth, refused), ensure_ascii=False), encoding="utf-8")
    return path


def certificates(*names: str) -> list[str]:
    from openyibao.service.people.models import Person
    from openyibao.service.sandbox.data import persons

    names_of = {one.id: one.name for one in persons()}
    return [Person.objects.get(name=names_of[name]).certificate for name in names]


def client(address: str, known: Path, auth: str, shape: str, *more: str) -> int:
    ahead = f"--ahead={settings.CLOCK or 0}"
    return run.main(["--address", address, "--facts", str(known), "--auth", auth, "--shape", shape, ahead, *more])


def attacked(address: str, url: str, known: Path, count: int, every: int, *more: str) -> dict[str, fuzz.Tally]:
    """All flows of a person, then wrong requests at the platform, each watched; prints the report."""
    ahead = f"--ahead={settings.CLOCK or 0}"
    words = ["--address", address, "--facts", str(known), "--count", str(count), ahead, *more]
    arguments = fuzz.parser().parse_args(words)
    clock.set_ahead(arguments.ahead)
    h = run.connect(arguments, facts.read(known), facts.read(known).hospital)
    watch = Watch(url, every)
    try:
        recorder = fuzz.recorded(h, arguments)
        print(f"{recorder.flows} flows: {recorder.wrong or 'ok'}")
        assert recorder.flows > 25 and recorder.wrong == []
        found = fuzz.fuzz(h, recorder, arguments, watch)
    finally:
        watch.close()
    print(f"writes on refusal {watch.writes_on_refusal}; {len(watch.tables)} tables compared {watch.compared} times")
    print("not watched: " + "; ".join(f"{name} ({why})" for name, why in EXEMPT.items()))
    assert watch.compared > 0 and len(watch.tables) > 30
    return found


def holds(found: dict[str, fuzz.Tally], count: int) -> None:
    """Every transaction of the platform was attacked, and nothing was wrong."""
    from openyibao.service.gateway.calls import HANDLERS

    assert {infno: one.wrong for infno, one in found.items() if one.wrong or one.failed} == {}
    assert set(HANDLERS) <= set(found)
    assert {one.sent for one in found.values()} == {count}


def test_flows_and_wrong_requests(filled: str, tmp_path: Path) -> None:
    """All flows of one person, some of others by each way of signing and both shapes of addresses; wrong requests."""
    few = ["--fresh", "--person", *certificates("cq-family-member", "cq-employee"), "--only"]
    with live.serving(filled, tmp_path / "said") as address:
        for auth, flows in (("sm2", SIGNED), ("x-tif", SIGNED[:2]), ("api", SIGNED[:2])):
            assert client(address, written(tmp_path, CHONGQING, auth), auth, "one", *few, *flows) == 0
        person = certificates("minimum-living-allowance")
        found = attacked(address, filled, written(tmp_path, COUNTY), 4, 40, "--shape", "paths", "--person", *person)
    holds(found, 4)


@contextmanager
def filled_at(server: Any, moment: str, platform: Any) -> Iterator[tuple[str, str]]:
    """A filled sandbox whose clock stands at another moment: its address, and how far the clock is ahead."""
    from openyibao.service.sandbox.fill import fill
    from openyibao.service.sandbox.serve import offset

    ahead = offset("", moment)
    platform.CLOCK = ahead
    one = using(server)
    url = next(one)
    try:
        fill()
        yield url, ahead
    finally:
        clock.set_ahead(0)
        next(one, None)


def test_all_flows_short_after_midnight(server: Any, tmp_path: Path, settings_of_platform: Any) -> None:
    """An hour ago was yesterday, and last month: what began then goes on."""
    with filled_at(server, SHORT_AFTER_MIDNIGHT, settings_of_platform) as (url, ahead):
        person = certificates("minimum-living-allowance")
        with live.serving(url, tmp_path / "said", YIBAO_CLOCK=ahead) as address:
            assert client(address, written(tmp_path, COUNTY), "none", "one", "--fresh", "--person", *person) == 0


@pytest.mark.long
@pytest.mark.parametrize("shape", ["one", "paths"])
@pytest.mark.parametrize("auth", ["none", "x-tif", "api", "sm2"])
def test_all_persons(filled: str, tmp_path: Path, auth: str, shape: str) -> None:
    with live.serving(filled, tmp_path / "said") as address:
        failed = [
            institution
            for institution in live.institutions()
            if client(address, written(tmp_path, institution, auth), auth, shape, "--fresh")
        ]
    assert failed == []


@pytest.mark.long
@pytest.mark.parametrize("auth", ["x-tif", "sm2"])
def test_employees_in_the_year_of_their_law(server: Any, tmp_path: Path, auth: str, settings_of_platform: Any) -> None:
    """Accounts, a family account, civil servants: the clock stands where the law of employees is known."""
    with filled_at(server, LAST_YEAR, settings_of_platform) as (url, ahead):
        known = written(tmp_path, CHONGQING, auth, REFUSED_LAST_YEAR)
        with live.serving(url, tmp_path / "said", YIBAO_CLOCK=ahead) as address:
            assert client(address, known, auth, "one", "--fresh") == 0


@pytest.mark.long
def test_two_thousand_wrong_requests_of_each_transaction(filled: str, tmp_path: Path) -> None:
    with live.serving(filled, tmp_path / "said") as address:
        found = attacked(address, filled, written(tmp_path, COUNTY), 2000, 200)
    holds(found, 2000)
