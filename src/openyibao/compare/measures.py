"""How far places lie apart for a patient, and how much of that goes with place, hospital grade and class.

The measures are for reading, not for paying: they are floats, printed with four decimals.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from openyibao.compare.patients import Patient, is_place
from openyibao.compare.settle import Answered, CannotAnswerError, Outcome, outcome
from openyibao.policy import Policy
from openyibao.settlement import Rule

DECIMALS = 4
GRADES = ("primary", "secondary", "tertiary")
CLASSES = ("ordinary", "low-income edge", "minimum living allowance", "destitute")

Design = Mapping[tuple[str, ...], Fraction]
"""A borne share for every combination of levels: every place with every grade and every class."""


@dataclass(frozen=True)
class Spread:
    """The spread of the borne share between places: each place counts once, with its latest file that answers."""

    places: int
    low: Fraction
    high: Fraction
    mean: float
    variation: float
    theil: float

    @property
    def range(self) -> Fraction:
        return self.high - self.low


@dataclass(frozen=True)
class Explained:
    """Shares of the variance that go with place, grade and class alone; `together` is what is left."""

    places: int
    place: float
    grade: float
    group: float

    @property
    def together(self) -> float:
        return max(0.0, 1 - self.place - self.grade - self.group)


def spread(answered: Answered) -> Spread | None:
    """The measures of spread for a patient; None where fewer than two places answer."""
    shares = [one.share for one in latest(answered.outcomes)]
    if len(shares) < 2:
        return None
    mean = sum(shares, Fraction(0)) / len(shares)
    return Spread(len(shares), min(shares), max(shares), float(mean), variation(shares), theil(shares))


def latest(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Of each place that exists (region and scheme) the file that begins latest, of several the shortest id."""
    found: dict[tuple[str, str], Outcome] = {}
    for one in sorted(outcomes, key=lambda one: (one.policy.start, -len(one.policy.id), one.policy.id)):
        if is_place(one.policy.region):
            found[one.place] = one
    return list(found.values())


def variation(values: Sequence[Fraction]) -> float:
    """The coefficient of variation: the standard deviation (of all, not of a sample) by the mean; 0 if all are 0.

    >>> variation([Fraction(1, 10), Fraction(3, 10)])
    0.5
    """
    mean = sum(values, Fraction(0)) / len(values)
    if not mean:
        return 0.0
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)) / float(mean)


def theil(values: Sequence[Fraction]) -> float:
    """The Theil index T: the mean of (y / m) ln (y / m), where a y of 0 adds nothing; 0 if all are the same.

    >>> round(theil([Fraction(1, 10), Fraction(3, 10)]), 4)  # (0.5 ln 0.5 + 1.5 ln 1.5) / 2
    0.1308
    """
    mean = sum(values, Fraction(0)) / len(values)
    if not mean:
        return 0.0
    ratios = [float(value / mean) for value in values]
    return max(0.0, sum(ratio * math.log(ratio) for ratio in ratios if ratio) / len(ratios))


def shares_of_variance(design: Design) -> list[float]:
    """For each factor of a balanced design, the variance between its levels' means as a share of all variance.

    >>> shares_of_variance({("a", "x"): Fraction(0), ("a", "y"): Fraction(1),
    ...                     ("b", "x"): Fraction(2), ("b", "y"): Fraction(3)})
    [0.8, 0.2]
    """
    values = list(design.values())
    mean = sum(values, Fraction(0)) / len(values)
    total = sum((value - mean) ** 2 for value in values)
    found = []
    for factor in range(len(next(iter(design)))):
        levels: dict[str, list[Fraction]] = {}
        for key, value in design.items():
            levels.setdefault(key[factor], []).append(value)
        between = sum(len(of) * (sum(of, Fraction(0)) / len(of) - mean) ** 2 for of in levels.values())
        found.append(float(Fraction(between) / total) if total else 0.0)
    return found


def explained(patient: Patient, rules: Mapping[Policy, Rule], answered: Answered) -> Explained | None:
    """Every place with every grade and class: what of the variance goes with each. None with less than two places.

    A place that does not ask a fact gives the same for all its values; one that knows no such class treats the person
    as ordinary; one that lacks a grade, or has no answer for a combination, is left out.
    """
    design: dict[tuple[str, ...], Fraction] = {}
    for one in latest(answered.outcomes):
        cells = _cells(patient, rules[one.policy], " ".join(one.place))
        design.update(cells)
    places = len({place for place, _, _ in design})
    if places < 2:
        return None
    place, grade, group = shares_of_variance(design)
    return Explained(places, place, grade, group)


def _cells(patient: Patient, rule: Rule, place: str) -> dict[tuple[str, ...], Fraction]:
    found: dict[tuple[str, ...], Fraction] = {}
    kept: dict[tuple[str, ...], Fraction] = {}
    known = {fact.name: fact.values for fact in rule.policy.facts}
    if not set(GRADES) <= set(known.get("grade", GRADES)):
        return {}
    for grade, group in itertools.product(GRADES, CLASSES):
        asked = tuple(value if fact in known else "" for fact, value in (("grade", grade), ("class", group)))
        if asked not in kept:
            vary = {"grade": (grade,), "class": (group, "ordinary")}
            try:
                kept[asked] = outcome(patient, rule, vary).share
            except CannotAnswerError:
                return {}
        found[place, grade, group] = kept[asked]
    return found
