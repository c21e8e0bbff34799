"""The parts of the client that stand alone: messages, signatures, transport, arithmetic, tables, wrong messages."""

from __future__ import annotations

import base64
import contextlib
import copy
import datetime
import hashlib
import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from client import catalogue, checks, facts, fuzz, mutate, run, schema, signing, tables
from client.envelope import CHINA, Connection, Failure, Institution, Lost, Malformed, Numbers, dumps, loads, read

PLACE = Institution("H99990100001", "虚构市医院", "999901")


class Echo(BaseHTTPRequestHandler):
    """Answers what it was asked, or as the operator's name tells it to."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind, reply = "application/json", self.reply(body)
        if b"OCTETS" in body:
            kind, reply = "application/octet-stream", b"PK"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # one test cuts the line
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

    def reply(self, body: bytes) -> bytes:
        if b"REFUSE" in body:
            return '{"infcode": "-1", "err_msg": "人员不存在", "output": null}'.encode()
        if b"RUBBISH" in body:
            return b"<html>busy</html>"
        if b"GATEWAY" in body:
            return '{"code": 401, "message": "签名不一致"}'.encode()
        told = {"path": self.path, "headers": dict(self.headers.items()), "body": body.decode("utf-8")}
        return json.dumps({"infcode": "0", "inf_refmsgid": "999901202401010101010000000001", "output": told}).encode()

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


# Messages


def test_message_ids_are_unique_and_of_thirty_characters() -> None:
    noon = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=CHINA)
    numbers = Numbers(clock=lambda: noon)
    made = [numbers.next(PLACE.code) for _ in range(25_000)]  # more than four digits hold: it goes on in later seconds
    assert len(set(made)) == 25_000
    assert {len(each) for each in made} == {30}
    assert made[0].startswith("H9999010000120260102030405")
    assert {each[:26] for each in made} > {"H9999010000120260102030406"}


def test_numbers_keep_their_digits() -> None:
    assert dumps({"a": Decimal("12.50"), "b": [1, True, None, "元"]}) == '{"a":12.50,"b":[1,true,null,"元"]}'
    assert loads(b'{"a": 0.10}') == {"a": Decimal("0.10")}
    assert dumps(Decimal("1E+3")) == "1000"
    with pytest.raises(TypeError, match="float"):
        dumps({"a": 0.1})
    with pytest.raises(ValueError, match="NaN"):
        loads(b'{"a": NaN}')


def test_the_envelope_has_the_fields_of_the_text(address: str) -> None:
    line = Connection(address, PLACE, sign_no="77")
    answer = line.call("1101", {"data": {"certno": "1"}}, "999902")
    sent = loads(answer.output["body"].encode())
    expected = {"infno": "1101", "mdtrtarea_admvs": "999901", "insuplc_admdvs": "999902", "infver": "V1.0"}
    assert expected.items() <= sent.items()
    assert sent["sign_no"] == "77"
    assert sent["input"] == {"data": {"certno": "1"}}
    assert sent["fixmedins_code"] == "H99990100001"
    assert answer.msgid == sent["msgid"]
    assert schema.MOMENT.fullmatch(sent["inf_time"])


@pytest.mark.parametrize(
    ("shape", "infno", "path"),
    [
        ("one", "2207", "/fsi/api/rsfComIfsService/callService"),
        ("paths", "2207", "/fsi/api/outpatientSettleService/saveSettletmentV2"),
        ("paths", "9002", "/fsi/api/rsfComIfsService/callService"),  # the text gives it no path
        ("csb", "2207", "/csb/2207"),
    ],
)
def test_addresses(address: str, shape: str, infno: str, path: str) -> None:
    assert Connection(address, PLACE, shape).call(infno, {"data": {}}).output["path"] == path
    assert Connection(address + "/ebus/x", PLACE, shape).call(infno, {"data": {}}).output["path"] == "/ebus/x" + path


def test_refusals_rubbish_and_lost_replies(address: str) -> None:
    line = Connection(address, PLACE)
    with pytest.raises(Failure, match="人员不存在") as failure:
        line.call("1101", {"data": "REFUSE"})
    assert (failure.value.code, failure.value.infno) == ("-1", "1101")
    with pytest.raises(Failure, match="签名不一致"):
        line.call("1101", {"data": "GATEWAY"})
    with pytest.raises(Malformed, match="busy"):
        line.call("1101", {"data": "RUBBISH"})
    message = line.request("2207", {"data": {}})
    with pytest.raises(Lost) as lost:
        line.send(message, hang_up=True)
    assert lost.value.msgid == message["msgid"]
    with pytest.raises(Lost):
        Connection("http://127.0.0.1:1", PLACE, seconds=2).call("1101", {})


@pytest.mark.parametrize("code", ["0", '"0"'])
def test_infcode_is_a_number_or_text(code: str) -> None:
    assert read("1101", "m", 200, f'{{"infcode":{code},"output":null}}'.encode()).output is None


def test_files(address: str) -> None:
    line = Connection(address, PLACE)
    assert line.download({"fsDownloadIn": {"filename": "OCTETS"}}) == b"PK"
    with pytest.raises(Failure):
        line.download({"fsDownloadIn": {"filename": "REFUSE"}})
    told = line.upload("a.zip", b"abc").output
    assert told["headers"]["Content-Type"].startswith("multipart/form-data; boundary=")
    assert 'name="jsonStr"' in told["body"]
    assert 'filename="a.zip"' in told["body"]


def test_a_downloaded_table_is_read() -> None:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("1301.txt", "X1\t甲\r\nX2\t\r\n")
    assert catalogue.table(packed.getvalue()) == [["X1", "甲"], ["X2", ""]]
    with pytest.raises(ValueError, match="BadZipFile"):
        catalogue.table(b"no zip")


# Signatures, computed in another way


def test_tif_signature() -> None:
    headers = signing.TifSigner("app", "sec").at("1700000000", "n-1")
    digest = hashlib.new("sha256")
    for part in ("1700000000", "sec", "n-1", "1700000000"):
        digest.update(part.encode())
    assert headers["x-tif-signature"].lower() == digest.digest().hex()
    assert (headers["x-tif-paasid"], headers["x-tif-nonce"]) == ("app", "n-1")


def test_api_signature_by_the_definition_of_hmac() -> None:
    headers = signing.ApiSigner("AK", "SK").at("1101", "1700000000123")
    text = b"_api_access_key=AK&_api_name=1101&_api_timestamp=1700000000123&_api_version=1.0.0"
    key = b"SK".ljust(64, b"\0")
    inner = hashlib.sha1(bytes(byte ^ 0x36 for byte in key) + text).digest()
    outer = hashlib.sha1(bytes(byte ^ 0x5C for byte in key) + inner).digest()
    assert base64.b64decode(headers["_api_signature"]) == outer


def test_a_signer_needs_a_key() -> None:
    assert signing.signer("none").headers("1101") == {}
    with pytest.raises(ValueError, match="key"):
        signing.signer("api")


# Arithmetic


def settled() -> dict[str, Any]:
    """M 100 = O 10 + X 5 + P 5 + S 80; F 60 = 50 + 10; H 3; N 37 = A 20 + C 17."""
    yuan = {
        "medfee_sumamt": "100.00",
        "fulamt_ownpay_amt": "10",
        "overlmt_selfpay": "5",
        "preselfpay_amt": "5",
        "inscp_scp_amt": "80",
        "hifp_pay": "50",
        "maf_pay": "10",
        "cvlserv_pay": "0",
        "hifes_pay": "0",
        "hifmi_pay": "0",
        "hifob_pay": "0",
        "oth_pay": "0",
        "fund_pay_sumamt": "60",
        "hosp_part_amt": "3",
        "psn_part_amt": "37",
        "acct_pay": "20",
        "psn_cash_pay": "17",
        "act_pay_dedc": "30",
    }
    rows = (("390101", "50"), ("610101", "10"), ("310201", "20"), ("999996", "3"))
    detail = [{"fund_pay_type": kind, "fund_payamt": Decimal(amount)} for kind, amount in rows]
    return {"setlinfo": {name: Decimal(amount) for name, amount in yuan.items()}, "setldetail": detail}


def test_a_right_settlement_has_nothing_wrong() -> None:
    output = settled()
    assert checks.settlement(output) == []
    output["setldetail"] = output["setldetail"][:2]  # the rows of the account and the hospital may be left out
    assert checks.settlement(output) == []


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("medfee_sumamt", "identity 1"),
        ("inscp_scp_amt", "identity 1"),
        ("hifp_pay", "identity 2"),
        ("fund_pay_sumamt", "identity 2"),
        ("psn_part_amt", "identity 3"),
        ("hosp_part_amt", "identity 3"),
        ("psn_cash_pay", "identity 4"),
        ("acct_pay", "identity 4"),
    ],
)
def test_a_fen_too_much_is_seen(name: str, identity: str) -> None:
    output = settled()
    output["setlinfo"][name] += Decimal("0.01")
    assert any(identity in wrong.where for wrong in checks.settlement(output))


@pytest.mark.parametrize("place", range(4))
def test_a_fen_too_much_in_a_row_is_seen(place: int) -> None:
    output = settled()
    output["setldetail"][place]["fund_payamt"] += Decimal("0.01")
    assert any("identity 5" in wrong.where for wrong in checks.settlement(output))


def test_a_part_of_a_fen_and_a_deductible_above_n_are_seen() -> None:
    output = settled()
    output["setlinfo"]["act_pay_dedc"] = Decimal("37.01")
    assert ["identity 8" in wrong.where for wrong in checks.settlement(output)] == [True]
    output["setlinfo"]["act_pay_dedc"] = Decimal("0.001")
    assert "whole fen" in str(checks.settlement(output)[0])


def test_a_reversal_is_the_settlement_with_the_other_sign() -> None:
    first = {**settled()["setlinfo"], "setl_id": "1"}
    back = {name: -value if isinstance(value, Decimal) else "2" for name, value in first.items()}
    rows = [{**row, "fund_payamt": -row["fund_payamt"]} for row in settled()["setldetail"]]
    assert checks.reverses(back, first) == []
    assert checks.settlement({"setlinfo": back, "setldetail": rows}) == []
    assert [each.where for each in checks.reverses({**back, "setl_id": "1"}, first)] == ["reversal.setl_id"]
    assert len(checks.reverses({**back, "maf_pay": Decimal(0)}, first)) == 1


LINE = {
    "feedetl_sn": "1",
    "cnt": Decimal("1.5"),
    "pric": Decimal("3.333333"),
    "det_item_fee_sumamt": Decimal("5.00"),
    "pric_uplmt_amt": Decimal(0),
    "selfpay_prop": Decimal("0.05"),
    "fulamt_ownpay_amt": Decimal(0),
    "overlmt_amt": Decimal(0),
    "preselfpay_amt": Decimal("0.25"),
    "inscp_scp_amt": Decimal("4.75"),
    "chrgitm_lv": "02",
}


@pytest.mark.parametrize(
    ("change", "identity"),
    [
        ({}, ""),
        ({"det_item_fee_sumamt": Decimal("5.01"), "inscp_scp_amt": Decimal("4.76")}, "identity 6"),
        ({"preselfpay_amt": Decimal("0.26"), "inscp_scp_amt": Decimal("4.74")}, "identity 7"),
        ({"inscp_scp_amt": Decimal("4.74")}, "identity 1"),
        ({"chrgitm_lv": "03"}, "identity 7"),
        ({"chrgitm_lv": "01"}, "identity 7"),
        ({"overlmt_amt": Decimal("4.75"), "inscp_scp_amt": Decimal(0), "pric_uplmt_amt": Decimal(9)}, "overlmt_amt"),
    ],
)
def test_fee_lines(change: dict[str, Any], identity: str) -> None:
    wrong = checks.line({**LINE, **change})
    assert bool(wrong) == bool(identity)
    assert any(identity in each.where for each in wrong) == bool(identity)


def test_half_a_fen_goes_away_from_nothing() -> None:
    assert [checks.half_up(Fraction(n, 2)) for n in (1, 3, -1, -3, 4)] == [1, 2, -1, -2, 2]
    assert checks.lines([LINE], [{**LINE, "cnt": Decimal(2)}])[0].where == "result[1].cnt"
    assert checks.lines([LINE, LINE], [LINE])[0].where == "result.feedetl_sn"


# Tables


def test_the_tables_are_read() -> None:
    known = tables.transactions()
    assert known["2304"].path == "/fsi/api/hospSettService/settV2"
    lines = {field.name: field for field in known["2204"].input[0].fields}
    assert (lines["pric"].length, lines["pric"].required, lines["rx_circ_flag"].coded) == ("16,6", "Y", True)
    assert known["2302"].input[0].many
    assert "310" in tables.dictionaries()["INSUTYPE"]


def test_the_reader_of_the_text() -> None:
    text = (
        "## 6. Transactions\n### 9999 某 - Some\nURL path seen: `/x/y`\n**Input node `data`** (list)\n"
        "| 1 | a_b | 甲 | number | 16,2 | Y | Y | sources differ: len,req |\n## 7. Other\n"
    )
    assert tables.fields_of(text) == ["9999\tpath\t/x/y", "9999\tin\tdata\tmany\ta_b\tnumber\t16,2\ty\tY\t"]
    assert tables.codes_of("## GEND 性别 - sex\n| Code | 中文 |\n|--|--|\n| 1 | 男 |\n") == ["GEND\t1"]


PERSON = {
    "baseinfo": {
        "psn_no": "9",
        "psn_cert_type": "01",
        "certno": "999999200001010011",
        "psn_name": "甲",
        "gend": "1",
        "brdy": "2000-01-01",
        "age": Decimal("26.0"),
    },
    "insuinfo": [
        {
            "balc": Decimal("1.20"),
            "insutype": "310",
            "psn_type": "1101",
            "cvlserv_flag": "0",
            "insuplc_admdvs": "999901",
            "emp_name": None,
        }
    ],
    "idetinfo": [],
}


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (("baseinfo", "gend"), "7", "a code of GEND"),
        (("baseinfo", "psn_no"), None, "a value (required)"),
        (("baseinfo", "psn_name"), "甲" * 51, "at most 50 characters"),
        (("baseinfo", "psn_name"), 5, "text"),
        (("baseinfo", "age"), Decimal("1234.5"), "a number of 4,1 digits"),
        (("baseinfo", "age"), Decimal("1.25"), "at most 1 decimals"),
        (("baseinfo", "age"), "26", "a JSON number, not text"),
        (("baseinfo", "brdy"), "2000-02-30", "a day of the calendar"),
        (("insuinfo", 0, "insutype"), "311", "a code of INSUTYPE"),
        (("insuinfo",), {}, "a list"),
        (("baseinfo",), None, "an object"),
    ],
)
def test_replies_against_the_text(place: tuple[Any, ...], value: Any, expected: str) -> None:
    assert schema.reply("1101", PERSON) == []
    output = copy.deepcopy(PERSON)
    mutate.put(output, place, value)
    assert [wrong.expected for wrong in schema.reply("1101", output)] == [expected]


def test_codes_in_ranges_and_patterns() -> None:
    assert schema.code_fits("NATY", "33")
    assert not schema.code_fits("NATY", "57")
    assert schema.code_fits("FUND_PAY_TYPE", "310101")
    assert schema.code_fits("ADMDVS", "130399")
    assert not schema.code_fits("ADMDVS", "1303")


# Facts, wrong messages, the program


FACTS = {
    "admdvs": "999901",
    "hospital": {"code": "H99990100001", "name": "虚构市医院"},
    "persons": [{"certno": "999999200001010011", "name": "甲", "insutype": "310"}],
    "drugs": [{"code": "X1", "own": "D1", "name": "药", "price": "1.25"}],
}


def test_facts_are_read_and_missing_ones_named(tmp_path: Path) -> None:
    known = facts.of(FACTS)
    assert known.items[0].price == Decimal("1.25")
    assert (known.hospital.admdvs, known.med_types["inpatient"], known.pharmacy) == ("999901", "21", None)
    with pytest.raises(ValueError, match=r"facts\.drugs: expected a value"):
        facts.of({**FACTS, "drugs": []})
    with pytest.raises(ValueError, match=r"facts\.drugs\[0\]"):
        facts.of({**FACTS, "drugs": [{"code": "X"}]})


def test_wrong_messages_are_the_same_for_the_same_seed(address: str) -> None:
    envelope = Connection(address, PLACE).request("2204", {"feedetail": [LINE]}, "999901", "m" * 30)
    right, different = mutate.encode(envelope), 0
    assert loads(right) == loads(dumps(envelope).encode())
    for seed in range(400):
        one, two = (mutate.encode(mutate.change(random.Random(seed), envelope)) for _ in range(2))
        assert one == two
        different += one != right
    assert different > 350
    assert loads(right) == loads(dumps(envelope).encode())  # the recorded message is left as it was


@pytest.mark.parametrize(
    ("status", "body", "wrong"),
    [
        (200, b'{"infcode":-1,"err_msg":"no"}', ""),
        (400, b'{"infcode":-1,"err_msg":"no"}', ""),
        (200, b'{"infcode":-1,"err_msg":""}', "a refusal without err_msg"),
        (500, b'{"infcode":-1,"err_msg":"no"}', "HTTP 500"),
        (200, b'{"infcode":-1,"err_msg":"Traceback (most recent call last)"}', "a trace of the program"),
        (200, b"oops", "no envelope"),
        (200, b'{"infcode":0,"inf_refmsgid":"999901202401010101010000000001","output":{}}', ""),
        (200, b'{"infcode":0,"inf_refmsgid":"7","output":{}}', "a success that is wrong"),
    ],
)
def test_the_judge(status: int, body: bytes, wrong: str) -> None:
    found = fuzz.judge("1101", status, "application/json", body)
    assert found.startswith(wrong)
    assert bool(found) == bool(wrong)


def test_the_program_tells_what_failed(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An echo is no platform: every flow that needs an answer fails, is told, and the exit code is 1."""
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(FACTS), encoding="utf-8")
    words = ["--address", address, "--facts", str(file), "--only", "sign-in", "outpatient", "mapping"]
    assert run.main(words) == 1
    printed = capsys.readouterr().out
    assert "stopped at step 9001" in printed
    assert "3 flows: 1 ok, 2 failed" in printed  # the mapping is not asked for by these facts
    assert run.main([*words, "--person", "nobody"]) == 2


def test_the_program_runs_as_a_module() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "client.run", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert "--facts" in told.stdout


def test_amounts_of_any_size_are_told() -> None:
    assert [str(checks.yuan(fen)) for fen in (0, -1, 105, 10**40)] == ["0.00", "-0.01", "1.05", f"1{'0' * 38}.00"]
    with pytest.raises(ValueError, match="60 digits"):
        checks.number(Decimal("1E+999999"))
