"""Requests and replies of the interface: building, posting, reading (section 2).

Numbers of a message are `decimal.Decimal` or `int` in both directions, never binary fractions.
"""

from __future__ import annotations

import datetime
import http.client
import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from client import tables
from client.clock import CHINA, now
from client.signing import NoSigner, Signer

ONE = "/fsi/api/rsfComIfsService/callService"
SHAPES = ("one", "paths", "csb", "hgs")
Message = dict[str, Any]


class Failure(Exception):
    """The platform refused: infcode is not 0. Nothing was recorded."""

    def __init__(self, infno: str, status: int, envelope: Message) -> None:
        self.infno, self.status, self.envelope = infno, status, envelope
        self.code = str(envelope.get("infcode", envelope.get("code")))
        self.message = str(envelope.get("err_msg") or envelope.get("message") or "")
        super().__init__(f"{infno} refused with infcode {self.code} (HTTP {status}): {self.message or 'no err_msg'}")


class Malformed(Exception):
    """The answer is no envelope."""

    def __init__(self, infno: str, status: int, body: bytes) -> None:
        self.infno, self.status, self.body = infno, status, body
        super().__init__(f"{infno}: expected an envelope, found HTTP {status}: {body[:200]!r}")


class Lost(Exception):
    """No answer: whether the platform did it is unknown. Use 2601 with this msgid."""

    def __init__(self, infno: str, msgid: str, why: str) -> None:
        self.infno, self.msgid = infno, msgid
        super().__init__(f"{infno}: no answer to {msgid} ({why}): its state is unknown")


@dataclass(frozen=True)
class Institution:
    code: str  # 12 characters: H... hospital, P... pharmacy
    name: str
    admdvs: str  # division of the place of treatment
    operator: str = "0001"
    operator_name: str = "经办"
    system: str = "YBXT"  # recer_sys_code: a local value


@dataclass(frozen=True)
class Answer:
    infno: str
    msgid: str
    status: int
    envelope: Message
    output: Any  # the output: an object, a list, or None
    body: bytes

    def node(self, name: str) -> Any:
        """A node of the output; an error names what is missing."""
        if not isinstance(self.output, dict) or name not in self.output:
            raise Malformed(self.infno, self.status, self.body)
        return self.output[name]


def dumps(value: Any) -> str:
    """JSON text of a value, a Decimal with its own digits."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(k), ensure_ascii=False)}:{dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(dumps(v) for v in value) + "]"
    if isinstance(value, float):
        raise TypeError(f"a number of a message is a Decimal or an int, found the float {value!r}")
    return json.dumps(value, ensure_ascii=False)


def loads(body: bytes) -> Any:
    """JSON of a body; numbers with a fraction or an exponent are Decimals. NaN and Infinity are no JSON."""

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no JSON number")

    return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=refuse)


@dataclass
class Numbers:
    """Message ids: institution code, yyyyMMddHHmmss, four digits. Never the same twice, also within one second."""

    clock: Callable[[], datetime.datetime] = now
    _second: str = ""
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, code: str) -> str:
        with self._lock:
            second = max(self.clock().strftime("%Y%m%d%H%M%S"), self._second)
            if second != self._second:
                # A start of its own, so that two programs of one institution seldom meet.
                self._second, self._count = second, uuid.uuid4().int % 5000
            self._count += 1
            if self._count > 9999:  # more than the digits hold: go on in the next second
                ahead = datetime.datetime.strptime(second, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
                self._second = (ahead + datetime.timedelta(seconds=1)).strftime("%Y%m%d%H%M%S")
                self._count = 0
            return f"{code}{self._second}{self._count:04d}"


@dataclass
class Connection:
    """One institution's line to one platform."""

    address: str  # http://host:port, with a prefix if the gateway has one
    institution: Institution
    shape: str = "one"
    signer: Signer = field(default_factory=NoSigner)
    seconds: float = 60.0
    numbers: Numbers = field(default_factory=Numbers)
    sign_no: str = ""

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"shape: expected one of {', '.join(SHAPES)}, found {self.shape!r}")

    def place(self, infno: str) -> str:
        """The path of a transaction; the generic one where the text gives none."""
        if self.shape == "paths":
            known = tables.transactions().get(infno)
            return known.path if known and known.path else ONE
        return ONE if self.shape == "one" else f"/{self.shape}/{infno}"

    def request(self, infno: str, nodes: Message, insured_at: str = "", msgid: str = "") -> Message:
        """The envelope. `insured_at` is the division of the person: needed when the input has psn_no."""
        institution = self.institution
        return {
            "infno": infno,
            "msgid": msgid or self.numbers.next(institution.code),
            "mdtrtarea_admvs": institution.admdvs,
            "insuplc_admdvs": insured_at,
            "recer_sys_code": institution.system,
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": institution.operator,
            "opter_name": institution.operator_name,
            "inf_time": now().strftime("%Y-%m-%d %H:%M:%S"),
            "fixmedins_code": institution.code,
            "fixmedins_name": institution.name,
            "sign_no": self.sign_no,
            "input": nodes,
        }

    def post(
        self, path: str, body: bytes, headers: dict[str, str], infno: str = "?", msgid: str = "?", hang_up: bool = False
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer. With `hang_up` the line is cut after the request: always `Lost`."""
        parts = urlsplit(self.address)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        line = kind(parts.hostname or "", parts.port, timeout=self.seconds)
        try:
            line.request("POST", parts.path.rstrip("/") + path, body, headers)
            if hang_up:
                raise Lost(infno, msgid, "the line was cut")
            response = line.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return response.status, received, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Lost(infno, msgid, f"{type(error).__name__}: {error}") from error
        finally:
            line.close()

    def send(self, envelope: Message, hang_up: bool = False) -> Answer:
        """Post an envelope and read the answer. Raises `Failure`, `Malformed` or `Lost`."""
        infno, msgid = str(envelope["infno"]), str(envelope["msgid"])
        body = dumps(envelope).encode("utf-8")
        headers = {"Content-Type": "application/json; charset=utf-8", **self.signer.headers(infno, body)}
        status, _, answer = self.post(self.place(infno), body, headers, infno, msgid, hang_up)
        return read(infno, msgid, status, answer)

    def call(self, infno: str, nodes: Message, insured_at: str = "") -> Answer:
        return self.send(self.request(infno, nodes, insured_at))

    def download(self, nodes: Message) -> bytes:
        """The file of a 9102 call."""
        envelope = self.request("9102", nodes)
        body = dumps(envelope).encode("utf-8")
        headers = {"Content-Type": "application/json; charset=utf-8", **self.signer.headers("9102", body)}
        status, received, answer = self.post(self.place("9102"), body, headers, "9102", str(envelope["msgid"]))
        if status == 200 and received.get("content-type", "").split(";")[0].strip() == "application/octet-stream":
            return answer
        read("9102", str(envelope["msgid"]), status, answer)  # raises Failure where it is one
        raise Malformed("9102", status, answer)

    def upload(self, name: str, content: bytes) -> Answer:
        """Upload a file by 9101 in two parts: `jsonStr`, the envelope, and `file`."""
        nodes = {"fsUploadIn": {"filename": name, "fixmedins_code": self.institution.code}}
        envelope = self.request("9101", nodes)
        border = uuid.uuid4().hex
        body = b"".join(
            (
                f'--{border}\r\nContent-Disposition: form-data; name="jsonStr"\r\n'.encode(),
                b"Content-Type: application/json; charset=utf-8\r\n\r\n",
                dumps(envelope).encode("utf-8"),
                f'\r\n--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'.encode(),
                b"Content-Type: application/octet-stream\r\n\r\n",
                content,
                f"\r\n--{border}--\r\n".encode(),
            )
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={border}", **self.signer.headers("9101", body)}
        status, _, answer = self.post(self.place("9101"), body, headers, "9101", str(envelope["msgid"]))
        return read("9101", str(envelope["msgid"]), status, answer)


def read(infno: str, msgid: str, status: int, body: bytes) -> Answer:
    """The answer of a body: infcode is compared as text with "0"."""
    try:
        envelope = loads(body)
    except (ValueError, RecursionError):
        raise Malformed(infno, status, body) from None
    if not isinstance(envelope, dict) or "infcode" not in envelope:
        if isinstance(envelope, dict) and "code" in envelope:  # the gateway refused before the platform saw it
            raise Failure(infno, status, envelope)
        raise Malformed(infno, status, body)
    if str(envelope["infcode"]) != "0":
        raise Failure(infno, status, envelope)
    return Answer(infno, msgid, status, envelope, envelope.get("output"), body)
