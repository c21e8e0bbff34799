"""Databases for tests: servers that begin with all tables, and a copy of a database for whoever asks.

`migrate` runs once in a run of the tests: its data folder, of a server that was stopped, is what every other server
begins with. What is not meant to be durable lies in memory where the machine has room there: databases are made and
dropped by the hundred, and a file system on disk that is asked for files right after it deleted as many is slow.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from openyibao.service.postgres import Server
from openyibao.service.temporary import temporary_folder

TEMPLATE = "yibao"
SOURCE = Path(__file__).parents[2] / "src"
RUN = "YIBAO_TEST_RUN"
"""The folder of a run of the tests, which its processes share."""
MEMORY = Path("/dev/shm")
ROOM = 3 << 30  # bytes: what two servers, the template and what tests fill may take, with as much again
_numbers = count(1)


def environment(url: str, **more: str) -> dict[str, str]:
    """The environment of a process of the platform on a database."""
    path = os.pathsep.join([str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])
    settings = {"DJANGO_SETTINGS_MODULE": "openyibao.service.settings", "YIBAO_SANDBOX": "1", "PYTHONPATH": path}
    settings["YIBAO_LOG_LEVEL"] = "INFO"  # commands that other tests ran here asked for less
    return {**os.environ, **settings, "DATABASE_URL": url, **more}


def memory() -> Path | None:
    """A folder in memory with room for databases; nothing where there is none, which means the usual place."""
    try:
        room = os.statvfs(MEMORY)
        available = int(Path("/proc/meminfo").read_text(encoding="ascii").split("MemAvailable:")[1].split()[0]) << 10
    except (OSError, IndexError):
        return None
    return MEMORY if min(room.f_bavail * room.f_frsize, available) >= ROOM else None


def begin_run() -> None:
    """Make the folder of a run; the processes that this one starts find it in their environment."""
    os.environ[RUN] = str(temporary_folder("run-", memory()))


def end_run() -> None:
    shutil.rmtree(os.environ.pop(RUN), ignore_errors=True)


def tables() -> Path:
    """The data folder of a stopped server with all tables, made by the first of the run's processes that asks."""
    run = Path(os.environ[RUN])
    kept = run / "tables"
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = in_memory(max_wal_size="32MB", min_wal_size="32MB")  # a small log is quicker to copy
            try:
                made.start()
                migrate(made)
                made.durable = True  # ends in order, so that the folder holds all of it
                made.pause()
                made.data.rename(kept)
            finally:
                made.stop()
    return kept


def in_memory(**settings: str) -> Server:
    """A server that is not durable: nothing of it is meant to stay. Not started yet, and without tables."""
    server = Server(temporary_folder(within=memory()), durable=False, settings=settings)
    server.temporary = True
    return server


def with_tables(server: Server) -> Server:
    """Let a server that was never started begin with a database `yibao` that has all tables and no rows."""
    server.folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(tables(), server.data, symlinks=True)
    server.own(server.data)
    return server


@contextmanager
def migrated() -> Iterator[Server]:
    """A server whose database `yibao` has all tables and no rows."""
    with with_tables(in_memory()) as server:
        yield server


@contextmanager
def durable() -> Iterator[Server]:
    """The same with fsync on, on disk, in a folder that outlives a server that is killed."""
    folder = temporary_folder("killed-")
    try:
        with with_tables(Server(folder)) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def migrate(server: Server) -> None:
    command = [sys.executable, "-m", "django", "migrate", "-v0"]
    subprocess.run(command, check=True, env=environment(server.url()))


def copy(server: Server, template: str = TEMPLATE, tablespace: str = "") -> str:
    """The name of a new database with what the template holds. Nobody may be connected to the template."""
    more = f' TABLESPACE "{tablespace}"' if tablespace else ""
    name = f"copy_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if connection.info.server_version >= 15_00_00:
            more += " STRATEGY file_copy"  # for so small a database cheaper than through the log
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{more}')  # type: ignore[arg-type]
    return name


def drop(server: Server, name: str) -> None:
    """Drop a copy, whoever is still connected to it."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]
