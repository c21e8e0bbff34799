"""Disputes: lines held, deducted, corrected; and what an institution's own people see.

The law is that of paying.py: a visit of 100 yuan is 50 of the pooled fund, for every second person 35 of assistance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.county import HOSPITAL
from service.desks import Desk
from service.offices import staff
from service.paying import County, in_march

MARCH, APRIL, MAY = "2026-03-31", "2026-04-30", "2026-05-31"


@pytest.fixture
def county(database: str, monkeypatch: Any, tmp_path: Path) -> County:
    return in_march(monkeypatch, tmp_path)


def funds(statement: dict[str, Any], name: str) -> dict[str, int]:
    return {one["fund"]: one[name] for one in statement["funds"]}


def test_a_disputed_line_is_held_and_paid_when_rejected(county: County) -> None:
    _, settled = county.visit(100)
    county.visit(200, 2)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    path = f"clearing/statements/{statement['number']}/disputes"
    given = {"reference": settled["setlinfo"]["setl_id"], "reason": "病历缺失"}
    made = county.clerk.post(path, given)
    assert made["holds"] and made["side"] == "agency"
    assert county.clerk.post(path, given, 409)["code"] == "S8012"
    assert county.clerk.post(path, {**given, "reference": "?"}, 404)["code"] == "S1002"
    assert funds(county.statement(statement["number"]), "held_fen") == {"pooled fund": 5_000}
    (transfer,) = county.order(statement)
    assert transfer.fen == 10_000
    rejected = {"dispute": made["dispute"], "outcome": "rejected", "note": "病历已补齐"}
    county.decided("dispute.settle", rejected, county.clerk, county.reviewer)
    (second,) = county.order(statement)
    assert second.fen == 5_000
    county.send()
    county.answered((transfer, "paid", 10_000), (second, "paid", 5_000))
    assert county.owed() == 0
    county.right()


def test_an_accepted_dispute_deducts_once(county: County) -> None:
    _, settled = county.visit(100, 1)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    given = {"reference": settled["setlinfo"]["setl_id"], "reason": "分解收费"}
    made = county.clerk.post(f"clearing/statements/{statement['number']}/disputes", given)
    outcome = {"dispute": made["dispute"], "outcome": "accepted", "note": "审核扣款"}
    part = {"scheme": "resident", "fund": "pooled fund"}
    for wrong in (
        [{**part, "fen": 5_001}],
        [{**part, "fen": 1}, {**part, "fen": 1}],
        [{**part, "fund": "x", "fen": 1}],
    ):
        error = county.clerk.post("proposals/dispute.settle", {**outcome, "deductions": wrong}, 409)
        assert error["code"] == "S8013"
    outcome["deductions"] = [{**part, "fen": 2_000}]
    county.decided("dispute.settle", outcome, county.clerk, county.reviewer)
    assert county.owed() == 3_000 and county.fen("fund expenditure", "care") == 3_000
    assert funds(county.statement(statement["number"]), "available_fen") == {
        "medical assistance fund": 3_500,
        "pooled fund": 3_000,
    }
    transfers = county.order(statement)
    county.send()
    county.answered(*((one, "paid", one.fen) for one in transfers))
    assert county.owed() == 0
    county.hands.set("2026-05-01 09:00:00")
    april = county.issue(APRIL)
    assert [(one["kind"], one["fen"]) for one in april["items"]] == [("deduction", -2_000)]
    assert funds(april, "brought_fen") == {"pooled fund": 2_000} and funds(april, "available_fen")["pooled fund"] == 0
    county.right()


def test_a_deduction_ends_with_the_settlement_that_is_taken_back(county: County) -> None:
    first = county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    given = {"reference": first[1]["setlinfo"]["setl_id"], "reason": "重复收费"}
    made = county.clerk.post(f"clearing/statements/{statement['number']}/disputes", given)
    deductions = [{"scheme": "resident", "fund": "pooled fund", "fen": 2_000}]
    outcome = {"dispute": made["dispute"], "outcome": "accepted", "note": "扣款", "deductions": deductions}
    county.decided("dispute.settle", outcome, county.clerk, county.reviewer)
    (transfer,) = county.order(statement)
    county.send()
    county.answered((transfer, "paid", 3_000))
    county.take_back(first)
    county.hands.set("2026-05-01 09:00:00")
    april = county.issue(APRIL)
    lines = sorted((one["kind"], one["fen"]) for one in april["items"])
    assert lines == [("deduction", -2_000), ("reversal", -5_000), ("reversal", 2_000)]
    assert county.owed() == -3_000 and funds(april, "available_fen") == {"pooled fund": -3_000}, "what was paid"
    assert county.fen("fund expenditure", "care") == 0
    county.right()


def test_a_line_to_be_corrected_stays_held_until_it_is_taken_back(county: County) -> None:
    first = county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    given = {"reference": first[1]["setlinfo"]["setl_id"], "reason": "上传少一行"}
    made = county.clerk.post(f"clearing/statements/{statement['number']}/disputes", given)
    outcome = {"dispute": made["dispute"], "outcome": "accepted", "note": "医院将冲销重结"}
    county.decided("dispute.settle", outcome, county.clerk, county.reviewer)
    assert county.available(statement) == 0
    county.take_back(first)
    county.visit(120, day="2026-04-01")
    assert county.available(statement) == 0, "the reversal is not in a statement yet"
    county.hands.set("2026-05-01 09:00:00")
    april = county.issue(APRIL)
    assert county.available(april) == 6_000
    (transfer,) = county.order(april)
    county.send()
    county.answered((transfer, "paid", 6_000))
    assert county.owed() == 0
    county.right()


def test_a_dispute_after_the_order_is_corrected_by_the_next_statement(county: County) -> None:
    _, settled = county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    (transfer,) = county.order(statement)
    county.send()
    county.answered((transfer, "paid", 5_000))
    given = {"reference": settled["setlinfo"]["setl_id"], "reason": "复查发现"}
    made = county.clerk.post(f"clearing/statements/{statement['number']}/disputes", given)
    assert not made["holds"]
    deductions = [{"scheme": "resident", "fund": "pooled fund", "fen": 1_500}]
    outcome = {"dispute": made["dispute"], "outcome": "accepted", "note": "扣回", "deductions": deductions}
    county.decided("dispute.settle", outcome, county.clerk, county.reviewer)
    county.visit(40, 2, day="2026-04-01")
    county.hands.set("2026-05-01 09:00:00")
    (transfer,) = county.order(county.issue(APRIL))
    assert transfer.fen == 2_000 - 1_500
    county.send()
    county.answered((transfer, "paid", 500))
    assert county.owed() == 0
    county.right()


def test_an_institution_sees_its_own_statements_and_disputes_a_line(county: County) -> None:
    _, settled = county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    speaker, stranger = Desk(staff("speaker")), Desk(staff("stranger", "institution", county.body))
    administrators = [Desk(staff(f"administrator {one}", "administrator", county.body)) for one in "ab"]
    given = {"user": "speaker", "institution": HOSPITAL, "start": "2026-04-01"}
    path = f"own/statements/{statement['number']}"
    assert speaker.get("own/statements")["statements"] == []
    county.decided("speaker.grant", given, *administrators)
    assert [one["number"] for one in speaker.get("own/statements")["statements"]] == [statement["number"]]
    assert speaker.get(path)["items"][0]["fen"] == 5_000
    assert b"50.00" in county.fetch(f"{path}/file", speaker)
    said = {"reference": settled["setlinfo"]["setl_id"], "reason": "金额应为 60 元"}
    for desk in (stranger, county.clerk):
        assert desk.client.get(f"/api/{path}").status_code == 403
        assert desk.client.get(f"/api/{path}/file").status_code == 403
        desk.post(f"{path}/disputes", said, 403)
    assert speaker.client.get("/api/own/statements/S0").status_code == 403, "no answer tells what there is"
    made = speaker.post(f"{path}/disputes", said)
    assert made["side"] == "institution" and made["holds"] and county.available(statement) == 0
    assert speaker.client.get(f"/api/clearing/statements/{statement['number']}").status_code == 403
    county.hands.set("2026-04-03 09:00:00")
    county.decided("speaker.end", {"user": "speaker", "institution": HOSPITAL, "day": "2026-04-03"}, *administrators)
    assert speaker.client.get(f"/api/{path}").status_code == 403
