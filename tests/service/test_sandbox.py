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
