"""Databases for tests: a server, one migrated template, and a copy of it for whoever asks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from openyibao.service.postgres import Server

TEMPLATE = "yibao"
SOURCE = Path(__file__).parents[2] / "src"
_numbers = count(1)


def environment(url: str, **more: str) -> dict[str, str]:
    """The environment of a process of the platform on a database."""
    path = os.pathsep.join([str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])
    settings = {"DJANGO_SETTINGS_MODULE": "openyibao.service.settings", "YIBAO_SANDBOX": "1", "PYTHONPATH": path}
    return {**os.environ, **settings, "DATABASE_URL": url, **more}


@contextmanager
def migrated() -> Iterator[Server]:
    """A server whose database `yibao` has all tables and no rows. It is not durable: nothing is meant to stay."""
    with Server(durable=False) as server:
        migrate(server)
        yield server


@contextmanager
def durable() -> Iterator[Server]:
    """The same with fsync on, in a folder that outlives a server that is killed."""
    folder = Path(tempfile.mkdtemp(prefix="yibao-killed-"))
    try:
        with Server(folder) as server:
            migrate(server)
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def migrate(server: Server) -> None:
    command = [sys.executable, "-m", "django", "migrate", "-v0"]
    subprocess.run(command, check=True, env=environment(server.url()))


def copy(server: Server, template: str = TEMPLATE, tablespace: str = "") -> str:
    """The name of a new database with what the template holds. Nobody may be connected to the template."""
    where = f' TABLESPACE "{tablespace}"' if tablespace else ""
    name = f"copy_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{where}')  # type: ignore[arg-type]
    return name


def drop(server: Server, name: str) -> None:
    """Drop a copy, whoever is still connected to it."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]
