"""`yibao settle` for tables, as a person uses it: what it prints, where, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import openyibao
from openyibao.bench.claim_tables import claim_table, write_xlsx
from openyibao.bench.claims import random_columns
from openyibao.tables import TableError, excel, settle_table
from tables.making import GOOD, PLAIN, SEED, bills, claims, left_in

POLICY = str(Path(__file__).with_name("plain.yaml"))


def yibao(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(openyibao.__file__).parent.parent),
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, "-m", "openyibao", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)


def test_excel_in_parquet_out(tmp_path: Path) -> None:
    write_xlsx(claim_table(PLAIN, random_columns(PLAIN, 20, SEED)), tmp_path / "claims.xlsx")
    target = tmp_path / "bills.parquet"
    done = yibao("settle", tmp_path / "claims.xlsx", "--policy", POLICY, "--out", target)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    count = len(bills(target))
    assert f"{count} claims: {count} settled, 0 not." in done.stdout
    assert done.stdout.endswith(f"Bills: {target}\n")
    assert left_in(tmp_path) == ["bills.parquet", "claims.xlsx"]


def test_rejected_rows_in_chinese(tmp_path: Path) -> None:
    source = tmp_path / "claims.csv"
    source.write_text(claims(f"a,P,{GOOD}", f"b,P,{GOOD.replace('2013-01-01', 'x')}"), encoding="utf-8")
    done = yibao("settle", source, "--policy", POLICY, "--lang", "zh", "--progress")
    assert done.returncode == 1
    assert "共2行：已结算1行，未结算1行。" in done.stdout and "1名参保人有未结算的行" in done.stdout
    assert "1行：admission: 不是1900年以后的日期" in done.stdout
    assert str(tmp_path / "claims-bills.csv-rejects.csv") in done.stdout
    assert "结算: 2 / 2" in done.stderr  # progress
    again = yibao("settle", source, "--policy", POLICY)
    assert again.returncode == 2 and "exists already" in again.stderr


def test_tables_that_cannot_be_settled(tmp_path: Path) -> None:
    source = tmp_path / "claims.csv"
    source.write_text("claim_id,person\n", encoding="utf-8")
    for arguments, said in (
        ((source,), "no column settlement"),
        ((tmp_path / "none.parquet",), "there is no such file"),
        ((source, "--out", tmp_path / "bills.doc"), "bills are written as .csv, .xlsx or .parquet"),
        ((source, "--format", "json"), "leave out --explain and --format"),
    ):
        done = yibao("settle", *arguments, "--policy", POLICY)
        assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
        assert said in " ".join(done.stderr.replace("│", " ").split())
    assert left_in(tmp_path) == ["claims.csv"]


def test_claims_that_gather_have_no_money(tmp_path: Path) -> None:
    """Nothing or 0 in the columns of money; 10 yuan are told, and the other claims are settled."""
    source = tmp_path / "claims.csv"
    source.write_text(
        "claim_id,person,settlement,total_yuan,fully_self_paid_yuan,over_limit_yuan,pre_self_paid_yuan,in_scope_yuan,"
        "service,grade,class\n"
        "1,A,2024-05-20,100000,0,0,0,100000,outpatient,primary,ordinary\n"
        "2,A,2025-02-01,,,,,,yearly application,,illness-poor\n"
        "3,B,2025-02-01,0,0,0,0,0,yearly application,,illness-poor\n"
        "4,C,2025-02-01,10,0,0,0,10,yearly application,,illness-poor\n",
        encoding="utf-8",
    )
    done = yibao("settle", source, "--policy", "beijing/resident-2024")
    assert done.returncode == 1
    assert "1 rows: a claim that gathers has no money of its own" in done.stdout
    bills = (tmp_path / "claims-bills.csv").read_text(encoding="utf-8").splitlines()
    (paid,) = (row.split(",")[-2:] for row in bills if row.startswith('"2"'))
    assert float(paid[0]) > 0 and float(paid[0]) == -float(paid[1])


def test_a_sheet_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "MOST_ROWS", 3)
    source = tmp_path / "claims.csv"
    source.write_text(claims(*(f"{n},P,{GOOD}" for n in range(3))), encoding="utf-8")
    with pytest.raises(TableError, match="an Excel sheet holds 2 rows of bills at most"):
        settle_table(PLAIN, source, tmp_path / "bills.xlsx")
    assert left_in(tmp_path) == ["claims.csv"]
