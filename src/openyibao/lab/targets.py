"""Target tables: published figures beside a population, each with its source, its rounding and its role.

A figure is a sum over claims or persons, or a ratio of two sums. Roles: `identity` (stated by the population file
itself, or following from other figures of the table), `fitted` (numbers of the file, or rates of a model policy, were
moved until it came out), `held out` (never looked at while fitting).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openyibao.lab.nodes import LabFileError, Node, check_grounds, read_node
from openyibao.lab.population import find_population

ROLES = ("identity", "fitted", "held out")
UNITS = {
    "%": 100.0,
    "persons": 1.0,
    "claims": 1.0,
    "yuan": 0.01,
    "days": 1.0,
    "per person": 1.0,
    "million yuan": 1e-8,
    "100m yuan": 1e-10,
    "10k persons": 1e-4,
    "10k claims": 1e-4,
}
"""Units, each with what a plain figure (a ratio, a count, fen) is multiplied with."""


@dataclass(frozen=True)
class Scenario:
    """Under what claims are settled: a policy, and costs as they are or divided.

    In another year than the policy's, days are moved into the policy's time in their order.
    """

    policy: str
    divide: float = 1.0


@dataclass(frozen=True)
class Target:
    """A published figure. `sum` over `over` less `less` (or the plain sum), of the claims or persons of `where`.

    `sum` may add quantities: `basic_insurance_paid + critical_illness_insurance_paid`.
    rounding: half of the last printed digit, in `unit`. moves: the number of the population file that is fitted.
    """

    name: str
    sum: str
    over: str | None
    less: str | None
    where: tuple[tuple[str, str], ...]
    scenario: Scenario
    value: float
    unit: str
    rounding: float
    role: str
    moves: str | None
    source: str
    note: str


@dataclass(frozen=True)
class GradeMix:
    """Which targets fix how many events each grade has: their number, what was paid, and the ratios paid over cost."""

    kind: str
    count: str
    paid: str
    ratio: str
    by_grade: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Targets:
    """The target table of a population."""

    population: str
    figures: tuple[Target, ...]
    mix: GradeMix | None

    def named(self, name: str) -> Target:
        return next(one for one in self.figures if one.name == name)

    def of(self, *roles: str) -> tuple[Target, ...]:
        return tuple(one for one in self.figures if one.role in roles)


def find_targets(population: str) -> Path:
    """The target table beside a population file: NAME-targets.yaml."""
    file = find_population(population)
    found = file.with_name(f"{file.stem}-targets.yaml")
    if not found.exists():
        raise LabFileError(f"population {population} has no target table; expected {found.name} beside it")
    return found


def read_targets(file: Path) -> Targets:
    """Raises LabFileError, naming file, line and key."""
    root = read_node(file)
    root.only(("targets", "population", "policy", "figures"), ("grade mix",))
    policy = root.at("policy").text()
    listed = root.at("figures")
    if not isinstance(listed.value, list):
        raise listed.wrong("a list of figures")
    marks: Any = listed.value
    figures = tuple(
        _target(Node(one, listed.file, ("figures", str(number)), marks.lc.item(number)[0] + 1), policy)
        for number, one in enumerate(listed.value)
    )
    names = [one.name for one in figures]
    for name in names:
        if names.count(name) > 1:
            raise listed.wrong(f"each figure once; {name!r} stands there {names.count(name)} times")
    mix = _mix(root.at("grade mix"), names) if "grade mix" in root else None
    return Targets(root.at("population").text(), figures, mix)


def _target(node: Node, policy: str) -> Target:
    node.only(("figure", "sum", "value", "unit", "rounding", "role"), ("over", "less", "where", "under", "moves"))
    check_grounds(node)
    role, unit = node.at("role").text(), node.at("unit").text()
    if role not in ROLES:
        raise node.at("role").wrong(", ".join(ROLES))
    if unit not in UNITS:
        raise node.at("unit").wrong(", ".join(UNITS))
    if "moves" in node and role != "fitted":
        raise node.at("moves").wrong("role: fitted where a number is moved")
    if "over" in node and node.at("over").text() == "persons" and "where" in node:
        for key, one in node.at("where"):
            if key not in ("kind", "grade"):
                raise one.wrong("kind or grade only: `over: persons` are all persons")
    scenario = Scenario(policy)
    if "under" in node:
        under = node.at("under")
        under.only(("policy",), ("costs divided by",))
        divide = under.at("costs divided by").number(0.1, 100) if "costs divided by" in under else 1.0
        scenario = Scenario(under.at("policy").text(), divide)
    return Target(
        name=node.at("figure").text(),
        sum=node.at("sum").text(),
        over=node.at("over").text() if "over" in node else None,
        less=node.at("less").text() if "less" in node else None,
        where=tuple((key, one.text()) for key, one in node.at("where")) if "where" in node else (),
        scenario=scenario,
        value=node.at("value").number(-1e15, 1e15),
        unit=unit,
        rounding=node.at("rounding").number(0, 1e12),
        role=role,
        moves=node.at("moves").text() if "moves" in node else None,
        source=node.at("source").text(),
        note=node.at("note").text() if "note" in node else "",
    )


def _mix(node: Node, names: Sequence[str]) -> GradeMix:
    node.only(("kind", "count", "paid", "ratio", "by grade"))
    for key in ("count", "paid", "ratio"):
        if node.at(key).text() not in names:
            raise node.at(key).wrong("the name of a figure of this table")
    by_grade = tuple((grade, one.text()) for grade, one in node.at("by grade"))
    for grade, name in by_grade:
        if name not in names:
            raise node.at("by grade").at(grade).wrong("the name of a figure of this table")
    texts = (node.at(key).text() for key in ("kind", "count", "paid", "ratio"))
    kind, count, paid, ratio = texts
    return GradeMix(kind, count, paid, ratio, by_grade)
