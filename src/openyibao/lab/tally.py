"""Settled claims summed as they come: whole numbers by kind, grade, class, tier and residence; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openyibao.lab.layout import Columns
from openyibao.lab.population import Population
from openyibao.settlement.columns import MONEY as COSTS
from openyibao.settlement.compiled import compiled

Whole = npt.NDArray[np.int64]
KEYS = ("kind", "grade", "class", "tier", "residence")
"""What sums are kept apart by, in the order of the axes."""
FIXED = ("claims", "settled", "days", *COSTS)
"""Measures of all claims; those of bills follow, each with the claims and the persons who were paid something."""


@dataclass(frozen=True)
class Shape:
    """The axes of a tally: words of each key, and the outputs of the rule that are summed."""

    words: tuple[tuple[str, ...], ...]
    outputs: tuple[str, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the last axis. `X of settled` sums costs of those claims only that could be settled."""
        return (
            *FIXED,
            *(f"{cost} of settled" for cost in COSTS),
            *self.outputs,
            *(f"claims with {name}" for name in self.outputs),
            *(f"persons with {name}" for name in self.outputs),
        )

    def empty(self) -> Whole:
        """Zeros: axes as KEYS, then the measures."""
        return np.zeros((*map(len, self.words), len(self.measures)), np.int64)


def shape_of(population: Population, outputs: tuple[str, ...]) -> Shape:
    """The tally of a population under a rule with these outputs."""
    kinds = tuple(kind.word for kind in population.kinds)
    return Shape((kinds, population.grades, population.classes, population.tiers, population.places), outputs)


def add_claims(sums: Whole, claims: Columns, fault: npt.NDArray[np.int32], outputs: list[Whole]) -> None:
    """Add settled claims to `sums` (of `Shape.empty`). Whole persons: who was paid is counted once a call.

    fault: 0 where a claim was settled. outputs: in the order of the shape.
    """
    codes = (claims.kind, claims.grade, claims.class_, claims.tier, claims.residence)
    costs = tuple(getattr(claims, name) for name in COSTS)
    flat = sums.reshape(-1, sums.shape[-1])
    days = (claims.admission, claims.discharge)
    _add(flat, np.array(sums.shape[1:-1]), codes, claims.person, days, costs, fault, tuple(outputs))


@compiled
def _day(number: int) -> int:
    """A day of a year (yyyymmdd) as a number that grows by 1 a day within a year and over its turn."""
    year, month, day = number // 10000, number // 100 % 100, number % 100
    if month < 3:
        year -= 1
        month += 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day


@compiled
def _add(flat: Whole, sizes: Whole, codes: Any, person: Whole, days: Any, costs: Any, fault: Any, outputs: Any) -> None:
    paid_from = 3 + 2 * len(costs)
    count = len(outputs)
    last = np.full(count, -1)
    for i in range(len(person)):
        cell = np.int64(codes[0][i])
        cell = cell * sizes[0] + codes[1][i]
        cell = cell * sizes[1] + codes[2][i]
        cell = cell * sizes[2] + codes[3][i]
        cell = cell * sizes[3] + codes[4][i]
        sums = flat[cell]
        settled = fault[i] == 0
        sums[0] += 1
        sums[1] += settled
        if days[0][i] != days[1][i]:
            sums[2] += _day(days[1][i]) - _day(days[0][i])
        for n in range(len(costs)):
            cost = costs[n][i]
            sums[3 + n] += cost
            sums[3 + len(costs) + n] += cost * settled
        if settled:
            for n in range(count):
                paid = outputs[n][i]
                sums[paid_from + n] += paid
                if paid > 0:
                    sums[paid_from + count + n] += 1
                    if last[n] != person[i]:
                        last[n] = person[i]
                        sums[paid_from + 2 * count + n] += 1
