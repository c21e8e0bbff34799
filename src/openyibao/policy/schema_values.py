"""Schemas of mappings and values for editors: what holds of one key, of a value, of a table over facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openyibao.policy import schema_patterns as patterns
from openyibao.policy.schema_keys import keys_of, says
from openyibao.policy.schema_patterns import both, whole
from openyibao.policy.tables import AMOUNT, EXPECTED, LIMIT, MONTH_DAY, MULTIPLE, POINTS, RATE, REASONS
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.policy.vocabulary import language

Obj = dict[str, Any]
FEN = 100
YUAN: Obj = {"type": ["string", "number"], "minimum": 0, "maximum": MAX_AMOUNT_FEN // FEN}
SCALARS: dict[str, Obj] = {
    AMOUNT: {**YUAN, "pattern": whole(patterns.AMOUNT), "not": {"enum": both("no limit")}},
    LIMIT: {**YUAN, "pattern": whole(patterns.AMOUNT)},
    RATE: {"type": "string", "pattern": whole(patterns.RATE)},
    POINTS: {"type": "string", "pattern": whole(patterns.POINTS)},
    MULTIPLE: {"type": "string", "pattern": whole(patterns.MULTIPLE, patterns.NOT_KNOWN)},
    MONTH_DAY: {"type": "string", "pattern": whole(patterns.month_day())},
}
BOUNDS: dict[str, tuple[str, Obj]] = {  # beside which values `least` and `most` may stand, and what they are
    AMOUNT: (whole(patterns.SHARE), {**YUAN, "pattern": whole(patterns.PLAIN)}),
    LIMIT: (whole(patterns.SHARE), {**YUAN, "pattern": whole(patterns.PLAIN)}),
    RATE: (whole(patterns.LINE), {"type": "string", "pattern": whole(patterns.RATIO)}),
}
VALUE_WORDS = {word for fact in language().facts.values() for word in fact.values}
NO_VALUES = [word for word in language().words if word not in VALUE_WORDS | {"otherwise"}]


def ref(name: str) -> Obj:
    return {"$ref": f"#/definitions/{name.replace(' ', '-')}"}


def text(pattern: str, error: str = "", **more: Any) -> Obj:
    """A text of a pattern; what an editor says of another one."""
    said = {"patternErrorMessage": f"Expected {error}."} if error else {}
    return {"type": "string", "pattern": pattern, **said, **more}


def choice(*words: str) -> Obj:
    """One of some words, in either language."""
    return {"type": "string", "enum": both(*words)}


def has(*keys: str) -> Obj:
    """That one of these keys stands there, in either language."""
    return {"anyOf": [{"required": [word]} for word in both(*keys)]}


def is_mapping(condition: Obj) -> Obj:
    return {"type": "object", **condition}


def properties(kind: str, values: Mapping[str, Obj]) -> Obj:
    """Keys in both languages, each with what an editor says of it."""
    return {
        word: {"description": says(kind, key, lang), **value}
        for key, value in values.items()
        for lang, word in zip(("en", "zh"), both(key), strict=True)
    }


def once(*keys: str) -> list[Obj]:
    """That none of these keys stands in both languages."""
    return [{"not": {"required": both(key)}} for key in keys]


def exactly(*keys: str) -> Obj:
    """That exactly one of these keys stands there, in one language."""
    return {"oneOf": [{"required": [word]} for word in both(*keys)]}


def needs(key: str, condition: Obj) -> Obj:
    """What must hold beside a key, in whichever language it stands."""
    return {"dependencies": dict.fromkeys(both(key), condition)}


def closed(kind: str, values: Mapping[str, Obj], *rules: Obj, without: tuple[str, ...] = ()) -> Obj:
    """A mapping as the reader asks for it: its keys and no others, each once, and what else must hold.

    Raises KeyError when the reader asks for a key that `values` does not have.
    """
    keys = keys_of(kind)
    assert set(values) <= set(keys.all), f"{kind}: {sorted(set(values) - set(keys.all))}"
    return {
        "type": "object",
        "properties": properties(kind, {key: values[key] for key in keys.all if key not in without}),
        "additionalProperties": False,
        "allOf": [*map(exactly, keys.required), *once(*(key for key in keys.optional if key not in without)), *rules],
    }


def scalar(kind: str, *types: str) -> Obj:
    """A value that stands alone, or something of another type."""
    own = SCALARS[kind]
    listed = own["type"] if isinstance(own["type"], list) else [own["type"]]
    return {**own, "type": [*listed, *types] if types else own["type"], "patternErrorMessage": expected(kind)}


def expected(kind: str) -> str:
    return f"Expected {EXPECTED[kind].en}."


def leaf_values(kind: str) -> dict[str, Obj]:
    """What stands under the keys of a value that has more to say."""
    bounds = dict.fromkeys(("least", "most"), ref(f"{kind} bound")) if kind in BOUNDS else {}
    texts = {**dict.fromkeys(REASONS, ref("bilingual")), "basis": ref("basis"), "assumption": ref("bilingual")}
    return {"is": ref(kind), **bounds, **texts}


def leaf_rules(kind: str) -> list[Obj]:
    rules = [exactly("is", *REASONS)]
    if kind in BOUNDS:
        beside = {"properties": dict.fromkeys(both("is"), ref(f"bounded {kind}"))}
        rules += [needs(name, beside) for name in ("least", "most")]
    return rules


def kind_of_value(kind: str) -> dict[str, Obj]:
    """The definitions for a kind of value: alone, with more to say, inside a table; its bounds."""
    without = () if kind in BOUNDS else ("least", "most")
    found = {
        kind: scalar(kind),
        f"{kind} leaf": closed("leaf", leaf_values(kind), *leaf_rules(kind), without=without),
        f"{kind} level": level(kind),
    }
    if kind in BOUNDS:
        pattern, bound = BOUNDS[kind]
        found |= {f"bounded {kind}": text(pattern, "a share of a quantity, or a line"), f"{kind} bound": bound}
    return found


def level(kind: str) -> Obj:
    """What stands inside a table: a value, or a table over the next fact."""
    inner = {"additionalProperties": ref(f"{kind} level"), "propertyNames": ref("table key"), "minProperties": 1}
    condition = is_mapping(has("is", *REASONS))
    return {**scalar(kind, "object"), "if": condition, "then": ref(f"{kind} leaf"), "else": inner}


def table(kind: str, beside: str = "", extras: Mapping[str, Obj] | None = None, *rules: Obj) -> Obj:
    """A value, alone or with more to say, or a table over facts; with `extras`, the keys that may stand beside."""
    extras = extras or {}
    tables = {"by": ref("facts of a table"), "basis": ref("basis"), "note": ref("bilingual")}
    tables["otherwise"] = ref(f"{kind} level")
    own = leaf_values(kind)
    in_table, in_leaf = both(*tables, *extras), both(*own, *extras)
    inside = {
        "properties": dict.fromkeys(in_table, True),
        "additionalProperties": ref(f"{kind} level"),
        "propertyNames": {"anyOf": [{"enum": in_table}, ref("table key")]},
        "allOf": [*once(*tables, *extras), *rules],
    }
    alone = {
        "properties": dict.fromkeys(in_leaf, True),
        "additionalProperties": False,
        "allOf": [*leaf_rules(kind), *once(*own, *extras), *rules],
    }
    return {
        **scalar(kind, "object"),
        "properties": {**properties("table", tables), **properties("leaf", own), **properties(beside, extras)},
        "if": is_mapping(has("by")),
        "then": inside,
        "else": {"if": {"type": "object"}, "then": alone},
    }
