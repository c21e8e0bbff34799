"""The policies that a question can be asked about, read and compiled once in a process."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from openyibao.policy import find_policy, policy_ids, read_policy
from openyibao.policy.model import Policy
from openyibao.policy.vocabulary import Vocabulary
from openyibao.service.web.words import Words
from openyibao.settlement import Rule
from openyibao.site.bench import first_part
from openyibao.site.library import NO_PLACE, Library, library_of
from openyibao.site.words import first

MEDICAL_ASSISTANCE = "medical assistance fund"


@cache
def library() -> Library:
    """All policies of the collection. Takes seconds the first time."""
    return library_of(read_policy(find_policy(name)) for name in policy_ids())


@cache
def _by_id() -> dict[str, Policy]:
    return {policy.id: policy for policy in library().policies}


def policy(name: str) -> Policy | None:
    return _by_id().get(name)


@cache
def rule(name: str, layers: int) -> Rule:
    """A policy of the collection compiled, with its first so many layers."""
    return Rule(first_part(_by_id()[name], layers))


def offers(t: Words) -> list[tuple[str, list[tuple[str, str]]]]:
    """Where and how one may be insured, by province: (province, [(value, label)]). A value is `500000.resident`."""
    found: dict[str, list[tuple[str, str]]] = {}
    for shelf in library().all_shelves():
        place = t("ask.example") if shelf.region.startswith(NO_PLACE) else t.province(shelf.region)
        scheme = first(Vocabulary().say(shelf.scheme, t.lang))
        label = f"{t.place(shelf.region)}{'　' if t.lang == 'zh' else ': '}{scheme}"
        found.setdefault(place, []).append((f"{shelf.region}.{shelf.scheme}", label))
    return list(found.items())


def shelf_of(value: str) -> tuple[Policy, ...]:
    """The policies of a value of `offers`, the newest first; none where there is no such value."""
    region, _, scheme = value.partition(".")
    return next((one.policies for one in library().shelves(region) if one.scheme == scheme), ())


def on_day(policies: tuple[Policy, ...], day: date) -> tuple[Policy, ...]:
    """Those in force on a day; the first is the plain one of several."""
    return tuple(one for one in policies if one.start <= day < one.end)


def usual_day(policies: tuple[Policy, ...], today: date) -> date:
    """The day to assume where none is said: today, or the last one that the newest policy covers."""
    if on_day(policies, today):
        return today
    newest = policies[0]
    return newest.end - timedelta(days=1) if newest.end <= today else newest.start


def last_day(one: Policy) -> date:
    """The last day on which a policy is in force."""
    return one.end - timedelta(days=1)


def only_assists(one: Policy) -> bool:
    """Whether a file holds medical assistance only, which looks at what insurance before it has left."""
    return all(layer.payer == MEDICAL_ASSISTANCE for layer in one.layers)
