"""A pharmacy: 2101, 2102 with the fee lines in the message, 2103, lost replies."""

from __future__ import annotations

from decimal import Decimal

from client import checks
from client.checks import fen, yuan
from client.envelope import Answer, Message
from client.hospital import Hospital, Person, Visit, moment
from client.outpatient import own_account


def basket(h: Hospital, person: Person) -> Visit:
    """Two drugs, sold now: an hour ago may have been yesterday, before the sale."""
    care = Visit(person, "", "", h.facts.med_types["pharmacy"])
    for place, item in enumerate(h.facts.drugs[:2]):
        line = h.fee(care, item, Decimal(place + 1), fee_ocur_time=moment())
        keep = (
            "feedetl_sn",
            "fee_ocur_time",
            "med_list_codg",
            "medins_list_codg",
            "det_item_fee_sumamt",
            "cnt",
            "pric",
        )
        doctor = ("bilg_dr_codg", "bilg_dr_name")
        care.sent.append({"rxno": "", "rx_circ_flag": "0", **{name: line[name] for name in keep + doctor}})
    return care


def bill(h: Hospital, care: Visit) -> Message:
    total = sum(fen(line["det_item_fee_sumamt"]) or 0 for line in care.sent)
    info = {
        "psn_no": care.person.psn_no,
        **h.credential(care.person),
        "begntime": moment(),
        "medfee_sumamt": yuan(total),
        "invono": "",
        "insutype": care.person.somebody.insutype,
        "dise_codg": "",
        "dise_name": "",
        "acct_used_flag": h.facts.account,
        "med_type": care.med_type,
    }
    return {"druginfo": info, "drugdetail": care.sent}


def checked(h: Hospital, infno: str, answer: Answer, care: Visit, final: bool) -> Message:
    rows = answer.output.get("detlcutinfo")
    if isinstance(rows, list):
        h.sheet.wrong += checks.lines(rows, care.sent, f"{infno} detlcutinfo")
        care.split = rows
    else:
        h.sheet.wrong.append(checks.Wrong(f"{infno} detlcutinfo", "a list", repr(rows)[:60]))
    return h.checked(infno, answer, care, final)


def whole(h: Hospital, person: Person) -> None:
    """2101 -> 2102 -> 2103; a lost 2102 before; one sale stays."""
    h.entitled(person, h.facts.med_types["pharmacy"])
    care = basket(h, person)
    balance = h.balance(person)
    tried = checked(h, "2101", h.call("2101", bill(h, care), person), care, final=False)
    h.expect("1101 balc after 2101, which records nothing", balance, h.balance(person))
    message = h.request("2102", bill(h, care), person)
    h.send(message)
    h.undo_lost("2102", str(message["msgid"]), person)
    h.expect("1101 balc after 2601 of 2102", str(yuan(balance)), str(yuan(h.balance(person))))
    for stays in (False, True):
        answer = h.call("2102", bill(h, care), person)
        info = checked(h, "2102", answer, care, final=True)
        h.agrees(tried, info, "2102 as 2101")
        paid = balance - own_account(info)
        h.expect("1101 balc after 2102", str(yuan(paid)), str(yuan(h.balance(person))))
        entry = h.written("2102", answer, care)
        if not stays:
            data = {"setl_id": info["setl_id"], "mdtrt_id": care.mdtrt_id, "psn_no": person.psn_no}
            message = h.request("2103", {"data": data}, person)
            h.send(message)
            h.undo_lost("2103", str(message["msgid"]), person)
            h.expect("1101 balc after 2601 of 2103", str(yuan(paid)), str(yuan(h.balance(person))))
            h.reverse("2103", entry)
            h.expect("1101 balc after 2103", str(yuan(balance)), str(yuan(h.balance(person))))
        care = basket(h, person)
