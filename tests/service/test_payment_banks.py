"""Bank files out and in: formats as data, ISO 20022, control figures, what is refused, the same file twice."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from openyibao.service.clearing import bank_files, iso20022
from openyibao.service.clearing.models import Batch, Confirmation, Report, Transfer
from openyibao.service.ledger.models import Entry
from service.paying import County, confirmation, in_march

MARCH = "2026-03-31"
SPACE = "urn:iso:std:iso:20022:tech:xsd:"


@pytest.fixture
def county(database: str, monkeypatch: Any, tmp_path: Path) -> County:
    return in_march(monkeypatch, tmp_path, people=2)


def sent(county: County, form: str = "plain") -> tuple[list[Transfer], bytes]:
    """A month's transfers (50 yuan; 35 and 50) at the bank, and their file."""
    county.visit(200, 1)
    county.hands.set("2026-04-01 09:00:00")
    transfers = county.order(county.issue(MARCH))
    return transfers, county.send(form)


def test_lines_that_do_not_fit_move_nothing_and_wait_for_somebody(county: County) -> None:
    (assistance, pooled), _ = sent(county)
    county.visit(40, 0, day="2026-04-01")
    before = Entry.objects.count()
    rows = [
        ("T999999999999999999", "paid", 100),
        (pooled.number, "paid", 9_999),
        (pooled.number, "partly", 10_000),
        (pooled.number, "rejected", 1),
        (pooled.number, "returned", 5_000),
        (assistance.number, "paid", 7_000),
        (assistance.number, "paid", 7_000),
        (assistance.number, "paid", 7_000),
        (assistance.number, "rejected", 7_000),
    ]
    references = ["1", "2", "3", "4", "5", "6", "6", "7", "8"]
    done = county.book(confirmation(rows, references=references))
    assert done == {"paid": {"lines": 1, "fen": 7_000}, "refused": {"lines": 8, "fen": sum(r[2] for r in rows) - 7_000}}
    assert Entry.objects.count() == before + 1 and county.owed() == 10_000 + 2_000
    items = county.auditor.get("clearing/work", region="999999")["items"]
    assert [one["problem"]["code"] for one in items] == [
        "unknown",
        "amount",
        "amount",
        "amount",
        "amount",
        "duplicate",
        "nothing under way",
        "nothing under way",
    ]
    assert items[0]["problem"]["zh"] == "没有这笔支付" and items[0]["transfer"] == "T999999999999999999"
    for one in items:
        county.first.post("clearing/work/close", {"item": one["item"], "note": "已与银行核对"})
    assert county.auditor.get("clearing/work", region="999999")["items"] == []
    assert county.first.post("clearing/work/close", {"item": items[0]["item"], "note": "again"}, 404)["code"] == "S1002"
    ahead = confirmation([(pooled.number, "paid", 10_000)], day="2026-04-02")
    assert county.book(ahead) == {"refused": {"lines": 1, "fen": 10_000}}
    assert county.book(confirmation([(pooled.number, "paid", 10_000)])) == {"paid": {"lines": 1, "fen": 10_000}}
    county.right()


def test_a_transfer_that_was_not_sent_is_not_confirmed(county: County) -> None:
    county.visit(100)
    county.hands.set("2026-04-01 09:00:00")
    (transfer,) = county.order(county.issue(MARCH))
    assert county.answered((transfer, "paid", 5_000)) == {"refused": {"lines": 1, "fen": 5_000}}
    assert Report.objects.get().problem == "not sent" and county.owed() == 5_000
    county.send()
    county.answered((transfer, "paid", 5_000))
    county.right()


def test_the_same_file_is_taken_in_and_booked_once(county: County) -> None:
    (_, pooled), _ = sent(county)
    content = confirmation([(pooled.number, "paid", 10_000)])
    first, again = county.receive(content), county.receive(content)
    assert first["number"] == again["number"] and Confirmation.objects.count() == 1
    proposals = [county.first.post("proposals/confirmation.book", {"confirmation": first["number"]}) for _ in "ab"]
    for one, status in zip(proposals, (200, 409), strict=True):
        told = county.second.post(
            "proposals/confirmation.book/decide", {"proposal": one["proposal"], "accept": True}, status
        )
    assert told["code"] == "S8011"
    assert county.receive(content)["booked_at"] is not None and county.fen("fund cash") == -10_000
    other = content.replace(b"\r\n", b"\r\n\r\n", 1)
    assert county.book(other) == {"refused": {"lines": 1, "fen": 10_000}}, "the same line in another file"
    assert Report.objects.get(confirmation__number=first["number"]).entry and county.fen("fund cash") == -10_000
    county.right()


GOOD = "transfer,result,amount,day,bank reference,reason\r\nT1,paid,10.00,2026-04-01,B1,\r\ntotal,1,10.00\r\n"
WRONG_FILES = [
    (GOOD.replace("total,1,10.00", "total,1,10.01"), "3"),
    (GOOD.replace("total,1,", "total,2,"), "3"),
    (GOOD.replace("total,1,10.00\r\n", ""), "2"),
    (GOOD.replace("paid", "PAID"), "2"),
    (GOOD.replace(",10.00,2026", ",10.001,2026"), "2"),
    (GOOD.replace(",10.00,2026", ",-10.00,2026"), "2"),
    (GOOD.replace(",10.00,2026", ",1e1,2026"), "2"),
    (GOOD.replace(",10.00,2026", ",NaN,2026"), "2"),
    (GOOD.replace("2026-04-01", "2026-04-31"), "2"),
    (GOOD.replace("T1", ""), "2"),
    (GOOD.replace(",B1,", ",B1"), "2"),
    (GOOD.replace("result", "state"), "1"),
    ('"transfer', "1"),
    ("", "1"),
    ("transfer,result,amount,day,bank reference,reason\r\ntotal,0,0.00\r\n", "1"),
]


def test_a_file_that_does_not_agree_with_itself_is_refused_whole(county: County) -> None:
    for text, where in WRONG_FILES:
        if text:
            error = county.receive(text.encode(), status=400)
            assert error["code"] == "S8010" and f"At {where}:" in error["en"], (text, error["en"])
    assert county.receive("\u94f6".encode("gb18030"), status=400)["code"] == "S8010"
    assert county.receive(GOOD.encode(), "pain.002", 400)["code"] == "S8010"
    assert county.first.post(
        "clearing/confirmations", {"region": "999999", "name": "x", "format": "plain", "content": "?"}, 400
    )
    assert not Confirmation.objects.exists() and not Report.objects.exists()
    county.receive(GOOD.encode())


def test_another_banks_format_is_data(county: County) -> None:
    (assistance, pooled), content = sent(county, "example-bank")
    batch = Batch.objects.get()
    rows = list(csv.reader(io.StringIO(content.decode("gb18030")), delimiter="|"))
    assert rows[0] == ["批次", batch.number, "2", "17000"]
    payee = ["9555000000000001", "机构H99999900001", "999000000001", "6222000000000000"]
    assert rows[2] == [assistance.number, *payee, "7000", "医保费用拨付"]
    told = [
        "批次|x|2|17000",
        "流水号|处理结果|金额（分）|入账日期|银行流水|失败原因",
        f"{assistance.number}|成功|7000|20260401|77|",
        f"{pooled.number}|失败|10000|20260401|78|账户已销户",
    ]
    done = county.book("\n".join(told).encode("gb18030"), "example-bank")
    assert done == {"paid": {"lines": 1, "fen": 7_000}, "rejected": {"lines": 1, "fen": 10_000}}
    assert Report.objects.get(line=3).reason == "账户已销户" and county.owed() == 10_000
    wrong = "\n".join(told).replace("17000", "17001")
    assert county.receive(wrong.encode("gb18030"), "example-bank", 400)["code"] == "S8010"
    county.right()


def test_a_sent_file_can_be_fetched_again_byte_for_byte(county: County) -> None:
    transfers, content = sent(county)
    batch = Batch.objects.get()
    assert county.fetch(f"clearing/batches/{batch.number}/file") == content
    Transfer.objects.filter(pk=transfers[0].pk).update(fen=transfers[0].fen + 1)
    with pytest.raises(RuntimeError, match="rows were changed"):
        county.fetch(f"clearing/batches/{batch.number}/file")


def test_a_pain_001_has_what_the_orders_say(county: County) -> None:
    transfers, content = sent(county, iso20022.ORDERS)
    names = {"p": iso20022.WRITTEN}
    root = ElementTree.fromstring(content)
    head = root.find("p:CstmrCdtTrfInitn/p:GrpHdr", names)
    assert head.findtext("p:NbOfTxs", "", names) == "2" and head.findtext("p:CtrlSum", "", names) == "170.00"
    payments = root.findall("p:CstmrCdtTrfInitn/p:PmtInf", names)
    assert [one.findtext("p:DbtrAcct/p:Id/p:Othr/p:Id", "", names) for one in payments] == [
        "9555000000000000",
        "9555000000000001",
    ]
    assert {one.findtext("p:DbtrAgt/p:FinInstnId/p:ClrSysMmbId/p:MmbId", "", names) for one in payments} == {
        "999000000002"
    }
    found = {}
    for one in root.iter(f"{{{iso20022.WRITTEN}}}CdtTrfTxInf"):
        amount = one.find("p:Amt/p:InstdAmt", names)
        assert amount.get("Ccy") == "CNY" and one.findtext("p:Cdtr/p:Nm", "", names) == "机构H99999900001"
        found[one.findtext("p:PmtId/p:EndToEndId", "", names)] = amount.text
    assert found == {transfers[0].number: "70.00", transfers[1].number: "100.00"}
    assert all(len(number) <= 35 for number in found)


def status_report(*rows: tuple[str, str, str, str]) -> bytes:
    """A pain.002: number, status, amount, reason."""
    told = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{number}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        + (f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else "")
        + f'<OrgnlTxRef><Amt><InstdAmt Ccy="CNY">{amount}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>'
        for number, status, amount, reason in rows
    )
    head = "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-04-01T12:00:00+08:00</CreDtTm></GrpHdr>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{SPACE}pain.002.001.10"><CstmrPmtStsRpt>{head}'
        f"<OrgnlPmtInfAndSts>{told}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


def booked(number: str, amount: str, side: str, reason: str = "") -> bytes:
    """A camt.054 with one entry."""
    back = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    return (
        f'<Document xmlns="{SPACE}camt.054.001.08"><BkToCstmrDbtCdtNtfctn><Ntfctn><Ntry><CdtDbtInd>{side}</CdtDbtInd>'
        "<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>2026-04-01</Dt></BookgDt><NtryDtls><TxDtls><Refs><AcctSvcrRef>R{side}</AcctSvcrRef><EndToEndId>"
        f'{number}</EndToEndId></Refs><Amt Ccy="CNY">{amount}</Amt>{back}</TxDtls></NtryDtls></Ntry></Ntfctn>'
        "</BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def test_status_and_booked_messages_are_read(county: County) -> None:
    (assistance, pooled), _ = sent(county, iso20022.ORDERS)
    pending = status_report((assistance.number, "ACSP", "70.00", ""), (pooled.number, "RJCT", "100.00", "AC04"))
    assert county.book(pending, "pain.002") == {"rejected": {"lines": 1, "fen": 10_000}}
    assert Report.objects.get().reason == "AC04"
    assert county.book(booked(assistance.number, "70.00", "DBIT"), "camt.054") == {"paid": {"lines": 1, "fen": 7_000}}
    returned = booked(assistance.number, "70.00", "CRDT", "AC01")
    assert county.book(returned, "camt.054") == {"returned": {"lines": 1, "fen": 7_000}}
    assert county.fen("fund cash", fund=("999999", "resident", "medical assistance fund")) == 0
    for wrong, form in (
        (booked(pooled.number, "1.00", "CRDT"), "camt.054"),
        (booked(pooled.number, "1.00", "DBIT").replace(b"CNY", b"EUR"), "camt.054"),
        (booked(pooled.number, "1.00", "DBIT").replace(b"BOOK", b"PDNG"), "camt.054"),
        (booked(pooled.number, "1.00", "DBIT").replace(b"<Sts>", b"<RvslInd>true</RvslInd><Sts>"), "camt.054"),
        (status_report((pooled.number, "????", "1.00", "")), "pain.002"),
        (status_report((pooled.number, "PDNG", "1.00", "")), "pain.002"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + pending, "pain.002"),
        (pending + b" ", "camt.054"),
        (pending[:-20], "pain.002"),
    ):
        assert county.receive(wrong, form, 400)["code"] == "S8010"
    county.right()


def test_what_a_format_writes_can_be_told_apart(county: County) -> None:
    """A name with the delimiter, a quote and a rare character comes back whole; one that can't be written is said."""
    plain = bank_files.formats()["plain"]
    payable = bank_files.Payable("T1", "O1", "甲", "1", "2", '乙,"𠮷"', "3", "4", 5, "resident", "pooled fund", "付")
    (row, total) = list(csv.DictReader(io.StringIO(bank_files.write(plain, "B1", [payable]).decode())))
    assert row["payee"] == '乙,"𠮷"' and row["amount"] == "0.05" and total["order"] == "1"
    from dataclasses import replace

    from openyibao.service.organisation.problems import Problem

    with pytest.raises(Problem, match="S8010"):
        bank_files.write(replace(plain, encoding="gb2312"), "B1", [payable])
