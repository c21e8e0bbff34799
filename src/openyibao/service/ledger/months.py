"""Closing a month: from then on the database refuses entries on its days, and every account's balance is carried.

Months are closed one after the other. Closing waits for the transactions that post on days of this month, and no
others; who may close is asked elsewhere.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from openyibao.service import clock
from openyibao.service.ledger.books import LedgerError

LOCK = 1818453095
"""The class of the advisory locks on months, as the trigger of migration 0002 takes them."""


def month_end(month: date) -> date:
    """The last day of a day's month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def last_closed(cursor: Any) -> date | None:
    """The last month that is closed, by its first day."""
    cursor.execute("SELECT max(month) FROM ledger_closedmonth")
    found: date | None = cursor.fetchone()[0]
    return found


def close_month(month: date) -> int:
    """Close the month of a day; how many accounts carry a balance. Earlier months close with the first that is closed.

    Raises LedgerError where the month is not over, is closed, or is not the next one.
    """
    month = month.replace(day=1)
    end = month_end(month)
    if clock.today() <= end:
        raise LedgerError(f"{month:%Y-%m} is not over; it can be closed from {end + timedelta(days=1)} on")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])  # one closing at a time
        last = last_closed(cursor)
        if last is not None:
            after = month_end(last) + timedelta(days=1)
            if month != after:
                state = "is closed" if month <= last else "is not the next one"
                raise LedgerError(f"{month:%Y-%m} {state}; the next month to close is {after:%Y-%m}")
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, month.year * 12 + month.month])
        else:
            cursor.execute("LOCK TABLE ledger_entry IN SHARE ROW EXCLUSIVE MODE")  # once: earlier months close, too
        cursor.execute(
            "INSERT INTO ledger_closedmonth (month, closed, last_entry)"
            " VALUES (%s, %s, coalesce((SELECT max(id) FROM ledger_entry WHERE day <= %s), 0))",
            [month, clock.now(), end],
        )
        cursor.execute(
            "INSERT INTO ledger_carried (month_id, account_id, fen)"
            " SELECT %s, account_id, sum(fen)::bigint FROM ("
            "  SELECT account_id, fen FROM ledger_carried WHERE month_id = %s"
            "  UNION ALL SELECT p.account_id, p.fen FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id"
            "  WHERE e.day <= %s AND (%s::date IS NULL OR e.day > %s)) AS moves GROUP BY account_id",
            [month, last, end, last, month_end(last) if last else None],
        )
        return int(cursor.rowcount)
