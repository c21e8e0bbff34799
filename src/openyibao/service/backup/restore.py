"""Restoring a backup folder to a moment: a server's data of their own, checked, and a report of what they are.

1. the newest base backup that ended before the moment, every file held against its manifest
2. copied into the new folder; the log replayed up to the moment by PostgreSQL itself, which then opens for writing
3. the books: seals computed again, accounts held against settlements, rows counted, if asked all rows hashed
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from openyibao.service.backup.check import Found, check
from openyibao.service.backup.folder import (
    PARTIAL,
    SANDBOX,
    About,
    BackupError,
    Base,
    Folder,
    Segment,
    check_wal,
)
from openyibao.service.postgres import HBA, PostgresError, Server, find_binaries

REPLAY_SECONDS = 24 * 3600
"""How long replaying may take: it is ended by its outcome, not by the clock."""
LOG_TIME = re.compile(r"last completed transaction was at log time (.+)")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be restored. Without a moment: all that there is. `seals`: the file of seals kept outside."""

    to: datetime | None
    into: Path
    seals: Path | None = None
    hashed: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `last` is the newest commit that is there; seconds of each step."""

    about: About
    base: Base
    to: datetime | None
    covered: datetime | None
    last: datetime | None
    into: Path
    url: str
    segments: int
    verify_s: float
    copy_s: float
    replay_s: float
    check_s: float
    found: Found

    @property
    def rto_s(self) -> float:
        """From the start of the copying until the database could be written again."""
        return round(self.copy_s + self.replay_s, 2)


def restore(folder: Folder, wish: Wish, tell: Say) -> Restored:
    """Restore, check, stop the server again. Raises BackupError, PostgresError; what was begun is removed then."""
    about = folder.known()
    chosen = choose(folder, wish.to)
    segments = check_wal(folder, chosen)
    binaries = find_binaries(about.version)
    if wish.into.exists() and any(wish.into.iterdir()):
        raise BackupError(
            f"{wish.into} 不是空文件夹。请用 --into 另选一个。",
            f"{wish.into} is not empty. Choose another with --into.",
        )
    tell(f"base backup {chosen.name}: {chosen.size / 1e6:,.0f} MB, checking its files ...")
    verify_s = _timed(lambda: _verify(binaries, folder.bases / chosen.name))
    try:
        tell(f"copying to {wish.into} ...")
        server = _server(wish.into, about, _recovery(wish))
        copy_s = _timed(lambda: _copy(folder, chosen, segments, server))
        tell(f"replaying {len(segments)} segments of the log ...")
        replay_s = _timed(lambda: _replay(folder, server))
        try:
            last = _last_commit(server.folder)
            tell("checking the books ...")
            clock = time.monotonic()
            found = check(server.url(), wish.seals, hashed=wish.hashed)
        finally:
            server.pause()
        shutil.rmtree(server.folder / "wal", ignore_errors=True)
    except BaseException:
        if wish.into.exists():
            shutil.rmtree(wish.into, ignore_errors=True)
        raise
    seconds = (verify_s, copy_s, replay_s, round(time.monotonic() - clock, 2))
    where = (wish.into, server.url(), len(segments))
    return Restored(about, chosen, wish.to, folder.covered(), last, *where, *seconds, found)


def choose(folder: Folder, to: datetime | None) -> Base:
    """The newest base backup that can lead to a moment. Raises BackupError."""
    bases, covered = folder.all_bases(), folder.covered()
    if not bases:
        raise BackupError(
            f"{folder.path} 里没有完整的基础备份。请先运行 yibao backup。",
            f"{folder.path} has no whole base backup. Run yibao backup first.",
        )
    if to is None:
        return bases[-1]
    if covered is None or to > covered:
        until = f"{covered.astimezone():%Y-%m-%d %H:%M:%S %z}" if covered else "-"
        raise BackupError(
            f"备份只覆盖到 {until}，早于所要的时刻。不带 --to 可恢复备份中的全部内容。",
            f"The backup reaches until {until} only, before the moment asked for. Without --to all of it is restored.",
        )
    fit = [one for one in bases if one.ended <= to]
    if not fit:
        first = f"{bases[0].ended.astimezone():%Y-%m-%d %H:%M:%S %z}"
        raise BackupError(
            f"最早的基础备份完成于 {first}，晚于所要的时刻；更早的时刻无法恢复。",
            f"The first base backup ended at {first}, after the moment asked for; nothing earlier can be restored.",
        )
    return fit[-1]


def _timed(work: Callable[[], None]) -> float:
    clock = time.monotonic()
    work()
    return round(time.monotonic() - clock, 2)


def _verify(binaries: Path, base: Path) -> None:
    """Hold every file of a base backup against its manifest. Raises BackupError naming what differs."""
    done = subprocess.run(
        [binaries / "pg_verifybackup", "--quiet", base],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C", "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"},
    )
    if done.returncode:
        said = "; ".join(done.stderr.strip().splitlines()[:3])
        raise BackupError(
            f"基础备份 {base.name} 与其清单不符：{said}。请移走它和它的 JSON 文件，改用前一份基础备份。",
            f"The base backup {base.name} is not what its manifest says: {said}. Move it away, with its JSON file, to"
            " restore from the one before.",
        )


def _server(into: Path, about: About, settings: dict[str, str]) -> Server:
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Server(into, settings=settings, user=about.user, database=about.database)


def _recovery(wish: Wish) -> dict[str, str]:
    """The server's settings while it replays; they stand on its command line, so nothing of them stays in the data."""
    folder = wish.into.absolute()
    found = shlex.quote(str(folder / "wal")).replace("%", "%%")
    settings = {
        "restore_command": f'cp {found}/"%f" "%p"',
        "recovery_target_inclusive": "on",
        "recovery_target_action": "promote",
        "hot_standby": "off",
        "hba_file": str(folder / "hba.conf"),
        # whatever the server that was backed up was told to do for others
        "archive_mode": "off",
        "synchronous_standby_names": "",
        "primary_conninfo": "",
        "shared_preload_libraries": "",
        "ssl": "off",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_min_messages": "warning",
        "lc_messages": "C",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if wish.to is not None:
        settings["recovery_target_time"] = wish.to.astimezone(UTC).isoformat(sep=" ")
    return settings


def _copy(folder: Folder, base: Base, segments: list[Segment], server: Server) -> None:
    """The data and the log that they need, as files of the user as whom the server runs."""
    data, wal = server.data, server.folder / "wal"
    wal.mkdir(mode=0o700)
    subprocess.run(["cp", "-a", "--reflink=auto", folder.bases / base.name, data], check=True)
    (data / "recovery.signal").touch()
    for name in ("postgresql.conf", "pg_ident.conf"):  # Debian keeps them elsewhere
        (data / name).touch()
    hba = server.folder / "hba.conf"
    hba.write_text(HBA, encoding="ascii")
    for path in (*(one.path for one in segments), *folder.histories()):
        _place(path, wal / path.name.removesuffix(PARTIAL))
    if (folder.path / SANDBOX).exists():
        shutil.copy(folder.path / SANDBOX, server.folder / SANDBOX)
    server.own(data)
    server.own(wal)
    server.own(hba)


def _place(path: Path, place: Path) -> None:
    """Where the server may read it: root's files are not another user's, so that one gets a copy."""
    if os.geteuid() == 0:
        subprocess.run(["cp", "--reflink=auto", path, place], check=True)
    else:
        place.symlink_to(path)


def _replay(folder: Folder, server: Server) -> None:
    try:
        server.start(REPLAY_SECONDS)
    except PostgresError:
        # the whole log: whoever asks whether the server is up yet leaves lines there too, after the one that matters
        said = (server.folder / "log").read_text(encoding="utf-8", errors="replace") if server.folder.exists() else ""
        if "before configured recovery target" in said:
            raise BackupError(
                f"预写日志在所要的时刻之前中断（{folder.wal}）。不带 --to 可恢复到中断处。",
                f"The write-ahead log in {folder.wal} breaks off before the moment asked for. Without --to what there"
                " is is restored.",
            ) from None
        raise
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        # it has no standby: else its first commit would wait for one for ever
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        connection.execute("CHECKPOINT")


def _last_commit(folder: Path) -> datetime | None:
    """The newest commit that was replayed, as the server's log says; None where nothing had to be."""
    times = LOG_TIME.findall((folder / "log").read_text(encoding="utf-8", errors="replace"))
    return datetime.fromisoformat(times[-1].replace(" UTC", "+00:00")) if times else None
