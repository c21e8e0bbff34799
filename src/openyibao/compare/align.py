"""Several policies side by side, value by value: aligned by layer and, in tables, by the values of the facts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from openyibao.compare.items import LAYERS, Item, Layout
from openyibao.compare.words import Words, atom_text, both, pick
from openyibao.policy.answers import NoAnswerError, OwnShareError, answer, rate
from openyibao.policy.keys import Atom, covers
from openyibao.policy.model import (
    Basis,
    Bilingual,
    Fact,
    Money,
    NotKnown,
    OwnShareOf,
    Policy,
    Range,
    Ratio,
    Table,
)

Vector = tuple["Said | None", ...]
Keys = tuple[tuple[Atom, ...] | None, ...]


@dataclass(frozen=True)
class Said:
    """What one policy says: the value in words and as a number (fen or a ratio), on what it rests, or that the file
    does not know it."""

    text: Bilingual
    basis: Basis | None = None
    fen: int | None = None
    ratio: tuple[int, int] | None = None
    unknown: bool = False


@dataclass(frozen=True)
class Row:
    """One value in all policies compared (None: that policy has none). `facts` are those it holds for, with values."""

    path: tuple[str, ...]
    label: tuple[Bilingual, ...]
    facts: tuple[tuple[Bilingual, Bilingual], ...]
    said: Vector

    @property
    def same(self) -> bool:
        texts = {None if one is None else one.text for one in self.said}
        return len(texts) == 1

    def title(self, lang: str, skip: int = 0) -> str:
        """The label from its part number `skip` on, with the facts."""
        joint, colon = ("；", "：") if lang == "zh" else ("; ", ": ")
        text = (" / ").join(pick(part, lang) for part in self.label[skip:])
        told = joint.join(f"{pick(name, lang)}{colon}{pick(value, lang)}" for name, value in self.facts)
        if not told:
            return text
        return f"{text}（{told}）" if lang == "zh" else f"{text} ({told})"


def compare(policies: Sequence[Policy]) -> list[Row]:
    """Every value of some policies, in the order in which they stand; see `Row`."""
    layouts = [Layout(policy) for policy in policies]
    items = [{item.path: item for item in layout.items()} for layout in layouts]
    rows: list[Row] = []
    for path in _merged([list(of) for of in items]):
        rows += _rows([of.get(path) for of in items], layouts)
    return rows


def _merged(lists: Sequence[list[tuple[str, ...]]]) -> list[tuple[str, ...]]:
    """All paths; one that the first lists lack stands behind the path it follows in its own list."""
    found: list[tuple[str, ...]] = []
    for paths in lists:
        at = 0
        for path in paths:
            if path in found:
                at = found.index(path) + 1
            else:
                at = _behind_its_layer(found, path, at)
                found.insert(at, path)
                at += 1
    return found


def _behind_its_layer(found: list[tuple[str, ...]], path: tuple[str, ...], at: int) -> int:
    """A path of another layer (or section) is not put between the paths of one."""
    while 0 < at < len(found) and _block_of(found[at - 1]) == _block_of(found[at]) != _block_of(path):
        at += 1
    return at


def _block_of(path: tuple[str, ...]) -> tuple[str, ...]:
    return path[:2] if path[0] == LAYERS else path[:1]


def _rows(items: list[Item | None], layouts: list[Layout]) -> list[Row]:
    first = next(item for item in items if item is not None)
    views = [None if item is None else _View(item, layout) for item, layout in zip(items, layouts, strict=True)]
    facts = list(dict.fromkeys(name for view in views if view for name in view.by))
    choices = {name: _atoms(name, [view for view in views if view and name in view.by]) for name in facts}
    rows = []
    for keys, said in _block(facts, choices, views, {}):
        if any(one is not None for one in said):
            rows.append(Row(first.path, first.label, _named(facts, keys, views), said))
    return rows


class _View:
    """One item of one policy, answering for values of facts."""

    def __init__(self, item: Item, layout: Layout) -> None:
        self.item, self.words, self.policy = item, layout.words, layout.policy
        self.tables = (item.table, *item.table.points) if item.table else ()
        self.by = tuple(dict.fromkeys(name for table in self.tables for name in table.by))
        self.known: dict[str, Fact] = {fact.name: fact for fact in self.policy.facts}
        self.known |= {derived.name: derived.fact for derived in self.policy.derived}
        self.within = {one.fact: one.key for one in item.within}
        self._kept: dict[tuple[Atom, ...], Said | None] = {}

    def said(self, chosen: Mapping[str, Atom]) -> Said | None:
        """What the policy says for values of facts; only those that it looks at matter."""
        key = tuple(atom for name, atom in chosen.items() if name in self.by or name in self.within)
        if key not in self._kept:
            self._kept[key] = self._said(chosen)
        return self._kept[key]

    def _said(self, chosen: Mapping[str, Atom]) -> Said | None:
        if any(name in self.within and not covers(self.within[name], atom) for name, atom in chosen.items()):
            return None  # its layer does not apply
        if self.item.table is None:
            return None if self.item.text is None else Said(self.item.text, self.item.basis)
        if not all(self.has(name, chosen[name]) for name in self.by):
            return None
        try:
            return self.cell(self.item.table, chosen)
        except (NoAnswerError, OwnShareError):
            return None

    def has(self, name: str, value: Atom) -> bool:
        """Whether the policy has the value."""
        fact = self.known[name]
        if isinstance(value, str):
            return value in fact.values
        return fact.range is not None and covers(fact.range, value)

    def cell(self, table: Table, chosen: Mapping[str, Atom]) -> Said:
        """The value of the cell that answers; a rate as it comes out, with its points and as a share of another's."""
        values = tuple(chosen[name] for name in table.by)
        cell = table.cells[answer(table, values)]
        basis = cell.basis or table.basis or self.item.basis
        value = cell.value
        if isinstance(value, OwnShareOf):
            value = rate(table, tuple(self.known[name].values for name in table.by), values)
        points = [one.cells[answer(one, tuple(chosen[name] for name in one.by))] for one in table.points]
        added = [one.value.ratio for one in points if isinstance(one.value, Ratio)]
        if isinstance(value, Ratio) and len(added) == len(points):
            value = Ratio(value.ratio + sum(added))
            points = []
        texts = [self.words.value(replace(cell, value=value)), *(self.words.value(one, signed=True) for one in points)]
        text = both(lambda lang: " ".join(pick(one, lang) for one in texts))
        ratio = (value.ratio.numerator, value.ratio.denominator) if isinstance(value, Ratio) else None
        fen = value.fen if isinstance(value, Money) else None
        return Said(text, basis, fen, ratio, isinstance(value, NotKnown))


def _atoms(name: str, views: list[_View]) -> tuple[Atom, ...]:
    """The values of a fact that some of the policies tell apart; of a number, the intervals their tables cut."""
    ranges = [view.known[name].range for view in views]
    if not any(ranges):
        return tuple(dict.fromkeys(value for view in views for value in view.known[name].values))
    cuts: set[int] = set()
    for view, whole in zip(views, ranges, strict=True):
        low, high = (whole.low or 0, whole.high or 0) if whole else (0, 0)
        cuts |= {low, high + 1}
        for table in (table for table in view.tables if name in table.by):
            level = table.by.index(name)
            keys = [cell.keys[level] for cell in table.cells if len(cell.keys) > level]
            for key in (key for key in keys if isinstance(key, Range)):
                cuts |= {low if key.low is None else key.low, high + 1 if key.high is None else key.high + 1}
    return tuple((start, end - 1) for start, end in itertools.pairwise(sorted(cuts)))


def _block(
    facts: list[str], choices: dict[str, tuple[Atom, ...]], views: list[_View | None], chosen: dict[str, Atom]
) -> tuple[tuple[Keys, Vector], ...]:
    """The rows for some values already chosen; values of a fact with the same rows are put together."""
    if len(chosen) == len(facts):
        return (((), tuple(None if view is None else view.said(chosen) for view in views)),)
    name = facts[len(chosen)]
    groups: dict[tuple[tuple[Keys, Vector], ...], list[Atom]] = {}
    for atom in choices[name]:
        groups.setdefault(_block(facts, choices, views, chosen | {name: atom}), []).append(atom)
    if len(groups) == 1:
        return tuple(((None, *keys), said) for keys, said in next(iter(groups)))
    return tuple(((_joined(atoms), *keys), said) for block, atoms in groups.items() for keys, said in block)


def _joined(atoms: list[Atom]) -> tuple[Atom, ...]:
    """Intervals that touch, as one."""
    found: list[Atom] = []
    for atom in atoms:
        last = found[-1] if found else None
        if isinstance(atom, tuple) and isinstance(last, tuple) and last[1] + 1 == atom[0]:
            found[-1] = (last[0], atom[1])
        else:
            found.append(atom)
    return tuple(found)


def _named(facts: list[str], keys: Keys, views: Sequence[_View | None]) -> tuple[tuple[Bilingual, Bilingual], ...]:
    """The facts that a row is for, in words."""
    told = []
    for name, atoms in zip(facts, keys, strict=True):
        if atoms is None:
            continue
        asking = [view for view in views if view and name in view.by]
        tops = {view.known[name].range.high for view in asking if view.known[name].range}  # type: ignore[union-attr]
        top = tops.pop() if len(tops) == 1 else None
        texts = [_atom_said(atom, asking, top) for atom in atoms]
        joined = Bilingual("、".join(text.zh for text in texts), ", ".join(text.en for text in texts))
        told.append((asking[0].words.say(name), joined))
    return tuple(told)


def _atom_said(atom: Atom, asking: list[_View], top: int | None) -> Bilingual:
    """A value in the words of a policy that has it."""
    having: list[Words] = [view.words for view in asking if isinstance(atom, tuple) or atom in _values(view)]
    return atom_text((atom,), (having or [asking[0].words])[0], top)


def _values(view: _View) -> set[str]:
    return {value for name in view.by for value in view.known[name].values}
