"""After a lost reply: a call undone by its message id (2601), or what became of it (Y601)."""

from __future__ import annotations

from django.db import connection, transaction

from openyibao.service.clock import CHINA
from openyibao.service.direct import run
from openyibao.service.gateway import messages
from openyibao.service.gateway.calls import Call, Output, answers
from openyibao.service.gateway.models import Message
from openyibao.service.gateway.refusals import Refused, RefusedKept
from openyibao.service.gateway.transactions.inpatient import cancel_visit
from openyibao.service.settlements.door import reinstate, reverse
from openyibao.service.settlements.models import Settlement, Visit
from openyibao.service.settlements.store import as_it_stands

SETTLES = ("2102", "2207", "2304")
REVERSES = ("2103", "2208", "2305")
ADMITS = "2401"
REVERSIBLE = (*SETTLES, *REVERSES, ADMITS)


@answers("2601", writes=True)
def undo(call: Call) -> Output:
    """Undo a call by its message id; an id that never arrived is made void, so that it can't arrive later."""
    node = call.node()
    infno, omsgid = node["oinfno"] or "", node["omsgid"] or ""
    if infno not in REVERSIBLE:
        raise Refused("not reversible", infno=infno, known=", ".join(REVERSIBLE))
    if omsgid == call.msgid:
        raise Refused("other transaction", omsgid=omsgid, infno=call.infno, found=infno)
    if _make_void(call, omsgid, infno):
        raise RefusedKept("unknown message", omsgid=omsgid)
    message = Message.objects.select_for_update().get(institution=call.institution, msgid=omsgid)
    if message.void:
        raise Refused("unknown message", omsgid=omsgid)
    if message.infno != infno:
        raise Refused("other transaction", omsgid=omsgid, infno=message.infno, found=infno)
    if message.undone_by:
        raise Refused("undone already", omsgid=omsgid)
    visit = Visit.objects.select_for_update(of=("self",)).select_related("person").get(pk=message.visit_id)
    if visit.person.psn_no != node["psn_no"]:
        raise Refused("other person", omsgid=omsgid, psn_no=node["psn_no"])
    _undo(call, infno, message, visit)
    message.undone_by = call.msgid
    message.save(update_fields=["undone_by"])
    return None


def _undo(call: Call, infno: str, message: Message, visit: Visit) -> None:
    if infno == ADMITS:
        cancel_visit(visit)
        return
    settlement = Settlement.objects.select_related(
        "visit__coverage__region__body", "visit__person", "visit__institution__body", "institution", "reverses"
    ).get(pk=message.settlement_id)
    if infno in SETTLES:
        call.links["settlement"] = reverse(as_it_stands(settlement), call.now, call.msgid)
    else:
        call.links["settlement"] = reinstate(settlement, call.now, call.msgid)


def _make_void(call: Call, omsgid: str, infno: str) -> bool:
    """Whether the id was free; it is then void. Waits for a call of that id that is under way."""
    run([messages.take(call.institution.code, omsgid)[1]])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO gateway_message (institution_id, msgid, infno, digest, reply, received, void, undone_by)"
            " VALUES (%s, %s, %s, '', ''::bytea, %s, true, '') ON CONFLICT DO NOTHING RETURNING id",
            [call.institution.pk, omsgid, infno, call.now],
        )
        return cursor.fetchone() is not None


def _wait_for(call: Call, msgid: str) -> None:
    """Wait for a call of an id that is under way: it is known afterwards what became of it. Nothing is written."""
    with transaction.atomic():
        run([messages.take(call.institution.code, msgid)[1]])


@answers("Y601")
def status(call: Call) -> Output:
    """What became of a message: unknown, void, done or undone. Waits for one under way, which may yet happen."""
    node = call.node()
    _wait_for(call, node["omsgid"] or "")
    message = (
        Message.objects.select_related("settlement", "visit__person")
        .filter(institution=call.institution, msgid=node["omsgid"] or "")
        .first()
    )
    if message is None:
        return {"data": {"state": "unknown"}}
    if message.void:
        return {"data": {"state": "void", "infno": message.infno}}
    if node["oinfno"] and node["oinfno"] != message.infno:
        raise Refused("other transaction", omsgid=node["omsgid"], infno=message.infno, found=node["oinfno"])
    if node["psn_no"] and message.visit is not None and message.visit.person.psn_no != node["psn_no"]:
        raise Refused("other person", omsgid=node["omsgid"], psn_no=node["psn_no"])
    settlement = message.settlement
    undone = bool(message.undone_by) or (
        settlement is not None and Settlement.objects.filter(reverses=as_it_stands(settlement)).exists()
    )
    return {
        "data": {
            "state": "undone" if undone else "done",
            "infno": message.infno,
            "setl_id": settlement.setl_id if settlement else None,
            "mdtrt_id": message.visit.mdtrt_id if message.visit else None,
            "respond_time": message.received.astimezone(CHINA).strftime("%Y%m%d%H%M%S%f")[:17],
        }
    }
