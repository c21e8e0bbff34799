"""Manual reimbursements, from the counter to the payment, to the fen and in the books.

The numbers are those of the county rule of Willow County (fictional): a stay in a secondary hospital has a deductible
of 400 yuan, and the pooled fund pays 75 % above it. Of 1,000 yuan in scope that is 450.
"""

from __future__ import annotations

import json
import threading
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from openyibao.service.institutions.models import Agreement, Institution, Mapping
from openyibao.service.ledger.books import AccountKey, balance
from openyibao.service.organisation.fields import take
from openyibao.service.organisation.models import Proposal, Region
from openyibao.service.organisation.problems import Problem
from openyibao.service.people import register
from openyibao.service.people.models import Coverage, Person
from openyibao.service.reimbursements import entry
from openyibao.service.reimbursements.models import Invoice, Reimbursement
from openyibao.service.settlements.models import Settlement, Visit
from service.county import Window
from service.desks import Desk
from service.offices import NOW, YEAR, bill, grow, person_at, staff

CODE = "H19999900001"


class Counter:
    def __init__(self) -> None:
        self.bodies = grow("1")
        self.district = self.bodies[3]
        about = {"policies": {"resident": "teaching/willow-county-2026"}, "catalogue": "teaching/willow-county-2026"}
        self.region = Region.objects.create(body=self.district, **about)
        self.clerk, self.reviewer, self.payer, self.cashier, self.auditor = (
            Desk(staff(name, role, self.district))
            for name, role in (
                ("clerk", "clerk"),
                ("reviewer", "reviewer"),
                ("payer", "manager"),
                ("cashier", "manager"),
                ("auditor", "auditor"),
            )
        )
        self.person = person_at(register.found_household(self.bodies[5]), self.region)
        self.institution = Institution.objects.create(
            code=CODE, name="医院", credit_code="91", kind="1", grade="05", body=self.district
        )

    def fen(self, kind: str, owner: str = "") -> int:
        return balance(AccountKey(kind, self.district.code, "resident", "pooled fund", owner))

    def decided(self, action: str, given: dict[str, Any], first: Desk, second: Desk) -> Any:
        made = first.post(f"proposals/{action}", given)
        return second.post(f"proposals/{action}/decide", {"proposal": made["proposal"], "accept": True})


@pytest.fixture
def counter(database: str, settings_of_platform: Any) -> Counter:
    settings_of_platform.CLOCK = NOW
    return Counter()


def test_from_the_counter_to_the_payment(counter: Counter) -> None:
    clerk, person = counter.clerk, counter.person
    made = clerk.post("reimbursements", bill(person, CODE))
    number = made["number"]
    assert made["in_scope_fen"] == 100_000 and made["state"] == "entered" and made["bank_account"] == "*2222"
    tried = clerk.post(f"reimbursements/{number}/try")
    assert (tried["funds_fen"], tried["cash_fen"], tried["by_fund"]) == (45_000, 55_000, {"pooled fund": 45_000})
    assert not Settlement.objects.exists()
    proposed = clerk.post("proposals/reimbursement.settle", {"number": number})
    assert not Settlement.objects.exists(), "proposing settles nothing"
    decision = {"proposal": proposed["proposal"], "accept": True}
    done = counter.reviewer.post("proposals/reimbursement.settle/decide", decision)
    settlement = Settlement.objects.get()
    assert done["result"] == {"setl_id": settlement.setl_id, "owed_fen": 45_000}
    assert (settlement.funds_fen, settlement.cash_fen, settlement.total_fen) == (45_000, 55_000, 100_000)
    assert counter.fen("payable to institution", CODE) == 0, "the institution is owed nothing"
    assert counter.fen("payable to person", person.psn_no) == -45_000
    assert counter.fen("fund expenditure", "care") == 45_000
    assert clerk.post(f"reimbursements/{number}/withdraw", None, 409)["code"] == "S6002"
    assert clerk.post("proposals/reimbursement.settle", {"number": number}, 409)["code"] == "S6002"
    paid = counter.decided("reimbursement.pay", {"number": number, "payment": "P1"}, counter.payer, counter.cashier)
    assert paid["once"] == {"bank_account": "6222000011112222"} and paid["result"] == {"paid_fen": 45_000}
    assert counter.fen("payable to person", person.psn_no) == 0
    assert counter.fen("fund cash") == -45_000
    assert (
        counter.payer.post("proposals/reimbursement.pay", {"number": number, "payment": "P2"}, 409)["code"] == "S6002"
    )
    shown = counter.auditor.get(f"reimbursements/{number}/receipt")
    sums = {one["name"]["en"]: one["fen"] for one in shown["sums"]}
    assert sums["paid by funds"] == 45_000 and sums["borne by the person"] == 55_000
    assert shown["title"]["zh"].startswith("医疗费用") and shown["state"] == {"zh": "已支付", "en": "paid"}
    assert [one["fen"] for one in shown["layers"]] == [45_000]
    kept = json.dumps(list(Proposal.objects.values_list("data", "result", "subject")))
    assert "6222000011112222" not in kept + json.dumps(shown)


def test_a_second_stay_of_the_year_knows_the_first(counter: Counter) -> None:
    """The caps of the year are one for window and counter: 1,000,000 yuan of cost meets the fund's 100,000."""
    great = {
        "invoices": [{"number": "1", "issuer": "91TEST", "day": "2026-03-09", "amount_fen": 10_000_000}],
        "lines": [
            {"day": "2026-03-02", "item_code": "D-001", "count": "100000", "price": "1.00", "amount_fen": 10_000_000}
        ],
    }
    paid = []
    for number in "12":
        given = bill(counter.person, CODE, **great)
        given["invoices"][0] = {**given["invoices"][0], "number": number}
        made = counter.clerk.post("reimbursements", given)
        counter.decided("reimbursement.settle", {"number": made["number"]}, counter.clerk, counter.reviewer)
        layers = {one.layer: one.paid_fen for one in Settlement.objects.order_by("-id")[0].layers.all()}
        paid.append(layers["basic insurance"])
    assert paid == [7_470_000, 2_530_000], "75 % of 99,600 yuan, then what the year's 100,000 had left"


def test_an_invoice_is_reimbursed_once(counter: Counter) -> None:
    given = bill(counter.person, CODE)
    first = counter.clerk.post("reimbursements", given)["number"]
    error = counter.clerk.post("reimbursements", given, 409)
    assert error["code"] == "S6001" and first in error["en"]
    assert Reimbursement.objects.count() == 1 and Visit.objects.count() == 1, "nothing is left of what was refused"
    invoice = Invoice.objects.get()
    with pytest.raises(IntegrityError, match="invoice_once"), transaction.atomic():
        invoice.pk = None
        invoice.save()
    counter.clerk.post(f"reimbursements/{first}/withdraw")
    again = counter.clerk.post("reimbursements", given)["number"]
    assert counter.auditor.get(f"reimbursements/{first}")["state"] == "withdrawn" and again != first
    same = {**given["invoices"][0]}
    twice = bill(counter.person, CODE, invoices=[{**same, "number": "77", "amount_fen": 50_000}] * 2)
    assert counter.clerk.post("reimbursements", twice, 409)["code"] == "S6001"


def test_counters_at_the_same_time_take_an_invoice_once(counter: Counter) -> None:
    others = [counter.person, *(person_at(counter.person.household, counter.region) for _ in range(7))]
    given = bill(counter.person, CODE)
    said: list[str] = []

    def work(person: Person) -> None:
        try:
            entry.enter(counter.clerk.user, take({**given, "psn_no": person.psn_no}, entry.REIMBURSEMENT))
            said.append("entered")
        except Problem as problem:
            said.append(problem.name)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(person,)) for person in others]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(said) == ["entered"] + ["invoice taken"] * 7
    assert Reimbursement.objects.count() == Invoice.objects.count() == Visit.objects.count() == 1


def test_what_does_not_fit_is_refused_and_says_why(counter: Counter) -> None:
    person = counter.person

    def refused(status: int, **more: Any) -> Any:
        return counter.clerk.post("reimbursements", bill(person, CODE, **more), status)

    line = {"day": "2026-03-02", "item_code": "D-001", "count": "1000", "price": "1.00", "amount_fen": 100_000}
    error = refused(400, lines=[{**line, "count": "999", "amount_fen": 99_900}])
    assert error["code"] == "S6003" and "99900" in error["en"] and "100000" in error["en"]
    assert "NOPE" in refused(409, lines=[{**line, "item_code": "NOPE"}])["en"]
    assert "line 1" in refused(400, lines=[{**line, "item_code": None, "own_code": "own"}])["en"]
    assert "1001" in refused(409, lines=[{**line, "count": "1001"}])["en"].replace(",", "")
    assert refused(400, ended="2026-03-01")["code"] == "S3005"
    assert refused(400, ended="2026-07-01")["code"] == "S3005", "a stay that is not over"
    assert refused(400, med_type="00")["code"] == "S3009"
    assert refused(400, lines=[{**line, "price": "1.00001"}])["code"] == "S1001"
    Coverage.objects.filter(person=person).update(period=type(YEAR)(date(2026, 4, 1), date(2027, 1, 1)))
    assert refused(409)["code"] == "S3004"
    assert not Reimbursement.objects.exists() and not Visit.objects.exists() and not Invoice.objects.exists()


def test_a_hospital_elsewhere_is_made_known_and_own_codes_are_mapped(counter: Counter) -> None:
    far = bill(counter.person, "H88888800001")
    error = counter.clerk.post("reimbursements", far, 404)
    assert "H88888800001" in error["en"]
    counter.clerk.post("reimbursements", {**far, "name": "外地医院", "grade": "05"})
    made = Institution.objects.get(code="H88888800001")
    assert made.body == counter.bodies[0] and not made.agreements.exists()
    Mapping.objects.create(
        institution=counter.institution, own_code="own", own_name="甲", item_code="D-001", kind="101", period=YEAR
    )
    given = bill(counter.person, CODE)
    given["lines"][0] = {**given["lines"][0], "item_code": None, "own_code": "own"}
    lines = counter.clerk.post("reimbursements", given)["lines"]
    assert [one["item_code"] for one in lines] == ["D-001"]


def test_what_was_settled_wrongly_is_taken_back_before_it_is_paid(counter: Counter) -> None:
    given = bill(counter.person, CODE)
    number = counter.clerk.post("reimbursements", given)["number"]
    counter.decided("reimbursement.settle", {"number": number}, counter.clerk, counter.reviewer)
    undone = {"number": number, "reason": "发票有误"}
    counter.decided("reimbursement.undo", undone, counter.clerk, counter.reviewer)
    for kind, owner in (
        ("payable to person", counter.person.psn_no),
        ("payable to institution", CODE),
        ("fund expenditure", "care"),
    ):
        assert counter.fen(kind, owner) == 0
    assert sum(one.funds_fen for one in Settlement.objects.all()) == 0 and Settlement.objects.count() == 2
    error = counter.payer.post("proposals/reimbursement.pay", {"number": number, "payment": "P"}, 409)
    assert error["code"] == "S6002"
    again = counter.clerk.post("reimbursements", given)["number"]
    counter.decided("reimbursement.settle", {"number": again}, counter.clerk, counter.reviewer)
    assert counter.fen("payable to person", counter.person.psn_no) == -45_000
    counter.decided("reimbursement.pay", {"number": again, "payment": "P"}, counter.payer, counter.cashier)
    assert counter.clerk.post("proposals/reimbursement.undo", {**undone, "number": again}, 409)["code"] == "S6002"


def test_a_hospital_can_t_reverse_what_the_agency_settled(counter: Counter) -> None:
    Agreement.objects.create(institution=counter.institution, number="A", state="in force", period=YEAR)
    number = counter.clerk.post("reimbursements", bill(counter.person, CODE))["number"]
    counter.decided("reimbursement.settle", {"number": number}, counter.clerk, counter.reviewer)
    settlement = Settlement.objects.get()
    given = {"setl_id": settlement.setl_id, "mdtrt_id": settlement.visit.mdtrt_id, "psn_no": counter.person.psn_no}
    window = Window(CODE)
    for infno in ("2208", "2305"):
        window.refused(infno, {"data": given}, "Y4001")
    assert Settlement.objects.count() == 1
