"""Blocks of claims settled: bills, and the rows that were not settled with the reason for each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openyibao.tables.block import Block, person_numbers
from openyibao.tables.cells import Numbers
from openyibao.tables.ids import Flags
from openyibao.tables.reader import ROW, TEXTS, Reader
from openyibao.tables.rejects import rejected

TOTALS = ("paid", "personal")


@dataclass
class Tally:
    """What became of rows. Amounts in fen; `reasons` counts rejected rows by column and kind of problem."""

    rows: int = 0
    settled: int = 0
    rejected: int = 0
    persons: int = 0
    persons_rejected: int = 0
    nobody: int = 0
    total_fen: int = 0
    paid_fen: int = 0
    personal_fen: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        for one in fields(self):
            mine, more = getattr(self, one.name), getattr(other, one.name)
            setattr(self, one.name, mine + more)

    def check(self) -> None:
        """Every row is either settled or rejected, every fen either paid or left to a person."""
        if self.rows != self.settled + self.rejected or self.total_fen != self.paid_fen + self.personal_fen:
            raise AssertionError(f"rows or fen are not conserved: {self}")


@dataclass(frozen=True)
class Settled:
    """Bills (row, claim id, person, amounts in fen); rows that were not settled (REJECTS), or None; as they stood."""

    bills: Any
    rejects: Any
    tally: Tally


class Settler:
    """Settles blocks that hold all rows of their persons. Safe to use from several threads."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.rule = reader, reader.rule
        bills = reader.bills
        self.schema = pa.schema(
            [(ROW, pa.int64()), (bills.claim_id, pa.string()), (bills.person, pa.string())]
            + [(name, pa.int64()) for name in bills.amounts]
        )

    def settle(self, block: Block) -> Settled:
        """Settle the rows that nothing is wrong with, each person's by the moment of settlement, then as they stand."""
        person = person_numbers(block.person.new)
        chosen = _in_order(person, block.order, block.problem == 0)
        outputs, fault = self._settle(block, person, chosen)
        bad = (block.problem != 0) | (fault != 0)
        columns = [block.rows, block.claim.texts, block.person.texts]
        columns += [reduce(np.add, [outputs[name] for name in names]) for names in self.reader.bills.amounts.values()]
        bills = pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=self.schema)
        rejects = None
        tally = Tally(len(block), len(block), persons=int(block.person.new.sum()))
        tally.total_fen = int(block.numbers["total"].sum())
        if bad.any():
            missed = np.flatnonzero(bad)
            bills = bills.filter(pa.array(~bad))
            rejects = rejected(self.reader, block, missed, fault, tally.reasons)
            self._count(block, person, missed, tally)
            outputs = {name: np.where(bad, 0, outputs[name]) for name in TOTALS}
        tally.paid_fen, tally.personal_fen = (int(outputs[name].sum()) for name in TOTALS)
        return Settled(bills, rejects, tally)

    def _settle(self, block: Block, person: Numbers, chosen: Numbers | None) -> tuple[dict[str, Numbers], Numbers]:
        """What the rule gives for the chosen rows, at their places; None: all rows, as they stand."""
        columns = {**block.numbers, "person": person}
        columns |= {name: _codes(column) for name, column in self._texts(block).items()}
        if chosen is not None:
            columns = {name: column[chosen] for name, column in columns.items()}
        settled = self.rule.settle(columns)
        if chosen is None:
            return settled.outputs, settled.fault
        outputs = {name: np.zeros(len(block), np.int64) for name in settled.outputs}
        fault = np.zeros(len(block), np.int32)
        for name, column in settled.outputs.items():
            outputs[name][chosen] = column
        fault[chosen] = settled.fault
        return outputs, fault

    def _texts(self, block: Block) -> dict[str, Any]:
        """A claim without a stay is a stay of its own; one without an episode is of its stay's."""
        texts = dict(block.texts)
        if texts.keys() & set(TEXTS):
            stay = _or(texts["stay"], block.claim.texts) if "stay" in texts else block.claim.texts
            texts |= {"stay": stay, "episode": _or(texts["episode"], stay) if "episode" in texts else stay}
        return texts

    def _count(self, block: Block, person: Numbers, missed: Numbers, tally: Tally) -> None:
        nobody = block.person.hashes[missed] == 0
        tally.rejected = len(missed)
        tally.settled -= len(missed)
        tally.total_fen -= int(block.numbers["total"][missed].sum())
        tally.nobody = int(nobody.sum())
        tally.persons_rejected = len(np.unique(person[missed[~nobody]]))


def _in_order(person: Numbers, order: Numbers, good: Flags) -> Numbers | None:
    """The good rows, each person's by the moment of settlement, then as they stand; None if all rows are so already."""
    if good.all() and _ordered(person, order):
        return None
    chosen = np.flatnonzero(good)
    who, moment = person[chosen], order[chosen]
    return chosen if _ordered(who, moment) else chosen[np.lexsort((moment, who))]


def _ordered(person: Numbers, order: Numbers) -> bool:
    return bool(((order[1:] >= order[:-1]) | (person[1:] != person[:-1])).all())


def _or(texts: Any, others: Any) -> Any:
    return pc.if_else(pc.equal(texts, ""), others, texts)


def _codes(texts: Any) -> Numbers:
    """The same whole number for the same text; -1 for an empty one."""
    encoded = texts.dictionary_encode()
    codes: Numbers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    empty = encoded.dictionary.index("").as_py()
    return np.where(codes == empty, -1, codes) if empty >= 0 else codes
