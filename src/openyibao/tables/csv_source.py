"""Tables of claims as CSV: in UTF-8, with commas, the names of the columns in the first line."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from openyibao.tables.block import one_batch
from openyibao.tables.cells import Numbers
from openyibao.tables.problems import TableError
from openyibao.tables.reader import ROW, TORN
from openyibao.tables.sources import Source

BLOCK_BYTES = 16_000_000
TORN_LETTERS = 200
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
Torn = list[tuple[int, str]]


class CsvSource(Source):
    """A CSV. A row with too many or too few cells is torn: it is kept as such, and the rows around it are read."""

    def read_headers(self) -> list[str]:
        self._check_bytes()
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                headers = next(csv.reader(stream), [])
        except csv.Error as error:
            raise TableError(f"{self.path}: its first line cannot be read as CSV: {error}.") from None
        for other, word in ((";", "semicolons"), ("\t", "tabs")):
            if len(headers) == 1 and other in headers[0]:
                raise TableError(f"{self.path}: the columns are parted by {word}. Save the table with commas.")
        return headers

    def _check_bytes(self) -> None:
        """What the parser would not notice: a mark that swallows the rows after it, a torn row that is not UTF-8."""
        quotes = self.lines = 0
        decoder = codecs.getincrementaldecoder("utf-8")()
        last = b"\n"
        with self.path.open("rb") as stream:
            while block := stream.read(BLOCK_BYTES):
                if block[:2] in UTF_16 or b"\0" in block:
                    raise self._not_utf8()
                self._check_utf8(decoder, block)
                quotes += block.count(b'"')
                self.lines += block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n")
                self.lines -= last + block[:1] == b"\r\n"
                last = block[-1:]
        self._check_utf8(decoder, b"")
        self.lines += last not in (b"\n", b"\r")
        self.rows = max(0, self.lines - 1)
        if quotes % 2:
            raise TableError(
                f"{self.path}: a quotation mark is opened and not closed; the rows after it would be lost."
            )

    def _check_utf8(self, decoder: codecs.IncrementalDecoder, block: bytes) -> None:
        """A block of the file; an empty one is its end, where no letter may be half."""
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            raise self._not_utf8() from None

    def _not_utf8(self) -> TableError:
        return TableError(
            f"{self.path}: is not text in UTF-8 (perhaps it is GBK). Save the table as UTF-8; in Excel as CSV UTF-8."
        )

    def pieces(self, columns: Mapping[str, str], few: Collection[str], batch_rows: int) -> Iterator[Any]:
        torn: Torn = []

        def keep(row: Any) -> str:
            torn.append((row.number, row.text[:TORN_LETTERS]))
            return "skip"

        kinds = {h: pa.dictionary(pa.int32(), pa.string()) if f in few else pa.string() for f, h in columns.items()}
        fields = {header: field for field, header in columns.items()}
        schema = pa.schema([(ROW, pa.int64()), *((fields[h], kind) for h, kind in kinds.items()), (TORN, pa.string())])
        row = self.first_row
        with self._open(kinds, keep) as reader:
            for batch in reader:
                rows = _row_numbers(row, batch.num_rows, torn)
                row = int(rows[-1]) + 1 if len(rows) else row
                cells = [pa.array(rows), *batch.select(list(kinds)).columns, pa.nulls(len(rows), pa.string())]
                here = [one for one in torn if one[0] < row]
                del torn[: len(here)]
                yield from _slices(_with_torn(pa.RecordBatch.from_arrays(cells, schema=schema), here), batch_rows)
        if torn:
            row = torn[-1][0] + 1
            nothing = pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)
            yield from _slices(_with_torn(nothing, torn), batch_rows)
        self._note_line_breaks(row - 1)

    def _open(self, kinds: dict[str, Any], keep: Any) -> Any:
        return pa_csv.open_csv(
            self.path,
            read_options=pa_csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
            parse_options=pa_csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=kinds, include_columns=list(kinds), strings_can_be_null=True, null_values=[""]
            ),
        )

    def _note_line_breaks(self, records: int) -> None:
        if self.lines > records:
            count = self.lines - records
            self.notes = [
                (f"引号内的单元格中有{count}处换行", f"{count} line breaks stand inside cells, between quotation marks")
            ]


def _row_numbers(first: int, count: int, torn: Torn) -> Numbers:
    """The numbers of `count` rows from the first on; torn rows have numbers of their own.

    >>> _row_numbers(2, 3, [(3, ""), (4, ""), (9, "")]).tolist()
    [2, 5, 6]
    """
    between = 0
    while between < len(torn) and torn[between][0] < first + count + between:
        between += 1
    rows = np.arange(first, first + count + between)
    return np.setdiff1d(rows, [number for number, _ in torn[:between]], assume_unique=True)


def _with_torn(batch: Any, torn: Torn) -> Any:
    """The rows with the torn ones between them, each where it stands in the file."""
    if not torn:
        return batch
    numbers, texts = zip(*torn, strict=True)
    given = {ROW: pa.array(numbers, pa.int64()), TORN: pa.array(texts, pa.string())}
    arrays = [given[field.name] if field.name in given else pa.nulls(len(torn), field.type) for field in batch.schema]
    both = one_batch([batch, pa.RecordBatch.from_arrays(arrays, schema=batch.schema)])
    return both.take(pa.array(np.argsort(both[ROW].to_numpy(zero_copy_only=False), kind="stable")))


def _slices(batch: Any, rows: int) -> Iterator[Any]:
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)
