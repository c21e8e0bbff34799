"""What was paid, where a table of claims tells it: kept beside the claims, checked, set beside the policy's bills."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.tables.cells import EMPTY, WRONG, Numbers, read_amounts
from openyibao.tables.names import fold
from openyibao.tables.problems import TableError

KEY = "paid {0}"
"""The name of such a column among the fields of a batch; no field of a claim is called so."""
FUNDS, HOSPITAL, PERSONAL = "funds", "hospital", "personal"


@cache
def data() -> dict[str, dict[str, Any]]:
    """`paid.toml`: name -> the national field, its Chinese names, whether it is a part of the sum of funds."""
    return tomllib.loads(files("openyibao.lab.bring").joinpath("paid.toml").read_text(encoding="utf-8"))


def column_name(name: str) -> str:
    """
    >>> column_name("pooled_fund")
    'paid_pooled_fund_fen'
    """
    return f"paid_{name}_fen"


def find_paid(file: str, headers: list[str], taken: set[str]) -> dict[str, str]:
    """The columns that tell what was paid: name -> header. `taken` are read as something else.

    >>> find_paid("claims.csv", ["psn_no", "hifp_pay", "个人现金支出（元）"], {"psn_no"})
    {'pooled_fund': 'hifp_pay', 'cash': '个人现金支出（元）'}
    """
    by_name = {fold(header): header for header in headers if header not in taken}
    found: dict[str, str] = {}
    for name, record in data().items():
        names = (record["national"], *record["chinese"], f"paid_{name}_yuan")
        here = [by_name[fold(one)] for one in names if fold(one) in by_name]
        if len(here) > 1:
            raise TableError(f"{file}: the columns {' and '.join(here)} are the same thing ({name}). Keep one of them.")
        if here:
            found[name] = here[0]
    return found


@dataclass
class Beside:
    """Rows that tell an amount, rows in which the policy pays the same to the fen, and both sums in fen."""

    rows: int = 0
    same: int = 0
    told_fen: int = 0
    settled_fen: int = 0


@dataclass
class PaidTally:
    """What the table says was paid. `beside` compares with the bills; the counts are rows."""

    beside: dict[str, Beside] = field(default_factory=dict)
    unread: Counter[str] = field(default_factory=Counter)
    funds_differ: int = 0
    total_differs: int = 0


def read_paid(columns: dict[str, str], batch: Any, tally: PaidTally) -> dict[str, Any]:
    """The amounts that a batch tells, as int64 fen: null where a cell is empty or cannot be read, which is counted."""
    made = {}
    for name, header in columns.items():
        amounts = read_amounts(batch[KEY.format(name)], header, signed=True)
        none = amounts < WRONG
        tally.unread[name] += int((none & (amounts != EMPTY)).sum())
        made[name] = pa.array(np.where(none, 0, amounts), mask=none)
    return made


def check(paid: dict[str, Any], total: Numbers, bills: dict[str, Any], tally: PaidTally) -> None:
    """Add to the tally. total: fen of each row. bills: what the policy pays, by national field, int64 fen."""
    numbers = {name: column.fill_null(0).to_numpy(zero_copy_only=False) for name, column in paid.items()}
    stated = {name: column.is_valid().to_numpy(zero_copy_only=False) for name, column in paid.items()}
    parts = [name for name in numbers if data()[name].get("fund")]
    if FUNDS in numbers and parts:
        together = sum(numbers[name] for name in parts)
        tally.funds_differ += int((stated[FUNDS] & (together != numbers[FUNDS])).sum())
    if FUNDS in numbers and PERSONAL in numbers:
        borne = numbers[FUNDS] + numbers[PERSONAL] + numbers.get(HOSPITAL, 0)
        tally.total_differs += int((stated[FUNDS] & stated[PERSONAL] & (borne != total)).sum())
    for name, amounts in numbers.items():
        settled = bills.get(data()[name]["national"])
        if settled is not None:
            mine, rows = settled[stated[name]], amounts[stated[name]]
            one = tally.beside.setdefault(name, Beside())
            one.rows += len(rows)
            one.same += int((mine == rows).sum())
            one.told_fen += int(rows.sum())
            one.settled_fen += int(mine.sum())
