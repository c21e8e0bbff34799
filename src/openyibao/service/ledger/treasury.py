"""The money of funds besides bills: what comes in, what governments owe, what goes from one fund to another.

Each has a document (a bank's slip, a decision of a government) that is booked once for a fund. An entry that is wrong
is taken back by one of the kind "correction".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from django.db import connection

from openyibao.policy.model import Bilingual
from openyibao.service.ledger.books import AccountKey, Line, balance
from openyibao.service.ledger.chart import chart
from openyibao.service.ledger.models import Account, Entry

LOCK = 1818454643
"""The class of the advisory locks on funds."""
KINDS = ("opening", "income", "subsidy share", "transfer")
"""Kinds of entry that this module posts, and that can be corrected."""
TRANSFERS = ("contributions", "critical illness premium", "transfers", "other")
"""Purposes for which a fund pays into another: no bill has them."""
RECEIVED = ("contributions paid by assistance", "transfers", "other")
"""As which income the other books it."""
MOST = 500


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund of a pooling region under a scheme."""

    region: str
    scheme: str
    name: str

    @property
    def said(self) -> Bilingual:
        """Its name for people."""
        scheme = {"resident": "居民医保", "employee": "职工医保"}.get(self.scheme, self.scheme)
        zh, en = (chart().say(self.name, lang) for lang in ("zh", "en"))
        return Bilingual(f"{self.region} {scheme} {zh}", f"{self.region} {self.scheme} {en}")

    def account(self, kind: str, owner: str = "") -> AccountKey:
        return AccountKey(kind, self.region, self.scheme, self.name, owner)


def opening_lines(fund: Fund, fen: int) -> tuple[Line, ...]:
    """The cash that a fund has when its books begin."""
    return (fund.account("fund cash"), fen), (fund.account("opening balance"), -fen)


def received_lines(
    fund: Fund, sources: Mapping[str, int], paid_by: Mapping[str, int] | None = None
) -> tuple[Line, ...]:
    """Money that came in: income by source (contributions, donations, lottery, interest), and what levels owed."""
    lines: list[Line] = []
    for kind, amounts in (("fund income", sources), ("owed by government", paid_by or {})):
        for owner, fen in amounts.items():
            if fen:
                lines += [(fund.account("fund cash"), fen), (fund.account(kind, owner), -fen)]
    return tuple(lines)


def share_lines(fund: Fund, borne: Mapping[str, int]) -> tuple[Line, ...]:
    """What levels of government owe a fund, and the income that it is. `borne`: fen by level (central, city ...)."""
    lines: list[Line] = []
    for level, fen in borne.items():
        if fen:
            lines.append((fund.account("owed by government", level), fen))
            lines.append((fund.account("fund income", chart().subsidies[level]), -fen))
    return tuple(lines)


def transfer_lines(fund: Fund, to: Fund, fen: int, purpose: str, source: str) -> tuple[Line, ...]:
    """Money that one fund pays into another: expenditure of the one, income of the other."""
    return (
        (fund.account("fund expenditure", purpose), fen),
        (fund.account("fund cash"), -fen),
        (to.account("fund cash"), fen),
        (to.account("fund income", source), -fen),
    )


def lock(*funds: Fund) -> None:
    """Wait for everybody else who books or orders money of these funds, until the transaction ends."""
    with connection.cursor() as cursor:
        for fund in sorted(funds, key=lambda one: (one.region, one.scheme, one.name)):
            name = f"{fund.region} {fund.scheme} {fund.name}"
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, name])


def known_funds(region: str) -> set[str]:
    """The names of funds that the chart knows, or that have spent or received in a region."""
    booked_to = Account.objects.filter(kind__in=("fund cash", "fund expenditure", "fund income"), region=region)
    return set(chart().funds) | set(booked_to.values_list("fund", flat=True).distinct())


def owed_by(fund: Fund, level: str) -> int:
    """What a level of government owes a fund, in fen."""
    return balance(fund.account("owed by government", level))


def booked(fund: Fund, kind: str, document: str) -> int | None:
    """The number of the entry of a kind that books a document for a fund, and was not taken back; or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM ledger_entry e WHERE e.kind = %s AND e.reference = %s"
            " AND NOT EXISTS (SELECT FROM ledger_entry r WHERE r.reverses_id = e.id)"
            " AND EXISTS (SELECT FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            "  WHERE p.entry_id = e.id AND (a.region, a.scheme, a.fund) = (%s, %s, %s)) ORDER BY e.id LIMIT 1",
            [kind, document, fund.region, fund.scheme, fund.name],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None


def opened(fund: Fund) -> bool:
    """Whether a fund has an opening balance: from then on these books know its cash."""
    return balance(fund.account("opening balance")) != 0


@dataclass(frozen=True, slots=True)
class Booked:
    """An entry of a fund's money. `corrected_by`: the entry that takes it back; `lines`: of this fund alone."""

    number: int
    kind: str
    day: date
    document: str
    memo: str
    reverses: int | None
    corrected_by: int | None
    lines: list[tuple[str, str, int]]


# Each such entry has a line on an account of these, which have few: bills, payments and credits are on others.
_LISTED = """
SELECT e.id, e.kind, e.day, e.reference, e.memo, e.reverses_id, r.id,
       array_agg(a.kind ORDER BY p.line), array_agg(a.owner ORDER BY p.line), array_agg(p.fen ORDER BY p.line)
FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id
LEFT JOIN ledger_entry r ON r.reverses_id = e.id
WHERE (a.region, a.scheme, a.fund) = (%(region)s, %(scheme)s, %(name)s) AND e.id IN (
    SELECT m.entry_id FROM ledger_account k JOIN ledger_posting m ON m.account_id = k.id
    WHERE (k.region, k.scheme, k.fund) = (%(region)s, %(scheme)s, %(name)s)
      AND (k.kind IN ('fund income', 'opening balance', 'owed by government')
           OR k.kind = 'fund expenditure' AND k.owner = ANY(%(purposes)s)))
  AND e.day BETWEEN %(start)s AND %(end)s AND e.kind = ANY(%(kinds)s)
GROUP BY e.id, r.id ORDER BY e.id DESC LIMIT %(most)s
"""


def entries(fund: Fund, start: date, end: date) -> list[Booked]:
    """What was booked of a fund's money from a day to another (both in it), newest first, at most 500."""
    with connection.cursor() as cursor:
        asked = {"start": start, "end": end, "kinds": [*KINDS, "correction"], "purposes": list(TRANSFERS), "most": MOST}
        cursor.execute(_LISTED, asdict(fund) | asked)
        rows = cursor.fetchall()
    return [
        Booked(number, kind, day, document, memo, reverses, by, list(zip(kinds, owners, amounts, strict=True)))
        for number, kind, day, document, memo, reverses, by, kinds, owners, amounts in rows
    ]


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of this module: its day, the funds in whose books it stands, and the levels of government that it names
    for the first of them."""

    day: date
    funds: tuple[Fund, ...]
    levels: tuple[str, ...]


def find(number: int) -> Found | None:
    """The entry with a number; None where it is none of a fund's money, or a correction itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.day, a.region, a.scheme, a.fund, a.kind, a.owner FROM ledger_entry e"
            " JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id"
            " WHERE e.id = %s AND e.kind = ANY(%s) ORDER BY p.line",
            [number, list(KINDS)],
        )
        rows = cursor.fetchall()
    if not rows:
        return None
    levels = tuple(owner for *_, kind, owner in rows if kind == "owed by government")
    return Found(rows[0][0], tuple(dict.fromkeys(Fund(*row[1:4]) for row in rows)), levels)


def corrected_by(number: int) -> int | None:
    """The entry that takes an entry back, or None."""
    found: int | None = Entry.objects.filter(reverses=number).values_list("pk", flat=True).first()
    return found
