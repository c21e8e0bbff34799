"""What a fund owed, what accrued, and what was really paid in a time, and what it has at the end: beside its statement
of income and expenditure.

Paid is what moved between the fund's cash and what it owes to institutions and persons; money that the bank gave back
counts against it. Deposits that are withheld stay owed until they are given back and paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection

from openyibao.service.ledger.books import LedgerError
from openyibao.service.ledger.chart import chart
from openyibao.service.ledger.reports import at_day, in_unit

OWED = ("payable to institution", "deposit of institution", "payable to person")
WORDS = {
    "zh": {
        "opening": "期初应付",
        "accrued": "本期应付发生",
        "payable to institution": "已支付：医药机构",
        "payable to person": "已支付：参保人员",
        "closing": "期末应付",
        "deposit": "其中：质量保证金",
        "made of": "期末结余构成",
    },
    "en": {
        "opening": "owed at the start",
        "accrued": "accrued",
        "payable to institution": "paid to institutions",
        "payable to person": "paid to persons",
        "closing": "owed at the end",
        "deposit": "of it deposits",
        "made of": "made up at the end of",
    },
}

_PAID = """
SELECT a.kind, sum(p.fen)::bigint FROM ledger_account a
JOIN ledger_posting p ON p.account_id = a.id JOIN ledger_entry e ON e.id = p.entry_id
WHERE (a.region, a.scheme, a.fund) = (%s, %s, %s) AND a.kind IN ('payable to institution', 'payable to person')
  AND e.day BETWEEN %s AND %s AND EXISTS (
      SELECT FROM ledger_posting c JOIN ledger_account k ON k.id = c.account_id
      WHERE c.entry_id = e.id AND k.kind = 'fund cash')
GROUP BY 1 HAVING sum(p.fen) <> 0 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class FundPaid:
    """In fen, from `start` to `end` (both days in it): opening + accrued - paid = closing. `paid` is by kind of debt;
    `deposit_fen` is the part of `closing_fen` that is withheld. `made_of`: what the fund has at the end by kind of
    account (cash, what governments and regions owe it), less what it owes; together the balance of its statement. Of
    persons' accounts it is what belongs to the persons."""

    start: date
    end: date
    opening_fen: int
    accrued_fen: int
    paid: dict[str, int]
    closing_fen: int
    deposit_fen: int
    made_of: dict[str, int]


def fund_paid(region: str, scheme: str, fund: str, start: date, end: date) -> FundPaid:
    """What a fund owed and paid in a time. Raises LedgerError where it ends before it starts."""
    if end < start:
        raise LedgerError(f"payments from {start} to {end}: the end lies before the start")
    before, after = (_stands(region, scheme, fund, day) for day in (start - timedelta(days=1), end))
    with connection.cursor() as cursor:
        cursor.execute(_PAID, [region, scheme, fund, start, end])
        paid = {kind: int(fen) for kind, fen in cursor.fetchall()}
    opening, closing = (-sum(stands.get(kind, 0) for kind in OWED) for stands in (before, after))
    accrued = closing - opening + sum(paid.values())
    made_of = {kind: after[kind] for kind in chart().kinds if after.get(kind)}
    deposit = -after.get("deposit of institution", 0)
    return FundPaid(start, end, opening, accrued, paid, closing, deposit, made_of)


def _stands(region: str, scheme: str, fund: str, day: date) -> dict[str, int]:
    """What the fund had (debit) and owed (credit) at the end of a day, by kind of account; not how it came about."""
    with connection.cursor() as cursor:
        stands, values = at_day(cursor, day)
        cursor.execute(
            f"SELECT a.kind, sum(s.fen)::bigint FROM ({stands}) s JOIN ledger_account a ON a.id = s.account_id"
            " WHERE (a.region, a.scheme, a.fund) = (%(region)s, %(scheme)s, %(fund)s)"
            " AND a.kind NOT IN ('opening balance', 'fund income', 'fund expenditure') GROUP BY 1",
            {**values, "region": region, "scheme": scheme, "fund": fund},
        )
        return {kind: int(fen) for kind, fen in cursor.fetchall()}


def paid_rows(shown: FundPaid, lang: str, unit: str = "yuan") -> list[tuple[str, str]]:
    """Names and amounts in a unit of money, with all digits that are not 0."""
    words = WORDS["zh" if lang == "zh" else "en"]
    rows = [
        (words["opening"], shown.opening_fen),
        (words["accrued"], shown.accrued_fen),
        *((words[kind], fen) for kind, fen in shown.paid.items()),
        (words["closing"], shown.closing_fen),
        (words["deposit"], shown.deposit_fen),
        (words["made of"], sum(shown.made_of.values())),
        *((f"  {chart().say(kind, lang)}", fen) for kind, fen in shown.made_of.items()),
    ]
    return [(word, in_unit(fen, unit)) for word, fen in rows]
