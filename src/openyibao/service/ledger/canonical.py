"""The canonical bytes of an entry with its postings: what a seal is over, and what an auditor hashes again.

    [number, transaction, kind, moment, day, reference, reverses, memo,
     [[line, kind, region, scheme, fund, owner, fen], ...]]

as JSON in UTF-8 without spaces; `moment` as 2026-07-31T04:00:00.000000Z, `day` as 2026-07-31, postings by line. Every
column of the rows is in it, and the account by its key, so that none of them can change unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from openyibao.service.ledger.merkle import encode

MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

_READ = f"""
SELECT e.id, e.tx, e.kind, {MOMENT.format("e.moment")}, to_char(e.day, 'YYYY-MM-DD'), e.reference, e.reverses_id,
       e.memo,
       p.line, a.kind, a.region, a.scheme, a.fund, a.owner, p.fen
FROM ledger_entry e LEFT JOIN ledger_posting p ON p.entry_id = e.id LEFT JOIN ledger_account a ON a.id = p.account_id
WHERE e.id BETWEEN %s AND %s ORDER BY e.id, p.line
"""


def read_entries(cursor: Any, first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """The number and the canonical bytes of each entry of a range, in the order of numbers."""
    cursor.execute(_READ, [first, last])
    for number, rows in groupby(cursor.fetchall(), key=lambda row: row[0]):
        lines = list(rows)
        postings = [list(row[8:]) for row in lines if row[8] is not None]
        yield number, encode([*lines[0][:8], postings])
