"""Tables of claims read in batches, only the columns asked for. CSV and Excel: `csv_source.py`, `excel.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from openyibao.tables.ids import is_text
from openyibao.tables.problems import TableError, told
from openyibao.tables.reader import ROW

BATCH_ROWS = 131_072
BUFFER_BYTES = 1_000_000


class Source(ABC):
    """A table: its headers, and its rows in batches. `first_row` is the number of the first claim's row.

    Rows are numbered as a spreadsheet shows them, with the names in row 1; those of Parquet from 1 on. `notes` say
    what a reader of the bills should know about the table, in Chinese and English.
    """

    first_row = 2
    rows = 0
    """How many, if that is known before they are read; never fewer than there are."""

    def __init__(self, path: Path) -> None:
        """Raises TableError where the file holds no table."""
        self.path, self.blank = path, 0
        self.notes: list[tuple[str, str]] = []
        with told(path):
            self.headers = self.read_headers()
        if not any(name.strip() for name in self.headers):
            raise TableError(f"{path}: the first line holds no column names.")

    @abstractmethod
    def read_headers(self) -> list[str]:
        """The names of the columns."""

    @abstractmethod
    def pieces(self, columns: Mapping[str, str], few: Collection[str], batch_rows: int) -> Iterator[Any]:
        """Batches with `row` and a column for each key, read from the header that is its value, with blank rows.

        A batch may also have `torn`: the text of a row that has too many or too few cells, else null. `few` are the
        fields that have few distinct texts.
        """

    def batches(
        self, columns: Mapping[str, str], few: Collection[str] = (), batch_rows: int = BATCH_ROWS
    ) -> Iterator[Any]:
        """The same without blank rows, which are counted: those with nothing in any of the columns.

        Raises TableError where the file turns out not to be what it seems.
        """
        self.blank = 0
        with told(self.path):
            for piece in self.pieces(columns, few, batch_rows):
                batch = without_blank(piece)
                self.blank += piece.num_rows - batch.num_rows
                yield batch


def without_blank(batch: Any) -> Any:
    columns = [column for name, column in zip(batch.schema.names, batch.columns, strict=True) if name != ROW]
    if any(not column.null_count for column in columns):
        return batch
    filled = np.zeros(batch.num_rows, bool)
    for column in columns:
        filled |= column.is_valid().to_numpy(zero_copy_only=False)
    return batch if filled.all() else batch.filter(pa.array(filled))


def open_source(path: Path) -> Source:
    """The table of a file, by the ending of its name. Raises TableError where there is none that can be read."""
    from openyibao.tables.csv_source import CsvSource
    from openyibao.tables.excel import ExcelSource

    kinds: dict[str, type[Source]] = {".csv": CsvSource, ".parquet": ParquetSource, ".xlsx": ExcelSource}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise TableError(f"{path}: a table is a .csv, .xlsx or .parquet file. Save it as one of these.")
    if not path.is_file():
        raise TableError(f"{path}: there is no such file.")
    return kind(path)


class ParquetSource(Source):
    """A Parquet file; its column chunks are read piece by piece, however large its row groups are."""

    first_row = 1

    def read_headers(self) -> list[str]:
        with self._open(()) as file:
            self.rows = file.metadata.num_rows
            return list(file.schema_arrow.names)

    def pieces(self, columns: Mapping[str, str], few: Collection[str], batch_rows: int) -> Iterator[Any]:
        fields = {header: field for field, header in columns.items()}
        row = self.first_row
        with self._open([columns[field] for field in few if field in columns]) as file:
            for batch in file.iter_batches(batch_size=batch_rows, columns=list(fields), use_threads=False):
                names = [fields[name] for name in batch.schema.names]
                rows = pa.array(np.arange(row, row + batch.num_rows))
                row += batch.num_rows
                yield pa.RecordBatch.from_arrays([rows, *batch.columns], names=[ROW, *names])

    def _open(self, few: Collection[str]) -> Any:
        """Without reading ahead, which would keep the whole file in memory."""
        options = {"buffer_size": BUFFER_BYTES, "pre_buffer": False}
        file = pq.ParquetFile(self.path, **options)
        texts = [name for name in few if is_text(file.schema_arrow.field(name).type)]
        return pq.ParquetFile(self.path, read_dictionary=texts, **options) if texts else file
