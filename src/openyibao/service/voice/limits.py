"""So many a day from one address, and so many in all: counted in the database, so that it holds over processes.

An address is kept as a digest with a random salt that is destroyed on another day; then nobody can find out, the
platform's secret in hand or not, which address it was.
"""

from __future__ import annotations

import hashlib
import secrets

from django.db import connection

from openyibao.service import clock

PER_ADDRESS, IN_ALL = 10, 300
"""Questions a day. Behind one address may be a whole clinic, so it is not one or two."""


def within(what: str, address: str) -> bool:
    """Count one more, and tell whether it is still within both limits. Inside the transaction of what is counted."""
    limits = ((f"{what} {address}", PER_ADDRESS), (what, IN_ALL))
    return all(_count(who) <= most for who, most in limits)


def _count(who: str) -> int:
    today = clock.today()
    digest = hashlib.sha256(f"{_salt()} {who}".encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO voice_count (who, day, count) VALUES (%s, %s, 1)"
            " ON CONFLICT (who) DO UPDATE SET count = voice_count.count + 1 RETURNING count",
            [digest, today],
        )
        return int(cursor.fetchone()[0])


def _salt() -> str:
    """The salt of today; with the first one of a day those of other days go, and what was counted with them."""
    today = clock.today()
    with connection.cursor() as cursor:
        cursor.execute("SELECT salt FROM voice_salt WHERE day = %s", [today])
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                "INSERT INTO voice_salt (day, salt) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [today, secrets.token_hex(32)],
            )
            cursor.execute("DELETE FROM voice_salt WHERE day <> %s", [today])
            cursor.execute("DELETE FROM voice_count WHERE day <> %s", [today])
            cursor.execute("SELECT salt FROM voice_salt WHERE day = %s", [today])
            row = cursor.fetchone()
    return str(row[0])
