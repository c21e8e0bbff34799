"""Key values of a policy's layers, read off settled bills of a stated person, case by case."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from openyibao.lint.measure import LARGE_FEN, CannotTellError, Meter
from openyibao.policy.model import Layer, Policy, Words
from openyibao.site.bench import Bench
from openyibao.site.grid import Grid, lay_out

Facts = dict[str, str | int]
CASES = ("status", "tier", "class", "grade")
"""Facts whose values stand apart as cases; of the others the lowest and the highest value are told."""
FEWER = ((), ("tier",), ("tier", "status"))
"""Facts that no longer stand apart where the cases get too many."""
MOST_CASES = 12
ORDINARY = "ordinary"
LONG = ("year", "calendar year", "lifetime")


@dataclass(frozen=True)
class Span:
    """The lowest and the highest of what was found."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Measures:
    """What a layer grants in one case: deductibles by period, rates, fixed amounts, the cap of a year or longer.

    `cap` is None where there is none, `unlimited` where the policy says so. What is a share of a quantity of the claim
    has no amount of its own: such a deductible is None, such a cap `depends`.
    """

    deductibles: tuple[tuple[str, Span | None], ...]
    rate: Span | None
    fixed: Span | None
    cap: Span | None
    unlimited: bool
    depends: bool = False


class Measured:
    """Measures one policy on its first day."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.meter = Meter(policy, policy.start)
        self.bench = Bench(policy)

    def grid(self, layer: Layer) -> Grid:
        """The measures of a layer by its cases; what makes no difference is left out."""
        for together in FEWER:
            cases = self._cases(layer, together)
            found = {
                values: self.case(layer, dict(zip(cases, values, strict=True)))
                for values in itertools.product(*cases.values())
            }
            grid = lay_out(cases, found, lambda one: one, columns=False)
            if len(grid.lines) <= MOST_CASES:
                break
        return grid

    def _cases(self, layer: Layer, together: tuple[str, ...]) -> dict[str, list[Any]]:
        """The values of the facts that stand apart for a layer; the ordinary person comes first."""
        limits = self._limits(layer)
        known = {fact.name: fact for fact in self.policy.facts}
        out: dict[str, list[Any]] = {}
        for name in CASES:
            if name in known and known[name].values and name not in together:
                values = [value for value in known[name].values if value in limits.get(name, known[name].values)]
                out[name] = sorted(values, key=lambda value: value != ORDINARY)
        return out

    def case(
        self, layer: Layer, values: Mapping[str, str], asked: Mapping[str, tuple[str, ...]] | None = None
    ) -> Measures | None:
        """The measures of one case over all that else may make a difference; None where no bill can be made."""
        wanted = self._limits(layer) | dict(asked or {}) | {name: (value,) for name, value in values.items()}
        known = {fact.name: fact for fact in self.policy.facts}
        wanted = {name: of for name, of in wanted.items() if name in known and known[name].kind == "words"}
        try:
            bills = [self._bill(layer, facts) for facts in self.meter.ways(wanted)]
        except CannotTellError:
            return None
        return _together([bill for bill in bills if bill is not None])

    def _limits(self, layer: Layer) -> dict[str, tuple[str, ...]]:
        return {one.fact: one.key.values for one in layer.conditions if isinstance(one.key, Words)}

    def _bill(self, layer: Layer, facts: Facts) -> Any | None:
        facts = dict(facts)
        for one in layer.conditions:
            if not isinstance(one.key, Words) and one.fact in facts:
                low, high, value = one.key.low, one.key.high, facts[one.fact]
                if isinstance(value, int):
                    facts[one.fact] = max(value, low) if low is not None else value
                    facts[one.fact] = min(int(facts[one.fact]), high) if high is not None else facts[one.fact]
        count = self.policy.layers.index(layer) + 1
        bill = self.bench.bill(self.bench.claim(facts, LARGE_FEN), count)
        found = bill.data()["layers"][-1] if bill else None
        return found if found and found["applies"] else None


def _together(layers: list[Any]) -> Measures | None:
    if not layers:
        return None
    caps = [cap for one in layers for cap in one["caps"] if cap["period"] in LONG]
    bound = [cap["amount"]["fen"] for cap in caps if cap["amount"]["kind"] != "no limit"]
    depends = any(cap["amount"]["share_of"] for cap in caps)
    periods = dict.fromkeys(
        step["period"] for one in layers for step in one["reductions"] if step["kind"] == "deductible"
    )
    return Measures(
        deductibles=tuple((period, _deductible(layers, period)) for period in periods),
        rate=_span(rate for one in layers for rate in _rates(one)),
        fixed=_span(
            Fraction(one["reimbursement"]["amount"]["fen"])
            for one in layers
            if one["reimbursement"]["kind"] == "fixed" and one["reimbursement"]["amount"]["fen"] is not None
        ),
        cap=None if depends else _span(Fraction(fen) for fen in bound),
        unlimited=bool(caps) and not bound and not any(cap["amount"]["assumption"] for cap in caps),
        depends=depends,
    )


def _deductible(layers: list[Any], period: str) -> Span | None:
    steps = [step for one in layers for step in one["reductions"] if step["kind"] == "deductible"]
    if any(step["amount"]["share_of"] for step in steps if step["period"] == period):
        return None
    sums = [
        sum(
            (
                Fraction(step["amount"]["fen"] or 0)
                for step in one["reductions"]
                if step["kind"] == "deductible" and step["period"] == period
            ),
            Fraction(0),
        )
        for one in layers
    ]
    return Span(min(sums), max(sums))


def _rates(layer: Any) -> list[Fraction]:
    paid = layer["reimbursement"]
    answers = [band["rate"] for band in paid["bands"]] if paid["kind"] == "bands" else [paid.get("rate")]
    return [
        Fraction(answer["final"]["numerator"], answer["final"]["denominator"])
        for answer in answers
        if answer and answer["final"]
    ]


def _span(found: Iterable[Fraction]) -> Span | None:
    values = list(found)
    return Span(min(values), max(values)) if values else None
