"""Distributions as tables of whole numbers: normal scores, curves over a normal score, frailty classes, counts.

A uniform word of 32 bits becomes a normal score (`score_table`), and every skewed quantity - a cost, a length of
stay, an income - is a curve over a normal score (`curve`), so that one correlation links any two of them. Scores are
whole numbers in units of 2^-20. Tables are made in floating point once and rounded; only whole numbers are ever drawn.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

SCORE_BITS = 20
ONE = 1 << SCORE_BITS
REACH = 8
"""Curves run over scores from -REACH to REACH; a word of 32 bits reaches 6.3."""
CELL_BITS = 15
"""A cell of a curve is 2^15 units of score, 1/32."""
CELLS = 2 * REACH << (SCORE_BITS - CELL_BITS)
TOP_SHIFT, SUB = 21, 64
"""Score table: 64 cells an octave towards the tail, and cells of 2^21 words in the middle."""
FRAILTY_SUB, FRAILTY_OCTAVES, FRAILTY_SHIFT = 16, 12, 27
CLASSES = FRAILTY_SUB * (FRAILTY_OCTAVES + 1)
RATE_STEPS, RATE_LOW, RATE_HIGH = 128, -16, 9
"""Mean counts stand on a grid of 128 steps an octave, from 2^-16 to 2^9."""
GUIDES = 16
_NORMAL = NormalDist()


class QuantileError(ValueError):
    """Numbers of a distribution that cannot be."""


def score_starts() -> Whole:
    """The first word (of the lower half, 0..2^31-1) of each cell of the score table, and the end 2^31."""
    tail = [np.arange(SUB, dtype=np.int64)]
    tail += [np.arange(SUB, 2 * SUB, dtype=np.int64) << shift for shift in range(TOP_SHIFT)]
    middle = np.arange(SUB, (1 << 31 >> TOP_SHIFT) + 1, dtype=np.int64) << TOP_SHIFT
    return np.asarray(np.concatenate([*tail, middle]))


def score_table() -> Whole:
    """Normal scores of the lower half of all words, in units of 2^-20, at the start of each cell.

    Cell of a word v: with the largest shift <= 21 for which v >> shift >= 64 (or 0),
    `shift * 64 + (v >> shift)`; between cells scores are interpolated. The upper half is its mirror image.
    """
    chance = (score_starts() + 0.5) / 2.0**32
    chance[-1] = 0.5
    scores = np.array([_NORMAL.inv_cdf(float(p)) for p in chance])
    return np.asarray(np.rint(scores * ONE).astype(np.int64))


def normal_cdf(z: Floats) -> Floats:
    return np.array([_NORMAL.cdf(one) for one in z.ravel()]).reshape(z.shape)


def curve_scores() -> Floats:
    """The scores at which curves are tabulated: -8, -8 + 1/32, ..., 8."""
    return np.arange(CELLS + 1) / 32.0 - REACH


def lognormal_sigma(cv: float) -> float:
    """The standard deviation of the logarithm of a lognormal with this coefficient of variation.

    >>> round(lognormal_sigma(1.0) ** 2, 6)
    0.693147
    """
    if not cv > 0:
        raise QuantileError(f"a coefficient of variation is {cv}; expected a number above 0")
    return math.sqrt(math.log1p(cv * cv))


def lognormal_curve(cv: float, tail: tuple[float, float] | None = None) -> Floats:
    """A lognormal of mean 1 over `curve_scores`; with `tail` (quantile, shape), generalised Pareto above the quantile.

    The tail continues value and density of the body where it begins. With a tail the mean is no longer 1.
    """
    sigma = lognormal_sigma(cv)
    z = curve_scores()
    body = np.exp(sigma * z - sigma * sigma / 2)
    if tail is None:
        return body
    quantile, shape = tail
    if not (0.5 <= quantile < 1 and 0 < shape < 1):
        raise QuantileError(f"a tail from {quantile} with shape {shape}; expected from 0.5..1, shape 0..1")
    start = _NORMAL.inv_cdf(quantile)
    level = math.exp(sigma * start - sigma * sigma / 2)
    scale = (1 - quantile) * sigma * level / _NORMAL.pdf(start)
    above = np.array([_NORMAL.cdf(-one) for one in z]) / (1 - quantile)
    return np.where(z > start, level + scale / shape * (above**-shape - 1), body)


def at_scores(table: npt.NDArray[np.generic], z: Floats) -> Floats:
    """A curve between its scores, as the generator reads it: straight lines, flat beyond the ends."""
    found: Floats = np.interp(z, curve_scores(), table.astype(np.float64))
    return found


def frailty_edges() -> Floats:
    """The shares of persons who are less frail than each class begins, and 1: finer and finer towards the top."""
    words = [
        (2 * FRAILTY_SUB - np.arange(FRAILTY_SUB)) / 2.0 ** (32 - FRAILTY_SHIFT + octave)
        for octave in range(FRAILTY_OCTAVES)
    ]
    last = (FRAILTY_SUB - np.arange(FRAILTY_SUB + 1)) / 2.0 ** (32 - FRAILTY_SHIFT + FRAILTY_OCTAVES - 1)
    return 1.0 - np.concatenate([*words, last])


def frailty_scores() -> Floats:
    """The mean normal score of each class."""
    edges = frailty_edges()
    density = np.array([0.0, *(_NORMAL.pdf(_NORMAL.inv_cdf(p)) for p in edges[1:-1]), 0.0])
    found: Floats = (density[:-1] - density[1:]) / np.diff(edges)
    return found


def gamma_class_means(shape: float) -> Floats:
    """The mean of each class of a gamma variable of mean 1: counts over it are negative binomial of size `shape`.

    The density is integrated over the logarithm, from below for the lower half and from above for the upper, so that
    the highest classes keep their digits.
    """
    if not 0.05 <= shape <= 100:
        raise QuantileError(f"a dispersion is {shape}; expected 0.05 to 100")
    step = 1 / 1024
    t = np.arange(-40 / shape if shape < 1 else -40.0, 6.0, step)
    density = np.exp(shape * math.log(shape) - math.lgamma(shape) + shape * t - shape * np.exp(t)) * step
    edges = frailty_edges()[1:-1]
    below, above = np.cumsum(density) - density / 2, np.cumsum(density[::-1])[::-1] - density / 2
    cuts = np.where(edges < 0.5, np.interp(edges, below, t), np.interp(-(1 - edges), -above, t))
    share = np.cumsum((density * np.exp(t))[::-1])[::-1] - density * np.exp(t) / 2
    mass = np.concatenate([[share[0]], np.interp(cuts, t, share), [0.0]])
    mass /= mass[0]
    found: Floats = (mass[:-1] - mass[1:]) / np.diff(frailty_edges())
    return found


def rate_grid() -> Floats:
    """Mean counts for which there is a table of counts; the first is 0."""
    steps = np.arange((RATE_HIGH - RATE_LOW) * RATE_STEPS + 1)
    return np.concatenate([[0.0], 2.0 ** (steps / RATE_STEPS + RATE_LOW)])


def rate_index(rates: Floats) -> Whole:
    """The place of the nearest mean on the grid; raises QuantileError above its end."""
    if rates.max(initial=0.0) > 2.0**RATE_HIGH:
        raise QuantileError(f"a mean count of {rates.max():.0f} events a year; expected {2**RATE_HIGH} at most")
    safe = np.maximum(rates, 2.0 ** (RATE_LOW - 1))
    index = np.rint((np.log2(safe) - RATE_LOW) * RATE_STEPS).astype(np.int64) + 1
    return np.where(rates < 2.0 ** (RATE_LOW - 0.5), 0, np.maximum(index, 1))


def count_thresholds(mean: float) -> Whole:
    """Poisson: element n is the last word (0..2^32-1) that means n events or fewer; the last element is 2^32-1."""
    if mean == 0:
        return np.array([2**32 - 1], dtype=np.int64)
    longest = int(mean + 12 * math.sqrt(mean) + 12)
    steps = np.log(mean) - np.log(np.arange(1, longest + 1))
    chance = np.exp(np.concatenate([[-mean], -mean + np.cumsum(steps)]))
    last = np.rint(np.cumsum(chance) * 2.0**32).astype(np.int64) - 1
    last = last[: int(np.searchsorted(last, 2**32 - 2)) + 1]
    last[-1] = 2**32 - 1
    return last


def count_tables(indices: Iterable[int]) -> tuple[Whole, Whole, Whole]:
    """Tables of counts for some means of the grid: all thresholds in a row, the start of each, and the guide.

    guide[r, w >> 28]: a count that a word w cannot fall short of; the search begins there.
    """
    grid = rate_grid()
    rows = [count_thresholds(float(grid[index])) for index in indices]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])[:-1]]).astype(np.int64)
    firsts = np.arange(GUIDES, dtype=np.int64) << 28
    guide = np.array([np.searchsorted(row, firsts) for row in rows], dtype=np.int64)
    return np.concatenate(rows), starts, guide


def words_below(shares: Floats) -> Whole:
    """Cumulative shares along the last axis as thresholds of a word: choice = how many thresholds are <= the word."""
    total = np.cumsum(shares, axis=-1)
    found: Whole = np.rint(total / total[..., -1:] * 2.0**32).astype(np.int64)
    return found


def digest(arrays: Iterable[npt.NDArray[np.generic]]) -> str:
    """A short sha256 of arrays: shape and little-endian bytes of each."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(str(array.shape).encode())
        found.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return found.hexdigest()[:16]
