"""What the rehearsals share: a server filled with true settlements, and figures on the last line."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

import psycopg  # noqa: E402

from openyibao.service.postgres import Server  # noqa: E402

SEED, HISTORIES = 1, 120


@contextmanager
def filled(settlements: int, folder: Path | None = None, **settings: str) -> Iterator[Server]:
    """A durable server with so many settlements of nine regions, made by `yibao bench fill`'s own code."""
    os.environ.setdefault("YIBAO_SANDBOX", "1")
    os.environ["DJANGO_SETTINGS_MODULE"] = "openyibao.service.settings"
    with Server(folder, settings=settings) as server:
        os.environ["DATABASE_URL"] = server.url()
        from openyibao.service.run import prepare

        prepare(migrate=True, tell=say)
        from openyibao.service.bulk.commands import fill

        clock = time.monotonic()
        with psycopg.connect(server.url()) as connection:
            there = one(connection, "SELECT count(*) FROM settlements_settlement")
        if not there:
            made = fill(settlements, HISTORIES, SEED)
            each = made.bytes_per_settlement
            say(f"{made.settlements:,} settlements, {each:,} bytes each, {time.monotonic() - clock:.0f} s")
        from django.db import connections

        connections.close_all()
        yield server


@contextmanager
def using(url: str) -> Iterator[None]:
    """Inside, Django of this process uses another database."""
    from django.db import connection, connections

    from openyibao.service.settings import database

    connections.close_all()
    old = dict(connection.settings_dict)
    connection.settings_dict.update(database(url))
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(old)


def rows(connection: psycopg.Connection[Any], sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(sql, values or None).fetchall()  # type: ignore[arg-type]


def one(connection: psycopg.Connection[Any], sql: str, *values: Any) -> Any:
    return rows(connection, sql, *values)[0][0]


def columns(connection: psycopg.Connection[Any], table: str) -> list[str]:
    """The columns of a table that are stored, in order."""
    asked = (
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' ORDER BY attnum"
    )
    return [row[0] for row in rows(connection, asked, table)]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def finish(**figures: Any) -> None:
    """The figures, as JSON, on the last line."""
    print(json.dumps(figures, ensure_ascii=False))
