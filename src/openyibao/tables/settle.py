"""A table of claims settled into a table of bills, with memory for a part of it and two processors for all of it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openyibao.policy.model import Policy
from openyibao.tables.bills import Tally
from openyibao.tables.cells import Numbers
from openyibao.tables.ids import Hashes, Seen, SeenIds, read_ids, seen_ids
from openyibao.tables.names import IDS
from openyibao.tables.pipeline import ahead
from openyibao.tables.problems import TableError, told
from openyibao.tables.reader import NONE, ROW, Reader
from openyibao.tables.sources import BATCH_ROWS, Source, open_source
from openyibao.tables.spill import PART_ROWS, ByPerson, ByRow
from openyibao.tables.stream import check_persons, settle_stream
from openyibao.tables.targets import SUFFIXES, Rejects, Target, open_target

THREADS = 2
Progress = Callable[[str, int, int], None]
"""Told what is being done, and how many of how many rows are done; 0 rows in all: not known."""


@dataclass(frozen=True)
class Summary:
    """What became of a table. `rejects` is None where every row was settled."""

    target: Path
    rejects: Path | None
    tally: Tally
    reader: Reader
    together: bool
    blank: int
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sizes:
    """How much is worked on at once: rows of a batch, rows of a file on disk, threads (0: none besides one's own)."""

    batch_rows: int = BATCH_ROWS
    part_rows: int = PART_ROWS
    threads: int = THREADS


def silent(stage: str, done: int, rows: int) -> None:
    """No progress."""


def settle_table(
    policy: Policy, source: Path, target: Path, *, progress: Progress = silent, sizes: Sizes = Sizes()
) -> Summary:
    """Settle a table of claims under a policy: CSV, Excel or Parquet in, any of them out.

    The bills stand in the order of the claims, one for each row that was settled; each person's claims are settled in
    the order of settlement, then as they stand. Rows that were not settled go to `rejects_path(target)`, with row,
    column, what was found and why; a person's other claims are settled as if they were not there.
    Target and rejects appear when both are complete; what was there is replaced. Stopped before, nothing is left.
    Raises TableError where the table cannot be used, ValueError where the policy cannot be compiled.
    """
    rejects = rejects_path(target)
    if source.resolve() in (target.resolve(), rejects.resolve()):
        raise TableError(f"{target}: the bills would replace the claims. Name another file.")
    if target.suffix.lower() not in SUFFIXES:
        raise TableError(f"{target}: bills are written as .csv, .xlsx or .parquet. Name the file so.")
    if not target.parent.is_dir():
        raise TableError(f"{target}: there is no folder {target.parent}.")
    table = open_source(source)
    reader = Reader(policy, str(source), table.headers)
    with hidden_folder(target) as folder, _pool(sizes.threads) as pool:
        job = _Job(table, reader, folder, pool, progress, sizes)
        together, tally = job.run(folder / target.name, folder / rejects.name)
        put_in_place(folder / rejects.name, rejects)
        put_in_place(folder / target.name, target)
    return Summary(
        target, rejects if tally.rejected else None, tally, reader, together, table.blank, tuple(table.notes)
    )


def rejects_path(target: Path) -> Path:
    """Where the rows go that were not settled: `bills.parquet-rejects.csv` beside `bills.parquet`."""
    return target.with_name(f"{target.name}-rejects.csv")


def put_in_place(made: Path, path: Path) -> None:
    """Put a finished file in its place; one of an earlier run that has no successor goes."""
    if made.exists():
        made.replace(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def hidden_folder(target: Path) -> Iterator[Path]:
    """A hidden folder beside the target, which is gone afterwards, whenever the work is stopped."""
    folder = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _pool(threads: int) -> Iterator[Executor | None]:
    """Threads that, when the work is stopped, begin nothing more."""
    if not threads:
        yield None
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="yibao")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass
class _Job:
    source: Source
    reader: Reader
    folder: Path
    pool: Executor | None
    progress: Progress
    sizes: Sizes

    def run(self, target: Path, rejects: Path) -> tuple[bool, Tally]:
        """Settle the table, in one pass if the rows of each person stand together and no claim id comes twice.

        Both are known for sure only in the end; if it was not so, the pass is done again, knowing better.
        """
        if self._looks_together():
            seen = seen_ids(self.folder)
            tally = self._write(target, rejects, lambda out, bad: self._straight(out, bad, seen, NONE))
            together, twice = not len(seen.persons.twice()), seen.claims.twice()
            if together and not len(twice):
                return True, tally
            if together:
                repeated, seen = (
                    repeated_rows(self.source, self.reader.columns.header("claim_id"), twice),
                    seen_ids(self.folder),
                )
                return True, self._write(target, rejects, lambda out, bad: self._straight(out, bad, seen, repeated))
        return False, self._write(target, rejects, self._sorted)

    def _write(self, target: Path, rejects: Path, work: Callable[[Target, Rejects], Tally]) -> Tally:
        """Do the work with a table of bills and one of rejected rows. Only a table that is complete is finished."""
        bills = self.reader.bills
        rejects.unlink(missing_ok=True)
        out, bad = open_target(target, [bills.claim_id, bills.person, *bills.amounts]), Rejects(rejects)
        try:
            tally = work(out, bad)
            out.close()
        except BaseException:
            out.abandon()
            raise
        finally:
            bad.close()
        return tally

    def _straight(self, out: Target, bad: Rejects, seen: SeenIds, repeated: Numbers) -> Tally:
        """Persons stand together: every batch is settled as it comes."""
        return self._settle(self._batches("settle"), out.write, bad.write, seen, repeated)

    def _sorted(self, out: Target, bad: Rejects) -> Tally:
        """Rows are put together by person on disk, and the bills put back into the order of the claims."""
        size, first, rows = self.sizes, self.source.first_row, max(1, self.source.rows)
        claims, persons = Seen(self.folder, "claims"), ByPerson(self.folder, rows, size.part_rows)
        for batch in self._batches("sort"):
            claim, person = (read_ids(batch[field], self.reader.columns.header(field)) for field in IDS)
            claims.add(claim.hashes[claim.hashes != 0])
            persons.add(batch, person)
        twice = claims.twice()
        repeated, seen = (
            repeated_rows(self.source, self.reader.columns.header("claim_id"), twice) if len(twice) else NONE,
            seen_ids(self.folder),
        )
        bills, rejects = (ByRow(self.folder, name, first, rows, size.part_rows) for name in ("bills", "rejects"))
        batches = self._counted("settle", persons.batches(size.batch_rows))
        tally = self._settle(batches, bills.add, rejects.add, seen, repeated)
        check_persons(seen, self.reader.file)
        for part in rejects.batches(size.batch_rows):
            bad.write(part)
        for part in self._counted("write", bills.batches(size.batch_rows)):
            out.write(part)
        return tally

    def _settle(
        self,
        batches: Iterator[Any],
        write: Callable[[Any], None],
        reject: Callable[[Any], None],
        seen: SeenIds,
        repeated: Numbers,
    ) -> Tally:
        tally = Tally()
        for bills in settle_stream(batches, self.reader, reject, tally, seen=seen, repeated=repeated, pool=self.pool):
            write(bills)
        return tally

    def _batches(self, stage: str) -> Iterator[Any]:
        reader = self.reader
        batches = self.source.batches(reader.headers(), reader.few, self.sizes.batch_rows)
        return self._counted(stage, ahead(batches) if self.pool else batches)

    def _counted(self, stage: str, batches: Iterator[Any]) -> Iterator[Any]:
        done = 0
        for batch in batches:
            yield batch
            done += batch.num_rows
            self.progress(stage, done, self.source.rows)

    def _looks_together(self) -> bool:
        """Whether, as far as the first rows show, those of each person stand together."""
        batch = next(self.source.batches({"person": self.reader.columns.header("person")}), None)
        if batch is None:
            return True
        with told(self.source.path):
            person = read_ids(batch["person"], self.reader.columns.header("person"))
        starts = person.hashes[person.new]
        return len(np.unique(starts)) == len(starts)


def repeated_rows(source: Source, header: str, twice: Hashes) -> Numbers:
    """The rows whose claim id stands on an earlier row. Hashes say where to look: the texts themselves decide.

    header: the column of claim ids. twice: the hashes that came more than once.
    """

    def rows() -> Iterator[int]:
        known: set[str] = set()
        for batch in source.batches({"claim_id": header}):
            claim = read_ids(batch["claim_id"], header)
            for at in np.flatnonzero(np.isin(claim.hashes, twice)).tolist():
                text = claim.text(at)
                if text in known:
                    yield batch[ROW][at].as_py()
                known.add(text)

    blank = source.blank
    found = np.fromiter(rows(), np.int64)
    source.blank = blank
    return found
