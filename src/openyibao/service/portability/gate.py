"""The gateway's way out: calls about persons whom another region insures.

    elsewhere(call, content) -> the reply, or None where the call is handled here as any other

A platform without peers pays one look at an empty table every two seconds. A registration fetches the person first;
what settles, tries or takes back is asked of the place that insures; the rest of a visit (lines, diagnoses, discharge)
is kept here and handled as ever. What only the place that insures can do is refused and says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from openyibao.service import logs
from openyibao.service.clock import CHINA
from openyibao.service.gateway import lookup, messages, visits
from openyibao.service.gateway.calls import Call
from openyibao.service.gateway.models import Message
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.spec import transaction as specification
from openyibao.service.gateway.transactions.outpatient import _check as check_outpatient
from openyibao.service.institutions.doors import in_force
from openyibao.service.portability import guests, mirror
from openyibao.service.portability.errands import (
    RefusedElsewhere,
    Wanted,
    begin,
    carry,
    pending,
    resolve,
    told,
    written,
)
from openyibao.service.portability.models import Errand, Peer
from openyibao.service.portability.peers import division_of, own_division, peers
from openyibao.service.portability.requests import content_of, wanted_of
from openyibao.service.portability.wire import NoAnswer, Said, ask
from openyibao.service.settlements.models import Visit

Content = Mapping[str, Any]
Way = Callable[[Call, Peer, Content], bytes | None]
SETTLES = {"2207": "outpatient", "2304": "inpatient"}
TRIES = {"2206": "outpatient", "2303": "inpatient"}
IN_MID_STAY = "1"
NOT_HERE = frozenset(
    ("2001", "2101", "2102", "2103", "2501", "2502", "2503", "2504", "2505", "2506", "5205", "5206", "5301", "5302")
) | {"5304", "3101", "3102"}
"""What only the place that insures can do or tell, and is not passed on yet."""


def elsewhere(call: Call, content: Content) -> bytes | None:
    """The reply to a call about a person insured elsewhere, or None. Raises Refused."""
    known = peers()
    if not known:
        return None
    if str(call.institution.body.code)[:6] in known:
        raise Refused("unknown institution", institution=call.institution.code)  # it stands here for another region
    if call.infno in AFTER:
        return AFTER[call.infno](call, content)
    peer = known.get(call.insured[:6])
    if peer is None:
        return None
    if call.infno in NOT_HERE:
        raise Refused("not out of area", infno=call.infno, region=peer.division)
    way = WAYS.get(call.infno)
    return way(call, peer, content) if way else None


# -- persons


def _show(call: Call, peer: Peer, content: Content) -> bytes:
    """1101: asked of the place that insures; the person is mirrored, and was shown to this institution."""
    in_force(call.institution, call.now.date())
    said = _fetch(call, peer, call.node())
    with transaction.atomic():
        lookup.presented(call, guests.write(peer, said["person"]))
    return written(call.infno, typed(call.infno, said["output"]), own_division(call.institution))


def _fetch_first(call: Call, peer: Peer, content: Content) -> None:
    """2201, 2401: the person as they are insured now; the visit itself is made here."""
    node = call.node("data" if call.infno == "2201" else "mdtrtinfo")
    said = _fetch(call, peer, {**node, "begntime": None})
    with transaction.atomic():
        guests.write(peer, said["person"])


def _fetch(call: Call, peer: Peer, node: Mapping[str, Any]) -> Said:
    return _asked(call, peer, "who", {"node": visits.plain(node), "institution": call.institution.code})


def _asked(call: Call, peer: Peer, what: str, content: Said) -> Said:
    """The answer to a question that changes nothing. Raises Refused."""
    try:
        said = ask(peer, what, content, own=own_division(call.institution))
    except NoAnswer as error:  # nothing that was asked changes anything
        logs.write("region silent", logging.WARNING, why=f"{peer.division} {what}: {error}")
        raise Refused("elsewhere away", region=peer.division) from None
    if said.get("state") != "done":
        raise RefusedElsewhere(said)
    return said


def typed(infno: str, output: Said) -> dict[str, Any]:
    """An output as it came, with the numbers, days and moments that the interface has."""
    fields = {name: node.fields for name, node in specification(infno).outputs.items()}

    def row(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        return {key: _value(fields[name][key].type, value) for key, value in given.items()}

    return {
        name: [row(name, one) for one in given] if isinstance(given, list) else row(name, given)
        for name, given in output.items()
    }


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "number":
        return Decimal(value)
    if kind == "date":
        return date.fromisoformat(value)
    return datetime.fromisoformat(value).replace(tzinfo=CHINA) if kind == "datetime" else value


# -- try, settle, reverse


def _visit(call: Call, peer: Peer, node: Mapping[str, Any], kind: str, *, lock: bool) -> tuple[Visit, bool]:
    """The visit, of this peer's insured, in a state in which it can be settled; whether the stay ends with it."""
    visit = visits.visit_of(call, dict(node), kind, lock=lock)
    if division_of(visit.coverage.region) != peer.division:
        raise Refused("unknown visit", psn_no=node["psn_no"], mdtrt_id=node["mdtrt_id"])
    last = kind == "outpatient" or node.get("mid_setl_flag") != IN_MID_STAY
    if kind == "inpatient":
        trying = call.infno in TRIES
        states = ("open", "discharged") if trying and last else ("discharged",) if last else ("open",)
        visits.in_state(visit, *states)
    elif check_outpatient(visit, dict(node)) and lock:
        visit.save(update_fields=["med_type", "disease", "data"])
    return visit, last


def _try(call: Call, peer: Peer, content: Content) -> bytes:
    node, kind = call.node(), TRIES[call.infno]
    in_force(call.institution, call.now.date())
    visit, last = _visit(call, peer, node, kind, lock=False)
    batch = node["chrg_bchno"] if kind == "outpatient" else None
    request = visits.request_of(call, visit, node, batch=batch, last=last)
    said = _asked(call, peer, "try", content_of(call, request)[0])
    reply = mirror.tried(said["reply"], visit, call.msgid)
    return written(call.infno, visits.nodes(call.infno, reply), own_division(call.institution))


def _settle(call: Call, peer: Peer, content: Content) -> bytes:
    kind = SETTLES[call.infno]

    def want() -> Wanted:
        node = call.node()
        in_force(call.institution, call.now.date())
        visit, last = _visit(call, peer, node, kind, lock=True)
        batch = node["chrg_bchno"] if kind == "outpatient" else None
        return wanted_of(call, visits.request_of(call, visit, node, batch=batch, last=last))

    return _changed(call, peer, content, want)


def _reverse(call: Call, peer: Peer, content: Content) -> bytes:
    def want() -> Wanted:
        settlement = visits.settlement_of(call, call.node())
        done = Errand.objects.filter(settlement=settlement, peer=peer).first()
        if done is None:
            raise Refused("unknown settlement", psn_no=call.node()["psn_no"], setl_id=call.node()["setl_id"])
        visit = Visit.objects.get(pk=settlement.visit_id)
        return Wanted("reverse", visit, {"of": done.number}, of=settlement)

    return _changed(call, peer, content, want)


def _changed(call: Call, peer: Peer, content: Content, want: Callable[[], Wanted]) -> bytes:
    """Carry a change out, once for the message id. One that is under way is asked after first."""
    digest = messages.digest_of(call.infno, call.insured, content)
    while True:
        begun = begin(call, peer, digest, want)
        if isinstance(begun, bytes):
            return begun
        if isinstance(begun, tuple):
            return carry(call, *begun)
        try:
            errand = resolve(begun)
        except NoAnswer:
            raise pending(begun) from None
        if errand.state == "done":
            return told(errand)
        call.links.clear()  # it did not happen: the institution wants it still


# -- after a lost reply


def _known(call: Call) -> Errand | None:
    """The last errand of the message that a 2601 or Y601 asks about, with its verdict if that can be had."""
    errand = (
        Errand.objects.select_related("peer")
        .filter(institution=call.institution, msgid=call.node()["omsgid"] or "")
        .order_by("-id")
        .first()
    )
    if errand is not None and errand.state == "asking":
        try:
            errand = resolve(errand)
        except NoAnswer:
            return errand
    return errand


def _status(call: Call, content: Content) -> bytes | None:
    """Y601: `pending` where the place that insures has not told; else as of any message."""
    errand = _known(call)
    if errand is None or errand.state != "asking":
        return None
    about = {"state": PENDING_STATE, "infno": errand.infno, "mdtrt_id": errand.visit.mdtrt_id}
    return written("Y601", {"data": about}, errand.data["own"])


PENDING_STATE = "pending"


def _undo(call: Call, content: Content) -> bytes | None:
    """2601: a settlement elsewhere is taken back there. One that did not happen is made void as any other."""
    node = call.node()
    kept = Message.objects.filter(institution=call.institution, msgid=call.msgid).exclude(reply=b"").first()
    errand = _known(call)
    if kept is not None or errand is None or errand.state in ("refused", "void"):
        return None
    if errand.state == "asking":
        raise pending(errand)
    settlement = errand.settlement
    assert settlement is not None

    def want() -> Wanted:
        message = Message.objects.select_for_update().get(institution=call.institution, msgid=node["omsgid"])
        if message.infno != node["oinfno"]:
            raise Refused("other transaction", omsgid=message.msgid, infno=message.infno, found=node["oinfno"])
        if message.undone_by:
            raise Refused("undone already", omsgid=message.msgid)
        if errand.what != "settle":
            raise Refused("not out of area", infno=f"2601 ({errand.infno})", region=errand.peer.division)
        about = {"psn_no": node["psn_no"], "mdtrt_id": errand.visit.mdtrt_id, "setl_id": settlement.setl_id}
        if errand.visit.person.psn_no != node["psn_no"]:
            raise Refused("other person", omsgid=message.msgid, psn_no=node["psn_no"])
        found = visits.settlement_of(call, about)
        visit = Visit.objects.get(pk=found.visit_id)
        return Wanted("reverse", visit, {"of": errand.number}, of=found, undoes=message.msgid)

    return _changed(call, errand.peer, content, want)


WAYS: dict[str, Way] = {
    "1101": _show,
    "2201": _fetch_first,
    "2401": _fetch_first,
    **dict.fromkeys(TRIES, _try),
    **dict.fromkeys(SETTLES, _settle),
    "2208": _reverse,
    "2305": _reverse,
}
AFTER: dict[str, Callable[[Call, Content], bytes | None]] = {"Y601": _status, "2601": _undo}
