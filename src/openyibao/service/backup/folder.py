"""A backup folder: what it holds, and the errors that say what is wrong with it.

about.json       whose backup it is: server, version, database, user
bases/TIME/      a base backup as pg_basebackup writes it, with its manifest; bases/TIME.json says when and how long
wal/             the write-ahead log, one file a segment; the last one may be `.partial`
covered.json     up to when every commit is here
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openyibao.policy.model import Bilingual

ABOUT, COVERED, SANDBOX = "about.json", "covered.json", "sandbox.json"
SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?")
PARTIAL = ".partial"
LOG_BYTES = 1 << 32
"""How many bytes of the write-ahead log go under one of its 32-bit numbers."""


class BackupError(RuntimeError):
    """A backup can't be made or restored; says in both languages what is wrong and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = Bilingual(zh, en)
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class About:
    """Whose backup a folder holds. `system` is the number that PostgreSQL gave the server when it was made."""

    system: str
    version: str
    database: str
    user: str
    segment_bytes: int


@dataclass(frozen=True, slots=True)
class Base:
    """A base backup: usable for any moment from `ended` on. `first` is where its write-ahead log begins, in bytes."""

    name: str
    begun: datetime
    ended: datetime
    timeline: int
    first: int
    last: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of the write-ahead log: it begins at `number` segments."""

    path: Path
    timeline: int
    number: int
    partial: bool


class Folder:
    """A backup folder, read and written. Its files are for their owner alone: they hold what the database holds."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @property
    def bases(self) -> Path:
        return self.path / "bases"

    @property
    def wal(self) -> Path:
        return self.path / "wal"

    def make(self) -> None:
        """Make the folder, or take the one that is there. Raises BackupError where it holds something else."""
        if self.path.exists() and not (self.path / ABOUT).exists() and any(self.path.iterdir()):
            raise BackupError(
                f"{self.path} 里有别的内容，不是备份文件夹。请另选一个空文件夹。",
                f"{self.path} holds something else, no backup. Choose an empty folder.",
            )
        for folder in (self.path, self.bases, self.wal):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def about(self) -> About | None:
        """Whose backup it is; None where there is none yet."""
        found = self._read(self.path / ABOUT)
        return About(**found) if found else None

    def write_about(self, about: About) -> None:
        write(self.path / ABOUT, asdict(about))

    def known(self) -> About:
        """Whose backup it is. Raises BackupError where it is no backup folder."""
        about = self.about() if self.path.is_dir() else None
        if about is None:
            raise BackupError(
                f"{self.path} 不是备份文件夹（没有 {ABOUT}）。请给出 yibao backup 所用的文件夹。",
                f"{self.path} is no backup folder ({ABOUT} is not there). Name the folder of yibao backup.",
            )
        return about

    def all_bases(self) -> list[Base]:
        """The whole base backups, oldest first. One that was broken off has no JSON file beside it."""
        found = []
        for path in sorted(self.bases.glob("*.json")):
            kept = self._read(path) or {}
            for name in ("begun", "ended"):
                kept[name] = datetime.fromisoformat(kept[name])
            found.append(Base(**kept))
        return sorted(found, key=lambda one: one.ended)

    def write_base(self, base: Base) -> None:
        times = {"begun": base.begun.isoformat(), "ended": base.ended.isoformat()}
        write(self.bases / f"{base.name}.json", {**asdict(base), **times})

    def covered(self) -> datetime | None:
        """Up to when every commit is in this folder."""
        found = self._read(self.path / COVERED)
        return datetime.fromisoformat(found["time"]) if found else None

    def write_covered(self, moment: datetime) -> None:
        write(self.path / COVERED, {"time": moment.astimezone(UTC).isoformat()})

    def segments(self) -> list[Segment]:
        """The write-ahead log, in order; a segment that is there whole and in part is taken whole."""
        about, found = self.known(), dict[tuple[int, int], Segment]()
        for path in self.wal.iterdir():
            name = SEGMENT.fullmatch(path.name)
            if name:
                number = (int(name[2], 16) * LOG_BYTES) // about.segment_bytes + int(name[3], 16)
                one = Segment(path, int(name[1], 16), number, bool(name[4]))
                if not one.partial or (one.timeline, number) not in found:
                    found[one.timeline, number] = one
        return [found[key] for key in sorted(found)]

    def histories(self) -> list[Path]:
        """The files that say where one timeline left another."""
        return sorted(self.wal.glob("*.history"))

    def _read(self, path: Path) -> dict[str, Any] | None:
        if not path.exists():
            return None
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise BackupError(
                f"{path} 损坏，无法读取。请换用另一份备份。", f"{path} is damaged. Use another backup."
            ) from None
        return found


def write(path: Path, data: Mapping[str, Any]) -> None:
    """Write a file of JSON, whole or not at all, for its owner alone."""
    new = path.with_name(path.name + ".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def check_wal(folder: Folder, base: Base) -> list[Segment]:
    """The segments that a base needs, none missing up to the last. Raises BackupError naming the first that is not."""
    about = folder.known()
    start = base.first // about.segment_bytes
    needed = [one for one in folder.segments() if one.number >= start and one.timeline >= base.timeline]
    at = base.last // about.segment_bytes  # up to here the base brings its own
    there = {one.number: one for one in needed}
    last = max(there, default=-1)
    for number in range(at, max(at, last) + 1):
        one = there.get(number)
        if one is None or (one.path.stat().st_size != about.segment_bytes):
            name = segment_name(base.timeline, number, about.segment_bytes)
            state = ("缺少", "is missing") if one is None else ("不完整", "is cut off")
            raise BackupError(
                f"{folder.wal} 中的预写日志 {name} {state[0]}。请找回该文件；否则只能恢复到更晚的基础备份之后。",
                f"The write-ahead log {name} {state[1]} in {folder.wal}. Find that file; without it only moments after"
                " a later base backup can be restored.",
            )
    return needed


def segment_name(timeline: int, number: int, size: int) -> str:
    """The file of a segment, as PostgreSQL names it."""
    each = LOG_BYTES // size
    return f"{timeline:08X}{number // each:08X}{number % each:08X}"


def lsn(text: str) -> int:
    """A place in the write-ahead log, in bytes: `0/3000028`.

    >>> lsn("1/10") == 2**32 + 16
    True
    """
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)
