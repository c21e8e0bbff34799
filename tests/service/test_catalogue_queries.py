"""Catalogue files, paged queries, dictionaries, mappings, files and the detail audit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from openyibao.service.gateway.models import File
from openyibao.service.gateway.transactions.catalogues import EMPTY, FILES, columns
from openyibao.service.institutions.models import Mapping
from service.build import fetch, upload
from service.county import HOSPITAL, PHARMACY, Window, build, now

PAGE = {"updt_time": "2000-01-01 00:00:00", "page_num": 1, "page_size": 100}


@pytest.fixture
def window(database: str) -> Window:
    build()
    return Window()


def test_catalogue_files(window: Window) -> None:
    seen: list[str] = []
    for infno in (*FILES, *EMPTY):
        answer = window.done(infno, {"data": {"ver": "v0000"}})
        rows = fetch(window, answer["file_qury_no"], "plc")
        assert len(rows) == answer["data_cnt"] and {len(row) for row in rows} <= {len(columns(infno))}
        seen += [row[0] for row in rows]
    assert sorted(seen) == sorted(["D-001", "D-002", "D-002", "D-003", "D-004", "S-001", "S-002", "M-001", "M-002"])
    answer = window.done("1301", {"data": {"ver": "v0000"}})
    rows = fetch(window, answer["file_qury_no"], answer["filename"])
    cells = [dict(zip(columns("1301"), row, strict=True)) for row in rows]
    injection = [(row["版本号"], row["开始日期"], row["结束日期"]) for row in cells if row["医疗目录编码"] == "D-002"]
    assert injection == [("v20260101", "2026-01-01", "2026-06-30"), ("v20260701", "2026-07-01", "")]
    assert {row["药品通用名"]: row["国家医保药品目录甲乙类标识"] for row in cells}["丙丸"] == "03"
    newer = window.done("1301", {"data": {"ver": "V20260101"}})
    assert [row[0] for row in fetch(window, newer["file_qury_no"], "plc")] == ["D-002"]
    nothing = window.done("1301", {"data": {"ver": max(row["版本号"] for row in cells)}})
    assert fetch(window, nothing["file_qury_no"], "plc") == [] and nothing["data_cnt"] == 0
    # the same file again is the same file, until it is about to expire
    assert window.done("1301", {"data": {"ver": "v0000"}})["file_qury_no"] == answer["file_qury_no"]
    File.objects.update(expires=now() + timedelta(hours=1))
    assert window.done("1301", {"data": {"ver": "v0000"}})["file_qury_no"] != answer["file_qury_no"]


def test_files_are_the_institution_s_own_and_end(window: Window) -> None:
    sent = upload(window, b"some bytes\x00\xff", "a.bin")
    node = {"file_qury_no": sent["file_qury_no"], "filename": "a.bin", "fixmedins_code": HOSPITAL}
    assert window.raw("9102", {"fsDownloadIn": node}) == b"some bytes\x00\xff"
    assert len(sent["file_qury_no"]) == 30 and upload(window, b"x", "a.bin")["file_qury_no"] != sent["file_qury_no"]
    odd = {**node, "file_qury_no": upload(window, b"z", '病"案\r\n.zip')["file_qury_no"], "filename": '病"案\r\n.zip'}
    assert window.raw("9102", {"fsDownloadIn": odd}) == b"z"
    other = Window(PHARMACY)
    other.refused("9102", {"fsDownloadIn": node}, "Y7001")
    other.refused("9102", {"fsDownloadIn": {**node, "fixmedins_code": PHARMACY}}, "Y7002")
    window.refused("9102", {"fsDownloadIn": {**node, "filename": "b.bin"}}, "Y7002")
    window.refused("9102", {"fsDownloadIn": {**node, "filename": "plc"}}, "Y7002")  # for catalogues only
    window.refused("9102", {"fsDownloadIn": {**node, "file_qury_no": "0"}}, "Y7002")
    File.objects.update(expires=now())
    window.refused("9102", {"fsDownloadIn": node}, "Y7002")
    upload(window, b"y")
    assert File.objects.count() == 1  # those whose time was over made room
    held = [File(number=str(n), name="n", institution=File.objects.get().institution, uploaded=True, content=b"",
                 made=now(), expires=now() + timedelta(days=1)) for n in range(99)]  # fmt: skip
    File.objects.bulk_create(held)
    window.refused("9101", {"fsUploadIn": {"filename": "a", "fixmedins_code": HOSPITAL, "in": [1]}}, "Y7004")
    window.refused("9101", {"fsUploadIn": {"filename": "a", "fixmedins_code": PHARMACY, "in": [1]}}, "Y7001")


def rows_of(window: Window, infno: str, **more: Any) -> list[dict[str, Any]]:
    return window.done(infno, {"data": {**PAGE, **more}})["data"]


def test_paged_queries(window: Window) -> None:
    counts = window.done("1312", {"data": {**PAGE, "page_size": 3}})
    assert (counts["recordCounts"], counts["pages"], counts["firstPage"], counts["lastPage"]) == (9, 3, True, False)
    pages = [window.done("1312", {"data": {**PAGE, "page_size": 3, "page_num": n}})["data"] for n in (1, 2, 3, 4)]
    assert [len(rows) for rows in pages] == [3, 3, 3, 0]
    assert len({row["rid"] for rows in pages for row in rows}) == 9
    for wrong in ({"page_num": 0}, {"page_size": 1001}, {"page_size": 0}):
        window.refused("1312", {"data": {**PAGE, **wrong}}, "Y7007")
    (row,) = rows_of(window, "1312", hilist_code="D-002", query_date="2026-08-01")
    assert (row["chrgitm_lv"], row["list_type"], row["begndate"]) == ("02", "101", "2026-07-01")
    assert {row["hilist_code"] for row in rows_of(window, "1312", chrgitm_lv="03")} == {"D-003"}
    assert {row["hilist_code"] for row in rows_of(window, "1312", list_type="201")} == {"S-001", "S-002"}
    assert [row["begndate"] for row in rows_of(window, "1312", updt_time="2026-02-01 00:00:00")] == ["2026-07-01"]
    assert rows_of(window, "1312", insu_admdvs="500000") == [] == rows_of(window, "1304")
    assert len(rows_of(window, "1316", hilist_code="D-001")) == 1

    limits = {row["tabname"]: row["hilist_pric_uplmt_amt"] for row in rows_of(window, "1318", hilist_code="S-001")}
    assert limits == {"grade: primary": 20, "grade: secondary": 25, "grade: tertiary": 32}
    (row,) = rows_of(window, "1318", hilist_code="D-004")
    assert (row["hilist_pric_uplmt_amt"], row["hilist_lmtpric_type"], row["tabname"]) == (Decimal("0.0478"), "0", None)
    assert rows_of(window, "1318", hilist_code="D-001") == []

    def shares(code: str) -> list[tuple[str, str | None, Decimal]]:
        rows = rows_of(window, "1319", hilist_code=code)
        return [(row["selfpay_prop_psn_type"], row["tabname"], row["selfpay_prop"]) for row in rows]

    assert shares("D-001") == [("0", None, 0)] and shares("D-003") == [("0", None, 1)]
    assert shares("D-002") == [("0", None, Decimal("0.05")), ("0", None, Decimal("0.10"))]
    assert shares("D-004") == [
        ("1", "locality: local, referred", Decimal("0.10")),
        ("2", "locality: unfiled", Decimal("0.20")),
    ]
    assert [(words, share) for _, words, share in shares("M-001")] == [
        ("slices 0-5000", 0),
        ("slices 5000-20000", Decimal("0.3")),
        ("slices > 20000; scheme: resident", Decimal("0.5")),
        ("slices > 20000; scheme: employee", Decimal("0.45")),
    ]
    assert shares("M-002") == []  # nobody knows it


def test_dictionaries(window: Window) -> None:
    node = {"type": "insutype", "parentValue": "0", "admdvs": "999999", "date": "2026-01-01", "valiFlag": "1"}
    rows = window.done("1901", {"data": node})["list"]
    found = {row["value"]: row["label"] for row in rows}
    assert found["390"] == "城乡居民基本医疗保险" and {row["type"] for row in rows} == {"insutype"}
    assert [row["sort"] for row in rows] == list(range(1, len(rows) + 1))
    assert "99xx" not in {row["value"] for row in window.done("1901", {"data": {**node, "type": "MED_TYPE"}})["list"]}
    assert window.done("1901", {"data": {**node, "valiFlag": "0"}})["list"] == []
    window.refused("1901", {"data": {**node, "type": "NONE"}}, "Y7008")


def test_every_dictionary_fits_its_reply(window: Window) -> None:
    from openyibao.terms import all_dictionaries

    node = {"parentValue": "0", "admdvs": "999999", "date": "2026-01-01", "valiFlag": "1"}
    for one in all_dictionaries():
        rows = window.done("1901", {"data": {**node, "type": one.id}})["list"]
        assert len(rows) == sum(not code.pattern for code in one)


def test_mapping_codes(window: Window) -> None:
    row = {
        "fixmedins_hilist_id": "own-9",
        "fixmedins_hilist_name": "丁颗粒",
        "list_type": "101",
        "med_list_codg": "D-004",
        "begndate": "2026-01-01",
        "enddate": "2026-12-31",
        "spec": "10g",
    }
    window.done("3301", {"data": [row]})
    window.done("3301", {"data": [row]})  # the same again is no second one
    (found,) = rows_of(window, "1317", medins_list_codg="own-9")
    assert (found["med_list_codg"], found["enddate"], found["spec"]) == ("D-004", "2026-12-31", "10g")
    assert found["vali_flag"] == "1" and found["fixmedins_code"] == HOSPITAL
    window.refused("3301", {"data": [{**row, "med_list_codg": "D-001"}]}, "Y7102")
    window.refused("3301", {"data": [{**row, "fixmedins_hilist_id": "n", "med_list_codg": "X"}]}, "Y7101")
    window.refused("3301", {"data": [{**row, "fixmedins_hilist_id": "n", "begndate": "2025-01-01"}]}, "Y7101")
    window.refused("3301", {"data": [{**row, "fixmedins_hilist_id": "n", "list_type": "201"}]}, "Y7104")
    window.refused("3301", {"data": [{**row, "fixmedins_hilist_id": "n", "enddate": "2025-01-01"}]}, "Y7006")
    window.refused("3301", {"data": []}, "Y7105")
    good = {**row, "fixmedins_hilist_id": "n1"}
    window.refused("3301", {"data": [good, {**row, "med_list_codg": "X"}]}, "Y7101")
    assert not Mapping.objects.filter(own_code="n1").exists()  # all rows or none

    node = {"fixmedins_hilist_id": "own-9", "fixmedins_code": HOSPITAL, "list_type": "101", "med_list_codg": "D-004"}
    window.refused("3302", {"data": {**node, "med_list_codg": "D-001"}}, "Y7103")
    window.refused("3302", {"data": {**node, "fixmedins_code": PHARMACY}}, "Y7001")
    window.done("3302", {"data": node})
    window.refused("3302", {"data": node}, "Y7103")
    assert rows_of(window, "1317", medins_list_codg="own-9", vali_flag="1") == []
    (found,) = rows_of(window, "1317", medins_list_codg="own-9", vali_flag="0")
    assert found["vali_flag"] == "0"
    today = f"{now():%Y-%m-%d}"
    window.done("3301", {"data": [{**row, "begndate": today, "enddate": "2099-12-31"}]})
    window.done("3302", {"data": node})  # begun today: it leaves no trace
    assert Mapping.objects.filter(own_code="own-9").count() == 1
    Window(PHARMACY).refused("1317", {"data": {**PAGE, "fixmedins_code": HOSPITAL}}, "Y7001")


def test_the_detail_audit(window: Window) -> None:
    def order(number: str, code: str, **more: Any) -> dict[str, Any]:
        price = more.get("pric", 1)
        return {
            "rx_id": number,
            "hilist_code": code,
            "hosplist_code": f"own-{code}",
            "cnt": 2,
            "pric": price,
            "sumamt": price * 2,
            "drord_begn_date": "2026-03-02 09:00:00",
            "drord_dr_codg": "D1",
            **more,
        }

    orders = [
        order("fine", "D-001"),
        order("R01", "X-1", hosplist_code=""),
        order("R02", "D-001", drord_begn_date="2025-03-02 09:00:00"),
        order("R03", "S-001", pric=26),
        order("R04", "D-001", pric=3, sumamt=7),
        order("R05", "D-001"),
        order("R06", "D-003"),
        order("R07", "D-002", hosplist_code="own-D-001"),
        order("R08", "M-002", hosplist_code=""),
    ]
    encounter = {"mdtrt_id": "M1", "insutype": "390", "fsi_order_dtos": orders}
    patient = {"patn_id": "P1", "poolarea": "999999", "fsi_encounter_dtos": [encounter]}
    for infno in ("3101", "3102"):
        node = {"syscode": "HIS", "task_id": "T1", "trig_scen": "1", "patient_dtos": [patient]}
        found = window.done(infno, {"data": node})["result"]
        by_order = {
            (detail["rx_id"], row["rule_id"]): row for row in found for detail in row["judge_result_detail_dtos"]
        }
        assert sorted(by_order) == [(f"R0{n}", f"R0{n}") for n in range(1, 9)]
        assert by_order["R03", "R03"]["vola_amt"] == Decimal("2.00") and "25" in by_order["R03", "R03"]["vola_cont"]
        assert by_order["R04", "R04"]["vola_amt"] == Decimal("1.00")
        assert {row["patn_id"] for row in found} == {"P1"}
        assert {row["task_id"] for row in found} == {"T1" if infno == "3101" else None}  # 3102 has no such input
        assert len({row["jr_id"] for row in found}) == 8
        only = window.done(infno, {"data": {**node, "trig_scen": None, "rule_ids": ["R06"]}})["result"]
        assert [row["rule_id"] for row in only] == ["R06"]
    # where the request does not say what a table asks, nothing is claimed
    unsaid = {**patient, "fsi_encounter_dtos": [{"mdtrt_id": "M1", "fsi_order_dtos": [orders[-1]]}]}
    assert window.done("3101", {"data": {**node, "patient_dtos": [unsaid]}})["result"] == []
    many = {**patient, "fsi_encounter_dtos": [{**encounter, "fsi_order_dtos": [orders[0]] * 5001}]}
    window.refused("3101", {"data": {**node, "patient_dtos": [many]}}, "Y7005")
