"""Crediting personal accounts and closing a month (two persons each). The books themselves are the ledger's."""

from __future__ import annotations

from datetime import date

from openyibao.service.clearing.cash import check_cash
from openyibao.service.ledger.accounts import credit
from openyibao.service.ledger.months import close_month
from openyibao.service.ledger.treasury import Fund, lock
from openyibao.service.organisation.fields import Day, Given, OneOf, Text, Whole
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.organisation.roles import known_body
from openyibao.service.people.accounts import known_account, place_of_account
from openyibao.service.reconciliation.items import standing_in


@action(
    "account.credit",
    may="account.credit",
    decide="account.decide",
    takes={
        "number": Text(30),
        "fen": Whole(1),
        "scheme": OneOf(("employee", "resident"), optional=True),
        "reason": Text(300),
    },
    place=lambda given: place_of_account(given["number"]),
    subject="number",
)
def credit_account(given: Given, decision: Decision) -> Done:
    """Credit an account out of the pooled fund of a scheme (employees' where none is named)."""
    reference = f"proposal {decision.proposal.pk}" if decision.proposal else "proposal"
    scheme = given["scheme"] or "employee"
    fund = Fund(known_account(given["number"]).region.body.code, scheme, "pooled fund")
    lock(fund)
    entries = credit({given["number"]: given["fen"]}, decision.at, decision.at.date(), reference, scheme)
    check_cash([fund])
    return Done({"entry": entries[0]})


def _root(given: Given) -> Body:
    """The root above a body: the books of all regions are closed together, so it takes the item there."""
    return Body.objects.get(code=str(known_body(given["body"]).path).split("/")[1])


@action(
    "month.close",
    may="month.close",
    decide="month.decide",
    takes={"body": Text(12), "month": Day()},
    place=_root,
    subject="month",
)
def close(given: Given, decision: Decision) -> Done:
    """Close the month of a day in the books of all regions: nothing is posted on its days any more.

    Differences of reconciliation that stand do not hinder it; the result says how many there are.
    """
    month: date = given["month"]
    return Done({"month": f"{month:%Y-%m}", "carried": close_month(month), "differences": standing_in(month)})
