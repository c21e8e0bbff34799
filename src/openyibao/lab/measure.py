"""Simulated figures with their Monte-Carlo error: claims of a population, settled, summed by batches of households."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from openyibao.lab.bridge import Bridge
from openyibao.lab.generate import Generator
from openyibao.lab.layout import Columns, People
from openyibao.lab.nodes import LabFileError
from openyibao.lab.population import PERSONS_OF_A_CLUSTER, Population
from openyibao.lab.targets import UNITS, Scenario, Target
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Policy
from openyibao.settlement.columns import MONEY as COSTS
from openyibao.settlement.columns import RowRule

Floats = npt.NDArray[np.float64]
BATCHES = 20
BLOCK_PERSONS = 5000 * PERSONS_OF_A_CLUSTER
"""Whose claims are held at once."""
PLUS = " + "
DIVISOR = 1000
"""Costs are divided by whole thousandths."""


@dataclass(frozen=True)
class Figure:
    """A simulated figure in the unit of its target.

    error: its Monte-Carlo standard error. z: its distance from the target in units of rounding and error together.
    left_out: the share of claims that the policy could not settle, which count on neither side.
    """

    target: Target
    value: float
    error: float
    left_out: float

    @property
    def tolerance(self) -> float:
        return float(np.hypot(self.target.rounding, self.error))

    @property
    def z(self) -> float:
        return (self.value - self.target.value) / self.tolerance if self.tolerance else 0.0


def measure(generator: Generator, targets: Sequence[Target], batches: int = BATCHES) -> list[Figure]:
    """The figures of a simulated population, in the order of the targets; errors by the jackknife over batches."""
    parts = generator.parts(batches)
    sums = np.zeros((len(parts), len(targets), 4))
    for number, (first, last) in enumerate(parts):
        for start in range(first, last, BLOCK_PERSONS):
            sums[number] += batch_sums(generator, targets, start, min(start + BLOCK_PERSONS, last))
    weights = np.array([[last - first] for first, last in parts]) / generator.persons
    return [figure_of(target, sums[:, at], weights[:, 0], generator.weight) for at, target in enumerate(targets)]


def figure_of(target: Target, sums: Floats, shares: Floats, weight: float) -> Figure:
    def of(total: Floats, share: float) -> float:
        if target.over is None:
            return float(total[0]) * weight / share * UNITS[target.unit]
        return float(total[0] / total[1]) * UNITS[target.unit] if total[1] else float("nan")

    everything = sums.sum(axis=0)
    value = of(everything, 1.0)
    without = np.array([of(everything - one, 1 - share) for one, share in zip(sums, shares, strict=True)])
    count = len(without)
    error = float(np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())) if count > 1 else 0.0
    left_out = float(everything[2] / everything[3]) if everything[3] else 0.0
    return Figure(target, value, error, left_out)


def batch_sums(generator: Generator, targets: Sequence[Target], first: int, last: int) -> Floats:
    """For each target: numerator, denominator, claims left out, claims; over the persons first..last-1."""
    claims, people = generator.claims(first, last), generator.people(first, last)
    population = generator.population
    found = np.zeros((len(targets), 4))
    scenarios = dict.fromkeys(target.scenario for target in targets)
    for scenario in scenarios:
        mine = [at for at, target in enumerate(targets) if target.scenario == scenario]
        names = [name for at in mine for name in names_of(targets[at]) if not _known(name)]
        outputs = tuple(dict.fromkeys(map(output_of, names)))
        values, settled = settle(population, claims, scenario, outputs)
        for at in mine:
            found[at] = _sums(targets[at], population, claims, people, values, settled)
    return found


def names_of(target: Target) -> list[str]:
    named = (*target.sum.split(PLUS), target.over, target.less)
    return [name for name in named if name is not None]


def _known(name: str) -> bool:
    return name in ("persons", "claims", "days", *COSTS)


def output_of(name: str) -> str:
    """The output of the rule that a quantity counts or sums.

    >>> output_of("persons with paid"), output_of("paid")
    ('paid', 'paid')
    """
    return name.removeprefix("claims with ").removeprefix("persons with ")


def _sums(
    target: Target,
    population: Population,
    claims: Columns,
    people: People,
    values: dict[str, npt.NDArray[Any]],
    settled: npt.NDArray[np.bool_],
) -> tuple[float, float, float, float]:
    names = names_of(target)
    rows = chosen(target, population, claims, people)
    if target.sum == "persons":
        return float(rows.sum()), 0.0, 0.0, 0.0
    whole = float(rows.sum())
    if any(not _known(name) for name in names):
        rows = rows & settled
    total = {name: _total(name, values, rows, claims, people) for name in names}
    total[target.sum] = sum(total[name] for name in target.sum.split(PLUS))
    below = total[target.over] - (total[target.less] if target.less else 0.0) if target.over else 0.0
    return total[target.sum], below, whole - float(rows.sum()), whole


def _total(
    name: str, values: dict[str, npt.NDArray[Any]], rows: npt.NDArray[np.bool_], claims: Columns, people: People
) -> float:
    if name == "claims":
        return float(rows.sum())
    if name == "persons":
        return float(len(people.person))
    if name == "days":
        return float((_ordinal(claims.discharge[rows]) - _ordinal(claims.admission[rows])).sum())
    if name.startswith("claims with "):
        return float((values[output_of(name)][rows] > 0).sum())
    if name.startswith("persons with "):
        return float(len(np.unique(claims.person[rows & (values[output_of(name)] > 0)])))
    return float(values[name][rows].sum())


def _ordinal(days: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """yyyymmdd as a number of days (of one year: months by their real lengths)."""
    text = days.astype(np.int64)
    dates = (text // 10000 - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (text // 100 % 100 - 1)
    return np.asarray((dates.astype("datetime64[D]") + (text % 100 - 1)).astype(np.int64))


def chosen(target: Target, population: Population, claims: Columns, people: People) -> npt.NDArray[np.bool_]:
    """The rows of claims (or persons, where persons are counted) that a target is about."""
    table: Columns | People = people if target.sum == "persons" else claims
    rows = np.ones(len(table.person), dtype=np.bool_)
    for key, word in target.where:
        words = {
            "kind": [kind.word for kind in population.kinds],
            "grade": list(population.grades),
            "tier": list(population.tiers),
            "class": list(population.classes),
            "residence": list(population.places),
            "sex": ["male", "female"],
        }.get(key)
        if key == "age":
            low, _, high = word.partition("-")
            rows &= (table.age >= int(low)) & (table.age <= int(high))
            continue
        if words is None or word not in words or not hasattr(table, "class_" if key == "class" else key):
            raise LabFileError(f"figure {target.name!r}: where {key}: {word!r}; expected one of {words}")
        rows &= getattr(table, "class_" if key == "class" else key) == words.index(word)
    return rows


@cache
def _policy(name: str) -> Policy:
    return read_policy(find_policy(name))


@cache
def _rule(name: str, outputs: tuple[str, ...]) -> RowRule:
    try:
        return RowRule(_policy(name), outputs)
    except KeyError as error:
        raise LabFileError(
            f"a target table asks for what no bill has: {error.args[0]} (see `yibao policy code`)"
        ) from None


def settle(
    population: Population, claims: Columns, scenario: Scenario, outputs: tuple[str, ...]
) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.bool_]]:
    """Costs and the asked outputs of each claim under a scenario (fen), and which claims could be settled."""
    policy = _policy(scenario.policy)
    moved = under(claims, policy, scenario.divide, population.year)
    values: dict[str, npt.NDArray[Any]] = {name: getattr(moved, name) for name in COSTS}
    if not outputs:
        return values, np.ones(len(claims.person), dtype=np.bool_)
    rule = _rule(scenario.policy, outputs)
    found = rule.settle(Bridge(population, policy).columns(moved, rule.needs))
    return values | found.outputs, np.asarray(found.fault == 0)


def under(claims: Columns, policy: Policy, divide: float, year: int) -> Columns:
    """The claims of a year with costs divided, and with days moved into the policy's time if that is not all year."""
    moved = claims
    if divide != 1.0:
        by = round(divide * DIVISOR)
        parts = {name: getattr(claims, name) * DIVISOR // by for name in COSTS[1:]}
        moved = moved._replace(**parts, total=sum(parts.values()))
    first, last = (int(f"{day:%Y%m%d}") for day in (policy.start, policy.end - timedelta(days=1)))
    if first <= year * 10000 + 101 and year * 10000 + 1231 <= last:
        return moved
    start = _ordinal(np.array([year * 10000 + 101], np.int32))[0]
    length = min((policy.end - policy.start).days, 365)
    days = np.array([int(f"{policy.start + timedelta(days=n):%Y%m%d}") for n in range(length)], np.int32)

    def move(column: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        return np.asarray(days[np.minimum((_ordinal(column) - start) * length // 366, length - 1)])

    return moved._replace(
        admission=move(claims.admission), discharge=move(claims.discharge), settlement=move(claims.settlement)
    )
