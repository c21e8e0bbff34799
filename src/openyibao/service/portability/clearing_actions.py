"""Issuing and paying a month between regions: two persons each."""

from __future__ import annotations

from openyibao.service.organisation.fields import Day, Given, Text
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.people.coverage import region_of
from openyibao.service.portability import clearing
from openyibao.service.portability.models import Peer

TAKES = {"region": Text(12), "peer": Text(6), "month": Day()}


def _place(given: Given) -> Body:
    return region_of(given["region"]).body


def known_peer(given: Given) -> Peer:
    """The peer of a division. Raises Problem("not known")."""
    found: Peer | None = Peer.objects.select_related("region__body").filter(division=given["peer"]).first()
    if found is None:
        raise Problem("not known", what=given["peer"])
    return found


@action("regional.issue", may="regional.change", decide="regional.decide", takes=TAKES, place=_place, subject="month")
def issue(given: Given, decision: Decision) -> Done:
    """State what another region owes for a month's care of its persons here."""
    made = clearing.issue(known_peer(given), region_of(given["region"]), given["month"], decision.at.date())
    return Done({"rows": made.rows, "fen": made.fen, "digest": made.digest})


@action("regional.pay", may="regional.change", decide="regional.decide", takes=TAKES, place=_place, subject="month")
def pay(given: Given, decision: Decision) -> Done:
    """Pay what is agreed for a month; what the other region owes for it is set off."""
    made = clearing.pay(known_peer(given), region_of(given["region"]), given["month"], decision.at.date())
    return Done({"fen": made.fen, "transfer_fen": made.transfer_fen, "entry": made.entry})
