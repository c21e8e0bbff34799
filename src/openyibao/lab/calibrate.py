"""Fits a population to its target table: first the mix of grades, then one number for each target that moves one.

Held-out figures have no part in a fit: `fit` drops them before it begins. Only `closing_shift` reads one, afterwards,
to say how large its miss is; what it finds is printed, and never written to a file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from openyibao.lab.build import tables_of
from openyibao.lab.generate import Generator
from openyibao.lab.measure import Figure, measure
from openyibao.lab.nodes import LabFileError, number_at, read_node
from openyibao.lab.population import find_population
from openyibao.lab.population_read import read_population
from openyibao.lab.quantiles import QuantileError
from openyibao.lab.targets import UNITS, GradeMix, Target, Targets

Floats = npt.NDArray[np.float64]
ROUNDS = 25
CLOSE = 1e-5
"""Fitted ratios come within a thousandth of a per cent of their targets on the seed that is fitted on."""
DIGITS = 6
LEVELS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
YUAN = 0.01

Told = Callable[[str], None]


class FitError(ValueError):
    """No number of the population file makes a fitted figure come out."""


@dataclass(frozen=True)
class Fit:
    """The fitted numbers by path, and the figures with them: those that were fitted, from the seed fitted on."""

    changes: dict[str, float]
    figures: tuple[Figure, ...]
    rounds: int


@dataclass(frozen=True)
class Level:
    """A cost level: events by grade, and the in-scope shares that it needs, or why there are none."""

    level: float
    events: tuple[float, ...]
    shares: tuple[float, ...]
    why_not: str


def fit(
    name: str, targets: Targets, *, level: float = 1.0, persons: int | None = None, tell: Told = lambda _: None
) -> Fit:
    """Fit a population. level: factor of the mean costs of the kind whose grades are mixed.

    Raises FitError where a target cannot be reached.
    """
    seen = replace(targets, figures=targets.of("identity", "fitted"))
    changes = mixed(name, seen, level) if seen.mix else {}
    moved = [target for target in seen.figures if target.moves]
    if not moved:
        population = read_population(name, changes)
        return Fit(changes, tuple(measure(Generator(population, persons=persons), seen.figures)), 0)
    found, rounds = _moved(name, changes, moved, persons, tell)
    population = read_population(name, changes | found)
    return Fit(changes | found, tuple(measure(Generator(population, persons=persons), seen.figures)), rounds)


def _moved(
    name: str, changes: Mapping[str, float], moved: list[Target], persons: int | None, tell: Told
) -> tuple[dict[str, float], int]:
    """Secant steps on all numbers at once; each target answers to its own number only."""
    root = read_node(find_population(name))
    paths = [target.moves or "" for target in moved]
    at = np.array([changes.get(path, number_at(root, path)) for path in paths])
    before: tuple[Floats, Floats] | None = None
    for round_ in range(1, ROUNDS + 1):
        numbers = {path: float(f"{value:.{DIGITS}g}") for path, value in zip(paths, at, strict=True)}
        try:
            population = read_population(name, {**changes, **numbers})
            tables_of(population)
        except (LabFileError, QuantileError) as error:
            raise FitError(f"{error} - the targets ask for more than the population can be") from None
        figures = measure(Generator(population, persons=persons), moved, batches=4)
        tell(f"round {round_}: " + ", ".join(f"{one.target.name} {one.value:.4f}" for one in figures))
        gap = np.array([one.value / one.target.value - 1 for one in figures])
        if np.abs(gap).max() < CLOSE:
            return numbers, round_
        x = _open(at)
        slope = _guess(at) if before is None else (gap - before[1]) / np.where(x == before[0], 1e-9, x - before[0])
        steps = -gap / np.where(np.abs(slope) > 1e-6, slope, 1.0)
        before = (x, gap)
        at = _close(x + np.clip(steps, -1.5, 1.5), at)
    raise FitError(f"no fit after {ROUNDS} rounds; the last gaps are {', '.join(f'{one:.2e}' for one in gap)}")


def _guess(values: Floats) -> Floats:
    """How a ratio answers to its number at first: in proportion."""
    return np.where(values < 1, np.maximum(1 - values, 0.02), 1.0)


def _open(values: Floats) -> Floats:
    """Shares as logits, other numbers as logarithms: so steps never leave what can be."""
    return np.where(values < 1, np.log(values / np.where(values < 1, 1 - values, 1.0)), np.log(values))


def _close(x: Floats, like: Floats) -> Floats:
    return np.where(like < 1, 1 / (1 + np.exp(-x)), np.exp(x))


def mixed(name: str, targets: Targets, level: float = 1.0) -> dict[str, float]:
    """The mean costs and grade shares (by path) that the mix of grades gives; raises FitError for negative counts."""
    mix = targets.mix
    assert mix is not None
    costs = _costs(name, mix, level)
    events = events_by_grade(targets, mix, costs)
    if min(events) <= 0:
        raise FitError(f"at cost level {level:g} a grade would have {min(events):,.0f} events")
    changes = {}
    for (grade, _), cost, count in zip(mix.by_grade, costs, events, strict=True):
        if level != 1.0:
            changes[f"kinds.{mix.kind}.cost.mean.{grade}"] = cost
        changes[f"kinds.{mix.kind}.grades.share.{grade}"] = float(f"{count / sum(events):.{DIGITS}g}")
    return changes


def _costs(name: str, mix: GradeMix, level: float) -> list[float]:
    root = read_node(find_population(name))
    return [level * number_at(root, f"kinds.{mix.kind}.cost.mean.{grade}") for grade, _ in mix.by_grade]


def events_by_grade(targets: Targets, mix: GradeMix, costs: list[float]) -> list[float]:
    """Events by grade from three linear equations: their number, what was paid for them, and what they cost.

    costs: mean cost by grade in yuan. What was paid follows from the ratios by grade, what they cost from the ratio
    over all. A negative number means that the figures and these costs contradict each other.
    """
    if len(mix.by_grade) != 3:
        raise FitError(f"a mix of {len(mix.by_grade)} grades; three equations fix three")
    ratios = np.array([targets.named(figure).value / 100 for _, figure in mix.by_grade])
    paid = _fen(targets.named(mix.paid)) * YUAN
    cost = np.array(costs)
    left = np.array([np.ones(3), ratios * cost, cost])
    right = np.array([targets.named(mix.count).value, paid, paid / (targets.named(mix.ratio).value / 100)])
    found: list[float] = np.linalg.solve(left, right).tolist()
    return found


def _fen(target: Target) -> float:
    return target.value / UNITS[target.unit]


def band(name: str, targets: Targets, *, persons: int | None = None, tell: Told = lambda _: None) -> list[Level]:
    """What each cost level would mean: the levels that are possible are the band in which the truth may lie."""
    mix = targets.mix
    if mix is None:
        return []
    found = []
    for level in LEVELS:
        tell(f"cost level {level:g}")
        events = tuple(events_by_grade(targets, mix, _costs(name, mix, level)))
        try:
            done = fit(name, targets, level=level, persons=persons)
            shares = tuple(done.changes[target.moves] for target in targets.figures if target.moves)
            found.append(Level(level, events, shares, ""))
        except FitError as error:
            found.append(Level(level, events, (), str(error)))
    return found


@dataclass(frozen=True)
class Shift:
    """How far all logits of the in-scope share would have to move for a held-out figure to come out: no result."""

    target: Target
    logit: float
    shares: dict[str, float]


def closing_shift(
    name: str,
    target: Target,
    paths: list[str],
    *,
    changes: Mapping[str, float] | None = None,
    persons: int | None = None,
) -> Shift:
    """One number put on the logit of the shares at `paths` such that the figure meets its target, by bisection.

    This is worked back from the held-out figure and says how large the miss is in terms of one cause; it is never
    written to a file. Raises FitError where no shift from -6 to 4 does it.
    """
    root = read_node(find_population(name))
    given = dict(changes or {})
    start = np.array([given.get(path, number_at(root, path)) for path in paths])

    def gap(logit: float) -> float:
        shares = dict(zip(paths, _close(_open(start) + logit, start).tolist(), strict=True))
        generator = Generator(read_population(name, given | shares), persons=persons)
        return measure(generator, [target], batches=4)[0].value - target.value

    low, high = -6.0, 4.0
    if gap(low) > 0 or gap(high) < 0:
        raise FitError(f"no shift of in-scope shares brings {target.name!r} to {target.value:g}")
    while high - low > 0.004:
        half = (low + high) / 2
        low, high = (half, high) if gap(half) < 0 else (low, half)
    logit = (low + high) / 2
    shares = dict(zip(paths, _close(_open(start) + logit, start).tolist(), strict=True))
    return Shift(target, logit, shares)


def errors_hold(figures: tuple[Figure, ...], most: float = 2.0) -> bool:
    """Whether all figures lie within so many tolerances of their targets."""
    return all(math.isfinite(one.z) and abs(one.z) < most for one in figures)
