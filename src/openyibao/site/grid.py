"""Tables over facts laid out for reading: what makes no difference falls away, equal values share a line.

A table is taken as a function of the values of its facts. Values that lead to the same answers everywhere become one
group; a fact with one group left is dropped. So two files that say the same in other words give the same grid.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from openyibao.policy.model import Cell, Fact, Key, Otherwise, Range, Table, Words

Value = str | tuple[int, int | None]
"""A word, or a stretch of whole numbers (the last one open)."""
Combination = tuple[Value, ...]
NO_CONDITIONS: Mapping[str, Key] = MappingProxyType({})
MOST_COLUMNS = 5
COLUMNS_FIRST = ("tier", "status", "class", "locality", "grade")


@dataclass(frozen=True)
class Group:
    """Values of one fact that lead to the same answers; `rest`: all that stand beside no other key."""

    values: tuple[Value, ...]
    rest: bool = False


@dataclass(frozen=True)
class Head:
    """A head of lines: a group (None: whatever the value), over so many rows and columns of heads."""

    group: Group | None
    fact: str
    rows: int
    columns: int


@dataclass(frozen=True)
class Answer:
    """One answer, over so many columns."""

    cell: Any
    columns: int


Line = tuple[tuple[Head, ...], tuple[Answer, ...]]


@dataclass(frozen=True)
class Grid:
    """Lines with their heads and answers; `column` is the fact that stands across, None: one column of answers."""

    facts: tuple[str, ...]
    column: str | None
    across: tuple[Group, ...]
    lines: tuple[Line, ...]


def grid_of(table: Table, facts: Mapping[str, Fact], within: Mapping[str, Key] = NO_CONDITIONS) -> Grid:
    """The grid of a policy's table. What it leaves open and the conditions `within` shut out does not stand in it."""
    values = {name: _values(table, position, facts[name]) for position, name in enumerate(table.by)}
    holes = [one for one in itertools.product(*values.values()) if not _answers_for(table.cells, one)]
    for position, (name, known) in enumerate(list(values.items())):
        open_here = {hole[position] for hole in holes}
        values[name] = [one for one in known if one not in open_here or _let_through(within.get(name), one)]
    found = {combination: lookup(table.cells, combination) for combination in itertools.product(*values.values())}
    named = {value for cell in table.cells for key in cell.keys if isinstance(key, Words) for value in key.values}
    return lay_out(values, found, _said, named)


def lay_out(
    values: Mapping[str, Sequence[Value]],
    found: Mapping[Combination, Any],
    said: Callable[[Any], object],
    named: set[str] | None = None,
    *,
    columns: bool = True,
) -> Grid:
    """The grid of any function of facts; `said(answer)` tells which answers are the same; `columns`: a fact across."""
    groups = {name: _groups(name, values, found, said) for name in values}
    kept = [name for name in values if len(groups[name]) > 1]
    for name in kept:
        if named is not None:
            marked = [Group(one.values, _words(one) and not named & set(map(str, one.values))) for one in groups[name]]
            groups[name] = sorted(marked, key=lambda one: one.rest)
    column = _column(kept, groups) if columns else None
    rows = [name for name in kept if name != column]
    if "grade" in rows:
        rows.sort(key=lambda name: name == "grade")
    picked = {name: groups[name][0].values[0] for name in values}

    def answer(chosen: Mapping[str, Value]) -> Any:
        return found[tuple({**picked, **chosen}[name] for name in values)]

    across = tuple(groups[column]) if column else ()
    lines = _lines(rows, groups, column, across, answer, said, {})
    return Grid(tuple(rows), column, across, tuple(lines))


def _words(group: Group) -> bool:
    return all(isinstance(value, str) for value in group.values)


def _groups(
    name: str, values: Mapping[str, Sequence[Value]], found: Mapping[Combination, Any], said: Callable[[Any], object]
) -> list[Group]:
    position = list(values).index(name)
    by_answers: dict[object, list[Value]] = {}
    last: object = None
    run = 0
    for value in values[name]:
        answers = tuple(said(cell) for combination, cell in found.items() if combination[position] == value)
        if isinstance(value, tuple):  # numbers: only neighbours are put together
            run += answers != last
            last = answers
            by_answers.setdefault((run, answers), []).append(value)
        else:
            by_answers.setdefault(answers, []).append(value)
    return [Group(_joined(group)) for group in by_answers.values()]


def _joined(group: list[Value]) -> tuple[Value, ...]:
    first, last = group[0], group[-1]
    if isinstance(first, tuple) and isinstance(last, tuple):
        return ((first[0], last[1]),)
    return tuple(group)


def _column(kept: list[str], groups: Mapping[str, list[Group]]) -> str | None:
    if len(kept) < 2:
        return None
    few = [name for name in kept if len(groups[name]) <= MOST_COLUMNS]
    if len(kept) == 2 and "grade" in kept:  # rows by grade
        few = [name for name in few if name != "grade"] or few
    first = [name for name in COLUMNS_FIRST if name in few]
    if len(kept) > 2 and "grade" in few:
        return "grade"
    return first[0] if first else (few[-1] if few else None)


def _lines(
    rows: list[str],
    groups: Mapping[str, list[Group]],
    column: str | None,
    across: tuple[Group, ...],
    answer: Callable[[Mapping[str, Value]], Any],
    said: Callable[[Any], object],
    chosen: dict[str, Value],
) -> list[Line]:
    """The lines below what is chosen already; heads of facts that make no difference there are left out."""
    if not rows:
        return [((), _answers(column, across, answer, said, chosen))]
    below = [
        _lines(rows[1:], groups, column, across, answer, said, {**chosen, rows[0]: group.values[0]})
        for group in groups[rows[0]]
    ]
    if chosen and all(_same(lines, below[0], said) for lines in below):
        return _without(below[0], rows[0])
    out = []
    for group, lines in zip(groups[rows[0]], below, strict=True):
        head = Head(group, rows[0], len(lines), 1)
        out += [((head, *heads) if n == 0 else heads, answers) for n, (heads, answers) in enumerate(lines)]
    return out


def _without(lines: list[Line], fact: str) -> list[Line]:
    """Lines for which one fact makes no difference: a head that says so stands before them all."""
    head = Head(None, fact, len(lines), 1)
    return [((head, *heads) if n == 0 else heads, answers) for n, (heads, answers) in enumerate(lines)]


def _same(one: Sequence[Any], other: Sequence[Any], said: Callable[[Any], object]) -> bool:
    def told(lines: Sequence[Any]) -> list[Any]:
        return [([h.group for h in heads], [(said(a.cell), a.columns) for a in answers]) for heads, answers in lines]

    return told(one) == told(other)


def _answers(
    column: str | None,
    across: tuple[Group, ...],
    answer: Callable[[Mapping[str, Value]], Any],
    said: Callable[[Any], object],
    chosen: Mapping[str, Value],
) -> tuple[Answer, ...]:
    if column is None:
        return (Answer(answer(chosen), 1),)
    cells = [answer({**chosen, column: group.values[0]}) for group in across]
    if all(said(cell) == said(cells[0]) for cell in cells):
        return (Answer(cells[0], len(cells)),)
    return tuple(Answer(cell, 1) for cell in cells)


def _said(cell: Cell) -> object:
    return (cell.value, cell.basis, cell.assumption)


def _values(table: Table, position: int, fact: Fact) -> list[Value]:
    """The values of a fact that a table can tell apart: its words, or the stretches between the edges of its keys."""
    if fact.range is None and fact.kind != "admission number":
        return list(fact.values)
    keys = [cell.keys[position] for cell in table.cells if len(cell.keys) > position]
    ranges = [key for key in keys if isinstance(key, Range)]
    low = (fact.range.low if fact.range else 0) or 0
    high = fact.range.high if fact.range else None
    starts = {low}
    for key in ranges:
        starts |= {key.low} if key.low is not None else set()
        starts |= {key.high + 1} if key.high is not None else set()
    ordered = sorted(start for start in starts if start >= low and (high is None or start <= high))
    ends = [start - 1 for start in ordered[1:]]
    return list(zip(ordered, [*ends, high], strict=True))


def _let_through(key: Key | None, value: Value) -> bool:
    """Whether a condition lets any of a value through."""
    if isinstance(key, Words):
        return value in key.values
    if not isinstance(key, Range) or not isinstance(value, tuple):
        return True
    low, high = value
    return (key.high is None or low <= key.high) and (key.low is None or high is None or high >= key.low)


def _answers_for(cells: Sequence[Cell], combination: Combination) -> bool:
    try:
        lookup(cells, combination)
    except LookupError:
        return False
    return True


def lookup(cells: Sequence[Cell], combination: Combination) -> Cell:
    """The cell that answers for some values: at each step a key that names the value, else `otherwise`."""
    left = list(cells)
    for position, value in enumerate(combination):
        if any(len(cell.keys) <= position for cell in left):
            break
        exact = [cell for cell in left if _names(cell.keys[position], value)]
        left = exact or [cell for cell in left if isinstance(cell.keys[position], Otherwise)]
    if not left:
        raise LookupError(f"no answer for {combination}")
    return left[0]


def _names(key: Any, value: Value) -> bool:
    if isinstance(key, Words):
        return value in key.values
    if isinstance(key, Range) and isinstance(value, tuple):
        low, high = value
        above = key.low is None or low >= key.low
        return above and (key.high is None or (high is not None and high <= key.high))
    return False
