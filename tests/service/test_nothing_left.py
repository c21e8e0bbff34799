"""What a call had goes with the call, without waiting for Python to look for rings: also when the call fails."""

from __future__ import annotations

import gc
import io
import json
from collections.abc import Callable
from types import FrameType, SimpleNamespace
from typing import Any

import psycopg

from openyibao.service.direct import let_go
from openyibao.service.gateway.front import fronted
from openyibao.service.gateway.together import Part
from openyibao.service.gateway.views import Reply
from openyibao.service.settlements.models import Settlement
from service.county import add_person, build
from service.racing import Desk, back, credit, ready

HEAVY = (BaseException, FrameType, Part, Reply, Settlement)
FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON gateway_message FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


class Straight:
    """Asks as the web server does, without Django's test client, which leaves rings of its own."""

    def post(self, path: str, body: bytes, content_type: str) -> Any:
        environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "CONTENT_TYPE": content_type}
        environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), "REMOTE_ADDR": "127.0.0.1"}
        return SimpleNamespace(content=b"".join(fronted(_nobody)(environ, lambda status, headers: None)))


def _nobody(environ: dict[str, Any], start: Any) -> list[bytes]:
    raise AssertionError("a message does not come to Django")


def left(work: Callable[[], Any]) -> list[str]:
    """The kinds of heavy things that only Python's collector would find after some work."""
    gc.collect()
    gc.disable()
    try:
        work()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        return sorted({type(one).__name__ for one in gc.garbage if isinstance(one, HEAVY)})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_a_ring_would_be_seen() -> None:
    def ring() -> None:
        error = ValueError()
        error.args = (error,)

    assert left(ring) == ["ValueError"]


def test_an_error_that_is_its_own_cause_is_let_go() -> None:
    inner, outer = ValueError(), KeyError()
    for error, cause in ((inner, inner), (outer, inner)):
        try:
            raise error from cause
        except (ValueError, KeyError):
            pass
    assert inner.__traceback__ and outer.__traceback__
    let_go(outer)
    assert inner.__traceback__ is None and outer.__traceback__ is None


def test_calls_leave_nothing(database: str) -> None:
    person = add_person(build(), 5, account_fen=10**8)
    credit(person)
    desk = Desk()
    desk.client = Straight()  # type: ignore[assignment]
    first, second, third = [ready(desk, person, 100 + number, account=True) for number in range(3)]

    def told(infno: str, given: dict[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = json.loads(desk.raw(infno, given, desk.msgid()))
        return reply

    settled = desk.done("2207", first)  # the first of a connection reads what it keeps
    taken_back = back(first, settled)
    assert left(lambda: desk.done("2207", second)) == []
    assert left(lambda: told("2207", {**third, "data": {**third["data"], "mdtrt_id": "none"}})) == []
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(FULL)
        for infno, given in (("2207", third), ("2208", taken_back)):
            replies: list[dict[str, Any]] = []
            assert left(lambda i=infno, g=given, r=replies: r.append(told(i, g))) == [], infno
            assert "Y9002" in replies[0]["err_msg"]
        connection.execute("DROP FUNCTION full_disk() CASCADE")
    assert left(lambda: desk.done("2208", taken_back)) == []
