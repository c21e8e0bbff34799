"""Who somebody is, what they are entitled to, what was done for them: 1101, 1201, 2001, 5201 to 5206, 5303, 9001.

Every reply passes the strict writer of the interface.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.service.gateway.models import Presented, SignIn
from openyibao.service.gateway.transactions.persons import insurance_rows
from openyibao.service.gateway.transactions.visit_queries import place_of
from openyibao.service.organisation.models import Body
from openyibao.service.people.models import Coverage, Identity
from service.build import settled, shown, taken_back
from service.county import HOSPITAL, PHARMACY, Window, add_person, build, now

WIDE = {"begntime": "2026-01-01 00:00:00", "endtime": "2026-12-31 23:59:59"}


@pytest.fixture
def window(database: str) -> Window:
    return Window()


def test_signing_in_and_out(window: Window) -> None:
    build()
    given = {"signIn": {"opter_no": "001", "mac": "00-00", "ip": "192.0.2.1"}}
    first, second = (window.done("9001", given)["signinoutb"]["sign_no"] for _ in range(2))
    assert first != second and len(first) == 30
    out = {"signOut": {"sign_no": first, "opter_no": "001"}}
    Window(PHARMACY).refused("9002", out, "Y7010")
    window.refused("9002", {"signOut": {"sign_no": first, "opter_no": "002"}}, "Y7010")
    assert window.done("9002", out)["signoutoutb"]["sign_time"]
    window.refused("9002", out, "Y7010")
    assert list(SignIn.objects.filter(ended=None).values_list("sign_no", flat=True)) == [second]


def test_a_person_by_certificate_card_and_electronic_credential(window: Window) -> None:
    person = add_person(build(), identity="2303", account_fen=12_345)
    person.card = "C1"
    person.save()
    Identity.objects.create(person=person, code="2308", period=DateRange(date(2020, 1, 1), date(2021, 1, 1)))
    output = shown(window, person, certno=person.certificate, psn_name=person.name)
    assert output["baseinfo"]["psn_no"] == person.psn_no
    assert (output["baseinfo"]["age"], output["baseinfo"]["brdy"]) == (now().year - 1980, "1980-01-01")
    (row,) = output["insuinfo"]
    assert (row["insutype"], row["balc"], row["psn_insu_stas"]) == ("390", Decimal("123.45"), "1")
    assert row["insuplc_admdvs"] == "999999" and row["paus_insu_date"] is None
    assert [one["psn_idet_type"] for one in output["idetinfo"]] == ["2303"]

    card = {"mdtrt_cert_type": "03", "mdtrt_cert_no": "C1", "card_sn": "S", "psn_cert_type": "01"}
    assert window.done("1101", {"data": card})["baseinfo"] == output["baseinfo"]
    token = {"mdtrt_cert_type": "01", "mdtrt_cert_no": "token", "psn_cert_type": "01", "certno": person.certificate}
    assert window.done("1101", {"data": token})["baseinfo"] == output["baseinfo"]

    plain = {"mdtrt_cert_type": "02", "mdtrt_cert_no": person.certificate, "psn_cert_type": "01"}
    window.refused("1101", {"data": {**plain, "mdtrt_cert_no": "999999190001010000"}}, "Y3001")
    window.refused("1101", {"data": {**plain, "certno": "999999190001010000"}}, "Y3001")
    window.refused("1101", {"data": {**plain, "psn_name": "别人"}}, "Y3005")
    window.refused("1101", {"data": {**card, "card_sn": ""}}, "Y3004")
    window.refused("1101", {"data": {**token, "certno": ""}}, "Y3004")
    window.refused("1101", {"data": {**plain, "mdtrt_cert_type": "99"}}, "Y3004")


def test_coverage_that_is_suspended_or_over(window: Window) -> None:
    region = build()
    person = add_person(region)
    Coverage.objects.filter(person=person).update(suspended=date(2026, 2, 1))
    Coverage.objects.create(
        person=person,
        region=region,
        scheme="resident",
        insurance="390",
        kind="1403",
        joined=date(2024, 1, 1),
        period=DateRange(date(2024, 1, 1), date(2025, 1, 1)),
    )
    rows = shown(window, person, begntime="2024-06-01 00:00:00")["insuinfo"]
    assert [(row["psn_type"], row["psn_insu_stas"]) for row in rows] == [("1501", "2"), ("1403", "4")]
    assert rows[1]["paus_insu_date"] == "2025-01-01"
    Coverage.objects.filter(kind="1501").delete()
    (row,) = shown(window, person)["insuinfo"]  # nothing in force: the last one that ended
    assert (row["psn_type"], row["psn_insu_stas"]) == ("1403", "4")
    asked = {"psn_no": person.psn_no, "insutype": "390", "fixmedins_code": HOSPITAL, "med_type": "21"}
    (row,) = window.done("2001", {"data": {**asked, "begntime": "2026-03-02 08:00:00"}})["trtinfo"]
    assert (row["fund_pay_type"], row["trt_enjymnt_flag"]) == ("390100", "0") and row["trt_chk_rslt"]


@pytest.mark.usefixtures("database")
def test_an_employee_whose_region_has_a_large_amount_fund_has_two_rows() -> None:
    region = build()
    region.policies = {"employee": "chongqing/employee-2024"}
    region.save()
    person = add_person(region, account_fen=100)
    about = {"scheme": "employee", "insurance": "310", "kind": "1101"}
    Coverage.objects.filter(person=person).update(**about, period=DateRange(date(2024, 1, 1), None))
    rows = insurance_rows(Coverage.objects.get(person=person), date(2025, 5, 1))
    assert [(row["insutype"], row["balc"]) for row in rows] == [("310", Decimal("1.00")), ("330", Decimal("0.00"))]
    rows = insurance_rows(Coverage.objects.get(person=person), date(2030, 5, 1))  # no policy is in force
    assert [row["insutype"] for row in rows] == ["310"]


def test_nobody_asks_by_number_alone(window: Window) -> None:
    """A number opens nothing to an institution where the person was not; a stranger's answer is a missing one's."""
    person = add_person(build())
    asked = {"psn_no": person.psn_no, "cum_ym": ""}
    first = window.refused("5206", {"data": asked}, "Y3003")
    missing = window.refused("5206", {"data": {**asked, "psn_no": "P000000009"}}, "Y3003")
    assert first.replace(person.psn_no, "P000000009") == missing
    shown(window, person)
    assert window.done("5206", {"data": asked})["cuminfo"] == []
    Presented.objects.update(seen=now() - timedelta(days=40))
    window.refused("5206", {"data": asked}, "Y3003")
    window.register(person)
    assert window.done("5206", {"data": asked})["cuminfo"] == []
    Window(PHARMACY).refused("5206", {"data": asked}, "Y3003")
    shown(window, person)
    shown(window, person)
    assert Presented.objects.count() == 1 and Presented.objects.get().seen > now() - timedelta(days=1)


def test_institutions(window: Window) -> None:
    build()
    own = window.done("1201", {"medinsinfo": {"fixmedins_type": "1", "fixmedins_code": HOSPITAL}})["medinsinfo"]
    assert (own["fixmedins_code"], own["hosp_lv"]) == (HOSPITAL, "05")
    named = window.done("1201", {"medinsinfo": {"fixmedins_type": "2", "fixmedins_name": "构P"}})["medinsinfo"]
    assert named["fixmedins_code"] == PHARMACY and named["hosp_lv"] is None
    window.refused("1201", {"medinsinfo": {"fixmedins_type": "2", "fixmedins_code": HOSPITAL}}, "Y2001")
    window.refused("1201", {"medinsinfo": {"fixmedins_name": "机构"}}, "Y7005")


def test_which_funds_pay_for_whom(window: Window) -> None:
    region = build()
    poor, other = add_person(region, 1, identity="2303"), add_person(region, 2)

    def flags(person: Any, **more: str) -> dict[str, str]:
        node = {"psn_no": person.psn_no, "insutype": "390", "fixmedins_code": HOSPITAL, "med_type": "21", **more}
        node.setdefault("begntime", "2026-03-02 08:00:00")
        rows = window.done("2001", {"data": node})["trtinfo"]
        assert all(bool(row["trt_chk_rslt"]) == (row["trt_enjymnt_flag"] == "0") for row in rows)
        assert {row["trt_chk_type"] for row in rows} == {"01"}
        return {row["fund_pay_type"]: row["trt_enjymnt_flag"] for row in rows}

    shown(window, poor)
    shown(window, other)
    assert flags(poor) == {"390100": "1", "390200": "1", "610100": "1"}
    assert flags(other) == {"390100": "1", "390200": "1", "610100": "0"}
    assert flags(other, med_type="11")["390100"] == "0"  # the county's pooled fund pays for stays only
    assert set(flags(poor, med_type="14").values()) == {"0"}  # no filing
    assert flags(poor, begntime="2025-03-02 08:00:00") == {"390100": "0"}  # not covered then
    window.refused("2001", {"data": {"psn_no": "x", "insutype": "390", "fixmedins_code": PHARMACY,
                                     "med_type": "21", "begntime": "2026-03-02 08:00:00"}}, "Y7001")  # fmt: skip


def test_a_settlement_is_stated_as_it_was_answered(window: Window) -> None:
    region = build()
    person = add_person(region)
    shown(window, person)
    info = settled(window, person, {"D-001": "10", "D-002": "3", "D-003": "2"})
    asked = {"psn_no": person.psn_no, "mdtrt_id": info["mdtrt_id"], "setl_id": info["setl_id"]}
    output = window.done("5203", {"data": asked})
    same = output["setlinfo"].keys() & info.keys()
    assert len(same) > 35 and {name: output["setlinfo"][name] for name in same} == {name: info[name] for name in same}
    assert output["setlinfo"]["psn_pay"] == info["psn_part_amt"]
    assert output["setlinfo"]["cash_payamt"] == info["psn_cash_pay"]
    assert output["setlinfo"]["refd_setl_flag"] == "0" and output["setlinfo"]["pay_loc"] == "2"
    Window(PHARMACY).refused("5203", {"data": asked}, "Y4001")
    window.refused("5203", {"data": {**asked, "setl_id": "1"}}, "Y6001")

    rows = window.done("5204", {"data": asked})
    assert sorted(row["med_list_codg"] for row in rows) == ["D-001", "D-002", "D-003"]
    for field, total in (("overlmt_amt", "overlmt_selfpay"), ("inscp_scp_amt", "inscp_scp_amt")):
        assert sum(row[field] for row in rows) == info[total]
    assert {row["setl_id"] for row in rows} == {info["setl_id"]}
    by_item = {row["med_list_codg"]: row for row in rows}
    assert [by_item[item]["chrgitm_lv"] for item in sorted(by_item)] == ["01", "02", "03"]
    assert by_item["D-002"]["hilist_name"] == "乙针" and by_item["D-002"]["selfpay_prop"] == Decimal("0.05")

    back = taken_back(window, info)
    output = window.done("5203", {"data": {**asked, "setl_id": back["setl_id"]}})["setlinfo"]
    assert (output["medfee_sumamt"], output["refd_setl_flag"]) == (-info["medfee_sumamt"], "1")
    assert len(window.done("5204", {"data": {**asked, "setl_id": back["setl_id"]}})) == 3  # what was taken back
    rows = window.done("5204", {"data": {**asked, "setl_id": None}})
    assert {row["setl_id"] for row in rows} == {""}  # unsettled again


def test_where_care_was_paid() -> None:
    county, district = Body(code="500000", path="/100000/500000/"), Body(code="500103", path="/100000/500000/500103/")
    other, neighbour = Body(code="510100", path="/100000/510000/510100/"), Body(code="500243", path="/100000/500243/")
    assert [place_of(county, one) for one in (district, other)] == ["2", "4"]
    assert place_of(district, neighbour) == "3"


def test_visits_diagnoses_and_who_is_in_hospital(window: Window) -> None:
    region = build()
    person, other = add_person(region), add_person(region, 2)
    shown(window, person)
    visit = window.register(person)
    about = {"mdtrt_id": visit, "psn_no": person.psn_no, "med_type": "11", "begntime": "2026-03-02 08:00:00"}
    diagnosis = {
        "diag_type": "1",
        "diag_srt_no": 1,
        "diag_code": "I10",
        "diag_name": "高血压",
        "diag_dept": "内科",
        "dise_dor_no": "D1",
        "dise_dor_name": "医",
        "diag_time": "2026-03-02 08:30:00",
        "vali_flag": "1",
    }
    second = {**diagnosis, "diag_srt_no": 2, "diag_code": "E11"}
    window.done("2203", {"mdtrtinfo": {**about, "main_cond_dscr": "头晕"}, "diseinfo": [diagnosis, second]})
    asked = {"psn_no": person.psn_no, "med_type": "11", **WIDE}
    (row,) = window.done("5201", {"data": asked})["mdtrtinfo"]
    assert (row["mdtrt_id"], row["main_cond_dscr"], row["inhosp_stas"]) == (visit, "头晕", "0")
    assert (row["begntime"], row["endtime"]) == ("2026-03-02 08:00:00", "2026-03-02 08:00:00")
    assert window.done("5201", {"data": {**asked, "med_type": "21"}})["mdtrtinfo"] == []
    window.refused("5201", {"data": {**asked, "begntime": asked["endtime"], "endtime": asked["begntime"]}}, "Y7006")
    rows = window.done("5202", {"data": {"mdtrt_id": visit, "psn_no": person.psn_no}})["diseinfo"]
    assert [(one["diag_code"], one["maindiag_flag"], one["diag_srt_no"]) for one in rows] == [
        ("I10", "1", 1),
        ("E11", "0", 2),
    ]
    assert len({one["diag_info_id"] for one in rows}) == 2
    window.refused("5202", {"data": {"mdtrt_id": visit, "psn_no": other.psn_no}}, "Y4001")

    stay = window.admit(other)
    found = window.done("5303", {"data": WIDE})["data"]
    assert [(one["mdtrt_id"], one["begndate"], one["out_flag"]) for one in found] == [(stay, "2026-03-02", "0")]
    assert window.done("5303", {"data": {**WIDE, "psn_no": person.psn_no}})["data"] == []
    assert Window(PHARMACY).done("5303", {"data": WIDE})["data"] == []
    (row,) = window.done("5201", {"data": {"psn_no": other.psn_no, "med_type": "21", **WIDE}})["mdtrtinfo"]
    assert row["inhosp_stas"] == "1" and row["adm_bed"] == "1"
    window.discharge(other, stay)
    assert window.done("5303", {"data": WIDE})["data"] == []
    (row,) = window.done("5201", {"data": {"psn_no": other.psn_no, "med_type": "21", **WIDE}})["mdtrtinfo"]
    assert (row["inhosp_stas"], row["endtime"], row["ipt_days"]) == ("0", "2026-03-09 10:00:00", 7)


def test_what_a_person_has_used_up(window: Window) -> None:
    person = add_person(build(), identity="2303")
    visit = window.admit(person)
    lines = window.upload(person, visit, {"D-001": "40000"}, "2301")
    window.discharge(person, visit)
    info = window.done("2304", {"data": window.settle_data(person, visit, lines)})["setlinfo"]
    month = f"{now():%Y%m}"
    rows = window.done("5206", {"data": {"psn_no": person.psn_no, "cum_ym": ""}})["cuminfo"]
    assert {row["cum_ym"] for row in rows} == {month} and {row["insutype"] for row in rows} == {"390"}
    found = {row["cum_type_code"]: row["cum"] for row in rows}
    national = {name: value for name, value in found.items() if not name.startswith("U_")}
    assert national == {
        "C0000": 1,
        "F0000": info["medfee_sumamt"],
        "S0000": info["inscp_scp_amt"],
        "Q0000": Decimal("400.00"),
        "D390101": info["hifp_pay"],
        "D390201": info["hifmi_pay"],
        "D610101": info["maf_pay"],
    }
    assert found["U_basic insurance / at most per year"] == info["hifp_pay"]
    assert found["U_medical assistance / at most per year"] == info["maf_pay"]
    asked = {"psn_no": person.psn_no, "cum_ym": month}
    assert window.done("5206", {"data": asked})["cuminfo"] == rows
    assert window.done("5206", {"data": {**asked, "cum_ym": "202512"}})["cuminfo"] == []
    window.refused("5206", {"data": {**asked, "cum_ym": "202613"}}, "Y7011")
    back = {"psn_no": person.psn_no, "mdtrt_id": visit, "setl_id": info["setl_id"]}
    window.done("2305", {"data": back})
    assert window.done("5206", {"data": asked})["cuminfo"] == []
