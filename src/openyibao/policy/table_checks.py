"""What holds of a table as a whole: it can be laid out, its rates can be worked out."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import reduce
from math import lcm, prod

from openyibao.policy.answers import OwnShareError, answer, rate
from openyibao.policy.keys import atoms
from openyibao.policy.model import Cell, Fact, Line, OwnShareOf, Ratio, Table
from openyibao.policy.rate_values import RATE_EXPECTED
from openyibao.policy.reading import Reading
from openyibao.policy.values import MAX_DENOMINATOR, percent

MAX_CELLS = 4096


def check_size(reading: Reading, tables: list[Table], path: str, facts: list[Fact]) -> None:
    """Tables keep within what can be laid out: their ratios have a common denominator, their cells are not too many."""
    if not tables:
        return
    if common_denominator(tables) > MAX_DENOMINATOR:
        reading.problem(
            tables[0].place,
            path,
            "ratios without a common denominator",
            f"ratios whose common denominator is at most {MAX_DENOMINATOR}",
            "Write them as percentages.",
        )
    levels = [[cell.keys[n] for cell in tables[0].cells if len(cell.keys) > n] for n in range(len(facts))]
    if prod(len(atoms(fact, keys)) for fact, keys in zip(facts, levels, strict=True)) > MAX_CELLS:
        reading.problem(tables[0].place, path, "a table over too many combinations", f"at most {MAX_CELLS} cells")


def common_denominator(tables: list[Table]) -> int:
    """One denominator for all ratios of some tables; at least 100, so that percentages read as such."""
    every = [*tables, *(points for table in tables for points in table.points)]
    return reduce(lcm, (d for table in every for cell in table.cells for d in _denominators(table, cell)), 100)


def _denominators(table: Table, cell: Cell) -> list[int]:
    """The denominators that the rate of a cell needs; that of an own share those of the cells it may name."""
    value = cell.value
    if isinstance(value, Ratio):
        return [value.ratio.denominator]
    if isinstance(value, Line):
        ratios = (value.start, value.slope, value.least, value.most)
        return [ratio.denominator for ratio in ratios if ratio is not None]
    if isinstance(value, OwnShareOf):
        plain = {other.value.ratio for other in table.cells if isinstance(other.value, Ratio)}
        shares = {other.value.multiple for other in table.cells if isinstance(other.value, OwnShareOf)}
        return [(share * ratio).denominator for share in shares for ratio in plain] + [
            (share * other * ratio).denominator for share in shares for other in shares for ratio in plain
        ]
    return []


def check_own_shares(reading: Reading, table: Table, path: str, facts: list[Fact]) -> None:
    """Each share of another's own share can be worked out."""
    if reading.problems or not any(isinstance(cell.value, OwnShareOf) for cell in table.cells):
        return
    levels = [[cell.keys[n] for cell in table.cells if len(cell.keys) > n] for n in range(len(facts))]
    pieces = [atoms(fact, keys) for fact, keys in zip(facts, levels, strict=True)]
    known = tuple(fact.values for fact in facts)
    wrong: dict[int, str] = {}
    for values in itertools.product(*pieces):
        try:
            rate(table, known, values)
        except OwnShareError as error:
            wrong.setdefault(answer(table, values), str(error))
    for number, why in wrong.items():
        cell = table.cells[number]
        assert isinstance(cell.value, OwnShareOf)
        found = f"the own share of {cell.value.value!r}: {why}"
        reading.problem(cell.place, path, found, "the value of another cell, which is a plain rate")


def check_constant(reading: Reading, table: Table, path: str) -> Table:
    """A rate that is the same for everybody is a rate with its points too."""
    ratios = [part.cells[0].value for part in (table, *table.points) if not part.by]
    if len(ratios) == 1 + len(table.points):
        total = sum((value.ratio for value in ratios if isinstance(value, Ratio)), Fraction(0))
        if all(isinstance(value, Ratio) for value in ratios) and not 0 <= total <= 1:
            reading.problem(table.place, path, f"{percent(total)} with its points", RATE_EXPECTED)
    return table
