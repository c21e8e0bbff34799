"""The sandbox: every documented person comes to what is written; every policy of the library can be tried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from openyibao.policy import find_policy, policy_ids, read_policy
from service.conftest import using

ADDRESS = "/fsi/api/rsfComIfsService/callService"


def send(message: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = Client().post(ADDRESS, json.dumps(message), content_type="application/json", headers=headers)
    return json.loads(answer.content)


def about(person: Any, institution: str, kind: str) -> Any:
    from openyibao.service.clock import now
    from openyibao.service.institutions.models import Institution
    from openyibao.service.people.models import Coverage
    from openyibao.service.sandbox.ready import About

    hospital = Institution.objects.select_related("body").get(code=institution)
    coverage = Coverage.objects.select_related("region__body").filter(person=person).latest("id")
    return About(person, coverage, hospital, kind, now())


@pytest.fixture
def settings_of() -> Iterator[Any]:
    """Set settings of Django for a test."""
    from django.conf import settings

    before: dict[str, Any] = {}

    def change(**values: Any) -> None:
        for key, value in values.items():
            before.setdefault(key, getattr(settings, key))
            setattr(settings, key, value)

    yield change
    for key, value in before.items():
        setattr(settings, key, value)


@pytest.fixture(scope="module")
def filled(server: Any) -> Iterator[None]:
    """One filled sandbox for the tests of this module that change little."""
    using_one = using(server)
    next(using_one)
    from openyibao.service.sandbox.fill import fill

    fill()
    yield
    next(using_one, None)


def documented() -> list[Any]:
    from openyibao.service.sandbox.data import persons

    return [
        pytest.param(one, kind, id=f"{one.id}-{kind}")
        for one in persons()
        for kind in ("inpatient", "outpatient")
        if getattr(one, kind)
    ]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("one", "kind"), documented())
def test_a_person_comes_to_what_is_written(one: Any, kind: str) -> None:
    from openyibao.service.people.models import Person
    from openyibao.service.sandbox.drive import drive

    expected = getattr(one, kind)
    driven = drive(about(Person.objects.get(name=one.name), expected["institution"], kind), send)
    if "refused" in expected:
        assert driven.refused.startswith(expected["refused"]), driven.refused
        return
    assert not driven.refused
    info = driven.settlement
    found = {"funds": info["fund_pay_sumamt"], "cash": info["psn_cash_pay"]}
    assert {name: Decimal(str(value)) for name, value in found.items()} == {
        name: Decimal(expected[name]) for name in found
    }


IN_EVERY_RUN = (
    "bengbu/resident-2024",  # grades and localities of its own
    "ningbo/employee-2023",  # an account that pays, a fact of the place
    "panjin/assistance-2025",  # classes of its own
    "shanghai/employee-2013",  # statuses beyond the national codes
    "wuhan/employee-2012",  # tertiary hospitals only
)


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[] if one in IN_EVERY_RUN else [pytest.mark.long]) for one in policy_ids()]
)
def test_every_policy_of_the_library_can_be_tried(server: Any, name: str, settings_of: Any) -> None:
    """The county filled with a policy settles one visit of each kind, or the reply names a gap of that policy."""
    from openyibao.service.people.models import Coverage
    from openyibao.service.sandbox.drive import drive
    from openyibao.service.sandbox.fill import fill
    from openyibao.service.sandbox.serve import offset

    settings_of(CLOCK=offset(name, ""), SANDBOX_POLICY=name)
    one = using(server)
    next(one)
    try:
        fill(name)
        law = read_policy(find_policy(name))
        coverage = Coverage.objects.filter(region__body__code="999999", scheme=law.scheme).earliest("id")
        stated = [fact for fact in law.facts if fact.name in coverage.facts and fact.values]
        assert all(coverage.facts[fact.name] in fact.values for fact in stated)
        for kind in ("outpatient", "inpatient"):
            driven = drive(about(coverage.person, "H99999900001", kind), send)
            if driven.refused:
                assert driven.refused.startswith("Y5004"), driven.refused
            else:
                assert Decimal(str(driven.settlement["medfee_sumamt"])) == Decimal(driven.about.total)
    finally:
        next(one, None)
