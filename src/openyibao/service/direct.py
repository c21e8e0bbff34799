"""Prepared statements on Django's own connection, several in one round trip (libpq's pipeline).

    NEXT = Statement("next", "SELECT nextval($1)")
    run([NEXT(text("settlements_setl_id"))])[0].get_value(0, 0)      the results, one for each

    with Transaction() as work:
        work.first([...])      BEGIN travels with these
        work.later(...)        kept back, in order, until the end; `work.send()` sends them sooner
                               COMMIT travels with them

    Share                      a call's part of a transaction that others have parts of (see `gateway.together`)

Inside a Transaction Django's own queries run as in `atomic()`. An error of the database is raised as Django's, and all
is rolled back. A connection that the server closed while it lay idle is replaced once, at the first statements.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import orjson
import psycopg
from django.db import connections
from django.db.transaction import TransactionManagementError
from psycopg import pq
from psycopg.errors import error_from_result

Value = bytes | None
Result = Any
OK = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with $1, $2 ..., prepared under its name when a connection first runs it."""

    name: str
    sql: str

    def __call__(self, *values: Value) -> Ask:
        return self, values


Ask = tuple[Statement, Sequence[Value]]
FAILED = "the transaction had failed, and was rolled back: an error within it was caught by somebody"
BEGIN, COMMIT, ROLLBACK = (Statement(word.lower(), word) for word in ("BEGIN", "COMMIT", "ROLLBACK"))


def text(value: object) -> bytes:
    """A value as the database reads it: str, int, date, datetime."""
    return str(value).encode()


def given(value: object) -> Value:
    """The same, None as NULL."""
    return None if value is None else str(value).encode()


def as_json(value: Any) -> bytes:
    """Plain data as compact JSON. Raises TypeError for what is none, or a whole number of more than 64 bits."""
    return orjson.dumps(value)


def numbers(values: Sequence[int]) -> bytes:
    """An array of whole numbers."""
    return ("{" + ",".join(map(str, values)) + "}").encode()


def texts(values: Sequence[str]) -> bytes:
    """An array of texts."""
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return ("{" + ",".join(quoted) + "}").encode()


LENT = threading.local()
"""`connection`: the default connection of a thread that has borrowed one (see `service.lending`)."""


def default() -> Any:
    """This thread's default connection. Django's own way to a borrowed one takes a microsecond."""
    return getattr(LENT, "connection", None) or connections["default"]


def run(asks: Sequence[Ask], here: Any = None) -> list[Result]:
    """Run statements in one round trip; their results. Raises Django's database errors, of the first that failed.

    `here`: this thread's connection, where it was looked up already, which takes microseconds.
    """
    here = here or default()
    if here.connection is None:
        here.ensure_connection()
    raw: Any = here.connection
    with here.wrap_database_errors:
        if raw.autocommit or raw.pgconn.transaction_status != pq.TransactionStatus.IDLE:
            return _exchange(raw, asks)
        return _exchange(raw, [BEGIN(), *asks])[1:]  # in `atomic()`, which begins with its first statement


def refresh(here: Any = None) -> None:
    """Replace a connection that the server closed while it lay idle: without asking the server anything."""
    here = here or default()
    raw: Any = here.connection
    if raw is not None and not here.in_atomic_block and _is_stale(raw.pgconn):
        here.close()


def _is_stale(link: Any) -> bool:
    if link.status != pq.ConnStatus.OK:
        return True
    waiting = select.poll()
    waiting.register(link.socket, select.POLLIN)
    return bool(waiting.poll(0))  # a server says nothing unasked, unless it closes


def _exchange(raw: Any, asks: Sequence[Ask]) -> list[Result]:
    prepared: set[str] | None = getattr(raw, "yibao_prepared", None)
    if prepared is None:
        prepared = raw.yibao_prepared = set()
    link = raw.pgconn
    if link.status != pq.ConnStatus.OK:
        raise psycopg.OperationalError("the connection is closed")
    queued: list[str] = []
    link.enter_pipeline_mode()
    try:
        for statement, values in asks:
            name = statement.name
            if name not in prepared and name not in queued:
                link.send_prepare(name.encode(), statement.sql.encode())
                queued.append(name)
            link.send_query_prepared(name.encode(), values)
            queued.append("")
        link.pipeline_sync()
        return _results(link, queued, prepared)
    finally:
        if link.status == pq.ConnStatus.OK:
            link.exit_pipeline_mode()


def _results(link: Any, queued: Sequence[str], prepared: set[str]) -> list[Result]:
    waiting = select.poll()
    waiting.register(link.socket, select.POLLIN)
    while link.flush():
        select.select([link.socket], [link.socket], [])
        link.consume_input()
    found: list[Result] = []
    failed: Result = None
    for name in queued:
        result = _next(link, waiting)
        if result is None:
            raise psycopg.OperationalError("the connection is lost")
        _next(link, waiting)  # the None that ends each
        if result.status in OK:
            if name:
                prepared.add(name)
            else:
                found.append(result)
        elif failed is None:
            failed = result
            if link.status != pq.ConnStatus.OK:
                break
    else:
        _next(link, waiting)  # the sync
    if failed is not None:
        raise error_from_result(failed, encoding="utf-8")
    return found


def _next(link: Any, waiting: Any) -> Result:
    while link.is_busy():
        waiting.poll()
        link.consume_input()
    return link.get_result()


Key = tuple[str, object]


class Transaction:
    """A database transaction that begins and ends together with other statements. Not inside another one."""

    def __init__(self) -> None:
        self.open = False
        self.kept: list[Ask] = []
        self.here: Any = None

    def __enter__(self) -> Transaction:
        self.here = default()
        if self.here.in_atomic_block:
            raise TransactionManagementError("a Transaction is the outermost one")
        return self

    def first(self, asks: Sequence[Ask]) -> list[Result]:
        """Begin with these statements."""
        refresh(self.here)
        self._open()  # whatever comes now, it has to be rolled back
        return run([BEGIN(), *asks], self.here)[1:]

    def later(self, *asks: Ask) -> None:
        """Statements whose results nobody needs: they run in this order, at the end or when `send` is called."""
        self.kept += asks

    def send(self) -> None:
        """Run what was kept back, for a query that is to see it."""
        if self.kept:
            asks, self.kept = self.kept, []
            run(asks, self.here)

    def take(self, *keys: Key) -> None:
        """Say what nobody else in the same transaction may have, as what is read of it may change."""

    def _open(self) -> None:
        here = self.here
        if here.connection is None:
            here.ensure_connection()
        self.open = True
        here.in_atomic_block, here.autocommit, here.needs_rollback = True, False, False

    def _closed(self) -> None:
        self.open = False
        here = self.here
        here.in_atomic_block, here.autocommit = False, True
        here.needs_rollback = here.closed_in_transaction = False
        here.savepoint_ids, here.run_on_commit = [], []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.open:
            return
        here = self.here
        lost = here.closed_in_transaction or here.connection is None
        broken = kind is not None or here.needs_rollback
        self._closed()
        if lost:
            here.connection = None
        elif broken:
            self._roll_back()
        elif self._committed():
            return
        if kind is None:
            raise TransactionManagementError(FAILED)

    def _committed(self) -> bool:
        try:
            ended = run([*self.kept, COMMIT()], self.here)[-1]
        except BaseException:
            self._roll_back()
            raise
        return bool(ended.command_status == b"COMMIT")

    def _roll_back(self) -> None:
        try:
            run([ROLLBACK()], self.here)
        except Exception:  # the connection is gone, and with it the transaction
            self.here.close()


def let_go(error: BaseException | None) -> None:
    """Of an error that has been dealt with: what its call had. Django's wrapper of errors is in its traceback, and has
    the error itself: a ring, in which all stays until Python looks for such."""
    seen = set[int]()
    while error is not None and id(error) not in seen:  # an error may be its own cause (`raise error from error`)
        seen.add(id(error))
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


class NotSharedError(Exception):
    """A call needs a transaction of its own."""


class Share(Transaction):
    """A call's part of a transaction that others have parts of: what it writes is kept back to the end.

    Whoever fails or is refused has written nothing, and the others go on. `taken`: what all of them have.
    """

    def __init__(self, taken: set[Key]) -> None:
        super().__init__()
        self.taken, self.own = taken, set[Key]()

    def __enter__(self) -> Transaction:
        raise TransactionManagementError("a Share begins and ends with those of the others")

    def send(self) -> None:
        """Raises NotSharedError where something was kept back: the others could not go on without it."""
        if self.kept:
            raise NotSharedError

    def take(self, *keys: Key) -> None:
        """Raises NotSharedError where another call of the same transaction has it."""
        asked = set(keys) - self.own
        if asked & self.taken:
            raise NotSharedError
        self.own |= asked
        self.taken |= asked
