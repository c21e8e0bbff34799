"""Tables of distributions against their formulas, and what is drawn from them against numpy's own draws."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from openyibao.lab.kernel import along, frailty_of, score_of
from openyibao.lab.layout import TABLES
from openyibao.lab.quantiles import (
    CLASSES,
    ONE,
    QuantileError,
    count_tables,
    count_thresholds,
    curve_scores,
    frailty_edges,
    frailty_scores,
    gamma_class_means,
    lognormal_curve,
    lognormal_sigma,
    rate_grid,
    rate_index,
    score_starts,
    score_table,
    words_below,
)

NODES = np.arange(-8.0, 8.0, 1 / 256)
DENSITY = np.exp(-NODES * NODES / 2) / math.sqrt(2 * math.pi) / 256


def flat(name: str, table: np.ndarray) -> np.ndarray:
    """A flat array that holds one table where the loop looks for it."""
    head = np.zeros(len(TABLES) + 6, np.int64)
    head[TABLES.index(name)] = len(head)
    return np.concatenate([head, table])


def test_normal_scores_of_words() -> None:
    t = flat("score", score_table())
    words = [0, 1, 2, 63, 64, 65, 1000, 2**20, 2**27 - 1, 2**27, 2**30, 2**31 - 1, 2**31, 2**32 - 1]
    words += np.random.default_rng(20260101).integers(0, 2**32, 3000).tolist()
    for word in words:
        wanted = NormalDist().inv_cdf((word + 0.5) / 2**32)
        assert score_of(t, word) / ONE == pytest.approx(wanted, abs=4e-5), word


def test_the_score_table_reaches_its_end() -> None:
    assert len(score_starts()) == len(score_table())
    assert score_starts()[-1] == 2**31 and score_table()[-1] == 0
    assert (np.diff(score_table()) > 0).all()


def test_scores_are_a_mirror() -> None:
    t = flat("score", score_table())
    for word in (0, 5, 12345, 2**31 - 1):
        assert score_of(t, word) == -score_of(t, 2**32 - 1 - word)


@pytest.mark.parametrize("cv", [0.3, 0.9, 1.5])
def test_lognormal_mean_and_spread(cv: float) -> None:
    values = np.interp(NODES, curve_scores(), lognormal_curve(cv))
    mean = values @ DENSITY
    assert mean == pytest.approx(1, rel=3e-4)  # straight lines lie a little above the curve; levels are solved for
    assert math.sqrt(values**2 @ DENSITY / mean**2 - 1) == pytest.approx(cv, rel=2e-3)


def test_a_pareto_tail_continues_value_and_density() -> None:
    quantile, shape = 0.99, 0.35
    tailed, body = lognormal_curve(0.9, (quantile, shape)), lognormal_curve(0.9)
    start = NormalDist().inv_cdf(quantile)
    z = curve_scores()
    assert (tailed[z <= start] == body[z <= start]).all()
    after = int(np.argmax(z > start))
    slopes = np.diff(tailed)[after - 2 : after + 2]
    assert (np.diff(slopes) > 0).all() and slopes[-1] < 1.3 * slopes[0]  # no kink
    # far out a generalised Pareto falls like (1 - p) ** -shape
    p4, p6 = (np.interp(NormalDist().inv_cdf(1 - 10.0**-k), z, tailed) for k in (4, 6))
    level = np.interp(start, z, tailed)
    scale = (
        (1 - quantile) * lognormal_sigma(0.9) * math.exp(lognormal_sigma(0.9) * start - lognormal_sigma(0.9) ** 2 / 2)
    )
    scale /= NormalDist().pdf(start)
    for found, chance in ((p4, 1e-4), (p6, 1e-6)):
        wanted = level + scale / shape * ((chance / (1 - quantile)) ** -shape - 1)
        assert found == pytest.approx(wanted, rel=2e-3)


def test_a_curve_is_straight_between_its_scores_and_flat_outside() -> None:
    table = np.arange(513, dtype=np.int64) ** 2
    for z in (-9.0, -8.0, -3.21, 0.0, 1 / 64, 5.5, 8.5):
        wanted = np.interp(min(z, 8 - 2**-20), curve_scores(), table)
        assert along(table, 0, round(z * ONE)) == pytest.approx(wanted, abs=1)


@pytest.mark.parametrize("shape", [0.2, 0.6, 1.0, 3.0])
def test_frailty_is_gamma(shape: float) -> None:
    shares, means = np.diff(frailty_edges()), gamma_class_means(shape)
    assert shares.sum() == pytest.approx(1, abs=1e-12) and len(means) == CLASSES
    assert shares @ means == pytest.approx(1, abs=1e-12)
    assert shares @ means**2 - 1 == pytest.approx(1 / shape, rel=2e-3)
    drawn = np.sort(np.random.default_rng(7).gamma(shape, 1 / shape, 2_000_000))
    edges = (frailty_edges()[80:120] * len(drawn)).astype(int)
    for low, high, mean in zip(edges, edges[1:], means[80:], strict=False):
        assert mean == pytest.approx(drawn[low:high].mean(), rel=0.03)


def test_frailty_classes_of_words_have_their_shares() -> None:
    first = np.rint(frailty_edges()[:-1] * 2**32).astype(np.int64)
    for number, word in enumerate(first.tolist()):
        assert frailty_of(word) == number
        assert word == 0 or frailty_of(word - 1) == number - 1
    assert frailty_of(2**32 - 1) == CLASSES - 1
    assert np.diff(frailty_edges()) @ frailty_scores() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("mean", [0.0, 2**-16, 0.05, 1.0, 7.3, 60.0, 480.0])
def test_counts_are_poisson(mean: float) -> None:
    last = count_thresholds(mean)
    assert last[-1] == 2**32 - 1 and (np.diff(last) >= 0).all()
    chance = np.diff(np.concatenate([[-1], last])) / 2**32
    n = np.arange(len(chance))
    assert chance @ n == pytest.approx(mean, rel=1e-6, abs=1e-9)
    if mean:
        assert chance @ n**2 - (chance @ n) ** 2 == pytest.approx(mean, rel=1e-4, abs=1e-6)


def test_counts_against_numpys_draws() -> None:
    """Chi-square of 400,000 draws of numpy against the thresholds; 12 degrees of freedom, seed fixed."""
    seen = np.bincount(np.random.default_rng(11).poisson(3.7, 400_000), minlength=40)
    chance = np.diff(np.concatenate([[-1], count_thresholds(3.7)]))[:40] / 2**32
    wanted = np.zeros(40)
    wanted[: len(chance)] = chance * seen.sum()
    cells = wanted > 20
    assert ((seen - wanted)[cells] ** 2 / wanted[cells]).sum() < 40


def test_the_guide_never_passes_the_count() -> None:
    thresholds, starts, guide = count_tables([1, 2000, 3000])
    for row, start in enumerate(starts):
        for top in range(16):
            word = top << 28
            count = int(np.searchsorted(thresholds[start:], word))
            assert guide[row, top] <= count


def test_means_find_their_place_on_the_grid() -> None:
    grid = rate_grid()
    rates = np.array([0.0, 1e-9, 2e-5, 0.3, 17.0, 512.0])
    near = grid[rate_index(rates)]
    assert near[0] == near[1] == 0
    assert near[2:] == pytest.approx(rates[2:], rel=0.003)
    with pytest.raises(QuantileError, match="600 events"):
        rate_index(np.array([600.0]))


def test_thresholds_of_words() -> None:
    assert words_below(np.array([1.0, 2.0, 1.0])).tolist() == [2**30, 3 * 2**30, 2**32]


@pytest.mark.parametrize(
    "call", [lambda: lognormal_sigma(0), lambda: lognormal_curve(1, (0.3, 0.2)), lambda: gamma_class_means(0)]
)
def test_numbers_that_cannot_be(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(QuantileError, match="expected"):
        call()
