"""The parts of the client that stand alone: messages, signatures, transport, arithmetic, tables, wrong messages."""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from client import catalogue, facts, fuzz, mutate, run, schema, signing, sm2
from client.clock import CHINA
from client.envelope import Connection, Failure, Institution, Lost, Malformed, Numbers, dumps, loads, read

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


def test_sm2_by_the_examples_of_the_standards_and_of_the_page() -> None:
    assert (
        sm2.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )  # GB/T 32905, A.1
    page = (Path(__file__).parents[2] / "docs" / "national-interface.md").read_text(encoding="utf-8")
    given = dict(
        line.split(": ", 1) for line in page.split("```text worked example")[1].split("```")[0].split("\n")[1:-1]
    )
    signer = signing.signer("sm2", given["x-yibao-key"], given["private key"])
    assert isinstance(signer, signing.Sm2Signer)
    key = sm2.public(signer.private)
    assert [f"{number:064x}" for number in key] == [given["public key x"], given["public key y"]]
    body, when = given["body"].encode(), (given["x-yibao-timestamp"], given["x-yibao-nonce"])
    text = signer.text(given["infno"], body, *when)
    assert text.decode().replace("\n", "\\n") == given["signed text"]
    assert sm2.verifies(key, text, base64.b64decode(given["x-yibao-signature"]))
    own = signer.at(given["infno"], body, *when)
    assert sm2.verifies(key, text, base64.b64decode(own["x-yibao-signature"]))
    assert not sm2.verifies(key, text + b" ", base64.b64decode(own["x-yibao-signature"]))


def test_a_signer_needs_a_key() -> None:
    assert signing.signer("none").headers("1101", b"") == {}
    with pytest.raises(ValueError, match="key"):
        signing.signer("api")


# Facts, wrong messages, the program

LINE = {"feedetl_sn": "1", "cnt": Decimal("1.5"), "pric": Decimal("3.333333"), "rx_circ_flag": "0"}


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
