"""What visit transactions have in common: the person, coverage, visit they name, and the settlement they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.clock import CHINA
from openyibao.service.direct import Ask
from openyibao.service.gateway.calls import Call, First, Node
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.spec import transaction
from openyibao.service.gateway.writer import Exact
from openyibao.service.people.models import Coverage, Filing, Person
from openyibao.service.settlements import replies
from openyibao.service.settlements.case import Case, ask_named, case_of
from openyibao.service.settlements.claims import begin_of, day_of
from openyibao.service.settlements.door import Request, settle, try_settle
from openyibao.service.settlements.lines import fen_of
from openyibao.service.settlements.models import Settlement, Visit
from openyibao.service.settlements.opened import Opened, ask_opened, ask_person, opened_of
from openyibao.service.settlements.store import as_it_stands

BY_NUMBER = "02"
CANCEL_LINES = Bilingual("请先撤销费用明细。", "Cancel its fee lines first.")
CHRONIC = "14"
KEPT = ("mdtrt_cert_type", "mdtrt_cert_no", "psn_setlway", "invono")
"""What a settlement keeps of its request."""
STATED = {
    "total": "medfee_sumamt",
    "fully_self_paid": "fulamt_ownpay_amt",
    "over_limit": "overlmt_selfpay",
    "pre_self_paid": "preselfpay_amt",
    "in_scope": "inscp_scp_amt",
}


def person_of(node: Node) -> Person:
    """The person of `psn_no`, who must own the certificate that the request shows, where it is an identity number."""
    return checked(Person.objects.filter(psn_no=node["psn_no"] or "").first(), node)


def checked(person: Person | None, node: Node) -> Person:
    """The person, whose certificate must be the one that the request shows. Raises Refused."""
    if person is None:
        raise Refused("unknown person", field="psn_no")
    shown = node.get("mdtrt_cert_no")
    if node.get("mdtrt_cert_type") == BY_NUMBER and shown and shown.upper() != person.certificate.upper():
        raise Refused("unknown person", field="mdtrt_cert_no")
    return person


def coverage_of(person: Person, insurance: str | None, day: date) -> Coverage:
    """The coverage of a kind (INSUTYPE) that holds on a day. Raises Refused where there is none, or it is suspended."""
    found = (
        Coverage.objects.select_related("region__body", "person")
        .filter(person=person, insurance=insurance or "", period__contains=day)
        .first()
    )
    return in_force(found, person, insurance, day)


def in_force(found: Coverage | None, person: Person, insurance: str | None, day: date) -> Coverage:
    """The coverage that was found. Raises Refused where there is none, or it is suspended."""
    if found is None or (found.suspended is not None and found.suspended <= day):
        raise Refused("not insured", psn_no=person.psn_no, day=day, insurance=insurance or "-")
    return found


def china(moment: datetime | date | None, field: str, now: datetime) -> datetime:
    """A moment as the interface states it (China's time). Raises Refused for one that is missing or still to come."""
    if moment is None:
        raise Refused("bad moment", field=field, found="-")
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=CHINA)
    stated = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
    if day_of(stated) > day_of(now):
        raise Refused("bad moment", field=field, found=stated.strftime("%Y-%m-%d %H:%M:%S"))
    return stated


def visit_of(call: Call, node: Node, kind: str | None = None, *, lock: bool = True) -> Visit:
    """The institution's visit that a request names, locked until the end of the transaction if asked."""
    rows = Visit.objects.select_related("person", "coverage__region__body", "institution__body")
    rows = rows.filter(
        mdtrt_id=node["mdtrt_id"] or "", institution=call.institution, person__psn_no=node["psn_no"] or ""
    ).exclude(kind="manual")  # those of a manual reimbursement are the agency's
    found = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if found is None or (kind is not None and found.kind != kind):
        raise Refused("unknown visit", psn_no=node["psn_no"], mdtrt_id=node["mdtrt_id"])
    if lock:
        _check_free(found)
    call.links["visit"] = found
    return found


def _check_free(visit: Visit) -> None:
    """Raise Refused where another region was asked to settle a visit, and has not answered yet."""
    if "pending" in visit.data:
        raise Refused("pending elsewhere", msgid="-", region=visit.coverage.region.body.code[:6])


def settling(batch: str | None, node: str = "data", *, keep: bool) -> First:
    """What a call that settles or tries asks of the database first: the case of its visit. `batch` names the field."""

    def first(given: Mapping[str, Any], institution: str, day: date) -> Ask:
        row = given[node]
        name = row[batch] if batch else None
        return ask_named(row["mdtrt_id"] or "", row["psn_no"] or "", institution, name, day, keep=keep)

    return first


def registering(given: Mapping[str, Any], institution: str, today: date) -> Ask:
    """What registering asks of the database first: the person, and the coverage of the day."""
    node = given["data"]
    return ask_person(node["psn_no"] or "", node["insutype"] or "", _day(node["begntime"], today))


def opening(node: str) -> First:
    """What a call about an open visit asks first: the visit, and what its upload needs. `node`: a row, or rows."""

    def first(given: Mapping[str, Any], institution: str, today: date) -> Ask:
        rows = given[node]
        row = rows if isinstance(rows, dict) else rows[0] if rows else {}
        own = {str(one["medins_list_codg"]) for one in rows} if isinstance(rows, list) else ()
        names = (row.get("mdtrt_id") or "", row.get("psn_no") or "")
        return ask_opened(*names, institution, _day(row.get("begntime"), today), sorted(own))

    return first


def _day(moment: datetime | date | None, today: date) -> date:
    return today if moment is None else day_of(moment) if isinstance(moment, datetime) else moment


def opened(call: Call, node: Node, kind: str) -> Opened:
    """The institution's visit that a request names, as `opening` asked for it, locked."""
    found = opened_of(call.first, call.institution)
    if found is None or found.visit.kind != kind:
        raise Refused("unknown visit", psn_no=node["psn_no"], mdtrt_id=node["mdtrt_id"])
    if call.work is not None:
        call.work.take(("visit", found.visit.pk))
    _check_free(found.visit)
    call.links["visit"] = found.visit
    return found


def case_read(call: Call, node: Node, kind: str) -> Case:
    """The case of the institution's visit that a request names, as `settling` asked for it."""
    case = case_of(call.first.get_value(0, 0), institution=call.institution)
    if case is None or case.visit.kind != kind:
        raise Refused("unknown visit", psn_no=node["psn_no"], mdtrt_id=node["mdtrt_id"])
    if call.work is not None:
        _check_free(case.visit)
    call.links["visit"] = case.visit
    return case


def move(visit: Visit, begun: datetime) -> None:
    """Let a visit begin at another moment, under the coverage of that day. Raises Refused where lines lie before it,
    or were split under another coverage.
    """
    if visit.lines.filter(charged__lt=begin_of(day_of(begun))).exists():
        raise Refused("bad moment", field="begntime", found=begun.strftime("%Y-%m-%d %H:%M:%S"))
    coverage = coverage_of(visit.person, visit.coverage.insurance, day_of(begun))
    if coverage != visit.coverage and visit.lines.exists():
        raise Refused("visit state", mdtrt_id=visit.mdtrt_id, state=visit.state, todo=CANCEL_LINES)
    visit.begun, visit.coverage = begun, coverage


def in_state(visit: Visit, *states: str, todo: object = "") -> None:
    """Raise Refused unless the visit is in one of these states."""
    if visit.state not in states:
        raise Refused("visit state", mdtrt_id=visit.mdtrt_id, state=visit.state, todo=todo)


def set_disease(visit: Visit, node: Mapping[str, Any]) -> None:
    """Note the disease of a visit; a chronic one must be filed for the person."""
    code = node.get("dise_codg") or ""
    visit.disease = code
    visit.data["disease word"] = node.get("dise_name") or ""
    if visit.med_type != CHRONIC:
        return
    filing = Filing.objects.filter(
        person=visit.person, kind="chronic disease", code=code, cancelled=None, period__contains=day_of(visit.begun)
    ).first()
    if filing is None:
        raise Refused("not filed", psn_no=visit.person.psn_no, disease=code or "-")
    visit.data["disease word"] = filing.data.get("word") or visit.data["disease word"]


def plain(value: Any) -> Any:
    """What was uploaded, as JSON holds it: moments and exact numbers as text."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | bool) or value is None else str(value)


def move_opened(found: Opened, begun: datetime) -> None:
    """As `move`, of a visit that was opened for the day on which it is to begin."""
    visit = found.visit
    if found.first_line is not None and found.first_line < day_of(begun):
        raise Refused("bad moment", field="begntime", found=begun.strftime("%Y-%m-%d %H:%M:%S"))
    if found.then is None or found.then[0] != visit.coverage_id or found.then[1] is not None:
        move(visit, begun)
    visit.begun = begun


def request_of(
    call: Call, visit: Visit, node: Node, *, batch: str | None, last: bool = True, case: Case | None = None
) -> Request:
    """What a try or a settlement asks. Raises Refused for another insurance or kind of care than registered."""
    if node.get("insutype") and node["insutype"] != visit.coverage.insurance:
        expected = visit.coverage.insurance
        raise Refused("other insurance", mdtrt_id=visit.mdtrt_id, expected=expected, found=node["insutype"])
    stated = {name: fen_of(node.get(field), field) for name, field in STATED.items()}
    return Request(
        visit=visit,
        moment=call.now,
        msgid=call.msgid,
        batch=batch,
        use_account=node.get("acct_used_flag") == "1",
        stated=stated,
        last=last,
        extra={name: node.get(name) for name in KEPT if node.get(name)},
        case=case,
        work=call.work,
    )


def answered(call: Call, request: Request, *, keep: bool) -> dict[str, Any]:
    """Settle or try, as the nodes of the reply."""
    if not keep:
        return nodes(call.infno, replies.reply_of(try_settle(request)))
    outcome = settle(request)
    assert outcome.settlement is not None
    call.links["settlement"] = outcome.settlement
    return nodes(call.infno, outcome.settlement.reply)


def nodes(infno: str, reply: Mapping[str, Any]) -> dict[str, Any]:
    """A kept reply as a transaction's output: those of its fields that the transaction has."""
    outputs = transaction(infno).outputs
    info, detail = outputs["setlinfo"].fields, outputs["setldetail"].fields
    return {
        "setlinfo": _only(reply["setlinfo"], info),
        "setldetail": [_only(row, detail) for row in reply["setldetail"]],
    }


def _only(node: Node, fields: Mapping[str, Any]) -> Node:
    """The fields of a kept node that a transaction has; amounts as they stand there, digit by digit."""
    return {
        name: (Exact(value) if name in replies.NUMBERS else replies.value_of(name, value)) if value else value
        for name, value in node.items()
        if name in fields
    }


def settlement_of(call: Call, node: Node) -> Settlement:
    """The institution's settlement that a request names, its visit locked."""
    visit = visit_of(call, node)
    found = (
        Settlement.objects.select_related("visit__coverage__region__body", "institution", "history")
        .filter(setl_id=node["setl_id"] or "", visit=visit, institution=call.institution)
        .first()
    )
    if found is None:
        raise Refused("unknown settlement", psn_no=node["psn_no"], setl_id=node["setl_id"])
    standing = as_it_stands(found)
    if found.reverses_id is not None or Settlement.objects.filter(reverses=standing).exists():
        raise Refused("reversed already", setl_id=found.setl_id)
    return standing
