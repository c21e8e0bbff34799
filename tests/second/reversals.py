"""Reversals: what a claim added is taken back, if no later claim of the person read or changed it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from second import calculator
from second.ledger import Settled, reversed_uses, reversible

Claim = dict[str, Any]
Settle = Callable[[Any, Claim], tuple[Any, Settled | None, Any]]
"""Uses and claim in; uses, what was read and added (None if the claim failed), and the bill out."""


@dataclass(frozen=True)
class Tried:
    """The reversal of one claim: what it leaves, and what all others leave when they are settled without it."""

    claim: str
    allowed: bool
    taken_back: Any
    never: Any
    mattered: bool  # another claim has another bill without it


def by_calculator(policy: dict[str, Any], uses: Any, claim: Claim) -> tuple[Any, Any, Any]:
    answer = calculator.settle(policy, uses, claim)
    return answer.uses, answer.settled, answer.layers


def in_turn(settle: Settle, claims: Sequence[Claim]) -> tuple[dict[Any, Any], list[Settled | None], list[Any]]:
    """The uses after all claims, and of each what it read and added, and its bill."""
    uses: Any = {}
    settled, bills = [], []
    for claim in claims:
        uses, one, bill = settle(uses, claim)
        settled.append(one)
        bills.append(bill)
    return uses, settled, bills


def tried(settle: Settle, history: Sequence[Claim]) -> Iterator[Tried]:
    """Each claim of a history reversed, the others being settled. Claims that fail are left out."""
    done = in_turn(settle, history)[1]
    claims = [claim for claim, one in zip(history, done, strict=True) if one]
    uses, settled, bills = in_turn(settle, claims)
    for n, one in enumerate(settled):
        assert one
        never, _, others = in_turn(settle, [*claims[:n], *claims[n + 1 :]])
        allowed = reversible([found for found in settled if found], n)
        taken_back = reversed_uses(uses, one) if allowed else {}
        yield Tried(one.claim, allowed, taken_back, never, others != [*bills[:n], *bills[n + 1 :]])
