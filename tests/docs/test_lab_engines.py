"""docs/lab-engines.md: its columns are those of the reader, and its program for one machine runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from openyibao import find_policy, policy_ids, read_policy
from openyibao.bench.claim_batches import write_claims
from openyibao.lab.claims import CLAIM, DATES, FLAGS, NAMES, needed_columns
from openyibao.lab.stream import Receipt
from openyibao.settlement.columns import RowRule

PAGE = Path(__file__).parent.parent.parent / "docs" / "lab-engines.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_every_column_is_named() -> None:
    rules = [RowRule(read_policy(find_policy(name))) for name in policy_ids()]
    facts = {name for rule in rules for name in needed_columns(rule)}
    facts -= {fact.name + ending for rule in rules for fact in rule.policy.facts for ending in ("", "_fen")}
    rows = re.findall(r"^\| (`.+?) \|", TEXT, re.M)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert facts <= named
    assert {CLAIM, *DATES, *NAMES, FLAGS[1]} <= named


def test_the_program_for_one_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = re.search(r"## One machine\n\n```python\n(.*?)```", TEXT, re.S)
    assert program is not None
    monkeypatch.chdir(tmp_path)
    write_claims(read_policy(find_policy("chongqing/resident-2023")), Path("claims.parquet"), 3000, 1, {})
    space: dict[str, Any] = {}
    exec(compile(program[1], str(PAGE), "exec"), space)
    receipt = space["receipt"]
    assert isinstance(receipt, Receipt)
    stream = re.search(r"go through `settle_stream`:\n\n```python\n(.*?)```", TEXT, re.S)
    assert stream is not None
    exec(compile(stream[1], str(PAGE), "exec"), space)
    assert space["receipt"] is not receipt
    assert vars(space["receipt"]) == vars(receipt)
    assert space["faults"][0].kind == "ok"
    bills = pq.read_table("bills.parquet")
    assert bills.num_rows == receipt.rows == 3000
    assert sum(bills.column("paid_fen").to_pylist()) == receipt.paid_fen > 0
