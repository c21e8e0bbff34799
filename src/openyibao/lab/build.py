"""Tables of a population: people here, events in `build_events`. Made once, in floating-point numbers that are rounded.

The digest tells whether they are the same elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from openyibao.lab.build_events import Joint, event_tables
from openyibao.lab.layout import EventTables, PeopleTables, flat_tables
from openyibao.lab.population import PERSONS_OF_A_CLUSTER, Population
from openyibao.lab.quantiles import (
    CLASSES,
    ONE,
    Floats,
    Whole,
    curve_scores,
    digest,
    frailty_edges,
    frailty_scores,
    score_table,
    words_below,
)
from openyibao.lab.raking import rake_table

FIFTHS = 5


@dataclass(frozen=True)
class Tables:
    """All tables of a population, and their digest: equal digests and seeds mean equal claims."""

    people: PeopleTables
    events: EventTables
    flat: Whole
    digest: str


@cache
def tables_of(population: Population) -> Tables:
    """The tables of a population. Raises QuantileError or RakingError where its numbers cannot be met."""
    people = people_tables(population)
    events = event_tables(population, joint(population))
    flat = flat_tables(people, events)
    return Tables(people, events, flat, digest([flat]))


def layout(population: Population) -> tuple[Whole, Whole, Whole]:
    """Households of a cluster: first persons and sizes; and the role of each person. Sizes are spread evenly."""
    sizes = spread_evenly(dict(population.household_sizes))
    first = np.cumsum([0, *sizes[:-1]])
    roles = list(dict.fromkeys(population.roles))
    role = [roles.index(population.roles[place]) for size in sizes for place in range(size)]
    return first.astype(np.int64), np.array(sizes, dtype=np.int64), np.array(role, dtype=np.int64)


def spread_evenly(counts: dict[int, int]) -> list[int]:
    """So many of each, so ordered that any stretch holds about its share of each.

    >>> spread_evenly({1: 1, 2: 2})
    [2, 1, 2]
    """
    places = [((2 * number + 1) / (2 * count), size) for size, count in counts.items() for number in range(count)]
    return [size for _, size in sorted(places)]


def age_given_role(population: Population) -> Floats:
    """Shares of age groups for each role, such that all persons together have the ages of the file."""
    _, _, role = layout(population)
    prior = np.array([shares for _, shares in population.age_prior])
    counts = np.bincount(role, minlength=len(prior)) / PERSONS_OF_A_CLUSTER
    used = counts > 0
    table = np.zeros_like(prior)
    table[used] = rake_table(prior[used], [counts[used], np.array(population.age_shares)])
    rows = table.sum(axis=1, keepdims=True)
    found: Floats = np.where(rows > 0, table / np.where(rows > 0, rows, 1), 1 / prior.shape[1])
    return found


def joint(population: Population) -> Joint:
    """How persons spread over profiles (age, sex, place) and frailty classes."""
    men = np.array(population.men_by_age)
    ages = np.array(population.age_shares)
    by_sex = np.stack([ages * men, ages * (1 - men)], axis=1)
    profiles = by_sex[:, :, None] * np.array(population.place_shares)
    return Joint(profiles, np.diff(frailty_edges()), frailty_scores())


def people_tables(population: Population) -> PeopleTables:
    first, size, role = layout(population)
    tiers = rake_table(
        np.array(population.tier_prior), [np.array(population.place_shares), np.array(population.tier_shares)]
    )
    classes = rake_table(
        np.array(population.class_prior), [np.full(FIFTHS, 1 / FIFTHS), np.array(population.class_shares)]
    )
    scores = frailty_scores()
    shares = np.diff(frailty_edges())
    link = population.income_with_frailty
    longest = int(size.max())
    own = math.sqrt(1 - link * link * float(shares @ scores**2))
    ages = population.ages
    return PeopleTables(
        score=score_table(),
        first=first,
        size=size,
        role=role,
        urban_below=words_below(np.array(population.place_shares))[:1],
        tier_below=words_below(tiers),
        age_below=words_below(age_given_role(population)),
        age_low=np.array([band.low for band in ages], dtype=np.int64),
        age_width=np.array([band.high - band.low + 1 for band in ages], dtype=np.int64),
        men_below=np.rint(np.array(population.men_by_age) * 2.0**16).astype(np.int64),
        frailty_score=np.rint(scores * ONE).astype(np.int64).reshape(CLASSES),
        mean_score=np.array([0, *(round(ONE / math.sqrt(n)) for n in range(1, longest + 1))], dtype=np.int64),
        income_mix=np.array([round(link * ONE), round(own * ONE)], dtype=np.int64),
        quintile_score=np.array(
            [round(NormalDist().inv_cdf(k / FIFTHS) * ONE) for k in range(1, FIFTHS)], dtype=np.int64
        ),
        class_below=words_below(classes),
        income=np.stack([income_curve(one.mean, one.sigma) for one in population.income]),
    )


def income_curve(mean: float, sigma: float) -> Whole:
    """Fen a head and year over the income score: lognormal of this mean."""
    return np.rint(100 * mean * np.exp(sigma * curve_scores() - sigma * sigma / 2)).astype(np.int64)
