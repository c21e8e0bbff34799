"""What the independent client found when it first met the platform, each thing by itself."""

from __future__ import annotations

import base64
import json
import re
from decimal import Decimal
from typing import Any

import pytest

from openyibao.service.clock import now
from openyibao.service.gateway.signatures import headers
from openyibao.service.gateway.sm2 import public_of
from openyibao.service.gateway.uploads import LARGEST_FILE
from openyibao.service.institutions.models import Institution, Key
from openyibao.service.organisation.models import Body
from openyibao.service.people.models import Filing
from service.build import settled, shown, taken_back
from service.county import ALWAYS, HOSPITAL, PHARMACY, YEAR, Window, add_person, build

ADDRESS = "/fsi/api/rsfComIfsService/callService"
PRIVATE = bytes(31) + b"\x07"


@pytest.fixture
def window(database: str) -> Window:
    return Window()


# Undone reversals


def undone(window: Window, info: dict[str, Any]) -> None:
    """A settlement is reversed, and the reversal undone by its message id."""
    msgid = window.msgid()
    back = {"psn_no": info["psn_no"], "mdtrt_id": info["mdtrt_id"], "setl_id": info["setl_id"]}
    window.done("2208", {"data": back}, msgid)
    window.done("2601", {"data": {"psn_no": info["psn_no"], "omsgid": msgid, "oinfno": "2208"}})


def test_a_settlement_keeps_its_number_when_its_reversal_is_undone(window: Window) -> None:
    """2601 answers nothing: the institution knows the first number alone, and all that it asks goes by that."""
    info = settled(window, add_person(build()))
    asked = {"psn_no": info["psn_no"], "mdtrt_id": info["mdtrt_id"], "setl_id": info["setl_id"]}
    status = {"data": {"omsgid": info["medins_setl_id"], "oinfno": "2207"}}
    for _ in range(2):  # as often as one likes
        undone(window, info)
        assert {row["setl_id"] for row in window.done("5204", {"data": asked})} == {info["setl_id"]}
        assert window.done("5203", {"data": asked})["setlinfo"]["setl_id"] == info["setl_id"]
        assert window.done("Y601", status)["data"]["state"] == "done"
    back = taken_back(window, info)
    assert back["medfee_sumamt"] == -info["medfee_sumamt"]
    window.refused("2208", {"data": asked}, "Y6002")
    assert window.done("Y601", status)["data"]["state"] == "undone"


def test_the_call_itself_can_be_undone_after_its_reversal_was(window: Window) -> None:
    info = settled(window, add_person(build()))
    undone(window, info)
    first = {"data": {"psn_no": info["psn_no"], "omsgid": info["medins_setl_id"], "oinfno": "2207"}}
    window.done("2601", first)
    window.refused("2601", first, "Y6007")


# Refunds


def test_a_refund_costs_its_own_count_times_price(window: Window) -> None:
    """Of prices finer than a fen each line is rounded, as it is stated; the settlement is of the sum of the lines."""
    person = add_person(build())
    visit = window.admit(person)
    first = window.line(person, visit, "D-001", "L-first", count="2", price="9.875")
    other = window.line(person, visit, "D-002", "L-other", count="3", price="37.405")
    lines = window.done("2301", {"feedetail": [first, other]})["result"]
    more = {"count": "-1", "det_item_fee_sumamt": Decimal("-9.88"), "init_feedetl_sn": "L-first"}
    back = window.line(person, visit, "D-001", "L-back", price="9.875", **more)
    more = {"count": "-1", "det_item_fee_sumamt": Decimal("-37.41"), "init_feedetl_sn": "L-other"}
    back_other = window.line(person, visit, "D-002", "L-back-other", price="37.405", **more)
    lines += window.done("2301", {"feedetail": [back, back_other]})["result"]
    amounts = {row["feedetl_sn"]: row["det_item_fee_sumamt"] for row in lines}
    assert amounts == {
        "L-first": Decimal("19.75"),
        "L-other": Decimal("112.22"),
        "L-back": Decimal("-9.88"),
        "L-back-other": Decimal("-37.41"),
    }
    parts = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
    assert all(sum(row[part] for part in parts) == row["det_item_fee_sumamt"] for row in lines)
    window.discharge(person, visit)
    info = window.done("2304", {"data": window.settle_data(person, visit, lines)})["setlinfo"]
    assert info["medfee_sumamt"] == sum(amounts.values()) == Decimal("84.68")


@pytest.mark.parametrize("field", ["feedetl_sn", "med_list_codg", "medins_list_codg"])
def test_a_line_of_a_pharmacy_without_a_code_is_refused(database: str, field: str) -> None:
    person = add_person(build())
    window = Window(PHARMACY)
    line = {name: value for name, value in window.line(person, "", "D-001", "").items() if name != field}
    info = {"psn_no": person.psn_no, "mdtrt_cert_type": "02", "begntime": "2026-03-02 08:00:00", "insutype": "390"}
    info |= {"medfee_sumamt": "1.00", "acct_used_flag": "0", "med_type": "41"}
    for infno in ("2101", "2102"):
        assert field in window.refused(infno, {"druginfo": info, "drugdetail": [line]}, "Y1003")


# What comes over HTTP


def form(window: Window, infno: str, nodes: Any, content: bytes) -> tuple[bytes, str]:
    """A form with a message and a file, and its content type."""
    about = {"fixmedins_code": HOSPITAL, "fixmedins_name": "机构", "mdtrtarea_admvs": "999999", "infver": "V1.0"}
    operator = {"opter_type": "1", "opter": "001", "opter_name": "测试", "recer_sys_code": "T"}
    message = {"infno": infno, "msgid": window.msgid(), "inf_time": "2026-11-22 12:00:00", **about, **operator}
    text = json.dumps({**message, "input": nodes}, ensure_ascii=False).encode()
    head = b'--b\r\nContent-Disposition: form-data; name="jsonStr"\r\n\r\n' + text + b"\r\n"
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n' + content + b"\r\n--b--\r\n"
    return head + file, "multipart/form-data; boundary=b"


def answered(window: Window, body: bytes, kind: str, **signed: str) -> dict[str, Any]:
    return json.loads(window.client.post(ADDRESS, body, content_type=kind, headers=signed).content)


def test_a_file_of_many_megabytes_comes_as_a_form(window: Window) -> None:
    build()
    node = {"fsUploadIn": {"filename": "a.zip", "fixmedins_code": HOSPITAL}}
    content = bytes(range(256)) * 4096 * 12  # 12 MiB
    reply = answered(window, *form(window, "9101", node, content))
    assert reply["infcode"] == 0, reply["err_msg"]
    asked = {"file_qury_no": reply["output"]["file_qury_no"], "filename": "a.zip", "fixmedins_code": HOSPITAL}
    assert window.raw("9102", {"fsDownloadIn": asked}) == content
    reply = answered(window, *form(window, "9101", node, bytes(LARGEST_FILE + 1)))
    assert reply["err_msg"].startswith("Y7003")


def test_an_sm2_signature_covers_the_form_and_its_file(window: Window) -> None:
    build()
    hospital = Institution.objects.get(code=HOSPITAL)
    Key.objects.create(
        institution=hospital, method="sm2", identifier="k", secret=public_of(PRIVATE).hex(), period=ALWAYS
    )
    body, kind = form(window, "9101", {"fsUploadIn": {"filename": "a.zip", "fixmedins_code": HOSPITAL}}, b"content")

    def signed(nonce: str) -> dict[str, str]:
        return headers("sm2", "k", PRIVATE.hex(), infno="9101", body=body, moment=now(), nonce=nonce)

    assert answered(window, body.replace(b"content", b"kontent"), kind, **signed("n1"))["err_msg"].startswith("Y2003")
    assert answered(window, body, kind, **signed("n2"))["infcode"] == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "multipart/form-data"),
        (b"{}", "multipart/form-data; boundary=" + "x" * 500),
        (b"--b\r\nnothing", "multipart/form-data; boundary=b"),
        (b'{"input": "' + b"x" * (8 * 1024 * 1024) + b'"}', "application/json"),
    ],
)
def test_what_is_no_message_is_refused(window: Window, body: bytes, kind: str) -> None:
    build()
    answer = window.client.post(ADDRESS, body, content_type=kind)
    assert answer.status_code == 200
    assert re.match("Y1001 ", json.loads(answer.content)["err_msg"])


def test_base64_and_numbers_come_as_before(window: Window) -> None:
    build()
    for given in (base64.b64encode(b"abc").decode(), [97, 98, 99]):
        node = {"filename": "a.zip", "fixmedins_code": HOSPITAL, "in": given}
        number = window.done("9101", {"fsUploadIn": node})["file_qury_no"]
        asked = {"file_qury_no": number, "filename": "a.zip", "fixmedins_code": HOSPITAL}
        assert window.raw("9102", {"fsDownloadIn": asked}) == b"abc"


# Places


def test_an_institution_in_no_pooling_region(window: Window) -> None:
    """It has no catalogue of its own and is told so; it treats and audits by the catalogue of the patient's region."""
    build()
    city = Body.objects.create(code="999900", name_zh="柳城市", name_en="City", level="city", path="/999900/")
    Institution.objects.filter(code=HOSPITAL).update(body=city)
    window.refused("1301", {"data": {"ver": "v0"}}, "Y7106")
    order = {"rx_id": "R1", "hilist_code": "D-003", "hilist_name": "丙丸", "hosplist_code": "own-D-003"}
    encounter = {"mdtrt_id": "M1", "insutype": "390", "fsi_order_dtos": [order]}
    patient = {"patn_id": "P1", "poolarea": "999999", "fsi_encounter_dtos": [encounter]}
    node = {"syscode": "HIS", "task_id": "T1", "trig_scen": "1", "patient_dtos": [patient]}
    found = window.done("3101", {"data": node})["result"]
    assert [row["rule_id"] for row in found] == ["R06"]  # class C


def test_a_referral_that_the_agency_filed_names_the_receiving_hospital(window: Window) -> None:
    person = add_person(build())
    hospital = Institution.objects.get(code=HOSPITAL)
    Filing.objects.create(number="F1", kind="referral", person=person, institution=hospital, period=YEAR)
    shown(window, person)
    asked = {"begntime": "2026-01-01 00:00:00", "endtime": "2026-12-31 23:59:59"}
    for node in ({"psn_no": person.psn_no, **asked}, {"psn_no": "", **asked}):
        (row,) = window.done("5304", {"data": node})["refmedin"]
        assert (row["reflin_medins_no"], row["reflin_medins_name"]) == (HOSPITAL, hospital.name)


def test_what_ends_on_the_last_day_of_the_calendar_has_no_end(window: Window) -> None:
    """Many programs write 9999-12-31 where there is no end."""
    person = add_person(build())
    row = {"fixmedins_hilist_id": "new", "fixmedins_hilist_name": "新", "list_type": "101", "med_list_codg": "D-001"}
    for _ in range(2):
        window.done("3301", {"data": [{**row, "begndate": "2026-03-01", "enddate": "9999-12-31"}]})
    shown(window, person)
    filed = {"psn_no": person.psn_no, "biz_appy_type": "03", "fix_srt_no": "1", "fixmedins_code": HOSPITAL}
    window.done("2505", {"data": {**filed, "fixmedins_name": "院", "begndate": "2026-03-01", "enddate": "9999-12-31"}})
    assert Filing.objects.get().period.upper is None
    asked = {"begntime": "2026-01-01", "endtime": "9999-12-31"}
    window.done("5304", {"data": {"psn_no": person.psn_no, **asked}})
    window.done("5303", {"data": {"psn_no": person.psn_no, **asked}})


def test_an_audit_of_more_than_the_interface_can_state(window: Window) -> None:
    build()
    huge = {"cnt": "9999", "pric": "99999999999999.99", "sumamt": "1.00"}
    order = {"rx_id": "R1", "hilist_code": "D-003", "hilist_name": "丙丸", "hosplist_code": "own-D-003", **huge}
    patient = {
        "patn_id": "P1",
        "fsi_encounter_dtos": [{"mdtrt_id": "M1", "insutype": "390", "fsi_order_dtos": [order]}],
    }
    node = {"syscode": "HIS", "task_id": "T1", "trig_scen": "1", "patient_dtos": [patient]}
    found = {row["rule_id"]: row for row in window.done("3101", {"data": node})["result"]}
    assert (found["R04"]["vola_amt"], found["R04"]["vola_amt_stas"]) == (0, "0")
