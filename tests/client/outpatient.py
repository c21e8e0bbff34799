"""Outpatient flows: registration to settlement, undoing before and after, lost replies."""

from __future__ import annotations

from decimal import Decimal

from client import checks
from client.checks import fen, yuan
from client.envelope import Failure, Message
from client.facts import Named
from client.hospital import AMOUNTS, Hospital, Person, Settled, Visit, moment


def register(h: Hospital, person: Person, med_type: str, disease: Named | None = None) -> Visit:
    """2201."""
    number = h.fresh("O")
    data = {
        "psn_no": person.psn_no,
        "insutype": person.somebody.insutype,
        "begntime": moment(hours=-2),
        **h.credential(person),
        "ipt_otp_no": number,
        "atddr_no": h.facts.doctor.code,
        "dr_name": h.facts.doctor.name,
        "dept_code": h.facts.department.code,
        "dept_name": h.facts.department.name,
        "caty": h.facts.department.caty or "A03",
    }
    result = h.call("2201", {"data": data}, person).node("data")
    h.expect("2201 data.psn_no", person.psn_no, result.get("psn_no"))
    h.expect("2201 data.ipt_otp_no", number, result.get("ipt_otp_no"))
    return Visit(person, str(result["mdtrt_id"]), number, med_type, disease=disease)


def describe(h: Hospital, visit: Visit, edition: str = "2203") -> None:
    """2203 or 2203A."""
    info = {
        "mdtrt_id": visit.mdtrt_id,
        "psn_no": visit.person.psn_no,
        "med_type": visit.med_type,
        "begntime": moment(hours=-2),
        "main_cond_dscr": "",
        "dise_codg": visit.disease.code if visit.disease else "",
        "dise_name": visit.disease.name if visit.disease else "",
        # The A version states it as required for every visit: 9, other.
        "birctrl_type": "9" if edition == "2203A" else "",
        "birctrl_matn_date": "",
    }
    rows = [{k: v for k, v in row.items() if k not in ("psn_no", "mdtrt_id", "adm_cond")} for row in h.diagnoses(visit)]
    h.call(edition, {"mdtrtinfo": info, "diseinfo": rows}, visit.person)


def charge(h: Hospital, visit: Visit) -> None:
    """2204: one batch of the items of the facts."""
    visit.batch = h.fresh("B")
    disease = {"dise_codg": visit.disease.code} if visit.disease else {}
    for place, item in enumerate(h.facts.items[:6]):
        more = {
            "chrg_bchno": visit.batch,
            "rxno": "",
            "rx_circ_flag": "0",
            "sin_dos_dscr": "",
            "used_frqu_dscr": "",
            "medc_way_dscr": "",
            "acord_dept_codg": "",
            "tcmdrug_used_way": "",
            **disease,
        }
        visit.sent.append(h.fee(visit, item, Decimal((2, 1, 3)[place % 3]), **more))
    visit.split = h.call("2204", {"feedetail": visit.sent}, visit.person).node("result")
    h.sheet.wrong += checks.lines(visit.split, visit.sent, "2204 result")


def bill(h: Hospital, visit: Visit, final: bool) -> Message:
    """The input of 2206, and with the four sums of the 2204 reply that of 2207."""
    sums = checks.sums(visit.split)
    data = {
        "psn_no": visit.person.psn_no,
        **h.credential(visit.person),
        "med_type": visit.med_type,
        "medfee_sumamt": yuan(sums["medfee_sumamt"]),
        "psn_setlway": "01",
        "mdtrt_id": visit.mdtrt_id,
        "chrg_bchno": visit.batch,
        "acct_used_flag": h.facts.account,
        "insutype": visit.person.somebody.insutype,
    }
    if final:
        data |= {"invono": "", **{name: yuan(sums[name]) for name in AMOUNTS[1:]}}
    return {"data": data}


def present(h: Hospital, visit: Visit) -> Message:
    """2206, which records nothing."""
    return h.checked("2206", h.call("2206", bill(h, visit, False), visit.person), visit, final=False)


def own_account(info: Message) -> int:
    """What the person's own account paid: acct_pay less the part of the family account, whose balance 1101 omits."""
    return (fen(info.get("acct_pay")) or 0) - (fen(info.get("acct_mulaid_pay")) or 0)


def settle(h: Hospital, visit: Visit) -> Settled:
    """2207, after the same amounts at 2206; the account goes down by what it paid."""
    before, tried = h.balance(visit.person), present(h, visit)
    h.expect("1101 balc after 2206, which records nothing", before, h.balance(visit.person))
    answer = h.call("2207", bill(h, visit, True), visit.person)
    info = h.checked("2207", answer, visit, final=True)
    h.agrees(tried, info, "2207 as 2206")
    h.expect("1101 balc after 2207", str(yuan(before - own_account(info))), str(yuan(h.balance(visit.person))))
    return h.written("2207", answer, visit)


def visit(
    h: Hospital, person: Person, med_type: str = "", disease: Named | None = None, edition: str = "2203"
) -> Visit:
    """2201 -> 2203 -> 2204."""
    care = register(h, person, med_type or h.facts.med_types["outpatient"], disease)
    describe(h, care, edition)
    charge(h, care)
    return care


def whole(h: Hospital, person: Person) -> None:
    """Registration to settlement; the settlement is read back; it stays."""
    h.entitled(person, h.facts.med_types["outpatient"])
    care = visit(h, person)
    before = h.accumulated(person)
    entry = settle(h, care)
    after = h.accumulated(person)
    if "F0000" in after:
        grown = after["F0000"] - before.get("F0000", 0)
        h.expect("5206 F0000, the total fee, grows by M", fen(entry.info.get("medfee_sumamt")), grown)
    else:
        h.sheet.notes.append("5206 has no F0000")
    read_back(h, entry)


def edition_a(h: Hospital, person: Person) -> None:
    """The same with 2203A, then undone: amounts, account and accumulators are as before."""
    undone(h, person, visit(h, person, edition="2203A"))


def undone(h: Hospital, person: Person, care: Visit) -> None:
    balance, before = h.balance(person), h.accumulated(person)
    entry = settle(h, care)
    h.refused(
        "2205",
        {"data": {"mdtrt_id": care.mdtrt_id, "chrg_bchno": care.batch, "psn_no": person.psn_no}},
        person,
        "settled",
    )
    h.reverse("2208", entry)
    h.expect("1101 balc after 2208", str(yuan(balance)), str(yuan(h.balance(person))))
    h.expect("5206 after 2208", nonzero(before), nonzero(h.accumulated(person)))
    withdraw(h, care)


def nonzero(found: dict[str, int]) -> dict[str, int]:
    return {code: amount for code, amount in sorted(found.items()) if amount}


def withdraw(h: Hospital, care: Visit) -> None:
    """2205 for all unsettled lines, then 2202; then the visit is no more."""
    person = care.person
    h.call("2205", {"data": {"mdtrt_id": care.mdtrt_id, "chrg_bchno": "0000", "psn_no": person.psn_no}}, person)
    data = {"psn_no": person.psn_no, "mdtrt_id": care.mdtrt_id, "ipt_otp_no": care.number}
    h.call("2202", {"data": data}, person)
    h.refused("2206", bill(h, care, False), person, "the registration is cancelled")


def before_settlement(h: Hospital, person: Person) -> None:
    """2205 by batch number and charging again, 2205 of all, 2202."""
    care = visit(h, person)
    data = {"mdtrt_id": care.mdtrt_id, "chrg_bchno": care.batch, "psn_no": person.psn_no}
    h.call("2205", {"data": data}, person)
    h.refused("2207", bill(h, care, True), person, "its lines are cancelled")
    care.sent, care.split = [], []
    charge(h, care)
    present(h, care)
    withdraw(h, care)


def wrong_sums(h: Hospital, person: Person) -> None:
    """A settlement that does not echo the sums of the lines is refused and records nothing."""
    care = visit(h, person)
    before = h.balance(person)
    message = bill(h, care, True)
    message["data"]["medfee_sumamt"] += 1
    h.refused("2207", message, person, "medfee_sumamt is not the sum of the lines")
    message = bill(h, care, True)
    del message["data"]["mdtrt_id"]
    h.refused("2207", message, person, "mdtrt_id is required")
    h.expect("1101 balc after refusals", before, h.balance(person))
    message = bill(h, care, True)
    message["data"]["mdtrt_id"] = "0"
    h.refused("2207", message, person, "no such visit")
    withdraw(h, care)


def lost(h: Hospital, person: Person) -> None:
    """The answer of 2207 is not seen: 2601, then as before, then again; the same for 2208."""
    care = visit(h, person)
    balance, before = h.balance(person), h.accumulated(person)
    message = h.request("2207", bill(h, care, True), person)
    h.send(message)  # its answer is taken as lost
    h.undo_lost("2207", str(message["msgid"]), person)
    h.expect("1101 balc after 2601 of 2207", str(yuan(balance)), str(yuan(h.balance(person))))
    h.expect("5206 after 2601 of 2207", nonzero(before), nonzero(h.accumulated(person)))
    entry = settle(h, care)
    paid = h.balance(person)
    data = {"setl_id": entry.info["setl_id"], "mdtrt_id": care.mdtrt_id, "psn_no": person.psn_no}
    message = h.request("2208", {"data": data}, person)
    h.send(message)
    h.undo_lost("2208", str(message["msgid"]), person)
    h.expect("1101 balc after 2601 of 2208", str(yuan(paid)), str(yuan(h.balance(person))))
    h.reverse("2208", entry)
    h.expect("1101 balc after 2208", str(yuan(balance)), str(yuan(h.balance(person))))
    withdraw(h, care)


def cut(h: Hospital, person: Person) -> None:
    """The line is cut after 2207 was sent: whether it was done is not known. 2601, then again."""
    import time

    from client.envelope import Lost

    care = visit(h, person)
    balance = h.balance(person)
    message = h.request("2207", bill(h, care, True), person)
    h.sheet.steps.append("2207~")
    try:
        h.line.send(message, hang_up=True)
    except Lost as lost_answer:
        time.sleep(1)  # the platform may still be at it
        try:
            h.undo_lost("2207", lost_answer.msgid, person)
        except Failure as failure:  # it never came to the platform
            h.sheet.notes.append(f"2601 after a cut line: {failure.message}")
    h.expect("1101 balc after a cut line and 2601", str(yuan(balance)), str(yuan(h.balance(person))))
    h.reverse("2208", settle(h, care))
    withdraw(h, care)


def twice(h: Hospital, person: Person) -> None:
    """The same message twice settles once: a refusal, or the same answer."""
    care = visit(h, person)
    message = h.request("2207", bill(h, care, True), person)
    first = h.send(message)
    entry = h.written("2207", first, care)
    balance = h.balance(person)
    h.sheet.steps.append("2207=")
    try:
        second = h.line.send(message)
    except Failure as failure:
        h.check("2207 sent twice", bool(failure.message), "an err_msg", "none")
    else:
        h.expect("2207 sent twice: setl_id", entry.info.get("setl_id"), second.node("setlinfo").get("setl_id"))
    h.expect("1101 balc after the same message again", str(yuan(balance)), str(yuan(h.balance(person))))
    h.refused("2207", bill(h, care, True), person, "its lines are settled")
    h.reverse("2208", entry)
    withdraw(h, care)


def newest_first(h: Hospital, person: Person) -> None:
    """Two settlements of a person are undone newest first; the other way round only where nothing depends on it."""
    one, two = visit(h, person), visit(h, person)
    first, second = settle(h, one), settle(h, two)
    data = {"setl_id": first.info["setl_id"], "mdtrt_id": one.mdtrt_id, "psn_no": person.psn_no}
    try:
        h.sheet.steps.append("2208?")
        h.line.send(h.request("2208", {"data": data}, person))
    except Failure as failure:
        h.check("2208 refused: a later settlement stands", bool(failure.message), "an err_msg", "none")
        h.reverse("2208", second)
        h.reverse("2208", first)
    else:
        undone_first(h, person, first, second)
    withdraw(h, two)
    withdraw(h, one)


def undone_first(h: Hospital, person: Person, first: Settled, second: Settled) -> None:
    """The older one was undone while the later stands: then the later must be what it would be without the older."""
    first.reversed = True
    h.sheet.notes.append("the platform undid an older settlement on which the later one does not depend")
    h.reverse("2208", second)
    again = settle(h, second.visit)
    h.agrees(second.info, again.info, "a settlement from which an older one was taken away")
    h.expect("its funds", details(second.info), details(again.info))
    h.reverse("2208", again)


def details(info: Message) -> dict[str, str]:
    """The amounts that the later of two settlements could owe to the older."""
    names = ("hifp_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "act_pay_dedc", "acct_pay")
    return {name: str(yuan(fen(info.get(name)) or 0)) for name in names}


def read_back(h: Hospital, entry: Settled) -> None:
    """5203 and 5204 state the settlement and its lines; 5201 and 5202 the visit."""
    care, person = entry.visit, entry.visit.person
    data = {"psn_no": person.psn_no, "setl_id": entry.info["setl_id"], "mdtrt_id": care.mdtrt_id}
    answer = h.call("5203", {"data": data}, person)
    h.agrees(entry.info, answer.node("setlinfo"), "5203 as the settlement")
    h.sheet.wrong += checks.settlement(answer.output, "5203 setlinfo")
    h.expect("5203 setlinfo.setl_id", entry.info["setl_id"], answer.node("setlinfo").get("setl_id"))
    answer = h.call("5204", {"data": data}, person)
    rows = answer.output if isinstance(answer.output, list) else []
    h.sheet.wrong += checks.lines(rows, care.sent, "5204")
    h.expect("5204: the sums of 2204 or 2301", checks.sums(care.split), checks.sums(rows))
    data = {
        "psn_no": person.psn_no,
        "begntime": moment(-40),
        "endtime": moment(1),
        "med_type": care.med_type,
        "mdtrt_id": "",
    }
    found = [row.get("mdtrt_id") for row in h.call("5201", {"data": data}, person).node("mdtrtinfo")]
    h.check("5201 mdtrtinfo", care.mdtrt_id in found, f"visit {care.mdtrt_id}", found)
    diagnoses = h.call("5202", {"data": {"mdtrt_id": care.mdtrt_id, "psn_no": person.psn_no}}, person).node("diseinfo")
    expected = sorted(each.code for each in h.facts.diagnoses[:3])
    h.expect("5202 diseinfo.diag_code", expected, sorted({row.get("diag_code") for row in diagnoses}))
