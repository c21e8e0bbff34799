"""Reading values and tables over facts: amounts, ratios, gaps, keys that must neither overlap nor leave a hole."""

from __future__ import annotations

from dataclasses import dataclass, field

from openyibao.policy.model import (
    NOT_IDENTIFIED,
    AmountOf,
    Basis,
    Bilingual,
    Cell,
    Fact,
    Key,
    Money,
    NoLimit,
    NotKnown,
    Otherwise,
    Range,
    Ratio,
    Table,
    Value,
    Words,
)
from openyibao.policy.nodes import Mapping, Node, Text
from openyibao.policy.reading import Reading, describe, did_you_mean, join, some
from openyibao.policy.values import MAX_AMOUNT_FEN, MAX_DENOMINATOR, parse_fen, parse_ratio, yuan
from openyibao.policy.vocabulary import AND_OVER, FROM_TO, SHARE_OF, UNDER, split_list

AMOUNT, LIMIT, RATE = "amount", "limit", "rate"
EXPECTED = {
    AMOUNT: "an amount in yuan such as 300 or 8450.50, or a named amount such as `50% of critical line`",
    LIMIT: "an amount in yuan such as 80000, a named amount, or `no limit`",
    RATE: "a ratio from 0% to 100% such as 70%",
}
TABLE_KEYS = ("by", "basis", "note")
LEAF_KEYS = ("is", "not known", "basis", "assumption")


@dataclass
class Scope:
    """What values and tables may refer to: the facts, amounts and documents the policy declares."""

    facts: dict[str, Fact] = field(default_factory=dict)
    amounts: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)


def read_value(reading: Reading, node: Text, path: str, kind: str, scope: Scope) -> Value:
    """The value a text stands for; after a problem, a value of the right kind."""
    text = reading.english(node.value)
    if text == "not known":
        return NotKnown(Bilingual("", ""))
    if kind == RATE:
        return _read_rate(reading, node, path)
    if text == "no limit" and kind == LIMIT:
        return NoLimit()
    if text in scope.amounts:
        from_whole = parse_ratio("100%")
        assert from_whole is not None
        return AmountOf(text, from_whole)
    if (fen := parse_fen(text)) is not None:
        if fen > MAX_AMOUNT_FEN:
            reading.problem(node.place, path, repr(text), f"at most {yuan(MAX_AMOUNT_FEN)} yuan")
        return Money(min(fen, MAX_AMOUNT_FEN))
    if parts := SHARE_OF.match(text):
        return _read_share_of(reading, node, path, parts, scope)
    todo = "A ratio needs `of` and a named amount." if parse_ratio(text) is not None else (
        did_you_mean(text, scope.amounts) or "")
    reading.problem(node.place, path, describe(node), EXPECTED[kind], todo)
    return Money(0)


def _read_rate(reading: Reading, node: Text, path: str) -> Ratio:
    ratio = parse_ratio(node.value)
    if ratio is None or ratio > 1 or ratio.denominator > MAX_DENOMINATOR:
        todo = "Write 70% rather than 0.7 or 70." if node.value.replace(".", "").isdigit() else ""
        reading.problem(node.place, path, describe(node), EXPECTED[RATE], todo)
        ratio = parse_ratio("0%")
        assert ratio is not None
    return Ratio(ratio)


def _read_share_of(reading: Reading, node: Text, path: str, parts: tuple[str, ...], scope: Scope) -> Value:
    # The zh phrase has its gaps in the other order, but their numbers say which is which.
    share, name = parse_ratio(parts[0]), reading.english(parts[1])
    if share is None or share.denominator > MAX_DENOMINATOR or share > 100:
        reading.problem(node.place, path, repr(parts[0]), "a share such as 50%")
    elif name not in scope.amounts:
        known = some(sorted(scope.amounts)) or "none declared"
        reading.problem(node.place, path, f"the amount {parts[1]!r}", f"an amount declared under `amounts` ({known})",
                        did_you_mean(name, scope.amounts))
    else:
        return AmountOf(name, share)
    return Money(0)


def read_basis(reading: Reading, node: Node, path: str, scope: Scope) -> Basis:
    """Document, article, source and confidence of a value. Who does not know writes `not identified`."""
    fields = reading.fields(node, path, ("document", "article", "source", "sure"), ("note",))
    values = {name: reading.english(reading.text(fields[name][1], join(path, name)))
              for name in ("document", "article", "source") if name in fields}
    document = values.get("document", NOT_IDENTIFIED)
    if document not in scope.documents | {NOT_IDENTIFIED, ""}:
        reading.problem(fields["document"][1].place, join(path, "document"), repr(document),
                        f"a document declared under `documents` ({some(sorted(scope.documents))}) or `not identified`",
                        did_you_mean(document, scope.documents))
    sure = reading.choice(fields["sure"][1], join(path, "sure"), ("high", "medium", "low")) if "sure" in fields else ""
    note = reading.bilingual(fields["note"][1], join(path, "note")) if "note" in fields else None
    return Basis(document, values.get("article", ""), values.get("source", ""), sure, note)


def read_table(reading: Reading, node: Node, path: str, kind: str, scope: Scope) -> Table:
    """A constant, or a table over facts, of amounts (AMOUNT), amounts that may be absent (LIMIT) or ratios (RATE)."""
    if isinstance(node, Mapping) and any(reading.english(key.value) == "by" for key, _ in node):
        return _read_by(reading, node, path, kind, scope)
    return Table((), (_read_leaf(reading, node, path, kind, scope, ()),), place=node.place)


def _read_by(reading: Reading, node: Mapping, path: str, kind: str, scope: Scope) -> Table:
    by: tuple[str, ...] = ()
    basis = note = None
    rest = []
    for key, value in node:
        name = reading.english(key.value)
        if name == "by":
            by = _read_by_facts(reading, value, join(path, "by"), scope)
        elif name == "basis":
            basis = read_basis(reading, value, join(path, name), scope)
        elif name == "note":
            note = reading.bilingual(value, join(path, name))
        else:
            rest.append((key, value))
    facts = [scope.facts[name] for name in by]
    cells = _read_level(reading, Mapping(tuple(rest), node.place), path, kind, scope, facts, ()) if facts else []
    return Table(by, tuple(cells), basis, note, node.place)


def _read_by_facts(reading: Reading, node: Node, path: str, scope: Scope) -> tuple[str, ...]:
    nodes = [node] if isinstance(node, Text) else reading.items(node, path, "facts")
    names = []
    for item in nodes:
        name = reading.english(reading.text(item, path, "the name of a fact"))
        if name not in scope.facts:
            reading.problem(item.place, path, repr(name), f"a fact declared under `facts` ({some(sorted(scope.facts))})",
                            did_you_mean(name, scope.facts))
        elif name in names:
            reading.problem(item.place, path, f"the fact {name!r} twice", "every fact once")
        else:
            names.append(name)
    return tuple(names)


def _read_level(
    reading: Reading, node: Node, path: str, kind: str, scope: Scope, facts: list[Fact], keys: tuple[Key, ...]
) -> list[Cell]:
    """The cells below `keys`, one fact a level. A value standing early answers for all facts still open."""
    if not facts or isinstance(node, Text) or _is_leaf(reading, node):
        return [_read_leaf(reading, node, path, kind, scope, keys)]
    if not isinstance(node, Mapping):
        reading.problem(node.place, path, describe(node), f"a value for each {facts[0].name}")
        return []
    cells, level_keys = [], []
    for key_text, value in node:
        key = read_key(reading, key_text, join(path, key_text.value), facts[0])
        if key is not None:
            level_keys.append((key, key_text))
            cells += _read_level(reading, value, join(path, key_text.value), kind, scope, facts[1:], (*keys, key))
    _check_cover(reading, node, path, facts[0], level_keys)
    return cells


def _is_leaf(reading: Reading, node: Node) -> bool:
    return isinstance(node, Mapping) and any(reading.english(key.value) in ("is", "not known") for key, _ in node)


def _read_leaf(reading: Reading, node: Node, path: str, kind: str, scope: Scope, keys: tuple[Key, ...]) -> Cell:
    if isinstance(node, Text):
        return Cell(keys, read_value(reading, node, path, kind, scope), place=node.place)
    fields = reading.fields(node, path, (), LEAF_KEYS)
    value: Value = Money(0)
    if ("is" in fields) == ("not known" in fields):
        reading.problem(node.place, path, describe(node), f"{EXPECTED[kind]}, or a table with `by`")
    elif "not known" in fields:
        value = NotKnown(reading.bilingual(fields["not known"][1], join(path, "not known")))
    elif isinstance(fields["is"][1], Text):
        value = read_value(reading, fields["is"][1], join(path, "is"), kind, scope)
    else:
        reading.problem(fields["is"][0], join(path, "is"), describe(fields["is"][1]), EXPECTED[kind])
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else None
    assumption = (reading.bilingual(fields["assumption"][1], join(path, "assumption"))
                  if "assumption" in fields else None)
    return Cell(keys, value, basis, assumption, node.place)


def read_key(reading: Reading, text: Text, path: str, fact: Fact) -> Key | None:
    """A key of a table or condition: values of the fact, a range of whole numbers, or `otherwise`."""
    if reading.english(text.value) == "otherwise":
        return Otherwise()
    if fact.range is not None:
        bounds = parse_range(text.value)
        if bounds is None:
            reading.problem(text.place, path, repr(text.value),
                            "a range such as `under 18`, `6 to 17`, `18 and over`, or `otherwise`")
        return bounds
    names = []
    for word in split_list(text.value):
        name = reading.english(word)
        if name not in fact.values:
            reading.problem(text.place, path, repr(word),
                            f"a value of {fact.name} that this policy declares ({some(fact.values)}) or `otherwise`",
                            did_you_mean(name, fact.values))
        else:
            names.append(name)
    return Words(tuple(names)) if names else None


def parse_range(text: str) -> Range | None:
    """`under 18`, `6 to 17`, `18 and over`, `18` in either language, both ends included; None if it is no range.

    >>> parse_range("under 18"), parse_range("6至17")
    (Range(low=None, high=17), Range(low=6, high=17))
    """
    for phrase, build in (
        (UNDER, lambda n: Range(None, n[0] - 1)),
        (AND_OVER, lambda n: Range(n[0], None)),
        (FROM_TO, lambda n: Range(n[0], n[1])),
    ):
        parts = phrase.match(text)
        if parts and all(part.isdecimal() and len(part) <= 9 for part in parts):
            return build([int(part) for part in parts])
    return Range(int(text), int(text)) if text.isdecimal() and len(text) <= 9 else None


def _check_cover(reading: Reading, node: Mapping, path: str, fact: Fact, keys: list[tuple[Key, Text]]) -> None:
    """Every value of the fact has exactly one answer."""
    whole = atoms(fact, [key for key, _ in keys])
    taken: dict[object, Text] = {}
    has_otherwise = False
    for key, text in keys:
        if isinstance(key, Otherwise):
            has_otherwise = True
            continue
        mine = [atom for atom in whole if covers(key, atom)]
        clash = next((taken[atom] for atom in mine if atom in taken), None)
        if clash is not None:
            reading.problem(text.place, join(path, text.value), f"{text.value!r}, which overlaps {clash.value!r}",
                            "every value in one key only", "Remove the value from one of the two keys.")
        taken.update(dict.fromkeys(mine, text))
    missing = [atom for atom in whole if atom not in taken]
    if missing and not has_otherwise:
        reading.problem(node.place, path, f"no answer for {fact.name} {some([describe_atom(a) for a in missing])}",
                        f"an answer for every {fact.name}", "Add the value, `otherwise:`, or `not known`.")
    if has_otherwise and not missing:
        place = next(text.place for key, text in keys if isinstance(key, Otherwise))
        reading.problem(place, path, "`otherwise`, but no value is left for it", "only keys that can answer",
                        "Remove `otherwise`.")


def atoms(fact: Fact, keys: list[Key]) -> list[str | tuple[int, int]]:
    """The pieces a table tells apart: the values of a fact, or the intervals its range keys cut."""
    if fact.range is None:
        return list(fact.values)
    low, high = fact.range.low or 0, fact.range.high or 0
    cuts = {low, high + 1}
    for key in keys:
        if isinstance(key, Range):
            cuts.add(low if key.low is None else key.low)
            cuts.add(high + 1 if key.high is None else key.high + 1)
    inside = sorted(cut for cut in cuts if low <= cut <= high + 1)
    return [(start, end - 1) for start, end in zip(inside, inside[1:], strict=False)]


def covers(key: Key, atom: str | tuple[int, int]) -> bool:
    if isinstance(key, Words):
        return atom in key.values
    if isinstance(key, Range) and isinstance(atom, tuple):
        return (key.low is None or key.low <= atom[0]) and (key.high is None or atom[1] <= key.high)
    return isinstance(key, Otherwise)


def describe_atom(atom: str | tuple[int, int]) -> str:
    return atom if isinstance(atom, str) else f"{atom[0]} to {atom[1]}"
