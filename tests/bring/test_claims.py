"""Claims brought to the lab: the same bills as `yibao settle`, what was paid beside them, rejects, and errors."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import openyibao
from openyibao.bench.claim_tables import claim_table
from openyibao.bench.claims import random_columns
from openyibao.lab.bring import bring_claims, persons_path, policy_columns
from openyibao.lab.bring.summary import lines
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Policy
from openyibao.settlement.columns import RowRule
from openyibao.tables import Sizes, TableError, rejects_path, settle_table

SEED = int(os.environ.get("YIBAO_SEED", "20261122"))
WILLOW = read_policy(find_policy("teaching/willow-county-2026"))
HEAD = (
    "setl_id,psn_no,insutype,med_type,hosp_lv,psn_idet_type,begndate,enddate,setl_time,medfee_sumamt,fulamt_ownpay_amt,"
    "overlmt_selfpay,preselfpay_amt,inscp_scp_amt,hifp_pay,hifmi_pay,maf_pay,fund_pay_sumamt,psn_part_amt,psn_cash_pay,ward"
)
ROWS = (
    "S2,P1,390,21,02,,2026-05-04,2026-05-20,2026-05-20 9:00,60000,3000,0,5000,52000,30600,8220,0,38820,21180,21180,7",
    "S1,P1,390,21,05,,2026-02-03,2026-02-10,2026-02-10,9000,400,0,600,8000,5700,0,0,5700.01,3300,3300,3",
    "S3,P2,390,21,08,2303,2026-03-02,2026-03-06,2026-03-06,3200,100,0,100,3000,2380,0,469,2849,351,351,1",
    "S4,P2,390,21,02,,2026-06-01,2026-06-05,2026-06-05,5000,0,0,0,4999,,,,,,x,2",
    "S5,P2,390,21,11,,2026-06-01,2026-06-05,2026-06-05,5000,0,0,0,5000,,,,,,,2",
    "S6,P3,390,11,11,,2026-06-01,2026-06-01,2026-06-01,50,0,0,0,50,0,0,0,0,50,y,2",
    "S6,P3,390,11,11,,2026-06-02,2026-06-02,2026-06-02,50,0,0,0,50,0,0,0,0,50,0,2",
)


def brought(folder: Path, *rows: str, head: str = HEAD) -> Any:
    source = folder / "claims.csv"
    source.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return bring_claims(WILLOW, source, folder / "lab.parquet")


def test_columns_of_the_lab(tmp_path: Path) -> None:
    found = brought(tmp_path, *ROWS)
    table = pq.read_table(found.target)
    assert table["claim_id"].to_pylist() == ["S1", "S2", "S3", "S6"]
    assert table["claim"].to_pylist() == [3, 2, 4, 7] and table["person"].to_pylist() == [0, 0, 1, 2]
    assert table["total_fen"].to_pylist() == [900_000, 6_000_000, 320_000, 5_000]
    assert table["pre_self_paid_fen"].to_pylist() == [60_000, 500_000, 10_000, 0]
    assert table["grade"].to_pylist() == ["secondary", "tertiary", "primary", None] and found.unknown["grade"] == 1
    assert table["class"].to_pylist() == ["ordinary", "ordinary", "minimum living allowance", "ordinary"]
    assert str(table["settlement"][1]) == "2026-05-20" and str(table["admission"][0]) == "2026-02-03"
    kinds = {
        name: table.schema.field(name).type for name in ("claim", "person", "settlement", "in_scope_fen", "service")
    }
    words = pa.dictionary(pa.int8(), pa.string())
    assert list(kinds.values()) == [pa.int64(), pa.int64(), pa.date32(), pa.int64(), words]
    assert pq.read_table(persons_path(found.target)).to_pydict() == {
        "person": [0, 1, 2],
        "person_id": ["P1", "P2", "P3"],
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("claims.csv", "lab.parquet", "lab.parquet-persons.parquet", "lab.parquet-rejects.csv"),
    ]


def test_what_was_paid_stands_beside_the_claims(tmp_path: Path) -> None:
    found = brought(tmp_path, *ROWS)
    table = pq.read_table(found.target)
    assert table["paid_funds_fen"].to_pylist() == [570_001, 3_882_000, 284_900, 0]
    assert table["paid_critical_illness_fen"].to_pylist() == [0, 822_000, 0, 0]
    assert table["paid_cash_fen"].to_pylist() == [330_000, 2_118_000, 35_100, None]
    beside = {name: (one.rows, one.same, one.told_fen - one.settled_fen) for name, one in found.paid.beside.items()}
    assert beside == {
        "pooled_fund": (4, 4, 0),
        "critical_illness": (4, 4, 0),
        "assistance": (4, 4, 0),
        "funds": (4, 3, 1),
        "personal": (4, 4, 0),
    }
    assert found.paid.funds_differ == 1 and found.paid.total_differs == 1 and found.unread() == {"ward": ""}
    said = "\n".join(lines(found, "en"))
    assert "7 claims: 4 can be used (of 3 persons), 3 not." in said
    assert "The total is not the sum of its four parts: 1 rows." in said
    assert "fund_pay_sumamt: paid 47,369.01, by the policy 47,369.00; the same to the fen in 3 of 4 rows" in said
    assert "The funds do not add up to the sum of funds: 1 rows." in said
    assert "psn_cash_pay (paid_cash_fen) 1" in said and "Columns not read: ward" in said
    assert "共7行：4行可用（3人），3行不可用。" in "\n".join(lines(found, "zh"))


def test_rejected_rows_have_the_reasons_of_settling(tmp_path: Path) -> None:
    found = brought(tmp_path, *ROWS)
    settled = settle_table(WILLOW, tmp_path / "claims.csv", tmp_path / "bills.csv")
    assert found.rejects is not None and settled.rejects is not None
    mine, theirs = (path.read_text(encoding="utf-8-sig") for path in (found.rejects, settled.rejects))
    assert mine == theirs and [row["row"] for row in csv.DictReader(mine.splitlines())] == ["5", "6", "8"]


@pytest.mark.parametrize("name", ["chongqing/resident-2023", "xx-district/resident-2013", "beijing/employee-2023"])
def test_the_same_bills_as_settling_the_table(tmp_path: Path, name: str) -> None:
    """Claims of a table, brought and settled as columns, have the bills of `yibao settle`, whatever the batches."""
    policy = read_policy(find_policy(name))
    made = claim_table(policy, random_columns(policy, 60, SEED))
    pq.write_table(made.take(pa.array(reversed(range(made.num_rows)))), tmp_path / "claims.parquet")
    settle_table(policy, tmp_path / "claims.parquet", tmp_path / "bills.parquet")
    bills = {row.pop("claim_id"): row for row in pq.read_table(tmp_path / "bills.parquet").to_pylist()}
    for sizes in (Sizes(), Sizes(batch_rows=7, part_rows=20)):
        found = bring_claims(policy, tmp_path / "claims.parquet", tmp_path / "lab.parquet", sizes=sizes)
        claims = pq.read_table(found.target)
        rule = RowRule(policy)
        settled = rule.settle(policy_columns(rule, claims))
        assert not settled.fault.any() and len(bills) == claims.num_rows > 0, f"seed {SEED}"
        ids = dict(zip(*pq.read_table(found.persons).to_pydict().values(), strict=True))
        for place, claim in enumerate(claims.select(["claim_id", "person"]).to_pylist()):
            bill = bills[claim["claim_id"]]
            assert bill["person"] == ids[claim["person"]]
            for amount in ("paid", "personal"):
                assert bill[f"{amount}_yuan"] == Decimal(int(settled.outputs[amount][place])).scaleb(-2), f"seed {SEED}"


def test_no_row_that_can_be_used(tmp_path: Path) -> None:
    found = brought(tmp_path, ROWS[3])
    assert pq.read_table(found.target).num_rows == 0 and found.people == 0 and found.tally.rejected == 1


def test_a_table_that_does_not_say_what_was_paid(tmp_path: Path) -> None:
    cut = [",".join(line.split(",")[:14]) for line in (HEAD, ROWS[0])]
    found = brought(tmp_path, cut[1], head=cut[0])
    assert found.rejects is None and not rejects_path(found.target).exists()
    assert "The table does not say what was paid." in lines(found, "en")
    assert not [name for name in pq.read_schema(found.target).names if name.startswith("paid")]


def test_columns_that_a_policy_lacks(tmp_path: Path) -> None:
    claims = pq.read_table(brought(tmp_path, *ROWS[:3]).target)
    other: Policy = read_policy(find_policy("xx-district/resident-2013"))
    rule = RowRule(other)
    with pytest.raises(ValueError, match="needs the column 'tier'"):
        policy_columns(rule, claims)
    assert policy_columns(rule, claims, {"tier": "cat 2"})["tier"].tolist() == [1, 1, 1]
    assert policy_columns(rule, claims, {"tier": "cat 9"})["tier"].tolist() == [-2, -2, -2]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("lab.csv", "the lab reads Parquet"),
        ("none/lab.parquet", "there is no folder"),
        ("claims.parquet", "the claims would be replaced"),
    ],
)
def test_targets_that_will_not_do(tmp_path: Path, target: str, said: str) -> None:
    pq.write_table(pa.table({"setl_id": ["1"]}), tmp_path / "claims.parquet")
    with pytest.raises(TableError, match=said):
        bring_claims(WILLOW, tmp_path / "claims.parquet", tmp_path / target)
    with pytest.raises(TableError, match="no column person"):
        bring_claims(WILLOW, tmp_path / "claims.parquet", tmp_path / "lab.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["claims.parquet"]


def test_two_columns_of_one_fund(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="the columns hifp_pay and 统筹基金支出 are the same thing"):
        brought(tmp_path, f"{ROWS[0]},1", head=f"{HEAD},统筹基金支出")


def yibao(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    source = str(Path(openyibao.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": source, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "openyibao", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)


def test_the_verb(tmp_path: Path) -> None:
    source, out = tmp_path / "claims.csv", tmp_path / "lab.parquet"
    source.write_text("\n".join([HEAD, *ROWS]) + "\n", encoding="utf-8")
    done = yibao("lab", "claims", source, "--policy", WILLOW.id, "--out", out, "--lang", "zh", "--progress")
    assert done.returncode == 1 and "4行可用（3人）" in done.stdout and "结算: 7 / 7" in done.stderr
    source.write_text("\n".join([HEAD, ROWS[0]]) + "\n", encoding="utf-8")
    assert yibao("lab", "claims", source, "--policy", WILLOW.id, "--out", out).returncode == 0
    done = yibao("lab", "settle", out, "--policy", WILLOW.id, "--out", tmp_path / "bills.parquet")
    assert "1 of 1 claims of 1 persons settled" in done.stdout, done.stderr  # 60% of 51,000; then 60% beyond 10,000
    bill = pq.read_table(tmp_path / "bills.parquet").to_pylist()[0]
    assert bill["paid_fen"] + bill["personal_fen"] == 6_000_000 and bill["claim"] == 2
    done = yibao("lab", "claims", source, "--policy", WILLOW.id, "--out", tmp_path / "lab.csv")
    assert done.returncode == 2 and "Name the file .parquet" in done.stderr and "Traceback" not in done.stderr
