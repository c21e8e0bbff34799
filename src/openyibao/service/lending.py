"""Connections to the database that threads lend each other: the one that was used last is used next.

    with borrowed():         Django's default connection is one that nobody else has meanwhile
        with handed_back():  ... but not here: this thread waits for something, others may have it

The database's process of a connection is fast when all that it keeps (plans, tables' descriptions) is still near the
processor, and so is what this process keeps of a connection. A few that are used much do that; one for each thread,
of which most wait, do not. Only the default connection is lent, and none within a transaction.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from openyibao.service.direct import LENT, refresh

DEFAULT = "default"
LONG_SECONDS = 1.0
"""After how long a connection that nobody had is looked at before it is used."""
_free: list[tuple[Any, float]] = []
"""Those that nobody has, with when they were given back, the one used last at the end. Taking and giving are single
steps, which need no lock."""


@contextmanager
def borrowed() -> Iterator[None]:
    """A connection that was used last, or a new one if all are in use."""
    LENT.own = connections[DEFAULT]
    _use(_take())
    try:
        yield
    finally:
        mine = _go_back()
        LENT.own = None
        _give(mine)


@contextmanager
def handed_back() -> Iterator[None]:
    """Let others have the borrowed connection meanwhile; afterwards it may be another. Nothing if none is borrowed."""
    if getattr(LENT, "connection", None) is None:
        yield
        return
    _give(_go_back())
    try:
        yield
    finally:
        _use(_take())


def _use(mine: Any) -> None:
    connections[DEFAULT] = LENT.connection = mine


def _go_back() -> Any:
    """The thread's own is its default again; the one that it had borrowed."""
    mine, LENT.connection = LENT.connection, None
    connections[DEFAULT] = LENT.own
    return mine


def _take() -> Any:
    try:
        found, since = _free.pop()
    except IndexError:
        made = connections.create_connection(DEFAULT)
        made.inc_thread_sharing()  # Django lets only the thread that made it use it otherwise
        return made
    if time.monotonic() - since > LONG_SECONDS:
        refresh(found)
    return found


def _give(mine: Any) -> None:
    """For others, who find it as it was opened: one that is broken is opened again by whoever has it next."""
    try:
        if mine.in_atomic_block:  # somebody was torn out of a transaction: nobody may go on with that
            mine.close()
            return
        if mine.errors_occurred:
            mine.close_if_unusable_or_obsolete()
    except Exception:  # it can't even be closed: it is nobody's any more
        return
    _free.append((mine, time.monotonic()))
