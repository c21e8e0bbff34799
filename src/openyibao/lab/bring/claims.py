"""Claims of one's own brought to the lab: a table in any of the three namings becomes columns that any policy settles.

The table is read as `yibao settle` reads it, and settled once under the policy: what cannot be read or settled goes to
the rejects, with the same reasons. What remains is written person after person, in the order of settlement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from openyibao.lab.bring.columns import claim_batch, claim_schema
from openyibao.lab.bring.paid import KEY, PaidTally, check, column_name, find_paid, read_paid
from openyibao.policy.model import Policy
from openyibao.settlement.lowering import UNKNOWN
from openyibao.tables import Sizes, TableError, rejects_path
from openyibao.tables.bills import Settled, Settler, Tally
from openyibao.tables.block import Block, person_numbers
from openyibao.tables.cells import Numbers
from openyibao.tables.ids import Seen, read_ids, seen_ids
from openyibao.tables.names import IDS, bill_columns, kind_of
from openyibao.tables.reader import NONE, ROW, Reader
from openyibao.tables.settle import Progress, hidden_folder, put_in_place, repeated_rows, silent
from openyibao.tables.sources import Source, open_source
from openyibao.tables.spill import ByPerson, ByRow
from openyibao.tables.stream import check_persons, whole_persons
from openyibao.tables.targets import Rejects

USUAL = Sizes()
PERSONS = pa.schema([("person", pa.int64()), ("person_id", pa.string())])


@dataclass(frozen=True)
class Brought:
    """What became of a table. `rejects` is None where every row can be used; `unknown` counts values by fact."""

    target: Path
    persons: Path
    rejects: Path | None
    tally: Tally
    people: int
    reader: Reader
    paid: PaidTally
    paid_columns: dict[str, str]
    unknown: Counter[str]
    source: Source

    def unread(self) -> dict[str, str]:
        """Columns that were not read, with the field that they nearly name."""
        used = set(self.paid_columns.values())
        return {header: near for header, near in self.reader.columns.unread.items() if header not in used}


def persons_path(target: Path) -> Path:
    """Where the persons stand: `claims.parquet-persons.parquet` beside `claims.parquet`."""
    return target.with_name(f"{target.name}-persons.parquet")


def bring_claims(
    policy: Policy, source: Path, target: Path, *, progress: Progress = silent, sizes: Sizes = USUAL
) -> Brought:
    """Bring a table of claims (CSV, Excel, Parquet) to the lab, as a Parquet file; memory for a part of it is enough.

    Beside the target: who the numbered persons are, and the rows that cannot be used. All appear when complete.
    Raises TableError where the table cannot be used, ValueError where the policy cannot be compiled.
    """
    rejects, persons = rejects_path(target), persons_path(target)
    if source.resolve() in (path.resolve() for path in (target, rejects, persons)):
        raise TableError(f"{target}: the claims would be replaced. Name another file.")
    if target.suffix.lower() != ".parquet":
        raise TableError(f"{target}: the lab reads Parquet. Name the file .parquet.")
    if not target.parent.is_dir():
        raise TableError(f"{target}: there is no folder {target.parent}.")
    table = open_source(source)
    with hidden_folder(target) as folder:
        work = _Bringing(policy, table, folder, progress, sizes)
        work.run(folder / target.name, folder / persons.name, folder / rejects.name)
        for path in (rejects, persons, target):
            put_in_place(folder / path.name, path)
    bad = rejects if work.tally.rejected else None
    return Brought(
        target, persons, bad, work.tally, work.people, work.reader, work.paid, work.paid_columns, work.unknown, table
    )


@dataclass
class _Bringing:
    policy: Policy
    source: Source
    folder: Path
    progress: Progress
    sizes: Sizes
    people: int = 0
    tally: Tally = field(default_factory=Tally)
    paid: PaidTally = field(default_factory=PaidTally)
    unknown: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        file, headers = str(self.source.path), self.source.headers
        self.reader = Reader(self.policy, file, headers)
        self.reader.bills = bill_columns(self.policy, self.reader.rule.outputs, "national")
        self.paid_columns = find_paid(file, headers, set(self.reader.headers().values()))
        self.settler = Settler(self.reader)
        kept = [pa.field(column_name(name), pa.int64()) for name in self.paid_columns]
        self.claims = claim_schema(self.reader)
        self.schema = pa.schema([*self.claims, *kept])

    def run(self, target: Path, persons: Path, rejects: Path) -> None:
        """Put the rows together by person on disk; read, settle and write them."""
        by_person, repeated = self._by_person()
        seen, size, rows = seen_ids(self.folder), self.sizes, max(1, self.source.rows)
        bad = ByRow(self.folder, "rejects", self.source.first_row, rows, size.part_rows)
        read = (
            self.reader.read(batch, repeated) for batch in self._counted("settle", by_person.batches(size.batch_rows))
        )
        with pq.ParquetWriter(target, self.schema) as out, pq.ParquetWriter(persons, PERSONS) as people:
            for block in whole_persons(read, seen):
                settled = self.settler.settle(block)
                self.tally.add(settled.tally)
                if settled.rejects is not None:
                    bad.add(settled.rejects)
                claims, numbered = self._claims(block, settled)
                if claims.num_rows:
                    out.write_batch(claims)
                    people.write_batch(numbered)
        check_persons(seen, self.reader.file)
        self.tally.check()
        _write_rejects(rejects, bad.batches(size.batch_rows))

    def _by_person(self) -> tuple[ByPerson, Numbers]:
        """The rows scattered by person, and those that repeat the id of an earlier claim."""
        size, headers = self.sizes, self.reader.headers()
        claims, persons = Seen(self.folder, "claims"), ByPerson(self.folder, max(1, self.source.rows), size.part_rows)
        columns = headers | {KEY.format(name): header for name, header in self.paid_columns.items()}
        for batch in self._counted("sort", self.source.batches(columns, self.reader.few, size.batch_rows)):
            claim, person = (read_ids(batch[field], headers[field]) for field in IDS)
            claims.add(claim.hashes[claim.hashes != 0])
            persons.add(batch, person)
        twice = claims.twice()
        return persons, repeated_rows(self.source, headers["claim_id"], twice) if len(twice) else NONE

    def _claims(self, block: Block, settled: Settled) -> tuple[Any, Any]:
        """The rows of a block that were settled, and their persons, numbered on."""
        good = np.isin(block.rows, settled.bills[ROW].to_numpy(zero_copy_only=False))
        paid = read_paid(self.paid_columns, block.batch.filter(pa.array(good)), self.paid)
        bills = {name: settled.bills[name].to_numpy(zero_copy_only=False) for name in self.reader.bills.amounts}
        check(paid, block.numbers["total"][good], bills, self.paid)
        person = person_numbers(block.person.new)
        kept = np.flatnonzero(good)
        order = np.lexsort((block.order[kept], person[kept]))
        chosen = kept[order]
        _, first, number = np.unique(person[chosen], return_index=True, return_inverse=True)
        self._count_unknown(block, chosen)
        claims = claim_batch(self.reader, self.claims, block, chosen, number + self.people)
        arrays = [*claims.columns, *(paid[name].take(pa.array(order)) for name in self.paid_columns)]
        numbers = pa.array(np.arange(len(first), dtype=np.int64) + self.people)
        ids = block.person.texts.take(pa.array(chosen[first]))
        self.people += len(first)
        return (
            pa.RecordBatch.from_arrays(arrays, schema=self.schema),
            pa.RecordBatch.from_arrays([numbers, ids], schema=PERSONS),
        )

    def _count_unknown(self, block: Block, chosen: Numbers) -> None:
        """Values that the policy does not have, in rows that it settled without asking for them."""
        for name, reads in self.reader.facts.items():
            if kind_of(reads.fact) in ("words", "number"):
                self.unknown[name] += int((block.numbers[name][chosen] == UNKNOWN).sum())

    def _counted(self, stage: str, batches: Iterator[Any]) -> Iterator[Any]:
        done = 0
        for batch in batches:
            yield batch
            done += batch.num_rows
            self.progress(stage, done, self.source.rows)


def _write_rejects(path: Path, batches: Iterator[Any]) -> None:
    bad = Rejects(path)
    try:
        for batch in batches:
            bad.write(batch)
    finally:
        bad.close()
