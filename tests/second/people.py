"""Facts of a claim: the value that counts of several, and the number of an admission."""

from datetime import date
from typing import Any

from second.periods import day_of

Claim = dict[str, Any]


def held(given: Any, day: date | None) -> list[str]:
    """The names that hold on the day; without one, dated values do not hold."""
    items = given if isinstance(given, list) else [given]
    found = []
    for item in items:
        if not isinstance(item, dict):
            found.append(item)
        elif day is None:
            found += [] if {"from", "before"} & set(item) else [item["is"]]
        elif item.get("from", "") <= day.isoformat() < item.get("before", "9999-99-99"):
            found.append(item["is"])
    return list(dict.fromkeys(found))


def form_of(declared: Any) -> dict[str, Any] | None:
    """The declaration of a fact with named values; a plain list is the same as `values`."""
    return declared if isinstance(declared, dict) else {"values": declared} if isinstance(declared, list) else None


def names_of(declared: dict[str, Any], given: Any, claim: Claim, off: frozenset[str]) -> list[str]:
    """The names that an identity has on the day which the policy names."""
    if "dated values" in off:
        given = [item["is"] if isinstance(item, dict) else item for item in given] if isinstance(given, list) else given
    word = "settlement" if "as of" in off else declared.get("as of", "settlement")
    if word == "enrolment" and "enrolment" not in claim:
        return held(given, None)
    return held(given, day_of(claim, word))


def two_at_once(policy: dict[str, Any], claim: Claim, off: frozenset[str]) -> bool:
    """Whether an identity without an order has two values."""
    for name, declared in policy["facts"].items():
        form, given = form_of(declared), claim["facts"].get(name)
        if form and "values" in form and isinstance(given, list) and len(names_of(form, given, claim, off)) > 1:
            return True
    return False


def identity(declared: dict[str, Any], given: Any, claim: Claim, off: frozenset[str]) -> tuple[str | None, set[str]]:
    """The name that counts, or None; and, for the statistics, what there was to decide."""
    found = names_of(declared, given, claim, off)
    told = {"dated values"} if isinstance(given, list) and any(isinstance(item, dict) for item in given) else set()
    told |= {"as of"} if told and declared.get("as of", "settlement") != "settlement" else set()
    known = [name for name in declared.get("order", declared.get("values", ())) if name in found]
    told |= {"order"} if len(known) > 1 else set()
    told |= {"name passed over"} if known and len(known) < len(found) else set()
    if not known:
        return None, told
    return known[-1 if "order" in off else 0], told


def admission(entries: tuple[Any, ...], episode: str, inpatient: bool) -> tuple[int, bool]:
    """The number of an admission, and whether it is new. An entry is (claim, episode, number)."""
    for _, its, number in entries:
        if its == episode:
            return number, False
    return len(entries) + inpatient, inpatient
