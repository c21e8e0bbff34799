"""Whole visits over the national interface: tried, settled, reversed, to the fen, with the books in step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from service.county import PHARMACY, Window, add_person, build


@pytest.fixture
def window(database: str) -> Window:
    return Window()


def fen(value: Any) -> int:
    return int((Decimal(value) * 100).to_integral_exact())


def identities(output: dict[str, Any]) -> None:
    """The five identities of a settlement, in fen."""
    info = {
        name: fen(value or 0)
        for name, value in output["setlinfo"].items()
        if name.endswith(("_pay", "_amt", "_sumamt", "selfpay"))
    }
    funds = sum(
        info[name] for name in ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay")
    )
    total, fund, hospital = info["medfee_sumamt"], info["fund_pay_sumamt"], info["hosp_part_amt"]
    parts = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    assert total == sum(info[name] for name in parts)
    assert fund == funds
    assert total == fund + info["psn_part_amt"] + hospital
    assert info["psn_part_amt"] == info["acct_pay"] + info["psn_cash_pay"]
    detail = sum(fen(row["fund_payamt"]) for row in output["setldetail"])
    assert detail == fund + hospital + info["acct_pay"]


def test_a_stay_is_paid_by_three_layers_and_taken_back(window: Window) -> None:
    """40,000 yuan in scope at a secondary hospital: basic insurance, critical illness insurance and assistance."""
    person = add_person(build(), identity="2303")
    visit = window.admit(person)
    lines = window.upload(person, visit, {"D-001": "40000"}, "2301")
    window.discharge(person, visit)
    given = {"data": window.settle_data(person, visit, lines)}
    tried = window.done("2303", given)
    settled = window.done("2304", given)
    info = settled["setlinfo"]
    assert (info["hifp_pay"], info["hifmi_pay"], info["maf_pay"]) == (
        Decimal("29700.00"),
        Decimal("180.00"),
        Decimal("7084.00"),
    )
    assert info["psn_cash_pay"] == Decimal("3036.00")
    assert info["act_pay_dedc"] == Decimal("400.00")
    for output in (tried, settled):
        identities(output)
    same = {"setl_id": 0, "setl_time": 0, "medins_setl_id": 0}
    told = {name: tried["setlinfo"].get(name) for name in info}  # a try tells what provincial platforms add, too
    assert told | same == info | same and tried["setldetail"] == settled["setldetail"]

    back = {"psn_no": person.psn_no, "mdtrt_id": visit, "setl_id": info["setl_id"]}
    taken = window.done("2305", {"data": back})
    identities(taken)
    assert taken["setlinfo"]["maf_pay"] == Decimal("-7084.00")
    window.refused("2305", {"data": back}, "Y6002")
    again = window.done("2304", given)
    assert again["setlinfo"] | same == info | same


def test_accounts_pay_what_is_left(window: Window) -> None:
    person = add_person(build(), account_fen=10_000, family_fen=5_000)
    visit = window.register(person)
    lines = window.upload(person, visit, {"D-001": "200", "D-003": "2"}, "2204")
    given = {"data": window.settle_data(person, visit, lines, account=True)}
    info = window.done("2207", given)["setlinfo"]
    assert (info["acct_pay"], info["acct_mulaid_pay"], info["psn_cash_pay"]) == (
        Decimal("150.00"),
        Decimal("50.00"),
        Decimal("60.00"),
    )
    assert info["balc"] == 0
    back = window.done("2208", {"data": {"psn_no": person.psn_no, "mdtrt_id": visit, "setl_id": info["setl_id"]}})
    assert back["setlinfo"]["balc"] == Decimal("100.00")


def test_a_hospital_bears_its_share_above_price_limits(window: Window) -> None:
    person = add_person(build(borne_bp=2_500))
    visit = window.admit(person)
    lines = window.upload(person, visit, {"S-001": "10", "D-001": "1000"}, "2301")  # beds at 40, limit 25
    window.discharge(person, visit)
    output = window.done("2304", {"data": window.settle_data(person, visit, lines)})
    assert output["setlinfo"]["hosp_part_amt"] == Decimal("37.50")
    identities(output)


def test_a_purchase_at_a_pharmacy(window: Window) -> None:
    person = add_person(build(), account_fen=3_000)
    shop = Window(PHARMACY)
    row = shop.line(person, "", "D-001", "1", count="50")
    about = {
        "psn_no": person.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person.certificate,
        "insutype": "390",
        "begntime": "2026-03-02 08:00:00",
        "medfee_sumamt": 50,
        "acct_used_flag": "1",
        "med_type": "41",
    }
    given = {"druginfo": about, "drugdetail": [row]}
    tried = shop.done("2101", given)
    assert not tried["setlinfo"].get("setl_id")
    info = shop.done("2102", given)["setlinfo"]
    assert (info["acct_pay"], info["psn_cash_pay"], info["fund_pay_sumamt"]) == (Decimal("30.00"), Decimal("20.00"), 0)
    back = {"psn_no": person.psn_no, "mdtrt_id": info["mdtrt_id"], "setl_id": info["setl_id"]}
    assert shop.done("2103", {"data": back})["setlinfo"]["balc"] == Decimal("30.00")
