"""Transactions as a settlement's, for rehearsals: a row locked, rows of the same sizes appended, one commit.

They go to a table of their own, of the same columns as the settlements' without its references, so that a rehearsal
leaves the platform's tables as they are.
"""

from __future__ import annotations

import threading
from types import TracebackType

import psycopg
from common import columns, one

LOCK = "SELECT id FROM settlements_history WHERE id = %s FOR UPDATE"
APPEND = "INSERT INTO rehearsed ({names}) SELECT {names} FROM settlements_settlement WHERE id = %s"


class Writer:
    """One client that writes as settlements do."""

    def __init__(self, url: str) -> None:
        self.url, self.written = url, 0

    def __enter__(self) -> Writer:
        with psycopg.connect(self.url, autocommit=True) as connection:
            prepare(connection)
            self.ids = [
                row[0] for row in connection.execute("SELECT id FROM settlements_settlement LIMIT 500").fetchall()
            ]
            self.histories = [
                row[0] for row in connection.execute("SELECT id FROM settlements_history LIMIT 500").fetchall()
            ]
            self.names = ", ".join(
                f'"{name}"' for name in columns(connection, "settlements_settlement") if name != "id"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def until(self, stop: threading.Event) -> None:
        with psycopg.connect(self.url) as connection:
            while not stop.is_set():
                number = self.written
                connection.execute(LOCK, [self.histories[number % len(self.histories)]])
                connection.execute(APPEND.format(names=self.names), [self.ids[number % len(self.ids)]])  # type: ignore[arg-type]
                connection.commit()
                self.written += 1


def prepare(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """The table that is written to, empty."""
    connection.execute("DROP TABLE IF EXISTS rehearsed")
    connection.execute("CREATE TABLE rehearsed (LIKE settlements_settlement)")
    connection.execute("ALTER TABLE rehearsed ALTER id ADD GENERATED ALWAYS AS IDENTITY, ADD PRIMARY KEY (id)")
    assert one(connection, "SELECT count(*) FROM settlements_settlement")
