"""Which facts a question must still state: those without which the policy has no answer for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from openyibao.policy.model import Fact, Policy
from openyibao.service.web import shelf
from openyibao.settlement import Claim, ClaimError, Uses
from openyibao.settlement.claim import FactValue

Facts = dict[str, FactValue]
MISSING = ("fact", "sub-part")


def needed(policy: Policy, missing: Collection[Fact], claims: Callable[[Facts], Sequence[Claim]]) -> list[str]:
    """Of some facts that nobody stated, those that decide; `claims` makes the claims with some of them stated.

    A fact is tried by leaving it out while all others have their first value.
    """
    if not missing or _settles(policy, claims({})):
        return []
    filled = {fact.name: _first(fact) for fact in missing}
    found = []
    for fact in missing:
        others = {name: value for name, value in filled.items() if name != fact.name}
        if not _settles(policy, claims(others)):
            found.append(fact.name)
    return found or [fact.name for fact in missing]


def _first(fact: Fact) -> FactValue:
    if fact.values:
        return fact.values[0]
    if fact.range is not None:
        return fact.range.low or 0
    return "any" if fact.kind == "any" else 0


def _settles(policy: Policy, claims: Sequence[Claim]) -> bool:
    """Whether no fact is missing: a value that the policy itself does not know is another matter."""
    rule, uses = shelf.rule(policy.id, len(policy.layers)), Uses()
    try:
        for claim in claims:
            _, uses = rule.settle(uses, claim)
    except ClaimError as error:
        return error.kind not in MISSING
    return True
