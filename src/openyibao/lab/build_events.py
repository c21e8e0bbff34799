"""Tables of events, solved so that means come out as the population file states them.

The file speaks of what can be observed - events per person, shares of grades, mean cost and in-scope share by
grade - though severity links them all. The constants behind are found here by integrating over ages, frailty classes
and severity, with the very tables that the generator reads. Solved constants are rounded to nine digits, so that the
last bits of a machine's arithmetic do not reach a table.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np

from openyibao.lab.layout import EventTables
from openyibao.lab.population import MAX_GRADES, Kind, Population
from openyibao.lab.quantiles import (
    CELLS,
    GUIDES,
    ONE,
    Floats,
    QuantileError,
    Whole,
    at_scores,
    count_tables,
    curve_scores,
    gamma_class_means,
    lognormal_curve,
    lognormal_sigma,
    normal_cdf,
    rate_grid,
    rate_index,
)

BINS = 128
STEP = 1 / 64
NODES = np.arange(-7.0, 7.0 + STEP, STEP)
"""Scores over which is integrated."""
DENSITY = np.exp(-NODES * NODES / 2) / math.sqrt(2 * math.pi) * STEP
LOGITS = np.arange(-16.0, 16.0 + STEP, STEP)
SOLVED = 200
LEAST_SHARE = 1e-12


@dataclass(frozen=True)
class Joint:
    """Persons: shares by profile (age, sex, place), independent of frailty classes, and the classes' scores."""

    profiles: Floats
    shares: Floats
    scores: Floats


@dataclass(frozen=True)
class Solved:
    """The tables of one kind; see `EventTables` for shapes."""

    rows: Whole
    prevalence: Floats
    grade_below: Whole
    cost: Whole
    cost_by_age: Whole
    scope: Whole
    days: Whole


def event_tables(population: Population, joint: Joint) -> EventTables:
    """Raises QuantileError where a kind's numbers cannot be met."""
    kinds = population.kinds
    solved = [solve_kind(kind, joint) for kind in kinds]
    used = np.unique(np.concatenate([one.rows.ravel() for one in solved]))
    thresholds, starts, guide = count_tables(used.tolist())
    rows = np.stack([np.searchsorted(used, one.rows) for one in solved]).astype(np.int64)
    grades = population.grades
    codes = np.zeros((len(kinds), MAX_GRADES), dtype=np.int64)
    for k, kind in enumerate(kinds):
        codes[k, : len(kind.grades)] = [grades.index(grade) for grade in kind.grades]
    return EventTables(
        stream=np.array([kind.stream for kind in kinds], dtype=np.int64),
        rate_row=rows,
        row_start=starts,
        guide=guide.reshape(-1, GUIDES),
        thresholds=thresholds,
        prevalence=np.array([kind.prevalence is not None for kind in kinds], dtype=np.int64),
        prevalence_mix=_mixes([kind.prevalence_with_frailty for kind in kinds]),
        prevalence_score=np.rint(np.stack([one.prevalence for one in solved]) * ONE).astype(np.int64),
        severity_mix=_mixes([kind.severity for kind in kinds]),
        grades=np.array([len(kind.grades) for kind in kinds], dtype=np.int64),
        grade_below=np.stack([one.grade_below for one in solved]),
        grade_code=codes,
        cost=np.stack([one.cost for one in solved]),
        cost_by_age=np.stack([one.cost_by_age for one in solved]),
        scope=np.stack([one.scope for one in solved]),
        logistic=np.rint(logistic(2 * curve_scores()) * 2.0**24).astype(np.int64),
        rest=np.array([rest_of(kind) for kind in kinds], dtype=np.int64),
        stay=np.array([kind.days is not None for kind in kinds], dtype=np.int64),
        days=np.stack([one.days for one in solved]),
        days_mix=_mixes([kind.days_with_cost for kind in kinds]),
        dates=days_of_year(population.year),
    )


def days_of_year(year: int) -> Whole:
    """All days of a year as yyyymmdd."""
    count = 366 if calendar.isleap(year) else 365
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(count))
    return np.array([day.year * 10000 + day.month * 100 + day.day for day in days], dtype=np.int64)


def logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


def _mixes(links: list[float]) -> Whole:
    return np.array([[round(r * ONE), round(math.sqrt(1 - r * r) * ONE)] for r in links], dtype=np.int64)


def rest_of(kind: Kind) -> tuple[int, int, int]:
    """What is not in scope: the fully self-paid share, twice the room around it, the pre-self-paid share of the rest.

    The fully self-paid share of an event is even over an interval around its mean that stays within 0 to 1.
    """
    full, over, pre = kind.rest
    return (
        round(full * 2**16),
        round(2 * min(full, 1 - full) * 2**16),
        round(pre / max(over + pre, LEAST_SHARE) * 2**16),
    )


def solve_kind(kind: Kind, joint: Joint) -> Solved:
    prevalence = prevalence_scores(kind)
    rows, weights = rates(kind, joint, prevalence)
    severity = kind.severity * joint.scores[:, None] + math.sqrt(1 - kind.severity**2) * NODES
    chance, below = grade_choice(kind, weights, severity)
    age = cost_by_age(kind, weights)
    cost, curves = costs(kind, weights, severity, chance, age)
    events = np.einsum("a,apc->pc", age, weights)
    scope = scopes(kind, events, severity, chance, curves)
    return Solved(rows, prevalence, below, cost, np.rint(age * 2.0**16).astype(np.int64), scope, stays(kind))


def prevalence_scores(kind: Kind) -> Floats:
    """By age: those whose score is at or above it have such events."""
    if kind.prevalence is None:
        return np.full(len(kind.by_age), -100.0)
    return np.array([-NormalDist().inv_cdf(min(max(p, 1e-9), 1 - 1e-9)) for p in kind.prevalence])


def rates(kind: Kind, joint: Joint, prevalence: Floats) -> tuple[Whole, Floats]:
    """Rows of the count grid by (profile, class), and events by (age, place, class), which add up to the rate."""
    ages = len(kind.by_age)
    factor = np.ones((ages, 2, 2)) * np.array(kind.by_age)[:, None, None]
    factor[:, 1, :] *= np.array(kind.women_by_age)[:, None]
    factor[:, :, 0] *= kind.urban
    shape = factor[..., None] * gamma_class_means(kind.dispersion)
    persons = joint.profiles[..., None] * joint.shares * who_has(kind, joint, prevalence)[:, None, None, :]
    if not (shape * persons).sum() > 0:
        raise QuantileError(f"{kind.word}: nobody has an event; expected factors above 0 for somebody")
    level = kind.rate / (shape * persons).sum()
    grid = rate_grid()
    for _ in range(12):  # the grid rounds each mean; the level makes up for it
        index = rate_index(level * shape)
        got = float((grid[index] * persons).sum())
        level = float(f"{level * kind.rate / got:.9g}")
        if abs(got / kind.rate - 1) < 1e-6:
            break
    weights = (grid[index] * persons).sum(axis=1)
    return index.reshape(ages * 4, -1), weights


def who_has(kind: Kind, joint: Joint, prevalence: Floats) -> Floats:
    """The share of persons with such events by age and frailty class."""
    if kind.prevalence is None:
        return np.ones((len(prevalence), len(joint.scores)))
    link = kind.prevalence_with_frailty
    return normal_cdf((link * joint.scores - prevalence[:, None]) / math.sqrt(1 - link * link))


def grade_choice(kind: Kind, weights: Floats, severity: Floats) -> tuple[Floats, Whole]:
    """Chances of grades by (place, class, node, grade), and thresholds by (place, bin, 3); logits meet the shares."""
    middle = (np.arange(BINS) + 0.5) * 16 / BINS - 8
    tilt = np.array(kind.grade_severity) * middle[:, None]
    tilt = tilt + np.array([np.array(kind.grade_urban), np.zeros(len(kind.grades))])[:, None, :]
    bins = np.clip(((severity + 8) * BINS / 16).astype(np.int64), 0, BINS - 1)
    mass = np.zeros((2, BINS))
    events = weights.sum(axis=0)
    for place in range(2):
        np.add.at(mass[place], bins, events[place][:, None] * DENSITY)
    wanted = np.maximum(np.array(kind.grade_shares), LEAST_SHARE)
    base = np.log(wanted)
    for _ in range(SOLVED):
        got = np.einsum("pb,pbg->g", mass, _chances(base + tilt)) / mass.sum()
        if np.abs(np.log(wanted / got)).max() < 1e-11:
            break
        base = base + np.log(wanted / got)
    base = np.round(base - base[0], 9)
    chance = _chances(base + tilt)
    below = np.zeros((2, BINS, MAX_GRADES - 1), dtype=np.int64)
    below[..., : len(wanted) - 1] = np.rint(np.cumsum(chance, axis=-1)[..., :-1] * 2.0**16)
    return chance[:, bins], below


def _chances(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    found: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return found


def cost_by_age(kind: Kind, weights: Floats) -> Floats:
    """Factors of cost by age whose mean over events is 1."""
    factor = np.array(kind.cost_by_age)
    events = weights.sum(axis=(1, 2))
    found: Floats = np.round(factor * events.sum() / (factor @ events), 9)
    return found


def costs(kind: Kind, weights: Floats, severity: Floats, chance: Floats, age: Floats) -> tuple[Whole, Floats]:
    """Curves of cost in fen by (grade, curve) whose means by grade are those of the file; also as by (grade, ...)."""
    table = np.zeros((MAX_GRADES, CELLS + 1), dtype=np.int64)
    along = np.zeros((len(kind.grades), *severity.shape))
    events = weights.sum(axis=0)
    aged = np.einsum("a,apc->pc", age, weights)
    for g, one in enumerate(kind.costs):
        shape = lognormal_curve(one.cv, one.tail)
        inner = np.einsum("pcn,n->pc", chance[..., g], DENSITY)
        spent = np.einsum("pcn,cn,n->pc", chance[..., g], at_scores(shape, severity), DENSITY)
        level = float(f"{100 * one.mean * (events * inner).sum() / (aged * spent).sum():.9g}")
        table[g] = np.minimum(np.rint(level * shape), 2.0**36)
        along[g] = at_scores(table[g], severity)
    return table, along


def scopes(kind: Kind, events: Floats, severity: Floats, chance: Floats, along: Floats) -> Whole:
    """Logit, slope on severity and spread by grade (2^-20), such that the share of all cost is that of the file."""
    table = np.zeros((MAX_GRADES, 3), dtype=np.int64)
    curve = logistic(2 * curve_scores())
    edges = np.arange(-9.0, 9.0 + STEP, STEP)
    bins = np.searchsorted(edges, severity.ravel(), side="right") - 1  # of all severities, once for both sums by bin
    inside = (bins >= 0) & (bins < len(edges) - 1)
    for g, (cost, scope) in enumerate(zip(kind.costs, kind.scopes, strict=True)):
        slope = scope.slope * lognormal_sigma(cost.cv)
        spent = np.einsum("pc,pcn,cn,n->cn", events, chance[..., g], along[g], DENSITY)
        mass = np.bincount(bins[inside], spent.ravel()[inside], len(edges) - 1)
        moment = np.bincount(bins[inside], (spent * severity).ravel()[inside], len(edges) - 1)
        middle = moment / np.maximum(mass, LEAST_SHARE)
        seen = mass > 0
        mass, middle = mass[seen] / mass.sum(), middle[seen]
        smooth = smoothed(curve, scope.spread)

        def share(logit: float) -> float:
            return float(mass @ np.interp(logit + slope * middle, LOGITS, smooth))  # noqa: B023 - used in this turn

        low, high = -16.0, 16.0
        for _ in range(45):
            half = (low + high) / 2
            low, high = (half, high) if share(half) < scope.share else (low, half)
        if abs(share(low) - scope.share) > 1e-4:
            raise QuantileError(
                f"{kind.word}, {kind.grades[g]}: an in-scope share of {scope.share} with spread {scope.spread} "
                "cannot be met; make the spread smaller"
            )
        table[g] = [round(round(low, 9) * ONE), round(slope * ONE), round(scope.spread * ONE)]
    return table


def smoothed(curve: Floats, spread: float) -> Floats:
    """The mean of the logistic curve around each of `LOGITS`, where logits have this spread."""
    nodes, density = NODES[::8], 8 * DENSITY[::8]
    return np.asarray(at_scores(curve, (LOGITS[:, None] + spread * nodes) / 2) @ density)


def stays(kind: Kind) -> Whole:
    """Length of stay by (grade, curve), 2^-10 days."""
    table = np.zeros((MAX_GRADES, CELLS + 1), dtype=np.int64)
    for g, mean in enumerate(kind.days or ()):
        table[g] = np.rint(1024 * np.minimum(mean * lognormal_curve(kind.days_cv), 400.0))
    return table
