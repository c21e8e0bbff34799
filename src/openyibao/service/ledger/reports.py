"""Reports from the books: the trial balance and the statement of a fund, as data and as text in either language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

from django.db import connection

from openyibao.policy.values import money
from openyibao.service.ledger.books import LedgerError
from openyibao.service.ledger.chart import chart
from openyibao.service.ledger.months import month_end
from openyibao.service.ledger.treasury import Fund

UNITS = {"yuan": (2, "元"), "wan yuan": (6, "万元"), "million yuan": (8, "百万元")}
"""Units of money: how many decimals a fen is in them, and their Chinese names."""

# What every account stood at on a day: as carried from the last closed month, and what was posted since.
_AT_DAY = """
SELECT account_id, fen FROM ledger_carried WHERE month_id = %(month)s
UNION ALL
SELECT p.account_id, p.fen FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id
WHERE e.day <= %(day)s AND (%(after)s::date IS NULL OR e.day > %(after)s)
"""
# What every account stands at now: as folded, and what was posted since.
_NOW = """
SELECT account_id, fen FROM ledger_balance
UNION ALL
SELECT account_id, fen FROM ledger_posting WHERE entry_id > (SELECT through FROM ledger_fold)
"""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """What the accounts of one kind stand at, in a region, scheme and fund: debit less credit, in fen."""

    region: str
    scheme: str
    fund: str
    kind: str
    accounts: int
    fen: int

    @property
    def debit(self) -> int:
        return max(self.fen, 0)

    @property
    def credit(self) -> int:
        return max(-self.fen, 0)


def trial_balance(day: date | None = None, region: str = "") -> list[TrialRow]:
    """The trial balance at the end of a day, or now; of one region, or of all. Its `fen` sum to 0."""
    with connection.cursor() as cursor:
        stands, values = at_day(cursor, day)
        cursor.execute(
            "SELECT a.region, a.scheme, a.fund, a.kind, count(DISTINCT a.id), sum(s.fen)::bigint"
            f" FROM ({stands}) s JOIN ledger_account a ON a.id = s.account_id"
            " WHERE %(region)s = '' OR a.region = %(region)s GROUP BY 1, 2, 3, 4",
            {**values, "region": region},
        )
        order = list(chart().kinds)
        rows = [TrialRow(*row) for row in cursor.fetchall()]
        return sorted(rows, key=lambda row: (row.region, row.scheme, row.fund, order.index(row.kind)))


def at_day(cursor: Any, day: date | None) -> tuple[str, dict[str, Any]]:
    """The query for what accounts stand at, and its values."""
    if day is None:
        return _NOW, {}
    cursor.execute("SELECT max(month) FROM ledger_closedmonth WHERE month + interval '1 month' <= %s::date + 1", [day])
    month = cursor.fetchone()[0]
    return _AT_DAY, {"day": day, "month": month, "after": month_end(month) if month else None}


def trial_text(rows: Sequence[TrialRow], lang: str) -> str:
    """The trial balance for a terminal, in yuan."""
    head = ("统筹区", "险种", "基金", "科目", "借方", "贷方") if lang == "zh" else (
        "region", "scheme", "fund", "account", "debit", "credit")  # fmt: skip
    schemes = {"resident": "居民", "employee": "职工"} if lang == "zh" else {}
    body = [
        (
            row.region,
            schemes.get(row.scheme, row.scheme),
            chart().say(row.fund, lang),
            chart().say(row.kind, lang),
            *(money(fen) if fen else "" for fen in (row.debit, row.credit)),
        )
        for row in rows
    ]
    total = ("合计" if lang == "zh" else "total", "", "", "", *(money(sum(one)) for one in _sides(rows)))
    return table([head, *body, total], 2)


def _sides(rows: Sequence[TrialRow]) -> tuple[list[int], list[int]]:
    return [row.debit for row in rows], [row.credit for row in rows]


@dataclass(frozen=True, slots=True)
class FundStatement:
    """Income by source and expenditure by purpose of a fund from `start` to `end` (both days in it), in fen.

    `opening` and `closing` are what the fund had left (cash and claims less debts) before the first and after the last
    day.
    """

    region: str
    scheme: str
    fund: str
    start: date
    end: date
    opening: int
    income: dict[str, int]
    expenditure: dict[str, int]
    closing: int

    @property
    def income_total(self) -> int:
        return sum(self.income.values())

    @property
    def expenditure_total(self) -> int:
        return sum(self.expenditure.values())


def fund_statement(region: str, scheme: str, fund: str, start: date, end: date) -> FundStatement:
    """The statement of a fund for a time. An opening balance posted within it counts at its start."""
    if end < start:
        raise LedgerError(f"a statement from {start} to {end}: the end lies before the start")
    before, after = _fund_at(region, scheme, fund, start - timedelta(days=1)), _fund_at(region, scheme, fund, end)
    moved = {key: fen - before.get(key, 0) for key, fen in after.items() if fen != before.get(key, 0)}
    order = [*chart().sources, *chart().purposes]
    keys = sorted(moved, key=lambda key: order.index(key[1]) if key[1] else -1)
    return FundStatement(
        region,
        scheme,
        fund,
        start,
        end,
        -sum(before.values()) - moved.get(("opening balance", ""), 0),
        {owner: -moved[kind, owner] for kind, owner in keys if kind == "fund income"},
        {owner: moved[kind, owner] for kind, owner in keys if kind == "fund expenditure"},
        -sum(after.values()),
    )


def _fund_at(region: str, scheme: str, fund: str, day: date) -> dict[tuple[str, str], int]:
    """What the accounts that make up a fund's balance stood at at the end of a day, by kind and owner."""
    with connection.cursor() as cursor:
        stands, values = at_day(cursor, day)
        cursor.execute(
            f"SELECT a.kind, a.owner, sum(s.fen)::bigint FROM ({stands}) s JOIN ledger_account a ON a.id = s.account_id"
            " WHERE (a.region, a.scheme, a.fund) = (%(region)s, %(scheme)s, %(fund)s)"
            " AND a.kind IN ('opening balance', 'fund income', 'fund expenditure') GROUP BY 1, 2",
            {**values, "region": region, "scheme": scheme, "fund": fund},
        )
        return {(kind, owner): int(fen) for kind, owner, fen in cursor.fetchall()}


def statement_text(shown: FundStatement, lang: str, unit: str = "yuan", below: Sequence[tuple[str, str]] = ()) -> str:
    """A fund's statement for a terminal, in a unit of money, with all digits that are not 0; `below`: more rows."""
    chinese = lang == "zh"
    name = UNITS[unit][1] if chinese else unit
    said = Fund(shown.region, shown.scheme, shown.fund).said
    title = f"{said.zh if chinese else said.en} {shown.start} — {shown.end}"
    words = (
        ("收支项目", "期初结余", "收入合计", "支出合计", "期末结余")
        if chinese
        else ("item", "balance at the start", "total income", "total expenditure", "balance at the end")
    )
    rows = [
        (words[0], name),
        (words[1], in_unit(shown.opening, unit)),
        *((f"  {chart().say(source, lang)}", in_unit(fen, unit)) for source, fen in shown.income.items()),
        (words[2], in_unit(shown.income_total, unit)),
        *((f"  {chart().say(purpose, lang)}", in_unit(fen, unit)) for purpose, fen in shown.expenditure.items()),
        (words[3], in_unit(shown.expenditure_total, unit)),
        (words[4], in_unit(shown.closing, unit)),
        *below,
    ]
    return f"{title}\n{table(rows, 1)}"


def in_unit(fen: int, unit: str) -> str:
    """An amount in a unit of money: exact, without zeros at its end.

    >>> in_unit(6_581_000_000, "million yuan"), in_unit(334_464_400, "yuan"), in_unit(1, "wan yuan")
    ('65.81', '3344644', '0.000001')
    """
    amount = Decimal(fen).scaleb(-UNITS[unit][0])
    return f"{amount:f}".rstrip("0").rstrip(".") if fen else "0"


def table(rows: Sequence[Sequence[str]], right: int) -> str:
    """Rows in columns for a terminal, the last `right` of them to the right; Chinese characters are two wide.

    >>> print(table([("a", "b"), ("中文", "10")], 1))
    a      b
    中文  10
    """
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - _width(cell))
            cells.append(space + cell if place >= len(row) - right else cell + space)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)
