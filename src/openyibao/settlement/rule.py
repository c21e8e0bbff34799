"""A policy compiled: one claim in, a checked bill out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from openyibao.policy.model import Policy
from openyibao.settlement.bill import Bill
from openyibao.settlement.bounds import largest_number
from openyibao.settlement.carry import carried, earn
from openyibao.settlement.claim import Claim, FactValue, UseKey, Uses
from openyibao.settlement.emit import claim_text
from openyibao.settlement.facts import TwoValuesError, encoder, held_facts
from openyibao.settlement.faults import claim_error, two_values_error
from openyibao.settlement.gather import cleared, gathered, peek
from openyibao.settlement.lowering import MISSING, UNKNOWN, UNKNOWN_MONEY
from openyibao.settlement.program import Plan, plan_policy


class Touched(dict[UseKey, int]):
    """Uses that remember which of them were asked for while a claim was settled."""

    def __init__(self, values: Mapping[UseKey, int]) -> None:
        super().__init__(values)
        self.read: set[UseKey] = set()

    def get(self, key: UseKey, default: int = 0) -> int:  # type: ignore[override]
        self.read.add(key)
        return super().get(key, default)


class Rule:
    """A policy that can settle claims. Making one takes milliseconds; keep it for many claims."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.plan: Plan = plan_policy(policy)
        self.largest_number = largest_number(self.plan.program)
        self.text = claim_text(self.plan.program, f"{policy.id}: {policy.title.en}")
        space: dict[str, Any] = {one.__name__: one for one in (carried, earn, gathered, cleared, peek)}
        exec(compile(self.text, f"<policy {policy.id}>", "exec"), space)
        self.function = space["settle_claim"]
        program = self.plan.program
        by_name = {self.plan.low.fact_name(fact.name): fact for fact in policy.facts}
        self._asks = tuple(_asks(policy, name) for name in program.inputs if name not in by_name)
        self._facts = tuple((by_name[n].name, encoder(by_name[n])) for n in program.inputs if n in by_name)
        self._names = tuple(operator.attrgetter(name) for name in program.texts)
        self._keyed = tuple(by_name[name] for name in program.keyed)

    def settle(self, uses: Uses, claim: Claim) -> tuple[Bill, Uses]:
        """Settle one claim of a person who has used `uses` so far.

        Returns the checked bill and the uses after it. Raises ClaimError when the claim lacks a fact, meets a gap
        of the policy, or does not add up; the uses are then as before.
        """
        used = dict(uses.values)
        return self._bill(claim, used, uses), Uses.settled(used)

    def settle_touching(self, uses: Uses, claim: Claim) -> tuple[Bill, Uses, frozenset[UseKey]]:
        """The same, and the keys of all uses that the claim read, whether or not it changed them."""
        used = Touched(uses.values)
        return self._bill(claim, used, uses), Uses.settled(used), frozenset(used.read)

    def _bill(self, claim: Claim, used: dict[UseKey, int], before: Uses) -> Bill:
        facts = claim.facts
        codes = [encode(facts.get(name)) for name, encode in self._facts]
        if UNKNOWN in codes or UNKNOWN_MONEY in codes:  # perhaps several values, or values with times
            facts = self._held(claim)
            codes = [encode(facts.get(name)) for name, encode in self._facts]
        values = self.function(
            *[ask(claim) for ask in self._asks],
            *codes,
            *[name(claim) for name in self._names],
            *[facts.get(fact.name, "") for fact in self._keyed],
            used,
        )
        if values[0]:
            raise claim_error(self.plan, claim, values[0], values[1])
        return Bill(self.plan, claim, values[1:], before.values)

    def _held(self, claim: Claim) -> Mapping[str, FactValue]:
        try:
            return held_facts(self.policy, claim)
        except TwoValuesError as error:
            raise two_values_error(self.policy, claim, error) from None


def _asks(policy: Policy, name: str) -> Callable[[Claim], int]:
    """What a program input is of a claim: money in fen, a date as yyyymmdd."""
    dates = {"rule_date": policy.rule_date, "year_date": policy.year_date, "period_date": policy.period_date}
    if name in dates:
        day = operator.attrgetter(dates[name])
        if dates[name] == "charge":
            return lambda claim: day_number(claim.charge or claim.discharge)
        return lambda claim: day_number(day(claim))
    if name in ("admission", "discharge"):
        when = operator.attrgetter(name)
        return lambda claim: day_number(when(claim))
    if name == "enrolment":
        return lambda claim: day_number(claim.enrolment) if claim.enrolment else MISSING
    if name == "last_of_stay":
        return lambda claim: int(claim.last_of_stay)
    return operator.attrgetter(f"{name}_fen")


def settle(policy: Policy, uses: Uses, claim: Claim) -> tuple[Bill, Uses]:
    """Settle one claim under a policy: see `Rule.settle`. The compiled policy is kept for the next call.

    >>> from datetime import date
    >>> from openyibao.policy import find_policy, read_policy
    >>> policy = read_policy(find_policy("xx-district/resident-2013"))
    >>> day = date(2013, 5, 20)
    >>> claim = Claim("1", "A", day, day, day, in_scope_fen=500_000, fully_self_paid_fen=20_000,
    ...               facts={"service": "inpatient", "grade": "secondary", "tier": "cat 1"})
    >>> bill, uses = settle(policy, Uses(), claim)
    >>> bill.paid_fen, bill.personal_fen  # (5000 - 300) x 60 %
    (282000, 238000)
    >>> uses.of("basic insurance / at most per year", 2013)
    282000
    """
    kept = _rules.get(id(policy))
    if kept is None or kept[0] is not policy:
        kept = _rules[id(policy)] = (policy, Rule(policy))
        while len(_rules) > KEPT_RULES:
            _rules.pop(next(iter(_rules)))
    return kept[1].settle(uses, claim)


KEPT_RULES = 32
_rules: dict[int, tuple[Policy, Rule]] = {}
"""The policies settled last, by identity: one that is equal but stands in another file keeps its own lines."""


def day_number(day: date) -> int:
    """A date as yyyymmdd, the form in which both compiled forms take it."""
    return day.year * 10000 + day.month * 100 + day.day
