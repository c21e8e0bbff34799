"""Columns that trace uses: the same bills, and a history cut in two goes on as if it had not been."""

from __future__ import annotations

import numpy as np
import pytest

from openyibao import read_policy
from openyibao.bench.claims import random_columns
from openyibao.policy import find_policy
from openyibao.settlement.columns import Array, RowRule
from openyibao.settlement.traced import Given, Traced, TracedRule

SEED = 7
POLICIES = ("teaching/willow-county-2026", "nanchang/resident-2025")
"""One kept by years alone; one kept by diseases and episodes as well."""


@pytest.fixture(scope="module", params=POLICIES)
def rule(request: pytest.FixtureRequest) -> TracedRule:
    return TracedRule(read_policy(find_policy(request.param)))


def taken(columns: dict[str, Array], rows: Array) -> dict[str, Array]:
    return {name: column[rows] for name, column in columns.items()}


def used(rule: TracedRule, columns: dict[str, Array], traced: Traced) -> dict[tuple[int, int, tuple[int, ...]], int]:
    """The last that each person used, by person, slot, and the numbers that name the use."""
    found: dict[tuple[int, int, tuple[int, ...]], int] = {}
    for number, (slot, written) in enumerate(zip(rule.plan.program.slots, traced.written, strict=True)):
        names = (slot.key, *slot.per)
        for row in np.flatnonzero(written.now >= 0).tolist():
            key = tuple(
                int((columns[name] if column is None else column)[row])
                for name, column in zip(names, written.keys, strict=True)
            )
            found[int(columns["person"][row]), number, key] = int(written.now[row])
    return found


def test_traced_columns_give_the_same_bills(rule: TracedRule) -> None:
    print("seed", SEED)
    columns = random_columns(rule.policy, 4_000, SEED)
    plain, traced = RowRule(rule.policy).settle(columns), rule.trace(columns)
    assert (plain.fault == traced.settled.fault).all() and (plain.fault == 0).any()
    for name, column in plain.outputs.items():
        assert (column == traced.settled.outputs[name]).all(), name
    for written in traced.written:
        assert (written.now[plain.fault != 0] == -1).all()
    assert any((written.now > written.was).any() for written in traced.written)


def test_a_history_cut_in_two_goes_on_as_if_it_had_not_been(rule: TracedRule) -> None:
    print("seed", SEED)
    columns = random_columns(rule.policy, 4_000, SEED)
    person = columns["person"]
    starts = np.r_[0, np.flatnonzero(np.diff(person)) + 1]
    turn = np.arange(len(person)) - np.repeat(starts, np.diff(np.r_[starts, len(person)]))
    first, second = np.flatnonzero(turn < 2), np.flatnonzero(turn >= 2)
    whole = rule.trace(columns)
    before, after = taken(columns, first), taken(columns, second)
    begun = rule.trace(before)
    uses = used(rule, before, begun)
    rows = {int(who): row for row, who in reversed(list(enumerate(after["person"].tolist())))}
    given = sorted(
        (Given(rows[who], slot, key[0], key[1:], fen) for (who, slot, key), fen in uses.items() if who in rows),
        key=lambda one: one.row,
    )
    assert given
    going = rule.trace(after, given)
    for name in rule.outputs:
        assert (whole.settled.outputs[name][second] == going.settled.outputs[name]).all(), name
    assert uses | used(rule, after, going) == used(rule, columns, whole)
    alone = rule.trace(after)
    assert any((alone.settled.outputs[name] != going.settled.outputs[name]).any() for name in rule.outputs)


def test_what_is_carried_over_or_gathered_cannot_be_traced() -> None:
    with pytest.raises(ValueError, match="can't be traced"):
        TracedRule(read_policy(find_policy("beijing/resident-2024")))
    with pytest.raises(ValueError, match="can't be traced"):
        TracedRule(read_policy(find_policy("chongqing/resident-2013")))
