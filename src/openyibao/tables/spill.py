"""Rows put in order on disk, when they do not fit in memory: scattered to files, then read back one file at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.tables.cells import Numbers
from openyibao.tables.ids import Ids, read_ids
from openyibao.tables.reader import ROW

MOST_PARTS = 96
PART_ROWS = 400_000
OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


def parts_for(rows: int, part_rows: int = PART_ROWS) -> int:
    """How many files, so that each holds about `part_rows` rows; not more than may be open at once."""
    return min(MOST_PARTS, max(1, -(-rows // part_rows)))


class Scatter:
    """Record batches of one schema, each row to the file of its part. Read once, part after part."""

    def __init__(self, folder: Path, name: str, parts: int) -> None:
        self.paths = [folder / f"{name}-{part}" for part in range(parts)]
        self.writers: list[Any] = []

    def add(self, batch: Any, part: Numbers) -> None:
        """part: for each row of the batch, where it goes."""
        if not self.writers:
            self.writers = [pa.ipc.new_stream(str(path), batch.schema, options=OPTIONS) for path in self.paths]
        order = np.argsort(part.astype(np.uint8), kind="stable")
        counts = np.bincount(part, minlength=len(self.paths)).tolist()
        scattered, start = batch.take(pa.array(order)), 0
        for writer, count in zip(self.writers, counts, strict=True):
            if count:
                writer.write_batch(scattered.slice(start, count))
            start += count

    def close(self) -> None:
        for writer in self.writers:
            writer.close()

    def parts(self) -> Iterator[Any]:
        """The rows of each part that has any, as one table; its file is removed."""
        self.close()
        for path in self.paths if self.writers else ():
            with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
                table = reader.read_all()
            path.unlink()
            if table.num_rows:
                yield table.unify_dictionaries()


class ByPerson:
    """Batches with a column `person` put so that the rows of a person stand together, as they stood in the table."""

    def __init__(self, folder: Path, rows: int, part_rows: int) -> None:
        self.parts = parts_for(rows, part_rows)
        self.scatter = Scatter(folder, "by-person", self.parts)

    def add(self, batch: Any, person: Ids) -> None:
        self.scatter.add(batch, ((person.hashes >> np.uint64(32)) % np.uint64(self.parts)).astype(np.int64))

    def batches(self, batch_rows: int) -> Iterator[Any]:
        """All rows, person after person."""
        for table in self.scatter.parts():
            persons = read_ids(table["person"].combine_chunks(), "person").texts.dictionary_encode().indices
            order = np.argsort(persons.to_numpy(zero_copy_only=False), kind="stable")
            yield from table.take(pa.array(order)).combine_chunks().to_batches(max_chunksize=batch_rows)


class ByRow:
    """Batches with a column `row` put back into the order of the rows of the table."""

    def __init__(self, folder: Path, name: str, first: int, rows: int, part_rows: int) -> None:
        self.first, self.size = first, -(-max(rows, 1) // parts_for(rows, part_rows))
        self.scatter = Scatter(folder, name, parts_for(rows, part_rows))

    def add(self, batch: Any) -> None:
        rows = batch[ROW].to_numpy(zero_copy_only=False)
        self.scatter.add(batch, (rows - self.first) // self.size)

    def batches(self, batch_rows: int) -> Iterator[Any]:
        """All rows, in order."""
        for table in self.scatter.parts():
            rows = table[ROW].to_numpy()
            places = np.full(int(rows.max() - rows.min()) + 1, -1)
            places[rows - rows.min()] = np.arange(len(rows))
            order = places[places >= 0]
            yield from table.take(pa.array(order)).combine_chunks().to_batches(max_chunksize=batch_rows)
