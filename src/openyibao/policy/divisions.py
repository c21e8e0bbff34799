"""Reading the sub-parts of a part of the claim: which money facts they are, and which fee lines belong to each."""

from __future__ import annotations

from openyibao.policy.basis import Scope
from openyibao.policy.claim_parts import Division, SubPart
from openyibao.policy.facts import MAX_NUMBER
from openyibao.policy.keys import read_key
from openyibao.policy.messages import say
from openyibao.policy.model import Condition, Fact, Range, Words
from openyibao.policy.nodes import Mapping, Node, Sequence, Text
from openyibao.policy.reading import Fields, Reading, describe, join

CLAIM_PARTS = ("fully self-paid cost", "over-limit cost", "pre-self-paid cost", "in-scope cost")
CLASS_A, CLASS_B, CLASS_C = CLASSES = ("class A", "class B", "class C")
KINDS = (
    *("drug", "herbal pieces", "herbal granules", "ethnic-minority medicine", "hospital preparation"),
    *("medical service", "medical consumable", "long-term care service", "other item"),
)
"""The kinds of items of a catalogue."""
ITEM, CLASS, KIND, DAYS_BEFORE = "item", "catalogue class", "kind", "days before admission"
LINE_FACTS = {
    CLASS: Fact(CLASS, CLASSES),
    KIND: Fact(KIND, KINDS),
    ITEM: Fact(ITEM, (), None, "any"),
    DAYS_BEFORE: Fact(DAYS_BEFORE, (), Range(0, MAX_NUMBER), "number"),
}
"""What may be asked of a fee line."""


def read_divisions(reading: Reading, fields: Fields, scope: Scope) -> tuple[Division, ...]:
    """The divided parts of a claim; each sub-part is a fact of its own that is money."""
    if "divided parts" not in fields:
        return ()
    seen: set[str] = set()
    inner = reading.fields(fields["divided parts"][1], "divided parts", (), CLAIM_PARTS)
    found = []
    for part, (_, node) in inner.items():
        into = _read_parts(reading, node, join("divided parts", part), scope)
        for one in into:
            if one.name in seen:
                what = say("the sub-part {name} twice", name=reading.named(one.name))
                reading.problem(node.place, join("divided parts", part), what, say("every sub-part once"))
            seen.add(one.name)
        found.append(Division(part, tuple(into)))
    return tuple(found)


def _read_parts(reading: Reading, node: Node, path: str, scope: Scope) -> list[SubPart]:
    entries: list[tuple[Node, Node | None]] = []
    if isinstance(node, Mapping):
        entries = [(key, value) for key, value in node]
    elif isinstance(node, Sequence):
        entries = [(item, None) for item in node.items]
    if len(entries) < 2:
        reading.problem(node.place, path, describe(node), say("two sub-parts or more"))
        return []
    parts = []
    for number, (key, value) in enumerate(entries, 1):
        name = _name(reading, key, path, scope)
        is_last = number == len(entries)
        lines = None if value is None else _read_lines(reading, value, join(path, name), is_last=is_last)
        if name:
            parts.append(SubPart(name, lines))
    return parts


def _name(reading: Reading, key: Node, path: str, scope: Scope) -> str:
    name = reading.english(reading.text(key, path, say("the name of a sub-part")))
    if name and name not in scope.money and name not in reading.blamed and scope.has_facts:
        expected = say("a fact that is money ({words})", words=reading.some(sorted(scope.money)))
        reading.unknown(key, path, expected, scope.money, say("Declare it under `facts`, as money."))
        return ""
    return name


def _read_lines(reading: Reading, node: Node, path: str, *, is_last: bool) -> tuple[Condition, ...]:
    """The conditions on a line; none for all that are left."""
    if isinstance(node, Text) and reading.english(node.value) == "otherwise":
        if not is_last:
            todo = say("Move it to the end.")
            reading.problem(node.place, path, say("`otherwise` before the last sub-part"), say("it in the last"), todo)
        return ()
    inner = reading.fields(node, path, (), tuple(LINE_FACTS))
    if isinstance(node, Mapping) and not node.items:
        todo = say("Write `otherwise` for all lines that are left.")
        reading.problem(node.place, path, say("no condition"), say("at least one condition on a line"), todo)
    conditions = []
    for name, (_, value) in inner.items():
        key = _read_key(reading, value, join(path, name), LINE_FACTS[name])
        if key is not None:
            conditions.append(Condition(name, key))
    return tuple(conditions)


def _read_key(reading: Reading, node: Node, path: str, fact: Fact) -> Words | Range | None:
    expected = say("values of {name}", name=reading.word(fact.name))
    items = (node,) if isinstance(node, Text) else reading.items(node, path, expected)
    if fact.range is not None and len(items) != 1:
        reading.problem(node.place, path, describe(node), say("one range of {name}", name=reading.word(fact.name)))
        return None
    values: list[str] = []
    for item in items:
        if fact.kind == "any":
            values.append(reading.text(item, path, expected))
            continue
        if fact.values:
            values.append(reading.choice(item, path, fact.values))
            continue
        key = read_key(reading, item, path, fact) if isinstance(item, Text) else None
        if isinstance(key, Range):
            return key
        if key is not None or not isinstance(item, Text):
            reading.problem(item.place, path, describe(item), expected)
    return Words(tuple(dict.fromkeys(values))) if values else None
