"""What is owed to persons, paid by the same orders and bank files; and the statement of a fund with what was paid.

Willow County (fictional) pays 450 yuan of a stay of 1,000 in a secondary hospital (test_reimbursements.py).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from openyibao.service.clearing.checks import check_clearing
from openyibao.service.clearing.models import Transfer
from openyibao.service.institutions.models import Institution
from openyibao.service.ledger.checks import check_books
from openyibao.service.reimbursements.models import Reimbursement
from service.offices import NOW, bill
from service.paying import confirmation, open_accounts
from service.test_reimbursements import CODE, Counter


@pytest.fixture
def counter(database: str, settings_of_platform: Any) -> Counter:
    settings_of_platform.CLOCK = NOW
    made = Counter()
    open_accounts(made.region, [Institution.objects.get(code=CODE)])
    return made


def settled(counter: Counter) -> str:
    number = counter.clerk.post("reimbursements", bill(counter.person, CODE))["number"]
    counter.decided("reimbursement.settle", {"number": number}, counter.clerk, counter.reviewer)
    return str(number)


def ordered(counter: Counter, number: str, fen: int = 45_000) -> Transfer:
    given = {"region": counter.district.code, "reimbursements": [{"number": number, "fen": fen}]}
    result = counter.decided("order.persons", given, counter.payer, counter.cashier)["result"]
    counter.payer.post("clearing/batches", {"region": counter.district.code, "format": "plain"})
    found: Transfer = Transfer.objects.get(order__number=result["orders"][0])
    return found


def told(counter: Counter, transfer: Transfer, what: str, fen: int) -> Any:
    import base64

    content = base64.b64encode(confirmation([(transfer.number, what, fen)])).decode()
    given = {"region": counter.district.code, "name": "x", "format": "plain", "content": content}
    number = counter.payer.post("clearing/confirmations", given)["number"]
    return counter.decided("confirmation.book", {"confirmation": number}, counter.payer, counter.cashier)["result"]


def test_a_reimbursement_is_paid_by_an_order(counter: Counter) -> None:
    number, owner = settled(counter), counter.person.psn_no
    given = {"region": counter.district.code, "through": "2026-05-31", "institution": CODE}
    assert counter.payer.post("proposals/statement.issue", given, 409)["code"] == "S8003", "not the institution's"
    transfer = ordered(counter, number)
    assert counter.fen("payable to person", owner) == -45_000, "an order is no entry"
    again = {"region": counter.district.code, "reimbursements": [{"number": number, "fen": 45_000}]}
    assert counter.payer.post("proposals/order.persons", again, 409)["code"] == "S8006"
    for action, more in (("reimbursement.pay", {"payment": "P"}), ("reimbursement.undo", {"reason": "x"})):
        desk = counter.payer if action == "reimbursement.pay" else counter.clerk
        assert desk.post(f"proposals/{action}", {"number": number, **more}, 409)["code"] == "S6002"
    assert told(counter, transfer, "paid", 45_000) == {"paid": {"lines": 1, "fen": 45_000}}
    assert counter.fen("payable to person", owner) == 0 and counter.fen("fund cash") == -45_000
    shown = counter.auditor.get(f"reimbursements/{number}")
    assert shown["state"] == "paid" and shown["payment"] == transfer.order.number
    assert check_books() == [] and check_clearing() == []


def test_what_did_not_reach_the_person_is_ordered_again(counter: Counter) -> None:
    number, owner = settled(counter), counter.person.psn_no
    told(counter, ordered(counter, number), "rejected", 45_000)
    found = Reimbursement.objects.get(number=number)
    assert (found.state, found.payment) == ("settled", "")
    second = ordered(counter, number)
    told(counter, second, "partly", 20_000)
    assert Reimbursement.objects.get(number=number).state == "settled"
    told(counter, second, "rejected", 25_000)
    third = ordered(counter, number, 25_000)
    told(counter, third, "paid", 25_000)
    assert Reimbursement.objects.get(number=number).state == "paid" and counter.fen("payable to person", owner) == 0
    told(counter, third, "returned", 25_000)
    found = Reimbursement.objects.get(number=number)
    assert (found.state, found.paid_at) == ("settled", None) and counter.fen("payable to person", owner) == -25_000
    undo = {"number": number, "reason": "x"}
    assert counter.clerk.post("proposals/reimbursement.undo", undo, 409)["code"] == "S6002", "a part is paid"
    told(counter, ordered(counter, number, 25_000), "paid", 25_000)
    assert counter.fen("fund cash") == -45_000 and counter.fen("payable to person", owner) == 0
    assert check_books() == []


def test_a_statement_of_a_fund_shows_what_accrued_and_what_was_paid(counter: Counter) -> None:
    number = settled(counter)
    about = {"region": counter.district.code, "scheme": "resident", "fund": "pooled fund"}
    month = {"start": "2026-06-01", "end": "2026-06-30"}
    before = counter.payer.get("ledger/fund-statement", **about, **month)
    assert before["expenditure_fen"] == {"care": 45_000} and before["paid_fen"] == {}
    assert (before["owed_opening_fen"], before["owed_closing_fen"]) == (0, 45_000)
    told(counter, ordered(counter, number), "paid", 45_000)
    after = counter.payer.get("ledger/fund-statement", **about, **month)
    assert after["expenditure_fen"] == {"care": 45_000} and after["paid_fen"] == {"payable to person": 45_000}
    assert (after["owed_opening_fen"], after["owed_closing_fen"]) == (0, 0)
    from openyibao.service.ledger.paid import fund_paid, paid_rows

    shown = fund_paid(counter.district.code, "resident", "pooled fund", date(2026, 6, 1), date(2026, 6, 30))
    assert ("已支付：参保人员", "450") in paid_rows(shown, "zh")
    assert ("paid to persons", "450") in paid_rows(shown, "en")
    early = fund_paid(counter.district.code, "resident", "pooled fund", date(2026, 1, 1), date(2026, 5, 31))
    assert (early.accrued_fen, early.paid, early.closing_fen) == (0, {}, 0)
