"""Outpatient care: registration, visit, fee lines, try, settlement, reversal (2201 to 2208)."""

from __future__ import annotations

from openyibao.service.gateway.calls import Call, Node, Output, answers
from openyibao.service.gateway.fees import cancel, upload
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.visits import (
    CANCEL_LINES,
    answered,
    case_read,
    checked,
    china,
    in_force,
    in_state,
    move_opened,
    nodes,
    opened,
    opening,
    plain,
    registering,
    request_of,
    set_disease,
    settlement_of,
    settling,
    visit_of,
)
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.door import reverse
from openyibao.service.settlements.models import Visit
from openyibao.service.settlements.opened import description, registration, who_of
from openyibao.service.settlements.store import numbered

GENERAL = "11"
ALL = "0000"


@answers("2201", writes=True, first=registering)
def register(call: Call) -> Output:
    node = call.node()
    who = who_of(call.first)
    person = checked(who.person if who else None, node)
    begun = china(node["begntime"], "begntime", call.now)
    assert who is not None
    coverage = in_force(who.coverage, person, node["insutype"], day_of(begun))
    visit = Visit(
        pk=who.visit,
        mdtrt_id=numbered(coverage.region.body.code[:6], who.number),
        kind="outpatient",
        person=person,
        coverage=coverage,
        institution=call.institution,
        med_type=GENERAL,
        number=node["ipt_otp_no"] or "",
        begun=begun,
        data={"registration": plain(node)},
    )
    call.links["visit"] = visit
    call.write(registration(visit))
    return {"data": {"mdtrt_id": visit.mdtrt_id, "psn_no": person.psn_no, "ipt_otp_no": visit.number}}


@answers("2202", writes=True)
def cancel_registration(call: Call) -> Output:
    visit = visit_of(call, call.node(), "outpatient")
    in_state(visit, "open")
    if visit.lines.exists():
        raise Refused("visit state", mdtrt_id=visit.mdtrt_id, state=visit.state, todo=CANCEL_LINES)
    visit.state = "cancelled"
    visit.save(update_fields=["state"])
    return None


@answers("2203", "2203A", writes=True, first=opening("mdtrtinfo"))
def describe(call: Call) -> Output:
    node = call.node("mdtrtinfo")
    found = opened(call, node, "outpatient")
    visit = found.visit
    in_state(visit, "open")
    visit.med_type = node["med_type"] or GENERAL
    move_opened(found, china(node["begntime"], "begntime", call.now))
    visit.data |= {"mdtrtinfo": plain(node), "diseinfo": plain(call.rows("diseinfo"))}
    set_disease(visit, node)
    call.write(description(visit))
    return None


@answers("2204", writes=True, first=opening("feedetail"))
def upload_lines(call: Call) -> Output:
    rows = call.rows("feedetail")
    found = opened(call, _one_visit(rows), "outpatient")
    in_state(found.visit, "open")
    return {"result": upload(call, found.visit, rows, found)}


@answers("2205", writes=True)
def cancel_lines(call: Call) -> Output:
    node = call.node()
    visit = visit_of(call, node, "outpatient")
    batch = node["chrg_bchno"]
    cancel(visit, [], batch=None if batch == ALL else batch)
    return None


@answers("2206", first=settling("chrg_bchno", keep=False))
def try_it(call: Call) -> Output:
    node = call.node()
    case = case_read(call, node, "outpatient")
    _check(case.visit, node)
    return answered(call, request_of(call, case.visit, node, batch=node["chrg_bchno"], case=case), keep=False)


@answers("2207", writes=True, first=settling("chrg_bchno", keep=True))
def settle_it(call: Call) -> Output:
    node = call.node()
    case = case_read(call, node, "outpatient")
    if _check(case.visit, node):
        case.visit.save(update_fields=["med_type", "disease", "data"])
    return answered(call, request_of(call, case.visit, node, batch=node["chrg_bchno"], case=case), keep=True)


@answers("2208", "2305", "2103", writes=True)
def reverse_it(call: Call) -> Output:
    settlement = settlement_of(call, call.node())
    taken_back = reverse(settlement, call.now, call.msgid)
    call.links["settlement"] = taken_back
    return nodes(call.infno, taken_back.reply)


def _one_visit(rows: list[dict[str, object]]) -> dict[str, object]:
    """The visit and person that all lines of an upload name."""
    named = {(row["mdtrt_id"], row["psn_no"]) for row in rows}
    if len(named) != 1:
        raise Refused("unknown visit", psn_no="-", mdtrt_id=", ".join(sorted(str(one[0]) for one in named)) or "-")
    return rows[0]


def _check(visit: Visit, node: Node) -> bool:
    """The kind of care must be the one that was uploaded with the visit; where none was, it is the one stated now.

    Whether it is, so that the visit is to be saved with it.
    """
    in_state(visit, "open")
    stated = node["med_type"]
    if "mdtrtinfo" not in visit.data:
        visit.med_type = stated or visit.med_type
        set_disease(visit, node)
        return True
    if stated and stated != visit.med_type:
        raise Refused("other care", mdtrt_id=visit.mdtrt_id, expected=visit.med_type, found=stated)
    return False
