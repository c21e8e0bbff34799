"""Old base backups go, with the log that only they need: what is kept can still be restored to any of its moments."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from openyibao.service.backup.folder import BackupError, Folder, check_wal


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many base backups and files of the log went, and their bytes together."""

    bases: int
    segments: int
    bytes: int


def check_keep(keep: int) -> None:
    """Raise BackupError unless at least one base backup is to be kept."""
    if keep < 1:
        raise BackupError(
            f"--keep {keep}：至少要保留 1 份基础备份。", f"--keep {keep}: at least 1 base backup is to be kept."
        )


def prune(folder: Folder, keep: int) -> Pruned:
    """Keep the newest base backups, so many, and the log from the oldest of them on.

    Nothing goes unless the log of each that is kept is whole. Raises BackupError.
    """
    check_keep(keep)
    bases = folder.all_bases()
    old, kept = bases[:-keep], bases[-keep:]
    if not old:
        return Pruned(0, 0, 0)
    for base in kept:
        check_wal(folder, base)
    freed = 0
    for base in old:
        # without its JSON file it is none any more, whatever of it is still there when this is broken off
        (folder.bases / f"{base.name}.json").unlink()
        freed += base.size
        shutil.rmtree(folder.bases / base.name)
    first = min(base.first for base in kept) // folder.known().segment_bytes
    gone = [one for one in folder.segments() if one.number < first]
    for one in gone:
        freed += one.path.stat().st_size
        one.path.unlink()
    return Pruned(len(old), len(gone), freed)
