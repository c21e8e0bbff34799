"""Rows of claims as numbers, with what is wrong with each: the form between reading and settling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.tables.cells import Numbers
from openyibao.tables.ids import Flags, Ids, join_ids


@dataclass(frozen=True)
class Block:
    """Rows of claims. All parts have one length; a slice copies nothing.

    rows: where each row stands in the table. order: the moment of settlement, comparable. problem: 0, or the number of
    what is wrong (`Reader.problem`). numbers: the columns for `RowRule.settle`; texts: those whose numbers are given
    within a person. batch: the cells as they were found, by field.
    """

    rows: Numbers
    claim: Ids
    person: Ids
    order: Numbers
    problem: Numbers
    numbers: dict[str, Numbers]
    texts: dict[str, Any]
    batch: Any

    def __len__(self) -> int:
        return len(self.rows)

    def slice(self, start: int, end: int) -> Block:
        """The rows from `start` on, before `end`."""
        rows, span = slice(start, end), (start, end - start)
        return Block(
            self.rows[rows],
            self.claim.slice(start, end),
            self.person.slice(start, end),
            self.order[rows],
            self.problem[rows],
            {name: column[rows] for name, column in self.numbers.items()},
            {name: column.slice(*span) for name, column in self.texts.items()},
            self.batch.slice(*span),
        )


def join(blocks: Sequence[Block]) -> Block:
    """The rows of several blocks, one after the other."""
    if len(blocks) == 1:
        return blocks[0]
    first = blocks[0]
    return Block(
        np.concatenate([block.rows for block in blocks]),
        join_ids([block.claim for block in blocks]),
        join_ids([block.person for block in blocks]),
        np.concatenate([block.order for block in blocks]),
        np.concatenate([block.problem for block in blocks]),
        {name: np.concatenate([block.numbers[name] for block in blocks]) for name in first.numbers},
        {name: pa.concat_arrays([block.texts[name] for block in blocks]) for name in first.texts},
        one_batch([block.batch for block in blocks]),
    )


def one_batch(batches: Sequence[Any]) -> Any:
    """Several batches of one schema as one; their dictionaries become one, too."""
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    return next(iter(table.to_batches()), batches[0])


def person_numbers(new: Flags) -> Numbers:
    """0 for the rows of the first person, 1 for those of the next ..."""
    numbers: Numbers = np.cumsum(new) - int(new[0]) if len(new) else np.empty(0, np.int64)
    return numbers
