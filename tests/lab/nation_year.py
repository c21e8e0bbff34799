"""A sample of a nation's population, its year settled under the model policy, and the figures that targets name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from openyibao.lab import Generator, Population, read_population
from openyibao.lab.bridge import Bridge
from openyibao.policy import Policy, find_policy, read_policy
from openyibao.settlement.columns import RowRule

Values = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]
BATCHES = 20
FEN = 100
INPATIENT = "inpatient"


def targets(scheme: str = "") -> list[dict[str, Any]]:
    """The published figures of a scheme, or all of them."""
    found: list[dict[str, Any]] = table()["targets"]
    return [one for one in found if scheme in ("", one["scheme"])]


def table() -> Any:
    """The table of published figures as it stands."""
    path = files("openyibao.lab").joinpath("populations", "nation-2023-targets.yaml")
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Figure:
    """A figure of the sample, weighted up, with its Monte-Carlo error from batches of whole clusters of households."""

    value: float
    error: float

    def score(self, target: float, tolerance: float) -> float:
        """How far it lies from a target, in units of the error and of the rounding of the target together."""
        return (self.value - target) / sqrt(self.error**2 + tolerance**2)


class Year:
    """`persons` of a population and their settled claims. The number is one of whole clusters for every batch."""

    def __init__(self, scheme: str, persons: int, seed: int | None = None) -> None:
        self.population: Population = read_population(f"nation-{scheme}-2023")
        self.policy: Policy = read_policy(find_policy(f"model/national-{scheme}-2023"))
        self.generator = Generator(self.population, seed, persons)
        assert persons % (BATCHES * 60) == 0
        self.persons = persons
        self.claims = self.generator.claims(0, persons)
        self.grades = self.population.grades
        self.kinds = tuple(kind.word for kind in self.population.kinds)
        rule = RowRule(self.policy)
        settled = rule.settle(Bridge(self.population, self.policy).columns(self.claims, rule.needs))
        assert not settled.fault.any()
        self.paid = settled.outputs

    def retired(self, age: npt.NDArray[Any]) -> Rows:
        (answer,) = [answer for fact, answer in self.population.facts if fact == "status"]
        (first,) = [low for low, word in answer.bands if word == "retired"]
        return np.asarray(age >= first)

    @cached_property
    def people(self) -> Any:
        return self.generator.people(0, self.persons)

    def rows(self, kind: str = "", grade: str = "") -> Rows:
        found = np.ones(len(self.claims.person), dtype=bool)
        if kind:
            found &= self.claims.kind == self.kinds.index(kind)
        if grade:
            found &= self.claims.grade == self.grades.index(grade)
        return found

    def by_batch(self, rows: Rows, values: npt.NDArray[Any] | None = None) -> Values:
        """Sums of values (or numbers of rows) in each batch of persons, weighted up as if it were the whole."""
        batch = self.claims.person[rows] * BATCHES // self.persons
        weights = None if values is None else values[rows].astype(np.float64)
        return np.asarray(np.bincount(batch, weights, BATCHES) * BATCHES * self.generator.weight, np.float64)

    def people_by_batch(self, rows: Rows) -> Values:
        numbers = np.flatnonzero(rows) * BATCHES // self.persons
        return np.asarray(np.bincount(numbers, minlength=BATCHES) * BATCHES * self.generator.weight, np.float64)

    def fund(self) -> npt.NDArray[np.int64]:
        """What the funds of the scheme paid of each claim: all layers but assistance."""
        assistance = self.paid.get("medical_assistance_paid", 0)
        return np.asarray(self.paid["paid"] - assistance)


def figure(above: Values, below: Values | None = None) -> Figure:
    """The mean of the batches, or the ratio of two means; the error of a ratio by its residuals."""
    if below is None:
        return Figure(float(above.mean()), float(above.std(ddof=1) / sqrt(BATCHES)))
    ratio = float(above.mean() / below.mean())
    rest = (above - ratio * below) / below.mean()
    return Figure(ratio, float(rest.std(ddof=1) / sqrt(BATCHES)))


def days(column: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Dates yyyymmdd as numbers of days."""
    months = (column // 10000 - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (column // 100 % 100 - 1)
    return np.asarray((months.astype("datetime64[D]") + (column % 100 - 1)).astype(np.int64))


Measure = Callable[[Year, dict[str, Any]], Figure]


def measure(year: Year, target: dict[str, Any]) -> Figure:
    """The figure of a year that a target names."""
    return MEASURES[target["name"]](year, target)


def _rows(year: Year, target: dict[str, Any]) -> Rows:
    return year.rows(target.get("kind", ""), target.get("grade", ""))


def _persons(year: Year, target: dict[str, Any]) -> Figure:
    rows = np.ones(year.persons, dtype=bool)
    if group := target.get("group"):
        rows = year.retired(year.people.age) == (group == "retired")
    return figure(year.people_by_batch(rows))


def _cases(year: Year, target: dict[str, Any]) -> Figure:
    return figure(year.by_batch(_rows(year, target)))


def _cost(year: Year, target: dict[str, Any]) -> Figure:
    return figure(year.by_batch(_rows(year, target), year.claims.total) / FEN)


def _mean_cost(year: Year, target: dict[str, Any]) -> Figure:
    rows = _rows(year, target)
    return figure(year.by_batch(rows, year.claims.total) / FEN, year.by_batch(rows))


def _inpatient_rate(year: Year, _: dict[str, Any]) -> Figure:
    everybody = year.people_by_batch(np.ones(year.persons, dtype=bool))
    return figure(year.by_batch(year.rows(INPATIENT)), everybody)


def _retired_over_active(year: Year, _: dict[str, Any]) -> Figure:
    """By batch, as each half is a ratio itself."""
    stays, old, own = year.rows(INPATIENT), year.retired(year.claims.age), year.retired(year.people.age)
    halves = [year.by_batch(stays & (old == yes)) / year.people_by_batch(own == yes) for yes in (np.True_, np.False_)]
    return figure(halves[0], halves[1])


def _stay(year: Year, target: dict[str, Any]) -> Figure:
    rows = _rows(year, target)
    length = np.zeros(len(rows), dtype=np.int64)
    length[rows] = days(year.claims.discharge[rows]) - days(year.claims.admission[rows])
    return figure(year.by_batch(rows, length), year.by_batch(rows))


def _fund_share(year: Year, target: dict[str, Any]) -> Figure:
    rows = _rows(year, target)
    return figure(year.by_batch(rows, year.fund()), year.by_batch(rows, year.claims.in_scope))


def _fund(year: Year, target: dict[str, Any]) -> Figure:
    return figure(year.by_batch(_rows(year, target), year.fund()) / FEN)


def _critical_persons(year: Year, _: dict[str, Any]) -> Figure:
    return figure(year.people_by_batch(_with_critical(year)))


def _critical_each(year: Year, _: dict[str, Any]) -> Figure:
    paid = year.by_batch(year.rows(), year.paid["critical_illness_insurance_paid"]) / FEN
    return figure(paid, year.people_by_batch(_with_critical(year)))


def _with_critical(year: Year) -> Rows:
    paid = np.bincount(year.claims.person, year.paid["critical_illness_insurance_paid"], year.persons)
    return np.asarray(paid > 0)


def _assisted(year: Year, target: dict[str, Any]) -> Rows:
    kind = target.get("kind", "")
    rows = ~year.rows(INPATIENT) if kind == "outpatient" else year.rows(kind)
    return np.asarray(rows & (year.paid["medical_assistance_paid"] > 0))


def _assistance(year: Year, target: dict[str, Any]) -> Figure:
    return figure(year.by_batch(_assisted(year, target), year.paid["medical_assistance_paid"]) / FEN)


def _assistance_cases(year: Year, target: dict[str, Any]) -> Figure:
    return figure(year.by_batch(_assisted(year, target)))


def _assistance_each(year: Year, target: dict[str, Any]) -> Figure:
    rows = _assisted(year, target)
    return figure(year.by_batch(rows, year.paid["medical_assistance_paid"]) / FEN, year.by_batch(rows))


MEASURES: dict[str, Measure] = {
    "persons": _persons,
    "person-times": _cases,
    "cost": _cost,
    "mean cost": _mean_cost,
    "inpatient rate": _inpatient_rate,
    "inpatient rate of the retired over that of the active": _retired_over_active,
    "mean length of stay": _stay,
    "fund share of cost in scope": _fund_share,
    "fund payments": _fund,
    "persons paid by critical illness insurance": _critical_persons,
    "critical illness payment per person paid": _critical_each,
    "assistance payments": _assistance,
    "assistance cases": _assistance_cases,
    "assistance per case": _assistance_each,
}
