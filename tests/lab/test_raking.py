"""Tables and weights that meet totals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openyibao.lab.raking import RakingError, balance, rake_table


@settings(max_examples=60, deadline=None, print_blob=True)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(2, 5), st.integers(1, 3))
def test_raked_tables_meet_margins_and_keep_odds(seed: int, rows: int, columns: int, depth: int) -> None:
    random = np.random.default_rng(seed)
    prior = random.random((rows, columns, depth)) + 0.05
    goal = random.random((rows, columns, depth)) + 0.05
    margins = [goal.sum((1, 2)), goal.sum((0, 2)), goal.sum((0, 1))]
    table = rake_table(prior, margins)
    for axis, margin in enumerate(margins):
        assert table.sum(axis=tuple({0, 1, 2} - {axis})) == pytest.approx(margin, rel=1e-9)
    odds = np.log(table / prior)  # a sum of effects of rows, columns and depths: no interaction is left
    assert odds[0, 0, 0] + odds[1, 1, 0] - odds[0, 1, 0] - odds[1, 0, 0] == pytest.approx(0, abs=1e-9)


def test_zeros_stay_zero() -> None:
    table = rake_table(np.array([[1.0, 0.0], [1.0, 1.0]]), [np.array([2.0, 3.0]), np.array([4.0, 1.0])])
    assert table.tolist() == pytest.approx(np.array([[2.0, 0.0], [2.0, 1.0]]))


@pytest.mark.parametrize(
    ("prior", "margins", "message"),
    [
        (np.ones((2, 2)), [np.array([1.0, 1.0]), np.array([1.0, 2.0])], "same sum"),
        (np.ones((2, 2)), [np.array([1.0, 1.0]), np.array([1.0, 1.0, 0.0])], "must agree"),
        (np.array([[1.0, 0.0], [1.0, 0.0]]), [np.array([1.0, 1.0]), np.array([1.0, 1.0])], "only zeros"),
        (np.array([[1.0, 0.0], [1.0, 1.0]]), [np.array([3.0, 1.0]), np.array([2.0, 2.0])], "no table meets"),
    ],
)
def test_margins_that_cannot_be(prior: np.ndarray, margins: list[np.ndarray], message: str) -> None:
    with pytest.raises(RakingError, match=message):
        rake_table(prior, margins)


def test_weights_meet_totals_and_say_their_price() -> None:
    random = np.random.default_rng(3)
    columns = np.column_stack([np.ones(4000), random.random(4000) < 0.3, random.normal(50, 20, 4000)])
    totals = np.array([1e6, 4e5, 4.6e7])
    found = balance(np.ones(4000), columns, totals)
    assert columns.T @ found.weights == pytest.approx(totals, rel=1e-9)
    assert found.missed == ()
    assert found.design_effect == pytest.approx(1 + (found.weights.std() / found.weights.mean()) ** 2)
    assert found.max_ratio == pytest.approx(found.weights.max())
    # entropy weights: their logarithms are linear in the columns
    fitted = columns @ np.linalg.lstsq(columns, np.log(found.weights), rcond=None)[0]
    assert np.log(found.weights) == pytest.approx(fitted, abs=1e-8)


def test_weights_that_fit_already_stay() -> None:
    columns = np.column_stack([np.ones(50), np.arange(50.0)])
    found = balance(np.full(50, 2.0), columns, columns.T @ np.full(50, 2.0))
    assert found.weights == pytest.approx(np.full(50, 2.0)) and found.design_effect == pytest.approx(1)


def test_totals_out_of_reach_are_reported() -> None:
    columns = np.column_stack([np.ones(10), np.arange(10.0)])
    found = balance(np.ones(10), columns, np.array([10.0, 1000.0]))  # a mean of 100 among 0..9
    assert 1 in [column for column, _ in found.missed]


def test_weights_must_be_positive() -> None:
    with pytest.raises(RakingError, match="above 0"):
        balance(np.zeros(3), np.ones((3, 1)), np.array([1.0]))
