"""Connections to the database that threads lend each other: the one that was used last is used next.

    with borrowed():         Django's default connection is one that nobody else has meanwhile
        with handed_back():  ... but not here: this thread waits for something, others may have it

The database's process of a connection is fast when all that it keeps (plans, tables' descriptions) is still near the
processor, and so is what this process keeps of a connection. A few that are used much do that; one for each thread,
of which most wait, do not. Only the default connection is lent, and none within a transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from openyibao.service.direct import refresh

DEFAULT = "default"
_free: list[Any] = []
"""Those that nobody has, the one used last at the end. Taking and giving are single steps, which need no lock."""
_thread = threading.local()
"""`own`: the connection of the thread itself, while it has a borrowed one."""


@contextmanager
def borrowed() -> Iterator[None]:
    """A connection that was used last, or a new one if all are in use."""
    _thread.own = connections[DEFAULT]
    connections[DEFAULT] = _take()
    try:
        yield
    finally:
        mine, connections[DEFAULT] = connections[DEFAULT], _thread.own
        _thread.own = None
        _give(mine)


@contextmanager
def handed_back() -> Iterator[None]:
    """Let others have the borrowed connection meanwhile; afterwards it may be another. Nothing if none is borrowed."""
    own = getattr(_thread, "own", None)
    if own is None:
        yield
        return
    mine, connections[DEFAULT] = connections[DEFAULT], own
    _give(mine)
    try:
        yield
    finally:
        connections[DEFAULT] = _take()


def _take() -> Any:
    try:
        found = _free.pop()
    except IndexError:
        made = connections.create_connection(DEFAULT)
        made.inc_thread_sharing()  # Django lets only the thread that made it use it otherwise
        return made
    refresh(found)  # it may have lain there for hours
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
    _free.append(mine)
