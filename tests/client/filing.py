"""Filing: chronic and special disease, designated institution, referral; each filed, seen, cancelled, gone."""

from __future__ import annotations

from client import outpatient
from client.envelope import Failure, Message
from client.hospital import Hospital, Person, day, moment


def rows(h: Hospital, infno: str, data: Message, node: str, person: Person) -> list[Message]:
    """The rows of a query; none where the node is left out."""
    output = h.call(infno, {"data": data}, person).output
    return (output.get(node) or []) if isinstance(output, dict) else []


def in_force(found: list[Message], name: str, value: str) -> int:
    """How many rows of a value are in force: an ended filing may still be stated."""
    return sum(row.get(name) == value and (not row.get("enddate") or row["enddate"] > day(-1)) for row in found)


def cancel(h: Hospital, infno: str, number: str, person: Person) -> None:
    data = {"trt_dcla_detl_sn": number, "psn_no": person.psn_no, "memo": "填报有误"}
    h.call(infno, {"data": data}, person)
    h.refused(infno, {"data": data}, person, "it is cancelled already")


def chronic(h: Hospital, person: Person) -> None:
    """2503 -> 5301 -> a visit of med_type 14, 5205, undone -> 2504."""
    disease = h.facts.chronic
    if disease is None:
        h.sheet.notes.append("facts.chronic: none, not run")
        return
    if in_force(rows(h, "5301", {"psn_no": person.psn_no}, "feedetail", person), "opsp_dise_code", disease.code):
        h.sheet.notes.append("filed already: neither 2503 nor 2504")
        number = ""
    else:
        number = file_chronic(h, person)
    care = outpatient.visit(h, person, h.facts.med_types["chronic"], disease)
    before = h.balance(person)
    entry = outpatient.settle(h, care)
    query = {"psn_no": person.psn_no, "begntime": moment(-40), "endtime": moment(1)}
    found = {row.get("feedetl_sn") for row in rows(h, "5205", query, "feedetail", person)}
    drugs = {item.code for item in h.facts.drugs}
    sent = {line["feedetl_sn"] for line in care.sent if line["med_list_codg"] in drugs}
    h.check("5205 feedetail states the drugs of the visit", sent <= found, f"{sorted(sent)}", sorted(map(str, found)))
    h.reverse("2208", entry)
    h.expect("1101 balc after 2208", before, h.balance(person))
    outpatient.withdraw(h, care)
    if number:
        cancel(h, "2504", number, person)
        left = rows(h, "5301", {"psn_no": person.psn_no}, "feedetail", person)
        h.expect("5301 after 2504", 0, in_force(left, "opsp_dise_code", disease.code))


def file_chronic(h: Hospital, person: Person) -> str:
    disease, institution = h.facts.chronic, h.line.institution
    assert disease is not None
    data = {
        "psn_no": person.psn_no,
        "insutype": person.somebody.insutype,
        "opsp_dise_code": disease.code,
        "opsp_dise_name": disease.name,
        "tel": "",
        "addr": "",
        "insu_optins": person.insuplc_admdvs,
        "ide_fixmedins_no": institution.code,
        "ide_fixmedins_name": institution.name,
        "hosp_ide_date": day(-1),
        "diag_dr_codg": h.facts.doctor.code,
        "diag_dr_name": h.facts.doctor.name,
        "begndate": day(-1),
        "enddate": "",
    }
    number = str(h.call("2503", {"data": data}, person).node("result")["trt_dcla_detl_sn"])
    found = rows(h, "5301", {"psn_no": person.psn_no}, "feedetail", person)
    h.expect("5301 after 2503", 1, in_force(found, "opsp_dise_code", disease.code))
    return number


def designated(h: Hospital, person: Person) -> None:
    """2505 -> 5302 -> 2506."""
    institution = h.line.institution
    query = {"psn_no": person.psn_no, "biz_appy_type": "03"}
    before = in_force(rows(h, "5302", query, "psnfixmedin", person), "fixmedins_code", institution.code)
    data = {
        "psn_no": person.psn_no,
        "tel": "",
        "addr": "",
        "biz_appy_type": "03",
        "begndate": day(),
        "enddate": "",
        "agnter_name": "",
        "fix_srt_no": "1",
        "fixmedins_code": institution.code,
        "fixmedins_name": institution.name,
        "memo": "",
    }
    try:
        number = str(h.call("2505", {"data": data}, person).node("result")["trt_dcla_detl_sn"])
    except Failure:
        if not before:
            raise
        h.sheet.notes.append("designated already, a second filing was refused")
        return
    found = in_force(rows(h, "5302", query, "psnfixmedin", person), "fixmedins_code", institution.code)
    h.expect("5302 after 2505", before + 1, found)
    cancel(h, "2506", number, person)
    found = in_force(rows(h, "5302", query, "psnfixmedin", person), "fixmedins_code", institution.code)
    h.expect("5302 after 2506", before, found)


def referral(h: Hospital, person: Person) -> None:
    """2501 -> 5304 -> 2502."""
    receiving = h.facts.receiving
    if receiving is None:
        h.sheet.notes.append("facts.receiving: none, not run")
        return
    same_province = receiving.admdvs[:2] == person.insuplc_admdvs[:2]
    same_city = receiving.admdvs[:4] == person.insuplc_admdvs[:4]
    diagnosis = h.facts.diagnoses[0]
    data = {
        "psn_no": person.psn_no,
        "insutype": person.somebody.insutype,
        "tel": "",
        "addr": "",
        "insu_optins": person.insuplc_admdvs,
        "diag_code": diagnosis.code,
        "diag_name": diagnosis.name,
        "dise_cond_dscr": "",
        "reflin_medins_no": receiving.code,
        "reflin_medins_name": receiving.name,
        "mdtrtarea_admdvs": receiving.admdvs,
        "hosp_agre_refl_flag": "1",
        "refl_type": "1" if same_city else "2" if same_province else "3",
        "refl_date": day(),
        "refl_rea": "病情需要",
        "refl_opnn": "同意转院",
        "begndate": day(),
        "enddate": day(30),
        "refl_used_flag": "0",
    }
    number = str(h.call("2501", {"refmedin": data}, person).node("result")["trt_dcla_detl_sn"])
    query = {"psn_no": person.psn_no, "begntime": moment(-2), "endtime": moment(1)}
    found = in_force(rows(h, "5304", query, "refmedin", person), "reflin_medins_no", receiving.code)
    h.check("5304 after 2501", found >= 1, "the referral", found)
    cancelled = h.call(
        "2502", {"data": {"trt_dcla_detl_sn": number, "psn_no": person.psn_no, "memo": "填报有误"}}, person
    )
    h.expect("2502 result.trt_dcla_detl_sn", number, cancelled.node("result").get("trt_dcla_detl_sn"))
    left = in_force(rows(h, "5304", query, "refmedin", person), "reflin_medins_no", receiving.code)
    h.expect("5304 after 2502", found - 1, left)
