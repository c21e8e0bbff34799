"""Sums with the layer's own deductible, which only a floor may name: which they are, and what was special about one."""

from typing import Any

Turn = Any
OWN_DEDUCTIBLE = "this layer's deductible"
SPECIAL = tuple(
    f"floor by the own deductible, {what}"
    for what in (
        *("several deductibles", "no deductible", "one that a use had lessened", "at its annual maximum"),
        *("a stay in parts, not the last", "a stay in parts, the last", "from a table", "by a derived fact"),
        *("also in a layer above", "under a layer that does not apply", "over fixed or bands", "then a cap"),
        *("some of it given back", "of a sum of a sum"),
    )
)


def quantities_of(written: dict[str, Any]) -> list[str]:
    """All that a sum names, under `of` and under `less`."""
    lists = ([x] if isinstance(x, str) else x for x in (written["of"], written.get("less", [])))
    return [name for names in lists for name in names]


def with_own_deductible(policy: dict[str, Any]) -> set[str]:
    """The sums that only a floor may name."""
    return {name for name, its in policy.get("quantities", {}).items() if OWN_DEDUCTIBLE in quantities_of(its)}


def named_in(node: Any, sums: set[str]) -> set[str]:
    """Of these sums, those of which a value, or any answer of a table, is a share."""
    if isinstance(node, dict):
        return set().union(*(named_in(child, sums) for child in node.values()))
    return {str(node).partition(" of ")[2]} & sums


def notes(turn: Turn, b2: int, paid: int, floor: int) -> list[str]:
    """For the statistics, where the floor is what is paid before caps: what was special about the deductible in it."""
    forms = turn.forms.get("at least", frozenset())
    if OWN_DEDUCTIBLE not in forms:
        return []
    took = [rule for rule, fen in turn.taken.items() if fen]
    lessened = any(event.rule in took and "only the difference" in event.forms for event in turn.events)
    in_parts = turn.calendar.last_only and "deductible per claim" in turn.keys
    found = {
        "several deductibles": len(took) > 1,
        "no deductible": not turn.taken,
        "one that a use had lessened": lessened,
        "at its annual maximum": turn.at_maximum,
        "a stay in parts, not the last": in_parts and turn.calendar.on_hold,
        "a stay in parts, the last": in_parts and not turn.calendar.on_hold and "stay" in turn.desk.claim,
        "from a table": bool({"table over 1", "table over 2"} & forms),
        "by a derived fact": any(form.startswith("derived fact of ") for form in forms),
        "over fixed or bands": "pays" not in turn.keys,
        "of a sum of a sum": "sum of a sum" in forms,
        "then a cap": paid < floor,
        "some of it given back": paid > b2 and bool(took),
    }
    return [f"floor by the own deductible, {what}" for what in (*above(turn), *found) if found.get(what, True)]


def above(turn: Turn) -> set[str]:
    """Whether layers above have such a floor too, and applied or not."""
    policy, found = turn.desk.policy, set()
    sums = with_own_deductible(policy)
    for name, keys in (pair for item in policy["layers"] for pair in item.items()):
        if name == turn.name:
            break
        if named_in(keys.get("at least"), sums):
            applied = turn.desk.quantities[f"{name}'s applies"]
            found.add("also in a layer above" if applied else "under a layer that does not apply")
    return found
