"""How use answers to its price, and how cost is spread over people: measures of columns, for fits and for checks.

All take columns of numbers of one length (people, or people and years) and give floats. They are of the sample: no
weight, no standard error. Raises ValueError where a measure does not exist for the columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
TOP = (0.01, 0.05, 0.10)
"""Shares of people of whom it is asked how much of all cost they hold."""


def arc_elasticity(use: tuple[float, float], price: tuple[float, float]) -> float:
    """The relative change of use over that of price, each from the middle of both.

    With a price of 0 the relative change of price is 2 whatever the other price is.

    >>> round(arc_elasticity((150, 100), (25, 75)), 4), arc_elasticity((3, 1), (0, 95))
    (-0.4, -0.5)
    """
    return _relative(*use, "use") / _relative(*price, "price")


def _relative(first: float, second: float, what: str) -> float:
    if first < 0 or second < 0 or not first + second:
        raise ValueError(f"{what} {first}, {second}: expected two numbers from 0 on, not both 0")
    if what == "price" and first == second:
        raise ValueError(f"the price {first} is the same in both: there is no elasticity")
    return (second - first) / (second + first)


@dataclass(frozen=True)
class Group:
    """People who face one price: how many rows, and the mean of their use."""

    price: float
    rows: int
    mean: float


def by_price(use: Column, price: Column) -> tuple[Group, ...]:
    """The mean of use at each price, the lowest first.

    >>> by_price(np.array([4, 2, 1, 1]), np.array([0, 0, 95, 95]))
    (Group(price=0.0, rows=2, mean=3.0), Group(price=95.0, rows=2, mean=1.0))
    """
    prices, place = np.unique(_same(use, price), return_inverse=True)
    rows = np.bincount(place)
    means = np.bincount(place, weights=use.astype(np.float64)) / rows
    return tuple(Group(float(one), int(n), float(mean)) for one, n, mean in zip(prices, rows, means, strict=True))


def elasticity_between(use: Column, price: Column, low: float, high: float) -> float:
    """The arc elasticity of mean use between those who face one price and those who face another."""
    means = {group.price: group.mean for group in by_price(use, price)}
    for one in (low, high):
        if one not in means:
            raise ValueError(f"nobody faces the price {one}; prices are {', '.join(map(str, means))}")
    return arc_elasticity((means[low], means[high]), (low, high))


def log_sd(cost: Column) -> float:
    """The standard deviation of the logarithm of costs above 0 (divided by their number).

    >>> round(log_sd(np.array([0, 1, math.e**2])), 12)
    1.0
    """
    return float(np.std(np.log(_positive(cost))))


def variation(cost: Column) -> float:
    """The coefficient of variation: standard deviation (divided by the number) over mean.

    >>> variation(np.array([1, 3])), variation(np.array([0, 0, 0, 4]))
    (0.5, 1.7320508075688772)
    """
    mean = float(np.mean(cost)) if len(cost) else 0.0
    if not mean:
        raise ValueError("the mean is 0: there is no coefficient of variation")
    return float(np.std(cost)) / mean


def top_share(cost: Column, share: float) -> float:
    """What share of all cost the dearest people hold; of the last one, if need be, a part.

    >>> top_share(np.array([70, 10, 10, 5, 5]), 0.2), top_share(np.array([6, 2]), 0.25)
    (0.7, 0.375)
    """
    if not 0 < share <= 1:
        raise ValueError(f"the share of people is {share}; expected above 0, at most 1")
    dearest = np.sort(np.asarray(cost, dtype=np.float64))[::-1]
    together = math.fsum(dearest)
    if not len(dearest) or dearest[-1] < 0 or not together:
        raise ValueError("costs are needed that are nowhere negative and not all 0")
    people = share * len(dearest)
    whole = math.floor(people)
    part = (people - whole) * dearest[whole] if whole < len(dearest) else 0.0
    return (math.fsum(dearest[:whole]) + float(part)) / together


def dispersion(events: Column) -> float:
    """The size k of a negative binomial with the mean m and the variance v of the counts: m x m / (v - m).

    Small k: few people have most events. Infinite where the counts vary no more than those of a Poisson.

    >>> dispersion(np.array([0, 0, 0, 4])), dispersion(np.array([1, 1]))
    (0.5, inf)
    """
    mean, spread = float(np.mean(events)), float(np.var(events))
    if not mean:
        raise ValueError("there is no event")
    return mean * mean / (spread - mean) if spread > mean else math.inf


def year_to_year(person: Column, year: Column, use: Column, years: tuple[int, int]) -> float:
    """The correlation of a person's use in two years, of all persons who have both.

    >>> person, year = np.array([1, 2, 3, 1, 2, 3]), np.array([1, 1, 1, 2, 2, 2])
    >>> round(year_to_year(person, year, np.array([0, 1, 2, 1, 2, 3]), (1, 2)), 12)
    1.0
    """
    _same(person, year)
    _same(person, use)
    found = []
    for one in years:
        rows = np.flatnonzero(year == one)
        who, first = np.unique(person[rows], return_index=True)
        if len(who) != len(rows):
            raise ValueError(f"a person stands twice in the year {one}")
        found.append((who, use[rows][first]))
    (before, then), (after, now) = found
    both, mine, yours = np.intersect1d(before, after, assume_unique=True, return_indices=True)
    if len(both) < 2 or not np.ptp(then[mine]) or not np.ptp(now[yours]):
        raise ValueError(f"too few persons with use that varies in both {years[0]} and {years[1]}")
    return float(np.corrcoef(then[mine], now[yours])[0, 1])


def _positive(cost: Column) -> Column:
    found = cost[cost > 0]
    if not len(found):
        raise ValueError("no cost is above 0")
    return found


def _same(first: Column, second: Column) -> Column:
    if len(first) != len(second):
        raise ValueError(f"columns of {len(first)} and {len(second)} rows; expected one length")
    return second


@dataclass(frozen=True)
class Spread:
    """How cost is spread: log-sd and variation of those above 0, variation of all, and what the top shares hold."""

    log_sd: float
    variation: float
    variation_of_positive: float
    top: dict[float, float]


def spread(cost: Column) -> Spread:
    """All measures of one column of costs."""
    positive = _positive(cost)
    return Spread(log_sd(cost), variation(cost), variation(positive), {one: top_share(cost, one) for one in TOP})
