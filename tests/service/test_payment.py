"""From a month's settlements to money paid: statements, orders of two persons, confirmations, disputes, the books.

The law is made up for tests (paying.py): the pooled fund pays half of outpatient care, and medical assistance 70 % of
what is left to every second person. A visit of 100 yuan is 50 of one fund, or 50 and 35 of two.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from openyibao.service.clearing.models import Item, Order, Part, Transfer
from openyibao.service.ledger.months import close_month
from openyibao.service.ledger.reports import fund_statement, trial_balance
from service.county import HOSPITAL
from service.paying import County, in_march
from service.racing import undoing

MARCH, APRIL, MAY = "2026-03-31", "2026-04-30", "2026-05-31"


@pytest.fixture
def county(database: str, monkeypatch: Any, tmp_path: Path) -> County:
    return in_march(monkeypatch, tmp_path)


def funds(statement: dict[str, Any], name: str) -> dict[str, int]:
    return {one["fund"]: one[name] for one in statement["funds"]}


def test_a_month_is_paid(county: County) -> None:
    county.visit(100, 0)
    county.visit(250, 1)
    county.hands.set("2026-04-01 09:00:00")
    assert (
        county.first.post("proposals/statement.issue", {"region": "999999", "through": "2026-04-01"}, 409)["code"]
        == "S8001"
    )
    statement = county.issue(MARCH)
    assert funds(statement, "items_fen") == {"medical assistance fund": 8_750, "pooled fund": 17_500}
    assert [(one["fund"], one["fen"]) for one in statement["items"]] == [
        ("pooled fund", 5_000),
        ("medical assistance fund", 8_750),
        ("pooled fund", 12_500),
    ]
    given = {"region": "999999", "statements": [{"number": statement["number"], "fen": 26_250}]}
    wrong = {"region": "999999", "statements": [{"number": statement["number"], "fen": 26_251}]}
    assert county.first.post("proposals/order.institutions", wrong, 409)["code"] == "S8005"
    proposed = county.first.post("proposals/order.institutions", given)["proposal"]
    decision = {"proposal": proposed, "accept": True}
    assert county.first.post("proposals/order.institutions/decide", decision, 409)["code"] == "S5002"
    assert not Order.objects.exists(), "nobody approves their own order"
    county.second.post("proposals/order.institutions/decide", decision)
    transfers = {one.fund: one for one in Transfer.objects.all()}
    assert {fund: one.fen for fund, one in transfers.items()} == funds(statement, "items_fen")
    assert county.owed() == 17_500, "what is ordered is still owed"
    rows = list(csv.DictReader(io.StringIO(county.send().decode())))
    assert [(row["transfer"], row["amount"]) for row in rows[:2]] == [
        (transfers["medical assistance fund"].number, "87.50"),
        (transfers["pooled fund"].number, "175.00"),
    ]
    assert {row["payee account"] for row in rows[:2]} == {"6222000000000000"}
    assert list(rows[2].values())[:3] == ["total", "2", "262.50"]
    done = county.answered(*((one, "paid", one.fen) for one in transfers.values()))
    assert done == {"paid": {"lines": 2, "fen": 26_250}}
    assert county.owed() == 0 and county.fen("fund cash") == -17_500
    assert county.available(statement) == 0
    assert sum(row.fen for row in trial_balance()) == 0
    county.right()
    shown = county.auditor.get("clearing/orders", region="999999")["orders"]
    assert [one["state"] for order in shown for one in order["transfers"]] == ["paid", "paid"]
    assert shown[0]["payee_account"] == "622***********00"


def test_the_file_of_a_statement_has_its_lines_and_their_sum(county: County) -> None:
    _, settled = county.visit(100, 1)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    number = settled["setlinfo"]["setl_id"]
    text = county.fetch(f"clearing/statements/{statement['number']}/file?lang=zh", county.auditor).decode()
    assert list(csv.reader(io.StringIO(text))) == [
        ["结算编号", "业务", "日期", "险种", "基金", "金额（元）", "异议"],
        [number, "费用结算", "2026-03-05", "居民", "医疗救助基金", "35.00", ""],
        [number, "费用结算", "2026-03-05", "居民", "统筹基金", "50.00", ""],
        ["合计", "2", "", "", "", "85.00", ""],
    ]
    english = county.fetch(f"clearing/statements/{statement['number']}/file?lang=en").decode()
    assert "settlement,2026-03-05,resident,pooled fund,50.00," in english


@pytest.mark.parametrize("way", ["2208", "2601"])
def test_what_is_taken_back_after_it_was_paid_is_a_line_below_zero(county: County, way: str) -> None:
    msgid = county.window.msgid()
    given = county.ready(100)
    first = (given, county.window.done("2207", given, msgid))
    county.hands.set("2026-04-01 09:00:00")
    (transfer,) = county.order(county.issue(MARCH))
    county.send()
    county.answered((transfer, "paid", 5_000))
    if way == "2208":
        county.take_back(first)
    else:
        county.window.done("2601", undoing(given, msgid))
    county.visit(60, 2, day="2026-04-01")
    county.hands.set("2026-05-01 09:00:00")
    april = county.issue(APRIL)
    assert [(one["kind"], one["fen"]) for one in april["items"]] == [("reversal", -5_000), ("settlement", 3_000)]
    assert funds(april, "available_fen") == {"pooled fund": -2_000}
    county.first.post(
        "proposals/order.institutions",
        {"region": "999999", "statements": [{"number": april["number"], "fen": 1}]},
        409,
    )
    county.visit(90, 2, day="2026-05-01")
    county.hands.set("2026-06-01 09:00:00")
    may = county.issue(MAY)
    assert funds(may, "brought_fen") == {"pooled fund": -2_000} and funds(may, "closing_fen") == {"pooled fund": 2_500}
    (transfer,) = county.order(may)
    county.send()
    county.answered((transfer, "paid", 2_500))
    assert county.owed() == 0 and county.fen("fund cash") == -7_500
    county.right()


def test_money_that_was_not_paid_or_came_back_is_owed_again(county: County) -> None:
    county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    (rejected,) = county.order(statement)
    assert county.available(statement) == 0, "what is ordered can't be ordered twice"
    county.send()
    assert county.answered((rejected, "rejected", 5_000)) == {"rejected": {"lines": 1, "fen": 5_000}}
    assert county.owed() == 5_000 and county.fen("fund cash") == 0 and county.available(statement) == 5_000
    account = {"holder": "医院新户", "bank": "999000000001", "bank_account": "622200009999", "reason": "户名变更"}
    changed = {"institution": HOSPITAL, **account}
    county.decided("bank.payee", changed, second=county.reviewer)
    (again,) = county.order(statement)
    assert Order.objects.get(transfers=again).payee_account == "622200009999"
    county.send()
    county.answered((again, "paid", 5_000))
    assert (county.owed(), county.fen("fund cash")) == (0, -5_000)
    assert county.answered((again, "returned", 5_000)) == {"returned": {"lines": 1, "fen": 5_000}}
    assert (county.owed(), county.fen("fund cash")) == (5_000, 0)
    county.right()
    (third,) = county.order(statement)
    county.send()
    county.answered((third, "paid", 5_000))
    assert (county.owed(), county.fen("fund cash")) == (0, -5_000)
    county.right()


def test_a_part_is_paid_and_the_rest_later_or_not(county: County) -> None:
    county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    (transfer,) = county.order(statement)
    county.send()
    county.answered((transfer, "partly", 2_000))
    assert county.owed() == 3_000 and county.available(statement) == 0, "the rest is still under way"
    county.answered((transfer, "partly", 1_000))
    county.answered((transfer, "rejected", 2_000))
    assert county.available(statement) == 2_000
    county.answered((transfer, "returned", 1_000))
    assert county.available(statement) == county.owed() == 3_000 and county.fen("fund cash") == -2_000
    county.right()


def test_a_deposit_is_withheld_as_the_agreement_says_and_given_back(county: County) -> None:
    county.decided(
        "deposit.share",
        {"number": f"A-{HOSPITAL}", "share_bp": 500, "source": "协议第三十条（测试用）"},
        county.clerk,
        county.reviewer,
    )
    first = county.visit(101)
    county.hands.set("2026-04-01 09:00:00")
    march = county.issue(MARCH)
    assert funds(march, "withheld_fen") == {"pooled fund": 253}, "5 % of 50.50 yuan, half up"
    assert county.owed() == 5_050 - 253 and county.fen("deposit of institution", HOSPITAL) == -253
    (transfer,) = county.order(march)
    county.send()
    county.answered((transfer, "paid", 4_797))
    county.right()
    given = {"region": "999999", "institution": HOSPITAL, "scheme": "resident", "fund": "pooled fund"}
    much = {**given, "fen": 254, "reason": "年度考核"}
    assert county.first.post("proposals/deposit.release", much, 409)["code"] == "S8014"
    county.decided("deposit.release", {**given, "fen": 100, "reason": "年度考核"})
    county.take_back(first)
    county.hands.set("2026-05-01 09:00:00")
    april = county.issue(APRIL)
    assert funds(april, "withheld_fen") == {"pooled fund": -153}, "no more is given back than is held"
    assert funds(april, "items_fen") == {"pooled fund": 100 - 5_050}
    assert county.fen("deposit of institution", HOSPITAL) == 0 and county.owed() == -4_797
    county.right()


def test_an_order_that_was_not_sent_can_be_cancelled(county: County) -> None:
    county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    statement = county.issue(MARCH)
    (transfer,) = county.order(statement)
    order = Order.objects.get(transfers=transfer)
    county.first.post(f"clearing/orders/{order.number}/cancel")
    assert county.available(statement) == 5_000 and county.statement(statement["number"])["ordered_at"] is None
    assert county.first.post("clearing/batches", {"region": "999999", "format": "plain"}, 409)["code"] == "S8009"
    (transfer,) = county.order(statement)
    county.send()
    order = Order.objects.get(transfers=transfer)
    assert county.first.post(f"clearing/orders/{order.number}/cancel", None, 409)["code"] == "S8008"


def test_closed_months_are_stated_and_paid_in_open_ones(county: County) -> None:
    """What a closed month owes can be stated and paid later; nothing is booked on its days any more."""
    county.visit(100)
    county.hands.set("2026-04-02 09:00:00")
    from datetime import date

    close_month(date(2026, 3, 1))
    statement = county.issue(MARCH)
    (transfer,) = county.order(statement)
    county.send()
    county.answered((transfer, "paid", 5_000), day="2026-03-31")
    shown = fund_statement("999999", "resident", "pooled fund", date(2026, 3, 1), date(2026, 3, 31))
    assert shown.expenditure_total == 5_000 and county.owed() == 0
    assert sum(row.fen for row in trial_balance(date(2026, 3, 31))) == 0
    assert sum(row.fen for row in trial_balance(date(2026, 4, 2))) == 0
    county.visit(60, 2)
    county.hands.set("2026-05-02 09:00:00")
    close_month(date(2026, 4, 1))
    assert funds(county.issue(APRIL), "available_fen") == {"pooled fund": 3_000}
    county.right()


def test_the_newest_statement_is_ordered_and_a_day_is_stated_once(county: County) -> None:
    county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    march = county.issue(MARCH)
    given = {"region": "999999", "through": MARCH, "institution": HOSPITAL}
    assert county.first.post("proposals/statement.issue", given, 409)["code"] == "S8002"
    county.visit(60, day="2026-04-01")
    county.hands.set("2026-05-01 09:00:00")
    county.issue(APRIL)
    old = {"region": "999999", "statements": [{"number": march["number"], "fen": 5_000}]}
    assert county.first.post("proposals/order.institutions", old, 409)["code"] == "S8004"
    all_of_them = {"region": "999999", "through": "2026-04-30"}
    assert county.first.post("proposals/statement.issue", all_of_them, 409)["code"] == "S8003"


def test_what_was_stated_stays(county: County) -> None:
    county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    (transfer,) = county.order(county.issue(MARCH))
    for change in (
        lambda: Item.objects.update(fen=1),
        lambda: Part.objects.update(items_fen=1),
        lambda: Item.objects.all().delete(),
        lambda: Transfer.objects.filter(pk=transfer.pk).delete(),
        lambda: Transfer.objects.filter(pk=transfer.pk).update(rejected_fen=5_001),
        lambda: Transfer.objects.filter(pk=transfer.pk).update(paid_fen=1),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    county.right()
