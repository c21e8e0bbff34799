"""Worked examples: stated claims settled under a policy, by the grade of the hospital and by the class of person."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from openyibao.lint.measure import USUAL, VARIED
from openyibao.policy.model import Fact, Policy
from openyibao.settlement import Claim
from openyibao.settlement.bill import Bill
from openyibao.site.bench import Bench
from openyibao.site.words import example_costs

Facts = dict[str, str | int]
MOST_WAYS = 40
FEN = 100


@dataclass(frozen=True)
class Example:
    """One stated claim and its bill; None if there is none.

    `down_to` is the last layer that could be worked out, empty if all were.
    """

    value: str
    cost_fen: int
    claim: Claim
    bill: Bill | None
    down_to: str = ""


@dataclass(frozen=True)
class Examples:
    """Examples of one service that differ in one fact (`varied`: grade or class; empty: in none).

    `facts` are those that all have in common.
    """

    policy: Policy
    service: str
    varied: str
    facts: Facts
    day: date
    examples: tuple[Example, ...]


def examples_of(policy: Policy) -> list[Examples]:
    """The worked examples of a policy: for each service costs by grade; for inpatient care also classes of persons."""
    return Maker(policy).all()


class Maker:
    """Makes the examples of one policy, with all its layers or, where a value is not known, with the first."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.named = {fact.name: fact for fact in policy.facts}
        self.bench = Bench(policy)

    def all(self) -> list[Examples]:
        services = self.named["service"].values if "service" in self.named else ("",)
        found = [one for service in services for one in (self.by_grade(service), self.by_class(service))]
        return [one for one in found if one is not None]

    def by_grade(self, service: str) -> Examples | None:
        costs = example_costs()["costs"]
        amounts = [yuan * FEN for yuan in costs.get(service, costs["other"])]
        return self._best(service, "grade" if "grade" in self.named else "", amounts)

    def by_class(self, service: str) -> Examples | None:
        if service not in ("inpatient", "") or "class" not in self.named or len(self.named["class"].values) == 1:
            return None
        return self._best(service, "class", [example_costs()["by_class"]["cost"] * FEN])

    def _best(self, service: str, varied: str, amounts: list[int]) -> Examples | None:
        """The examples for which most can be worked out, and that show most; the most usual facts of equals."""
        found = [
            self._examples(facts, service, varied, amounts)
            for facts in itertools.islice(_ways(self.named, service, varied), MOST_WAYS)
        ]
        best = max(found, key=_score)
        return best if _score(best)[1] else None

    def _examples(self, facts: Facts, service: str, varied: str, amounts: list[int]) -> Examples:
        values = self.named[varied].values if varied else ("",)
        if varied == "class":
            values = tuple(sorted(values, key=lambda value: value != USUAL["class"]))
        found = [self._example(facts, varied, value, fen) for fen in amounts for value in values]
        return Examples(self.policy, service, varied, facts, self.policy.start, tuple(found))

    def _example(self, facts: Facts, varied: str, value: str, fen: int) -> Example:
        stated = {**facts, **({varied: value} if varied else {})}
        claim = self.bench.claim(stated, fen)
        whole = len(self.policy.layers)
        for count in range(whole, 0, -1):
            bill = self.bench.bill(claim, count)
            if bill is not None:
                return Example(value, fen, claim, bill, self.policy.layers[count - 1].name if count < whole else "")
        return Example(value, fen, claim, None)


def _score(found: Examples) -> tuple[int, int, int]:
    """How many are worked out with all layers, on how many somebody pays, how many differ."""
    bills = [one.bill for one in found.examples if one.bill]
    whole = sum(1 for one in found.examples if one.bill and not one.down_to)
    paid = sum(1 for bill in bills if bill.personal_fen < bill.claim.total_fen)
    return whole, paid, len({(one.cost_fen, one.bill.personal_fen) for one in found.examples if one.bill})


def _ways(named: dict[str, Fact], service: str, varied: str) -> Iterator[Facts]:
    """Facts to state, the most usual first: every value of those that may decide whether a bill can be made."""
    choices: dict[str, tuple[str | int, ...]] = {}
    for name, fact in named.items():
        if name == varied or fact.kind == "admission number":
            continue
        if name == "service":
            choices[name] = (service,)
        elif name == "grade":
            choices[name] = fact.values[::-1]
        else:
            choices[name] = _choices(name, fact)
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


def _choices(name: str, fact: Fact) -> tuple[str | int, ...]:
    usual = USUAL.get(name)
    if fact.kind == "any":
        return ("any",)
    if fact.kind in ("money", "signed money"):
        return (0,)
    if fact.range is not None:
        low, high = fact.range.low or 0, fact.range.high or 0
        return (min(max(int(usual or 0), low), high),)
    if name in VARIED or usual not in fact.values:
        return fact.values
    return (str(usual),)
