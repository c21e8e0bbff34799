"""Ids of claims and persons: their texts, a hash of each, where the next person begins, and which came twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from openyibao.settlement.compiled import compiled
from openyibao.tables.problems import TableError

Hashes = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
SHORTENED = r"^-?[0-9](\.[0-9]+)?[eE]\+[0-9]+$"
"""How a spreadsheet writes a number that it has shortened: 4.31023E+17."""
EXACT_FLOAT = 10.0**15
KEPT = 2**22
PARTS = 64


@dataclass(frozen=True)
class Ids:
    """A column of ids: the texts (empty where there is none), their hashes, and what is wrong with them.

    `new` is set where the id differs from the last one above it that is not empty; rows without an id are never new.
    """

    texts: Any
    hashes: Hashes
    new: Flags
    shortened: Flags | None

    def __len__(self) -> int:
        return len(self.hashes)

    def ends(self) -> tuple[int, int] | None:
        """The first and the last row that have an id; None if no row has one."""
        filled = np.flatnonzero(self.hashes)
        return (int(filled[0]), int(filled[-1])) if len(filled) else None

    def slice(self, start: int, end: int) -> Ids:
        shortened = None if self.shortened is None else self.shortened[start:end]
        return Ids(self.texts.slice(start, end - start), self.hashes[start:end], self.new[start:end], shortened)

    def text(self, row: int) -> str:
        return str(self.texts[row].as_py())


def join_ids(parts: Sequence[Ids]) -> Ids:
    """The ids of several parts, one after the other; what was wrong with them is not kept."""
    return Ids(
        pa.concat_arrays([part.texts for part in parts]),
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.new for part in parts]),
        None,
    )


def read_ids(column: Any, name: str) -> Ids:
    """The ids of a column of text or whole numbers. Raises TableError for other types, ArrowInvalid for torn UTF-8."""
    texts, shortened = _texts(column, name)
    hashes, new, flags = _scan_texts(texts)
    if flags & WIDE:
        texts.validate(full=True)
    if flags & SPACED:
        texts = pc.utf8_trim_whitespace(texts)
        hashes, new, _ = _scan_texts(texts)
    if flags & PLUS:
        found = pc.match_substring_regex(texts, SHORTENED).to_numpy(zero_copy_only=False)
        shortened = found if shortened is None else shortened | found
    return Ids(texts, hashes, new, shortened)


def _texts(column: Any, name: str) -> tuple[Any, Flags | None]:
    kind, shortened = column.type, None
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_floating(kind):
        numbers = column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
        exact = (np.abs(numbers) < EXACT_FLOAT) & (np.floor(numbers) == numbers)
        shortened = ~exact & ~np.isnan(numbers)
        whole = pa.array(np.where(exact, numbers, 0).astype(np.int64)).cast(pa.string())
        column = pc.if_else(pa.array(exact), whole, pc.if_else(pa.array(shortened), column.cast(pa.string()), ""))
    elif (pa.types.is_decimal(kind) and kind.scale == 0) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        column = column.cast(pa.string())
    elif is_text(kind):
        column = column if pa.types.is_string(kind) else column.cast(pa.string())
    else:
        raise TableError(f"the column {name} holds {kind}; expected text. Make it text where it comes from.")
    return column.fill_null("") if column.null_count else column, shortened


def is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _scan_texts(texts: Any) -> tuple[Hashes, Flags, int]:
    rows = len(texts)
    hashes, new = np.empty(rows, np.uint64), np.empty(rows, np.bool_)
    _, offsets, content = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + rows + 1] if rows else np.zeros(1, np.int32)
    letters = np.frombuffer(content, np.uint8) if content is not None and content.size else np.zeros(1, np.uint8)
    return hashes, new, int(_scan(ends, letters, hashes, new))


SPACED, PLUS, WIDE = 1, 2, 4
SPACE, SIGN, PLAIN = 32, 43, 127
START, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
MIX, HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)  # so that the high bits, too, depend on every letter


@compiled
def _scan(ends: Any, letters: Any, hashes: Any, new: Any) -> int:
    """Hash each text; compare it, byte by byte, with the last one that is not empty; say whether any needs a look."""
    flags, last = 0, -1
    for row in range(len(hashes)):
        start, end = ends[row], ends[row + 1]
        if start == end:
            hashes[row] = np.uint64(0)
            new[row] = False
            continue
        for edge in (letters[start], letters[end - 1]):
            if edge <= SPACE or edge > PLAIN:  # what is not plain ASCII may be a wide space
                flags |= SPACED
        found = START
        same = last >= 0 and ends[last + 1] - ends[last] == end - start
        before = ends[last] if last >= 0 else 0
        for at in range(start, end):
            letter = letters[at]
            found = (found ^ np.uint64(letter)) * PRIME
            if letter == SIGN:
                flags |= PLUS
            if letter > PLAIN:
                flags |= WIDE
            if same and letters[before + at - start] != letter:
                same = False
        found = (found ^ (found >> HALF)) * MIX
        hashes[row] = found if found != np.uint64(0) else PRIME
        new[row] = not same
        last = row
    return flags


class Seen:
    """Hashes kept to say at the end which came twice. Beyond `kept` of them, they go to files of the folder."""

    def __init__(self, folder: Path, name: str, kept: int = KEPT) -> None:
        self.folder, self.name, self.kept = folder, name, kept
        self.blocks: list[Hashes] = []
        self.count, self.files = 0, False

    def add(self, hashes: Hashes) -> None:
        self.blocks.append(hashes)
        self.count += len(hashes)
        if self.count > self.kept:
            self._to_files()

    def _path(self, part: int) -> Path:
        return self.folder / f"{self.name}-{part}"

    def _to_files(self) -> None:
        """To one of PARTS files by the highest bits, so that equal hashes meet in one file."""
        together = _sorted(self.blocks)
        self.blocks, self.count, self.files = [], 0, True
        bounds = [np.uint64(part) << np.uint64(64 - (PARTS - 1).bit_length()) for part in range(1, PARTS)]
        cuts = [0, *np.searchsorted(together, np.array(bounds, np.uint64)).tolist(), len(together)]
        for part in range(PARTS):
            with self._path(part).open("ab") as stream:
                together[cuts[part] : cuts[part + 1]].tofile(stream)

    def twice(self) -> Hashes:
        """The hashes that were added more than once, sorted. Nothing can be added afterwards."""
        if not self.files:
            return _twice(self.blocks)
        self._to_files()
        found = []
        for path in map(self._path, range(PARTS)):
            found.append(_twice([np.fromfile(path, np.uint64)]))
            path.unlink()
        return np.concatenate(found)


@dataclass(frozen=True)
class SeenIds:
    """The ids of a table, as they were seen: which claim ids, and which persons, came twice."""

    claims: Seen
    persons: Seen

    def add(self, claim: Ids, person: Ids) -> None:
        """Claims row by row; a person once for all rows that stand together."""
        self.claims.add(claim.hashes[claim.hashes != 0])
        self.persons.add(person.hashes[person.new])


def seen_ids(folder: Path) -> SeenIds:
    """None yet; large sets of them go to files of the folder."""
    return SeenIds(Seen(folder, "claims"), Seen(folder, "persons"))


def _sorted(blocks: list[Hashes]) -> Hashes:
    together = np.concatenate(blocks) if blocks else np.empty(0, np.uint64)
    together.sort()
    return together


def _twice(blocks: list[Hashes]) -> Hashes:
    together = _sorted(blocks)
    again = together[1:][together[1:] == together[:-1]]
    first: Hashes = again[:1]
    return np.concatenate([first, again[1:][again[1:] != again[:-1]]])
