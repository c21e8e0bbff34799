"""Measuring a policy: stated claims are settled under it, and what is asked is read off their bills."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from openyibao.lint.national import Probe, national_words
from openyibao.policy.derived import layers_of, looks_at
from openyibao.policy.divisions import CLAIM_PARTS
from openyibao.policy.model import Basis, Cell, Fact, Policy
from openyibao.policy.problems import Place
from openyibao.settlement import Claim, ClaimError, Rule, Uses
from openyibao.settlement.bill import Bill
from openyibao.settlement.bill_answers import Answers
from openyibao.settlement.layer_plan import LayerPlan
from openyibao.settlement.lowering import TablePlan

USUAL: dict[str, str | int] = {
    "service": "inpatient",
    "class": "ordinary",
    "locality": "local",
    "status": "active",
    "age": 40,
    "days": 10,
    "items": 0,
    "account balance": 0,
    "cap addition": 0,
    "continuous enrolment years": 0,
    "zero-claim years": 0,
    "lapsed years": 0,
    "back-paid years": 0,
}
"""What a claim states where a rule says nothing else: an adult of 40, at work, an ordinary stay of ten days at home."""
VARIED = ("grade", "tier", "district", "status", "disease", "institution", "item group")
"""Facts of which every value is tried, so that the worst one is found."""
COSTS_FEN = (100_000_000, 5_000_000, 500_000, 100_000)
"""What a stated claim costs in scope: the first of these with which it can be settled."""
LARGE_FEN = COSTS_FEN[0]
MOST_CLAIMS = 600
MONTHS, MOST_MONTHS = 12, 36
"""How long after enrolment somebody is looked for whose waiting period is over."""
FIRST_DAYS = 28
"""Days that every month has."""
CLAIM_QUANTITIES = {"total cost", *CLAIM_PARTS}


class CannotTellError(Exception):
    """What is asked cannot be read off a bill; both texts say what is missing."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


@dataclass(frozen=True)
class Measured:
    """A value of a policy for some facts: fen or a ratio (None: no cap), where it stands, and on what it rests.

    `silent` names the layers that state nothing of the kind: no cap stated is not the same as a cap of `no limit`.
    """

    value: Fraction | None
    facts: tuple[tuple[str, str | int], ...]
    place: Place
    basis: Basis | None
    silent: tuple[str, ...] = ()


class Meter:
    """Settles stated claims under one policy on one day."""

    def __init__(self, policy: Policy, day: date) -> None:
        self.policy, self.day = policy, day
        self.known = {fact.name: fact for fact in policy.facts}
        self._rules: dict[int, Rule] = {}
        self._bills: dict[tuple[object, ...], Bill | CannotTellError] = {}

    def said(self, asked: Mapping[str, str | int]) -> dict[str, str | int]:
        """Facts as a rule says them; `most` and `least` of a number are the ends of its range."""
        found = dict(asked)
        for name, value in asked.items():
            span = self.known[name].range if name in self.known else None
            if span is not None and value in ("most", "least"):
                found[name] = (span.high if value == "most" else span.low) or 0
        return found

    def ways(self, asked: Mapping[str, tuple[str | int, ...]]) -> Iterator[dict[str, str | int]]:
        """The facts of the claims to settle: those a rule asks, and every value of those that may make a difference.

        Raises CannotTellError where the policy does not tell apart what the rule speaks of.
        """
        choices: dict[str, tuple[str | int, ...]] = {}
        for name, fact in self.known.items():
            said = dict.fromkeys(self.said({name: value})[name] for value in asked.get(name, ()))
            values = tuple(value for value in said if _has(fact, value))
            if name in asked and not values:
                lacking = self.words(tuple(map(str, asked[name])))
                raise CannotTellError(f"政策未区分{lacking[0]}", f"the policy does not know {lacking[1]}")
            choices[name] = values or self._choices(fact)
        for name in asked:
            if name not in self.known and tuple(asked[name]) != (USUAL.get(name),):
                lacking = self.words((name,))
                raise CannotTellError(f"政策不询问{lacking[0]}", f"the policy does not ask the {lacking[1]}")
        combinations = itertools.product(*choices.values())
        for combination in itertools.islice(combinations, MOST_CLAIMS):
            yield dict(zip(choices, combination, strict=True))

    def words(self, names: tuple[str, ...]) -> tuple[str, str]:
        from openyibao.policy.vocabulary import Vocabulary

        say, own = Vocabulary(self.policy.words), national_words()
        return "、".join(own.get(name) or say.chinese(name) for name in names), ", ".join(names)

    def _choices(self, fact: Fact) -> tuple[str | int, ...]:
        if fact.kind == "any":
            return ("any",)
        if fact.kind == "admission number":
            return (0,)
        if fact.name in VARIED and fact.values:
            return fact.values
        usual = USUAL.get(fact.name)
        if fact.range is not None:
            low, high = fact.range.low or 0, fact.range.high or 0
            return (min(max(int(usual or 0), low), high),)
        if fact.kind in ("money", "signed money"):
            return (0,)
        return (usual,) if usual in fact.values else fact.values[:1]

    def bill(
        self, facts: Mapping[str, str | int], cost_fen: int, layers: tuple[str, ...], enrolled: date | None = None
    ) -> Bill:
        """One claim of a person without history, settled by the policy down to the last of some layers.

        The person enrolled on that day where no other is given. What stands further down is left out: a gap there
        does not matter. Raises CannotTellError where the claim cannot be settled.
        """
        names = [layer.name for layer in self.policy.layers]
        count = max((names.index(name) + 1 for name in layers if name in names), default=0)
        if not set(layers) <= set(names):
            lacking = self.words(tuple(name for name in layers if name not in names))
            raise CannotTellError(f"政策没有“{lacking[0]}”", f"the policy has no {lacking[1]}")
        enrolled = enrolled or self.day
        key = (count, cost_fen, enrolled, *facts.items())
        if key not in self._bills:
            self._bills[key] = self._settled(facts, cost_fen, count, enrolled)
        found = self._bills[key]
        if isinstance(found, CannotTellError):
            raise found
        return found

    def _settled(
        self, facts: Mapping[str, str | int], cost_fen: int, count: int, enrolled: date
    ) -> Bill | CannotTellError:
        if count not in self._rules:
            self._rules[count] = Rule(first_layers(self.policy, count))
        stated = {name: value for name, value in facts.items() if self.known[name].kind != "admission number"}
        claim = Claim("lint", "lint", self.day, self.day, self.day, cost_fen, facts=stated, enrolment=enrolled)
        try:
            return self._rules[count].settle(Uses(), claim)[0]
        except ClaimError as error:
            return CannotTellError(error.why.zh, error.why.en)

    def largest(self, facts: Mapping[str, str | int], layers: tuple[str, ...], enrolled: date | None = None) -> Bill:
        """The claim with the largest cost that can be settled: a layer above may have no values for a large one."""
        try:
            return self.bill(facts, LARGE_FEN, layers, enrolled)
        except CannotTellError as error:
            try:
                smallest = self.bill(facts, COSTS_FEN[-1], layers, enrolled)
            except CannotTellError:
                raise error from None  # whatever it costs
        for cost_fen in COSTS_FEN[1:-1]:
            with contextlib.suppress(CannotTellError):
                return self.bill(facts, cost_fen, layers, enrolled)
        return smallest

    def best_of(self, what: str, payer: str, facts: dict[str, str | int]) -> Measured:
        """The value for one combination of facts in the layer of a payer that gives most."""
        names = tuple(layer.name for layer in self.policy.layers if layer.payer == payer)
        if not names:
            said = self.words((payer,))
            raise CannotTellError(f"没有由“{said[0]}”支付的层次", f"no layer is paid by the {said[1]}")
        found = []
        for name in names:
            try:
                found.append(self.measure(what, (name,), facts))
            except CannotTellError as error:
                last = error
        if not found:
            raise last
        return max(found, key=lambda one: one.value or 0)

    def measure(self, what: str, layers: tuple[str, ...], facts: dict[str, str | int]) -> Measured:
        """One value for one combination of facts."""
        bill = self.largest(facts, layers)
        plans = [plan for plan in bill.plan.layers if plan.layer.name in layers and bill.named[plan.applies]]
        if {plan.layer.name for plan in plans} != set(layers):
            lacking = self.words(tuple(name for name in layers if name not in {plan.layer.name for plan in plans}))
            raise CannotTellError(f"没有适用的“{lacking[0]}”", f"no {lacking[1]} applies")
        say = Answers(bill)
        found = [READERS[what](say, plan) for plan in plans]
        values = [value for value, _ in found]
        total = None if None in values else sum((value for value in values if value is not None), Fraction(0))
        cell = next((cell for _, cell in found if cell is not None), None)
        place = cell.place if cell is not None and cell.place.line else plans[0].layer.place
        basis = (cell.basis if cell is not None else None) or plans[0].layer.basis
        silent = [plan.layer.name for plan, one in zip(plans, found, strict=True) if one == (None, None)]
        return Measured(total, tuple(facts.items()), place, basis, tuple(silent))

    def share_paid(self, layers: tuple[str, ...], facts: dict[str, str | int], probes: tuple[Probe, ...]) -> Measured:
        """What some layers pay of the cost in scope of all stated claims together."""
        found = [self._paid(layers, facts, probe) for probe in probes]
        mine = next(layer for layer in self.policy.layers if layer.name in layers)
        share = Fraction(sum(found), sum(probe.cost_fen for probe in probes))
        own = {name for probe in probes for name in probe.facts}  # these differ between the stated claims
        return Measured(share, tuple((n, v) for n, v in facts.items() if n not in own), mine.place, mine.basis)

    def _paid(self, layers: tuple[str, ...], facts: dict[str, str | int], probe: Probe) -> int:
        """What some layers pay of a stated claim, in fen. Raises CannotTellError where none of them applies."""
        stated = facts | {name: value for name, value in probe.facts.items() if name in self.known}
        bill = self.bill(stated, probe.cost_fen, layers)
        mine = [plan for plan in bill.plan.layers if plan.layer.name in layers and bill.named[plan.applies]]
        if not mine:
            lacking = self.words(layers)
            raise CannotTellError(f"没有适用的“{lacking[0]}”", f"no {lacking[1]} applies")
        return sum(bill.named[plan.paid] for plan in mine)

    def waiting_period(self, layers: tuple[str, ...], facts: dict[str, str | int]) -> Measured:
        """After how many full months of enrolment some layers first pay anything."""
        for months in range(MOST_MONTHS + 1):
            bill = self.largest(facts, layers, self._months_ago(months))
            mine = [plan for plan in bill.plan.layers if plan.layer.name in layers]
            if any(bill.named[plan.paid] for plan in mine):
                asked = {condition.fact for plan in mine for condition in plan.layer.conditions}
                rules = [one for one in self.policy.derived if one.name in asked and one.of == "months since enrolment"]
                rule = rules[0] if rules else mine[0].layer
                return Measured(Fraction(months), tuple(facts.items()), rule.place, rule.basis)
        raise CannotTellError(
            f"参保后{MOST_MONTHS}个月内没有支付", f"nothing is paid within {MOST_MONTHS} months of enrolment"
        )

    def _months_ago(self, months: int) -> date:
        """A day so many full months before the day of the claims."""
        month = self.day.year * MONTHS + self.day.month - 1 - months
        return date(month // MONTHS, month % MONTHS + 1, min(self.day.day, FIRST_DAYS))

    def counts_deductibles(self, layer: str, facts: dict[str, str | int]) -> Measured:
        """Whether a layer looks at what the deductibles of the layers above took: 1 or 0."""
        bill = self.largest(facts, (layer,))
        plan = next((p for p in bill.plan.layers if p.layer.name == layer and bill.named[p.applies]), None)
        if plan is None:
            said = self.words((layer,))
            raise CannotTellError(f"没有适用的“{said[0]}”", f"no {said[1]} applies")
        above = list(itertools.takewhile(lambda p: p is not plan, bill.plan.layers))
        taken = {p.layer.name for p in above if bill.named[p.applies] and bill.named.get(p.parts.get("deductible", ""))}
        # what a layer between has taken in is a part of its own, and reaches this one as what that layer left
        seen = {take.layer for take in plan.takes} | {t.layer for p in above for t in p.takes if t.part == "deductible"}
        return Measured(Fraction(int(taken <= seen)), tuple(facts.items()), plan.layer.place, plan.layer.basis)


def _has(fact: Fact, value: str | int) -> bool:
    """Whether a policy tells a value of a fact apart."""
    if fact.range is not None:
        return isinstance(value, int) and (fact.range.low or 0) <= value <= (fact.range.high or 0)
    return value in fact.values or fact.kind == "any"


def first_layers(policy: Policy, count: int) -> Policy:
    """The policy with its first layers only, and of sums and derived facts what these can still work out."""
    kept = {layer.name for layer in policy.layers[:count]}
    sums = tuple(one for one in policy.quantities if set(layers_of((None, one.name), policy.quantities)) <= kept)
    known = {one.name for one in sums}
    derived = tuple(
        one
        for one in policy.derived
        if (one.paid_by is None or one.paid_by in kept)
        and looks_at(one, policy.quantities) <= kept
        and (one.quantity is None or one.quantity[0] is not None or one.quantity[1] in known | CLAIM_QUANTITIES)
    )
    return replace(policy, layers=policy.layers[:count], quantities=sums, derived=derived)


def _amount(say: Answers, table: TablePlan) -> tuple[Fraction, Cell]:
    return Fraction(say.named[table.value_name]), say.cell(table)


def _deductible(say: Answers, plan: LayerPlan) -> tuple[Fraction | None, Cell | None]:
    found = [_amount(say, step.table) for step in plan.steps if step.kind == "deductible"]
    return sum((value for value, _ in found), Fraction(0)), found[0][1] if found else None


def _rate(say: Answers, plan: LayerPlan) -> tuple[Fraction | None, Cell | None]:
    """The rate, the lowest one of bands."""
    tables = [plan.rate] if plan.rate else [band.rate for band in plan.bands]
    if not tables:
        raise CannotTellError("该层按定额支付，没有比例", "the layer pays fixed amounts and has no rate")
    below = [table.denominator if plan.rate else plan.denominator for table in tables]
    rates = [
        (Fraction(say.named[table.result], bottom), say.cell(table))
        for table, bottom in zip(tables, below, strict=True)
    ]
    return min(rates, key=lambda found: found[0])


def _rate_after_pre_pay(say: Answers, plan: LayerPlan) -> tuple[Fraction | None, Cell | None]:
    """What the layer pays of a further yuan: the rate of what pre-pay leaves over."""
    rate, cell = _rate(say, plan)
    for step in plan.steps:
        if step.kind == "pre-pay" and rate is not None:
            rate *= 1 - Fraction(say.named[step.table.result], step.table.denominator)
    return rate, cell


def _cap(say: Answers, plan: LayerPlan) -> tuple[Fraction | None, Cell | None]:
    """The least cap of a year or longer; None where there is none."""
    caps = [cap for cap in plan.caps if cap.period in ("year", "calendar year", "lifetime")]
    found = [(say.named[cap.left], say.cell(cap.table)) for cap in caps]
    bound = [(Fraction(fen), cell) for fen, cell in found if fen < 10**15]
    return min(bound, key=lambda one: one[0]) if bound else (None, found[0][1] if found else None)


READERS = {
    "deductible": _deductible,
    "rate": _rate,
    "rate after pre-pay": _rate_after_pre_pay,
    "cap": _cap,
    "caps together": _cap,
}
