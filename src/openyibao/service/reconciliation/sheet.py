"""An institution's list of settlements as it was uploaded: a zip with one tab separated text in UTF-8.

The first row may be a heading of field names in any order; without one the columns are those of COLUMNS, of which the
last may be left out. With a heading the list may also have `refd_setl_flag` (1: taken back) and `setl_date` or
`setl_time`. Amounts are yuan with at most two decimals; reversals are negative. Other columns are read over.

A row that can't be read is kept as such; a list that is none (no zip, not UTF-8, too large, no row that can be read) is
refused with SheetError. Blocks of rows are read by Arrow; a block that holds anything unusual is read row by row, with
the same outcome.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from openyibao.policy.model import Bilingual
from openyibao.service.reconciliation.rows import MONEY, STATED, Malformed
from openyibao.service.reconciliation.sheet_blocks import read_block
from openyibao.service.reconciliation.sheet_rows import COLUMNS, Row, SheetError, heading, read_row, told

LARGEST = 512 * 1024 * 1024
MOST_ROWS = 2_000_000
MOST_MALFORMED = 1_000
BLOCK = 8 * 1024 * 1024
SMALL = 256 * 1024
"""Rows of so many bytes are read one by one, where they can't be together."""
LONGEST_ROW = 64 * 1024
DIRECTORY = 64 * 1024
"""How large the directory of a zip with one file may be."""
END = struct.Struct("<4s4H2LH")
SHOWN = 10
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Sheet:
    """The rows that can be read (rows.STATED), and those that can't."""

    stated: pa.Table
    malformed: tuple[Malformed, ...]

    def __len__(self) -> int:
        return int(self.stated.num_rows) + len(self.malformed)

    def sums(self) -> dict[str, int | None]:
        """What the rows that can be read add up to, in fen; None of an amount that not every row states."""
        return {
            name: None if self.stated[name].null_count else pc.sum(self.stated[name]).as_py() or 0 for name in MONEY
        }


def read_zip(content: bytes) -> Sheet:
    """The rows of a zip with one text. Raises SheetError."""
    _check_directory(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) != 1:
                raise told(
                    f"压缩包内有 {len(members)} 个文件，应为 1 个", f"{len(members)} files in the zip, expected 1"
                )
            if members[0].file_size > LARGEST:
                raise _too_large()
            with archive.open(members[0]) as raw:
                return read_text(raw)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        encrypted = isinstance(error, RuntimeError) and "encrypted" in str(error)
        zh, en = (
            ("压缩包有密码", "the zip has a password")
            if encrypted
            else ("不是可读的 zip 文件", "no zip that can be read")
        )
        raise told(zh, en) from None


def read_text(raw: IO[bytes]) -> Sheet:
    """The rows of a tab separated text. Raises SheetError."""
    reader = _Reader()
    for block in _blocks(raw):
        reader.take(block)
    return reader.sheet()


def _check_directory(content: bytes) -> None:
    """Refuse a zip whose directory is too large for one file, before it is read into memory."""
    place = content.rfind(b"PK\x05\x06")
    if place < 0 or place + END.size > len(content):
        raise told("不是可读的 zip 文件", "no zip that can be read")
    _, _, _, _, count, size, _, _ = END.unpack_from(content, place)
    if size > DIRECTORY:
        raise told(f"压缩包内有 {count} 个文件，应为 1 个", f"{count} files in the zip, expected 1")


def _too_large() -> SheetError:
    most = LARGEST // 1024 // 1024
    return told(f"解压后超过 {most} MB", f"more than {most} MB when unpacked")


def _blocks(raw: IO[bytes]) -> Iterator[bytes]:
    """Whole rows, some megabytes at a time. Never more than LARGEST is unpacked."""
    left, total = b"", 0
    while block := raw.read(BLOCK):
        total += len(block)
        if total > LARGEST:
            raise _too_large()
        block = left + block
        end = block.rfind(b"\n") + 1
        if len(block) - end > LONGEST_ROW:
            raise told("有一行过长，不是对账明细", "a row is too long: no list of settlements")
        left = block[end:]
        if end:
            yield block[:end]
    if left:
        yield left


def _parts(block: bytes) -> Iterator[bytes]:
    """Whole rows of a block, of about half of SMALL bytes each."""
    start = 0
    while start < len(block):
        end = block.find(b"\n", start + SMALL // 2) + 1 or len(block)
        yield block[start:end]
        start = end


class _Reader:
    def __init__(self) -> None:
        self.columns: tuple[str, ...] | None = None
        self.lines = 0
        self.tables: list[pa.Table] = []
        self.malformed: list[Malformed] = []

    def take(self, block: bytes) -> None:
        """Read a block of whole rows."""
        if self.lines == 0:
            if block.startswith(UTF_16):
                raise told("文件是 UTF-16 编码，请另存为 UTF-8", "the text is in UTF-16; save it as UTF-8")
            block = block.removeprefix(BOM)
        try:
            text = block.decode()
        except UnicodeDecodeError as error:
            raise self._wrong_encoding(block, error.start) from None
        first = self.lines + 1
        self.lines += block.count(b"\n") + (not block.endswith(b"\n"))
        if self.lines > MOST_ROWS + 1:
            raise told(f"超过 {MOST_ROWS} 行", f"more than {MOST_ROWS} rows")
        while self.columns is None and text:  # the first row says which columns there are
            row, _, text = text.partition("\n")
            block = block[block.find(b"\n") + 1 or len(block) :]
            self._row_by_row(row, first)
            first += 1
        self._rows(block, first)

    def _rows(self, block: bytes, first: int) -> None:
        """Read rows quickly, and the unusual ones one by one; part by part where the block as a whole can't be."""
        if not block or self.columns is None:
            return
        quick = read_block(block, self.columns, first)
        if quick is not None:
            self.tables.append(quick.stated)
            if quick.unusual:
                lines = block.split(b"\n")
                for place in quick.unusual:
                    self._row_by_row(lines[place].decode(), first + place)
        elif len(block) < SMALL or len(parts := list(_parts(block))) == 1:
            self._row_by_row(block.decode(), first)
        else:
            for part in parts:
                self._rows(part, first)
                first += part.count(b"\n")

    def _wrong_encoding(self, block: bytes, place: int) -> SheetError:
        line = self.lines + block.count(b"\n", 0, place) + 1
        try:
            block[:BLOCK].decode("gb18030")
            zh, en = "像是 GBK/GB18030 编码，请另存为 UTF-8", "it looks like GBK/GB18030; save it as UTF-8"
        except UnicodeDecodeError:
            zh, en = "请另存为 UTF-8", "save it as UTF-8"
        return told(f"第 {line} 行不是 UTF-8 文本（{zh}）", f"row {line} is no text in UTF-8 ({en})")

    def _row_by_row(self, text: str, first: int) -> None:
        rows: list[Row] = []
        for number, raw in enumerate(text.split("\n"), first):
            cells = [cell.strip() for cell in raw.rstrip("\r").split("\t")]
            if not any(cells):
                continue
            if self.columns is None:
                self.columns = heading(cells) or COLUMNS
                if self.columns is not COLUMNS:
                    continue
            found = read_row(number, cells, self.columns)
            if isinstance(found, Malformed):
                self._bad(found)
            else:
                rows.append(found)
        if rows:
            values = dict(zip(STATED.names, zip(*rows, strict=True), strict=True))
            self.tables.append(pa.Table.from_pydict(values, schema=STATED))

    def _bad(self, row: Malformed) -> None:
        self.malformed.append(row)
        if len(self.malformed) >= MOST_MALFORMED:
            raise self._none()

    def _none(self) -> SheetError:
        shown = self.malformed[:SHOWN]
        return SheetError(Bilingual("；".join(one.why.zh for one in shown), "; ".join(one.why.en for one in shown)))

    def sheet(self) -> Sheet:
        """All that was read. Raises SheetError where there are rows and none can be read."""
        table = pa.concat_tables([STATED.empty_table(), *self.tables])
        if self.malformed and not table.num_rows:
            raise self._none()
        return Sheet(table.sort_by("line"), tuple(sorted(self.malformed, key=lambda row: row.line)))
