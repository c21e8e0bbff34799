"""Paying a manual reimbursement whose money was moved without an order of this room: two persons, one entry."""

from __future__ import annotations

from openyibao.service.clearing.cash import check_cash
from openyibao.service.ledger.books import AccountKey, NewEntry, post
from openyibao.service.ledger.treasury import Fund
from openyibao.service.organisation.fields import Given, Text
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.reimbursements.settle import REVERSED, in_state, owed, place_of
from openyibao.service.settlements.models import Settlement


@action(
    "reimbursement.pay",
    may="payment.propose",
    decide="payment.decide",
    takes={"number": Text(30), "payment": Text(50)},
    place=place_of,
    subject="number",
)
def pay(given: Given, decision: Decision) -> Done:
    """Pay what is owed to the person. `payment` is the number of the bank's order; the bank account is told once."""
    found = in_state(given, "settled")
    settlement = found.settlement
    if settlement is None or Settlement.objects.filter(reverses=settlement).exists():
        raise Problem("reimbursement state", number=found.number, state=REVERSED)
    due = owed(settlement)
    lines = []
    for key, fen in due:
        person = AccountKey("payable to person", key.region, key.scheme, key.fund, found.person.psn_no)
        lines += [(person, fen), (AccountKey("fund cash", key.region, key.scheme, key.fund), -fen)]
    if lines:
        post(NewEntry("payment", decision.at, decision.at.date(), found.number, tuple(lines), memo=given["payment"]))
        check_cash({Fund(key.region, key.scheme, key.fund) for key, _ in due})
    found.state, found.paid_at, found.payment = "paid", decision.at, given["payment"]
    found.save(update_fields=["state", "paid_at", "payment"])
    return Done({"paid_fen": sum(fen for _, fen in due)}, {"bank_account": found.bank_account})
