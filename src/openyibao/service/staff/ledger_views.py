"""Reports of the funds' books, of one pooling region each. Money in fen."""

from __future__ import annotations

from typing import Any

from openyibao.service.clearing.cash import under_way
from openyibao.service.ledger import treasury
from openyibao.service.ledger.books import balance
from openyibao.service.ledger.paid import fund_paid
from openyibao.service.ledger.reports import fund_statement, trial_balance
from openyibao.service.organisation.fields import Day, OneOf, Text
from openyibao.service.staff import places
from openyibao.service.staff.routes import Asked, route

STATEMENT = {
    "region": Text(12),
    "scheme": OneOf(("employee", "resident")),
    "fund": Text(100),
    "start": Day(),
    "end": Day(),
}


@route(
    "GET",
    "ledger/trial-balance",
    item="ledger.report",
    place=places.of_region,
    takes={"region": Text(12), "day": Day(optional=True)},
)
def ledger_trial_balance(asked: Asked) -> dict[str, Any]:
    """The trial balance of a region at the end of a day, or now; debits and credits add up to the same."""
    rows = trial_balance(asked.given["day"], asked.given["region"])
    return {
        "rows": [
            {
                "scheme": row.scheme,
                "fund": row.fund,
                "kind": row.kind,
                "accounts": row.accounts,
                "debit_fen": row.debit,
                "credit_fen": row.credit,
            }
            for row in rows
        ],
        "debit_fen": sum(row.debit for row in rows),
        "credit_fen": sum(row.credit for row in rows),
    }


@route("GET", "ledger/fund-statement", item="ledger.report", place=places.of_region, takes=STATEMENT)
def ledger_fund_statement(asked: Asked) -> dict[str, Any]:
    """Income by source and expenditure by purpose of a fund, from a day to another (both in it); what of it was paid,
    to whom, and is owed; and what the fund's balance is made of."""
    given = asked.given
    about = (given["region"], given["scheme"], given["fund"], given["start"], given["end"])
    shown, paid = fund_statement(*about), fund_paid(*about)
    return {
        "start": shown.start,
        "end": shown.end,
        "opening_fen": shown.opening,
        "income_fen": shown.income,
        "expenditure_fen": shown.expenditure,
        "closing_fen": shown.closing,
        "owed_opening_fen": paid.opening_fen,
        "accrued_fen": paid.accrued_fen,
        "paid_fen": paid.paid,
        "owed_closing_fen": paid.closing_fen,
        "deposit_fen": paid.deposit_fen,
        "made_of_fen": paid.made_of,
    }


@route("GET", "ledger/fund-money", item="ledger.report", place=places.of_region, takes=STATEMENT)
def ledger_fund_money(asked: Asked) -> dict[str, Any]:
    """A fund's cash now, what orders have under way, and what was booked of its money, newest first, at most 500."""
    given = asked.given
    fund = treasury.Fund(given["region"], given["scheme"], given["fund"])
    return {
        "cash_fen": balance(fund.account("fund cash")) if treasury.opened(fund) else None,
        "under_way_fen": under_way(fund),
        "entries": [
            {
                "entry": one.number,
                "kind": one.kind,
                "day": one.day,
                "document": one.document,
                "note": one.memo,
                "corrects": one.reverses,
                "corrected_by": one.corrected_by,
                "lines": [{"kind": kind, "owner": owner, "fen": fen} for kind, owner, fen in one.lines],
            }
            for one in treasury.entries(fund, given["start"], given["end"])
        ],
    }
