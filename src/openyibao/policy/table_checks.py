"""What holds of a table as a whole: it can be laid out, its rates can be worked out."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import reduce
from math import lcm, prod

from openyibao.policy.answers import MAX_CHAIN, NoAnswerError, OwnShareError, answer, has_answer, own_level, rate
from openyibao.policy.keys import Atom, atoms
from openyibao.policy.messages import NOTHING, Message, say
from openyibao.policy.model import Cell, Fact, Key, Line, Otherwise, OwnShareOf, Range, Ratio, Table, Words
from openyibao.policy.nodes import Mapping
from openyibao.policy.rate_values import RATE_EXPECTED
from openyibao.policy.reading import Reading
from openyibao.policy.values import MAX_DENOMINATOR, percent
from openyibao.policy.vocabulary import split_list
from openyibao.policy.yaml_errors import sign_todo

MAX_CELLS = 4096


def tell_no_by(reading: Reading, node: Mapping, path: str, facts: dict[str, Fact]) -> None:
    """A table that does not say which facts it asks; perhaps because its colons are full-width ones."""
    by = [
        name
        for name, fact in facts.items()
        if any(reading.english(word) in fact.values for key, _ in node for word in split_list(key.value))
    ]
    todo = say("Add `by: {fact}`.", fact=reading.word(by[0])) if len(by) == 1 else NOTHING
    if any("：" in key.value for key, _ in node):
        todo = sign_todo("：")
    expected = say("`by` with the facts it asks ({words})", words=reading.some(by or facts))
    reading.problem(node.place, path, say("a table without `by`"), expected, todo)


def check_size(reading: Reading, tables: list[Table], path: str, facts: list[Fact]) -> None:
    """Tables keep within what can be laid out: their ratios have a common denominator, their cells are not too many."""
    if not tables:
        return
    if common_denominator(tables) > MAX_DENOMINATOR:
        reading.problem(
            tables[0].place,
            path,
            say("ratios without a common denominator"),
            say("ratios whose common denominator is at most {most}", most=MAX_DENOMINATOR),
            say("Write them as percentages."),
        )
    levels = [[cell.keys[n] for cell in tables[0].cells if len(cell.keys) > n] for n in range(len(facts))]
    if prod(len(atoms(fact, keys)) for fact, keys in zip(facts, levels, strict=True)) > MAX_CELLS:
        reading.problem(
            tables[0].place,
            path,
            say("a table over too many combinations"),
            say("at most {most} cells", most=MAX_CELLS),
        )


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
        return [share.denominator for share in _own_shares(table, cell, 0)]
    return []


def _levels_of(cell: Cell, value: str) -> list[int]:
    """The levels at which a cell is that of a value: several where facts have a value in common."""
    return [n for n, key in enumerate(cell.keys) if isinstance(key, Words) and value in key.values]


def _may_meet(one: Cell, other: Cell, but: int) -> bool:
    """Whether two cells can answer for the same values of all facts but one."""
    levels = enumerate(zip(one.keys, other.keys, strict=False))
    return all(n == but or _overlap(mine, theirs) for n, (mine, theirs) in levels)


def _overlap(one: Key, other: Key) -> bool:
    if isinstance(one, Words) and isinstance(other, Words):
        return bool({*one.values} & {*other.values})
    if isinstance(one, Range) and isinstance(other, Range):
        after = one.low is not None and other.high is not None and one.low > other.high
        before = one.high is not None and other.low is not None and one.high < other.low
        return not after and not before
    return isinstance(one, Otherwise) == isinstance(other, Otherwise)


def _own_shares(table: Table, cell: Cell, steps: int) -> set[Fraction]:
    """What the person may bear by a cell: more than the cell's own, where several cells have the value it names."""
    value = cell.value
    if isinstance(value, Ratio):
        return {1 - value.ratio}
    if not isinstance(value, OwnShareOf) or steps > MAX_CHAIN:
        return set()
    found = [(other, level) for other in table.cells for level in _levels_of(other, value.value)]
    named = [other for other, level in found if _may_meet(cell, other, level)]
    others = named or [other for other in table.cells if any(isinstance(key, Otherwise) for key in other.keys)]
    return {value.multiple * share for other in others for share in _own_shares(table, other, steps + 1)}


def check_own_shares(reading: Reading, table: Table, path: str, facts: list[Fact]) -> None:
    """Each share of another's own share can be worked out."""
    if _is_blamed(reading, table, path) or not any(isinstance(cell.value, OwnShareOf) for cell in table.cells):
        return
    levels = [[cell.keys[n] for cell in table.cells if len(cell.keys) > n] for n in range(len(facts))]
    pieces = [atoms(fact, keys) for fact, keys in zip(facts, levels, strict=True)]
    known = tuple(fact.values for fact in facts)
    told: set[object] = set()
    for values in itertools.product(*pieces):
        if not has_answer(table, values):
            continue  # the layer lets nobody through to it
        try:
            rate(table, known, values)
        except (NoAnswerError, OwnShareError):
            _tell_own_share(reading, table, path, known, values, told)


def _tell_own_share(
    reading: Reading,
    table: Table,
    path: str,
    known: tuple[tuple[str, ...], ...],
    values: tuple[Atom, ...],
    told: set[object],
) -> None:
    """Why an own share cannot be worked out: it comes back to itself, or to a rate that is no plain one. Told once."""
    seen, names = [values], list[str]()
    what: object = answer(table, values)
    place, found = table.cells[answer(table, values)].place, NOTHING
    while not found and isinstance(value := table.cells[answer(table, values)].value, OwnShareOf):
        level = own_level(table.cells[answer(table, values)], known, value.value)
        values = (*values[:level], value.value, *values[level + 1 :])
        names.append(value.value)
        if not has_answer(table, values):
            found, what = say("the own share of {value}, which has no answer", value=reading.named(names[-1])), place
            break
        if values in seen:
            circle = seen.index(values)
            found = say("own shares in a circle ({chain})", chain=_chain(reading, [names[-1], *names[circle:]]))
            what = frozenset(answer(table, one) for one in seen[circle:])
        seen.append(values)
    if what not in told:
        told.add(what)
        if not found and len(names) > MAX_CHAIN:
            found = say(
                "own shares through {count} others ({chain}), where {most} are allowed",
                count=len(names),
                chain=_chain(reading, names),
                most=MAX_CHAIN,
            )
        found = found or say("the own share of {value}, whose rate is a line", value=reading.named(names[-1]))
        reading.problem(place, path, found, say("the own share of a plain rate such as 80%"), say("Write a rate here."))


def _chain(reading: Reading, names: list[str]) -> Message:
    words = [reading.word(name) for name in names]
    return Message(*(" -> ".join(word.text(lang) for word in words) for lang in ("zh", "en")))


def _is_blamed(reading: Reading, table: Table, path: str) -> bool:
    """Whether the table just read, or a fact, is wrong already: what follows from it is not told again."""
    start, path = (table.place.line, table.place.column), reading.vocabulary.path(path, "en")
    return any(
        f"{problem.path.en} / ".startswith("facts / ")
        or (f"{problem.path.en} / ".startswith(f"{path} / ") and (problem.place.line, problem.place.column) >= start)
        for problem in reading.problems
    )


def check_constant(reading: Reading, table: Table, path: str) -> Table:
    """A rate that is the same for everybody is a rate with its points too."""
    ratios = [part.cells[0].value for part in (table, *table.points) if not part.by]
    if len(ratios) == 1 + len(table.points):
        total = sum((value.ratio for value in ratios if isinstance(value, Ratio)), Fraction(0))
        is_rate = all(isinstance(value, Ratio) for value in ratios) and not _is_blamed(reading, table, path)
        if is_rate and not 0 <= total <= 1:
            found = say("{total} with its points", total=percent(total))
            reading.problem(table.place, path, found, RATE_EXPECTED, say("Change the rate or the points."))
    return table
