"""Connections to the database that threads lend each other: the one that was used last is used next.

    with borrowed():         Django's default connection is one that nobody else has meanwhile
        hand_back()          it is the thread's own again, and others may have the borrowed one
        borrow_again()       if something is still to be asked of the database

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
BY_INDEX = "-c enable_seqscan=off"
"""What an institution asks is found by an index. Without this, a plan made while a table was small reads it whole, and
is kept while the table grows, until somebody analyses it."""
LONG_SECONDS = 1.0
"""After how long a connection that nobody had is looked at before it is used."""
_free: list[tuple[Any, float]] = []
"""Those that nobody has, with when they were given back, the one used last at the end. Taking and giving are single
steps, which need no lock."""


@contextmanager
def borrowed() -> Iterator[None]:
    """A connection that was used last, or a new one if all are in use."""
    LENT.own = connections[DEFAULT]
    borrow_again()
    try:
        yield
    finally:
        hand_back()
        LENT.own = None


def hand_back() -> None:
    """Let others have the borrowed connection, while this thread waits, say. Nothing if none is borrowed."""
    mine = getattr(LENT, "connection", None)
    if mine is not None:
        connections[DEFAULT], LENT.connection = LENT.own, None
        _give(mine)


def borrow_again() -> None:
    """Inside `borrowed`, after `hand_back`: perhaps another connection. Nothing elsewhere."""
    if getattr(LENT, "own", None) is not None:
        connections[DEFAULT] = LENT.connection = _take()


def _take() -> Any:
    try:
        found, since = _free.pop()
    except IndexError:
        return _made()
    if time.monotonic() - since > LONG_SECONDS:
        refresh(found)
    return found


def _made() -> Any:
    made = connections.create_connection(DEFAULT)
    options = made.settings_dict["OPTIONS"]
    told = f"{options.get('options', '')} {BY_INDEX}".strip()
    made.settings_dict = {**made.settings_dict, "OPTIONS": {**options, "options": told}}
    made.inc_thread_sharing()  # Django lets only the thread that made it use it otherwise
    return made


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
