"""Personal accounts: money credited to them, with the balance that settlements draw on kept in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from openyibao.service.ledger.books import AccountKey, LedgerError, NewEntry, post


def credit(
    amounts: Mapping[str, int],
    moment: datetime,
    day: date,
    reference: str,
    scheme: str = "employee",
    fund: str = "pooled fund",
) -> list[int]:
    """Credit accounts, by number, with fen out of a fund (the monthly allotment); the entries' numbers.

    All or none of them; one entry each. The accounts' rows are locked in the order of their ids. Raises LedgerError
    for an unknown number or an amount that is not above 0.
    """
    for number, fen in amounts.items():
        if type(fen) is not int or fen <= 0:
            raise LedgerError(f"account {number}: {fen!r}; expected whole fen above 0")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, a.number, a.family, b.code FROM people_account a"
            " JOIN organisation_region r ON r.id = a.region_id JOIN organisation_body b ON b.id = r.body_id"
            " WHERE a.number = ANY(%s) ORDER BY a.id FOR NO KEY UPDATE OF a",
            [list(amounts)],
        )
        found = cursor.fetchall()
        if unknown := amounts.keys() - {row[1] for row in found}:
            raise LedgerError(f"no account has the number {', '.join(sorted(unknown))}")
        cursor.execute(
            "UPDATE people_account a SET balance_fen = balance_fen + given.fen"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS given (id, fen) WHERE a.id = given.id",
            [[row[0] for row in found], [amounts[row[1]] for row in found]],
        )
        posted = []
        for _, number, family, region in found:
            kind, fen = "family account" if family else "personal account", amounts[number]
            lines = (
                (AccountKey("fund expenditure", region, scheme, fund, "account credit"), fen),
                (AccountKey("fund cash", region, scheme, fund), -fen),
                (AccountKey("fund cash", region, scheme, kind), fen),
                (AccountKey(kind, region, owner=number), -fen),
            )
            posted.append(post(NewEntry("account credit", moment, day, reference, lines)))
        return posted


@dataclass(frozen=True, slots=True)
class Difference:
    """An account whose balance is not what the books say. Fen."""

    number: str
    balance: int
    posted: int


def check_accounts() -> list[Difference]:
    """All accounts whose `balance_fen` is not the sum of their postings; none where all is well."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(p.number, b.owner), coalesce(p.balance_fen, 0), coalesce(b.fen, 0)"
            " FROM people_account p FULL JOIN ("
            "  SELECT a.owner, -sum(g.fen)::bigint AS fen FROM ledger_account a"
            "  JOIN ledger_posting g ON g.account_id = a.id"
            "  WHERE a.kind IN ('personal account', 'family account') GROUP BY a.owner) b ON b.owner = p.number"
            " WHERE coalesce(p.balance_fen, 0) <> coalesce(b.fen, 0) ORDER BY 1"
        )
        return [Difference(*row) for row in cursor.fetchall()]
