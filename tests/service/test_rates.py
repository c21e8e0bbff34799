"""A hospital that floods: its requests are refused at once with when to come again, and the others do not notice."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from openyibao.service.gateway import rates
from openyibao.service.gateway.rates import Bucket, Flooded, Limit
from service.county import HOSPITAL, PHARMACY, add_person, build
from service.racing import Desk, beside, codes, one, ready, together

TOO_MANY = "Y9003"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Limits that hold for the time of the test."""

    def write(text: str) -> str:
        from django.conf import settings

        path = tmp_path / "rates.toml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(settings, "RATES", str(path))
        rates.limits.cache_clear()
        rates._buckets.clear()
        return str(path)

    yield write
    rates.limits.cache_clear()


def test_a_bucket_fills_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    time = [100.0]
    monkeypatch.setattr(rates.time, "monotonic", lambda: time[0])
    bucket = Bucket(Limit(0.5, 3, 2))

    def passes() -> int:
        """How many of ten requests, one after the other, pass."""
        done = 0
        for _ in range(10):
            try:
                bucket.take()
            except Flooded as refused:
                told.append(refused)
            else:
                bucket.give_back()
                done += 1
        return done

    told: list[Flooded] = []
    assert passes() == 3
    assert [one.audited for one in told] == [True] + [False] * 6
    assert {one.seconds for one in told} == {2}
    time[0] += 2
    assert passes() == 1
    time[0] += 3600
    assert passes() == 3
    time[0] += 3600
    bucket.take()
    bucket.take()
    with pytest.raises(Flooded):  # two at once, though the bucket is not empty
        bucket.take()
    bucket.give_back()
    bucket.take()


def test_a_flood_is_refused_and_others_go_on(database: str, file: Any) -> None:
    region = build()
    add_person(region)
    file(f'[everyone]\nper_second = 1000\nburst = 1000\nat_once = 1000\n["{HOSPITAL}"]\nper_second = 0.01\nburst = 5\n')
    flooding, other = Desk(HOSPITAL), Desk(PHARMACY)
    query = {"data": {"omsgid": "none", "oinfno": "2207"}}
    stop, answered = threading.Event(), list[dict[str, Any]]()

    def flood() -> None:
        desk = Desk(HOSPITAL)
        while not stop.is_set():
            answered.append(desk.ask("Y601", query))

    with beside(flood):
        try:
            served = [other.ask("Y601", query) for _ in range(30)]
        finally:
            stop.set()
    refused = codes(answered)
    assert refused.count(TOO_MANY) == len(refused) - 5 > 5
    assert TOO_MANY not in codes(served)
    assert one("SELECT count(*) FROM gateway_refusal WHERE code = %s", TOO_MANY) < 0.5 * len(refused)
    answer = flooding.client.post(
        "/fsi/api/rsfComIfsService/callService", message(flooding), content_type="application/json"
    )
    assert answer.status_code == 429 and int(answer["Retry-After"]) >= 1
    said = json.loads(answer.content)["err_msg"]
    assert said.startswith(TOO_MANY) and "msgid" in said
    assert "本机构" in said


def message(desk: Desk) -> bytes:
    raw: list[bytes] = []

    class Kept:
        content = b""

        def post(self, path: str, body: bytes, content_type: str) -> Any:
            raw.append(body)
            return self

    client, desk.client = desk.client, Kept()  # type: ignore[assignment]
    desk.raw("Y601", {"data": {"omsgid": "none", "oinfno": "2207"}})
    desk.client = client
    return raw[0]


def test_a_refused_settlement_is_done_when_it_is_sent_again(database: str, file: Any) -> None:
    """At most one at the same moment: of sixteen at once most are refused, wrote nothing, and succeed later."""
    region = build()
    persons = [add_person(region, number) for number in range(1, 9)]
    desk = Desk()
    given = [ready(desk, person, 100) for person in persons]
    ids = [desk.msgid() for _ in given]
    file("[everyone]\nper_second = 100000\nburst = 100000\nat_once = 1\n")
    first = codes(together(8, 8, lambda number: Desk().ask("2207", given[number], ids[number])))
    assert set(first) <= {"ok", TOO_MANY} and "ok" in first
    assert one("SELECT count(*) FROM settlements_settlement") == first.count("ok")
    again = codes([desk.ask("2207", input, msgid) for input, msgid in zip(given, ids, strict=True)])
    assert again == ["ok"] * 8
    assert one("SELECT count(*) FROM settlements_settlement") == 8


def test_nobody_uses_up_anothers_share(database: str, file: Any, settings_of_platform: Any) -> None:
    """What does not prove whose it is, is not counted."""
    build()
    file("[everyone]\nper_second = 0.01\nburst = 1\nat_once = 1\n")
    settings_of_platform.PRIVATE_LINE = False
    assert codes([Desk().ask("Y601", {"data": {"omsgid": "n", "oinfno": "2207"}}) for _ in range(5)]) == ["Y2003"] * 5
    settings_of_platform.PRIVATE_LINE = True
    assert TOO_MANY not in codes([Desk().ask("Y601", {"data": {"omsgid": "n", "oinfno": "2207"}})])


def test_the_file_that_comes_along_holds_and_others_are_checked(tmp_path: Path) -> None:
    assert rates.limits("none") == {}
    assert rates.limits("")["everyone"].per_second > 0
    path = tmp_path / "rates.toml"
    for text, told in (
        ("x", "can't be read"),
        ("[everyone]\nburst = 1", "needs"),
        ("[everyone]\nper_second = 1\nburst = 0\nat_once = 1", "burst is 0"),
        ("[everyone]\nper_second = -0.5\nburst = 1\nat_once = 1", "per_second is -0.5"),
        ("[everyone]\nper_second = 1\nburst = 1\nat_once = true", "at_once is True"),
        ("[everyone]\nper_second = 1\nburst = 1\nat_once = 1\n[H1]\nspeed = 1", "H1: expected"),
    ):
        path.write_text(text, encoding="utf-8")
        rates.limits.cache_clear()
        with pytest.raises(ImproperlyConfigured, match=told):
            rates.limits(str(path))
    with pytest.raises(ImproperlyConfigured, match="can't be read"):
        rates.limits(str(tmp_path / "none"))
