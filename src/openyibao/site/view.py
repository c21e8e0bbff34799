"""What templates show: tables of cells, and the notes that cells point to. Plain data, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from openyibao.policy.model import (
    NOT_IDENTIFIED,
    Basis,
    Bilingual,
    Cell,
    Key,
    NotAllowed,
    NotKnown,
    Policy,
    Ratio,
    Table,
)
from openyibao.site.grid import NO_CONDITIONS, Grid, Group, Head, grid_of
from openyibao.site.say import Say

NAMED_REST = 3
"""So many values are named where a table says `otherwise`; more are `all others`."""


@dataclass(frozen=True)
class CellView:
    """One cell: a head (`scope` is row, col, rowgroup or colgroup) or a value; `notes` are numbers of notes."""

    text: str
    scope: str = ""
    rows: int = 1
    columns: int = 1
    notes: tuple[int, ...] = ()
    kind: str = ""
    href: str = ""
    bar: tuple[tuple[int, int], ...] = ()
    sub: str = ""


@dataclass(frozen=True)
class TableView:
    """A table: its caption, lines of column heads, lines of cells."""

    caption: str
    heads: tuple[tuple[CellView, ...], ...]
    lines: tuple[tuple[CellView, ...], ...]
    kind: str = ""


@dataclass(frozen=True)
class Note:
    """What a number in brackets points to: a basis, or a text (an assumption, why a value is not known)."""

    number: int
    basis: Basis | None
    text: str = ""
    label: str = ""


@dataclass
class Notes:
    """The notes of one page, numbered in the order in which they are met; the same ground has one number."""

    say: Say
    found: dict[object, Note] = field(default_factory=dict)

    def of(self, basis: Basis | None) -> tuple[int, ...]:
        return () if basis is None else (self._add(basis, basis, "", ""),)

    def text(self, text: Bilingual | None, label: str) -> tuple[int, ...]:
        if text is None or not self.say.texts.pick(text):
            return ()
        return (self._add((text, label), None, self.say.texts.pick(text), label),)

    def _add(self, key: object, basis: Basis | None, text: str, label: str) -> int:
        if key not in self.found:
            self.found[key] = Note(len(self.found) + 1, basis, text, label)
        return self.found[key].number

    def cell(self, cell: Cell) -> tuple[int, ...]:
        """The notes of one value of a table."""
        why = cell.value.why if isinstance(cell.value, NotKnown | NotAllowed) else None
        texts = self.say.texts
        label = texts("layer.not_allowed" if isinstance(cell.value, NotAllowed) else "layer.not_known")
        return (
            *self.of(cell.basis),
            *self.text(cell.assumption, texts("examples.assumption")),
            *self.text(why, label),
        )


@dataclass(frozen=True)
class Item:
    """A rule of a layer: what it is, its value in words or as a table, and what goes with it."""

    label: str
    text: str = ""
    notes: tuple[int, ...] = ()
    table: TableView | None = None
    more: tuple[str, ...] = ()


class Tables:
    """Makes items and tables of one policy in one language."""

    def __init__(self, policy: Policy, say: Say, notes: Notes) -> None:
        self.policy, self.say, self.notes, self.texts = policy, say, notes, say.texts
        self.facts = {fact.name: fact for fact in policy.facts} | {one.name: one.fact for one in policy.derived}
        self.within: Mapping[str, Key] = NO_CONDITIONS  # those of the layer that is being said

    def item(self, label: str, table: Table, more: tuple[str, ...] = (), *, points: bool = False) -> Item:
        """A rule from a policy's table: one value stands as words."""
        notes = self.notes.of(table.basis)
        more = more + ((self.texts.pick(table.note),) if table.note and self.texts.pick(table.note) else ())
        grid = grid_of(table, self.facts, self.within)
        if not grid.facts and grid.column is None:
            cell = grid.lines[0][1][0].cell
            return Item(label, self.value(cell, points=points), notes + self.notes.cell(cell), None, more)
        caption = label + (self.texts("layer.in_points") if points else "")
        return Item(label, "", notes, self.table(grid, caption, points=points), more)

    def value(self, cell: Cell, *, points: bool = False) -> str:
        return self.say.points(cell.value) if points else self.say.value(cell.value)

    def table(self, grid: Grid, caption: str, *, points: bool = False) -> TableView:
        """The page's form of a grid."""
        lines = []
        for heads, answers in grid.lines:
            cells = [self.head(head) for head in heads]
            for answer in answers:
                cell = answer.cell
                kind = "unknown" if isinstance(cell.value, NotKnown) else "number"
                plain = hasattr(cell.value, "fen") or isinstance(cell.value, Ratio | NotKnown)
                if not points and not plain:
                    kind = "words"
                text = self.value(cell, points=points)
                cells.append(CellView(text, "", 1, answer.columns, self.notes.cell(cell), kind))
            lines.append(tuple(cells))
        numbers = all(line[-1].kind == "number" for line in lines)
        return TableView(caption, self.column_heads(grid, "number" if numbers else ""), tuple(lines))

    def head(self, head: Head) -> CellView:
        text = self.texts("layer.all_values") if head.group is None else self.group(head.group, head.fact)
        kind = "all" if head.group is None else ""
        return CellView(text, "rowgroup" if head.rows > 1 else "row", head.rows, head.columns, kind=kind)

    def column_heads(self, grid: Grid, kind: str) -> tuple[tuple[CellView, ...], ...]:
        if grid.column is None:
            named = [CellView(self.say.word(fact), "col") for fact in grid.facts]
            return ((*named, CellView(self.texts("policy.value"), "col", kind=kind)),)
        named = [CellView(self.say.word(fact), "col", rows=2) for fact in grid.facts]
        wide = CellView(self.say.word(grid.column), "colgroup", columns=len(grid.across))
        across = tuple(CellView(self.group(group, grid.column), "col", kind=kind) for group in grid.across)
        return ((*named, wide), across)

    def group(self, group: Group, fact: str) -> str:
        """The name of a group of values of a fact."""
        if group.rest and len(group.values) > NAMED_REST:
            return self.texts("layer.others")
        whole = self.facts[fact].range if fact in self.facts else None
        return self.texts.list.join(
            self.say.word(value) if isinstance(value, str) else self.say.range(fact, value[0], value[1], whole)
            for value in group.values
        )


def identified(text: str) -> str:
    """A number, date or article; empty where nobody knows it."""
    return "" if text == NOT_IDENTIFIED else text
