"""Reconciliation by totals (3201) and by settlement (3202), and the settlement list (4101A)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from openyibao.service.gateway.models import SettlementList
from openyibao.service.reconciliation.kinds import kinds
from openyibao.service.reconciliation.sheet_rows import COLUMNS
from openyibao.service.reconciliation.written import ANSWER
from service.build import fetch, packed, settled, taken_back, upload
from service.county import PHARMACY, Window, add_person, build, now

Row = dict[str, Any]


@pytest.fixture
def window(database: str) -> Window:
    return Window()


def today() -> str:
    return f"{now():%Y-%m-%d}"


def totals(infos: list[Row], **more: Any) -> Row:
    sums = {name: sum(info[name] for info in infos) for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")}
    node = {"insutype": "390", "clr_type": "11", "setl_optins": "999999", "refd_setl_flag": "0"}
    return {**node, **sums, "stmt_begndate": today(), "stmt_enddate": today(), "fixmedins_setl_cnt": len(infos), **more}


def text_of(infos: list[Row], columns: tuple[str, ...] = COLUMNS) -> str:
    return "".join("\t".join(str(info[name]) for name in columns) + "\n" for info in infos)


def differences(window: Window, infos: list[Row], text: str | None = None, **more: Any) -> list[Row]:
    """3202 of a list of settlements: the rows of the file of differences."""
    sent = upload(window, packed(text_of(infos) if text is None else text))
    cash = sum(info["psn_cash_pay"] for info in infos)
    node = totals(infos, file_qury_no=sent["file_qury_no"], cash_payamt=cash, **more)
    info = window.done("3202", {"data": node})["fileinfo"]
    return [dict(zip(ANSWER, row, strict=True)) for row in fetch(window, info["file_qury_no"], info["filename"])]


def test_totals_are_flat_or_differ(window: Window) -> None:
    region = build()
    infos = [settled(window, add_person(region, n), {"D-001": "100", "D-003": "1"}) for n in range(1, 4)]
    back = taken_back(window, infos.pop())

    def result(node: Row) -> Row:
        return window.done("3201", {"data": node})["stmtinfo"]

    assert result(totals(infos))["stmt_rslt"] == "0"
    assert result(totals([], clr_type="21"))["stmt_rslt"] == "0"
    one_more = result(totals(infos, medfee_sumamt=sum(info["medfee_sumamt"] for info in infos) + Decimal("0.01")))
    assert (
        one_more["stmt_rslt"] == "1"
        and "210.01" in one_more["stmt_rslt_dscr"]
        and "210.00" in one_more["stmt_rslt_dscr"]
    )
    assert result(totals(infos, fixmedins_setl_cnt=3))["stmt_rslt"] == "1"
    # with reversals: every settlement and every reversal counts
    assert result(totals(infos, refd_setl_flag="1", fixmedins_setl_cnt=4))["stmt_rslt"] == "0"
    assert back["medfee_sumamt"] < 0
    window.refused("3201", {"data": totals(infos, setl_optins="110000")}, "Y7201")
    window.refused("3201", {"data": totals(infos, setl_optins="9")}, "Y7201")
    window.refused("3201", {"data": totals(infos, stmt_enddate="2020-01-01")}, "Y7006")
    assert Window(PHARMACY).done("3201", {"data": totals([])})["stmtinfo"]["stmt_rslt"] == "0"


def test_settlement_by_settlement(window: Window) -> None:
    region = build()
    infos = [settled(window, add_person(region, n)) for n in range(1, 6)]
    assert differences(window, infos) == []
    heading = "\t".join(("setl_id", "psn_no", "mdtrt_id", "cash_payamt", *COLUMNS[3:6])) + "\n"
    order = ("setl_id", "psn_no", "mdtrt_id", "psn_cash_pay", *COLUMNS[3:6])
    assert differences(window, infos, text=heading + text_of(infos, order)) == []
    assert differences(window, infos, text="\ufeff" + text_of(infos).replace("\n", "\r\n") + "\r\n") == []

    wrong = dict(infos[1], medfee_sumamt=infos[1]["medfee_sumamt"] + 1)
    nobody = dict(infos[2], setl_id="99999900000000000099")
    found = differences(window, [infos[0], infos[0], wrong, nobody, *infos[3:]])
    assert [(row["stmt_rslt"], row["diff_type"], row["setl_id"]) for row in found] == [
        ("103", "amount", wrong["setl_id"]),
        ("102", "twice", infos[0]["setl_id"]),
        ("103", "number", nobody["setl_id"]),
    ]
    by_kind = {row["diff_type"]: row for row in found}
    assert (by_kind["amount"]["medfee_sumamt"], by_kind["amount"]["medfee_sumamt_here"]) == ("11.00", "10.00")
    assert by_kind["amount"]["diff_fields"] == "medfee_sumamt"
    assert by_kind["number"]["diff_setl_id"] == infos[2]["setl_id"]
    assert all(row["memo"].startswith(kinds()[row["diff_type"]].zh) for row in found)

    stranger = dict(infos[2], setl_id="99999900000000000099", mdtrt_id="99999900000000000098")
    found = differences(window, [infos[0], infos[1], stranger, *infos[3:]])
    assert [(row["stmt_rslt"], row["diff_type"], row["setl_id"]) for row in found] == [
        ("101", "missing_there", infos[2]["setl_id"]),
        ("102", "missing_here", stranger["setl_id"]),
    ]
    assert found[0]["medfee_sumamt"] == "" and found[1]["medfee_sumamt_here"] == ""

    back = taken_back(window, infos[4])
    assert [(row["stmt_rslt"], row["diff_type"]) for row in differences(window, infos)] == [("103", "taken_back")]
    assert differences(window, infos[:4]) == [] == differences(window, [*infos, back])
    assert [row["setl_id"] for row in differences(window, [*infos[:4], back])] == [infos[4]["setl_id"]]
    assert {row["diff_type"] for row in differences(window, infos[:4], clr_type="21")} == {"group"}
    yesterday = f"{now() - timedelta(days=1):%Y-%m-%d}"
    before = differences(window, infos[:4], stmt_begndate=yesterday, stmt_enddate=yesterday)
    assert [row["diff_type"] for row in before] == ["day"] * 4 and before[0]["setl_date"] == today()


def test_wrong_files_are_refused(window: Window) -> None:
    info = settled(window, add_person(build()))
    rows = text_of([info])

    def refused(content: bytes, code: str, **more: Any) -> str:
        sent = upload(window, content)
        node = totals([info], file_qury_no=sent["file_qury_no"], cash_payamt=info["psn_cash_pay"], **more)
        return window.refused("3202", {"data": node}, code)

    refused(b"no zip", "Y7202")
    refused(packed(b"\xff\xfe\xff"), "Y7202")
    assert "1" in refused(packed("only\ttwo\n"), "Y7202")
    refused(packed(rows.replace("10.00", "10.001")), "Y7202")
    refused(packed(rows.replace("10.00", "1e999999")), "Y7202")
    refused(packed("setl_id\tmdtrt_id\n" + rows), "Y7202")
    refused(packed(rows + rows), "Y7203")
    refused(packed(rows), "Y7203", medfee_sumamt=info["medfee_sumamt"] + 1)
    sent = upload(window, packed(rows))
    node = totals([info], file_qury_no=sent["file_qury_no"], cash_payamt=info["psn_cash_pay"])
    Window(PHARMACY).refused("3202", {"data": node}, "Y7002")


def test_a_settlement_list_agrees_with_its_stay(window: Window) -> None:
    person = add_person(build())
    visit = window.admit(person)
    lines = window.upload(person, visit, {"D-001": "100"}, "2301")
    window.discharge(person, visit)
    info = window.done("2304", {"data": window.settle_data(person, visit, lines)})["setlinfo"]
    node = {
        "psn_no": person.psn_no,
        "mdtrt_id": visit,
        "setl_id": info["setl_id"],
        "adm_time": "2026-03-02 08:00:00",
        "dscg_time": "2026-03-09 10:00:00",
        "scd_nurscare_days": 7,
        "setl_begn_date": "2026-03-02",
        "setl_end_date": "2026-03-09",
    }
    diagnosis = {"diag_type": "1", "diag_code": "I10", "diag_name": "高血压", "maindiag_flag": "1"}

    def given(more: Row | None = None, rows: list[Row] | None = None) -> Row:
        return {"setlinfo": {**node, **(more or {})}, "diseinfo": [diagnosis] if rows is None else rows}

    number = window.done("4101A", given())["setl_list_id"]
    assert window.done("4101A", given({"scd_nurscare_days": 6}))["setl_list_id"] == number
    kept = SettlementList.objects.get()
    assert kept.data["setlinfo"]["scd_nurscare_days"] == "6" and kept.settlement.setl_id == info["setl_id"]
    window.refused("4101A", given({"adm_time": "2026-03-03 08:00:00"}), "Y7301")
    window.refused("4101A", given({"dscg_time": "2026-03-08 08:00:00"}), "Y7301")
    window.refused("4101A", given({"lv3_nurscare_days": 900}), "Y7301")
    window.refused("4101A", given({"setl_end_date": "2026-03-01"}), "Y7301")
    window.refused("4101A", given({"setl_end_date": f"{now().date() + timedelta(days=400)}"}), "Y7301")
    window.refused("4101A", given(rows=[]), "Y7301")
    window.refused("4101A", given(rows=[diagnosis, diagnosis]), "Y7301")
    window.refused("4101A", given({"setl_id": "1"}), "Y6001")
    Window(PHARMACY).refused("4101A", given(), "Y4001")
    back = {"psn_no": person.psn_no, "mdtrt_id": visit, "setl_id": info["setl_id"]}
    window.done("2305", {"data": back})
    window.refused("4101A", given(), "Y7302")


def test_a_reversal_that_was_undone_is_nothing(window: Window) -> None:
    """2601 of a reversal: the settlement stands under its own number, and neither sums nor counts know the rest."""
    info = settled(window, add_person(build()))
    msgid = window.msgid()
    back = {"psn_no": info["psn_no"], "mdtrt_id": info["mdtrt_id"], "setl_id": info["setl_id"]}
    window.done("2208", {"data": back}, msgid)
    window.done("2601", {"data": {"psn_no": info["psn_no"], "omsgid": msgid, "oinfno": "2208"}})
    assert differences(window, [info]) == []
    for flag in ("0", "1"):
        assert window.done("3201", {"data": totals([info], refd_setl_flag=flag)})["stmtinfo"]["stmt_rslt"] == "0"
    again = taken_back(window, info)
    assert [row["diff_type"] for row in differences(window, [info])] == ["taken_back"]
    assert differences(window, [info, again]) == [] == differences(window, [])
    node = totals([info, again], refd_setl_flag="1")
    assert window.done("3201", {"data": node})["stmtinfo"]["stmt_rslt"] == "0"
