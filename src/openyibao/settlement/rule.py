"""A policy compiled: one claim in, a checked bill out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from openyibao.policy.model import Fact, Policy
from openyibao.settlement.bill import Bill
from openyibao.settlement.bounds import largest_number
from openyibao.settlement.claim import Claim, FactValue, UseKey, Uses
from openyibao.settlement.emit import claim_text
from openyibao.settlement.faults import claim_error
from openyibao.settlement.program import Plan, plan_policy

MISSING, UNKNOWN = -1, -2


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
        space: dict[str, Callable[..., tuple[int, ...]]] = {}
        exec(compile(self.text, f"<policy {policy.id}>", "exec"), space)
        self.function = space["settle_claim"]
        self._facts = tuple((fact.name, encoder(fact)) for fact in policy.facts)
        self._rule_date, self._year_date = policy.rule_date, policy.year_date

    def settle(self, uses: Uses, claim: Claim) -> tuple[Bill, Uses]:
        """Settle one claim of a person who has used `uses` so far.

        Returns the checked bill and the uses after it. Raises ClaimError when the claim lacks a fact, meets a gap
        of the policy, or does not add up; the uses are then as before.
        """
        used = dict(uses.values)
        return self._bill(claim, used), Uses(used)

    def settle_touching(self, uses: Uses, claim: Claim) -> tuple[Bill, Uses, frozenset[UseKey]]:
        """The same, and the keys of all uses that the claim read, whether or not it changed them."""
        used = Touched(uses.values)
        return self._bill(claim, used), Uses(used), frozenset(used.read)

    def _bill(self, claim: Claim, used: dict[UseKey, int]) -> Bill:
        facts = claim.facts
        values = self.function(
            day_number(getattr(claim, self._rule_date)),
            day_number(getattr(claim, self._year_date)),
            claim.total_fen,
            claim.fully_self_paid_fen,
            claim.over_limit_fen,
            claim.pre_self_paid_fen,
            claim.in_scope_fen,
            *[encode(facts.get(name)) for name, encode in self._facts],
            used,
        )
        if values[0]:
            raise claim_error(self.plan, claim, values[0], values[1])
        return Bill(self.plan, claim, values[1:])


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


def encoder(fact: Fact) -> Callable[[FactValue | None], int]:
    """From a fact of a claim to its number: MISSING if the claim lacks it, UNKNOWN if the policy does not have it."""
    if fact.range is not None:
        low, high = fact.range.low or 0, fact.range.high or 0

        def number(value: FactValue | None) -> int:
            if value is None:
                return MISSING
            return value if type(value) is int and low <= value <= high else UNKNOWN

        return number
    codes = {value: n for n, value in enumerate(fact.values)}

    def code(value: FactValue | None) -> int:
        return MISSING if value is None else codes.get(value, UNKNOWN)  # type: ignore[arg-type]

    return code
