"""The rules of the policy for OpenFisca and for PolicyEngine, whose cores have one origin and so share the words below.

Both know persons, groups and periods; neither knows that a person's second claim of a year finds what the first used.
Two ways to say it, both within the engine's own means:

- `claims`: the claim is the engine's first entity, a person's benefit year the group around it. What is left of a
  yearly amount is found inside one formula that goes through the places of the group, as the engine's own `reduce`
  does: a variable of a claim can't ask itself of another claim.
- `days`: the person is the first entity; the k-th claim of a benefit year stands on the k-th day of that year. What was
  used is a variable of the day, made of that of the day before. Every person has as many places as the one with most
  claims.

All numbers come as parameters from YAML, which is written from `numbers.json`.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clock
import model
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Formula = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class Engine:
    """What is taken from an engine: its classes and functions, by the names that both cores give them."""

    variable: Any
    enum: Any
    enum_array: Any
    enum_type: Any
    build_entity: Any
    system: Any
    builder: Any
    day: Any
    year: Any


@dataclass(frozen=True)
class Variant:
    """One way to say the rules: as `claims` or `days`, and what departs from the engine's own ways.

    money: yuan in the engine's floats, or fen in its whole numbers; double: floats in 64 bits; indexed: numbers are
    found by an index into an array instead of by the engine's own look-up of parameters for many rows at once.
    """

    kind: str
    money: model.Money = model.YUAN
    double: bool = False
    indexed: bool = False


class Model:
    """The tax-benefit system of one engine, and the names of its variables."""

    def __init__(self, engine: Engine, numbers: Mapping[str, Any], folder: Path, variant: Variant) -> None:
        self.engine, self.numbers, self.variant = engine, numbers, variant
        self.kind, self.money = variant.kind, variant.money
        self.layers = [model.identifier(layer["name"]) for layer in numbers["layers"]]
        self.enums: dict[str, Any] = {}
        self._entities()
        self._facts()
        self._inputs()
        for number in range(len(self.layers)):
            self._layer(number)
        self._add("personal", self.claim, self._personal)
        self.system.load_parameters(str(write_parameters(numbers, folder, self.money)))
        if variant.double:
            double_precision(self.system)

    def _entities(self) -> None:
        build = self.engine.build_entity
        if self.kind == "claims":
            self.claim = build(key="claim", plural="claims", label="A claim", is_person=True)
            role = {"key": "settled", "plural": "settled_claims", "label": "Claims settled in the year"}
            self.person = build(key="benefit_year", plural="benefit_years", label="A person's year", roles=[role])
            self.system = self.engine.system([self.claim, self.person])
        else:
            self.claim = self.person = build(key="person", plural="persons", label="A person", is_person=True)
            self.system = self.engine.system([self.person])
        self.claim_period = self.engine.year if self.kind == "claims" else self.engine.day

    def _add(self, name: str, entity: Any, formula: Formula | None = None, **given: Any) -> None:
        """A variable of money, unless `given` says otherwise."""
        own = {
            "value_type": int if self.money.whole else float,
            "entity": entity,
            "definition_period": self.claim_period,
            "label": name,
            **given,
        }
        if formula is not None:
            own["formula"] = formula
        self.system.add_variable(type(name, (self.engine.variable,), own))

    def _facts(self) -> None:
        """An enumeration for each fact; of an age, for the ranges that the policy tells apart."""
        axes = {
            axis["fact"]: axis
            for layer in self.numbers["layers"]
            for table in (layer["deductible"], layer["rate"], layer["cap"])
            for axis in (table["axes"] if table else [])
        }
        for fact, axis in axes.items():
            names = [model.identifier(name) for name in axis["names"]]
            kind = self.enums[fact] = self.engine.enum(fact, [(name, name) for name in names])
            of_claim = fact == "grade"
            self._add(
                fact,
                self.claim if of_claim else self.person,
                value_type=self.engine.enum,
                possible_values=kind,
                default_value=kind[names[0]],
                definition_period=self.claim_period if of_claim else self.engine.year,
            )
        self.axes = axes

    def _inputs(self) -> None:
        self._add("in_scope", self.claim)
        self._add("total", self.claim)

    def _layer(self, number: int) -> None:
        """Variables of one layer: what it looks at, the deductible, its share, what it pays and leaves."""
        name, numbers = self.layers[number], self.numbers["layers"][number]
        due = numbers["deductible"]

        def base(claim: Any, period: Any, parameters: Any) -> Any:
            return claim(f"{self.layers[number - 1]}_left" if number else "in_scope", period)

        def deductible(claim: Any, period: Any, parameters: Any) -> Any:
            amount = self._look_up(claim, period, parameters(period)[name].deductible, due)
            cost = np.where(self._applies(claim, period, numbers["for"]), claim(f"{name}_base", period), 0)
            if due["period"] == "claim":
                return np.minimum(cost, amount)
            return self._take(claim, period, cost, amount, f"{name}_met")

        def share(claim: Any, period: Any, parameters: Any) -> Any:
            rate = self._look_up(claim, period, parameters(period)[name].rate, numbers["rate"])
            cost = claim(f"{name}_base", period)
            return self.money.share(cost - claim(f"{name}_deductible", period) if due else cost, rate)

        def paid(claim: Any, period: Any, parameters: Any) -> Any:
            cap = self._look_up(claim, period, parameters(period)[name].cap, numbers["cap"])
            applies = self._applies(claim, period, numbers["for"])
            return self._take(claim, period, np.where(applies, claim(f"{name}_share", period), 0), cap, f"{name}_used")

        def left(claim: Any, period: Any, parameters: Any) -> Any:
            return claim(f"{name}_base", period) - claim(f"{name}_paid", period)

        self._add(f"{name}_base", self.claim, base)
        self._add(f"{name}_share", self.claim, share)
        self._add(f"{name}_paid", self.claim, paid)
        self._add(f"{name}_left", self.claim, left)
        if due:
            self._add(f"{name}_deductible", self.claim, deductible)
        if self.kind == "days":
            self._add(f"{name}_used", self.claim, _day_after(f"{name}_used", f"{name}_paid"))
            if due and due["period"] == "year":
                self._add(f"{name}_met", self.claim, _day_after(f"{name}_met", f"{name}_deductible"))

    def _personal(self, claim: Any, period: Any, parameters: Any) -> Any:
        return claim("total", period) - sum(claim(f"{name}_paid", period) for name in self.layers)

    def _fact(self, claim: Any, period: Any, fact: str) -> Any:
        if fact == "grade":
            return claim(fact, period)
        return claim.benefit_year(fact, period) if self.kind == "claims" else claim(fact, period.this_year)

    def _look_up(self, claim: Any, period: Any, node: Any, table: Mapping[str, Any]) -> Any:
        found = [self._fact(claim, period, axis["fact"]) for axis in table["axes"]]
        if self.variant.indexed:
            names = [list(map(model.identifier, axis["names"])) for axis in table["axes"]]
            return _values(node, names)[tuple(np.asarray(one) for one in found)]
        for one in found:
            node = node[one]
        return node

    def _applies(self, claim: Any, period: Any, conditions: Mapping[str, list[str]]) -> Any:
        """Whether the claim meets the conditions of a layer: True where it has none."""
        met = True
        for fact, names in conditions.items():
            found, kind = self._fact(claim, period, fact), self.enums[fact]
            met = met & functools.reduce(operator.or_, (found == kind[model.identifier(name)] for name in names))
        return met

    def _take(self, claim: Any, period: Any, wanted: Array, amount: Array, used: str) -> Any:
        """As much of what is wanted as the year's amount leaves: `used` is the variable of the days before."""
        if self.kind == "days":
            return np.minimum(wanted, np.maximum(amount - claim(used, period), 0))
        years = claim.simulation.benefit_year
        place, year = years.members_position, years.members_entity_id
        taken, so_far = np.zeros(len(wanted)), np.zeros(years.count)
        for number in range(int(place.max()) + 1):
            at = np.flatnonzero(place == number)
            mine = year[at]
            taken[at] = np.minimum(wanted[at], np.maximum(amount[at] - so_far[mine], 0))
            so_far[mine] += taken[at]
        return taken


def _values(node: Any, names: list[list[str]]) -> Array:
    """The parameters below a node as an array with one axis for each list of names."""
    return np.array([_values(getattr(node, name), names[1:]) for name in names[0]] if names else node)


def _day_after(name: str, added: str) -> Formula:
    """What stood the day before and what that day added to it; 0 on the first day of a year."""

    def formula(person: Any, period: Any, parameters: Any) -> Any:
        if (period.start.month, period.start.day) == (1, 1):
            return person.empty_array()
        before = period.offset(-1)
        return person(name, before) + person(added, before)

    return formula


def write_parameters(numbers: Mapping[str, Any], folder: Path, money: model.Money) -> Path:
    """A file of parameters for each layer, in the engines' YAML. Returns the folder."""
    import yaml  # type: ignore[import-untyped]  # both engines bring it

    place = folder / f"parameters_{money.unit_fen}"
    place.mkdir(exist_ok=True)

    def tree(axes: list[Any], values: Any) -> dict[str, Any]:
        if not axes:
            return {"values": {numbers["from"]: {"value": model.number_of(values, money)}}}
        names = map(model.identifier, axes[0]["names"])
        return {name: tree(axes[1:], one) for name, one in zip(names, values, strict=True)}

    for layer in numbers["layers"]:
        tables = {name: layer[name] for name in ("deductible", "rate", "cap") if layer[name]}
        found = {name: tree(table["axes"], table["values"]) for name, table in tables.items()}
        text = yaml.safe_dump(found, sort_keys=False)
        (place / f"{model.identifier(layer['name'])}.yaml").write_text(text, encoding="utf-8")
    return place


def double_precision(system: Any) -> None:
    """Hold floats in 64 bits. No documented option: the type is an attribute of each variable, set after loading."""
    for variable in system.variables.values():
        if variable.value_type is float:
            variable.dtype = np.float64


def prepare(made: Model, columns: clock.Columns) -> clock.Work:
    """A simulation with its inputs set; what is timed is calculating each layer's payment and what the person bears."""
    order = model.sequence(columns)
    return _claims(made, columns, order) if made.kind == "claims" else _days(made, columns, order)


def _asked(made: Model) -> list[str]:
    return [*(f"{name}_paid" for name in made.layers), "personal"]


def _input(made: Model, name: str, columns: clock.Columns) -> Array:
    """A column as the engine takes it: money in its unit, a fact as the number in its enumeration."""
    if name in ("in_scope", "total"):
        return made.money.of_fen(columns[name])
    return model.codes(made.axes[name], columns)


def _set(made: Model, simulation: Any, name: str, period: str, values: Array) -> None:
    if name in made.enums:
        values = made.engine.enum_array(values.astype(made.engine.enum_type), made.enums[name])
    simulation.set_input(name, period, values)


def _claims(made: Model, columns: clock.Columns, order: model.Sequence) -> clock.Work:
    builder = made.engine.builder()
    builder.create_entities(made.system)
    rows = len(order.year)
    builder.declare_person_entity("claim", np.arange(rows))
    years = builder.declare_entity("benefit_year", np.arange(order.count))
    builder.join_with_persons(years, order.year, np.zeros(rows, np.int64))
    simulation = builder.build(made.system)
    period = made.numbers["from"][:4]
    first = np.flatnonzero(order.place == 0)
    for name in ("in_scope", "total", *made.enums):
        values = _input(made, name, columns)
        _set(made, simulation, name, period, values if name in ("in_scope", "total", "grade") else values[first])

    def work() -> list[Array]:
        return [simulation.calculate(name, period) for name in _asked(made)]

    return work, lambda found: made.money.in_fen(np.stack(found, axis=1))


def _days(made: Model, columns: clock.Columns, order: model.Sequence) -> clock.Work:
    persons, person = np.unique(columns["person"], return_inverse=True)
    simulation = made.engine.builder().build_default_simulation(made.system, len(persons))
    settled = order.settled_in[order.year]
    first = np.searchsorted(person, np.arange(len(persons)))
    days: dict[str, Array] = {}
    for year in np.unique(settled).tolist():
        for name in made.enums.keys() - {"grade"}:
            _set(made, simulation, name, str(year), _input(made, name, columns)[first])
        for place in range(int(order.place[settled == year].max()) + 1):
            day = str(np.datetime64(f"{year}-01-01") + place)
            at = days[day] = np.flatnonzero((settled == year) & (order.place == place))
            for name in ("in_scope", "total", "grade"):
                given = _input(made, name, columns)
                values = np.zeros(len(persons), given.dtype)
                values[person[at]] = given[at]
                _set(made, simulation, name, day, values)

    def work() -> list[list[Array]]:
        # in the order of the days: otherwise the engine asks day after day backwards and takes that for a circle
        return [[simulation.calculate(name, day) for name in _asked(made)] for day in days]

    def finish(found: list[list[Array]]) -> clock.Bills:
        bills = np.zeros((len(person), len(found[0])), np.int64)
        for at, results in zip(days.values(), found, strict=True):
            bills[at] = made.money.in_fen(np.stack([result[person[at]] for result in results], axis=1))
        return bills

    return work, finish


VARIANTS = {
    "claims": Variant("claims"),
    "claims-indexed": Variant("claims", indexed=True),
    "claims-64": Variant("claims", double=True),
    "claims-fen": Variant("claims", money=model.FEN),
    "days": Variant("days"),
    "days-indexed": Variant("days", indexed=True),
}


def make(engine: Engine, folder: Path, variant: str) -> clock.Prepare:
    made = Model(engine, model.read_numbers(folder), folder, VARIANTS[variant])
    return lambda columns: prepare(made, columns)
