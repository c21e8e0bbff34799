"""The answer to a question: its claims settled one after the other, as plain bills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openyibao.compare.settle import CannotAnswerError, claims_of
from openyibao.policy.model import Bilingual, Policy
from openyibao.service.web import shelf
from openyibao.service.web.question import Asked
from openyibao.service.web.unknown import reason
from openyibao.service.web.words import Words
from openyibao.settlement import Bill, Claim, ClaimError, Uses
from openyibao.settlement.bill_text import has_rule

Data = dict[str, Any]
GAPS = ("gap", "refused")
"""Why a claim cannot be settled down to the last layer, where the first ones have an answer."""


@dataclass(frozen=True)
class Answer:
    """Bills of a year in their order. `whole`: the question is about all of them, else about the last.

    `down_to` names the last layer that could be worked out, where a value further down is not known (`why`).
    """

    policy: Policy
    bills: tuple[Bill, ...]
    claims: tuple[Claim, ...]
    whole: bool
    down_to: str = ""
    why: ClaimError | None = None

    @property
    def asked(self) -> tuple[Bill, ...]:
        return self.bills if self.whole else self.bills[-1:]

    @property
    def asked_claims(self) -> tuple[Claim, ...]:
        return self.claims if self.whole else self.claims[-1:]

    @property
    def total_fen(self) -> int:
        return sum(bill.claim.total_fen for bill in self.asked)

    @property
    def personal_fen(self) -> int:
        return sum(bill.personal_fen for bill in self.asked)

    def data(self) -> list[Data]:
        return [bill.data() for bill in self.bills]


class NoAnswerError(Exception):
    """The question cannot be answered; `why` says it, or the claim that cannot be settled."""

    def __init__(self, why: Bilingual | ClaimError) -> None:
        self.why = why
        super().__init__(why.text.en if isinstance(why, ClaimError) else why.en)

    def told(self, t: Words) -> str:
        """Why, in a sentence."""
        return reason(self.why, t) if isinstance(self.why, ClaimError) else t.pick(self.why)


def claims_for(asked: Asked) -> tuple[Claim, ...]:
    """The claims of a question. Raises NoAnswerError where a standard case does not fit the policy."""
    if asked.patient is None or asked.policy is None:
        return asked.claims
    try:
        return tuple(claims_of(asked.patient, asked.policy, asked.stated))
    except CannotAnswerError as error:
        raise NoAnswerError(error.text) from None


def answer(policy: Policy, claims: Sequence[Claim], *, whole: bool) -> Answer:
    """Settle the claims of one person, as far down as the policy's values are known. Raises NoAnswerError."""
    count = len(policy.layers)
    why: ClaimError | None = None
    for layers in range(count, 0, -1):
        try:
            bills = settled(policy, claims, layers)
        except ClaimError as error:
            why = why or error
            if error.kind not in GAPS:
                break
            continue
        if layers < count and not any(has_rule(bill.data()) for bill in bills):
            continue  # nothing that is known says anything about these claims
        down_to = policy.layers[layers - 1].name if layers < count else ""
        return Answer(policy, bills, tuple(claims), whole, down_to, why)
    assert why is not None
    raise NoAnswerError(why)


def settled(policy: Policy, claims: Sequence[Claim], layers: int) -> tuple[Bill, ...]:
    """The bills of claims by the first so many layers. Raises ClaimError."""
    rule, uses, bills = shelf.rule(policy.id, layers), Uses(), []
    for claim in claims:
        bill, uses = rule.settle(uses, claim)
        bills.append(bill)
    return tuple(bills)
