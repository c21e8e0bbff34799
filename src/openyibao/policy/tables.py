"""Reading values and tables over facts: amounts, ratios, gaps, keys that must neither overlap nor leave a hole."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction

from openyibao.policy.amount_values import AMOUNT_EXPECTED, LIMIT_EXPECTED, read_amount
from openyibao.policy.basis import Scope, read_basis
from openyibao.policy.facts import MAX_NUMBER, tell_later, usable
from openyibao.policy.keys import check_cover, read_key
from openyibao.policy.messages import NOTHING, quoted, say
from openyibao.policy.model import (
    AmountOf,
    Bilingual,
    Cell,
    Count,
    Fact,
    ForEach,
    Key,
    Line,
    Money,
    MonthDay,
    NotAllowed,
    NotKnown,
    Ratio,
    ShareOfQuantity,
    Table,
    Value,
)
from openyibao.policy.nodes import Mapping, Node, Sequence, Text
from openyibao.policy.rate_values import RATE_EXPECTED, bound_line, read_points, read_rate
from openyibao.policy.reading import Fields, Reading, describe, join
from openyibao.policy.table_checks import check_constant, check_own_shares, check_size, tell_no_by
from openyibao.policy.values import (
    MAX_AMOUNT_FEN,
    MAX_DENOMINATOR,
    parse_fen,
    parse_ratio,
    parse_whole,
    round_figure,
)

AMOUNT, LIMIT, RATE, POINTS, MULTIPLE, MONTH_DAY = "amount", "limit", "rate", "points", "multiple", "month and day"
NUMBER = "whole number"
EXPECTED = {
    AMOUNT: AMOUNT_EXPECTED,
    LIMIT: LIMIT_EXPECTED,
    RATE: RATE_EXPECTED,
    POINTS: say("points such as +5% or -10%"),
    MULTIPLE: say("a multiple such as 50% or 600%"),
    NUMBER: say("a whole number such as 15, up to 100000"),
    MONTH_DAY: say("a month and a day such as 09-01"),
}
RATIOS = (RATE, POINTS, MULTIPLE)
TABLE_KEYS = ("by", "basis", "note")
LEAF_KEYS = ("is", "least", "most", "not known", "not allowed", "basis", "assumption")
REASONS = ("not known", "not allowed")
"""Answers without a value: the reason stands under the key."""


def read_value(reading: Reading, node: Text, path: str, kind: str, scope: Scope, by: tuple[str, ...] = ()) -> Value:
    """The value a text stands for; after a problem, a value of the right kind."""
    text = reading.english(node.value)
    if text == "not known":
        return NotKnown(Bilingual("", ""))
    if text == "not allowed":
        todo = say("Write `{{not allowed: {{zh: ..., en: ...}}}}`, with the reason.")
        reading.problem(node.place, path, describe(node), say("the reason with it"), todo)
        return NotAllowed(Bilingual("", ""))
    if kind == RATE:
        numbers = {name: fact.range is not None for name, fact in scope.facts.items()}
        return read_rate(reading, node, path, numbers, {v for name in by for v in scope.facts[name].values})
    if kind in PLAIN:
        return PLAIN[kind](reading, node, path)
    return read_amount(reading, node, path, scope, is_limit=kind == LIMIT)


def _read_multiple(reading: Reading, node: Text, path: str) -> Ratio:
    found = parse_ratio(node.value)
    if found is None or found > 100 or max(found.as_integer_ratio()) > MAX_DENOMINATOR:
        reading.problem(node.place, path, describe(node), EXPECTED[MULTIPLE])
        found = Fraction(0)
    return Ratio(found)


def _read_count(reading: Reading, node: Text, path: str) -> Count:
    number = parse_whole(node.value)
    if number is None or number > MAX_NUMBER:
        reading.problem(node.place, path, describe(node), EXPECTED[NUMBER])
    return Count(min(number or 0, MAX_NUMBER))


def _is_day(text: str) -> bool:
    """Whether `text` is a month and a day that every year has."""
    try:
        return bool(re.fullmatch(r"[0-9]{2}-[0-9]{2}", text) and date.fromisoformat(f"1901-{text}"))
    except ValueError:
        return False


def _read_month_day(reading: Reading, node: Text, path: str) -> MonthDay:
    """A day that every year has."""
    try:
        if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", node.value):
            raise ValueError
        day = date.fromisoformat(f"1901-{node.value}")
    except ValueError:
        parts = re.fullmatch(r"([0-9]{1,2})[-月/.]([0-9]{1,2})日?", node.value)
        day_of = f"{int(parts[1]):02d}-{int(parts[2]):02d}" if parts else ""
        todo = say("Write {right}.", right=day_of) if day_of != node.value and _is_day(day_of) else NOTHING
        reading.problem(node.place, path, describe(node), say("{what}, of every year", what=EXPECTED[MONTH_DAY]), todo)
        return MonthDay(1, 1)
    return MonthDay(day.month, day.day)


PLAIN = {POINTS: read_points, MULTIPLE: _read_multiple, NUMBER: _read_count, MONTH_DAY: _read_month_day}
"""Kinds of values that name nothing else of the policy."""


def _read_bounds(reading: Reading, fields: Fields, path: str, value: Value) -> Value:
    """`least` and `most` of a share of a quantity, or of a rate on a line."""
    if isinstance(value, Line):
        return bound_line(reading, fields, path, value)
    bounds: dict[str, int] = {}
    for name in ("least", "most"):
        if name in fields:
            place, node = fields[name]
            fen = parse_fen(node.value) if isinstance(node, Text) else None
            if fen is None or fen > MAX_AMOUNT_FEN:
                reading.problem(
                    node.place, join(path, name), describe(node), say("an amount in yuan such as 300 or 8450.50")
                )
            elif not isinstance(value, ShareOfQuantity):
                reading.problem(
                    place,
                    join(path, name),
                    say("`{key}`", key=reading.word(name)),
                    say("it beside a share of a quantity, or a line, only"),
                    say("Write a sum under `amounts`, with `of`, and `{key}` beside it.", key=reading.word(name))
                    if isinstance(value, ForEach)
                    else say("Write it below `is: 20% of total cost`."),
                )
            else:
                bounds[name] = fen
    if "least" in bounds and "most" in bounds and bounds["least"] > bounds["most"]:
        reading.problem(
            fields["most"][0],
            join(path, "most"),
            say("a `most` below the `least`"),
            say("a `most` that is not below `least`"),
        )
    if isinstance(value, ShareOfQuantity) and bounds:
        return replace(value, least_fen=bounds.get("least"), most_fen=bounds.get("most"))
    return value


def read_table(reading: Reading, node: Node, path: str, kind: str, scope: Scope, beside: tuple[str, ...] = ()) -> Table:
    """A constant, or a table over facts.

    Of amounts (AMOUNT), amounts that may be absent (LIMIT), rates (RATE) with points beside them, points (POINTS),
    multiples (MULTIPLE) or days of the year (MONTH_DAY). `beside` are keys that may stand beside the value, and have
    been taken out.
    """
    if kind == RATE:
        beside = (*beside, "points")
        node, points = without(reading, node, "points")
        if points is not None:
            table = read_table(reading, node, path, kind, scope)
            table = replace(table, points=_read_points_tables(reading, points, join(path, "points"), scope))
            check_size(reading, [table], path, [scope.facts[name] for name in table.by])
            return check_constant(reading, table, path)
    if isinstance(node, Mapping) and any(reading.english(key.value) == "by" for key, _ in node):
        return _read_by(reading, node, path, kind, scope, beside)
    if isinstance(node, Mapping) and not _is_leaf(reading, node):
        tell_no_by(reading, node, path, scope.facts)
        return Table((), (Cell((), Ratio(Fraction(0)) if kind in RATIOS else Money(0)),), place=node.place)
    table = Table((), (_read_leaf(reading, node, path, kind, scope, (), beside=beside),), place=node.place)
    check_size(reading, [table], path, [])
    return table


def _read_points_tables(reading: Reading, node: Node, path: str, scope: Scope) -> tuple[Table, ...]:
    items = node.items if isinstance(node, Sequence) and node.items else (node,)
    return tuple(read_table(reading, item, path, POINTS, scope) for item in items)


def without(reading: Reading, node: Node, name: str) -> tuple[Node, Node | None]:
    """A mapping without one of its keys, and the value of that key."""
    if not isinstance(node, Mapping):
        return node, None
    found = [(key, value) for key, value in node if reading.english(key.value) == name]
    if len(found) > 1:
        reading.problem(
            found[1][0].place,
            name,
            say("the key {key} a second time", key=quoted(found[1][0].value)),
            say("every key once"),
        )
    rest = tuple((key, value) for key, value in node if reading.english(key.value) != name)
    return Mapping(rest, node.place), found[0][1] if found else None


def _read_by(reading: Reading, node: Mapping, path: str, kind: str, scope: Scope, beside: tuple[str, ...]) -> Table:
    by: tuple[str, ...] = ()
    basis = note = None
    rest, seen = [], set()
    for key, value in node:
        name = reading.english(key.value)
        if name in seen and name in TABLE_KEYS:
            reading.problem(
                key.place,
                join(path, key.value),
                say("the key {key} a second time", key=quoted(key.value)),
                say("every key once"),
            )
        seen.add(name)
        if name == "by":
            by = _read_by_facts(reading, value, join(path, "by"), scope)
        elif name == "basis":
            basis = read_basis(reading, value, join(path, name), scope)
        elif name == "note":
            note = reading.bilingual(value, join(path, name))
        else:
            rest.append((key, value))
    if not by:  # told already
        return Table((), (Cell((), Ratio(Fraction(0)) if kind in RATIOS else Money(0)),), place=node.place)
    facts = [scope.facts[name] for name in by]
    cells = _read_level(reading, Mapping(tuple(rest), node.place), path, kind, scope, facts, (), by, beside)
    table = Table(by, tuple(cells), basis, note, place=node.place)
    check_size(reading, [table], path, facts)
    check_own_shares(reading, table, path, facts)
    return table


def _read_by_facts(reading: Reading, node: Node, path: str, scope: Scope) -> tuple[str, ...]:
    nodes = [node] if isinstance(node, Text) else reading.items(node, path, say("facts"))
    names = []
    for item in nodes:
        name = reading.english(reading.text(item, path, say("the name of a fact")))
        if name not in scope.facts and (name in reading.blamed or not scope.has_facts):
            return ()
        if name in scope.later:
            tell_later(reading, item, path, name)
            return ()
        if name not in scope.facts:
            expected = say("a fact declared under `facts` ({words})", words=reading.some(sorted(scope.facts)))
            reading.unknown(item, path, expected, scope.facts, say("Declare it under `facts`."))
            return ()
        if name in names:
            reading.problem(
                item.place, path, say("the fact {name} twice", name=reading.named(name)), say("every fact once")
            )
        elif not usable(reading, scope.facts[name], item.place, path, say("a table")):
            return ()
        else:
            names.append(name)
    return tuple(names)


def _read_level(
    reading: Reading,
    node: Node,
    path: str,
    kind: str,
    scope: Scope,
    facts: list[Fact],
    keys: tuple[Key, ...],
    by: tuple[str, ...],
    beside: tuple[str, ...] = (),
) -> list[Cell]:
    """The cells below `keys`, one fact a level. A value standing early answers for all facts still open."""
    if not facts or isinstance(node, Text) or _is_leaf(reading, node):
        return [_read_leaf(reading, node, path, kind, scope, keys, by)]
    if not isinstance(node, Mapping):
        reading.problem(
            node.place, path, describe(node), say("a value for each {fact}", fact=reading.word(facts[0].name))
        )
        return []
    cells, level_keys, readable = [], [], True
    for key_text, value in node:
        key = read_key(reading, key_text, join(path, key_text.value), facts[0], beside)
        readable &= key is not None
        if key is not None:
            level_keys.append((key, key_text))
            cells += _read_level(reading, value, join(path, key_text.value), kind, scope, facts[1:], (*keys, key), by)
    if readable:
        check_cover(reading, node, path, facts[0], level_keys, scope.let_through.get(facts[0].name))
    return cells


def _is_leaf(reading: Reading, node: Node) -> bool:
    return isinstance(node, Mapping) and any(reading.english(key.value) in ("is", *REASONS) for key, _ in node)


def _read_leaf(
    reading: Reading,
    node: Node,
    path: str,
    kind: str,
    scope: Scope,
    keys: tuple[Key, ...],
    by: tuple[str, ...] = (),
    beside: tuple[str, ...] = (),
) -> Cell:
    if isinstance(node, Text):
        return Cell(keys, read_value(reading, node, path, kind, scope, by), place=node.place)
    fields = reading.fields(node, path, (), LEAF_KEYS, beside)
    value: Value = Money(0)
    told = len(reading.problems)
    reasons = [key for key in REASONS if key in fields]
    if ("is" in fields) + len(reasons) != 1:
        reading.problem(node.place, path, describe(node), say("{what}, or a table with `by`", what=EXPECTED[kind]))
    elif reasons == ["not allowed"] and not scope.in_layers:
        found, expected = say("`not allowed` outside a layer"), say("it in tables of layers only")
        reading.problem(fields["not allowed"][0], join(path, "not allowed"), found, expected)
    elif reasons:
        why = reading.bilingual(fields[reasons[0]][1], join(path, reasons[0]))
        value = NotKnown(why) if reasons[0] == "not known" else NotAllowed(why)
    elif isinstance(fields["is"][1], Text):
        value = read_value(reading, fields["is"][1], join(path, "is"), kind, scope, by)
    else:
        reading.problem(fields["is"][0], join(path, "is"), describe(fields["is"][1]), EXPECTED[kind])
    if len(reading.problems) == told:  # of a value that could not be read, nobody knows whether it has bounds
        value = _read_bounds(reading, fields, path, value)
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else None
    assumption = (
        reading.bilingual(fields["assumption"][1], join(path, "assumption")) if "assumption" in fields else None
    )
    return Cell(keys, value, basis, assumption, node.place)


def constant(table: Table, scope: Scope) -> int | None:
    """The amount in fen, or the whole number, that a table is for everybody, or None."""
    value = None if table.by else table.cells[0].value
    if isinstance(value, Count):
        return value.number
    if isinstance(value, AmountOf) and value.name in scope.constants:
        return round_figure(scope.constants[value.name], value.share, "half-up", 1)
    return value.fen if isinstance(value, Money) else None
