"""Settling stated claims under the first layers of a policy, so that a gap further down does not matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from openyibao.lint.measure import first_layers
from openyibao.policy.derived import layers_of, looks_at
from openyibao.policy.model import Policy
from openyibao.settlement import Claim, ClaimError, Rule, Uses
from openyibao.settlement.bill import Bill

YEARS_INSURED = 5


class Bench:
    """Settles claims of a person without history on the first day of one policy; compiled rules are kept."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._stated = {fact.name for fact in policy.facts if fact.kind != "admission number"}
        self._rules: dict[int, Rule] = {}

    def claim(self, facts: Mapping[str, str | int], in_scope_fen: int) -> Claim:
        """The claim: admitted, discharged and settled on the first day, insured for some years."""
        day = self.policy.start
        insured = date(day.year - YEARS_INSURED, day.month, 1)
        stated = {name: value for name, value in facts.items() if name in self._stated}
        return Claim("example", "example", day, day, day, in_scope_fen, facts=stated, enrolment=insured)

    def bill(self, claim: Claim, layers: int) -> Bill | None:
        """The bill by the first so many layers; None where it cannot be settled."""
        if layers not in self._rules:
            self._rules[layers] = Rule(first_part(self.policy, layers))
        try:
            return self._rules[layers].settle(Uses(), claim)[0]
        except ClaimError:
            return None


def first_part(policy: Policy, count: int) -> Policy:
    """The policy with its first layers, and of sums and derived facts what one of these may use."""
    if count == len(policy.layers):
        return policy
    part = first_layers(policy, count)
    last = part.layers[-1].name
    sums = tuple(one for one in part.quantities if last not in layers_of((None, one.name), part.quantities))
    derived = tuple(one for one in part.derived if last not in looks_at(one, part.quantities))
    return replace(part, quantities=sums, derived=derived)
