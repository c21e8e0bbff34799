"""Tables of claims and bills as Excel workbooks (.xlsx): the first sheet, the names of the columns in its first row.

Excel keeps every number as a binary float and a date as a number with a format. A number is read as the shortest text
that gives it back, so an amount is what was typed; a number of more than 15 digits has lost some, and is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.tables.ids import EXACT_FLOAT
from openyibao.tables.problems import TableError
from openyibao.tables.reader import ROW
from openyibao.tables.sources import Source

MOST_ROWS = 1_048_576
PIECE_ROWS = 10_000


class ExcelSource(Source):
    """The first sheet of a workbook. Its cells are in memory, as texts as they would be typed."""

    def read_headers(self) -> list[str]:
        from python_calamine import CalamineError, load_workbook

        try:
            book = load_workbook(self.path)
            if not book.sheet_names:
                raise TableError(f"{self.path}: the workbook has no sheet.")
            self.sheet = book.get_sheet_by_index(0)
        except (CalamineError, ValueError) as error:
            raise TableError(f"{self.path}: cannot be read as an Excel workbook: {error}") from None
        if len(book.sheet_names) > 1:
            first, *others = book.sheet_names
            zh = f"只读取了第一个工作表{first}，未读取{'、'.join(others)}"
            self.notes.append((zh, f"only the first sheet, {first}, is read; not {', '.join(others)}"))
        start = self.sheet.start
        if start is None or start[0]:
            return []
        self.before = [None] * start[1]
        self.rows = self.sheet.height - 1
        return [text_of(cell) or "" for cell in next(self._rows(), [])]

    def _rows(self) -> Iterator[list[Any]]:
        for cells in self.sheet.iter_rows():
            yield [*self.before, *cells]

    def pieces(self, columns: Mapping[str, str], few: Collection[str], batch_rows: int) -> Iterator[Any]:
        places = {field: self.headers.index(header) for field, header in columns.items()}
        rows, number = self._rows(), self.first_row
        next(rows, None)
        while piece := list(islice(rows, min(batch_rows, PIECE_ROWS))):
            arrays = [pa.array([text_of(cells[place]) for cells in piece], pa.string()) for place in places.values()]
            numbers = pa.array(np.arange(number, number + len(piece)))
            number += len(piece)
            yield pa.RecordBatch.from_arrays([numbers, *arrays], names=[ROW, *places])


def text_of(cell: Any) -> str | None:
    """A cell as it would be typed into a text.

    >>> text_of(1234.5), text_of(1001.0), text_of(0.1 + 0.2), text_of(431023198001011234.0)
    ('1234.5', '1001', '0.30000000000000004', '4.31023198001011E+17')
    >>> from datetime import date
    >>> text_of(date(2023, 1, 31)), text_of(datetime(2023, 1, 31, 8, 30)), text_of("")
    ('2023-01-31', '2023-01-31 08:30:00', None)
    """
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        if abs(cell) >= EXACT_FLOAT:
            return f"{cell:.14E}"
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}" if cell.time() != time() else f"{cell:%Y-%m-%d}"
    return None if cell is None else str(cell)


class ExcelTarget:
    """Writes rows to the first sheet of a workbook, as they come. Ids are texts, amounts are numbers in yuan."""

    def __init__(self, path: Path, headers: list[str], ids: int) -> None:
        import xlsxwriter

        self.path, self.ids, self.row = path, ids, 1
        folder = {"constant_memory": True, "tmpdir": str(path.parent)}
        self.book = xlsxwriter.Workbook(str(path), folder)
        self.sheet = self.book.add_worksheet("bills")
        self.money = self.book.add_format({"num_format": "0.00"})
        self.sheet.set_column(0, ids - 1, 16)
        self.sheet.set_column(ids, len(headers) - 1, 14, self.money)
        for place, header in enumerate(headers):
            self.sheet.write_string(0, place, header)

    def write(self, texts: list[list[str]], fen: list[list[int]]) -> None:
        """Columns of texts, then columns of amounts in fen. Raises TableError where the sheet is full."""
        rows = len(texts[0])
        if self.row + rows > MOST_ROWS:
            raise TableError(f"an Excel sheet holds {MOST_ROWS - 1:,} rows of bills at most. Name a .csv or .parquet.")
        for at in range(rows):
            for place, column in enumerate(texts):
                self.sheet.write_string(self.row, place, column[at])
            for place, amounts in enumerate(fen, self.ids):
                self.sheet.write_number(self.row, place, amounts[at] / 100, self.money)
            self.row += 1

    def close(self) -> None:
        self.book.close()

    def abandon(self) -> None:
        """Let go of the rows that wait in a file: putting them into a workbook can take minutes."""
        self.sheet.row_data_fh.close()
