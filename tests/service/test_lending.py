"""Connections that threads lend each other: who has which, and what becomes of a broken one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections, transaction

from openyibao.service import lending
from openyibao.service.lending import borrow_again, borrowed, hand_back
from service.county import build
from service.racing import one

PID = "SELECT pg_backend_pid()"


@pytest.fixture(autouse=True)
def none_left(database: str) -> Iterator[None]:
    yield
    while lending._free:
        lending._free.pop()[0].close()


def elsewhere(work: Callable[[], Any]) -> Any:
    """What it gave on a thread of its own."""
    found: list[Any] = []

    def run() -> None:
        found.append(work())
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def pid() -> Any:
    with borrowed():
        return one(PID)


def test_the_one_used_last_is_used_next_by_whichever_thread() -> None:
    first = pid()
    assert elsewhere(pid) == first and pid() == first


def test_nobody_has_anothers() -> None:
    with borrowed():
        mine = one(PID)
        others = elsewhere(pid)
        assert others != mine
    assert pid() == mine, "the one given back last"


def test_the_threads_own_is_its_own_again() -> None:
    own = one(PID)
    assert pid() != own and one(PID) == own


def test_who_waits_has_none() -> None:
    with borrowed():
        mine = one(PID)
        hand_back()
        assert elsewhere(pid) == mine
        borrow_again()
        assert one(PID) == mine
    with borrowed():
        hand_back()
    assert len(lending._free) == 1, "given back once"


def test_who_has_borrowed_none_hands_none_back() -> None:
    own = one(PID)
    hand_back()
    borrow_again()
    assert one(PID) == own and not lending._free


def test_after_an_error_it_goes_on_if_it_can(database: str) -> None:
    with borrowed():
        mine = one(PID)
        with pytest.raises(Exception, match="division by zero"):
            one("SELECT 1 / 0")
    assert pid() == mine
    with borrowed(), psycopg.connect(database, autocommit=True) as admin, pytest.raises(Exception, match="connection"):
        admin.execute("SELECT pg_terminate_backend(%s)", [one(PID)])
        one(PID)
    assert pid() != mine, "a new one in place of the one that was ended"


def test_one_that_is_left_within_a_transaction_is_nobodys() -> None:
    with borrowed():
        mine = one(PID)
        transaction.atomic().__enter__()
    assert not lending._free and pid() != mine


def test_what_is_kept_by_a_connection_is_kept_by_few() -> None:
    """Ten threads, one after the other, open one connection."""
    assert len({elsewhere(pid) for _ in range(10)}) == 1


def test_it_finds_by_an_index_however_small_a_table_is() -> None:
    asked = "EXPLAIN SELECT FROM organisation_region WHERE id = 1"
    build()
    with connections["default"].cursor() as cursor:
        cursor.execute("ANALYZE organisation_region")
    assert "Seq Scan" in one(asked), "a table of one page is read whole"
    with borrowed():
        assert "Index" in one(asked)
