"""ISO 20022 messages: pain.001 (orders) written, pain.002 (status) and camt.054 (booked) read.

After the public message definitions pain.001.001.09, pain.002.001.10 and camt.054.001.08 of iso20022.org; only what a
domestic transfer in yuan needs. The number of a transfer is its EndToEndId. What a certain bank wants besides is to be
agreed with that bank.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from openyibao.service.clearing.bank_files import CURRENCY, Payable, Told, amount_fen, bad, told

ORDERS = "pain.001"
STATUS, BOOKED = "pain.002", "camt.054"
SPACE = "urn:iso:std:iso:20022:tech:xsd:"
WRITTEN = SPACE + "pain.001.001.09"
CNAPS = "CNAPS"
"""China's payment systems in ISO's list of clearing systems."""
EXECUTED = ("ACSC",)
PENDING = ("RCVD", "ACTC", "ACCP", "ACSP", "PDNG")
REJECTED = ("RJCT",)
NOT_BOOKED = ("PDNG", "INFO", "FUTR")


def write(batch: str, made: datetime, initiator: str, day: date, transfers: Iterable[Payable]) -> bytes:
    """A pain.001: one payment information for each account that pays, one transaction for each transfer."""
    rows = sorted(transfers, key=lambda one: (one.payer_bank, one.payer_account, one.number))
    root = Element("Document", {"xmlns": WRITTEN})
    message = SubElement(root, "CstmrCdtTrfInitn")
    head = SubElement(message, "GrpHdr")
    _add(head, "MsgId", batch)
    _add(head, "CreDtTm", made.isoformat(timespec="seconds"))
    _control(head, rows)
    _add(head, "InitgPty/Nm", initiator)
    for number, (_, group) in enumerate(groupby(rows, key=lambda one: (one.payer_bank, one.payer_account)), 1):
        _payment(message, f"{batch}-{number}", day, list(group))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"


def _payment(message: Element, number: str, day: date, rows: Sequence[Payable]) -> None:
    first = rows[0]
    info = SubElement(message, "PmtInf")
    _add(info, "PmtInfId", number)
    _add(info, "PmtMtd", "TRF")
    _control(info, rows)
    _add(info, "ReqdExctnDt/Dt", day.isoformat())
    _add(info, "Dbtr/Nm", first.payer)
    _add(info, "DbtrAcct/Id/Othr/Id", first.payer_account)
    _agent(info, "DbtrAgt", first.payer_bank)
    for one in rows:
        transfer = SubElement(info, "CdtTrfTxInf")
        ids = SubElement(transfer, "PmtId")
        _add(ids, "InstrId", one.number)
        _add(ids, "EndToEndId", one.number)
        amount = SubElement(SubElement(transfer, "Amt"), "InstdAmt", {"Ccy": CURRENCY})
        amount.text = f"{Decimal(one.fen).scaleb(-2):.2f}"
        if one.payee_bank:
            _agent(transfer, "CdtrAgt", one.payee_bank)
        _add(transfer, "Cdtr/Nm", one.payee)
        _add(transfer, "CdtrAcct/Id/Othr/Id", one.payee_account)
        _add(transfer, "RmtInf/Ustrd", f"{one.order} {one.purpose}"[:140])


def _agent(at: Element, name: str, bank: str) -> None:
    member = SubElement(SubElement(SubElement(at, name), "FinInstnId"), "ClrSysMmbId")
    _add(member, "ClrSysId/Cd", CNAPS)
    _add(member, "MmbId", bank)


def _control(at: Element, rows: Sequence[Payable]) -> None:
    _add(at, "NbOfTxs", str(len(rows)))
    _add(at, "CtrlSum", f"{Decimal(sum(one.fen for one in rows)).scaleb(-2):.2f}")


def _add(at: Element, path: str, text: str) -> None:
    for name in path.split("/"):
        at = SubElement(at, name)
    at.text = text


def read(name: str, content: bytes) -> list[Told]:
    """What a pain.002 or camt.054 says. Raises Problem("bank file")."""
    root = _parse(name, content)
    found = list(_status(root) if name == STATUS else _booked(root))
    if not found:
        raise bad(name, "没有最终结果的交易", "no transaction with a final result")
    return found


def _parse(name: str, content: bytes) -> Element:
    """The root, its names without their space. A document type, which could hide text, is refused."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\x00" in content:
        raise bad(name, "不得含 DOCTYPE，编码应为 UTF-8", "no DOCTYPE is allowed, and the encoding is UTF-8")
    try:
        root = ElementTree.fromstring(content.decode("utf-8-sig"))
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError):
        raise bad(name, "不是 UTF-8 编码的 XML", "no XML in UTF-8") from None
    if not root.tag.startswith("{" + SPACE + name + "."):
        raise bad(name, f"应为 {name}", f"expected a {name}")
    for one in root.iter():
        one.tag = one.tag.rpartition("}")[2]
    return root


def _text(at: Element, path: str) -> str:
    return (at.findtext(path) or "").strip()


def _amount(at: Element | None, where: str) -> int:
    if at is None or at.get("Ccy") != CURRENCY:
        raise bad(where, f"缺少 {CURRENCY} 金额", f"no amount in {CURRENCY}")
    return amount_fen((at.text or "").strip(), "yuan", where)


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise bad(where, "日期应为 YYYY-MM-DD", "expected a day YYYY-MM-DD") from None


def _reason(at: Element, path: str) -> str:
    words = [_text(at, f"{path}/Rsn/Cd") or _text(at, f"{path}/Rsn/Prtry"), _text(at, f"{path}/AddtlInf")]
    return " ".join(word for word in words if word)


def _status(root: Element) -> Iterator[Told]:
    """Transactions that are executed or rejected; those that wait say nothing yet."""
    made = _text(root, "CstmrPmtStsRpt/GrpHdr/CreDtTm")
    for line, one in enumerate(root.iterfind("CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts"), 1):
        status, where = _text(one, "TxSts"), f"TxInfAndSts {line}"
        if status in PENDING:
            continue
        if status not in EXECUTED + REJECTED:
            raise bad(where, f"未知状态 {status}", f"unknown status {status}")
        day = _date(_text(one, "AccptncDtTm") or made, where)
        fen = _amount(one.find("OrgnlTxRef/Amt/InstdAmt"), where)
        what = "paid" if status in EXECUTED else "rejected"
        reference = _text(one, "AcctSvcrRef")
        yield told(where, line, _text(one, "OrgnlEndToEndId"), what, fen, day, reference, _reason(one, "StsRsnInf"))


def _booked(root: Element) -> Iterator[Told]:
    """Debits are transfers that were paid; credits with the reason of a return are transfers that came back."""
    line = 0
    for place, entry in enumerate(root.iterfind("BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry"), 1):
        status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
        if status in NOT_BOOKED:
            continue
        if status != "BOOK" or _text(entry, "RvslInd") in ("true", "1"):
            raise bad(
                f"Ntry {place}",
                "应为已入账（BOOK）且不是冲正的分录",
                "expected an entry that is booked and no reversal",
            )
        day = _text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm")
        for one in entry.iterfind("NtryDtls/TxDtls"):
            line += 1
            where = f"TxDtls {line}"
            debit = (_text(one, "CdtDbtInd") or _text(entry, "CdtDbtInd")) == "DBIT"
            if not debit and one.find("RtrInf") is None:
                raise bad(where, "贷记但不是退汇", "a credit that is no return")
            amount = one.find("Amt")
            fen = _amount(one.find("AmtDtls/TxAmt/Amt") if amount is None else amount, where)
            reference = _text(one, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef")
            number = _text(one, "Refs/EndToEndId")
            what, reason = ("paid", "") if debit else ("returned", _reason(one, "RtrInf"))
            yield told(where, line, number, what, fen, _date(day, where), reference, reason)
