"""After the settlements: audit, settlement list, reconciliation, sign-in and sign-out, the status query."""

from __future__ import annotations

import io
import zipfile
from fractions import Fraction

from client import checks, outpatient
from client.checks import fen, yuan
from client.envelope import Failure, Message
from client.facts import Item
from client.hospital import Hospital, Person, Settled, day, moment

COLUMNS = ("psn_no", "mdtrt_id", "setl_id", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")


def sign_in(h: Hospital, person: Person) -> None:
    """9001 -> 9002 -> 9001: the connection keeps the last sign_no."""
    data = {"opter_no": h.line.institution.operator, "mac": "00-00-5E-00-53-01", "ip": "192.0.2.1"}
    number = str(h.call("9001", {"signIn": data}).node("signinoutb")["sign_no"])
    h.call("9002", {"signOut": {"sign_no": number, "opter_no": h.line.institution.operator}})
    h.line.sign_no = str(h.call("9001", {"signIn": data}).node("signinoutb")["sign_no"])


def nobody(h: Hospital, person: Person) -> None:
    """1101 of a person whom nobody insures, and of no card number, is refused."""
    data = {"mdtrt_cert_type": "02", "mdtrt_cert_no": "999999190001010000", "psn_cert_type": "01"}
    h.refused("1101", {"data": {**data, "certno": data["mdtrt_cert_no"], "psn_name": "无此人"}}, None, "unknown person")
    h.refused("1101", {"data": {"mdtrt_cert_type": "03", "mdtrt_cert_no": "", "card_sn": ""}}, None, "no card number")
    h.refused("1101", {}, None, "no node")


def institution(h: Hospital, person: Person) -> None:
    """1201 of the institution itself."""
    own = h.line.institution
    data = {"fixmedins_type": "1", "fixmedins_name": "", "fixmedins_code": own.code}
    info = h.call("1201", {"medinsinfo": data}).node("medinsinfo")
    row = info[0] if isinstance(info, list) and info else info
    h.expect("1201 medinsinfo.fixmedins_code", own.code, row.get("fixmedins_code"))


def order(h: Hospital, item: Item, place: int) -> Message:
    """One order of an audit."""
    drug = item.list_type < "200"
    price = yuan(checks.half_up(Fraction(item.price) * 100))  # this transaction's prices have two decimals
    return {
        "rx_id": h.fresh("R"),
        "rxno": "1",
        "grpno": "1",
        "long_drord_flag": "0",
        "hilist_type": item.list_type,
        "chrg_type": "09" if drug else "03",
        "drord_bhvr": "0",
        "hilist_code": item.code,
        "hilist_name": item.name[:50],
        "hosplist_code": item.own,
        "hosplist_name": item.name[:50],
        "cnt": place,
        "pric": price,
        "sumamt": price * place,
        "ownpay_amt": 0,
        "selfpay_amt": 0,
        "drord_begn_date": moment(hours=-1),
        "drord_dept_codg": h.facts.department.code,
        "drord_dept_name": h.facts.department.name,
        "drord_dr_codg": h.facts.doctor.code,
        "drord_dr_name": h.facts.doctor.name,
        "curr_drord_flag": "1",
    }


def encounter(h: Hospital, person: Person, visit_id: str) -> Message:
    orders = [order(h, item, place) for place, item in enumerate(h.facts.items[:4], start=1)]
    diagnosis = h.facts.diagnoses[0]
    return {
        "mdtrt_id": visit_id,
        "medins_id": h.line.institution.code,
        "medins_name": h.line.institution.name,
        "medins_admdvs": h.line.institution.admdvs,
        "adm_date": moment(hours=-2),
        "dscg_date": moment(),
        "dscg_main_dise_codg": diagnosis.code,
        "dscg_main_dise_name": diagnosis.name,
        "dr_codg": h.facts.doctor.code,
        "adm_dept_codg": h.facts.department.code,
        "adm_dept_name": h.facts.department.name,
        "med_type": h.facts.med_types["outpatient"],
        "medfee_sumamt": sum(each["sumamt"] for each in orders),
        "setl_totlnum": 0,
        "insutype": person.somebody.insutype,
        "reim_flag": "0",
        "out_setl_flag": "0",
        "fsi_operation_dtos": [],
        "fsi_diagnose_dtos": [
            {
                "dise_id": h.fresh("D"),
                "inout_dise_type": "1",
                "maindise_flag": "1",
                "dias_srt_no": "1",
                "dise_codg": diagnosis.code,
                "dise_name": diagnosis.name,
                "dise_date": moment(hours=-2),
            }
        ],
        "fsi_order_dtos": orders,
    }


def audit(h: Hospital, person: Person) -> None:
    """3101 before and 3102 during a visit: findings, if any, concern this patient."""
    care = outpatient.register(h, person, h.facts.med_types["outpatient"])
    patient = {
        "patn_id": person.psn_no,
        "patn_name": person.somebody.name,
        "poolarea": person.insuplc_admdvs,
        "curr_mdtrt_id": care.mdtrt_id,
        "fsi_encounter_dtos": [encounter(h, person, care.mdtrt_id)],
    }
    for infno, scene in (("3101", "1"), ("3102", "2")):
        data = {"syscode": "HIS", "task_id": h.fresh("T"), "trig_scen": scene, "patient_dtos": [patient]}
        output = h.call(infno, {"data": data}, person).output
        found = (output.get("result") or []) if isinstance(output, dict) else output or []
        for row in found:
            h.expect(f"{infno} result.patn_id", person.psn_no, row.get("patn_id"))
        h.sheet.notes.append(f"{infno}: {len(found)} findings")
    h.call("2202", {"data": {"psn_no": person.psn_no, "mdtrt_id": care.mdtrt_id, "ipt_otp_no": care.number}}, person)


def standing(h: Hospital) -> list[Settled]:
    return [entry for entry in h.ledger if not entry.reversed]


def settlement_list(h: Hospital, person: Person) -> None:
    """4101A of an inpatient settlement that stands."""
    stays = [e for e in standing(h) if e.infno == "2304" and e.visit.person.psn_no == person.psn_no]
    if not stays:
        h.sheet.notes.append("no inpatient settlement of the person stands, not run")
        return
    entry, doctor, diagnoses = stays[-1], h.facts.doctor, h.facts.diagnoses[:3]
    info = {
        "psn_no": person.psn_no,
        "mdtrt_id": entry.visit.mdtrt_id,
        "setl_id": entry.info["setl_id"],
        "hi_no": person.psn_no,
        "medcasno": entry.visit.number,
        "dcla_time": moment(),
        "ntly": "CHN",
        "prfs": "90",
        "curr_addr": "无",
        "coner_name": person.somebody.name,
        "patn_rlts": "1",
        "adm_way": "1",
        "trt_type": "1",
        "adm_time": moment(-5),
        "dscg_time": moment(),
        "dscg_caty": h.facts.department.caty or "A03",
        "spga_nurscare_days": 0,
        "lv1_nurscare_days": 0,
        "scd_nurscare_days": 5,
        "lv3_nurscare_days": 0,
        "dscg_way": "1",
        "bill_code": "1",
        "bill_no": "1",
        "biz_sn": h.fresh("L"),
        "days_rinp_flag_31": "0",
        "chfpdr_code": doctor.code,
        "chfpdr_name": doctor.name,
        "setl_begn_date": day(-5),
        "setl_end_date": day(),
        "medins_fill_dept": "医保科",
        "medins_fill_psn": doctor.name,
        "resp_nurs_code": doctor.code,
        "stas_type": "0",
        "hi_paymtd": "1",
    }
    rows = [
        {
            "diag_type": "1",
            "diag_code": each.code,
            "diag_name": each.name,
            "adm_cond_type": "1",
            "maindiag_flag": "1" if place == 0 else "0",
        }
        for place, each in enumerate(diagnoses)
    ]
    nodes = {"setlinfo": info, "opspdiseinfo": [], "diseinfo": rows, "oprninfo": [], "icuinfo": [], "bldinfo": []}
    output = h.call("4101A", nodes, person).output
    number = output.get("setl_list_id") if isinstance(output, dict) else None
    h.check("4101A setl_list_id", bool(number), "a number", number)


def groups(h: Hospital) -> dict[tuple[str, str, str], list[Settled]]:
    """The ledger by insutype, clr_type and clearing office."""
    found: dict[tuple[str, str, str], list[Settled]] = {}
    for entry in h.ledger:
        info = entry.info
        office = str(h.facts.other.get("optins") or info.get("clr_optins") or h.facts.admdvs)
        key = (entry.visit.person.somebody.insutype, str(info.get("clr_type")), office)
        found.setdefault(key, []).append(entry)
    return found


def totals(entries: list[Settled]) -> dict[str, int]:
    names = ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")
    return {name: sum(fen(entry.info.get(name)) or 0 for entry in entries) for name in names}


def reconcile(h: Hospital, person: Person, only_ours: bool = False) -> None:
    """3201 with the ledger's totals and with wrong ones; 9101 -> 3202 -> 9102 of the wrong group.

    `only_ours`: this run made every settlement that the platform holds of the institution today: totals are flat.
    """
    for (insutype, clr_type, office), entries in groups(h).items():
        stand = [entry for entry in entries if not entry.reversed]
        sums = totals(stand)
        data: Message = {
            "insutype": insutype,
            "clr_type": clr_type,
            "setl_optins": office,
            "stmt_begndate": day(),
            "stmt_enddate": day(),
            **{name: yuan(sums[name]) for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")},
            "fixmedins_setl_cnt": len(stand),
            "refd_setl_flag": "0",
        }
        result = stated(h, data)
        if only_ours and result != "0":  # the count may be of every settlement and reversal: their sums are nothing
            back = len(entries) - len(stand)
            result = stated(h, {**data, "fixmedins_setl_cnt": len(stand) + 2 * back})
            h.sheet.notes.append(f"3201 {insutype} {clr_type}: counts reversals and what they undo")
        if only_ours:
            h.expect(f"3201 {insutype} {clr_type} {office}: {len(stand)} settlements that stand", "0", result)
        result = stated(h, {**data, "medfee_sumamt": data["medfee_sumamt"] + 1})
        h.check(f"3201 {insutype} {clr_type} with a yuan too much", result != "0", "not flat", result)
        details(h, stand, data, office)


def stated(h: Hospital, data: Message) -> str:
    """The result of 3201."""
    return str(h.call("3201", {"data": data}).node("stmtinfo").get("stmt_rslt"))


def details(h: Hospital, stand: list[Settled], data: Message, office: str) -> None:
    """9101 -> 3202 -> 9102."""
    columns = tuple(h.facts.other.get("reconciliation") or COLUMNS)
    rows = ["\t".join(str(entry.info.get(name, "")) for name in columns) for entry in stand]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("settlements.txt", "\n".join(rows))
    h.sheet.steps.append("9101")
    uploaded = h.line.upload("settlements.zip", packed.getvalue())
    number = uploaded.output["file_qury_no"]
    detail = {
        "setl_optins": office,
        "file_qury_no": number,
        "stmt_begndate": data["stmt_begndate"],
        "stmt_enddate": data["stmt_enddate"],
        "medfee_sumamt": data["medfee_sumamt"],
        "fund_pay_sumamt": data["fund_pay_sumamt"],
        "cash_payamt": yuan(totals(stand)["psn_cash_pay"]),
        "fixmedins_setl_cnt": len(stand),
        "clr_type": data["clr_type"],
    }
    info = h.call("3202", {"data": detail}).node("fileinfo")
    from client.catalogue import fetch

    rows_back = fetch(h, info["file_qury_no"], info["filename"])
    h.sheet.notes.append(f"3202: {len(stand)} lines sent, {len(rows_back)} lines of difference")


def bytes_upload(h: Hospital, person: Person) -> None:
    """9101 as JSON with the file as a list of bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "1\t2")
    node = {"filename": "a.zip", "fixmedins_code": h.line.institution.code, "in": list(packed.getvalue())}
    output = h.call("9101", {"fsUploadIn": node}).output
    h.check("9101 file_qury_no", bool(output.get("file_qury_no")), "a number", output.get("file_qury_no"))


def status(h: Hospital, person: Person) -> None:
    """The status query that the platform documents apart: it knows a call, and says so of an unknown one."""
    asked = h.facts.other.get("status")
    if not asked:
        h.sheet.notes.append("facts.status: none, not run")
        return
    known = [entry for entry in h.ledger if entry.visit.person.psn_no == person.psn_no]
    own = h.line.institution.code
    numbers = [(known[-1].infno, known[-1].msgid)] if known else []
    for infno, msgid in [*numbers, ("2207", f"{own}202001010000000001")]:
        data = {"psn_no": person.psn_no, asked["msgid"]: msgid, asked["number"]: infno}
        try:
            output = h.call(asked["infno"], {asked["node"]: data}, person).output
            h.sheet.notes.append(f"{infno} {msgid[-4:]}: {str(output)[:80]}")
        except Failure as failure:
            h.sheet.notes.append(f"{infno} {msgid[-4:]}: {failure.message}")
