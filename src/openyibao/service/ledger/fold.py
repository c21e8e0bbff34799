"""Balances folded in the background: what an account stood at up to an entry number, so that a reader adds the rest.

Only what is sealed is folded: those numbers are settled for good. Nobody but the folder writes these rows.
"""

from __future__ import annotations

from django.db import connection, transaction

MOST_ENTRIES = 20_000


def fold(most: int = MOST_ENTRIES) -> int:
    """Fold sealed entries into the balances, at most so many numbers at once; how many numbers it went on."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT through FROM ledger_fold FOR UPDATE SKIP LOCKED")
        row = cursor.fetchone()
        if not row:
            return 0  # another folder is at it
        through = int(row[0])
        cursor.execute("SELECT last FROM ledger_seal ORDER BY number DESC LIMIT 1")
        row = cursor.fetchone()
        upto = min(int(row[0]) if row else 0, through + most)
        if upto <= through:
            return 0
        cursor.execute(
            "INSERT INTO ledger_balance (account_id, fen) SELECT account_id, sum(fen)::bigint FROM ledger_posting"
            " WHERE entry_id > %s AND entry_id <= %s GROUP BY account_id"
            " ON CONFLICT (account_id) DO UPDATE SET fen = ledger_balance.fen + EXCLUDED.fen",
            [through, upto],
        )
        cursor.execute("UPDATE ledger_fold SET through = %s", [upto])
        return upto - through
