"""The parts of a claim, some of them divided into sub-parts, which claims state among their facts."""

from collections.abc import Iterator
from typing import Any

from second.periods import of_policy

CLAIM_PARTS = ("in-scope cost", "pre-self-paid cost", "over-limit cost", "fully self-paid cost")
OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")

Part = tuple[str, str]  # (layer, open part), or ("", part or sub-part of the claim)


@of_policy
def divided(policy: dict[str, Any]) -> dict[str, list[str]]:
    """The sub-parts of each part that has some, in the order declared."""
    return {part: list(names) for part, names in policy.get("divided parts", {}).items()}


@of_policy
def sub_parts(policy: dict[str, Any]) -> frozenset[str]:
    return frozenset(name for names in divided(policy).values() for name in names)


@of_policy
def places(policy: dict[str, Any]) -> list[str]:
    """The parts of the claim, a divided one as its sub-parts."""
    return [name for part in CLAIM_PARTS for name in divided(policy).get(part, [part])]


def quantities(policy: dict[str, Any], claim: dict[str, Any]) -> dict[str, int]:
    """The total, the parts and the sub-parts as they came in."""
    money = {part: claim["money"].get(part, 0) for part in ("total cost", *CLAIM_PARTS)}
    return money | {name: claim["facts"][name] for name in sub_parts(policy)}


def with_none(policy: dict[str, Any], claim: dict[str, Any]) -> dict[str, Any]:
    """A claim that gathers: it has none of the sub-parts that it does not state."""
    return claim | {"facts": dict.fromkeys(sub_parts(policy), 0) | claim["facts"]}


def problems(policy: dict[str, Any], claim: dict[str, Any]) -> list[str]:
    """A claim needs all sub-parts; those of a part add up to it."""
    found = []
    for part, names in divided(policy).items():
        stated = [claim["facts"].get(name) for name in names]
        if None in stated:
            found.append("sub-part")
        elif sum(stated) != claim["money"].get(part, 0):
            found.append("division")
    return found


def terms(policy: dict[str, Any], keys: dict[str, Any]) -> Iterator[tuple[str, list[Part], Any]]:
    """Each term of a layer's `of`: as written, the parts it names, and its share (100 % without one)."""
    written = keys["of"]
    for item in written if isinstance(written, list) else [written]:
        name, share = (item["take"], item.get("share", "100%")) if isinstance(item, dict) else (item, "100%")
        yield name, named(policy, name), share


def named(policy: dict[str, Any], name: str) -> list[Part]:
    if name.startswith("left of "):
        return [(name.removeprefix("left of "), part) for part in OPEN_PARTS]
    if name in CLAIM_PARTS or name in sub_parts(policy):
        return [("", its) for its in divided(policy).get(name, [name])]
    owner, _, part = name.partition("'s ")
    return [(owner, part)]
