"""What an institution did with a person: visits (5201), diagnoses (5202), settlements (5203), stays (5303).

Only the asking institution's own visits are shown. Fee lines are in `fee_queries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from openyibao.service.gateway import lookup
from openyibao.service.gateway.calls import Call, Node, Output, answers
from openyibao.service.gateway.refusals import Refused
from openyibao.service.organisation.models import Body
from openyibao.service.people.models import Identity, Person
from openyibao.service.portability.guests import certificate_type
from openyibao.service.settlements.claims import age_on, day_of
from openyibao.service.settlements.lines import yuan
from openyibao.service.settlements.models import Settlement, Visit
from openyibao.service.settlements.replies import CLEARING, numbers

DATES = ("die_date", "birctrl_matn_date")
COUNTS = ("geso_val", "fetts", "fetus_cnt")
TOLD = (
    *("coner_name", "tel", "mdtrt_cert_type", "pre_pay_flag", "medrcdno", "atddr_no", "chfpdr_name"),
    *("adm_dept_codg", "adm_dept_name", "adm_bed", "dscg_maindiag_code", "dscg_maindiag_name", "dscg_dept_codg"),
    *("dscg_dept_name", "dscg_bed", "dscg_way", "main_cond_dscr", "dise_name", "oprn_oprt_code", "oprn_oprt_name"),
    *(
        "fpsc_no",
        "matn_type",
        "birctrl_type",
        "latechb_flag",
        "pret_flag",
        "cop_flag",
        "opter_id",
        "opter_name",
        "memo",
    ),
    *DATES,
    *COUNTS,
)
"""What 5201 states as it was uploaded."""
FLEXIBLE, NEWBORN = ("1103", "1203"), "1401"
ASSISTED = "23"
AT_INSTITUTION, ELSEWHERE_IN_PROVINCE, OTHER_PROVINCE = "2", "3", "4"
ADMISSION, DISCHARGE = "1", "2"
"""inout_diag_type: the text names no codes; 1 is a diagnosis on admission or of an outpatient visit, 2 on discharge."""


@answers("5201")
def visits(call: Call) -> Output:
    """The visits of a person here that began in a time, of one medical category; cancelled ones are not shown."""
    node = call.node()
    person = lookup.person_of(call, node["psn_no"])
    start, end = lookup.between(node["begntime"], node["endtime"])
    rows = Visit.objects.filter(institution=call.institution, person=person, begun__range=(start, end))
    rows = rows.filter(med_type=node["med_type"]).exclude(state="cancelled")
    if node.get("mdtrt_id"):
        rows = rows.filter(mdtrt_id=node["mdtrt_id"])
    found = lookup.few(rows.select_related("person", "coverage__region__body").order_by("begun", "id"))
    assisted = list(Identity.objects.filter(person=person, code__startswith=ASSISTED).values_list("period", flat=True))
    return {"mdtrtinfo": [_visit(one, call, assisted) for one in found]}


def told(visit: Visit) -> Mapping[str, Any]:
    """What was uploaded about a visit as a whole."""
    found: Mapping[str, Any] = visit.data.get("mdtrtinfo") or {}
    return {**visit.data, **found}


def _visit(visit: Visit, call: Call, assisted: list[Any]) -> Node:
    """A visit. It ends with its discharge; one of a stay that has not ended lasts until now."""
    inpatient = visit.kind == "inpatient"
    ended = visit.ended or (call.now if inpatient and visit.state == "open" else visit.begun)
    begun, last, data = day_of(visit.begun), day_of(ended), told(visit)
    return {
        **{name: _as_told(name, data.get(name)) for name in TOLD},
        "mdtrt_id": visit.mdtrt_id,
        **_person(visit.person, begun),
        "naty": visit.person.ethnicity,
        **insurance(visit),
        "maf_psn_flag": "1" if any(begun in period for period in assisted) else "0",
        "begntime": visit.begun,
        "endtime": ended,
        "med_type": visit.med_type,
        "ars_year_ipt_flag": "1" if inpatient and begun.year != last.year else "0",
        "ipt_otp_no": visit.number,
        "dise_codg": visit.disease or None,
        "otp_diag_info": None if inpatient else _names(visit),
        "inhosp_stas": "1" if inpatient and visit.state == "open" else "0",
        "ipt_days": Decimal(max(1, (last - begun).days)) if inpatient else None,
        "opt_time": None,
    }


def _as_told(name: str, value: Any) -> Any:
    if value in (None, ""):
        return None
    if name in DATES:
        return date.fromisoformat(str(value)[:10])
    return Decimal(str(value)) if name in COUNTS else str(value)


def _names(visit: Visit) -> str | None:
    return "；".join(str(row.get("diag_name", "")) for row in visit.data.get("diseinfo") or ())[:200] or None


def _person(person: Person, day: date) -> Node:
    return {
        "psn_no": person.psn_no,
        "psn_cert_type": certificate_type(person),
        "certno": person.certificate,
        "psn_name": person.name,
        "gend": person.sex,
        "brdy": person.born,
        "age": Decimal(age_on(person.born, day)),
    }


def insurance(visit: Visit) -> Node:
    """The coverage of a visit, as 5201 and 5203 state it."""
    coverage = visit.coverage
    return {
        "insutype": coverage.insurance,
        "psn_type": coverage.kind,
        "cvlserv_flag": "1" if coverage.civil_servant else "0",
        "flxempe_flag": "1" if coverage.kind in FLEXIBLE else "0",
        "nwb_flag": "1" if coverage.kind == NEWBORN else "0",
        "insu_optins": coverage.region.body.code[:6],
        "emp_name": coverage.employer or None,
    }


@answers("5202")
def diagnoses(call: Call) -> Output:
    """The diagnoses of a visit as they were uploaded last."""
    node = call.node()
    visit = lookup.visit_of(call, node["mdtrt_id"], node["psn_no"])
    rows = visit.data.get("diseinfo") or ()
    return {"diseinfo": [_diagnosis(visit, number, row) for number, row in enumerate(rows, 1)]}


def _diagnosis(visit: Visit, number: int, row: Mapping[str, Any]) -> Node:
    """A diagnosis; where the upload does not say which is the main one, it is the first."""
    discharged = visit.kind == "inpatient" and visit.state == "discharged"
    place = Decimal(str(row.get("diag_srt_no") or number))
    return {
        "diag_info_id": f"{visit.mdtrt_id}-{number}"[-30:],
        "mdtrt_id": visit.mdtrt_id,
        "psn_no": visit.person.psn_no,
        "inout_diag_type": str(row.get("inout_diag_type") or (DISCHARGE if discharged else ADMISSION)),
        "diag_type": str(row["diag_type"]),
        "maindiag_flag": str(row.get("maindiag_flag") or ("1" if number == 1 else "0")),
        "diag_srt_no": place,
        "diag_code": row["diag_code"],
        "diag_name": row["diag_name"],
        "adm_cond": row.get("adm_cond") or None,
        "diag_dept": row["diag_dept"],
        "dise_dor_no": row["dise_dor_no"],
        "dise_dor_name": row["dise_dor_name"],
        "diag_time": lookup.china(str(row["diag_time"])),
        "opter_id": None,
        "opter_name": None,
        "opt_time": None,
    }


@answers("5203")
def settlement(call: Call) -> Output:
    """A settlement or a reversal: what was answered then, with the names of this query, and the funds."""
    node = call.node()
    visit = lookup.visit_of(call, node["mdtrt_id"], node["psn_no"])
    found = Settlement.objects.filter(setl_id=node["setl_id"], visit=visit).first()
    if found is None:
        raise Refused("unknown settlement", setl_id=node["setl_id"], psn_no=node["psn_no"])
    info = numbers(found.reply["setlinfo"])
    return {
        "setlinfo": {**_settled(found, visit, info), **_amounts(found, info)},
        "setldetail": [numbers(row) for row in found.reply["setldetail"]],
    }


def _settled(found: Settlement, visit: Visit, info: Node) -> Node:
    institution = visit.institution
    return {
        "setl_id": found.setl_id,
        "mdtrt_id": visit.mdtrt_id,
        **_person(visit.person, found.day),
        "naty": visit.person.ethnicity,
        **insurance(visit),
        "pay_loc": place_of(visit.coverage.region.body, institution.body),
        "fixmedins_code": institution.code,
        "fixmedins_name": institution.name,
        "hosp_lv": institution.grade or None,
        "fixmedins_poolarea": institution.body.code[:6],
        "lmtpric_hosp_lv": institution.grade or None,
        "dedc_hosp_lv": institution.grade or None,
        "begndate": day_of(visit.begun),
        "enddate": min(day_of(visit.ended), found.day) if visit.ended else found.day,
        "setl_time": found.settled,
        "mdtrt_cert_type": info.get("mdtrt_cert_type") or None,
        "med_type": visit.med_type,
        "clr_type": info.get("clr_type") or CLEARING[visit.kind],
        "clr_way": info.get("clr_way"),
        "clr_optins": info.get("clr_optins"),
        "medins_setl_id": found.msgid,
        "refd_setl_flag": "1" if found.reverses_id else "0",
        "year": str(found.day.year),
        "dise_codg": visit.disease or None,
        "dise_name": told(visit).get("dise_name") or None,
        "invono": info.get("invono"),
        "opter_id": None,
        "opter_name": None,
        "opt_time": None,
    }


def place_of(region: Body, here: Body) -> str:
    """PAY_LOC of care: in the own pooling region, elsewhere in its province, or in another province."""
    if here.path.startswith(region.path):
        return AT_INSTITUTION
    return ELSEWHERE_IN_PROVINCE if here.code[:2] == region.code[:2] else OTHER_PROVINCE


FUNDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "act_pay_dedc")


def _amounts(found: Settlement, info: Node) -> Node:
    """The sums from the settlement's own row; the funds, the deductible and the balance as answered then."""
    account = found.account_fen + found.family_fen
    fen = {
        "medfee_sumamt": found.total_fen,
        "fulamt_ownpay_amt": found.fully_self_paid_fen,
        "overlmt_selfpay": found.over_limit_fen,
        "preselfpay_amt": found.pre_self_paid_fen,
        "inscp_scp_amt": found.in_scope_fen,
        "fund_pay_sumamt": found.funds_fen,
        "psn_pay": account + found.cash_fen,
        "acct_pay": account,
        "acct_mulaid_pay": found.family_fen,
        "cash_payamt": found.cash_fen,
    }
    return {
        **{name: yuan(value) for name, value in fen.items()},
        **{name: info.get(name) or Decimal("0.00") for name in FUNDS},
        "pool_prop_selfpay": info.get("pool_prop_selfpay") or Decimal("0.0000"),
        "balc": info.get("balc") or Decimal("0.00"),
    }


@answers("5303")
def in_hospital(call: Call) -> Output:
    """Who is in this hospital now and was admitted in a time; one person, if given."""
    node = call.node()
    start, end = lookup.between(node["begntime"], node["endtime"])
    rows = Visit.objects.filter(institution=call.institution, kind="inpatient", state="open", begun__range=(start, end))
    if node.get("psn_no"):
        rows = rows.filter(person=lookup.person_of(call, node["psn_no"]))
    found = lookup.few(rows.select_related("person", "coverage__region__body").order_by("begun", "id"))
    today = day_of(call.now)
    return {
        "data": [
            {
                "mdtrt_id": one.mdtrt_id,
                **_person(one.person, today),
                "insutype": one.coverage.insurance,
                "begndate": day_of(one.begun),
                "med_type": one.med_type,
                "ipt_otp_no": one.number,
                "out_flag": "0" if place_of(one.coverage.region.body, call.institution.body) == AT_INSTITUTION else "1",
            }
            for one in found
        ]
    }
