"""One institution at work on one platform: calls that check every reply, the people, the visits, the ledger."""

from __future__ import annotations

import datetime
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from client import checks, schema
from client.checks import Wrong, fen, yuan
from client.envelope import Answer, Connection, Failure, Message, now
from client.facts import Facts, Item, Named, Somebody

AMOUNTS = tuple(checks.SUMS)


@dataclass
class Sheet:
    """What a flow did and what was wrong."""

    steps: list[str] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Person:
    somebody: Somebody
    psn_no: str
    insuplc_admdvs: str
    psn_type: str
    balance: int  # fen


@dataclass
class Visit:
    person: Person
    mdtrt_id: str
    number: str  # ipt_otp_no or ipt_no, unique inside the institution
    med_type: str
    batch: str = ""
    sent: list[Message] = field(default_factory=list)  # fee lines as sent and not settled
    split: list[Message] = field(default_factory=list)  # and as answered
    disease: Named | None = None


@dataclass
class Settled:
    """A line of the institution's own ledger."""

    infno: str
    msgid: str
    visit: Visit
    info: Message  # setlinfo
    reversed: bool = False


def moment(days: int = 0, hours: int = 0) -> str:
    """A time of the interface, counted from now."""
    return (now() + datetime.timedelta(days=days, hours=hours)).strftime("%Y-%m-%d %H:%M:%S")


def day(days: int = 0) -> str:
    return moment(days)[:10]


@dataclass
class Hospital:
    """A designated institution. Every call goes through `call`, which checks the reply against the text."""

    line: Connection
    facts: Facts
    sheet: Sheet = field(default_factory=Sheet)
    ledger: list[Settled] = field(default_factory=list)
    seen: Callable[[str, Message, str], None] | None = None  # told of every request: the seeds of the fuzzer
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def fresh(self, prefix: str = "") -> str:
        """A number that this institution never used before."""
        return f"{prefix}{uuid.uuid4().hex[:12]}{next(self._serial)}"

    def expect(self, where: str, expected: Any, found: Any) -> None:
        if expected != found:
            self.sheet.wrong.append(Wrong(where, str(expected), str(found)))

    def check(self, where: str, holds: bool, expected: str, found: Any) -> None:
        if not holds:
            self.sheet.wrong.append(Wrong(where, expected, str(found)))

    def request(self, infno: str, nodes: Message, person: Person | None = None) -> Message:
        insured_at = person.insuplc_admdvs if person else ""
        if self.seen:
            self.seen(infno, nodes, insured_at)
        return self.line.request(infno, nodes, insured_at)

    def call(self, infno: str, nodes: Message, person: Person | None = None) -> Answer:
        return self.send(self.request(infno, nodes, person))

    def send(self, message: Message) -> Answer:
        infno = str(message["infno"])
        self.sheet.steps.append(infno)
        answer = self.line.send(message)
        self.sheet.wrong += schema.header(answer.envelope)
        self.sheet.wrong += schema.reply(infno, answer.output)
        return answer

    def refused(self, infno: str, nodes: Message, person: Person | None, why: str) -> None:
        """A call that the platform must refuse, with words for people."""
        self.sheet.steps.append(f"{infno}!")
        try:
            self.line.send(self.request(infno, nodes, person))
        except Failure as failure:
            self.check(f"{infno} refused: {why}", bool(failure.message), "an err_msg", "none")
        else:
            self.sheet.wrong.append(Wrong(infno, f"a refusal: {why}", "infcode 0"))

    # People

    def person(self, somebody: Somebody) -> Person:
        """1101 by the number of the identity card."""
        nodes = {
            "data": {
                "mdtrt_cert_type": "02",
                "mdtrt_cert_no": somebody.certno,
                "card_sn": "",
                "begntime": "",
                "psn_cert_type": "01",
                "certno": somebody.certno,
                "psn_name": somebody.name,
            }
        }
        answer = self.call("1101", nodes)
        base, schemes = answer.node("baseinfo"), answer.node("insuinfo")
        self.expect("1101 baseinfo.certno", somebody.certno, base.get("certno"))
        self.expect("1101 baseinfo.psn_name", somebody.name, base.get("psn_name"))
        rows = [row for row in schemes if row.get("insutype") == somebody.insutype]
        if not rows:
            kinds = [row.get("insutype") for row in schemes]
            raise ValueError(f"1101: expected a row of insutype {somebody.insutype}, found {kinds}")
        row = next((row for row in rows if row.get("psn_insu_stas") == "1"), rows[0])
        balance = fen(row.get("balc")) or 0
        return Person(somebody, str(base["psn_no"]), str(row["insuplc_admdvs"]), str(row["psn_type"]), balance)

    def balance(self, person: Person) -> int:
        return self.person(person.somebody).balance

    def accumulated(self, person: Person) -> dict[str, int]:
        """5206: fen by accumulator of the person's scheme, all months together."""
        found: dict[str, int] = {}
        answer = self.call("5206", {"data": {"psn_no": person.psn_no, "cum_ym": ""}}, person)
        rows = answer.output.get("cuminfo") if isinstance(answer.output, dict) else None
        for row in rows or []:
            if row.get("insutype") == person.somebody.insutype:
                code = str(row.get("cum_type_code"))
                found[code] = found.get(code, 0) + (fen(row.get("cum")) or 0)
        return found

    def entitled(self, person: Person, med_type: str) -> list[Message]:
        """2001."""
        data = {
            "psn_no": person.psn_no,
            "insutype": person.somebody.insutype,
            "fixmedins_code": self.line.institution.code,
            "med_type": med_type,
            "begntime": moment(),
            "endtime": "",
            "dise_codg": "",
            "dise_name": "",
        }
        rows: list[Message] = self.call("2001", {"data": data}, person).node("trtinfo")
        for row in rows:
            self.expect("2001 trtinfo.psn_no", person.psn_no, row.get("psn_no"))
            if row.get("trt_enjymnt_flag") == "0":
                self.check("2001 trtinfo.trt_chk_rslt", bool(row.get("trt_chk_rslt")), "why not enjoyed", "nothing")
        return rows

    # Pieces of messages

    def credential(self, person: Person) -> Message:
        return {"mdtrt_cert_type": "02", "mdtrt_cert_no": person.somebody.certno}

    def diagnoses(self, visit_or_person: Visit | Person) -> list[Message]:
        person = visit_or_person.person if isinstance(visit_or_person, Visit) else visit_or_person
        rows = []
        for place, diagnosis in enumerate(self.facts.diagnoses[:3], start=1):
            rows.append(
                {
                    "psn_no": person.psn_no,
                    "diag_type": "1",
                    "maindiag_flag": "1" if place == 1 else "0",
                    "diag_srt_no": place,
                    "diag_code": diagnosis.code,
                    "diag_name": diagnosis.name,
                    "adm_cond": "",
                    "diag_dept": self.facts.department.name,
                    "dise_dor_no": self.facts.doctor.code,
                    "dise_dor_name": self.facts.doctor.name,
                    "diag_time": moment(hours=-1),
                    "vali_flag": "1",
                }
            )
            if isinstance(visit_or_person, Visit):
                rows[-1]["mdtrt_id"] = visit_or_person.mdtrt_id
        return rows

    def fee(self, visit: Visit, item: Item, count: Decimal, **more: Any) -> Message:
        """A fee line of 2204 and 2301: the fields that both have."""
        whole = checks.half_up(Fraction(count) * Fraction(item.price) * 100)
        return {
            "feedetl_sn": self.fresh("F"),
            "mdtrt_id": visit.mdtrt_id,
            "psn_no": visit.person.psn_no,
            "fee_ocur_time": moment(hours=-1),
            "med_list_codg": item.code,
            "medins_list_codg": item.own,
            "det_item_fee_sumamt": yuan(whole),
            "cnt": count,
            "pric": item.price,
            "bilg_dept_codg": self.facts.department.code,
            "bilg_dept_name": self.facts.department.name,
            "bilg_dr_codg": self.facts.doctor.code,
            "bilg_dr_name": self.facts.doctor.name,
            "hosp_appr_flag": "1",
            **more,
        }

    # Settlements

    def checked(self, infno: str, answer: Answer, visit: Visit, final: bool) -> Message:
        """setlinfo of a settlement or pre-settlement, its arithmetic and its sums checked."""
        info: Message = answer.node("setlinfo")
        self.sheet.wrong += checks.settlement(answer.output, f"{infno} setlinfo")
        self.sheet.wrong += checks.settles(info, checks.sums(visit.split), f"{infno} setlinfo")
        self.expect(f"{infno} setlinfo.psn_no", visit.person.psn_no, info.get("psn_no"))
        self.expect(f"{infno} setlinfo.certno", visit.person.somebody.certno, info.get("certno"))
        self.expect(f"{infno} setlinfo.med_type", visit.med_type, info.get("med_type"))
        if visit.mdtrt_id:
            self.expect(f"{infno} setlinfo.mdtrt_id", visit.mdtrt_id, info.get("mdtrt_id"))
        if final:
            self.expect(f"{infno} setlinfo.medins_setl_id, the msgid", answer.msgid, info.get("medins_setl_id"))
            self.check(f"{infno} setlinfo.setl_id", bool(info.get("setl_id")), "a number", info.get("setl_id"))
        return info

    def agrees(self, first: Message, second: Message, where: str) -> None:
        """Two settlements state the same amounts."""
        names = (*AMOUNTS, *checks.FUNDS, "fund_pay_sumamt", "acct_pay", "act_pay_dedc", "hosp_part_amt")
        stated = tuple(
            name for name in names if first.get(name) not in (None, "") and second.get(name) not in (None, "")
        )
        one, other = (checks.amounts(each, stated, where, self.sheet.wrong) for each in (first, second))
        for name in stated:
            self.expect(f"{where}: {name}", str(yuan(one[name])), str(yuan(other[name])))

    def written(self, infno: str, answer: Answer, visit: Visit) -> Settled:
        """A settlement goes into the ledger; its lines are settled."""
        entry = Settled(infno, answer.msgid, visit, answer.node("setlinfo"))
        if not visit.mdtrt_id:
            visit.mdtrt_id = str(entry.info.get("mdtrt_id"))
        self.ledger.append(entry)
        return entry

    def reverse(self, infno: str, entry: Settled) -> Message:
        """2208, 2305 or 2103: undo a settlement known by its setl_id."""
        data = {"setl_id": entry.info["setl_id"], "mdtrt_id": entry.visit.mdtrt_id, "psn_no": entry.visit.person.psn_no}
        answer = self.call(infno, {"data": data}, entry.visit.person)
        back: Message = answer.node("setlinfo")
        self.sheet.wrong += checks.settlement(answer.output, f"{infno} setlinfo")
        self.sheet.wrong += checks.reverses(back, entry.info)
        self.expect(f"{infno} setlinfo.medins_setl_id, the msgid", answer.msgid, back.get("medins_setl_id"))
        entry.reversed = True
        self.refused(infno, {"data": data}, entry.visit.person, "it is undone already")
        return back

    def undo_lost(self, infno: str, msgid: str, person: Person) -> None:
        """2601: undo a call whose answer was never seen."""
        data = {"psn_no": person.psn_no, "omsgid": msgid, "oinfno": infno}
        self.call("2601", {"data": data}, person)
