"""Inpatient flows: admission to settlement and all the way back, settlement in mid-stay, lost replies."""

from __future__ import annotations

from decimal import Decimal

from client import checks
from client.checks import yuan
from client.envelope import Failure, Message
from client.hospital import AMOUNTS, Hospital, Person, Settled, Visit, moment
from client.outpatient import nonzero, own_account, read_back

DAYS = 5  # of a stay, up to today


def admission(h: Hospital, person: Person, number: str) -> Message:
    """The fields that 2401 and 2403 share."""
    diagnosis = h.facts.diagnoses[0]
    return {
        "psn_no": person.psn_no,
        "coner_name": "",
        "tel": "",
        "begntime": moment(-DAYS),
        **h.credential(person),
        "med_type": h.facts.med_types["inpatient"],
        "medrcdno": number,
        "atddr_no": h.facts.doctor.code,
        "chfpdr_name": h.facts.doctor.name,
        "adm_diag_dscr": diagnosis.name,
        "adm_dept_codg": h.facts.department.code,
        "adm_dept_name": h.facts.department.name,
        "adm_bed": "12",
        "dscg_maindiag_code": diagnosis.code,
        "dscg_maindiag_name": diagnosis.name,
        "main_cond_dscr": "",
    }


def admitting(h: Hospital, person: Person, number: str) -> Message:
    """The input of 2401."""
    info = {
        **admission(h, person, number),
        "insutype": person.somebody.insutype,
        "ipt_no": number,
        # Stated as required by later editions.
        "repeat_ipt_flag": "0",
        "ttp_resp": "0",
        "merg_setl_flag": "0",
    }
    return {"mdtrtinfo": info, "diseinfo": h.diagnoses(person)}


def admit(h: Hospital, person: Person) -> Visit:
    """2401."""
    number = h.fresh("I")
    result = h.call("2401", admitting(h, person, number), person).node("result")
    h.check("2401 result.mdtrt_id", bool(result.get("mdtrt_id")), "a number", result.get("mdtrt_id"))
    return Visit(person, str(result["mdtrt_id"]), number, h.facts.med_types["inpatient"])


def change(h: Hospital, stay: Visit) -> None:
    """2403: another bed."""
    info = {
        **admission(h, stay.person, stay.number),
        "mdtrt_id": stay.mdtrt_id,
        "ipt_otp_no": stay.number,
        "adm_bed": "7",
    }
    h.call("2403", {"adminfo": info, "diseinfo": h.diagnoses(stay)}, stay.person)


def charge(h: Hospital, stay: Visit, count: Decimal) -> None:
    """2301: a day of the items of the facts."""
    lines = [h.fee(stay, item, count, med_type=stay.med_type, drord_no="") for item in h.facts.items[:6]]
    upload(h, stay, lines)


def refund(h: Hospital, stay: Visit) -> None:
    """2301: one of each line of the first day comes back."""
    lines = []
    for item, first in zip(h.facts.items[:6], stay.sent, strict=False):
        more = {"med_type": stay.med_type, "init_feedetl_sn": first["feedetl_sn"]}
        lines.append(h.fee(stay, item, Decimal(-1), **more))
    upload(h, stay, lines)


def upload(h: Hospital, stay: Visit, lines: list[Message]) -> None:
    rows = h.call("2301", {"feedetail": lines}, stay.person).node("result")
    h.sheet.wrong += checks.lines(rows, lines, "2301 result")
    stay.sent += lines
    stay.split += rows


def bill(h: Hospital, stay: Visit, middle: bool) -> Message:
    """The input of 2303 and 2304."""
    sums = checks.sums(stay.split)
    data = {
        "psn_no": stay.person.psn_no,
        **h.credential(stay.person),
        "medfee_sumamt": yuan(sums["medfee_sumamt"]),
        "psn_setlway": "01",
        "mdtrt_id": stay.mdtrt_id,
        "acct_used_flag": h.facts.account,
        "insutype": stay.person.somebody.insutype,
        "invono": "",
        "mid_setl_flag": "1" if middle else "0",
        **{name: yuan(sums[name]) for name in AMOUNTS[1:]},
    }
    return {"data": data}


def discharge(h: Hospital, stay: Visit) -> None:
    """2402."""
    info = {
        "mdtrt_id": stay.mdtrt_id,
        "psn_no": stay.person.psn_no,
        "insutype": stay.person.somebody.insutype,
        "endtime": moment(),
        "dscg_dept_codg": h.facts.department.code,
        "dscg_dept_name": h.facts.department.name,
        "dscg_bed": "7",
        "dscg_way": "1",
    }
    h.call("2402", {"dscginfo": info, "diseinfo": h.diagnoses(stay)}, stay.person)


def settle(h: Hospital, stay: Visit, tried: Message | None, middle: bool = False) -> Settled:
    """2304. The lines that it settles are gone from the stay's open ones."""
    before = h.balance(stay.person)
    answer = h.call("2304", bill(h, stay, middle), stay.person)
    info = h.checked("2304", answer, stay, final=True)
    if tried:
        h.agrees(tried, info, "2304 as 2303")
    expected = before - own_account(info)
    h.expect("1101 balc after 2304", str(yuan(expected)), str(yuan(h.balance(stay.person))))
    return h.written("2304", answer, stay)


def present(h: Hospital, stay: Visit, middle: bool = False) -> Message:
    """2303."""
    return h.checked("2303", h.call("2303", bill(h, stay, middle), stay.person), stay, final=False)


def stay_of(h: Hospital, person: Person) -> Visit:
    """2401 -> 2403 -> 2301 three times."""
    h.entitled(person, h.facts.med_types["inpatient"])
    stay = admit(h, person)
    change(h, stay)
    charge(h, stay, Decimal(2))
    charge(h, stay, Decimal(1))
    refund(h, stay)
    return stay


def identity(stay: Visit) -> Message:
    return {"mdtrt_id": stay.mdtrt_id, "psn_no": stay.person.psn_no}


def whole(h: Hospital, person: Person) -> None:
    """Admission to settlement, read back, and undone step by step: 2305, 2405, 2302, 2404."""
    balance, before = h.balance(person), h.accumulated(person)
    stay = stay_of(h, person)
    inside(h, stay, True)
    tried = present(h, stay)
    discharge(h, stay)
    entry = settle(h, stay, tried)
    inside(h, stay, False)
    read_back(h, entry)
    h.reverse("2305", entry)
    h.expect("1101 balc after 2305", str(yuan(balance)), str(yuan(h.balance(person))))
    h.expect("5206 after 2305", nonzero(before), nonzero(h.accumulated(person)))
    h.call("2405", {"data": identity(stay)}, person)
    inside(h, stay, True)
    take_back(h, stay)


def inside(h: Hospital, stay: Visit, expected: bool) -> None:
    """5303: who is in hospital."""
    data = {"psn_no": stay.person.psn_no, "begntime": moment(-DAYS - 1), "endtime": moment(1)}
    output = h.call("5303", {"data": data}, stay.person).output
    rows = output.get("data") if isinstance(output, dict) else output
    found = [row.get("mdtrt_id") for row in rows or []]
    h.expect(f"5303 states the stay {stay.mdtrt_id}", expected, stay.mdtrt_id in found)


def take_back(h: Hospital, stay: Visit) -> None:
    """2302 of one line and then of all, then 2404; then the stay is no more."""
    person = stay.person
    if len(stay.sent) > 2:  # the last line uploaded: nothing refers to it
        h.call("2302", {"data": [{"feedetl_sn": stay.sent[-1]["feedetl_sn"], **identity(stay)}]}, person)
    h.call("2302", {"data": [{"feedetl_sn": "0000", **identity(stay)}]}, person)
    h.call("2404", {"data": identity(stay)}, person)
    h.refused("2301", {"feedetail": stay.sent[:1]}, person, "the admission is cancelled")


def mid_stay(h: Hospital, person: Person) -> None:
    """A settlement without discharge, more fees, the settlement at discharge; both undone, newest first."""
    balance = h.balance(person)
    stay = admit(h, person)
    charge(h, stay, Decimal(3))
    first = settle(h, stay, present(h, stay, middle=True), middle=True)
    inside(h, stay, True)
    earlier = stay.sent
    stay.sent, stay.split = [], []
    charge(h, stay, Decimal(1))
    tried = present(h, stay)
    discharge(h, stay)
    second = settle(h, stay, tried)
    data = {"setl_id": first.info["setl_id"], **identity(stay)}
    h.refused("2305", {"data": data}, person, "a later settlement stands")
    h.reverse("2305", second)
    h.call("2405", {"data": identity(stay)}, person)
    h.reverse("2305", first)
    h.expect("1101 balc after both are undone", str(yuan(balance)), str(yuan(h.balance(person))))
    stay.sent = earlier + stay.sent
    take_back(h, stay)


def stays_settled(h: Hospital, person: Person) -> None:
    """An inpatient settlement that stays, for reconciliation and the settlement list."""
    stay = stay_of(h, person)
    tried = present(h, stay)
    discharge(h, stay)
    settle(h, stay, tried)


def refused(h: Hospital, person: Person) -> None:
    """A stay of a person whom the facts call refused: at admission or at settlement, in the words of the facts."""
    began = person.somebody.refused
    try:
        stay = admit(h, person)
        charge(h, stay, Decimal(1))
        discharge(h, stay)
        settle(h, stay, None)
    except Failure as failure:
        h.check(f"{failure.infno} refused", failure.message.startswith(began), f"{began} ...", failure.message)
    else:
        h.expect("a stay", f"a refusal {began}", "a settlement")


def lost(h: Hospital, person: Person) -> None:
    """Answers not seen and taken back by 2601: 2401, 2304, 2305."""
    number = h.fresh("I")
    message = h.request("2401", admitting(h, person, number), person)
    gone = str(h.send(message).node("result")["mdtrt_id"])
    h.undo_lost("2401", str(message["msgid"]), person)
    h.refused("2404", {"data": {"mdtrt_id": gone, "psn_no": person.psn_no}}, person, "2601 undid the admission")
    stay = admit(h, person)
    charge(h, stay, Decimal(2))
    discharge(h, stay)
    balance = h.balance(person)
    message = h.request("2304", bill(h, stay, False), person)
    h.send(message)
    h.undo_lost("2304", str(message["msgid"]), person)
    h.expect("1101 balc after 2601 of 2304", str(yuan(balance)), str(yuan(h.balance(person))))
    entry = settle(h, stay, None)
    paid = h.balance(person)
    message = h.request("2305", {"data": {"setl_id": entry.info["setl_id"], **identity(stay)}}, person)
    h.send(message)
    h.undo_lost("2305", str(message["msgid"]), person)
    h.expect("1101 balc after 2601 of 2305", str(yuan(paid)), str(yuan(h.balance(person))))
    h.reverse("2305", entry)
    h.call("2405", {"data": identity(stay)}, person)
    take_back(h, stay)
