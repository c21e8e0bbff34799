"""Trying and settling a manual reimbursement, and its receipt.

Settling is proposed by one person and decided by another. What the settlement owes the institution in the books becomes
owed to the person, and the clearing room pays it.
"""

from __future__ import annotations

from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.ledger.books import AccountKey, NewEntry, entry_of, post, reverse
from openyibao.service.organisation.fields import Given, Text
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.reimbursements.entry import STATES, known_reimbursement, withdraw
from openyibao.service.reimbursements.models import Reimbursement
from openyibao.service.settlements import door
from openyibao.service.settlements.models import Settlement, Visit
from openyibao.service.settlements.postings import SETTLEMENT

MANUAL = "manual reimbursement"
OWED = "payable to institution"
SHOWN_DIGITS = 4
ORDERED = Bilingual("已列入支付单", "in a payment order")
REVERSED = Bilingual("结算已冲销", "its settlement was reversed")


def place_of(given: Given) -> Body:
    return known_reimbursement(given["number"]).body


def in_state(given: Given, state: str) -> Reimbursement:
    """The reimbursement that a request names, locked. Raises Problem where it is in another state."""
    found = known_reimbursement(given["number"], lock=True)
    if found.state != state:
        raise Problem("reimbursement state", number=found.number, state=STATES[found.state])
    if found.payment:  # an order of the clearing room pays it, or has paid a part
        raise Problem("reimbursement state", number=found.number, state=ORDERED)
    return found


def attempt(number: str) -> dict[str, Any]:
    """What settling would give now, in fen; nothing is written."""
    found = known_reimbursement(number)
    if found.state != "entered":
        raise Problem("reimbursement state", number=number, state=STATES[found.state])
    outcome = door.try_settle(door.Request(found.visit, clock.now(), found.number))
    payment, parts = outcome.payment, outcome.parts
    return {
        "total_fen": parts.amount_fen,
        "in_scope_fen": parts.in_scope_fen,
        "funds_fen": payment.funds_fen,
        "by_fund": payment.by_payer(),
        "hospital_fen": payment.hospital_fen,
        "account_fen": payment.account_fen + payment.family_fen,
        "cash_fen": payment.cash_fen,
        "layers": [{"layer": one.name, "payer": one.payer, "paid_fen": one.paid_fen} for one in payment.layers],
    }


@action(
    "reimbursement.settle",
    may="reimbursement.enter",
    decide="reimbursement.decide",
    takes={"number": Text(30)},
    place=place_of,
    subject="number",
)
def settle(given: Given, decision: Decision) -> Done:
    """Settle a reimbursement: what funds and accounts bear is owed to the person."""
    found = in_state(given, "entered")
    extra = {"reimbursement": found.number}
    settlement = door.settle(door.Request(found.visit, decision.at, found.number, extra=extra)).settlement
    assert settlement is not None
    lines = []
    for key, fen in owed(settlement):
        person = AccountKey("payable to person", key.region, key.scheme, key.fund, found.person.psn_no)
        lines += [(key, fen), (person, -fen)]
    if lines:
        post(NewEntry(MANUAL, decision.at, settlement.day, found.number, tuple(lines)))
    found.state, found.settlement = "settled", settlement
    found.save(update_fields=["state", "settlement"])
    return Done({"setl_id": settlement.setl_id, "owed_fen": sum(fen for _, fen in owed(settlement))})


def owed(settlement: Settlement) -> list[tuple[AccountKey, int]]:
    """What the settlement's own entry says is owed to the institution, by fund, as positive fen."""
    entry = entry_of(SETTLEMENT, settlement.setl_id)
    return [(key, -fen) for key, fen in entry.lines if key.kind == OWED] if entry is not None else []


@action(
    "reimbursement.undo",
    may="reimbursement.enter",
    decide="reimbursement.decide",
    takes={"number": Text(30), "reason": Text(300)},
    place=place_of,
    subject="number",
)
def undo(given: Given, decision: Decision) -> Done:
    """Take back what was settled and is not paid yet, as if it had never been; its invoices may be entered again.

    Raises Refused where a later settlement of the person depends on it.
    """
    found = in_state(given, "settled")
    Visit.objects.select_for_update().get(pk=found.visit_id)
    taken_back = door.reverse(found.settlement, decision.at, found.number)
    entry = entry_of(MANUAL, found.number)
    if entry is not None:
        reverse(entry.id, decision.at, taken_back.day, taken_back.setl_id)
    found.state, found.settlement = "entered", None
    found.save(update_fields=["state", "settlement"])
    withdraw(found.number)
    return Done({"setl_id": taken_back.setl_id})


def show(found: Reimbursement) -> dict[str, Any]:
    """A reimbursement for a listing; of the bank account only the last digits."""
    settlement = found.settlement
    return {
        "number": found.number,
        "psn_no": found.person.psn_no,
        "body": found.body.code,
        "institution": found.visit.institution.code,
        "med_type": found.visit.med_type,
        "begun": found.visit.begun.astimezone(clock.CHINA).date(),
        "ended": found.visit.ended.astimezone(clock.CHINA).date(),
        "state": found.state,
        "bank_account": "*" + found.bank_account[-SHOWN_DIGITS:],
        "entered_at": found.entered_at,
        "paid_at": found.paid_at,
        "payment": found.payment,
        "setl_id": settlement.setl_id if settlement else None,
        "invoices": [
            {
                "code": one.code,
                "number": one.number,
                "issuer": one.issuer,
                "day": one.day,
                "amount_fen": one.amount_fen,
                "void": one.void,
            }
            for one in found.invoices.order_by("id")
        ],
        "lines": [
            {
                "number": one.number,
                "item_code": one.item_code,
                "count": one.count,
                "price": one.price,
                "amount_fen": one.amount_fen,
                "in_scope_fen": one.in_scope_fen,
            }
            for one in found.visit.lines.order_by("id")
        ],
    }
