"""Verification: all seals computed again from the rows, held against what is sealed and against the file outside.

It names the first place that differs, as exactly as can be known: an entry (changed, gone, slipped in), a seal, or a
line of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from openyibao.service.ledger.canonical import read_entries
from openyibao.service.ledger.merkle import START, leaf_hash, seal_head, tree_root
from openyibao.service.ledger.seal import COLUMNS, Line, SealError, read_line, split_leaves

WORDS = {
    "entry changed": ("第 {entry} 号凭证与其封存时不同", "entry {entry} is not as it was sealed"),
    "entry gone": ("第 {entry} 号凭证已封存，现已不存在", "entry {entry} was sealed and is gone"),
    "entry slipped in": ("第 {entry} 号凭证是封存之后混入的", "entry {entry} was slipped in after sealing"),
    "leaves": ("封存记录中第 {entry} 号凭证的散列被改动", "the seal's hash of entry {entry} was changed"),
    "root": ("封存记录的根散列被改动", "the seal's root was changed"),
    "head": ("封存记录与其链头不符", "what the seal says does not give its head"),
    "range": ("封存记录的编号或范围与前一条不衔接", "the seal does not follow on the one before it"),
    "file": ("库外文件第 {entry} 行与封存记录不同", "line {entry} of the file outside is not the seal"),
    "file ahead": ("库外文件比数据库多出封存记录", "the file outside has seals that the database has not"),
    "stray posting": (
        "有一行分录不属于凭证 {entry}（该凭证不存在）",
        "a posting belongs to entry {entry}, which is not there",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place that differs. `seal` 0: behind the last seal; `entry`: the entry, or the file's line; or 0."""

    what: str
    seal: int
    entry: int

    def text(self, lang: str) -> str:
        said = WORDS[self.what][lang != "zh"].format(entry=self.entry)
        if not self.seal:
            return said
        return f"封存 {self.seal}：{said}" if lang == "zh" else f"seal {self.seal}: {said}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How much was verified; `unsealed` entries stand behind the last seal. `head` is that of the last good seal.

    `outside` counts the lines of the file outside that say the same as the seals: what stands behind the last of them
    is vouched for by the database alone.
    """

    seals: int
    entries: int
    unsealed: int
    head: str
    fault: Fault | None
    outside: int = 0


Progress = Callable[[str, int, int], None]
"""Told what is done, and how many of how many are done."""


def verify(path: Path | None = None, progress: Progress | None = None) -> Verdict:
    """Verify all seals, and the file outside if one is named. What is sealed meanwhile is left for the next time."""
    try:
        outside = _outside(path)
    except SealError as error:
        return Verdict(0, 0, 0, "", Fault("file", 0, int(error.args[1])))
    with _one_view() as cursor:
        seals = entries = 0
        head, last = START, 0
        cursor.execute("SELECT number FROM ledger_seal ORDER BY number")
        numbers = [row[0] for row in cursor.fetchall()]
        for number in numbers:
            if progress is not None:
                progress("核验 verify", seals + 1, len(numbers))
            cursor.execute(f"SELECT {COLUMNS}, leaves FROM ledger_seal WHERE number = %s", [number])
            row = cursor.fetchone()
            seal = Line(*row[:7])
            fault = _check_seal(cursor, seal, bytes(row[7]), seals, last, head)
            if fault is None and seals < len(outside) and outside[seals] != seal:
                fault = Fault("file", number, number)
            if fault:
                return Verdict(seals, entries, 0, head.hex(), fault, min(seals, len(outside)))
            seals, entries, head, last = seals + 1, entries + seal.entries, bytes.fromhex(seal.head), seal.last
        fault = Fault("file ahead", 0, seals + 1) if len(outside) > seals else _stray(cursor)
        cursor.execute("SELECT count(*) FROM ledger_entry WHERE id > %s", [last])
        unsealed = int(cursor.fetchone()[0])
        return Verdict(seals, entries, unsealed, head.hex(), fault, min(seals, len(outside)))


def _check_seal(cursor: Any, seal: Line, leaves: bytes, before: int, last: int, head: bytes) -> Fault | None:
    """What of a seal differs, entries first. `before`, `last`, `head` are those of the seal before it."""
    root = bytes.fromhex(seal.root)
    whole = seal_head(head, seal.number, seal.first, seal.last, seal.entries, root, seal.made).hex() == seal.head
    if seal.number != before + 1 or seal.first != last + 1:
        return Fault("range", before + 1, 0)
    kept = split_leaves(leaves)
    if not whole and (len(kept) != seal.entries or kept[-1][0] != seal.last):
        return Fault("head", seal.number, 0)
    found = [(number, leaf_hash(data)) for number, data in read_entries(cursor, seal.first, seal.last)]
    if found != kept:
        rooted = bool(found) and tree_root([leaf for _, leaf in found]) == root
        return _compare(seal.number, dict(found), dict(kept), rooted)
    if tree_root([leaf for _, leaf in found]) != root:
        return Fault("root", seal.number, 0)
    return None if whole and len(found) == seal.entries else Fault("head", seal.number, 0)


def _compare(seal: int, found: dict[int, bytes], kept: dict[int, bytes], rooted: bool) -> Fault:
    """The first entry in which rows and seal differ. `rooted`: the rows give the seal's root, so its list is wrong."""
    entry = min(number for number in found.keys() | kept.keys() if found.get(number) != kept.get(number))
    if rooted:
        return Fault("leaves", seal, entry)
    what = "changed" if entry in found and entry in kept else "gone" if entry in kept else "slipped in"
    return Fault(f"entry {what}", seal, entry)


def _stray(cursor: Any) -> Fault | None:
    cursor.execute(
        "SELECT min(entry_id) FROM ledger_posting p WHERE NOT EXISTS (SELECT FROM ledger_entry WHERE id = p.entry_id)"
    )
    entry = cursor.fetchone()[0]
    return Fault("stray posting", 0, entry) if entry is not None else None


def _outside(path: Path | None) -> list[Line]:
    """The seals of the file outside; a last line cut off by a crash is left out."""
    lines: list[Line] = []
    if path is not None and path.exists():
        for place, text in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
            try:
                lines.append(read_line(text.decode(), f"{path}, line {place}"))
            except (SealError, UnicodeDecodeError) as error:
                raise SealError(str(error), place) from None
    return lines


@contextmanager
def _one_view() -> Iterator[Any]:
    """A cursor that sees one state of the database throughout."""
    outer = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not outer:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield cursor
