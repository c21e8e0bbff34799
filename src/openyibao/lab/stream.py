"""The contract of the engine: batches of claims in, batches of bills out, whoever cuts the batches.

Claims stand by person (ascending), then as they were settled. A person whose claims are cut by the end of a batch
waits for the next one. What went through is on the receipt: no row and no fen is lost, and two streams that are parts
of one whole must not share a person (`join_receipts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.lab.claims import CLAIM, PERSON, Array, ClaimColumnError, ClaimColumns, column_name
from openyibao.policy.model import Policy
from openyibao.settlement.columns import RowRule
from openyibao.tables.pipeline import map_ahead

FAULT = "fault"


class TornPersonError(ValueError):
    """A person in two places that are settled apart: neither would know what the other has used."""


@dataclass
class Receipt:
    """What went through a stream. Amounts in fen (one that is missing counts as 0); `faults` counts the rows that were
    not settled, by their fault.

    `persons` holds the persons met, batch by batch, where the stream was asked to keep them.
    """

    rows: int = 0
    settled: int = 0
    total_fen: int = 0
    unsettled_fen: int = 0
    paid_fen: int = 0
    personal_fen: int = 0
    faults: dict[int, int] = field(default_factory=dict)
    count: int = 0
    first: int = -1
    last: int = -1
    persons: list[Array] = field(default_factory=list)

    def check(self) -> None:
        """Every row that came in is settled or has its fault; every fen is paid, left to the person, or unsettled."""
        rows = self.settled + sum(self.faults.values())
        fen = self.paid_fen + self.personal_fen + self.unsettled_fen
        if self.rows != rows or self.total_fen != fen:
            raise AssertionError(f"rows or fen are not conserved: {self}")

    def add(self, batch: SettledBatch) -> None:
        """What came out. What came in is counted where it comes in: `whole_persons`."""
        for name in ("settled", "unsettled_fen", "paid_fen", "personal_fen"):
            setattr(self, name, getattr(self, name) + getattr(batch, name))
        for number, rows in batch.faults.items():
            self.faults[number] = self.faults.get(number, 0) + rows


@dataclass(frozen=True)
class SettledBatch:
    """The bills of a batch, and what `Receipt` adds up."""

    bills: Any
    settled: int
    unsettled_fen: int
    paid_fen: int
    personal_fen: int
    faults: dict[int, int]


class BatchSettler:
    """Settles batches that hold all claims of their persons. Safe to use from several threads.

    Bills have `claim` (if the claims have it), `person`, the outputs of the rule as `NAME_fen`, and `fault`: 0, or the
    number of the fault for which the row was not settled; its amounts are then 0.
    """

    def __init__(self, policy: Policy, outputs: tuple[str, ...] = ()) -> None:
        self.rule = RowRule(policy, outputs)
        kept = self.rule.outputs
        if "paid" not in kept or "personal" not in kept:
            raise ValueError("bills need `paid` and `personal`: without them nothing shows that no fen is lost")
        self.columns = ClaimColumns(self.rule)

    def schema(self, claims: Any) -> Any:
        """The schema of the bills for claims of a schema."""
        ids = [claims.field(name) for name in (CLAIM, PERSON) if name in claims.names]
        amounts = [pa.field(f"{name}_fen", pa.int64(), nullable=False) for name in self.rule.outputs]
        return pa.schema([*ids, *amounts, pa.field(FAULT, pa.int32(), nullable=False)])

    def settle(self, batch: Any) -> SettledBatch:
        columns = self.columns.read(batch)
        try:
            found = self.rule.settle(columns)
        except ValueError as error:  # its rows are those of this batch, which nobody else has seen
            persons = columns[PERSON]
            raise ValueError(f"among the persons {int(persons[0])} to {int(persons[-1])}, {error}") from None
        fault = found.faults()
        wrong = fault != 0
        faults: dict[int, int] = {}
        unsettled = 0
        if wrong.any():
            numbers, counts = np.unique(fault[wrong], return_counts=True)
            faults = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
            unsettled = exact_sum(total_of(batch)[wrong])
        ids = [batch.column(name) for name in (CLAIM, PERSON) if name in batch.schema.names]
        arrays = [*ids, *map(pa.array, found.outputs.values()), pa.array(fault.astype(np.int32, copy=False))]
        bills = pa.RecordBatch.from_arrays(arrays, schema=self.schema(batch.schema))
        paid, personal = (int(found.outputs[name].sum()) for name in ("paid", "personal"))
        settled = len(fault) - sum(faults.values())
        return SettledBatch(bills, settled, unsettled, paid, personal, faults)


def total_of(batch: Any) -> Array:
    """What each claim of a batch costs, in fen; one that does not say counts as 0."""
    place = batch.schema.get_field_index(column_name("total"))
    if place < 0 or not pa.types.is_integer(batch.schema.field(place).type):
        return np.zeros(batch.num_rows, np.int64)  # refused where it is read
    column = batch.column(place)
    found: Array = (column.fill_null(0) if column.null_count else column).to_numpy()
    return found


def exact_sum(column: Array) -> int:
    """The sum of whole numbers, however large they are: what could not be settled may hold anything.

    >>> exact_sum(np.array([2**63 - 1, 2**63 - 1, 1]))
    18446744073709551615
    """
    if not len(column):
        return 0
    largest = max(-int(column.min()), int(column.max()))
    return int(column.sum()) if largest * len(column) < 2**63 else sum(column.tolist())


def settle_stream(
    batches: Iterable[Any],
    settler: BatchSettler,
    receipt: Receipt | None = None,
    *,
    pool: Executor | None = None,
    keep_persons: bool = False,
) -> Iterator[Any]:
    """Bills of claims, in the order of the claims. With a pool its threads work ahead; the bills are the same.

    batches: see `lab.claims`; sorted by person, then in the order of settlement. receipt: is filled while bills are
    taken, and checked at the end. keep_persons: the receipt keeps who was met, for `join_receipts` on streams whose
    persons are mixed. Raises TornPersonError where a person comes after a later one.
    """
    receipt = Receipt() if receipt is None else receipt
    whole = whole_persons(batches, receipt, keep_persons=keep_persons)
    for settled in map_ahead(pool, settler.settle, whole):
        receipt.add(settled)
        yield settled.bills
    receipt.check()


def whole_persons(batches: Iterable[Any], receipt: Receipt, *, keep_persons: bool = False) -> Iterator[Any]:
    """The same claims in batches that never part a person: the last person of each waits for the next batch."""
    waiting: list[Any] = []
    schema = None
    for batch in batches:
        schema = batch.schema if schema is None else schema
        if not batch.schema.equals(schema):
            before, now = _named(schema), _named(batch.schema)
            raise ClaimColumnError(f"the batches of a stream must have the same columns; after {before} came {now}")
        if not batch.num_rows:
            continue
        person = _persons(batch, receipt)
        receipt.rows += batch.num_rows
        receipt.total_fen += exact_sum(total_of(batch))
        starts = np.flatnonzero(np.diff(person)) + 1
        goes_on = bool(waiting) and int(person[0]) == receipt.last
        _meet(receipt, person, starts, goes_on, keep_persons)
        cuts = starts if goes_on else np.r_[0, starts]
        if not len(cuts):
            waiting.append(batch)
            continue
        first, last = int(cuts[0]), int(cuts[-1])
        if waiting:
            yield _join([*waiting, batch.slice(0, first)])
        if last > first:
            yield batch.slice(first, last - first)
        waiting = [batch.slice(last)]
    if waiting:
        yield _join(waiting)


def _persons(batch: Any, receipt: Receipt) -> Array:
    """The persons of a batch, which must go up from where the last batch ended."""
    place = batch.schema.get_field_index(PERSON)
    column = batch.column(place) if place >= 0 else None
    if column is None or not pa.types.is_integer(column.type) or column.null_count:
        found = "none" if column is None else f"{column.type} with {column.null_count} gaps"
        raise ValueError(f"claims need a column 'person' of whole numbers without gaps; found {found}")
    person: Array = column.to_numpy()
    down = np.flatnonzero(person[1:] < person[:-1])
    before, after = (int(person[down[0]]), int(person[down[0] + 1])) if len(down) else (receipt.last, int(person[0]))
    if after < before or after < 0:
        raise TornPersonError(
            f"person {after} comes after person {before}. Sort the claims by person and settlement; persons are "
            "numbers from 0."
        )
    return person


def _meet(receipt: Receipt, person: Array, starts: Array, goes_on: bool, keep: bool) -> None:
    """Put the persons of a batch on the receipt; one who goes on from the batch before is on it already."""
    met = person[np.r_[0, starts]][int(goes_on) :]
    receipt.count += len(met)
    receipt.first = int(person[0]) if receipt.first < 0 else receipt.first
    receipt.last = int(person[-1])
    if keep:
        receipt.persons.append(met)


def _named(schema: Any) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in schema)


def _join(batches: list[Any]) -> Any:
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    return table.to_batches()[0]


def join_receipts(receipts: Iterable[Receipt]) -> Receipt:
    """The receipt of a whole that was settled in parts. Raises TornPersonError where two parts share a person.

    Parts whose numbers of persons lie apart need nothing more; where they are mixed, the streams must have kept the
    persons they met.
    """
    parts = sorted((part for part in receipts if part.count), key=lambda part: part.first)
    whole = Receipt()
    for part in parts:
        if whole.count and part.first <= whole.last:
            _check_apart(whole, part)
        for name in ("rows", "settled", "total_fen", "unsettled_fen", "paid_fen", "personal_fen", "count"):
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        for number, rows in part.faults.items():
            whole.faults[number] = whole.faults.get(number, 0) + rows
        whole.first = part.first if whole.first < 0 else whole.first
        whole.last = max(whole.last, part.last)
        whole.persons += part.persons
    whole.check()
    return whole


def _check_apart(whole: Receipt, part: Receipt) -> None:
    kept = [sum(map(len, one.persons)) == one.count for one in (whole, part)]
    if not all(kept):
        raise ValueError(
            "the parts hold mixed persons, and whether they share one is not known: settle them with keep_persons"
        )
    shared = np.intersect1d(np.concatenate(whole.persons), np.concatenate(part.persons))
    if len(shared):
        raise TornPersonError(
            f"{len(shared)} persons stand in two parts, for instance person {int(shared[0])}. "
            "Put all claims of a person into one part."
        )
