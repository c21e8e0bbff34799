"""T5 to T8: a message happens once, whoever repeats it, when and how often; another content under its id is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from service.county import HOSPITAL, add_person, build
from service.databases import environment
from service.figures import figure
from service.racing import (
    EVERYTHING,
    Desk,
    ask,
    beside,
    check_books,
    codes,
    credit,
    one,
    ready,
    seeded,
    state_hash,
    together,
    undoing,
    waiting,
)

YEAR_S = 365 * 86_400
AGAIN = """
import django, sys
django.setup()
from django.test import Client
path = "/fsi/api/rsfComIfsService/callService"
for body in sys.stdin.buffer.read().split(b"\\n"):
    sys.stdout.write(Client().post(path, body, content_type="application/json").content.hex() + "\\n")
"""
"""A process of its own: posts the lines it is given and prints each reply in hexadecimal."""


@pytest.fixture
def county(database: str) -> Any:
    return build()


def clock(monkeypatch: pytest.MonkeyPatch, offset: str) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "CLOCK", offset)


def elsewhere(url: str, bodies: list[bytes], offset: str = "") -> list[bytes]:
    """The replies of a new process."""
    about = environment(url, YIBAO_CLOCK=offset, YIBAO_PRIVATE_LINE="1")
    command = [sys.executable, "-c", AGAIN]
    done = subprocess.run(command, input=b"\n".join(bodies), env=about, capture_output=True, check=True)
    return [bytes.fromhex(line) for line in done.stdout.decode().split()]


class Kept(Desk):
    """A desk that keeps the bytes of each message that it sends, by id."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, tuple[str, Any]] = {}

    def raw(self, infno: str, given: Any, msgid: str | None = None, **more: Any) -> bytes:
        msgid = msgid or self.msgid()
        self.sent[msgid] = (infno, given)
        return super().raw(infno, given, msgid, **more)


def a_day(desk: Kept, region: Any) -> dict[str, bytes]:
    """Messages of every kind that writes, and what was answered: by message id."""
    replies: dict[str, bytes] = {}

    def do(infno: str, given: Any) -> Any:
        msgid = desk.msgid()
        replies[msgid] = desk.raw(infno, given, msgid)
        reply = json.loads(replies[msgid])
        assert reply["infcode"] == 0, reply["err_msg"]
        return reply["output"]

    person = add_person(region, 1, account_fen=50_000)
    credit(person)
    given = ready(desk, person, 30, account=True)
    info = do("2207", given)["setlinfo"]
    do("2208", {"data": {"psn_no": person.psn_no, "mdtrt_id": info["mdtrt_id"], "setl_id": info["setl_id"]}})
    do("2601", undoing(given, list(replies)[1], "2208"))
    other = ready(desk, person, 40)
    rows = [desk.line(person, other["data"]["mdtrt_id"], "D-002", "", "B2", count="2")]
    do("2204", {"feedetail": rows})
    do("2205", {"data": {"psn_no": person.psn_no, "mdtrt_id": other["data"]["mdtrt_id"], "chrg_bchno": "B2"}})
    void = desk.msgid()
    replies[void] = desk.raw("2601", undoing(given, "never sent"), void)
    assert b"Y6004" in replies[void]
    return replies


@pytest.mark.reliability("T5", "repeated by 32 threads, by new processes, and a year later")
@pytest.mark.parametrize("times", [200, pytest.param(10_000, marks=pytest.mark.long)], ids=["short", "long"])
def test_a_message_repeated_happens_once(
    county: Any, database: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By 32 threads, by a new process, and a year later, each time byte for byte what was answered first."""
    desk = Kept()
    replies = a_day(desk, county)
    ids, before = list(replies), state_hash(*EVERYTHING)
    refusals = one("SELECT count(*) FROM gateway_refusal")

    def again(number: int) -> bool:
        msgid = ids[number % len(ids)]
        return desk.raw(*desk.sent[msgid], msgid) == replies[msgid]

    assert all(together(times, 32, again))
    bodies = [_body(*desk.sent[msgid], msgid) for msgid in ids]
    if times > 1_000:
        assert elsewhere(database, bodies) == list(replies.values())
    assert elsewhere(database, bodies, f"+{YEAR_S}") == list(replies.values())
    clock(monkeypatch, f"+{YEAR_S}")
    assert all(again(number) for number in range(len(ids)))
    assert state_hash(*EVERYTHING) == before
    assert one("SELECT count(*) FROM gateway_refusal") == refusals
    check_books()
    figure(times=times, threads=32, messages=len(ids), different_replies=0)


def _body(infno: str, given: Any, msgid: str) -> bytes:
    """The body that a desk sends."""
    caught: list[bytes] = []

    class Catching:
        def post(self, path: str, body: bytes, content_type: str) -> Any:
            caught.append(body)
            return type("Response", (), {"content": b""})

    desk = Desk()
    desk.client = Catching()  # type: ignore[assignment]
    desk.raw(infno, given, msgid)
    return caught[0]


@pytest.mark.reliability("T5", "first sent by all threads at one moment")
@pytest.mark.parametrize("threads", [12, pytest.param(64, marks=pytest.mark.long)], ids=["short", "long"])
def test_a_message_sent_by_all_at_once_happens_once(county: Any, threads: int) -> None:
    """The first sending and its repetitions arrive together: one settles, the others wait for its reply."""
    desk = Desk()
    person = add_person(county, 1)
    given, msgid = ready(desk, person, 30), desk.msgid()
    replies = together(threads, threads, lambda _: desk.raw("2207", given, msgid))
    assert len(set(replies)) == 1 and json.loads(replies[0])["infcode"] == 0
    assert one("SELECT count(*) FROM settlements_settlement") == 1
    check_books()
    figure(threads=threads, settlements=1, different_replies=0)


@pytest.mark.reliability("T6", "another person, visit, amount, flag, transaction or place")
@pytest.mark.parametrize("rounds", [10, pytest.param(1_000, marks=pytest.mark.long)], ids=["short", "long"])
def test_an_id_with_another_content_is_refused(county: Any, rounds: int) -> None:
    """T6. Another person, visit, amount, flag, transaction or place under a used id: Y1004, and nothing is written."""
    seed, random_ = seeded()
    desk = Desk()
    first, second = add_person(county, 1), add_person(county, 2)
    given, others = ready(desk, first, 30), [ready(desk, second, 50), ready(desk, first, 50)]
    msgid = desk.msgid()
    desk.done("2207", given, msgid)
    before = state_hash(*EVERYTHING)
    for _ in range(rounds):
        about = dict(given["data"])
        change = random_.choice(("visit", "flag", "extra", "infno", "place", "amount"))
        infno, more = "2207", {}
        if change == "visit":
            about = dict(random_.choice(others)["data"])
        elif change == "flag":
            about["acct_used_flag"] = "1"
        elif change == "extra":
            about["invono"] = str(random_.randrange(10**6))
        elif change == "amount":
            about["medfee_sumamt"] += random_.randrange(1, 100)
        elif change == "infno":
            infno = random_.choice(("2202", "2205", "2208", "2304", "2402"))
            about |= {"setl_id": "1", "ipt_otp_no": "1"}
        else:
            more["insuplc_admdvs"] = "999998"
        body = {"dscginfo": about, "diseinfo": []} if infno == "2402" else {"data": about}
        if infno == "2402":
            about |= {"endtime": "2026-03-04", "dscg_dept_codg": "1", "dscg_dept_name": "1", "dscg_way": "1"}
        reply = json.loads(desk.raw(infno, body, msgid, **more))
        assert codes([reply]) == ["Y1004"], (change, infno, reply)
        assert reply["output"] is None
    assert state_hash(*EVERYTHING) == before
    assert one("SELECT count(*) FROM gateway_refusal WHERE code = 'Y1004' AND msgid = %s", msgid) == rounds
    figure(rounds=rounds, refused=rounds, seed=seed)


@pytest.mark.reliability("T7", "messages of one second with random tails")
@pytest.mark.parametrize(
    ("seconds", "each", "tails"),
    [(2, 30, 60), pytest.param(200, 50, 10_000, marks=pytest.mark.long)],
    ids=["short", "long"],
)
def test_random_tails_never_mix_up_patients(county: Any, seconds: int, each: int, tails: int) -> None:
    """T7. A hospital numbers its messages by the second and a random tail. Where two meet, the second is refused."""
    seed, random_ = seeded()
    persons = [add_person(county, number) for number in range(1, each + 1)]
    desk, collided = Desk(), 0
    for second in range(seconds):
        moment = f"20261122{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}"
        drawn = [random_.randrange(tails) for _ in range(each)]
        given = [_registration(person, f"R{second}-{person.psn_no}") for person in persons]

        def register(place: int, moment: str = moment, drawn: Any = drawn, given: Any = given) -> dict[str, Any]:
            return desk.ask("2201", {"data": given[place]}, f"{HOSPITAL}{moment}{drawn[place]:04d}")

        replies = together(each, min(each, 16), register)
        for place, reply in enumerate(replies):
            if reply["infcode"] == 0:
                found = reply["output"]["data"]
                assert (found["psn_no"], found["ipt_otp_no"]) == (persons[place].psn_no, given[place]["ipt_otp_no"])
            else:
                assert reply["err_msg"].startswith("Y1004")
                assert not any(person.psn_no in reply["err_msg"] for person in persons)
        refused = codes(replies).count("Y1004")
        assert refused == each - len(set(drawn))
        collided += refused
    assert collided > 0
    assert one("SELECT count(*) FROM settlements_visit") == seconds * each - collided
    figure(messages=seconds * each, collided=collided, mixed_up=0, seed=seed)


def _registration(person: Any, number: str) -> dict[str, Any]:
    return {
        "psn_no": person.psn_no,
        "insutype": "390",
        "begntime": "2026-03-02 08:00:00",
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person.certificate,
        "ipt_otp_no": number,
        "atddr_no": "D1",
        "dr_name": "医",
        "dept_code": "01",
        "dept_name": "内科",
        "caty": "A03",
    }


@pytest.mark.reliability("T8", "settled, refused or lost on the way")
@pytest.mark.parametrize("times", [12, pytest.param(1_000, marks=pytest.mark.long)], ids=["short", "long"])
def test_a_lost_reply_is_found_by_its_id(county: Any, times: int) -> None:
    """T8. Some arrived, some were refused, some never arrived: Y601 knows of each, and 2601 undoes what happened."""
    seed, random_ = seeded()
    desk = Desk()
    person = add_person(county, 1)
    before = None
    for _ in range(times):
        given, msgid = ready(desk, person, random_.randrange(1, 50)), desk.msgid()
        before = state_hash()
        happened = random_.choice(("settled", "refused", "lost on the way"))
        wrong = {"data": given["data"] | {"medfee_sumamt": 60}}
        if happened != "lost on the way":
            desk.raw("2207", given if happened == "settled" else wrong, msgid)  # the reply is lost
        query = {"data": {"omsgid": msgid, "oinfno": "2207", "psn_no": person.psn_no}}
        found = desk.done("Y601", query)["data"]
        written = ask("SELECT setl_id FROM settlements_settlement WHERE msgid = %s", msgid)
        if happened == "settled":
            assert found["state"] == "done" and written == [(found["setl_id"],)]
            assert found["mdtrt_id"] == given["data"]["mdtrt_id"]
            desk.done("2601", undoing(given, msgid))
            assert desk.done("Y601", query)["data"]["state"] == "undone"
        else:
            assert found["state"] == "unknown" and written == []
            desk.refused("2601", undoing(given, msgid), "Y6004")
            assert desk.done("Y601", query)["data"]["state"] == "void"
            desk.refused("2207", given, "Y1005", msgid)
        assert state_hash() == before
    check_books()
    figure(times=times, found=times, seed=seed)


def test_a_question_waits_for_the_call_under_way(county: Any, database: str) -> None:
    """Whoever asks Y601 while the call is still at work is not told that nothing happened: it would happen later."""
    import psycopg

    desk = Desk()
    person = add_person(county, 1)
    given, msgid = ready(desk, person, 10), desk.msgid()
    desk.done("2207", ready(desk, person, 10))
    query = {"data": {"omsgid": msgid, "oinfno": "2207", "psn_no": person.psn_no}}
    with psycopg.connect(database) as holder:
        holder.execute("SELECT 1 FROM settlements_history FOR UPDATE")
        with beside(lambda: desk.ask("2207", given, msgid)) as settling:
            waiting(database)
            with beside(lambda: desk.ask("Y601", query)) as asking:
                waiting(database, 2)
                holder.rollback()
    assert codes([settling["result"]]) == ["ok"]
    assert asking["result"]["output"]["data"]["state"] == "done"


def test_the_time_of_a_message_does_not_make_it_another(county: Any) -> None:
    """The same business content under the same id, sent later by another operator, is a repetition."""
    desk = Desk()
    given, msgid = ready(desk, add_person(county, 1), 10), desk.msgid()
    first = desk.raw("2207", given, msgid)
    later = {"inf_time": "2026-11-23 08:00:00", "opter": "002", "sign_no": "7"}
    assert desk.raw("2207", given, msgid, **later) == first
