"""Columns that also say what each row wrote into each use, for persons who may bring uses along.

    rule = TracedRule(policy, outputs)
    traced = rule.trace(person, columns, given)      bills as `RowRule` gives them, and the uses that rows wrote

A history can so be derived in columns though its policies follow one another: what a person has used under one is given
to the next. Policies whose uses are carried over or gathered can't be traced (`traceable`): their rows also write uses
of other periods than their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from openyibao.policy.model import Policy
from openyibao.settlement.claim import OPEN
from openyibao.settlement.columns import Array, RowRule, Settled
from openyibao.settlement.emit import rows_arguments, rows_text
from openyibao.settlement.emit_traced import traced_arguments, traced_keys
from openyibao.settlement.ir import Program


@dataclass(frozen=True)
class Given:
    """A use that a person begins with: the first row of the person, the slot, where it stands, fen.

    `key` is the number of the period, or of the episode or stay as the column of the rows names it; `per` are the
    numbers of the values it is kept for.
    """

    row: int
    slot: int
    key: int
    per: tuple[int, ...]
    fen: int


@dataclass(frozen=True)
class Written:
    """What rows wrote into the use of a slot: `now` is -1 where a row wrote none.

    `keys` holds the columns that name the use: the period's number, then the numbers of the values; None for a name
    (an episode, a stay), which the row's own column has.
    """

    was: Array
    now: Array
    keys: tuple[Array | None, ...]


@dataclass(frozen=True)
class Traced:
    """Bills, and for each slot of the program what the rows wrote."""

    settled: Settled
    written: tuple[Written, ...]


def traceable(program: Program) -> bool:
    """Whether rows write only uses of their own period: none is carried over, none is gathered."""
    return not any(slot.carried or slot.group.endswith(OPEN) for slot in program.slots)


class TracedRule(RowRule):
    """The loop form of a policy that traces uses. Raises ValueError for a policy that is not `traceable`."""

    def __init__(self, policy: Policy, outputs: tuple[str, ...] = ()) -> None:
        super().__init__(policy, outputs)
        if not traceable(self.plan.program):
            raise ValueError(f"policy {policy.id} carries uses over or gathers them: they can't be traced by rows")

    def _text(self, title: str) -> str:
        return rows_text(self.plan.program, title, self.outputs, self.literals, traced=True)

    def trace(self, columns: Mapping[str, Array], given: Sequence[Given] = ()) -> Traced:
        """Settle columns as `RowRule.settle` takes them, rows of a person together and in the order of settling.

        That order is the caller's: dates of settlement may go back. `given` stands in the order of rows.
        """
        person = np.ascontiguousarray(columns["person"], dtype=np.int64)
        rows, program = len(person), self.plan.program
        inputs = self.inputs(columns, person)
        self._check_facts(columns)
        uses = self._uses(inputs)
        fault = np.zeros(rows, np.int32)
        out = [np.zeros(rows, np.int64) for _ in self.outputs]
        named = dict(zip((*program.inputs, *program.texts), inputs, strict=True))
        brought = self._places(given, dict(zip(rows_arguments(program), uses, strict=True)), columns, named)
        names = traced_arguments(program)[len(brought) :]
        found = {name: np.full(rows, -1 if name.startswith("NOW_") else 0, np.int64) for name in names}
        self.loop(rows, person, *inputs, *uses, fault, *out, *brought, *found.values())
        written = tuple(self._written(number, found) for number in range(len(program.slots)))
        return Traced(Settled(dict(zip(self.outputs, out, strict=True)), fault), written)

    def _written(self, number: int, found: Mapping[str, Array]) -> Written:
        program = self.plan.program
        slot, told = program.slots[number], traced_keys(program, number)
        locals_ = {local: found[name] for name, local in told.items()}
        keys = tuple(locals_.get(local) for local in (slot.key, *slot.per))
        return Written(found[f"WAS_{number}"], found[f"NOW_{number}"], keys)

    def _places(
        self, given: Sequence[Given], made: Mapping[str, Any], columns: Mapping[str, Array], named: Mapping[str, Array]
    ) -> list[Array]:
        """The uses to begin with as the loop takes them; those that no row reaches are left out."""
        program = self.plan.program
        rows: list[tuple[int, int, int, int]] = []
        for one in given:
            slot, place = program.slots[one.slot], 0
            for name, number in zip((slot.key, *slot.per), (one.key, *one.per), strict=True):
                first, room = 0, program.sizes.get(name)
                if name in program.texts:
                    found, room = self._name(one, name, number, columns, named), int(named[name].max()) + 1
                else:
                    first = made.get(f"FIRST_{name}", 0)
                    found, room = number - first, made.get(f"COUNT_{name}", made.get(f"SIZE_{name}", room))
                if not 0 <= found < room:
                    break
                place = place * room + found
            else:
                rows.append((one.row, one.slot, place, one.fen))
        columns_of = zip(*rows, strict=True) if rows else ([], [], [], [])
        return [np.array(column, np.int64) for column in columns_of]

    def _name(
        self, one: Given, name: str, number: int, columns: Mapping[str, Array], named: Mapping[str, Array]
    ) -> int:
        """The number that the loop gives to an episode or a stay of the person; -1 where no row names it."""
        person, asked = columns["person"], columns[name]
        row = one.row
        while row < len(person) and person[row] == person[one.row]:
            if asked[row] == number:
                return int(named[name][row])
            row += 1
        return -1
