"""Tables of bills written in batches: CSV, Excel or Parquet, by the ending of the name; and the rejected rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from openyibao.tables.excel import ExcelTarget
from openyibao.tables.problems import TableError
from openyibao.tables.rejects import REJECTS
from openyibao.tables.sources import BATCH_ROWS

IDS = 2
YUAN = pa.decimal64(16, 2)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
SUFFIXES = (".csv", ".xlsx", ".parquet")


class Target(ABC):
    """A table being written. Batches hold the row, which is left out, two ids, and amounts in fen, written as yuan."""

    def __init__(self, path: Path, names: list[str]) -> None:
        self.path = path
        kinds = [pa.string() if place < IDS else YUAN for place in range(len(names))]
        fields = [pa.field(name, kind, nullable=False) for name, kind in zip(names, kinds, strict=True)]
        self.schema = pa.schema(fields)

    @abstractmethod
    def write(self, batch: Any) -> None:
        """Write the rows of a batch, after those before."""

    @abstractmethod
    def close(self) -> None:
        """Finish the table."""

    def abandon(self) -> None:
        """Let go of the table as it is: it will be removed."""
        self.close()

    def in_yuan(self, batch: Any) -> Any:
        _, *columns = batch.columns
        amounts = [yuan(column) for column in columns[IDS:]]
        return pa.RecordBatch.from_arrays([*columns[:IDS], *amounts], schema=self.schema)


def yuan(fen: Any) -> Any:
    """Decimals with two places, made of whole fen without any arithmetic: the same digits, another type.

    >>> yuan(pa.array([12345, -5])).to_pylist()
    [Decimal('123.45'), Decimal('-0.05')]
    """
    whole = np.ascontiguousarray(fen.to_numpy(zero_copy_only=False), np.int64)
    return pa.Array.from_buffers(YUAN, len(whole), [None, pa.py_buffer(whole)])


def open_target(path: Path, names: list[str]) -> Target:
    """A table with these columns. Raises TableError for a name of another ending."""
    kinds: dict[str, type[Target]] = {".csv": CsvTarget, ".xlsx": XlsxTarget, ".parquet": ParquetTarget}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise TableError(f"{path}: bills are written as .csv, .xlsx or .parquet. Name the file so.")
    return kind(path, names)


class CsvTarget(Target):
    """A CSV in UTF-8; it begins with a byte order mark, which Excel needs, if the names of its columns are Chinese."""

    def __init__(self, path: Path, names: list[str]) -> None:
        super().__init__(path, names)
        self.writer, self.stream = csv_writer(path, self.schema, mark=not "".join(names).isascii())

    def write(self, batch: Any) -> None:
        self.writer.write(self.in_yuan(batch))

    def close(self) -> None:
        self.writer.close()
        self.stream.close()


def csv_writer(path: Path, schema: Any, *, mark: bool) -> tuple[Any, Any]:
    stream = pa.OSFile(str(path), "wb")
    if mark:
        stream.write(BYTE_ORDER_MARK)
    return pa_csv.CSVWriter(stream, schema), stream


def parquet_options(names: list[str], amounts: list[str], few: list[str]) -> dict[str, Any]:
    """How Parquet is written: decimals as whole numbers, each as the difference to the one before; `few` as words."""
    plain = dict.fromkeys((name for name in names if name not in (*amounts, *few)), "PLAIN")
    return {
        "store_decimal_as_integer": True,
        "store_schema": False,
        "use_dictionary": few,
        "column_encoding": plain | dict.fromkeys(amounts, "DELTA_BINARY_PACKED"),
    }


class ParquetTarget(Target):
    """A Parquet file: ids as texts, amounts as decimal(16,2); row groups of many rows."""

    def __init__(self, path: Path, names: list[str]) -> None:
        super().__init__(path, names)
        self.waiting: list[Any] = []
        self.rows = 0
        self.writer = pq.ParquetWriter(str(path), self.schema, **parquet_options(names, names[IDS:], []))

    def write(self, batch: Any) -> None:
        self.waiting.append(self.in_yuan(batch))
        self.rows += batch.num_rows
        if self.rows >= BATCH_ROWS:
            self._write()

    def _write(self) -> None:
        self.writer.write_table(pa.Table.from_batches(self.waiting, self.schema), row_group_size=2 * BATCH_ROWS)
        self.waiting, self.rows = [], 0

    def close(self) -> None:
        if self.waiting:
            self._write()
        self.writer.close()


class XlsxTarget(Target):
    """An Excel workbook."""

    def __init__(self, path: Path, names: list[str]) -> None:
        super().__init__(path, names)
        self.book = ExcelTarget(path, names, IDS)

    def write(self, batch: Any) -> None:
        _, *columns = [column.to_pylist() for column in batch.columns]
        self.book.write(columns[:IDS], columns[IDS:])

    def close(self) -> None:
        self.book.close()

    def abandon(self) -> None:
        self.book.abandon()


class Rejects:
    """The rows that were not settled, as a CSV with a byte order mark; no file if there are none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: Any = None
        self.stream: Any = None

    def write(self, batch: Any) -> None:
        if self.writer is None:
            self.writer, self.stream = csv_writer(self.path, REJECTS, mark=True)
        self.writer.write(batch)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.stream.close()
