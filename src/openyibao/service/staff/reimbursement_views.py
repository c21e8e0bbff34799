"""Manual reimbursements. Settling and paying are proposals."""

from __future__ import annotations

from typing import Any

from openyibao.service.organisation.fields import Text
from openyibao.service.reimbursements import entry, settle
from openyibao.service.reimbursements.models import Reimbursement
from openyibao.service.reimbursements.receipt import receipt
from openyibao.service.staff import places
from openyibao.service.staff.routes import Asked, route

MOST = 500


@route("GET", "reimbursements", item="reimbursement.find", place=places.of_body, takes={"body": Text(12)})
def reimbursement_list(asked: Asked) -> dict[str, Any]:
    """The reimbursements of a body and all below it, newest first, at most 500."""
    found = Reimbursement.objects.filter(body__path__startswith=places.of_body(asked).path).select_related("person")
    rows = [
        {"number": one.number, "psn_no": one.person.psn_no, "state": one.state, "entered_at": one.entered_at}
        for one in found.order_by("-id")[: MOST + 1]
    ]
    return {"reimbursements": rows[:MOST], "more": len(rows) > MOST}


@route("POST", "reimbursements", item="reimbursement.enter", place=places.of_person, takes=entry.REIMBURSEMENT)
def enter_reimbursement(asked: Asked) -> dict[str, Any]:
    """Take in a reimbursement; the answer says how its lines were split."""
    made = entry.enter(asked.user, asked.given)
    asked.subject = made.reimbursement.number
    return {**settle.show(made.reimbursement), "in_scope_fen": made.parts.in_scope_fen}


@route("GET", "reimbursements/<number>", item="reimbursement.find", place=places.of_reimbursement)
def reimbursement(asked: Asked) -> dict[str, Any]:
    return settle.show(entry.known_reimbursement(asked.names["number"]))


@route("POST", "reimbursements/<number>/try", item="reimbursement.enter", place=places.of_reimbursement)
def try_reimbursement(asked: Asked) -> dict[str, Any]:
    return settle.attempt(asked.names["number"])


@route("POST", "reimbursements/<number>/withdraw", item="reimbursement.enter", place=places.of_reimbursement)
def withdraw_reimbursement(asked: Asked) -> dict[str, Any]:
    return {"state": entry.withdraw(asked.names["number"]).state}


@route("GET", "reimbursements/<number>/receipt", item="reimbursement.find", place=places.of_reimbursement)
def reimbursement_receipt(asked: Asked) -> dict[str, Any]:
    return receipt(asked.names["number"])
