"""Inpatient care: admission, its changes, fee lines, try, discharge, settlement (2401 to 2405, 2301 to 2305)."""

from __future__ import annotations

from datetime import timedelta

from openyibao.policy.model import Bilingual
from openyibao.service.gateway.calls import Call, Output, answers
from openyibao.service.gateway.fees import ALL, cancel, upload
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.transactions.outpatient import _one_visit
from openyibao.service.gateway.visits import (
    CANCEL_LINES,
    answered,
    case_read,
    china,
    coverage_of,
    in_state,
    move,
    opened,
    opening,
    person_of,
    plain,
    request_of,
    set_disease,
    settling,
    visit_of,
)
from openyibao.service.settlements.claims import begin_of, day_of
from openyibao.service.settlements.models import Settlement, Visit
from openyibao.service.settlements.store import next_id

DISCHARGE_FIRST = Bilingual("请先办理出院（2402），或中途结算。", "Discharge first (2402), or settle in mid-stay.")
NO_MID_STAY = Bilingual("已出院，不能中途结算，请办理出院结算。", "The stay has ended: settle it, not in mid-stay.")
REVERSE_FIRST = Bilingual("请先撤销结算。", "Reverse its settlement first.")
IN_MID_STAY = "1"


@answers("2401", writes=True)
def admit(call: Call) -> Output:
    node = call.node("mdtrtinfo")
    person = person_of(node)
    begun = china(node["begntime"], "begntime", call.now)
    coverage = coverage_of(person, node["insutype"], day_of(begun))
    visit = Visit(
        mdtrt_id=next_id("mdtrt_id", coverage.region.body.code[:6]),
        kind="inpatient",
        person=person,
        coverage=coverage,
        institution=call.institution,
        med_type=node["med_type"] or "",
        number=node["ipt_no"] or "",
        begun=begun,
        data={"mdtrtinfo": plain(node), "diseinfo": plain(call.rows("diseinfo"))},
    )
    set_disease(visit, node)
    visit.save()
    call.links["visit"] = visit
    return {"result": {"mdtrt_id": visit.mdtrt_id}}


@answers("2402", writes=True)
def discharge(call: Call) -> Output:
    node = call.node("dscginfo")
    visit = visit_of(call, node, "inpatient")
    in_state(visit, "open")
    ended = china(node["endtime"], "endtime", call.now)
    late = visit.lines.filter(charged__gte=begin_of(day_of(ended) + timedelta(days=1)))
    if ended < visit.begun or late.exists():
        raise Refused("bad moment", field="endtime", found=plain(node["endtime"]))
    visit.state, visit.ended = "discharged", ended
    visit.data |= {"dscginfo": plain(node), "discharge diagnoses": plain(call.rows("diseinfo"))}
    if node.get("dise_codg"):
        set_disease(visit, node)
    visit.save()
    return None


@answers("2403", writes=True)
def change(call: Call) -> Output:
    node = call.node("adminfo")
    visit = visit_of(call, node, "inpatient")
    in_state(visit, "open")
    move(visit, china(node["begntime"], "begntime", call.now))
    visit.med_type = node["med_type"] or visit.med_type
    visit.number = node["ipt_otp_no"] or visit.number
    visit.data |= {"mdtrtinfo": {**visit.data["mdtrtinfo"], **plain(node)}}
    if rows := call.rows("diseinfo"):
        visit.data["diseinfo"] = plain(rows)
    set_disease(visit, node)
    visit.save()
    return None


@answers("2404", writes=True)
def cancel_admission(call: Call) -> Output:
    cancel_visit(visit_of(call, call.node(), "inpatient"))
    return None


def cancel_visit(visit: Visit) -> None:
    """Cancel an admission that nothing was charged to."""
    in_state(visit, "open")
    if visit.lines.exists():
        raise Refused("visit state", mdtrt_id=visit.mdtrt_id, state=visit.state, todo=CANCEL_LINES)
    visit.state = "cancelled"
    visit.save(update_fields=["state"])


@answers("2405", writes=True)
def cancel_discharge(call: Call) -> Output:
    visit = visit_of(call, call.node(), "inpatient")
    in_state(visit, "discharged")
    standing = Settlement.objects.filter(visit=visit, reverses=None, reversed_by=None)
    if any(one.facts.get("last") for one in standing):
        raise Refused("visit state", mdtrt_id=visit.mdtrt_id, state=visit.state, todo=REVERSE_FIRST)
    visit.state, visit.ended = "open", None
    visit.save(update_fields=["state", "ended"])
    return None


@answers("2301", writes=True, first=opening("feedetail"))
def upload_lines(call: Call) -> Output:
    rows = call.rows("feedetail")
    found = opened(call, _one_visit(rows), "inpatient")
    in_state(found.visit, "open")
    return {"result": upload(call, found.visit, rows, found)}


@answers("2302", writes=True)
def cancel_lines(call: Call) -> Output:
    rows = call.rows("data")
    visit = visit_of(call, _one_visit(rows), "inpatient")
    numbers = [row["feedetl_sn"] for row in rows]
    cancel(visit, [] if ALL in numbers else numbers)
    return None


@answers("2303", first=settling(None, keep=False))
def try_it(call: Call) -> Output:
    node = call.node()
    case = case_read(call, node, "inpatient")
    last = node.get("mid_setl_flag") != IN_MID_STAY
    in_state(case.visit, "open", *(("discharged",) if last else ()), todo=NO_MID_STAY)
    return answered(call, request_of(call, case.visit, node, batch=None, last=last, case=case), keep=False)


@answers("2304", writes=True, first=settling(None, keep=True))
def settle_it(call: Call) -> Output:
    node = call.node()
    case = case_read(call, node, "inpatient")
    last = node.get("mid_setl_flag") != IN_MID_STAY
    in_state(case.visit, "discharged" if last else "open", todo=DISCHARGE_FIRST if last else NO_MID_STAY)
    return answered(call, request_of(call, case.visit, node, batch=None, last=last, case=case), keep=True)
