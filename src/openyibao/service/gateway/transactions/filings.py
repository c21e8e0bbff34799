"""Filings of a person: referral (2501, 2502), chronic disease (2503, 2504), designated institution (2505, 2506).

And what is filed: 5301, 5302, 5304. A filing is kept as it was filed, under the national names, with `filed_by` (the
institution), `opter_id` and `opt_time` beside them. Its time starts with `begndate` and ends with `enddate`, a last
day; without one it has no end. Two filings of a kind that are about the same (receiving hospital, disease, place in
the order of a business) may not overlap. Who filed may cancel; what was settled meanwhile stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.service.gateway import lookup
from openyibao.service.gateway.calls import Call, Node, Output, answers
from openyibao.service.gateway.refusals import Refused
from openyibao.service.institutions.models import Institution
from openyibao.service.people.models import Coverage, Filing, Person
from openyibao.service.people.register import next_number

REFERRAL, CHRONIC, DESIGNATED = "referral", "chronic disease", "institution"
BY_INSTITUTION, BY_AGENCY = "01", "02"
"""DCLA_SOUC: filed by an institution, or at the agency."""
FIRST_PLACE = "1"


@dataclass(frozen=True, slots=True)
class _New:
    """A filing to make. `code` and `place` say what it is about: two that agree in both may not overlap."""

    kind: str
    node: Node
    code: str
    place: str
    institution: Institution | None
    first: date


@answers("2501", writes=True)
def refer(call: Call) -> Output:
    """A referral to another hospital, which the platform need not know: it may lie in another province."""
    node = call.node("refmedin")
    code = node["reflin_medins_no"]
    if code == call.institution.code:
        raise Refused("filing to itself", institution=code)
    receiving = Institution.objects.filter(code=code).first()
    new = _New(REFERRAL, node, code, "", receiving, node.get("begndate") or node["refl_date"])
    return {"result": {"trt_dcla_detl_sn": _file(call, new)}}


@answers("2503", writes=True)
def file_disease(call: Call) -> Output:
    """A chronic or special disease, found by an institution that the platform knows."""
    node = call.node()
    finder = _known(node["ide_fixmedins_no"])
    new = _New(CHRONIC, node, node["opsp_dise_code"], "", finder, node["begndate"])
    return {"result": {"trt_dcla_detl_sn": _file(call, new)}}


@answers("2505", writes=True)
def designate(call: Call) -> Output:
    """An institution that a person chooses for a kind of business, at a place in their order."""
    node = call.node()
    chosen = _known(node["fixmedins_code"])
    new = _New(DESIGNATED, node, node["biz_appy_type"], node["fix_srt_no"], chosen, node["begndate"])
    return {"result": {"trt_dcla_detl_sn": _file(call, new)}}


def _known(code: str) -> Institution:
    found: Institution | None = Institution.objects.filter(code=code).first()
    if found is None:
        raise Refused("unknown institution", institution=code)
    return found


def _file(call: Call, new: _New) -> str:
    """Make a filing and give its number. The person's row is locked, so that two at once do not overlap."""
    person = lookup.person_of(call, new.node["psn_no"])
    person = Person.objects.select_for_update().get(pk=person.pk)
    last = new.node.get("enddate")
    if last is not None and last < new.first:
        raise Refused("filing dates", first=new.first, last=last)
    coverage = lookup.insured(person, new.first, new.node.get("insutype"))
    period = DateRange(new.first, lookup.after(last) if last else None)
    _refuse_overlap(person, new, period)
    number = next_number(coverage.region.body)
    about = {"filed_by": call.institution.code, "opter_id": call.operator, "opt_time": f"{call.now:%Y-%m-%d %H:%M:%S}"}
    about |= {"insutype": coverage.insurance}
    data = {name: _kept(value) for name, value in new.node.items() if value is not None}
    Filing.objects.create(
        number=number,
        kind=new.kind,
        person=person,
        institution=new.institution,
        code=new.code,
        period=period,
        data={**about, **data},
    )
    return number


def _refuse_overlap(person: Person, new: _New, period: Any) -> None:
    rows = Filing.objects.filter(person=person, kind=new.kind, code=new.code, cancelled=None, period__overlap=period)
    for one in rows:
        if new.kind != DESIGNATED or new.institution == one.institution or one.data.get("fix_srt_no") == new.place:
            last = lookup.last_day(one.period) or "-"
            raise Refused("filing overlaps", psn_no=person.psn_no, number=one.number, first=one.period.lower, last=last)


def _kept(value: Any) -> Any:
    """A value as JSON keeps it: dates and amounts as text."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value) if isinstance(value, date | Decimal) else value


@answers("2502", writes=True)
def cancel_referral(call: Call) -> Output:
    return {"result": {"trt_dcla_detl_sn": _cancel(call, REFERRAL)}}


@answers("2504", writes=True)
def cancel_disease(call: Call) -> Output:
    _cancel(call, CHRONIC)
    return None


@answers("2506", writes=True)
def cancel_designation(call: Call) -> Output:
    _cancel(call, DESIGNATED)
    return None


def _cancel(call: Call, kind: str) -> str:
    """Cancel a filing from now on, by number, person and the institution that made it."""
    node = call.node()
    number: str = node["trt_dcla_detl_sn"]
    psn_no: str = node["psn_no"]
    mine = Filing.objects.select_for_update().filter(number=number, kind=kind, person__psn_no=psn_no)
    found = mine.filter(data__filed_by=call.institution.code).first()
    if found is None:
        raise Refused("unknown filing", number=number, psn_no=psn_no)
    if found.cancelled is not None:
        raise Refused("filing cancelled", number=number, moment=f"{found.cancelled:%Y-%m-%d %H:%M:%S}")
    found.cancelled = call.now
    found.data = {**found.data, "cancel_memo": node.get("memo"), "cancel_opter_id": call.operator}
    found.save(update_fields=["cancelled", "data"])
    return number


@answers("5301")
def diseases(call: Call) -> Output:
    """The chronic and special diseases filed for a person that were not cancelled, ended or not."""
    person = lookup.person_of(call, call.node()["psn_no"])
    rows = Filing.objects.filter(person=person, kind=CHRONIC, cancelled=None).order_by("period", "id")
    return {
        "feedetail": [
            {
                "opsp_dise_code": one.code,
                "opsp_dise_name": one.data.get("opsp_dise_name") or one.code,
                "begndate": one.period.lower,
                "enddate": lookup.last_day(one.period),
            }
            for one in lookup.few(rows)
        ]
    }


@answers("5302")
def designations(call: Call) -> Output:
    """The institutions that a person chose, for one kind of business or all."""
    node = call.node()
    person = lookup.person_of(call, node.get("psn_no"))
    rows = Filing.objects.filter(person=person, kind=DESIGNATED, cancelled=None).select_related("institution")
    if node.get("biz_appy_type"):
        rows = rows.filter(code=node["biz_appy_type"])
    return {
        "psnfixmedin": [
            {
                "psn_no": person.psn_no,
                "insutype": one.data.get("insutype"),
                "fix_srt_no": one.data.get("fix_srt_no") or FIRST_PLACE,
                "fixmedins_code": one.institution.code,
                "fixmedins_name": one.institution.name,
                "begndate": one.period.lower,
                "enddate": lookup.last_day(one.period),
                "memo": one.data.get("memo"),
            }
            for one in lookup.few(rows.order_by("period", "id"))
            if one.institution is not None
        ]
    }


@answers("5304")
def referrals(call: Call) -> Output:
    """Referrals whose time touches the time asked: of a person, or those that this institution made or receives."""
    node = call.node()
    start, end = lookup.between(node["begntime"], node["endtime"])
    rows = Filing.objects.filter(kind=REFERRAL, cancelled=None)
    rows = rows.filter(period__overlap=DateRange(lookup.as_day(start), lookup.after(lookup.as_day(end))))
    if node.get("psn_no"):
        rows = rows.filter(person=lookup.person_of(call, node["psn_no"]))
    else:
        made, received = rows.filter(data__filed_by=call.institution.code), rows.filter(code=call.institution.code)
        rows = made | received | rows.filter(institution=call.institution)
    found = lookup.few(rows.select_related("person", "institution").order_by("period", "id"))
    covered = Coverage.objects.filter(person__in=[one.person_id for one in found]).order_by("period")
    last = {coverage.person_id: coverage for coverage in covered}
    return {"refmedin": [_referral(one, last.get(one.person_id)) for one in found]}


FILED = ("tel", "addr", "insu_optins", "diag_code", "diag_name", "dise_cond_dscr", "reflin_medins_no", "opter_id")


def _referral(one: Filing, coverage: Coverage | None) -> Node:
    person, data = one.person, one.data
    basic = coverage.insurance if coverage else ""
    return {
        **{name: data.get(name) or None for name in FILED},
        "insutype": data.get("insutype") or basic,
        "reflin_medins_no": data.get("reflin_medins_no") or (one.institution.code if one.institution else one.code),
        "reflin_medins_name": data.get("reflin_medins_name") or (one.institution.name if one.institution else one.code),
        "refl_rea": data.get("refl_rea") or data.get("memo") or "-",
        "dcla_souc": BY_INSTITUTION if data.get("filed_by") else BY_AGENCY,
        "psn_no": person.psn_no,
        "psn_cert_type": person.certificate_type,
        "certno": person.certificate,
        "psn_name": person.name,
        "gend": person.sex,
        "brdy": person.born,
        "emp_name": coverage.employer or None if coverage else None,
        "out_flag": "0" if data.get("refl_type") == "1" else "1",
        "refl_date": date.fromisoformat(data["refl_date"]) if data.get("refl_date") else one.period.lower,
        "begndate": one.period.lower,
        "enddate": lookup.last_day(one.period),
        # what was not stated was not denied: a hospital that files a referral has agreed to it
        "hosp_agre_refl_flag": data.get("hosp_agre_refl_flag") or "1",
        "opter_name": None,
        "opt_time": lookup.china(data["opt_time"]) if data.get("opt_time") else None,
    }
