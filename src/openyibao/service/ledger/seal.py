"""Sealing: every entry, within a second of its posting, goes into a Merkle tree whose root is chained to those before.

Which entries may be sealed? A seal covers a range of numbers for good, so all transactions that drew a number of the
range must have ended. No lock tells this, and a number's gap may be a transaction still under way. But the database
draws an entry's number only after the entry's transaction has its own id (migration 0002). So the sealer

1. reads the last number that was drawn, S;
2. takes a transaction id of its own, X: whoever drew a number up to S has a smaller one;
3. waits until no transaction with an id below X runs (the xmin of a snapshot is X or more): now every number up to S
   is either in the tables or will never be.

Nobody who posts waits for this. A transaction that stays open delays the seals, but nothing is skipped. Each is a
separate statement, so that each sees what was committed before it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from openyibao.service import clock
from openyibao.service.ledger.canonical import MOMENT, read_entries
from openyibao.service.ledger.merkle import (
    START,
    leaf_hash,
    root_of_path,
    seal_head,
    tree_path,
    tree_root,
)

LOCK = 1818453096
"""The advisory lock that the one sealer holds."""
MOST_ENTRIES = 4096
NUMBER_BYTES, HASH_BYTES = 8, 32
COLUMNS = f"number, first, last, entries, encode(root, 'hex'), encode(head, 'hex'), {MOMENT.format('made')}"
"""What of a seal is written outside, in this order."""


class SealError(RuntimeError):
    """The seals cannot go on as they are: the file outside and the database say different things."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Numbers up to `drawn` were drawn by transactions with ids below `before`; `since` when it is waited for."""

    drawn: int
    before: int
    since: float


class Sealer:
    """Makes seals, one a step. Keeps only its mark; with another sealer at work, its steps do nothing."""

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self.most = most
        self._mark: Mark | None = None
        self._nothing_through = 0

    def step(self) -> int:
        """Seal what is settled; how many entries. 0: nothing to seal, or older transactions are still under way."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return 0
            number, last, head = _last_seal(cursor)
            mark = self._mark or self._new_mark(cursor, last)
            if mark is None or not _settled(cursor, mark):
                self._mark = mark
                return 0
            cursor.execute(
                "SELECT max(id), count(*) FROM (SELECT id FROM ledger_entry WHERE id > %s AND id <= %s"
                " ORDER BY id LIMIT %s) AS next",
                [last, mark.drawn, self.most],
            )
            through, count = cursor.fetchone()
            if count:
                _write(cursor, number + 1, last + 1, through, head)
        # Only now: had the transaction failed, the mark would still be needed.
        whole = count < self.most
        self._mark = None if whole else mark
        self._nothing_through = mark.drawn if whole else 0
        return int(count)

    def _new_mark(self, cursor: Any, last: int) -> Mark | None:
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ledger_entry_number")
        drawn = int(cursor.fetchone()[0])
        if drawn <= max(last, self._nothing_through):
            return None
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return Mark(drawn, int(cursor.fetchone()[0]), time.monotonic())

    def waiting(self) -> float:
        """For how many seconds it has been waiting for older transactions."""
        return time.monotonic() - self._mark.since if self._mark else 0.0


def _settled(cursor: Any, mark: Mark) -> bool:
    cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %s", [mark.before])
    return bool(cursor.fetchone()[0])


def _last_seal(cursor: Any) -> tuple[int, int, bytes]:
    cursor.execute("SELECT number, last, head FROM ledger_seal ORDER BY number DESC LIMIT 1")
    row = cursor.fetchone()
    return (int(row[0]), int(row[1]), bytes(row[2])) if row else (0, 0, START)


def _write(cursor: Any, number: int, first: int, last: int, before: bytes) -> None:
    hashes = [(entry, leaf_hash(data)) for entry, data in read_entries(cursor, first, last)]
    root = tree_root([leaf for _, leaf in hashes])
    leaves = b"".join(entry.to_bytes(NUMBER_BYTES, "big") + leaf for entry, leaf in hashes)
    made = clock.now()
    cursor.execute(f"SELECT {MOMENT.format('%s::timestamptz')}", [made])  # as whoever checks it reads it
    head = seal_head(before, number, first, last, len(hashes), root, cursor.fetchone()[0])
    cursor.execute(
        "INSERT INTO ledger_seal (number, first, last, entries, leaves, root, head, made)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [number, first, last, len(hashes), leaves, root, head, made],
    )


def split_leaves(leaves: bytes) -> list[tuple[int, bytes]]:
    """The numbers and hashes that a seal keeps of its entries."""
    size = NUMBER_BYTES + HASH_BYTES
    parts = [leaves[at : at + size] for at in range(0, len(leaves), size)]
    return [(int.from_bytes(part[:NUMBER_BYTES], "big"), part[NUMBER_BYTES:]) for part in parts]


@dataclass(frozen=True, slots=True)
class Line:
    """A seal as it stands outside the database. Hashes in hexadecimal digits."""

    number: int
    first: int
    last: int
    entries: int
    root: str
    head: str
    made: str


def export(path: Path) -> int:
    """Append the seals that the file does not have, one JSON object a line; how many. It is on disk when this returns.

    A last line cut off by a crash is taken back first. Raises SealError where the file's last seal is not the
    database's: one of the two was changed or set back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        whole, last = _last_line(file, path)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {COLUMNS} FROM ledger_seal WHERE number >= %s ORDER BY number", [last.number if last else 1]
            )
            lines = [Line(*row) for row in cursor.fetchall()]
        if last and (not lines or lines[0] != last):
            raise SealError(f"{path}: seal {last.number} is not the database's. Run the verification and find out why.")
        added = lines[1:] if last else lines
        os.ftruncate(file, whole)
        text = "".join(json.dumps(asdict(line)) + "\n" for line in added).encode()
        while text:
            text = text[os.write(file, text) :]
        os.fsync(file)
        return len(added)
    finally:
        os.close(file)


def _last_line(file: int, path: Path) -> tuple[int, Line | None]:
    """How many bytes of whole lines a file has, and the last of them."""
    size = os.fstat(file).st_size
    window = min(size, 4096)
    tail = os.pread(file, window, size - window)
    end = tail.rfind(b"\n") + 1
    if not end:
        if size > window:
            raise SealError(f"{path} does not end with lines of seals")
        return 0, None
    start = tail.rfind(b"\n", 0, end - 1) + 1
    return size - window + end, read_line(tail[start:end].decode(), str(path))


def read_line(text: str, place: str) -> Line:
    """A line of the file. Raises SealError where it is none."""
    try:
        return Line(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise SealError(f"{place}: no line of a seal: {error}") from None


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is in a seal: `data` is its canonical text, `path` leads to the root, the rest to the head."""

    entry: int
    data: str
    path: tuple[tuple[str, str], ...]
    before: str
    number: int
    first: int
    last: int
    entries: int
    made: str


def proof(entry: int) -> Proof:
    """The proof that a sealed entry is in its seal. Raises SealError where no seal covers it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS}, leaves, (SELECT encode(head, 'hex') FROM ledger_seal b WHERE b.number = s.number - 1)"
            " FROM ledger_seal s WHERE %s BETWEEN first AND last",
            [entry],
        )
        row = cursor.fetchone()
        data = dict(read_entries(cursor, entry, entry))
    if not row or not data:
        raise SealError(f"entry {entry} is not sealed (yet)")
    seal, kept, before = Line(*row[:7]), split_leaves(bytes(row[7])), row[8] or START.hex()
    index = [number for number, _ in kept].index(entry)
    path = tuple((side, beside.hex()) for side, beside in tree_path([leaf for _, leaf in kept], index))
    return Proof(entry, data[entry].decode(), path, before, seal.number, seal.first, seal.last, seal.entries, seal.made)


def check_proof(shown: Proof, head: str) -> bool:
    """Whether a proof leads to a head (hexadecimal) that is known from elsewhere. Needs no database."""
    if not shown.data.startswith(f"[{shown.entry},"):
        return False
    path = [(side, bytes.fromhex(beside)) for side, beside in shown.path]
    root = root_of_path(leaf_hash(shown.data.encode()), path)
    what = (shown.number, shown.first, shown.last, shown.entries, root, shown.made)
    return seal_head(bytes.fromhex(shown.before), *what).hex() == head
