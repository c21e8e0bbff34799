"""Folders of a process that end with it. What a killed process left behind is cleaned away by the next that makes one.

A folder says in a file whose it is: the process's number and when it began, so that a number given again to another
process is not taken for the owner.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

OWNER = "owner"
PREFIX = "yibao-"


def temporary_folder(what: str = "", within: Path | None = None) -> Path:
    """A new empty folder of this process, named `yibao-WHAT...`; those of processes that are gone are removed first.

    It lies in the system's folder for temporary files unless another is named.
    """
    sweep(within)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{what}", dir=within))
    (folder / OWNER).write_text(f"{os.getpid()} {_begun(os.getpid())}", encoding="ascii")
    return folder


def sweep(within: Path | None = None) -> list[Path]:
    """Remove the folders of this user whose process is gone; which they were. One that can't be removed stays."""
    gone = [folder for folder in (within or Path(tempfile.gettempdir())).glob(f"{PREFIX}*") if _is_left(folder)]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return gone


def _is_left(folder: Path) -> bool:
    try:
        if (folder / OWNER).stat().st_uid != os.geteuid():
            return False
        pid, begun = (folder / OWNER).read_text(encoding="ascii").split()
    except (OSError, ValueError):  # not a folder of ours, or not whole yet
        return False
    return _begun(int(pid)) != begun and not _server_runs(folder)


def _server_runs(folder: Path) -> bool:
    """Whether a database server still works in the folder: it ends a moment after the process that started it."""
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return False
    return bool(_begun(pid))


def _begun(pid: int) -> str:
    """When a process began, in ticks since the machine did; "" where there is none, or it only waits to be buried."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
