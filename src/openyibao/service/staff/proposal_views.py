"""Proposals: two routes for each action that is registered, and the list of what waits."""

from __future__ import annotations

from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.clearing import (  # noqa: F401  (each registers its actions)
    accounts,
    by_hand,
    confirmations,
    deposits,
    disputes,
    orders,
    speakers,
    statements,
)
from openyibao.service.institutions import agreements, keys  # noqa: F401  (each registers its actions)
from openyibao.service.organisation import proposals, roles  # noqa: F401
from openyibao.service.organisation.fields import Flag, OneOf, Text, Whole, plain
from openyibao.service.organisation.models import Body, Proposal
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import ACTIONS, Action
from openyibao.service.people import coverage, identities, register  # noqa: F401
from openyibao.service.people.certificates import masked
from openyibao.service.portability import clearing_actions, peer_actions  # noqa: F401
from openyibao.service.reconciliation import items  # noqa: F401
from openyibao.service.reimbursements import settle  # noqa: F401
from openyibao.service.staff import fund_actions, ledger_actions  # noqa: F401
from openyibao.service.staff.places import of_body
from openyibao.service.staff.routes import Asked, Route, add, route
from openyibao.service.voice import moderation  # noqa: F401

MOST = 500
DECISION = {"proposal": Whole(1), "accept": Flag(), "reason": Text(500, optional=True)}
LISTING = {"body": Text(12), "state": OneOf(("open", "decided"), optional=True)}
SHOWN_NOWHERE = ("certificate", "bank_account")


@route("GET", "proposals", item="proposal.find", place=of_body, takes=LISTING)
def proposal_list(asked: Asked) -> dict[str, Any]:
    """The proposals of a body and all below it, newest first, at most 500; certificates are masked."""
    found = Proposal.objects.filter(body__path__startswith=of_body(asked).path)
    if asked.given["state"]:
        found = found.filter(decided_at__isnull=asked.given["state"] == "open")
    rows = [_show(one) for one in found.select_related("body", "proposed_by", "decided_by").order_by("-id")[: MOST + 1]]
    return {"proposals": rows[:MOST], "more": len(rows) > MOST}


def _known(asked: Asked) -> Proposal:
    number = asked.names["proposal"]
    exact = int(number) if number.isdecimal() and len(number) < 19 else 0
    found: Proposal | None = Proposal.objects.select_related("body").filter(pk=exact).first()
    if found is None or "certificate" not in found.data:
        raise Problem("not known", what=Bilingual(f"申请 {number[:20]}", f"proposal {number[:20]}"))
    return found


def _place(asked: Asked) -> Body:
    found = _known(asked)
    asked.subject = found.subject
    return found.body


@route("GET", "proposals/<proposal>/certificate", item="person.certificate", place=_place)
def proposal_certificate(asked: Asked) -> dict[str, Any]:
    """The certificate that a proposal would write, in full, for who decides on it. Every such look is logged."""
    data = _known(asked).data
    return {"certificate_type": data["certificate_type"], "certificate": data["certificate"]}


def _show(one: Proposal) -> dict[str, Any]:
    return {
        "proposal": one.pk,
        "action": one.action,
        "body": one.body.code,
        "subject": one.subject,
        "data": {name: masked(str(value)) if name in SHOWN_NOWHERE else value for name, value in one.data.items()},
        "proposed_by": one.proposed_by.get_username(),
        "proposed_at": one.proposed_at,
        "decided_by": one.decided_by.get_username() if one.decided_by else None,
        "decided_at": one.decided_at,
        "accepted": one.accepted,
        "reason": one.reason,
        "result": one.result,
    }


def _add(what: Action) -> None:
    def place_of_new(asked: Asked) -> Body:
        asked.subject = str(asked.given[what.subject])
        return what.place(asked.given)

    def propose(asked: Asked) -> dict[str, Any]:
        made = proposals.propose(asked.user, what.name, plain(asked.given))
        return _show(made)

    def place_of_old(asked: Asked) -> Body:
        number = asked.given["proposal"]
        found = Proposal.objects.select_related("body").filter(pk=number, action=what.name).first()
        if found is None:
            raise Problem("not known", what=Bilingual(f"申请 {number}", f"proposal {number}"))
        asked.subject = found.subject
        return found.body

    def decide(asked: Asked) -> dict[str, Any]:
        given = asked.given
        done, once = proposals.decide(
            asked.user, given["proposal"], accept=given["accept"], reason=given["reason"] or ""
        )
        return {**_show(done), "once": dict(once)}

    path = f"proposals/{what.name}"
    add(Route(f"propose {what.name}", "POST", path, what.may, what.takes, place_of_new, propose))
    add(Route(f"decide {what.name}", "POST", f"{path}/decide", what.decide, DECISION, place_of_old, decide))


for _action in ACTIONS.values():
    _add(_action)
