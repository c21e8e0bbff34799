"""The checks of the client: arithmetic of settlements and fee lines, replies against the tables of the text."""

from __future__ import annotations

import copy
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from client import checks, mutate, schema, tables

# Arithmetic


def settled() -> dict[str, Any]:
    """M 100 = O 10 + X 5 + P 5 + S 80; F 60 = 50 + 10; H 3; N 37 = A 20 + C 17."""
    yuan = {
        "medfee_sumamt": "100.00",
        "fulamt_ownpay_amt": "10",
        "overlmt_selfpay": "5",
        "preselfpay_amt": "5",
        "inscp_scp_amt": "80",
        "hifp_pay": "50",
        "maf_pay": "10",
        "cvlserv_pay": "0",
        "hifes_pay": "0",
        "hifmi_pay": "0",
        "hifob_pay": "0",
        "oth_pay": "0",
        "fund_pay_sumamt": "60",
        "hosp_part_amt": "3",
        "psn_part_amt": "37",
        "acct_pay": "20",
        "psn_cash_pay": "17",
        "act_pay_dedc": "30",
    }
    rows = (("390101", "50"), ("610101", "10"), ("310201", "20"), ("999996", "3"))
    detail = [{"fund_pay_type": kind, "fund_payamt": Decimal(amount)} for kind, amount in rows]
    return {"setlinfo": {name: Decimal(amount) for name, amount in yuan.items()}, "setldetail": detail}


def test_a_right_settlement_has_nothing_wrong() -> None:
    output = settled()
    assert checks.settlement(output) == []
    output["setldetail"] = output["setldetail"][:2]  # the rows of the account and the hospital may be left out
    assert checks.settlement(output) == []


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("medfee_sumamt", "identity 1"),
        ("inscp_scp_amt", "identity 1"),
        ("hifp_pay", "identity 2"),
        ("fund_pay_sumamt", "identity 2"),
        ("psn_part_amt", "identity 3"),
        ("hosp_part_amt", "identity 3"),
        ("psn_cash_pay", "identity 4"),
        ("acct_pay", "identity 4"),
    ],
)
def test_a_fen_too_much_is_seen(name: str, identity: str) -> None:
    output = settled()
    output["setlinfo"][name] += Decimal("0.01")
    assert any(identity in wrong.where for wrong in checks.settlement(output))


@pytest.mark.parametrize("place", range(4))
def test_a_fen_too_much_in_a_row_is_seen(place: int) -> None:
    output = settled()
    output["setldetail"][place]["fund_payamt"] += Decimal("0.01")
    assert any("identity 5" in wrong.where for wrong in checks.settlement(output))


def test_a_part_of_a_fen_and_a_deductible_above_n_are_seen() -> None:
    output = settled()
    output["setlinfo"]["act_pay_dedc"] = Decimal("37.01")
    assert ["identity 8" in wrong.where for wrong in checks.settlement(output)] == [True]
    output["setlinfo"]["act_pay_dedc"] = Decimal("0.001")
    assert "whole fen" in str(checks.settlement(output)[0])


def test_a_reversal_is_the_settlement_with_the_other_sign() -> None:
    first = {**settled()["setlinfo"], "setl_id": "1"}
    back = {name: -value if isinstance(value, Decimal) else "2" for name, value in first.items()}
    rows = [{**row, "fund_payamt": -row["fund_payamt"]} for row in settled()["setldetail"]]
    assert checks.reverses(back, first) == []
    assert checks.settlement({"setlinfo": back, "setldetail": rows}) == []
    assert [each.where for each in checks.reverses({**back, "setl_id": "1"}, first)] == ["reversal.setl_id"]
    assert len(checks.reverses({**back, "maf_pay": Decimal(0)}, first)) == 1


LINE = {
    "feedetl_sn": "1",
    "cnt": Decimal("1.5"),
    "pric": Decimal("3.333333"),
    "det_item_fee_sumamt": Decimal("5.00"),
    "pric_uplmt_amt": Decimal(0),
    "selfpay_prop": Decimal("0.05"),
    "fulamt_ownpay_amt": Decimal(0),
    "overlmt_amt": Decimal(0),
    "preselfpay_amt": Decimal("0.25"),
    "inscp_scp_amt": Decimal("4.75"),
    "chrgitm_lv": "02",
}


@pytest.mark.parametrize(
    ("change", "identity"),
    [
        ({}, ""),
        ({"det_item_fee_sumamt": Decimal("5.01"), "inscp_scp_amt": Decimal("4.76")}, "identity 6"),
        ({"preselfpay_amt": Decimal("0.26"), "inscp_scp_amt": Decimal("4.74")}, "identity 7"),
        ({"inscp_scp_amt": Decimal("4.74")}, "identity 1"),
        ({"chrgitm_lv": "03"}, "identity 7"),
        ({"chrgitm_lv": "01"}, "identity 7"),
        ({"overlmt_amt": Decimal("4.75"), "inscp_scp_amt": Decimal(0), "pric_uplmt_amt": Decimal(9)}, "overlmt_amt"),
    ],
)
def test_fee_lines(change: dict[str, Any], identity: str) -> None:
    wrong = checks.line({**LINE, **change})
    assert bool(wrong) == bool(identity)
    assert any(identity in each.where for each in wrong) == bool(identity)


def test_half_a_fen_goes_away_from_nothing() -> None:
    assert [checks.half_up(Fraction(n, 2)) for n in (1, 3, -1, -3, 4)] == [1, 2, -1, -2, 2]
    assert checks.lines([LINE], [{**LINE, "cnt": Decimal(2)}])[0].where == "result[1].cnt"
    assert checks.lines([LINE, LINE], [LINE])[0].where == "result.feedetl_sn"


# Tables


def test_the_tables_are_read() -> None:
    known = tables.transactions()
    assert known["2304"].path == "/fsi/api/hospSettService/settV2"
    lines = {field.name: field for field in known["2204"].input[0].fields}
    assert (lines["pric"].length, lines["pric"].required, lines["rx_circ_flag"].coded) == ("16,6", "Y", True)
    assert known["2302"].input[0].many
    assert "310" in tables.dictionaries()["INSUTYPE"]


def test_the_reader_of_the_text() -> None:
    text = (
        "## 6. Transactions\n### 9999 某 - Some\nURL path seen: `/x/y`\n**Input node `data`** (list)\n"
        "| 1 | a_b | 甲 | number | 16,2 | Y | Y | sources differ: len,req |\n## 7. Other\n"
    )
    assert tables.fields_of(text) == ["9999\tpath\t/x/y", "9999\tin\tdata\tmany\ta_b\tnumber\t16,2\ty\tY\t"]
    assert tables.codes_of("## GEND 性别 - sex\n| Code | 中文 |\n|--|--|\n| 1 | 男 |\n") == ["GEND\t1"]


PERSON = {
    "baseinfo": {
        "psn_no": "9",
        "psn_cert_type": "01",
        "certno": "999999200001010011",
        "psn_name": "甲",
        "gend": "1",
        "brdy": "2000-01-01",
        "age": Decimal("26.0"),
    },
    "insuinfo": [
        {
            "balc": Decimal("1.20"),
            "insutype": "310",
            "psn_type": "1101",
            "cvlserv_flag": "0",
            "insuplc_admdvs": "999901",
            "emp_name": None,
        }
    ],
    "idetinfo": [],
}


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (("baseinfo", "gend"), "7", "a code of GEND"),
        (("baseinfo", "psn_no"), None, "a value (required)"),
        (("baseinfo", "psn_name"), "甲" * 51, "at most 50 characters"),
        (("baseinfo", "psn_name"), 5, "text"),
        (("baseinfo", "age"), Decimal("1234.5"), "a number of 4,1 digits"),
        (("baseinfo", "age"), Decimal("1.25"), "at most 1 decimals"),
        (("baseinfo", "age"), "26", "a JSON number, not text"),
        (("baseinfo", "brdy"), "2000-02-30", "a day of the calendar"),
        (("insuinfo", 0, "insutype"), "311", "a code of INSUTYPE"),
        (("insuinfo",), {}, "a list"),
        (("baseinfo",), None, "an object"),
    ],
)
def test_replies_against_the_text(place: tuple[Any, ...], value: Any, expected: str) -> None:
    assert schema.reply("1101", PERSON) == []
    output = copy.deepcopy(PERSON)
    mutate.put(output, place, value)
    assert [wrong.expected for wrong in schema.reply("1101", output)] == [expected]


def test_codes_in_ranges_and_patterns() -> None:
    assert schema.code_fits("NATY", "33")
    assert not schema.code_fits("NATY", "57")
    assert schema.code_fits("FUND_PAY_TYPE", "310101")
    assert schema.code_fits("ADMDVS", "130399")
    assert not schema.code_fits("ADMDVS", "1303")


def test_amounts_of_any_size_are_told() -> None:
    assert [str(checks.yuan(fen)) for fen in (0, -1, 105, 10**40)] == ["0.00", "-0.01", "1.05", f"1{'0' * 38}.00"]
    with pytest.raises(ValueError, match="60 digits"):
        checks.number(Decimal("1E+999999"))
