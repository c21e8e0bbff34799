"""Columns: what the loop refuses, what it forgives, and a reform without a new compilation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openyibao import read_policy
from openyibao.bench.claims import random_columns
from openyibao.settlement.columns import RowRule

POLICY = read_policy(Path(__file__).parent.parent / "policies" / "stays-only.yaml")


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
