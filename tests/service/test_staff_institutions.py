"""Institutions at the staff API: agreements from the application to the end, keys, mapped codes."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from openyibao.service.gateway.refusals import Refused
from openyibao.service.institutions.doors import in_force
from openyibao.service.institutions.models import Agreement, Institution, Key
from openyibao.service.organisation.models import Proposal
from service.desks import Place
from service.offices import NOW


@pytest.fixture
def place(database: str, settings_of_platform: Any) -> Place:
    settings_of_platform.CLOCK = NOW
    return Place()


def test_an_institution_applies_is_assessed_signs_is_suspended_and_leaves(place: Place) -> None:
    given = {
        "body": place.district.code,
        "code": "H19999900001",
        "name": "示例医院",
        "credit_code": "91",
        "kind": "1",
        "grade": "05",
        "number": "A-1",
        "start": "2026-01-01",
        "end": "2027-01-01",
        "over_limit_borne_bp": 5_000,
    }
    place.clerk.post("institutions", given)
    institution = Institution.objects.get()
    day = date(2026, 6, 1)

    def step(to: str, status: int = 200, **more: str) -> Any:
        answer = place.clerk.post(
            "proposals/agreement.step", {"number": "A-1", "to": to, "reason": "r", **more}, status
        )
        if status == 200:
            decision = {"proposal": answer["proposal"], "accept": True}
            return place.reviewer.post("proposals/agreement.step/decide", decision)["result"]
        return answer

    def refused(on: date = day) -> str:
        with pytest.raises(Refused) as found:
            in_force(institution, on)
        assert found.value.reason.name == "no agreement"
        return found.value.text("en")

    assert "applied for" in refused()
    assert step("in force", 409)["code"] == "S4002"
    step("assessed")
    step("in force")
    assert in_force(institution, day).number == "A-1"
    assert "outside its period" in refused(date(2027, 1, 1)) and "outside" in refused(date(2025, 12, 31))
    step("suspended")
    assert "suspended" in refused()
    step("in force")
    assert step("ended", day="2026-09-01")["state"] == "in force", "it ends later"
    assert in_force(institution, date(2026, 8, 31)) and "outside" in refused(date(2026, 9, 1))
    place.clerk.post("institutions", {**given, "number": "A-2", "start": "2026-08-01", "end": "2027-08-01"})
    Agreement.objects.filter(number="A-2").update(state="assessed")
    error = place.clerk.post("proposals/agreement.step", {"number": "A-2", "to": "in force", "reason": "r"}, 409)
    assert error["code"] == "S4003" and "A-1" in error["en"]
    assert step("ended", day="2026-06-01")["state"] == "ended"
    assert "no agreement in force" in refused()
    assert place.clerk.post("institutions", {**given, "name": "别的医院", "number": "A-3"}, 409)["code"] == "S4001"
    place.clerk.post("institutions", {**given, "grade": "99", "number": "A-4"}, 400)


def test_a_secret_is_told_once_to_who_decides(place: Place) -> None:
    institution = Institution.objects.create(
        code="H19999900001", name="院", credit_code="91", kind="1", grade="05", body=place.district
    )
    given = {"institution": institution.code, "method": "x-tif", "identifier": "K1", "start": "2026-06-01"}
    made = place.administrator.post("proposals/key.issue", given)
    assert not Key.objects.exists()
    decision = {"proposal": made["proposal"], "accept": True}
    done = place.second.post("proposals/key.issue/decide", decision)
    secret = Key.objects.get().secret
    assert done["once"] == {"secret": secret} and len(secret) >= 43
    everywhere = json.dumps([list(Proposal.objects.values_list("data", "result")), done["result"]])
    listed = place.auditor.get(f"institutions/{institution.code}/keys")
    assert secret not in everywhere and secret not in json.dumps(listed) and listed["keys"][0]["identifier"] == "K1"
    assert place.administrator.post("proposals/key.issue", given, 409)["code"] == "S4004"
    place.administrator.post("proposals/key.issue", {**given, "identifier": "K2", "method": "sm2"}, 400)


def test_codes_are_mapped_for_a_time_and_not_twice(place: Place) -> None:
    institution = Institution.objects.create(
        code="H19999900001", name="院", credit_code="91", kind="1", grade="05", body=place.district
    )
    path = f"institutions/{institution.code}/mappings"
    given = {"own_code": "A", "own_name": "甲", "item_code": "D-001", "kind": "101", "start": "2026-01-01"}
    place.clerk.post(path, given)
    error = place.clerk.post(path, {**given, "item_code": "D-002", "start": "2026-05-01"}, 409)
    assert error["code"] == "S4005" and "D-001" in error["en"]
    place.clerk.post(path + "/end", {"own_code": "A", "start": "2026-01-01", "end": "2026-05-01"})
    place.clerk.post(path, {**given, "item_code": "D-002", "start": "2026-05-01"})
    assert [one["item_code"] for one in place.clerk.get(path)["mappings"]] == ["D-001", "D-002"]
