"""Facts of a claim as a policy sees them: which of several values holds and counts, and the number it stands for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from openyibao.policy.model import Fact, Policy
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.settlement.claim import Claim, FactValue
from openyibao.settlement.lowering import MISSING, MISSING_MONEY, UNKNOWN, UNKNOWN_MONEY


class TwoValuesError(Exception):
    """A fact for which a claim states two values at once, without an order between them."""

    def __init__(self, fact: str, values: tuple[str, ...]) -> None:
        self.fact, self.values = fact, values
        super().__init__(f"{fact}: {', '.join(values)}")


def held(fact: Fact, claim: Claim) -> FactValue | None:
    """The one value of a fact that counts for a claim; None where it states none that holds.

    Raises TwoValuesError where two hold at once and the policy does not say which counts.
    """
    value = claim.facts.get(fact.name)
    if not isinstance(value, tuple):
        return value
    day: date | None = getattr(claim, fact.as_of)
    now = [
        item.value
        for item in value
        if (item.start is None and item.end is None)
        or (day is not None and (item.start is None or item.start <= day) and (item.end is None or day < item.end))
    ]
    found = tuple(dict.fromkeys(now))
    if fact.order and len(found) > 1:
        known = sorted((name for name in found if name in fact.values), key=fact.values.index)
        return known[0] if known else found[0]
    if len(found) > 1:
        raise TwoValuesError(fact.name, found)
    return found[0] if found else None


def held_facts(policy: Policy, claim: Claim) -> dict[str, FactValue]:
    """The facts of a claim, each with the value that counts."""
    facts = dict(claim.facts)
    for fact in policy.facts:
        value = held(fact, claim)
        if value is None:
            facts.pop(fact.name, None)
        else:
            facts[fact.name] = value
    return facts


def encoder(fact: Fact) -> Callable[[FactValue | None], int]:
    """From a fact of a claim to its number: missing if the claim lacks it, unknown if the policy does not have it."""
    if fact.kind in ("money", "signed money"):
        return _money_encoder(0 if fact.kind == "money" else -MAX_AMOUNT_FEN)
    if fact.kind == "any":
        return lambda value: MISSING if value is None else 0 if isinstance(value, str) and value else UNKNOWN
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


def _money_encoder(low: int) -> Callable[[FactValue | None], int]:
    def money(value: FactValue | None) -> int:
        if value is None:
            return MISSING_MONEY
        return value if type(value) is int and low <= value <= MAX_AMOUNT_FEN else UNKNOWN_MONEY

    return money
