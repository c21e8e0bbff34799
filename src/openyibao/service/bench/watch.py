"""What the machine did meanwhile: processor time by part, from /proc, and what the database counts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Mark:
    """Seconds of the processor that each part has used so far; syncs and bytes of the database's log."""

    cpu: dict[str, float]
    syncs: int
    wal_bytes: int


def mark(parts: Mapping[str, Iterable[int]]) -> Mark:
    """The counters now. `parts`: by name, the processes whose time counts, each with all that it started."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT wal_sync, wal_bytes FROM pg_stat_wal")
        syncs, size = cursor.fetchone()
    connection.close()
    children = _children()
    return Mark(
        {name: sum(_time(pid, children) for pid in pids) for name, pids in parts.items()}, int(syncs), int(size)
    )


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        about = _stat(int(folder.name))
        if about:
            found.setdefault(int(about[1]), []).append(int(folder.name))
    return found


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _time(pid: int, children: dict[int, list[int]]) -> float:
    """User and system time of a process, of those it waited for, and of those that run."""
    about = _stat(pid)
    own = sum(map(int, about[11:15])) / TICKS if about else 0.0
    return own + sum(_time(child, children) for child in children.get(pid, ()))
