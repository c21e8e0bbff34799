"""Bills are kept by what they were made of: what is told later is, letter by letter, what was settled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError

from openyibao.service.settlements import bills, door
from openyibao.service.settlements.models import FeeLine, Law, Settlement
from service.county import Window, add_person, build

pytestmark = pytest.mark.usefixtures("database")
LOW_INCOME = "2303"


@pytest.fixture(name="told")
def _told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The bills of each settlement as they were when it was written, by setl_id."""
    found: dict[str, Any] = {}
    write = door._write

    def noted(outcome: Any, work: Any) -> Any:
        settlement = write(outcome, work)
        found[settlement.setl_id] = json.loads(json.dumps([entry.bill.data() for entry in outcome.entries]))
        return settlement

    monkeypatch.setattr(door, "_write", noted)
    return found


def stay(window: Window, person: Any, count: str, day: int) -> dict[str, Any]:
    visit = window.admit(person, f"2026-03-{day:02d} 08:00:00")
    about = {"fee_ocur_time": f"2026-03-{day:02d} 09:00:00"}
    rows = [window.line(person, visit, "D-001", "", "B1", count=count, **about)]
    lines = window.done("2301", {"feedetail": rows})["result"]
    window.discharge(person, visit, f"2026-03-{day + 1:02d} 10:00:00")
    return window.done("2304", {"data": window.settle_data(person, visit, lines)})["setlinfo"]


def test_bills_are_told_as_they_were(told: dict[str, Any]) -> None:
    """Several stays of a year, so that deductibles and caps were used before; one is taken back in between."""
    region, window = build(), Window()
    person = add_person(region, identity=LOW_INCOME)
    made = [stay(window, person, count, day) for day, count in ((1, "3000"), (5, "9000"), (9, "400"))]
    last = made[-1]
    about = {"psn_no": person.psn_no, "mdtrt_id": last["mdtrt_id"], "setl_id": last["setl_id"]}
    window.done("2305", {"data": about})
    stay(window, person, "777", 12)
    assert len(told) == 4
    for setl_id, wanted in told.items():
        settlement = Settlement.objects.get(setl_id=setl_id)
        assert json.dumps(bills.bills_of(settlement)) == json.dumps(wanted)
        assert "layers" not in settlement.bill[0]
    assert any(one["before"] for settlement in Settlement.objects.all() for one in settlement.bill)


def test_a_bill_outlives_its_policy_file(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    region, window = build(), Window()
    stay(window, add_person(region), "3000", 1)
    settlement = Settlement.objects.get()
    (law,) = Law.objects.all()
    assert law.digest == settlement.digest and law.policy == settlement.policy
    monkeypatch.setattr(bills, "_of_library", lambda policy, digest: None)
    assert bills.bills_of(settlement) == told[settlement.setl_id]
    with pytest.raises(IntegrityError):
        law.delete()


def test_a_bill_that_comes_out_otherwise_is_an_error() -> None:
    region, window = build(), Window()
    stay(window, add_person(region), "3000", 1)
    settlement = Settlement.objects.get()
    settlement.claim[0]["in_scope_fen"] += 100
    with pytest.raises(bills.BillError, match="its layers paid"):
        bills.bills_of(settlement)
    settlement.bill[0]["digest"] = "0" * 16
    with pytest.raises(bills.BillError, match="neither in the library nor kept"):
        bills.bills_of(settlement)


def test_lines_are_split_again_where_anything_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the digest of the upload the sums are taken; without it every line is split, to the same bill."""
    from openyibao.service.settlements import open_lines

    again: list[int] = []
    split = open_lines.lines.split
    monkeypatch.setattr(open_lines.lines, "split", lambda *args: again.append(len(args[3])) or split(*args))
    region, window = build(), Window()
    paid = []
    for number, known in ((1, True), (2, False)):
        person = add_person(region, number)
        visit = window.admit(person)
        lines = window.upload(person, visit, {"D-001": "3000", "D-002": "7", "S-001": "3"}, "2301")
        assert all(FeeLine.objects.filter(visit__mdtrt_id=visit).values_list("split_by", flat=True))
        if not known:
            FeeLine.objects.filter(visit__mdtrt_id=visit).update(split_by="of another catalogue")
        again.clear()
        window.discharge(person, visit)
        info = window.done("2304", {"data": window.settle_data(person, visit, lines)})["setlinfo"]
        paid.append((info["fund_pay_sumamt"], info["psn_cash_pay"], info["inscp_scp_amt"]))
        assert again == ([] if known else [3])
    assert paid[0] == paid[1]


def test_a_line_is_settled_once_whatever_program_writes() -> None:
    region, window = build(), Window()
    stay(window, add_person(region), "3000", 1)
    settlement = Settlement.objects.get()
    assert settlement.line_ids
    settlement.pk, settlement.setl_id, settlement.number = None, "ANOTHER", settlement.number + 1
    settlement._state.adding = True
    with pytest.raises(IntegrityError, match="settled already"):
        settlement.save()


def test_what_settlements_name_cannot_go_away() -> None:
    region, window = build(), Window()
    stay(window, add_person(region), "3000", 1)
    settlement = Settlement.objects.get()
    from django.db import connection

    for table, number in (
        ("settlements_history", settlement.history_id),
        ("settlements_visit", settlement.visit_id),
        ("institutions_institution", settlement.institution_id),
        ("organisation_region", region.pk),
    ):
        with pytest.raises(IntegrityError, match="refused"), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [number])
