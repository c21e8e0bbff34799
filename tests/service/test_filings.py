"""Filings made, overlapping, cancelled and asked for: 2501 to 2506, 5301, 5302, 5304."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from openyibao.service.people.models import Filing
from service.build import shown
from service.county import HOSPITAL, PHARMACY, Window, add_person, build

REFERRAL = {
    "insutype": "390",
    "diag_code": "I10",
    "diag_name": "高血压",
    "reflin_medins_no": "H88888800001",
    "reflin_medins_name": "外地医院",
    "mdtrtarea_admdvs": "888888",
    "refl_type": "3",
    "refl_date": "2026-03-02",
    "refl_rea": "病情需要",
    "refl_opnn": "同意",
    "begndate": "2026-03-02",
    "enddate": "2026-03-31",
}
DISEASE = {
    "insutype": "390",
    "opsp_dise_code": "M03900",
    "opsp_dise_name": "高血压",
    "insu_optins": "999999",
    "ide_fixmedins_no": HOSPITAL,
    "ide_fixmedins_name": "医院",
    "hosp_ide_date": "2026-02-01",
    "diag_dr_codg": "D1",
    "diag_dr_name": "医",
    "begndate": "2026-02-01",
}
CHOICE = {
    "biz_appy_type": "03",
    "begndate": "2026-01-01",
    "enddate": "2026-12-31",
    "fix_srt_no": "1",
    "fixmedins_code": HOSPITAL,
    "fixmedins_name": "医院",
}


@pytest.fixture
def window(database: str) -> Window:
    return Window()


def number_of(output: dict[str, Any]) -> str:
    return str(output["result"]["trt_dcla_detl_sn"])


def test_a_disease_is_filed_seen_and_cancelled(window: Window) -> None:
    person = add_person(build())
    window.refused("2503", {"data": {**DISEASE, "psn_no": person.psn_no}}, "Y3003")
    shown(window, person)
    node = {**DISEASE, "psn_no": person.psn_no}
    number = number_of(window.done("2503", {"data": node}))
    text = window.refused("2503", {"data": {**node, "begndate": "2026-06-01"}}, "Y3103")
    assert number in text
    number_of(window.done("2503", {"data": {**node, "opsp_dise_code": "M01600", "enddate": "2026-12-31"}}))
    window.refused("2503", {"data": {**node, "opsp_dise_code": "M1", "enddate": "2026-01-31"}}, "Y3104")
    window.refused("2503", {"data": {**node, "opsp_dise_code": "M1", "begndate": "2025-01-01"}}, "Y3002")
    window.refused("2503", {"data": {**node, "opsp_dise_code": "M1", "ide_fixmedins_no": "H1"}}, "Y2001")
    rows = window.done("5301", {"data": {"psn_no": person.psn_no}})["feedetail"]
    assert [(row["opsp_dise_code"], row["begndate"], row["enddate"]) for row in rows] == [
        ("M01600", "2026-02-01", "2026-12-31"),
        ("M03900", "2026-02-01", None),
    ]
    # 2001 sees the filing
    asked = {"psn_no": person.psn_no, "insutype": "390", "fixmedins_code": HOSPITAL, "med_type": "14"}
    asked |= {"begntime": "2026-03-02 08:00:00"}
    why = {row["trt_chk_rslt"] for row in window.done("2001", {"data": {**asked, "dise_codg": "M9"}})["trtinfo"]}
    assert len(why) == 1 and "M9" in why.pop()
    rows = window.done("2001", {"data": {**asked, "dise_codg": "M03900"}})["trtinfo"]
    assert {row["fund_pay_type"]: row["trt_enjymnt_flag"] for row in rows}["390200"] == "1"

    cancel = {"trt_dcla_detl_sn": number, "psn_no": person.psn_no, "memo": "有误"}
    shown(Window(PHARMACY), person)
    Window(PHARMACY).refused("2504", {"data": cancel}, "Y3101")
    window.refused("2506", {"data": cancel}, "Y3101")
    window.refused("2504", {"data": {**cancel, "psn_no": "P2"}}, "Y3101")
    window.done("2504", {"data": cancel})
    window.refused("2504", {"data": cancel}, "Y3102")
    rows = window.done("5301", {"data": {"psn_no": person.psn_no}})["feedetail"]
    assert [row["opsp_dise_code"] for row in rows] == ["M01600"]
    window.done("2503", {"data": node})  # the time is free again


def test_a_designated_institution(window: Window) -> None:
    person = add_person(build())
    shown(window, person)
    node = {**CHOICE, "psn_no": person.psn_no}
    number = number_of(window.done("2505", {"data": node}))
    window.refused("2505", {"data": {**node, "fix_srt_no": "2"}}, "Y3103")  # the same institution
    window.refused("2505", {"data": {**node, "fixmedins_code": PHARMACY}}, "Y3103")  # the same place
    window.done("2505", {"data": {**node, "fixmedins_code": PHARMACY, "fix_srt_no": "2"}})
    window.done("2505", {"data": {**node, "biz_appy_type": "05"}})
    asked = {"psn_no": person.psn_no, "biz_appy_type": "03"}
    rows = window.done("5302", {"data": asked})["psnfixmedin"]
    assert [(row["fixmedins_code"], row["fix_srt_no"]) for row in rows] == [(HOSPITAL, "1"), (PHARMACY, "2")]
    assert {(row["begndate"], row["enddate"]) for row in rows} == {("2026-01-01", "2026-12-31")}
    assert len(window.done("5302", {"data": {"psn_no": person.psn_no}})["psnfixmedin"]) == 3
    window.done("2506", {"data": {"trt_dcla_detl_sn": number, "psn_no": person.psn_no, "memo": "有误"}})
    assert len(window.done("5302", {"data": asked})["psnfixmedin"]) == 1
    window.refused("5302", {"data": {"biz_appy_type": "03"}}, "Y3003")


def test_a_referral_is_seen_by_both_hospitals(window: Window) -> None:
    person = add_person(build())
    shown(window, person)
    node = {**REFERRAL, "psn_no": person.psn_no}
    number = number_of(window.done("2501", {"refmedin": node}))
    window.refused("2501", {"refmedin": node}, "Y3103")
    window.refused("2501", {"refmedin": {**node, "reflin_medins_no": HOSPITAL}}, "Y3105")
    inside = number_of(window.done("2501", {"refmedin": {**node, "reflin_medins_no": PHARMACY, "refl_type": "1"}}))
    march = {"begntime": "2026-03-31 00:00:00", "endtime": "2026-04-30 00:00:00"}
    rows = window.done("5304", {"data": march})["refmedin"]
    assert [(row["reflin_medins_no"], row["out_flag"]) for row in rows] == [("H88888800001", "1"), (PHARMACY, "0")]
    (row,) = (row for row in rows if row["out_flag"] == "1")
    assert (row["refl_date"], row["enddate"], row["insutype"]) == ("2026-03-02", "2026-03-31", "390")
    assert row["certno"] == person.certificate and row["dcla_souc"] == "01" and row["opt_time"]
    (row,) = Window(PHARMACY).done("5304", {"data": march})["refmedin"]  # it receives this one
    assert row["reflin_medins_no"] == PHARMACY
    april = {"begntime": "2026-04-01 00:00:00", "endtime": "2026-04-30 00:00:00"}
    assert window.done("5304", {"data": {**april, "psn_no": person.psn_no}})["refmedin"] == []
    cancel = {"trt_dcla_detl_sn": number, "psn_no": person.psn_no}
    assert number_of(window.done("2502", {"data": cancel})) == number
    (row,) = window.done("5304", {"data": {**march, "psn_no": person.psn_no}})["refmedin"]
    assert row["reflin_medins_no"] == PHARMACY and Filing.objects.get(number=inside).institution.code == PHARMACY


def test_of_many_filings_at_once_one_is_made(window: Window) -> None:
    """Eight threads file the same disease at the same moment: the row of the person lets one of them through."""
    person = add_person(build())
    shown(window, person)
    node = {**DISEASE, "psn_no": person.psn_no}

    def file(number: int) -> int:
        try:
            return int(Window().ask("2503", {"data": node}, msgid=f"{HOSPITAL}20260302{number:010d}")["infcode"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(file, range(8)))
    assert sorted(codes) == [-1] * 7 + [0]
    assert Filing.objects.count() == 1
