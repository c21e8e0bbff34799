"""Reading the tables of a catalogue, and asking them: pre-pay shares and price limits by facts."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Facts
from dataclasses import dataclass, replace
from fractions import Fraction

from openyibao.catalogue.model import FactTable
from openyibao.catalogue.numbers import DECIMALS, MAX_PRICE_FEN, decimal, parse_price
from openyibao.policy.answers import answer
from openyibao.policy.basis import Scope
from openyibao.policy.keys import Atom
from openyibao.policy.messages import NOTHING, Message, quoted, say
from openyibao.policy.model import NOWHERE, Cell, Fact, Money, NoLimit, NotKnown, Ratio, Table, Value
from openyibao.policy.nodes import Mapping, Node, Text
from openyibao.policy.reading import Reading, describe, join
from openyibao.policy.tables import LIMIT, RATE, read_table
from openyibao.policy.vocabulary import Vocabulary

NO_VALUES = ("by", "basis", "note", "assumption", "not known")


def read_shares(reading: Reading, node: Node, path: str, scope: Scope) -> FactTable:
    """A pre-pay share, or a table of shares over the facts of the catalogue."""
    table = read_table(reading, node, path, RATE, scope)
    for cell in table.cells:
        if not isinstance(cell.value, Ratio | NotKnown):
            reading.problem(cell.place, path, say("a share that is worked out"), say("a plain share such as 10%"))
    if table.points:
        reading.problem(table.place, path, say("points beside a share"), say("plain shares such as 10%"))
    return _exact(table, lambda value: value.ratio if isinstance(value, Ratio) else Fraction(0))


def read_limits(reading: Reading, node: Node, path: str, scope: Scope) -> FactTable:
    """A price limit, or a table of limits over the facts of the catalogue, in fen."""
    table = read_table(reading, _in_hundredths(reading, node, path), path, LIMIT, scope)
    return _exact(table, lambda value: Fraction(value.fen, 100) if isinstance(value, Money) else Fraction(0))


def _in_hundredths(reading: Reading, node: Node, path: str) -> Node:
    """The tree with each price a hundred times as large: amounts of policies end at the fen, unit prices do not."""
    if isinstance(node, Mapping):
        items = (
            (key, value if name in NO_VALUES else _in_hundredths(reading, value, join(path, key.value)))
            for key, value in node
            for name in [reading.english(key.value)]
        )
        return Mapping(tuple(items), node.place)
    if not isinstance(node, Text) or reading.english(node.value) in ("not known", "no limit"):
        return node
    price = read_price(reading, node, path, ("not known", "no limit"))
    return Text(decimal(price), node.place)  # so many yuan as the price has fen


def read_price(reading: Reading, node: Node, path: str, words: tuple[str, ...] = ()) -> Fraction:
    """A unit price in fen; 0 after a problem. `words` are what might have been meant instead."""
    price = parse_price(node.value) if isinstance(node, Text) else None
    if price is None:
        expected = say("a unit price in yuan such as 32 or 0.0478")
        for word in words[::-1]:
            expected = say("{expected}, or `{word}`", expected=expected, word=reading.word(word))
        reading.problem(node.place, path, describe(node), expected, price_hint(reading, node, words))
    elif price > MAX_PRICE_FEN:
        reading.problem(node.place, path, describe(node), say("at most {most} yuan", most=MAX_PRICE_FEN // 100))
    else:
        return price
    return Fraction(0)


def price_hint(reading: Reading, node: Node, words: tuple[str, ...] = ()) -> Message:
    text = node.value if isinstance(node, Text) else ""
    if text.startswith("-"):
        return say("A price is not negative.")
    whole, _, decimals = text.partition(".")
    if whole.isdecimal() and decimals.isdecimal() and len(decimals) > DECIMALS:
        return say("A unit price has at most four decimals.")
    return reading.did_you_mean(text, words) if text else NOTHING


def _exact(table: Table, of_value: Callable[[Value], Fraction]) -> FactTable:
    """The table with exact values, and without places: it is equal to another that says the same elsewhere."""
    values = tuple(
        cell.value if isinstance(cell.value, NoLimit | NotKnown) else of_value(cell.value) for cell in table.cells
    )
    cells = tuple(replace(cell, place=NOWHERE) for cell in table.cells)
    return FactTable(replace(table, cells=cells, place=NOWHERE), values)


# ---------------------------------------------------------------- asking


@dataclass(frozen=True)
class Answer:
    """The cell of a table that answered, its value (a ratio or fen), and the facts that chose it."""

    cell: Cell
    value: Fraction | NoLimit | NotKnown
    facts: tuple[tuple[str, str | int], ...]


class FactNeededError(Exception):
    """A fact that a table asks about and the claim does not state, or states as nobody lists it."""

    def __init__(self, fact: Fact, found: Message) -> None:
        self.fact, self.name, self.found = fact, fact.name, found
        super().__init__(f"{fact.name}: {found.en}; expected {self.expected(Vocabulary()).en}")

    def expected(self, words: Vocabulary) -> Message:
        """The values, or the range, of which the claim has to state one."""
        if self.fact.range is None:
            return words.some(self.fact.values)
        return say("{low} to {high}", low=self.fact.range.low or 0, high=self.fact.range.high or 0)


def ask(table: FactTable, declared: Facts[str, Fact], facts: Facts[str, object]) -> Answer:
    """The answer of a table, which needs every fact that it is `by`. Raises FactNeededError."""
    values = values_of(table.table, declared, facts)
    number = answer(table.table, tuple(as_atom(value) for value in values))
    chosen = tuple(zip(table.table.by, values, strict=True))
    return Answer(table.table.cells[number], table.values[number], chosen)


def values_of(table: Table, declared: Facts[str, Fact], facts: Facts[str, object]) -> tuple[str | int, ...]:
    """The values of the facts that a table is `by`. Raises FactNeededError where a claim has none, or not this one."""
    return tuple(_value(declared[name], facts.get(name)) for name in table.by)


def as_atom(value: str | int) -> Atom:
    return (value, value) if isinstance(value, int) else value


def _value(fact: Fact, value: object) -> str | int:
    if fact.range is not None:
        low, high = fact.range.low or 0, fact.range.high or 0
        if type(value) is int and low <= value <= high:
            return value
    elif isinstance(value, str) and value in fact.values:
        return value
    if value is None:
        found = say("the claim does not state it")
    elif isinstance(value, str | int):
        found = say("the claim states {value}", value=quoted(str(value)))
    else:
        found = say("the claim states several values at once")
    raise FactNeededError(fact, found)
