"""Messages of the national interface: what is read and how, what is refused, and that nothing else can happen."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openyibao.service.clock import CHINA
from openyibao.service.gateway.exact import dumps
from openyibao.service.gateway.message import MAX_BYTES, MAX_DEPTH
from openyibao.service.gateway.reader import read_envelope, read_input, read_message
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.spec import NEEDS, TYPES, Node, _data, by_path, folded, transaction, transactions
from service.messages import ENVELOPE, nodes, written

NUMBERS = [
    *("9001", "9002", "1101", "1201", *map(str, range(1301, 1320)), "1901", "2001", "2101", "2102", "2103"),
    *("2201", "2202", "2203", "2203A", "2204", "2205", "2206", "2207", "2208"),
    *("2301", "2302", "2303", "2304", "2305", "2401", "2402", "2403", "2404", "2405"),
    *("2501", "2502", "2503", "2504", "2505", "2506", "2601", "3101", "3102", "3201", "3202", "3301", "3302", "4101A"),
    *("5201", "5202", "5203", "5204", "5205", "5206", "5301", "5302", "5303", "5304", "9101", "9102", "Y601"),
]


def every_node() -> list[tuple[str, Node]]:
    found: list[tuple[str, Node]] = []

    def walk(where: str, node: Node) -> None:
        found.append((f"{where} {node.name}", node))
        for inner in node.nodes.values():
            walk(where, inner)

    for infno, spec in transactions().items():
        for node in (*spec.inputs.values(), *spec.outputs.values()):
            walk(infno, node)
    return found


def problems(spec: str, given: Any) -> str:
    with pytest.raises(Refused) as caught:
        read_input(transaction(spec), given)
    assert caught.value.reason.name == "bad fields"
    return caught.value.text("en")


def test_the_file_holds_these_transactions_and_its_sources() -> None:
    assert set(transactions()) == set(NUMBERS)
    about = _data()["about"]
    assert (
        len(about["sources"]) == 8 and "not the official text" in about["en"] and about["as_of"] and about["confidence"]
    )


def test_every_line_of_the_file_keeps_its_rules() -> None:
    for where, node in every_node():
        # Two names may not be one in spelling: the reader could not tell them apart.
        names = [folded(name) for name in (*node.fields, *node.nodes)]
        assert len(set(names)) == len(names), where
        assert node.fields, where
        for field in node.fields.values():
            assert field.type in TYPES and field.name.isidentifier(), (where, field)
            assert not (field.required and field.regional), (where, field)
            assert field.decimals is None or 0 <= field.decimals <= field.length <= 30, (where, field)
    assert NEEDS == ("required", "optional", "regional")


def test_no_two_nodes_of_a_transaction_share_a_name() -> None:
    for infno, spec in transactions().items():
        names = [folded(name) for node in spec.inputs.values() for name in (node.name, *node.also)]
        assert len(set(names)) == len(names), infno


def test_fields_whose_sources_differ_are_optional() -> None:
    data = transaction("1101").inputs["data"].fields
    assert not any(data[name].required for name in ("mdtrt_cert_type", "certno", "psn_name"))
    settlement = transaction("2207").inputs["data"].fields
    assert settlement["medfee_sumamt"].required and not settlement["mdtrt_cert_no"].required
    assert (settlement["medfee_sumamt"].length, settlement["medfee_sumamt"].decimals) == (16, 2)
    assert settlement["insutype"].coded and not settlement["psn_no"].coded


def test_addresses() -> None:
    for infno, spec in transactions().items():
        assert by_path(f"/hgs/{infno}") == by_path(f"/ebus/app/csb/{infno.lower()}/") == infno
        if spec.path:
            assert by_path(f"/ebus/app{spec.path}") == infno
    assert by_path("/fsi/api/rsfComIfsService/callService") is None
    assert by_path("/CSB") is None
    for path in ("/", "/csb/0000", "/fsi/api/nothing", "/csb/2207/more", "/xcsb"):
        with pytest.raises(Refused, match="Y1006"):
            by_path(path)


def test_a_transaction_that_is_none() -> None:
    assert transaction("2203a").infno == "2203A"
    with pytest.raises(Refused, match=r"Y1002.*2299"):
        transaction("2299")
    with pytest.raises(Refused) as caught:
        transaction("<script>110105194912310021")
    assert "110105" not in caught.value.text("zh")


# Bytes.


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "line 1, column 1"),
        (b"[1]", "no object"),
        (b'{"a": 1', "line 1, column 8"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', "same key twice"),
        (b'{"a": "\\u0000"}', "U+0000"),
        (b'{"\\u0000": 1}', "U+0000"),
        (b'{"a": ["\\ud800"]}', "surrogate"),
        ('{"a": "甲"}'.encode("gb18030"), "byte 8 is not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'{"a": ' + b"9" * 41 + b"}", "40 digits"),
        (b'{"a": 1e9999}', "40 digits"),
        (b'{"a": ' + b"9" * 5000 + b"}", "40 digits"),
        (b'{"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "deeper than 32"),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "deeper than 32"),
        (b'{"a": "' + b"x" * MAX_BYTES + b'"}', "bytes"),
    ],
    ids=lambda each: str(each)[:20],
)
def test_bytes_that_are_no_message(body: bytes, found: str) -> None:
    with pytest.raises(Refused) as caught:
        read_message(body)
    assert caught.value.reason.code == "Y1001"
    assert found in caught.value.text("en")


def test_bytes_that_are_a_message() -> None:
    body = b'\xef\xbb\xbf{"a": 0.1, "b": 12, "c": [true, null], "d": "\\ud83c\\udfe5"}'
    assert read_message(body) == {"a": Decimal("0.1"), "b": 12, "c": [True, None], "d": "🏥"}
    nested = b'{"a": ' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert read_message(nested)


# The envelope.


def test_an_envelope() -> None:
    envelope = read_envelope(ENVELOPE, "1101")
    assert envelope.inf_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=CHINA)
    assert (envelope.insuplc_admdvs, envelope.sign_no, envelope.dev_no) == ("999999", "1", "")
    tolerated = {**ENVELOPE, "infno": "2203a", "opter": 1, "sign_no": None, "inf_time": "20260102030405", "extra": 1}
    tolerated["insuplc_admvs"] = tolerated.pop("insuplc_admdvs")
    tolerated["mdtrtarea_admdvs"] = int(tolerated.pop("mdtrtarea_admvs"))
    again = read_envelope(tolerated, None)
    assert (again.infno, again.opter, again.sign_no) == ("2203A", "1", "")
    assert (again.insuplc_admdvs, again.mdtrtarea_admvs, again.inf_time) == ("999999", "999999", envelope.inf_time)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"msgid": ""}, "msgid: found nothing"),
        ({"msgid": "x" * 31}, "msgid: found text of 31 characters, expected text of at most 30 characters"),
        ({"inf_time": "2026-02-30 00:00:00"}, "inf_time: found '2026-02-30 00:00:00', expected a time"),
        ({"mdtrtarea_admvs": "99999"}, "mdtrtarea_admvs: found '99999', expected a division of 6 digits"),
        ({"insuplc_admvs": "999998"}, "insuplc_admdvs: found two values that differ"),
        ({"input": []}, "input: found a list of 0"),
        ({"input": None}, "input: found nothing"),
        ({"infno": "2207"}, "infno: found '2207', expected 1101"),
        ({"opter": {}}, "opter: found an object"),
        ({"opter": True}, "opter: found true"),
    ],
)
def test_envelopes_refused(change: dict[str, Any], found: str) -> None:
    with pytest.raises(Refused) as caught:
        read_envelope({**ENVELOPE, **change}, "1101")
    assert caught.value.reason.code == "Y1003" and found in caught.value.text("en")


def test_what_is_missing_in_an_envelope_is_said_at_once() -> None:
    with pytest.raises(Refused) as caught:
        read_envelope({}, None)
    text = caught.value.text("zh")
    assert "infno：实为空，应为不超过 6 字的文本" in text and text.endswith("另有 2 处。")


# The input.


SETTLE = {
    "psn_no": "P1",
    "mdtrt_cert_type": "02",
    "med_type": "11",
    "medfee_sumamt": "100.50",
    "psn_setlway": "01",
    "mdtrt_id": 12345678901234567890,
    "chrg_bchno": "1",
    "insutype": 390,
    "acct_used_flag": "1",
    "fulamt_ownpay_amt": 0,
    "overlmt_selfpay": Decimal("0.00"),
    "preselfpay_amt": "1E+1",
    "inscp_scp_amt": Decimal("90.5"),
}


@pytest.mark.parametrize(
    "given",
    [
        {"data": SETTLE},
        {"data": [SETTLE]},
        {"mdtrtinfo": SETTLE},
        {"DATA": {**SETTLE, "unknown": {"a": 1}}, "others": 1},
        SETTLE,
        {"data": {folded(name): value for name, value in SETTLE.items()}},
        {"data": {"PSN_NO": " P1　", "psnNo": "", **{k: v for k, v in SETTLE.items() if k != "psn_no"}}},
    ],
    ids=["a row", "a list of one", "a provincial name", "unknown", "in the root", "camel case", "spaces"],
)
def test_ways_to_send_one_row(given: dict[str, Any]) -> None:
    found = read_input(transaction("2207"), given)
    data = found["data"]
    assert set(data) == set(transaction("2207").inputs["data"].fields)
    assert (data["psn_no"], data["insutype"], data["mdtrt_id"]) == ("P1", "390", "12345678901234567890")
    assert str(data["medfee_sumamt"]) == "100.5" and data["preselfpay_amt"] == 10
    assert data["invono"] is None and data["order_no"] is None
    assert found["setldetail"] == []


def test_one_row_where_a_list_is_expected() -> None:
    assert len(read_input(transaction("2302"), {"feeinfo": {"psn_no": 1, "mdtrt_id": 2, "feedetl_sn": "0000"}})["data"])
    assert len(read_input(transaction("2204"), {"feedetail": line()})["feedetail"]) == 1
    assert read_input(transaction("2204"), {})["feedetail"] == []


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2026-07-01", datetime(2026, 7, 1, tzinfo=CHINA)),
        ("2026-07-01 08:09:10", datetime(2026, 7, 1, 8, 9, 10, tzinfo=CHINA)),
        ("2026-07-01T08:09:10", datetime(2026, 7, 1, 8, 9, 10, tzinfo=CHINA)),
        ("2026-07-01 08:09:10.0", datetime(2026, 7, 1, 8, 9, 10, tzinfo=CHINA)),
        ("20260701", datetime(2026, 7, 1, tzinfo=CHINA)),
        (20260701, datetime(2026, 7, 1, tzinfo=CHINA)),
        ("20260701080910", datetime(2026, 7, 1, 8, 9, 10, tzinfo=CHINA)),
        (" ", None),
    ],
)
def test_ways_to_send_a_time(sent: object, read: datetime | None) -> None:
    assert read_input(transaction("1101"), {"data": {"begntime": sent}})["data"]["begntime"] == read


def test_a_day_may_come_with_a_time() -> None:
    data = {name: "1" for name, field in transaction("2503").inputs["data"].fields.items() if field.required}
    data |= {"hosp_ide_date": "2026-07-01 23:59:59", "begndate": "20260702"}
    found = read_input(transaction("2503"), {"data": data})["data"]
    assert (found["hosp_ide_date"], found["begndate"]) == (date(2026, 7, 1), date(2026, 7, 2))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"medfee_sumamt": "1,000"}, "data.medfee_sumamt: found text of 5 characters"),
        (
            {"medfee_sumamt": "100.505"},
            "found '100.505', expected a number of at most 14 digits before the point and 2",
        ),
        ({"medfee_sumamt": "1" * 15}, "found text of 15 characters"),
        ({"medfee_sumamt": "１２"}, "found text of 2 characters"),
        ({"medfee_sumamt": "nan"}, "found text of 3 characters"),
        ({"medfee_sumamt": True}, "found true"),
        ({"medfee_sumamt": [1]}, "found a list of 1"),
        ({"psn_no": "x" * 31}, "data.psn_no: found text of 31 characters, expected text of at most 30"),
        ({"psn_no": False}, "data.psn_no: found false"),
        ({"psn_no": None}, "data.psn_no: found nothing"),
        ({"psnNo": "P2"}, "data.psn_no: found two values that differ"),
    ],
)
def test_fields_refused(change: dict[str, Any], found: str) -> None:
    assert found in problems("2207", {"data": {**SETTLE, **change}})


def test_rows_refused() -> None:
    assert "data: found nothing, expected one object" in problems("2207", {})
    assert "data: found a list of 2, expected one object" in problems("2207", {"data": [SETTLE, SETTLE]})
    assert "data: found text of 4 characters" in problems("2207", {"data": "text"})
    assert "feedetail[1]: found '7', expected a list of objects" in problems("2204", {"feedetail": 7})
    assert "feedetail[2]: found text of 1 characters" in problems("2204", {"feedetail": [line(), "x"]})
    assert "data: found it twice, differently" in problems("2207", {"data": SETTLE, "mdtrtinfo": {}})


def line() -> dict[str, Any]:
    """A fee line with what is required."""
    fields = transaction("2204").inputs["feedetail"].fields.values()
    return {field.name: "2026-01-01" if "date" in field.type else "1" for field in fields if field.required}


def test_ten_problems_are_said_and_the_others_counted() -> None:
    text = problems("2204", {"feedetail": [{"feedetl_sn": "x" * 99}] * 500})
    assert text.count("feedetail[") == 10 and " more." in text and len(text) < 1500


def test_a_problem_shows_nobody() -> None:
    """A name or an identity number in the wrong place is not repeated."""
    for secret in ("110105194912310021", "11010519491231002X", "13800138000", "王小明", "110105 19491231 0021"):
        with pytest.raises(Refused) as caught:
            read_input(transaction("2207"), {"data": {**SETTLE, "medfee_sumamt": secret, "psn_no": secret * 40}})
        shown = caught.value.text("zh") + caught.value.text("en")
        assert secret not in shown and secret.replace(" ", "")[:6] not in shown.replace(" ", "")


def test_nested_nodes_bytes_and_objects_in_texts() -> None:
    encounter = {"mdtrtId": 1, "fsiDiagnoseDtos": [{"diseId": "d"}], "fsi_order_dtos": []}
    data = {"syscode": "s", "ruleIds": ["a", 1], "patientDtos": {"patnId": "p", "fsi_encounter_dtos": encounter}}
    found = read_input(transaction("3101"), {"data": data})["data"]
    (inner,) = found["patient_dtos"][0]["fsi_encounter_dtos"]
    assert inner["fsi_diagnose_dtos"][0]["dise_id"] == "d" and inner["fsi_operation_dtos"] == []
    assert found["rule_ids"] == ["a", "1"]
    upload = {"filename": "a.zip", "fixmedins_code": "H", "in": [80, -1, 255]}
    assert read_input(transaction("9101"), {"fsUploadIn": upload})["fsUploadIn"]["in"] == b"P\xff\xff"
    upload["in"] = "UP//"
    assert read_input(transaction("9101"), {"fsUploadIn": upload})["fsUploadIn"]["in"] == b"P\xff\xff"
    upload["in"] = [256]
    assert "fsUploadIn.in: found a list of 1, expected an array of bytes" in problems("9101", {"fsUploadIn": upload})
    wrapped = {**SETTLE, "expContent": {"b": Decimal("1.50"), "a": [1, None]}}
    fields = transaction("2303").inputs["data"].fields
    more = {name: "1" for name, field in fields.items() if field.required} | wrapped
    assert read_input(transaction("2303"), {"data": more})["data"]["exp_content"] == '{"b":1.50,"a":[1,null]}'


# Anything.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, print_blob=True)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        message = read_message(body)
    except Refused as refused:
        assert refused.reason.name == "not json"
    else:
        assert isinstance(message, dict)
        dumps(message).encode()


@settings(max_examples=120, deadline=None, print_blob=True)
@given(st.data())
def test_any_values_in_any_fields_are_read_or_refused(data: st.DataObject) -> None:
    spec = transaction(data.draw(st.sampled_from(NUMBERS)))
    names = [name for node in spec.inputs.values() for name in (node.name, *node.fields, *node.nodes)]
    keys = st.sampled_from([*names, *(folded(name) for name in names), "x"])
    values = st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**39), 10**39)
        | st.text(max_size=40)
        | st.decimals(-999, 999)
        | st.sampled_from(["2026-01-01", "20261301", "1e99", "0001-01-01", "9999-12-31 23:59:59", "", "-0"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=8),
        max_leaves=15,
    )
    given = data.draw(st.dictionaries(keys, values, max_size=6))
    try:
        found = read_input(spec, given)
    except Refused as refused:
        assert refused.reason.name == "bad fields" and refused.text("zh")
    else:
        assert set(found) == set(spec.inputs)
    with pytest.raises(Refused):
        read_envelope({**given, "input": 1}, None)


@settings(max_examples=120, deadline=None, print_blob=True)
@given(st.data())
def test_what_fits_is_read_as_it_was(data: st.DataObject) -> None:
    spec = transaction(data.draw(st.sampled_from(NUMBERS)))
    sent = data.draw(nodes(spec.inputs))
    message = read_message(dumps({"input": written(sent)}).encode())
    assert read_input(spec, message["input"]) == sent


def test_reading_does_not_share_rows() -> None:
    spec = transaction("2207")
    first, second = (read_input(spec, {"data": SETTLE}) for _ in range(2))
    first["data"]["psn_no"] = "other"
    first["setldetail"].append(1)
    assert second["data"]["psn_no"] == "P1" and second["setldetail"] == []
