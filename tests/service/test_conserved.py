"""T13 through the national interface: each reply adds up, and so do the fee lines, `setldetail`, and the books.

Random visits under policies of the library, some with accounts, some with cost above price limits that the institution
bears a part of.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.county import build
from service.figures import figure
from service.racing import Desk, Hands, check_books, fen, seeded
from service.test_try import POLICIES, Under, insured, old_catalogue, one_visit, under

PARTS = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")


def check(output: dict[str, Any], given: dict[str, Any]) -> None:
    """One settlement's reply to the fen."""
    info = output["setlinfo"]
    total, cash = fen(info["medfee_sumamt"]), fen(info["psn_cash_pay"])
    funds, hospital, account = (fen(info.get(name)) for name in ("fund_pay_sumamt", "hosp_part_amt", "acct_pay"))
    assert total == sum(fen(info.get(name)) for name in PARTS) == fen(given["data"]["medfee_sumamt"])
    assert total == funds + hospital + account + cash
    assert fen(info["psn_part_amt"]) == account + cash == total - funds - hospital
    assert fen(info.get("acct_mulaid_pay")) <= account
    detail = output["setldetail"]
    detail = detail if isinstance(detail, list) else [detail]
    assert sum(fen(row["fund_payamt"]) for row in detail) == funds + hospital + account
    assert min(funds, hospital, account, cash, *(fen(row["fund_payamt"]) for row in detail)) >= 0


@pytest.mark.reliability("T13", "bills of the national interface with `setldetail` and the books")
@pytest.mark.parametrize("visits", [16, pytest.param(4_000, marks=pytest.mark.long)], ids=["short", "long"])
def test_every_fen_of_a_reply_is_in_one_place(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visits: int
) -> None:
    """The long form takes about 7 minutes."""
    seed, random_ = seeded()
    region, clock = build(borne_bp=2_500), Hands(monkeypatch)
    region.catalogue = old_catalogue(tmp_path)
    names = POLICIES[:2] if visits < 1_000 else POLICIES
    bills, persons = 0, 0
    for name in names:
        policy = under(region, name)
        desk: Desk = Under(policy)
        for number in range(visits // len(names)):
            if number % 4 == 0:
                persons += 1
                person, month = insured(region, policy, persons, random_), random_.randrange(11)
            day = policy.start + timedelta(days=28 * month + number % 25)
            clock.set(f"{day} 20:00:00")
            _, settling, given = one_visit(desk, person, policy, day, random_)
            reply = desk.ask(settling, given)
            if reply["infcode"] == 0:
                check(reply["output"], given)
                bills += 1
            else:
                assert not reply["err_msg"].startswith("Y9"), reply["err_msg"]
    assert bills > visits // 3
    check_books()
    figure(bills=bills, breaks=0, books_differ_fen=0, policies=len(names), seed=seed)
