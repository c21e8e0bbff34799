"""What stands before Django: which requests go past it, and that they are answered and counted as the others are."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from openyibao.service import lending
from openyibao.service.gateway import front
from openyibao.service.gateway.front import fronted
from service.racing import one

ADDRESS = "/fsi/api/rsfComIfsService/callService"
BODY = json.dumps({"infno": "2207", "msgid": "x", "fixmedins_code": "H00000000000", "input": {}}).encode()


@pytest.fixture(autouse=True)
def none_left(database: str) -> Iterator[None]:
    yield
    while lending._free:
        lending._free.pop()[0].close()


class Asked:
    """A request made as a server makes it."""

    def __init__(self, body: bytes = BODY, method: str = "POST", **environ: str) -> None:
        self.status, self.headers = "", dict[str, str]()
        about = {"REQUEST_METHOD": method, "PATH_INFO": ADDRESS, "CONTENT_TYPE": "application/json"}
        about |= {"CONTENT_LENGTH": str(len(body)), "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80"}
        about |= {"HTTP_HOST": "127.0.0.1", "wsgi.url_scheme": "http"}
        self.past = True
        everything: dict[str, Any] = {**about, **environ, "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO()}
        self.content = b"".join(fronted(self._django)(everything, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, dict(headers)

    def _django(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.past = False
        found: Iterable[bytes] = WSGIHandler()(environ, start)
        return found


def form() -> dict[str, Any]:
    text = '--x\r\nContent-Disposition: form-data; name="jsonStr"\r\n\r\n' + BODY.decode() + "\r\n--x--\r\n"
    return {"body": text.encode(), "CONTENT_TYPE": "Multipart/Form-Data; boundary=x"}


@pytest.mark.parametrize(
    ("about", "past"),
    [
        pytest.param({}, True, id="a message"),
        pytest.param({"body": b"{"}, True, id="no message at all"),
        pytest.param({"PATH_INFO": "/gateway/csb/2207"}, True, id="another address"),
        pytest.param({"method": "GET"}, False, id="another method"),
        pytest.param(form(), False, id="a form"),
        pytest.param({"HTTP_X_SANDBOX": "unavailable"}, not settings.SANDBOX, id="a failure asked of the sandbox"),
    ],
)
def test_both_ways_answer_alike(about: dict[str, Any], past: bool) -> None:
    asked = Asked(**about)
    assert asked.past == past and asked.status.startswith(("200 OK", "503 "))
    told = json.loads(asked.content)
    assert str(told["infcode"]) == "-1" and told["err_msg"]
    assert asked.headers["Content-Length"] == str(len(asked.content))
    assert len(asked.headers["X-Request-Id"]) == 32 and asked.headers["Content-Type"].startswith("application/json")
    if asked.status == "200 OK":
        assert asked.headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_is_djangos() -> None:
    asked = Asked(b"", "GET", PATH_INFO="/health")
    assert not asked.past and asked.status == "200 OK" and asked.headers["Content-Length"] == str(len(asked.content))


def test_a_body_that_is_cut_off_or_too_long_is_refused() -> None:
    assert b"Y1001" in Asked(BODY[:-10]).content
    assert b"8388608" in Asked(CONTENT_LENGTH=str(9 * 1024 * 1024)).content


def test_an_unknown_institution_leaves_a_line_in_the_audit() -> None:
    before = one("SELECT count(*) FROM gateway_refusal")
    Asked()
    assert one("SELECT count(*) FROM gateway_refusal") == before + 1


def test_what_nobody_foresaw_is_a_500(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*of: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(front, "replied", fail)
    asked = Asked()
    assert asked.status == "500 Internal Server Error" and asked.content == b""
    assert len(lending._free) == 1, "the connection went back"
