"""A fund's money besides bills, booked by two persons: what it began with, income, governments' shares, transfers; and
that no fund orders more than it has.

Amounts are fen. The law of the county is made up (paying.py): the pooled fund pays half of outpatient care, and medical
assistance 70 % of what is left to every second person.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from openyibao.service import clock
from openyibao.service.clearing import cash
from openyibao.service.clearing.models import Order
from openyibao.service.ledger.books import NewEntry, balance, post
from openyibao.service.ledger.models import Entry
from openyibao.service.ledger.months import close_month
from openyibao.service.ledger.treasury import Fund, opening_lines, received_lines
from openyibao.service.people.models import Account
from service.desks import Desk
from service.offices import NOW, staff
from service.paying import FUND, County, confirmation, in_march
from service.racing import together
from service.test_payment_persons import settled
from service.test_reimbursements import Counter

POOLED = {"region": "999999", "scheme": "resident", "fund": "pooled fund"}
AID = {**POOLED, "fund": "medical assistance fund"}
YEAR = {"start": "2026-01-01", "end": "2026-12-31"}


@pytest.fixture
def county(database: str, monkeypatch: Any, tmp_path: Path) -> County:
    return in_march(monkeypatch, tmp_path)


def slip(document: str, day: str = "2026-03-04", **more: Any) -> dict[str, Any]:
    return {"day": day, "document": document, **more}


def income(document: str, fen: int, source: str = "individual contributions", **more: Any) -> dict[str, Any]:
    return {**POOLED, **slip(document, **more), "sources": [{"source": source, "fen": fen}]}


def refused(county: County, action: str, given: dict[str, Any], status: int = 409) -> str:
    said = county.first.post(f"proposals/{action}", given, status)
    assert said["zh"] != said["en"]
    return str(said["code"])


def test_a_funds_year(county: County) -> None:
    """Opening 100,000; contributions 5,000 and interest 40; a share of 101 by city and county, of which 51 came; 1,000
    paid for critical illness insurance. The statement and the cash say the same."""
    county.decided("fund.open", {**POOLED, **slip("期初结余确认书"), "fen": 100_000})
    county.decided(
        "fund.receive",
        {
            **POOLED,
            **slip("回单0001", note="三月缴费"),
            "sources": [
                {"source": "individual contributions", "fen": 2_000},
                {"source": "individual contributions", "fen": 3_000},
                {"source": "interest", "fen": 40},
            ],
        },
    )
    shared = county.decided("fund.share", {**POOLED, **slip("财社1号"), "fen": 101, "way": "taiyuan-2016"})
    assert shared["levels"] == {"city": 51, "county": 50}
    county.decided("fund.receive", {**POOLED, **slip("回单0002"), "levels": [{"level": "city", "fen": 51}]})
    to = {"to_fund": "critical illness fund", "purpose": "critical illness premium", "source": "transfers"}
    assert county.decided("fund.transfer", {**POOLED, **slip("大病保费"), "fen": 1_000, **to})["fen"] == 1_000

    shown = county.auditor.get("ledger/fund-statement", **POOLED, **YEAR)
    assert (shown["opening_fen"], shown["closing_fen"]) == (100_000, 104_141)
    assert shown["income_fen"] == {
        "individual contributions": 5_000,
        "city subsidy": 51,
        "county subsidy": 50,
        "interest": 40,
    }
    assert shown["expenditure_fen"] == {"critical illness premium": 1_000}
    assert shown["made_of_fen"] == {"fund cash": 104_091, "owed by government": 50}  # 104,141 together
    money = county.auditor.get("ledger/fund-money", **POOLED, **YEAR)
    assert money["cash_fen"] == 100_000 + 5_040 + 51 - 1_000 and money["under_way_fen"] == 0
    assert [one["kind"] for one in money["entries"]] == ["transfer", "income", "subsidy share", "income", "opening"]
    assert money["entries"][3]["note"] == "三月缴费"
    assert money["entries"][1]["lines"] == [
        {"kind": "fund cash", "owner": "", "fen": 51},
        {"kind": "owed by government", "owner": "city", "fen": -51},
    ]
    critical = county.auditor.get("ledger/fund-statement", **{**POOLED, "fund": "critical illness fund"}, **YEAR)
    assert critical["income_fen"] == {"transfers": 1_000} and critical["closing_fen"] == 1_000
    county.right()


def test_nobody_books_alone(county: County) -> None:
    made = county.first.post("proposals/fund.receive", income("回单1", 100))
    decision = {"proposal": made["proposal"], "accept": True}
    assert county.first.post("proposals/fund.receive/decide", decision, 409)["code"] == "S5002"
    for other in (county.clerk, county.reviewer, county.auditor):
        assert other.post("proposals/fund.receive/decide", decision, 403)["code"] == "S2004"
        assert other.post("proposals/fund.receive", income("回单2", 100), 403)["code"] == "S2004"
    assert county.fen("fund cash") == 0


def test_a_document_is_booked_once_and_a_wrong_entry_is_taken_back(county: County) -> None:
    first = county.decided("fund.receive", income("回单1", 100_000))["entry"]
    assert refused(county, "fund.receive", income("回单1", 100_000)) == "S8016"
    county.decided("fund.receive", {**income("回单1", 7), "fund": "medical assistance fund"})  # another fund's slip
    early = {"entry": first, **slip("更正1", day="2026-03-03"), "note": "早于凭证"}
    assert refused(county, "fund.correct", early, 400) == "S1001"
    wrong = {"entry": first, **slip("更正1", day="2026-03-05"), "note": "多写两个零"}
    made = county.decided("fund.correct", wrong)["entry"]
    assert county.fen("fund cash") == 0
    assert refused(county, "fund.correct", wrong) == "S8020"  # once
    assert refused(county, "fund.correct", {**wrong, "entry": made}, 403) == "S2004"  # a correction is none of these
    county.decided("fund.receive", income("回单1", 1_000))
    entries = county.auditor.get("ledger/fund-money", **POOLED, **YEAR)["entries"]
    assert [(one["kind"], one["corrects"], one["corrected_by"]) for one in entries] == [
        ("income", None, None),
        ("correction", first, None),
        ("income", None, made),
    ]
    shown = county.auditor.get("ledger/fund-statement", **POOLED, **YEAR)
    assert shown["income_fen"] == {"individual contributions": 1_000}
    county.right()


def test_a_share_that_was_paid_is_corrected_behind_its_receipt(county: County) -> None:
    levels = {"levels": [{"level": "county", "fen": 10}]}
    shared = county.decided("fund.share", {**POOLED, **slip("分担"), "fen": 10, **levels})["entry"]
    received = county.decided("fund.receive", {**POOLED, **slip("回单"), **levels})["entry"]
    assert refused(county, "fund.receive", {**POOLED, **slip("回单"), **levels}) == "S8016", "not: book a share first"
    today = slip("更正", day="2026-03-05")
    assert refused(county, "fund.correct", {"entry": shared, **today, "note": "x"}) == "S8022"
    for entry in (received, shared):
        county.decided("fund.correct", {"entry": entry, **today, "note": "x"})
    assert county.fen("owed by government", "county") == 0 and county.fen("fund cash") == 0


def test_a_fund_that_the_law_names_is_known_before_its_first_bill(county: County) -> None:
    """A payer that only the region's own policy names; for another scheme it is unknown."""
    county.region.policies["employee"] = "model/national-employee-2023"
    county.region.save()
    given = {**POOLED, **slip("期初"), "fund": "large-cost fund", "fen": 5}
    assert refused(county, "fund.open", given, 404) == "S1002"
    county.decided("fund.open", {**given, "scheme": "employee"})


def test_a_fund_is_opened_once(county: County) -> None:
    first = county.decided("fund.open", {**POOLED, **slip("期初1"), "fen": 5})["entry"]
    assert refused(county, "fund.open", {**POOLED, **slip("期初2"), "fen": 6}) == "S8018"
    county.decided("fund.correct", {"entry": first, **slip("更正", day="2026-03-05"), "note": "少写一位"})
    county.decided("fund.open", {**POOLED, **slip("期初1"), "fen": 50})
    assert county.auditor.get("ledger/fund-statement", **POOLED, **YEAR)["opening_fen"] == 50


def test_what_the_books_do_not_take(county: County) -> None:
    """Each is refused when it is proposed, and says what is wrong; nothing is booked."""
    county.decided("fund.share", {**POOLED, **slip("分担"), "fen": 10, "levels": [{"level": "county", "fen": 10}]})
    bill = county.visit(100)[1]["setlinfo"]["setl_id"]
    close_month(date(2026, 2, 1))
    cases = {
        "a day to come": ("fund.receive", income("1", 5, day="2026-03-06"), 400, "S1001"),
        "a closed month": ("fund.receive", income("1", 5, day="2026-02-28"), 409, "S8021"),
        "a fund that nobody knows": ("fund.receive", {**income("1", 5), "fund": "poled fund"}, 404, "S1002"),
        "accounts of persons": ("fund.receive", {**income("1", 5), "fund": "personal account"}, 404, "S1002"),
        "a source that is none": ("fund.receive", income("1", 5, source="luck"), 400, "S1001"),
        "nothing": ("fund.receive", {**POOLED, **slip("1")}, 400, "S1001"),
        "more than a level owes": (
            "fund.receive",
            {**POOLED, **slip("1"), "levels": [{"level": "county", "fen": 6}, {"level": "county", "fen": 5}]},
            409,
            "S8017",
        ),
        "a share that nobody agreed": ("fund.share", {**POOLED, **slip("1"), "fen": 7}, 409, "S8019"),
        "a share agreed otherwise than the way says": (
            "fund.share",
            {**POOLED, **slip("1"), "fen": 7, "way": "taiyuan-2016", "levels": [{"level": "central", "fen": 7}]},
            409,
            "S8019",
        ),
        "a way that is for places": (
            "fund.share",
            {**POOLED, **slip("1"), "fen": 7, "way": "anhui-2015"},
            400,
            "S1001",
        ),
        "a share that does not add up": (
            "fund.share",
            {**POOLED, **slip("1"), "fen": 7, "levels": [{"level": "city", "fen": 6}]},
            409,
            "S8019",
        ),
        "a transfer to itself": ("fund.transfer", {**POOLED, **slip("1"), "fen": 1, **to("pooled fund")}, 400, "S1001"),
        "a bill's entry": (
            "fund.correct",
            {"entry": Entry.objects.get(reference=bill).pk, **slip("1"), "note": "x"},
            403,
            "S2004",
        ),
    }
    for name, (action, given, status, code) in cases.items():
        assert refused(county, action, given, status) == code, name
    assert county.fen("fund cash") == 0 and county.fen("owed by government", "county") == 10
    county.right()


def to(fund: str) -> dict[str, str]:
    return {"to_fund": fund, "purpose": "transfers", "source": "transfers"}


def test_no_fund_orders_more_than_it_has(county: County) -> None:
    """5,000 fen are owed and 4,999 there; one fen more and the order goes. What is ordered can't be spent again."""
    county.decided("fund.open", {**POOLED, **slip("期初"), "fen": 4_000})
    county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue("2026-03-31")
    county.decided("fund.receive", income("回单1", 999))
    given = {"region": "999999", "statements": [{"number": statement["number"], "fen": 5_000}]}
    said = county.first.post("proposals/order.institutions", given, 409)
    assert said["code"] == "S8015" and "缺 1 分" in said["zh"] and "1 fen are missing" in said["en"]
    assert not Order.objects.exists()
    county.decided("fund.receive", income("回单2", 1))
    (transfer,) = county.order(statement)
    money = county.auditor.get("ledger/fund-money", **POOLED, **YEAR)
    assert (money["cash_fen"], money["under_way_fen"]) == (5_000, 5_000)
    assert (
        refused(county, "fund.transfer", {**POOLED, **slip("划转"), "fen": 1, **to("critical illness fund")}) == "S8015"
    )
    county.send()
    county.answered((transfer, "rejected", 5_000))  # so it is there again
    county.decided("fund.transfer", {**POOLED, **slip("划转"), "fen": 1, **to("critical illness fund")})
    assert refused(county, "order.institutions", given) == "S8015"
    county.decided("fund.receive", income("回单3", 1))
    (again,) = county.order(statement)
    county.send()
    county.answered((again, "paid", 5_000))
    assert county.fen("fund cash") == 0
    county.right()


def test_a_fund_whose_cash_is_kept_elsewhere_may_pay(county: County) -> None:
    """Only its opening balance makes it known: no share, income or transfer into it, nor one corrected."""
    county.visit(100)
    share = {"levels": [{"level": "county", "fen": 3}]}
    county.decided("fund.share", {**POOLED, **slip("分担"), "fen": 3, **share})
    county.decided("fund.receive", {**income("回单1", 1), "fund": "medical assistance fund"})
    county.decided("fund.transfer", {**AID, **slip("划转"), "fen": 1, **to("pooled fund")})
    opened = county.decided("fund.open", {**POOLED, **slip("期初"), "fen": 1})["entry"]
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue("2026-03-31")
    given = {"region": "999999", "statements": [{"number": statement["number"], "fen": 5_000}]}
    assert refused(county, "order.institutions", given) == "S8015"
    county.decided("fund.correct", {"entry": opened, **slip("更正", day="2026-04-01"), "note": "不是这个基金"})
    (transfer,) = county.order(statement)
    assert transfer.fen == 5_000
    assert county.auditor.get("ledger/fund-money", **POOLED, **YEAR)["cash_fen"] is None


def test_what_the_bank_pays_meanwhile_is_not_counted_for_an_order(county: County, monkeypatch: Any) -> None:
    """A confirmation is booked between the readings of cash and orders: refused once too often, never too seldom."""
    county.visit(100)
    county.decided("fund.open", {**POOLED, **slip("期初"), "fen": 10_000})
    county.hands.set("2026-04-01 09:00:00")
    (transfer,) = county.order(county.issue("2026-03-31"))
    county.send()
    content = confirmation([(transfer.number, "paid", 5_000)])
    booked: list[Any] = []

    def booking_behind(read: Any) -> Any:
        def reading(about: Any) -> int:
            found = read(about)
            if not booked:
                booked.append(None)
                booked.append(county.book(content))
            return int(found)

        return reading

    for name in ("under_way", "balance"):
        monkeypatch.setattr(cash, name, booking_behind(getattr(cash, name)))
    given = {**POOLED, **slip("划转"), "fen": 5_001, **to("critical illness fund")}
    assert refused(county, "fund.transfer", given) == "S8015" and len(booked) == 2


def test_what_is_paid_by_hand_comes_out_of_the_funds_cash(database: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings, "CLOCK", NOW)
    counter = Counter()
    number = settled(counter)
    fund = Fund(counter.district.code, "resident", "pooled fund")
    post(NewEntry("opening", clock.now(), clock.today(), "期初", opening_lines(fund, 44_999)))
    given = {"number": number, "payment": "P1"}
    assert counter.payer.post("proposals/reimbursement.pay", given, 409)["code"] == "S8015"
    post(NewEntry("income", clock.now(), clock.today(), "回单", received_lines(fund, {"interest": 1})))
    counter.decided("reimbursement.pay", given, counter.payer, counter.cashier)
    assert balance(fund.account("fund cash")) == 0


def test_credits_to_accounts_come_out_of_the_funds_cash(database: str, monkeypatch: Any, tmp_path: Path) -> None:
    county = in_march(monkeypatch, tmp_path, people=1, account_fen=1)
    number = Account.objects.get(owner=county.people[0]).number
    county.decided("fund.open", {**POOLED, **slip("期初"), "fen": 100})
    given = {"number": number, "scheme": "resident", "reason": "划入"}
    before = county.fen("fund cash")
    said = county.clerk.post("proposals/account.credit", {**given, "fen": before + 1}, 409)
    assert said["code"] == "S8015"
    county.decided("account.credit", {**given, "fen": before}, county.clerk, county.reviewer)
    assert county.fen("fund cash") == 0
    county.right()


@pytest.mark.parametrize("what", ["one slip", "one fund"])
def test_of_two_at_once_one_succeeds(county: County, what: str) -> None:
    """Two decisions at the same moment: on the same slip proposed twice, and on two transfers of the same money."""
    other = Desk(staff("third", "manager", county.body))
    desks = (county.second, other)
    county.decided("fund.receive", income("回单0", 2))  # so that all accounts are there, and only the lock is left
    for number, fund in enumerate(("critical illness fund", "medical assistance fund")):
        county.decided("fund.transfer", {**POOLED, **slip(f"划转{number}"), "fen": 1, **to(fund)})
    if what == "one slip":
        action, gives = "fund.receive", [income("回单1", 100)] * 2
    else:
        county.decided("fund.open", {**POOLED, **slip("期初"), "fen": 100})
        paths = ("critical illness fund", "medical assistance fund")
        action = "fund.transfer"
        gives = [{**POOLED, **slip(f"划转{fund}"), "fen": 60, **to(fund)} for fund in paths]
    made = [county.first.post(f"proposals/{action}", given)["proposal"] for given in gives]

    def decide(number: int) -> int:
        decision = json.dumps({"proposal": made[number], "accept": True})
        path = f"/api/proposals/{action}/decide"
        return int(desks[number].client.post(path, decision, content_type="application/json").status_code)

    assert sorted(together(2, 2, decide)) == [200, 409]
    assert county.fen("fund cash", fund=FUND) == (100 if what == "one slip" else 40)
    county.right()
