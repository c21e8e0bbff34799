"""A Stata file made byte by byte (format 114, of Stata 10 to 12), so that a test knows what stands in it.

Written from the published layout of the format. Texts are in any encoding, as old files are; numbers may be missing
in the 27 ways of Stata: None is `.`, and ".a" to ".z" are the extended ones.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DOUBLE = 255
FIRST_MISSING = 0x7FE0000000000000  # the bits of `.`; `.a` follows at a distance of 2**40
Cell = float | str | None


@dataclass(frozen=True)
class Variable:
    """A column: numbers, or texts of at most `width` bytes; its label, and the labels of its values."""

    name: str
    cells: Sequence[Cell]
    label: str = ""
    values: Mapping[int, str] = field(default_factory=dict)
    width: int = 0


def write_stata(path: Path, variables: Sequence[Variable], encoding: str = "gb18030") -> None:
    """Write the variables, which have one length, as a Stata file."""
    rows = len(variables[0].cells)

    def text(value: str, length: int) -> bytes:
        return value.encode(encoding)[: length - 1].ljust(length, b"\0")

    parts = [struct.pack("<BBBBhi", 114, 2, 1, 0, len(variables), rows), text("", 81), text("22 Nov 2026 10:00", 18)]
    parts.append(bytes(one.width or DOUBLE for one in variables))
    parts += [text(one.name, 33) for one in variables]
    parts.append(bytes(2 * (len(variables) + 1)))
    parts += [text(f"%{one.width}s" if one.width else "%12.0g", 49) for one in variables]
    parts += [text(one.name if one.values else "", 33) for one in variables]
    parts += [text(one.label, 81) for one in variables]
    parts.append(bytes(5))
    for row in range(rows):
        for one in variables:
            cell = one.cells[row]
            parts.append(str(cell or "").encode(encoding).ljust(one.width, b"\0") if one.width else number(cell))
    for one in variables:
        if one.values:
            parts.append(value_labels(one, encoding))
    path.write_bytes(b"".join(parts))


def number(cell: Cell) -> bytes:
    """Eight bytes of a number or of a missing one."""
    if cell is None or isinstance(cell, str):
        letter = 0 if not cell else ord(cell[1]) - ord("a") + 1
        return struct.pack("<Q", FIRST_MISSING + (letter << 40))
    return struct.pack("<d", cell)


def value_labels(one: Variable, encoding: str) -> bytes:
    """The table of labels of a variable."""
    texts = [label.encode(encoding) + b"\0" for label in one.values.values()]
    starts = [sum(map(len, texts[:place])) for place in range(len(texts))]
    count, length = len(texts), sum(map(len, texts))
    table = struct.pack(f"<ii{2 * count}i", count, length, *starts, *one.values) + b"".join(texts)
    return struct.pack("<i", len(table)) + one.name.encode()[:32].ljust(33, b"\0") + bytes(3) + table
