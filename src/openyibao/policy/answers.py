"""Which cell of a table answers for given values of its facts, and what a rate that names another cell comes to."""

from __future__ import annotations

from openyibao.policy.keys import Atom, covers
from openyibao.policy.model import (
    Cell,
    Key,
    NotAllowed,
    NotKnown,
    Otherwise,
    OwnShareOf,
    Range,
    Ratio,
    Table,
    Value,
    Words,
)

MAX_CHAIN = 3
"""Through how many others a share of another's own share may go: so far their common denominator is worked out."""


class OwnShareError(Exception):
    """A rate that names a cell it cannot be worked out from."""


class NoAnswerError(LookupError):
    """A table that has no cell for some values."""


def answer(table: Table, values: tuple[Atom, ...]) -> int:
    """The number of the cell that answers for these values, level by level.

    Raises NoAnswerError where the table has a hole: its reader tells it, unless the layer lets nobody through to it.
    """
    left = list(range(len(table.cells)))
    for level, atom in enumerate(values):
        done = [n for n in left if len(table.cells[n].keys) == level]
        if done:
            return done[0]
        named = [n for n in left if _names(table.cells[n].keys[level], atom)]
        left = named or [n for n in left if isinstance(table.cells[n].keys[level], Otherwise)]
    if not left:
        raise NoAnswerError(f"no answer for {values}")
    return left[0]


def has_answer(table: Table, values: tuple[Atom, ...]) -> bool:
    """Whether a table has a cell for these values."""
    try:
        answer(table, values)
    except NoAnswerError:
        return False
    return True


def _names(key: Key, atom: Atom) -> bool:
    return isinstance(key, Words | Range) and covers(key, atom)


def own_level(cell: Cell, known: tuple[tuple[str, ...], ...], word: str) -> int:
    """Which fact of a table the other value of an own share belongs to: the innermost of the cell's that has it."""
    having = [n for n, words in enumerate(known) if word in words]
    return max((n for n in having if n < len(cell.keys)), default=having[0])


def rate(table: Table, known: tuple[tuple[str, ...], ...], values: tuple[Atom, ...]) -> Value:
    """The rate for these values. `known` holds the values of each fact of the table.

    Raises OwnShareError where a share of another's own share cannot be worked out.
    """
    value = table.cells[answer(table, values)].value
    steps = 0
    multiple = None
    while isinstance(value, OwnShareOf):
        level = own_level(table.cells[answer(table, values)], known, value.value)
        if values[level] == value.value or steps > len(table.cells):
            raise OwnShareError(f"the own share of {value.value} refers to itself")
        values = (*values[:level], value.value, *values[level + 1 :])
        multiple = value.multiple * (1 if multiple is None else multiple)
        value, steps = table.cells[answer(table, values)].value, steps + 1
    if multiple is None or isinstance(value, NotKnown | NotAllowed):
        return value
    if steps > MAX_CHAIN:
        raise OwnShareError(f"it goes through more than {MAX_CHAIN} others")
    if not isinstance(value, Ratio):
        raise OwnShareError("it names a cell that is no plain rate")
    return Ratio(1 - multiple * (1 - value.ratio))
