"""Taking a backup of a running server, by PostgreSQL's own programs over its own protocol.

`base` copies the data while the server works; `fetch` brings the write-ahead log up to now; `follow` goes on receiving
it until it is stopped. A replication slot keeps the server from throwing log away that is not here yet.

Each of them commits a message of its own (pg_logical_emit_message: no table is touched). Its commit stands behind every
commit that was acknowledged before, so when it has arrived, all of those have; and a restore to any moment before it
finds a later commit to stop at, even if nobody worked.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from openyibao.service.backup.folder import SANDBOX, About, BackupError, Base, Folder, lsn
from openyibao.service.postgres import end_with_parent, find_binaries

BEAT_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
APPLICATION = "yibao_backup"
"""The name under which the log is received: that of a synchronous standby, where no acknowledged commit may be lost."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server as it said itself, and the programs of its version."""

    url: str
    binaries: Path
    about: About
    timeline: int


def base(url: str, folder: Folder, sandbox: Path | None = None) -> Base:
    """Take a base backup and the log up to its end. `sandbox`: a sandbox's folder, whose settings go with it.

    Raises BackupError, PostgresError.
    """
    folder.make()
    with locked(folder, "base"):
        server = look(url, folder)
        _slot(server, folder, anew=True)
        begun, clock = datetime.now(UTC), time.monotonic()
        name = f"{begun:%Y%m%dT%H%M%S.%fZ}"
        target = folder.bases / name
        try:
            _run(server, "pg_basebackup", "-D", str(target), "-X", "stream", "-c", "fast", "--no-password")
        except BackupError:
            shutil.rmtree(target, ignore_errors=True)
            raise
        first, last = _range(target)
        size = sum(one.stat().st_size for one in target.rglob("*") if one.is_file())
        ended = _beat(url)[0]
        seconds = round(time.monotonic() - clock, 2)
        found = Base(name, begun, ended, server.timeline, first, last, size, seconds)
        if sandbox is not None and (sandbox / SANDBOX).exists():
            shutil.copy(sandbox / SANDBOX, folder.path / SANDBOX)
        folder.write_base(found)
    if not _is_locked(folder, "wal"):
        fetch(url, folder)
    return found


def fetch(url: str, folder: Folder) -> datetime:
    """Bring the log up to now; up to when every commit is here. Raises BackupError."""
    folder.known()
    with locked(folder, "wal"):
        server = look(url, folder)
        slot = _slot(server, folder, anew=False)
        moment, place = _beat(url)
        _run(server, "pg_receivewal", *_receives(folder, slot), f"--endpos={place}", "--no-loop")
        folder.write_covered(moment)
        return moment


def follow(url: str, folder: Folder, tell: Say, beat: float = BEAT_SECONDS) -> None:
    """Receive the log as it is written, until this process is stopped. Waits for a server that is away."""
    folder.known()
    with locked(folder, "wal"):
        server = look(url, folder)
        slot = _slot(server, folder, anew=False)
        with _receiver(server, folder, slot) as receiver:
            away = ""
            while receiver.poll() is None:
                try:
                    moment, place = _beat(url)
                    _arrived(url, slot, place)
                    folder.write_covered(moment)
                    if away:
                        tell("the server is there again; the log goes on")
                    away = ""
                except (BackupError, psycopg.Error) as error:
                    if not away:
                        tell(f"the log stands still: {str(error).strip()}")
                    away = str(error)
                time.sleep(beat)
            raise BackupError(
                f"pg_receivewal 已结束，退出码 {receiver.returncode}；其原因见上文。",
                f"pg_receivewal ended with exit code {receiver.returncode}; what it said stands above.",
            )


def look(url: str, folder: Folder) -> Server:
    """The server, fit for being backed up into the folder. Raises BackupError, PostgresError."""
    with connected(url) as connection:
        row = connection.execute(
            "SELECT (SELECT system_identifier::text FROM pg_control_system()), current_setting('server_version_num'),"
            " current_database(), current_user, pg_is_in_recovery(), current_setting('wal_level'),"
            " (SELECT timeline_id FROM pg_control_checkpoint()), current_setting('wal_segment_size'),"
            " (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user),"
            " pg_size_bytes(current_setting('wal_segment_size')),"
            " (SELECT count(*) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global'))"
        ).fetchone()
    assert row is not None
    system, number, database, user, standby, level, timeline, _, may, segment, spaces = row
    version = str(int(number) // 10_000)
    if not may:
        raise BackupError(
            f"用户 {user} 没有复制权限。请由管理员执行 ALTER ROLE {user} REPLICATION，"
            "并在 pg_hba.conf 中允许其 replication 连接。",
            f"The user {user} may not replicate. Let an administrator run ALTER ROLE {user} REPLICATION and allow its"
            " replication connections in pg_hba.conf.",
        )
    if standby:
        raise BackupError("这是备库，请备份主库。", "This server is a standby; make the backup of its primary.")
    if level == "minimal":
        raise BackupError(
            "wal_level 为 minimal，无法备份。请设为 replica 并重启数据库。",
            "wal_level is minimal, so nothing can be backed up. Set it to replica and restart the server.",
        )
    if spaces:
        raise BackupError(
            "数据库使用了表空间，本命令不支持。请用 pg_basebackup 自行备份。",
            "The server has tablespaces of its own, which this command does not support. Use pg_basebackup yourself.",
        )
    about, kept = About(system, version, database, user, segment), folder.about()
    if kept and kept.system != system:
        raise BackupError(
            f"{folder.path} 是另一台数据库服务器的备份（{kept.system}）。请为这台服务器另选文件夹。",
            f"{folder.path} is the backup of another server ({kept.system}). Choose another folder for this one.",
        )
    folder.write_about(about)
    return Server(url, find_binaries(version), about, timeline)


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection for a few statements. Raises BackupError where there is none."""
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="yibao")
    except psycopg.Error as error:
        said = str(error).strip()
        raise BackupError(f"数据库无法连接：{said}", f"The database can't be reached: {said}") from None
    with connection:
        yield connection


def _beat(url: str) -> tuple[datetime, str]:
    """Commit a message; the moment before it, and a place in the log before the end of its commit."""
    with connected(url) as connection:
        row = connection.execute("SELECT clock_timestamp(), pg_current_wal_insert_lsn()::text").fetchone()
        connection.execute("SELECT pg_logical_emit_message(true, 'yibao', 'backup')")
    assert row is not None
    return row[0].astimezone(UTC), row[1]


def _arrived(url: str, slot: str, place: str) -> None:
    """Wait until the slot's log was received and written to disk up to a place. Raises BackupError."""
    end = time.monotonic() + PATIENCE_SECONDS
    with connected(url) as connection:
        while time.monotonic() < end:
            asked = "SELECT restart_lsn > %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
            row = connection.execute(asked, [place, slot]).fetchone()
            if row and row[0]:
                return
            time.sleep(0.02)
    raise BackupError("日志没有到达备份文件夹。", "the log does not arrive in the backup folder.")


def _slot(server: Server, folder: Folder, *, anew: bool) -> str:
    """The folder's replication slot, made if it is not there. `anew`: one that lost its log may be made again.

    Raises BackupError where the log has a gap.
    """
    name = "yibao_" + hashlib.sha256(str(folder.path).encode()).hexdigest()[:16]
    with connected(server.url) as connection:
        row = connection.execute("SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s", [name]).fetchone()
        if row is None or row[0] == "lost":
            if not anew and folder.all_bases():
                raise BackupError(
                    "服务器已不再保留尚未取回的预写日志，备份有缺口。请重做基础备份（yibao backup，不带 --wal-only）。",
                    "The server no longer has the log since the last time, so there is a gap. Take a new base backup"
                    " (yibao backup without --wal-only).",
                )
            if row is not None:
                connection.execute("SELECT pg_drop_replication_slot(%s)", [name])
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [name])
    return name


def _receives(folder: Folder, slot: str) -> list[str]:
    return ["-D", str(folder.wal), f"--slot={slot}", "--synchronous", "--no-password"]


@contextmanager
def _receiver(server: Server, folder: Folder, slot: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [str(server.binaries / "pg_receivewal"), "-d", server.url, *_receives(folder, slot)],
        stdin=subprocess.DEVNULL,
        env=_environment(),
        preexec_fn=partial(end_with_parent, signal.SIGTERM),  # noqa: PLW1509  (it only asks the kernel for a signal)
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _run(server: Server, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL against the server. Raises BackupError with what it said."""
    path = server.binaries / program
    if not path.exists():
        raise BackupError(
            f"{server.binaries} 中没有 {program}。请安装 PostgreSQL {server.about.version} 的客户端程序。",
            f"There is no {program} in {server.binaries}. Install the client programs of PostgreSQL"
            f" {server.about.version}.",
        )
    command = [str(path), "-d", server.url, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())
    if done.returncode:
        said = done.stderr.strip()
        raise BackupError(f"{program} 失败：{said}", f"{program} failed: {said}")


def _environment() -> Mapping[str, str]:
    return {**os.environ, "PGAPPNAME": APPLICATION, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"}


def _range(target: Path) -> tuple[int, int]:
    """From where to where a base backup needs the write-ahead log, as its manifest says."""
    ranges = json.loads((target / "backup_manifest").read_text(encoding="utf-8"))["WAL-Ranges"]
    return min(lsn(one["Start-LSN"]) for one in ranges), max(lsn(one["End-LSN"]) for one in ranges)


@contextmanager
def locked(folder: Folder, what: str) -> Iterator[None]:
    """One process at a time does this with the folder. Raises BackupError where another is at it."""
    with (folder.path / f"{what}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(
                f"另一个 yibao backup 正在使用 {folder.path}。请等它结束。",
                f"Another yibao backup is at work in {folder.path}. Wait until it ends.",
            ) from None
        yield


def _is_locked(folder: Folder, what: str) -> bool:
    try:
        with locked(folder, what):
            return False
    except BackupError:
        return True
