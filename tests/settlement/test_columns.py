"""Columns: what the loop refuses, what it forgives, and a reform without a new compilation."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from openyibao import find_policy, read_policy
from openyibao.bench.claims import random_columns
from openyibao.bench.settle import write_claims_csv
from openyibao.settlement.columns import RowRule
from openyibao.settlement.tables import TableError, settle_csv

POLICY = read_policy(find_policy("xx-district/resident-2013"))


@pytest.fixture(scope="module")
def rule() -> RowRule:
    return RowRule(POLICY)


def test_torn_person_is_refused(rule: RowRule) -> None:
    columns = random_columns(POLICY, 50, 1)
    columns["person"] = np.where(columns["person"] == 3, 40, columns["person"])
    with pytest.raises(ValueError, match="do not stand together"):
        rule.settle(columns)


def test_wrong_order_is_refused(rule: RowRule) -> None:
    columns = random_columns(POLICY, 50, 1)
    row = int(np.flatnonzero(np.diff(columns["person"]) == 0)[0])
    columns["settlement"][row] = columns["settlement"][row + 1] + 1
    with pytest.raises(ValueError, match=f"row {row + 1}: settled before"):
        rule.settle(columns)


def test_missing_or_broken_column(rule: RowRule) -> None:
    columns = random_columns(POLICY, 5, 1)
    with pytest.raises(KeyError, match="grade"):
        rule.settle({name: column for name, column in columns.items() if name != "grade"})
    with pytest.raises(ValueError, match="whole numbers"):
        rule.settle({**columns, "total": columns["total"].astype(float)})
    with pytest.raises(KeyError, match="no quantity nonsense"):
        RowRule(POLICY, ("nonsense",))


def test_no_rows(rule: RowRule) -> None:
    columns = {name: column[:0] for name, column in random_columns(POLICY, 5, 1).items()}
    assert len(rule.settle(columns).outputs["paid"]) == 0


def test_a_bad_row_leaves_its_neighbours_alone(rule: RowRule) -> None:
    columns = random_columns(POLICY, 300, 5)
    clean = rule.settle(columns)
    first = np.r_[True, np.diff(columns["person"]) > 0]
    alone = first & np.r_[first[1:], True]  # persons with one claim: nobody else's uses hang on it
    spoilt = {**columns, "tier": np.where(alone, -1, columns["tier"])}
    found = rule.settle(spoilt)
    assert (found.faults()[alone] > 0).all() and (found.fault[~alone] == 0).all()
    assert (found.outputs["paid"][~alone] == clean.outputs["paid"][~alone]).all()
    assert (found.outputs["paid"][alone] == 0).all()


def test_a_reform_needs_no_new_compilation() -> None:
    rule = RowRule(POLICY, literals=False)
    columns = random_columns(POLICY, 500, 3)
    before = rule.settle(columns)
    wanted = [n for n, p in enumerate(rule.plan.program.parameters) if "deductible" in p.label]
    reform = rule.parameters.copy()
    reform[wanted] = 0
    after = rule.settle(columns, reform)
    assert len(rule.loop.signatures) <= 1
    assert after.outputs["paid"].sum() > before.outputs["paid"].sum()
    for change in (np.array([1, 2]), reform.astype(np.int32), np.where(reform >= 0, -1, 0)):
        with pytest.raises(ValueError):
            rule.settle(columns, change)


def test_csv_equals_columns(tmp_path: Path, rule: RowRule) -> None:
    columns = random_columns(POLICY, 200, 4)
    source, target = tmp_path / "claims.csv", tmp_path / "bills.csv"
    write_claims_csv(POLICY, columns, source)
    lines = source.read_text(encoding="utf-8").splitlines()
    source.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n", encoding="utf-8")  # any order of rows
    summary = settle_csv(POLICY, source, target)
    expected = rule.settle(columns)
    assert (summary.rows, summary.rejected) == (len(columns["person"]), 0)
    assert summary.paid_fen == int(expected.outputs["paid"].sum())
    bills = target.read_text(encoding="utf-8").splitlines()
    assert bills[0].startswith('"claim_id","person","basic_insurance_paid_yuan"')
    yuan = {row.split(",")[0].strip('"'): row.split(",")[4] for row in bills[1:]}
    assert [round(float(yuan[str(n)]) * 100) for n in range(len(yuan))] == expected.outputs["personal"].tolist()


HEAD = (
    "claim_id,person,admission,discharge,settlement,total_yuan,fully_self_paid_yuan,over_limit_yuan,"
    "pre_self_paid_yuan,in_scope_yuan,service,tier,grade\n"
)
GOOD = "2013-01-01,2013-01-05,2013-01-06,1000,0,0,0,1000,inpatient,cat 1,primary\n"
NOT_A_DATE = "is not a date such as 2023-01-31"
NOT_SETTLED = [  # what the row says, and what is said of it
    (GOOD.replace("1000,0", "1000.005,0"), "total_yuan is not an amount with at most two decimals"),
    (GOOD.replace("1000,0", "-1,0"), "total_yuan is not an amount with at most two decimals"),
    (GOOD.replace("1000,0", "1001,0"), "the four cost parts do not add up to the total"),
    (GOOD.replace("2013-01-05", "2013-02-30"), f"discharge {NOT_A_DATE}"),
    (GOOD.replace("2013-01-06", "2013-1-6"), f"settlement {NOT_A_DATE}"),
    (GOOD.replace("2013-01-01", "garbage"), f"admission {NOT_A_DATE}"),
    (GOOD.replace("2013-01-06", ""), f"settlement {NOT_A_DATE}"),
    (GOOD.replace("2013-01-06", "2013-01-04"), "settlement before discharge"),
    (GOOD.replace("2013-01-01", "2013-01-07"), "discharge before admission"),
    (GOOD.replace("2013-", "2014-"), "the policy is not in force on the date of the claim"),
    (
        GOOD.replace("primary", "village"),
        "basic insurance / deductible per claim: grade is missing, or the policy has no rule for it",
    ),
    (
        GOOD.replace("primary", ""),
        "basic insurance / deductible per claim: grade is missing, or the policy has no rule for it",
    ),
]


def settle_lines(folder: Path, lines: list[str]) -> tuple[list[str], list[str]]:
    """The problem and the payment of each row."""
    source, target = folder / "claims.csv", folder / "bills.csv"
    source.write_text(HEAD + "".join(lines), encoding="utf-8")
    settle_csv(POLICY, source, target)
    with target.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["problem"] for row in rows], [row["paid_yuan"] for row in rows]


@pytest.mark.parametrize(("line", "problem"), NOT_SETTLED, ids=[str(n) for n in range(len(NOT_SETTLED))])
def test_csv_rejects_a_row_and_says_why(tmp_path: Path, line: str, problem: str) -> None:
    """The row is not settled, and its neighbours of the same person are as if it had never been."""
    problems, paid = settle_lines(tmp_path, [f"a,P1,{GOOD}", f"b,P1,{line}", f"c,P1,{GOOD.replace('1000', '200000')}"])
    assert problems == ["", problem, ""]
    assert paid == ["720.00", "", "79280.00"]  # 80,000 a year: the second stay meets the cap after the first


def test_csv_never_makes_one_person_of_nobody(tmp_path: Path) -> None:
    lines = [f"a,,{GOOD}", f"b,NA,{GOOD}", f"c,nan,{GOOD}", f"d,null,{GOOD}", f",P,{GOOD}", f"a,P,{GOOD}"]
    problems, paid = settle_lines(tmp_path, lines)
    assert problems == ["person is empty", "", "", "", "claim_id is empty", "claim_id stands on an earlier row"]
    assert paid == ["", "720.00", "720.00", "720.00", "", ""]


def test_csv_in_chinese_words(tmp_path: Path) -> None:
    problems, paid = settle_lines(tmp_path, [f"a,P,{GOOD.replace('inpatient,cat 1,primary', '住院,二档,一级')}"])
    assert (problems, paid) == ([""], ["765.00"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.replace("person,", "person,person,"), "the column person stands twice"),
        ("\n" + HEAD, "holds no column names"),
        ("", "holds no column names"),
    ],
)
def test_csv_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    source = tmp_path / "claims.csv"
    source.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=message):
        settle_csv(POLICY, source, tmp_path / "bills.csv")
    source.write_bytes((HEAD + f"甲,P,{GOOD}").encode("gbk"))
    with pytest.raises(TableError, match="Save the table as UTF-8"):
        settle_csv(POLICY, source, tmp_path / "bills.csv")
    with pytest.raises(TableError, match="would replace the claims"):
        settle_csv(POLICY, source, source)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["claims.csv"]


def test_csv_without_a_column(tmp_path: Path) -> None:
    source = tmp_path / "claims.csv"
    source.write_text("claim_id,person\na,b\n", encoding="utf-8")
    with pytest.raises(TableError, match="no column admission"):
        settle_csv(POLICY, source, tmp_path / "bills.csv")
    assert not (tmp_path / "bills.csv").exists()
