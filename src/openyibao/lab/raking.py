"""Tables and weights that meet given totals: iterative proportional fitting, and weights for surveyed people.

Sources: Deming and Stephan (1940) for tables; Deville and Sarndal (1992), Hainmueller (2012) for weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ROUNDS = 10_000
CLOSE = 1e-12


class RakingError(ValueError):
    """Totals that no table or no weights can meet."""


def rake_table(prior: Floats, margins: Sequence[Floats]) -> Floats:
    """The table nearest to the prior (in relative entropy) whose sums along all other axes are the margins.

    prior: non-negative, any number of axes. margins: one vector an axis, all of the same sum.
    Raises RakingError where sums differ or where zeros of the prior stand in the way.

    >>> rake_table(np.ones((2, 2)), [np.array([3.0, 1.0]), np.array([2.0, 2.0])]).round(6).tolist()
    [[1.5, 1.5], [0.5, 0.5]]
    """
    table = np.array(prior, dtype=np.float64)
    if (table < 0).any() or [len(margin) for margin in margins] != list(table.shape):
        raise RakingError(f"a table of shape {table.shape} and margins of {[len(m) for m in margins]}; they must agree")
    sums = [float(margin.sum()) for margin in margins]
    if max(sums) - min(sums) > 1e-9 * max(sums):
        raise RakingError(f"the margins add up to {sums}; expected the same sum")
    for _ in range(ROUNDS):
        for axis, margin in enumerate(margins):
            now = table.sum(axis=tuple(a for a in range(table.ndim) if a != axis))
            if ((now == 0) & (margin > 0)).any():
                raise RakingError(f"axis {axis}: a total above 0 where the prior holds only zeros")
            shape = [-1 if a == axis else 1 for a in range(table.ndim)]
            table *= np.divide(margin, now, out=np.zeros_like(now), where=now > 0).reshape(shape)
        if _gap(table, margins) <= CLOSE * max(sums):
            return table
    raise RakingError(
        f"no table meets the margins (gap {_gap(table, margins):.3g} after {ROUNDS} rounds): "
        "the zeros of the prior rule them out"
    )


def _gap(table: Floats, margins: Sequence[Floats]) -> float:
    gaps = []
    for axis, margin in enumerate(margins):
        now = table.sum(axis=tuple(a for a in range(table.ndim) if a != axis))
        gaps.append(float(np.abs(now - margin).max()))
    return max(gaps)


@dataclass(frozen=True)
class Weights:
    """Weights with what they cost: `design_effect` is 1 + CV^2 of the weights, `max_ratio` the largest factor.

    missed: for each total that the weights do not meet, its column and the relative gap.
    """

    weights: Floats
    design_effect: float
    max_ratio: float
    missed: tuple[tuple[int, float], ...]


def balance(start: Floats, columns: Floats, totals: Floats, rounds: int = 100) -> Weights:
    """Weights nearest to `start` (in relative entropy) with columns.T @ weights = totals: w = d exp(x'a).

    start: n positive weights. columns: n x p. totals: p. Newton's method on the dual, with halved steps. Totals that
    cannot be met are reported in `missed`, not raised; the weights then come as near as the steps led.
    """
    if (start <= 0).any() or columns.shape != (len(start), len(totals)):
        raise RakingError(f"{len(start)} weights, columns {columns.shape}, {len(totals)} totals; all weights above 0")
    size = np.maximum(np.abs(columns).max(axis=0), 1e-300)
    x, wanted = columns / size, totals / size
    dual = np.zeros(len(totals))

    def weighed(a: Floats) -> Floats:
        found: Floats = start * np.exp(np.clip(x @ a, -50, 50))
        return found

    def height(a: Floats) -> float:
        return float(weighed(a).sum() - wanted @ a)

    for _ in range(rounds):
        weights = weighed(dual)
        slope = x.T @ weights - wanted
        if np.abs(slope).max(initial=0.0) <= 1e-12 * max(1.0, float(np.abs(wanted).max(initial=0.0))):
            break
        bend = (x * weights[:, None]).T @ x
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        size_of_step, here = 1.0, height(dual)
        while size_of_step > 1e-6 and height(dual - size_of_step * step) > here:
            size_of_step /= 2
        dual = dual - size_of_step * step
    weights = weighed(dual)
    gap = np.abs(columns.T @ weights - totals) / np.maximum(np.abs(totals), 1e-300)
    missed = tuple((int(k), float(gap[k])) for k in np.flatnonzero(gap > 1e-6))
    effect = float(len(weights) * (weights**2).sum() / weights.sum() ** 2)
    return Weights(weights, effect, float((weights / start).max()), missed)
