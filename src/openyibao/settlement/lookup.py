"""Tables over facts, laid out densely: every combination of values has one number, its cell."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from openyibao.policy.answers import answer, has_answer
from openyibao.policy.keys import Atom, atoms
from openyibao.policy.model import Fact, Table

SHUT_OUT = -1
"""In place of a cell, where a table has no answer: the conditions of its layer let no claim through to it."""


@dataclass(frozen=True)
class Dense:
    """A table laid out: for each dense cell, which cell of the policy answers (or SHUT_OUT) and for which values."""

    facts: tuple[Fact, ...]
    pieces: tuple[tuple[Atom, ...], ...]
    answers: tuple[int, ...]

    @property
    def size(self) -> int:
        return len(self.answers)

    def values(self, cell: int) -> tuple[Atom, ...]:
        """The values of the facts that lead to a dense cell."""
        found: list[Atom] = []
        for pieces in reversed(self.pieces):
            cell, at = divmod(cell, len(pieces))
            found.append(pieces[at])
        return tuple(reversed(found))

    def label(self, cell: int) -> str:
        return ", ".join(a if isinstance(a, str) else f"{a[0]} to {a[1]}" for a in self.values(cell))

    def index(self, names: tuple[str, ...]) -> str:
        """The expression for the dense cell, given the locals that hold the facts."""
        expression = ""
        for name, fact, pieces in zip(names, self.facts, self.pieces, strict=True):
            piece = name if fact.range is None else _piece(name, pieces)
            expression = f"({expression}) * {len(pieces)} + {piece}" if expression else piece
        return expression or "0"


def _piece(name: str, pieces: tuple[Atom, ...]) -> str:
    """Which interval a whole number lies in, by counting the lower ends it reaches."""
    starts = [piece[0] for piece in pieces[1:] if isinstance(piece, tuple)]
    return "(" + (" + ".join(f"(1 if {name} >= {start} else 0)" for start in starts) or "0") + ")"


def lay_out(table: Table, facts: dict[str, Fact]) -> Dense:
    """The table with every combination of values written out.

    Its coverage was checked when it was read: what has no answer is shut out by the conditions of the layer.
    """
    used = tuple(facts[name] for name in table.by)
    keys = [[cell.keys[n] for cell in table.cells if len(cell.keys) > n] for n in range(len(used))]
    pieces = tuple(tuple(atoms(fact, level)) for fact, level in zip(used, keys, strict=True))
    answers = tuple(
        answer(table, combination) if has_answer(table, combination) else SHUT_OUT
        for combination in itertools.product(*pieces)
    )
    return Dense(used, pieces, answers)
