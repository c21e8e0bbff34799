"""Statements sent together: what a transaction of them keeps, gives up, and survives."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from openyibao.service.direct import Statement, Transaction, given, numbers, refresh, run, text, texts
from openyibao.service.organisation.models import Body

pytestmark = pytest.mark.usefixtures("database")
ADD = Statement(
    "test add",
    "INSERT INTO organisation_body (code, name_zh, name_en, level, path)"
    " VALUES ($1::varchar, '', '', 'nation', '/' || $1::varchar || '/')",
)
COUNT = Statement("test count", "SELECT count(*) FROM organisation_body")
ECHO = Statement("test echo", "SELECT unnest($1::text[]), $2::bigint[]::text")


def count() -> int:
    return int(run([COUNT()])[0].get_value(0, 0))


def test_values_come_back_as_they_went() -> None:
    hard = ["", 'a"b', "c\\d", "{e,f}", "NULL", "柳县\n", "'"]
    found = run([ECHO(texts(hard), numbers([1, -2]))])[0]
    assert [found.get_value(row, 0).decode() for row in range(found.ntuples)] == hard
    assert found.get_value(0, 1) == b"{1,-2}" and given(None) is None and text(7) == b"7"


def test_what_is_kept_back_comes_with_the_commit() -> None:
    with Transaction() as work:
        assert int(work.first([COUNT()])[0].get_value(0, 0)) == 0
        work.later(ADD(b"1"), ADD(b"2"))
        assert count() == 0
        work.send()
        assert count() == 2
        work.later(ADD(b"3"))
        assert Body.objects.count() == 2  # Django's own queries are in the same transaction
    assert count() == 3 and connection.get_autocommit() and not connection.in_atomic_block


def test_an_error_takes_all_back() -> None:
    with pytest.raises(RuntimeError, match="ours"), Transaction() as work:
        work.first([ADD(b"1")])
        raise RuntimeError("ours")
    assert count() == 0
    with pytest.raises(IntegrityError), Transaction() as work:
        work.first([ADD(b"1")])
        work.later(ADD(b"2"), ADD(b"1"))  # the same code twice
    assert count() == 0
    with pytest.raises(IntegrityError), Transaction() as work:
        work.first([ADD(b"1"), ADD(b"1")])
    assert count() == 0 and connection.get_autocommit()


def test_a_part_of_it_can_be_taken_back() -> None:
    with Transaction() as work:
        work.first([ADD(b"1")])
        with pytest.raises(IntegrityError), transaction.atomic():
            run([ADD(b"2")])
            run([ADD(b"2")])
        work.later(ADD(b"3"))
    assert sorted(Body.objects.values_list("code", flat=True)) == ["1", "3"]


def test_an_error_of_django_s_that_somebody_swallowed_is_no_commit() -> None:
    with pytest.raises(TransactionManagementError, match="rolled back"), Transaction() as work:
        work.first([ADD(b"1")])
        with pytest.raises(IntegrityError):
            Body.objects.create(code="1", name_zh="", name_en="", level="nation", path="/1/")
    assert count() == 0


def test_an_error_that_somebody_swallowed_is_no_commit() -> None:
    with pytest.raises(TransactionManagementError, match="rolled back"), Transaction() as work:
        work.first([ADD(b"1")])
        with pytest.raises(IntegrityError):
            run([ADD(b"1")])
    assert count() == 0


def test_in_atomic_it_is_part_of_the_transaction() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        run([ADD(b"1")])  # the first statement of all: the transaction begins with it
        raise RuntimeError
    assert count() == 0
    with transaction.atomic():
        run([ADD(b"1")])
    assert count() == 1
    with transaction.atomic(), pytest.raises(TransactionManagementError), Transaction():
        pass


def ended(url: str, pid: int) -> None:
    admin = psycopg.connect(url, autocommit=True)
    admin.execute("SELECT pg_terminate_backend(%s)", [pid])
    while admin.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone():
        time.sleep(0.01)
    admin.close()


def test_a_connection_that_ended_while_idle_is_replaced(database: str) -> None:
    assert count() == 0
    ended(database, connection.connection.info.backend_pid)
    with Transaction() as work:
        work.first([ADD(b"1")])
    ended(database, connection.connection.info.backend_pid)
    refresh()
    assert count() == 1


def test_a_connection_that_ends_meanwhile_is_an_error(database: str) -> None:
    """Nobody knows then what became of it, so it is not tried again; the next transaction has a new connection."""
    sleep = Statement("test sleep", "SELECT pg_sleep(60)")
    with pytest.raises(OperationalError), Transaction() as work:
        work.first([ADD(b"1")])
        pid: Any = connection.connection.info.backend_pid
        thread = threading.Timer(0.3, ended, (database, pid))
        thread.start()
        run([sleep()])
    thread.join()
    with Transaction() as work:
        work.first([ADD(b"2")])
    assert list(Body.objects.values_list("code", flat=True)) == ["2"]
