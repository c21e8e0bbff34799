"""Posting to the books: entries of two or more lines that sum to 0, in the transaction of whoever posts.

    post(NewEntry("settlement", now, day, setl_id, settlement_lines(...)))    the entry's number

Amounts are whole fen: a debit is positive, a credit negative. Nothing that all entries share is locked or updated:
accounts are only read, and an account is made when it is first posted to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from openyibao.service.direct import Ask, Statement, given, numbers, run, texts
from openyibao.service.ledger.chart import PARTS, chart
from openyibao.service.ledger.models import MOST_FEN

MOST_LINES = 500
"""Lines of one entry: the database checks the whole entry at each of them."""


class LedgerError(ValueError):
    """What was to be posted is not right; says what, and what is expected."""


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Which account: a kind of the chart, the region's code, and what else the kind needs."""

    kind: str
    region: str
    scheme: str = ""
    fund: str = ""
    owner: str = ""


Line = tuple[AccountKey, int]
Group = tuple[str, str, str]
ACCOUNTS = ("personal account", "family account")
"""Kinds of account that belong to persons; what institutions are owed out of them is booked under the same names."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to post. `day` is the accounting day; `reference` what it belongs to, such as a setl_id."""

    kind: str
    moment: datetime
    day: date
    reference: str
    lines: tuple[Line, ...]
    reverses: int | None = None
    memo: str = ""


# No ids of accounts are kept in the process: they would be wrong for a database that was made anew, or after a
# transaction that was undone. The function makes an account that is not there yet (migration 0004).
POST = Statement("post", "SELECT ledger_post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")


def post(entry: NewEntry) -> int:
    """Post an entry in the present transaction (one of its own where there is none); its number.

    Raises LedgerError where it is not right; the database refuses a closed month and a second reversal
    (django.db.IntegrityError).
    """
    return int(run([posting(entry)])[0].get_value(0, 0))


def posting(entry: NewEntry) -> Ask:
    """The statement that posts an entry, to send along with others. Raises LedgerError where it is not right."""
    check(entry)
    about = (entry.kind, entry.moment, entry.day, entry.reference, entry.reverses, entry.memo)
    columns = _columns([key for key, _ in entry.lines])
    return POST(*map(given, about), *map(texts, columns), numbers([fen for _, fen in entry.lines]))


def reverse(entry: int, moment: datetime, day: date, reference: str, memo: str = "", kind: str = "reversal") -> int:
    """Post the opposite of an entry, on another day if need be; the number of the new entry. It happens once only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.kind, a.region, a.scheme, a.fund, a.owner, -p.fen FROM ledger_posting p"
            " JOIN ledger_account a ON a.id = p.account_id WHERE p.entry_id = %s ORDER BY p.line",
            [entry],
        )
        lines = tuple((AccountKey(*row[:5]), int(row[5])) for row in cursor.fetchall())
    if not lines:
        raise LedgerError(f"there is no entry {entry} to reverse")
    return post(NewEntry(kind, moment, day, reference, lines, entry, memo))


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry of the books: its number and its lines in their order."""

    id: int
    lines: tuple[Line, ...]


def entry_of(kind: str, reference: str) -> Posted | None:
    """The entry of a kind that belongs to a reference, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.entry_id, a.kind, a.region, a.scheme, a.fund, a.owner, p.fen FROM ledger_entry e"
            " JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id"
            " WHERE e.kind = %s AND e.reference = %s ORDER BY p.entry_id, p.line",
            [kind, reference],
        )
        rows = cursor.fetchall()
    found = [row for row in rows if row[0] == rows[0][0]]
    return Posted(int(found[0][0]), tuple((AccountKey(*row[1:6]), int(row[6])) for row in found)) if found else None


def settlement_lines(
    region: str,
    scheme: str,
    institution: str,
    paid: Mapping[str, int],
    accounts: Sequence[tuple[str, bool, int]] = (),
    purpose: str = "care",
) -> tuple[Line, ...]:
    """What a settlement posts: each fund's expenditure and each account's money against what the institution is owed.

    `paid`: fen by fund, as the policy names its payers; `accounts`: number, whether a family's, fen drawn. Amounts of
    0 are left out, so a bill that the person pays alone has no lines and no entry. The lines of each fund sum to 0.
    """
    lines: list[Line] = []
    for fund, fen in paid.items():
        if fund in ACCOUNTS:
            raise LedgerError(f"the {fund} is no fund: give what it pays in `accounts`, with its number")
        if _counts(fen, fund):
            lines.append((AccountKey("fund expenditure", region, scheme, fund, purpose), fen))
            lines.append((AccountKey("payable to institution", region, scheme, fund, institution), -fen))
    for number, family, fen in accounts:
        kind = "family account" if family else "personal account"
        if _counts(fen, f"{kind} {number}"):
            lines.append((AccountKey(kind, region, owner=number), fen))
            lines.append((AccountKey("payable to institution", region, scheme, kind, institution), -fen))
    return tuple(lines)


def _counts(fen: int, who: str) -> bool:
    """Whether an amount is posted at all. Raises LedgerError for one below 0."""
    if fen < 0:
        raise LedgerError(f"{who} pays {fen} fen; expected 0 or more (a reversal is posted by `reverse`)")
    return fen != 0


def check(entry: NewEntry) -> None:
    """Refuse an entry that the books would not take, before anything is written. Raises LedgerError."""
    if entry.kind not in chart().entries:
        raise LedgerError(f"entry kind {entry.kind!r}: expected one of {', '.join(chart().entries)}")
    if not 2 <= len(entry.lines) <= MOST_LINES:
        raise LedgerError(
            f"an entry has two lines or more; {entry.reference!r} has {len(entry.lines)} (most: {MOST_LINES})"
        )
    for key, fen in entry.lines:
        if type(fen) is not int or not 0 < abs(fen) <= MOST_FEN:
            raise LedgerError(f"{fen!r} on {key}: expected whole fen, not 0, at most {MOST_FEN} either way")
        check_key(key)
    if total := sum(fen for _, fen in entry.lines):
        raise LedgerError(f"the lines of {entry.reference!r} sum to {total} fen; expected 0")
    sums: dict[Group, int] = {}
    for key, fen in entry.lines:
        group = group_of(key)
        sums[group] = sums.get(group, 0) + fen
    for group, total in sums.items():
        if total:
            raise LedgerError(f"the lines of {' '.join(group)} sum to {total} fen; expected 0, as of each fund's books")


def group_of(key: AccountKey) -> Group:
    """Whose books an account is in: a fund's under one scheme of a region, or those of the region's accounts."""
    fund = key.fund or key.kind
    return (key.region, "" if fund in ACCOUNTS else key.scheme, fund)


def check_key(key: AccountKey) -> None:
    """Refuse a key that the chart does not allow. Raises LedgerError."""
    kind = chart().kinds.get(key.kind)
    if kind is None:
        raise LedgerError(f"account kind {key.kind!r}: expected one of {', '.join(chart().kinds)}")
    if not key.region:
        raise LedgerError(f"{key} names no region")
    for part in PARTS:
        if bool(getattr(key, part)) != (part in kind.needs):
            raise LedgerError(f"{key}: an account of this kind {'needs a' if part in kind.needs else 'has no'} {part}")
    words = {"source": chart().sources, "purpose": chart().purposes, "level": chart().levels}.get(kind.owner)
    if words is not None and key.owner not in words:
        raise LedgerError(f"{key}: {kind.owner} {key.owner!r} is not one of {', '.join(words)}")


def balance(key: AccountKey) -> int:
    """The sum of an account's postings in fen, as the present transaction sees them; 0 where there is no account."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT fen FROM ledger_balance WHERE account_id = a.id), 0) + coalesce((SELECT sum(fen)"
            " FROM ledger_posting WHERE account_id = a.id AND entry_id > (SELECT through FROM ledger_fold)), 0)"
            " FROM ledger_account a WHERE (a.kind, a.region, a.scheme, a.fund, a.owner) = (%s, %s, %s, %s, %s)",
            [key.kind, key.region, key.scheme, key.fund, key.owner],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _columns(keys: Sequence[AccountKey]) -> list[list[str]]:
    return [[getattr(key, name) for key in keys] for name in ("kind", "region", *PARTS)]
