"""Connections to the database that threads lend each other: the one that was used last is used next.

    with borrowed():         Django's default connection is one that nobody else has meanwhile
        with handed_back():  ... but not here: this thread waits for something, others may have it

The database's process of a connection is fast when all that it keeps (plans, tables' descriptions) is still near the
processor, and so is what this process keeps of a connection. A few that are used much do that; one for each thread,
of which most wait, do not. Only the default connection is lent, and none within a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

DEFAULT = "default"
_free: list[Any] = []
"""Those that nobody has, the one used last at the end. Taking and giving are single steps, which need no lock."""


@contextmanager
def borrowed() -> Iterator[None]:
    """A connection that was used last, or a new one if all are in use."""
    own = connections[DEFAULT]
    connections[DEFAULT] = _take()
    try:
        yield
    finally:
        _give(connections[DEFAULT])
        connections[DEFAULT] = own


@contextmanager
def handed_back() -> Iterator[None]:
    """Let others have the borrowed connection meanwhile; afterwards it may be another. Nothing if none is borrowed."""
    mine = connections[DEFAULT]
    if not getattr(mine, "yibao_lent", False):
        yield
        return
    _give(mine)
    try:
        yield
    finally:
        connections[DEFAULT] = _take()


def _take() -> Any:
    try:
        return _free.pop()
    except IndexError:
        made = connections.create_connection(DEFAULT)
        made.inc_thread_sharing()  # Django lets only its own thread use it otherwise
        made.yibao_lent = True
        return made


def _give(mine: Any) -> None:
    """For others, who find it as it was opened: one that is broken is opened again by whoever has it next."""
    if mine.in_atomic_block:  # somebody was torn out of a transaction: nobody may go on with that
        mine.close()
        return
    if mine.errors_occurred:
        mine.close_if_unusable_or_obsolete()
    _free.append(mine)
