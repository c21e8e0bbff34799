"""What would change the answer: the same bills settled with one fact altered."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openyibao.policy.model import Fact
from openyibao.service.web.answer import Answer, NoAnswerError
from openyibao.service.web.answer import answer as settle_as_far
from openyibao.service.web.asked import OF_PERSON
from openyibao.service.web.question import slug
from openyibao.service.web.words import Words
from openyibao.settlement import Claim
from openyibao.site.say import Say
from openyibao.site.words import first

ASKED = ("grade", "institution", "place of the visit", "locality", "class", "tier")
"""Facts of which people ask what another value would mean."""


@dataclass(frozen=True)
class Other:
    """Another value of a fact: what the person would pay. `less_fen` is what that is less than now (negative: more).

    `personal_fen` is None where the policy has no answer, and `at_most` that where a layer further down has none: `why`
    says so. `change` alters the address.
    """

    value: str
    personal_fen: int | None
    less_fen: int
    why: str
    at_most: bool
    now: bool
    change: tuple[str, str]


@dataclass(frozen=True)
class Change:
    fact: str
    others: tuple[Other, ...]


def changes(answer: Answer, t: Words) -> list[Change]:
    """The facts that make a difference, each with all values, from the least borne to the most."""
    say, found = Say(answer.policy, t), []
    for fact in answer.policy.facts:
        if fact.name in ASKED and len(fact.values) > 1 and all(fact.name in one.facts for one in answer.claims):
            others = [_other(answer, fact, value, say, t) for value in fact.values]
            if any(one.less_fen or one.personal_fen is None for one in others):
                others.sort(key=lambda one: (one.personal_fen is None, one.personal_fen or 0, not one.now))
                found.append(Change(first(say.word(fact.name)), tuple(others)))
    return found


def _other(answer: Answer, fact: Fact, value: str, say: Say, t: Words) -> Other:
    claims = [_altered(claim, fact.name, value) if _concerns(answer, claim, fact) else claim for claim in answer.claims]
    now = all(claim.facts[fact.name] == value for claim in answer.asked_claims)
    change = (f"f-{slug(fact.name)}", slug(value))
    label = first(say.word(value))
    try:
        found = settle_as_far(answer.policy, claims, whole=answer.whole)
    except NoAnswerError as error:
        return Other(label, None, 0, error.told(t), False, now, change)
    partly = bool(found.down_to)
    why = t("show.at_most_why", layer=first(say.word(_next(found)))) if partly else ""
    return Other(label, found.personal_fen, answer.personal_fen - found.personal_fen, why, partly, now, change)


def _next(found: Answer) -> str:
    """The first layer whose values are not known."""
    names = [layer.name for layer in found.policy.layers]
    return names[names.index(found.down_to) + 1]


def _concerns(answer: Answer, claim: Claim, fact: Fact) -> bool:
    """Whether another value holds for a bill: a fact of the person for all bills, one of the visit for this one."""
    return answer.whole or fact.name in OF_PERSON or claim is answer.claims[-1]


def _altered(claim: Claim, fact: str, value: str) -> Claim:
    return replace(claim, facts={**claim.facts, fact: value})
