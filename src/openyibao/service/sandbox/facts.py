"""Values for what a policy asks and no national code says: of persons, and of institutions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from openyibao.policy.model import Fact, Policy
from openyibao.service.settlements.claims import word
from openyibao.tables.names import code_words, empty_word

OF_THE_VISIT = ("service", "locality", "age", "days", "account balance")
"""Facts that the platform itself finds: from the kind of care, where it lies, birth, the stay, the account."""
OF_INSTITUTIONS = ("grade", "institution", "place of the visit")
BY_CODE = ("grade", "class", "status")


def asked(policies: Iterable[Policy]) -> dict[str, Fact]:
    """The facts that a law asks and a claim must state, by name; of several policies the values together."""
    from dataclasses import replace

    found: dict[str, Fact] = {}
    for fact in (fact for policy in policies for fact in policy.facts):
        if fact.kind in ("derived", "admission number") or fact.name in OF_THE_VISIT:
            continue
        known = found.get(fact.name)
        values = tuple(dict.fromkeys((*known.values, *fact.values))) if known else fact.values
        found[fact.name] = replace(known or fact, values=values)
    return found


def of_person(
    facts: Mapping[str, Fact], number: int, kind: str, identities: list[str], written: Mapping[str, Any]
) -> dict[str, Any]:
    """What a coverage states: what was written for the person where the policy knows it, else a value by turns.

    `number` counts the persons, so that all values of a policy occur; `identities` are the codes that hold today.
    """
    found: dict[str, Any] = {}
    for name, fact in facts.items():
        if name in OF_INSTITUTIONS or _follows(fact, kind, identities):
            continue
        value = written.get(name)
        known = value in fact.values if fact.values else value is not None
        found[name] = value if known else value_of(fact, number)
    return found


def _follows(fact: Fact, kind: str, identities: list[str]) -> bool:
    """Whether the national codes say it in words that the policy has."""
    if fact.name == "class":
        words = [word("class", code) for code in identities] or [empty_word("class")]
        return any(one in fact.values for one in words) or bool(identities and _national(fact))
    return fact.name == "status" and word("status", kind) in fact.values


def _national(fact: Fact) -> bool:
    """Whether a fact has any of the words that national codes have: then those decide, and a gap is the policy's."""
    words = {ours for _, ours in code_words(fact.name).values() if ours} - {empty_word(fact.name)}
    return bool(words & set(fact.values))


def value_of(fact: Fact, number: int) -> Any:
    """A value by turns: a word, a whole number within its range; of money nothing."""
    if fact.values:
        return fact.values[number % len(fact.values)]
    if fact.range is not None:
        low, high = fact.range.low or 0, fact.range.high or 0
        return low + number % (min(high - low, 4) + 1)
    return 0 if fact.kind in ("money", "signed money") else "sandbox"


def of_institution(facts: Mapping[str, Fact], number: int, grade: str, written: Mapping[str, Any]) -> dict[str, Any]:
    """What an institution states: its own words where the policy knows them, else by turns; grades by their rank."""
    found: dict[str, Any] = {}
    for name in OF_INSTITUTIONS:
        fact = facts.get(name)
        if fact is None:
            continue
        if name == "grade":
            if grade and not _national(fact):
                rank = ("primary", "secondary", "tertiary").index(word("grade", grade)) if _ranked(grade) else 0
                found[name] = fact.values[rank * (len(fact.values) - 1) // 2]
        else:
            value = written.get(name)
            found[name] = value if value in fact.values else value_of(fact, number)
    return found


def _ranked(grade: str) -> bool:
    return word("grade", grade) in ("primary", "secondary", "tertiary")


def missing(facts: Mapping[str, Fact], name: str, found: Iterable[Any], codes: Iterable[str] = ()) -> list[str]:
    """The values of a fact that nobody in the sandbox has yet, of those that no national code gives.

    `found` are the values that are stated, `codes` the words that follow from codes.
    """
    fact = facts.get(name)
    have = {*found, *codes}
    return [value for value in fact.values if value not in have] if fact else []
