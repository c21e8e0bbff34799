"""A claim without admission and discharge is of the day of settlement: in files, in tables, in what the bill says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from openyibao import FileError, Rule, Uses
from openyibao.policy import read_policy_text
from openyibao.settlement import read_claims
from openyibao.settlement.bill_text import bill_text
from tables.making import bills, claims, rejects, settle_text

DAY = date(2026, 12, 30)
POLICY = read_policy_text("""\
policy: tests/one-day
title: {zh: 试, en: test}
region: 999999
scheme: resident
in force: {from: 2026-01-01, before: 2027-01-01}
rule of the date of: discharge
documents: {}
facts: {service: [outpatient, inpatient]}
layers:
  - basic insurance:
      payer: pooled fund
      of: in-scope cost
      deductible per day: 30
      pays: 50%
      basis: {document: not identified, article: not identified, source: tests, sure: low}
""")
CLAIM = """\
单据号: C
参保人: P
结算: 2026-12-30
事实: {医疗类别: SERVICE}
费用: {医疗费总额: 100, 符合政策范围金额: 100}
"""


def read(folder: Path, text: str, **words: str):  # type: ignore[no-untyped-def]
    for word, put in words.items():
        text = text.replace(word, put)
    (folder / "claim.yaml").write_text(text, encoding="utf-8")
    return read_claims(folder / "claim.yaml", POLICY)


@pytest.mark.parametrize("facts", ["{医疗类别: 普通门诊}", "{}", "{医疗类别: [普通门诊, 门诊慢特病]}"])
def test_both_may_be_left_out(tmp_path: Path, facts: str) -> None:
    (claim,) = read(tmp_path, CLAIM.replace("{医疗类别: SERVICE}", facts))
    assert (claim.admission, claim.discharge, claim.settlement) == (DAY, DAY, DAY)


def test_the_policy_goes_by_that_day_and_the_bill_names_it_once(tmp_path: Path) -> None:
    (claim,) = read(tmp_path, CLAIM, SERVICE="普通门诊")
    bill, _ = Rule(POLICY).settle(Uses(), claim)
    assert bill.data()["totals"]["paid_fen"] == 3500
    assert "\n日期 2026-12-30。\n" in bill_text(bill.data(), "zh")
    assert "\nOn 2026-12-30.\n" in bill_text(bill.data(), "en")
    assert "入院" not in bill_text(bill.data(), "zh")


@pytest.mark.parametrize("service", ["住院", "{是: 住院}", "[普通门诊, {为: 住院, 自: 2026-01-01}]"])
def test_an_inpatient_claim_needs_both(tmp_path: Path, service: str) -> None:
    with pytest.raises(FileError) as told:
        read(tmp_path, CLAIM, SERVICE=service)
    assert {"缺少键“入院”", "缺少键“出院”"} <= {problem.found.zh for problem in told.value.problems}


@pytest.mark.parametrize(("given", "lacking"), [("入院", "出院"), ("出院", "入院")])
def test_one_alone_is_not_enough(tmp_path: Path, given: str, lacking: str) -> None:
    with pytest.raises(FileError) as told:
        read(tmp_path, f"{given}: 2026-12-29\n{CLAIM}", SERVICE="普通门诊")
    assert [problem.found.zh for problem in told.value.problems] == [f"缺少键“{lacking}”"]


MONEY = "total_yuan,fully_self_paid_yuan,over_limit_yuan,pre_self_paid_yuan,in_scope_yuan"


def test_a_table_may_lack_both_columns(tmp_path: Path) -> None:
    head = f"claim_id,person,settlement,{MONEY},service"
    rows = [f"{n},P,2026-12-30,100,0,0,0,100,{service}" for n, service in enumerate(("outpatient", "inpatient", ""))]
    done = settle_text(tmp_path, claims(*rows, head=head), POLICY)
    assert {n: bill[1] for n, bill in bills(done.target).items()} == {"0": "35.00", "2": "50.00"}
    (stay,) = rejects(done.target)
    assert (stay["claim_id"], stay["column"]) == ("1", "service")
    assert stay["reason_zh"] == "住院单据须填写入院和出院。"


def test_a_table_may_lack_both_cells_but_not_one(tmp_path: Path) -> None:
    head = f"claim_id,person,admission,discharge,settlement,{MONEY},service"
    days = {
        "neither": ",,2026-12-30",
        "both": "2026-12-30,2026-12-30,2026-12-30",
        "no discharge": "2026-12-29,,2026-12-30",
        "no admission": ",2026-12-30,2026-12-30",
        "no settlement": ",,",
    }
    rows = [f"{name},{name},{these},100,0,0,0,100,outpatient" for name, these in days.items()]
    done = settle_text(tmp_path, claims(*rows, head=head), POLICY)
    assert {n: bill[1] for n, bill in bills(done.target).items()} == {"neither": "35.00", "both": "35.00"}
    assert {row["claim_id"]: (row["column"], row["reason_en"]) for row in rejects(done.target)} == {
        "no discharge": ("discharge", "the cell is empty; fill it in."),
        "no admission": ("admission", "the cell is empty; fill it in."),
        "no settlement": ("settlement", "the cell is empty; fill it in."),
    }
