"""T9 to T11: taken back once and never twice, whoever asks at the same moment; afterwards all is as if it never was.

Also: a call whose connection is cut in the middle leaves nothing, wherever it was.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg
import pytest

from service.county import PHARMACY, Window, add_person, build
from service.figures import figure
from service.racing import (
    EVERYTHING,
    Desk,
    ask,
    back,
    beside,
    check_books,
    codes,
    credit,
    money_hash,
    one,
    ready,
    seeded,
    state_hash,
    together,
    undoing,
    waiting,
)

TWICE = ("Y6002", "Y6007")


@pytest.fixture
def county(database: str) -> Any:
    return build()


def stay(desk: Window, person: Any, pills: int, *, account: bool = False) -> dict[str, Any]:
    """A discharged stay with its lines, as the input of 2303 and 2304."""
    visit = desk.admit(person)
    lines = desk.upload(person, visit, {"D-001": str(pills)}, "2301")
    desk.discharge(person, visit)
    return {"data": desk.settle_data(person, visit, lines, account=account)}


def at_once(desk: Desk, *calls: tuple[str, Any, str]) -> list[str]:
    """What became of calls (infno, input, msgid) made at the same moment."""
    return codes(together(len(calls), len(calls), lambda number: desk.ask(*calls[number])))


PAIRS = ("2601 and 2208", "2601 x 2207", "2208 x 2207", "2601 and 2305", "2305 x 2304", "2601 and 2103")
"""Two reversals of different kinds; or the same one twice, of a settlement."""


@pytest.mark.reliability("T9", "two reversals of one settlement at one moment")
@pytest.mark.parametrize("rounds", [6, pytest.param(500, marks=pytest.mark.long)], ids=["short", "long"])
def test_two_take_one_settlement_back(county: Any, rounds: int) -> None:
    """T9. Of two reversals at the same moment exactly one succeeds; the other is told that it was done already."""
    seed, random_ = seeded()
    desk, found = Desk(), Counter()
    person = add_person(county, 1, account_fen=10**6)
    credit(person)
    before = money_hash()
    for number in range(rounds):
        kind = PAIRS[number % len(PAIRS)]
        at = Desk(PHARMACY) if kind.endswith("2103") else desk
        msgid = at.msgid()
        infno, given, settled = _settled(at, person, kind, msgid, random_.randrange(500, 2_000))
        assert money_hash() != before
        first, second = kind[:4], kind[-4:] if "and" in kind else kind[:4]
        calls = {
            name: undoing(given, msgid, infno) if name == "2601" else back(given, settled) for name in (first, second)
        }
        outcome = sorted(at_once(at, (first, calls[first], at.msgid()), (second, calls[second], at.msgid())))
        assert outcome[-1] == "ok" and outcome[0] in TWICE, (kind, outcome)
        found[kind, outcome[0]] += 1
        query = {"data": {"omsgid": msgid, "oinfno": infno, "psn_no": person.psn_no}}
        assert at.done("Y601", query)["data"]["state"] == "undone"
        assert money_hash() == before
        if infno != "2102":
            _clear(desk, given, infno)
    print(dict(found))
    check_books()
    assert one("SELECT count(*) FROM settlements_settlement") == 2 * rounds
    figure(rounds=rounds, succeeded=rounds, told_already=sum(found.values()), books_differ_fen=0, seed=seed)


def _settled(at: Desk, person: Any, kind: str, msgid: str, pills: int) -> tuple[str, Any, Any]:
    """A settlement of the kind of care that a pair reverses: its transaction, what names it, and its output."""
    infno = {"2305": "2304", "2103": "2102", "2208": "2207"}.get(kind[-4:], kind[-4:])
    if infno == "2102":
        output = at.done("2102", _purchase(at, person, pills), msgid)
        return infno, {"data": {"psn_no": person.psn_no, "mdtrt_id": output["setlinfo"]["mdtrt_id"]}}, output
    given = (stay if infno == "2304" else ready)(at, person, pills, account=True)
    return infno, given, at.done(infno, given, msgid)


def _purchase(desk: Desk, person: Any, pills: int) -> dict[str, Any]:
    about = {
        "psn_no": person.psn_no,
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person.certificate,
        "insutype": "390",
        "begntime": "2026-03-02 08:00:00",
        "medfee_sumamt": pills,
        "acct_used_flag": "1",
        "med_type": "41",
    }
    return {"druginfo": about, "drugdetail": [desk.line(person, "", "D-001", "", count=str(pills))]}


def _clear(desk: Desk, given: Any, infno: str) -> None:
    """Cancel the lines of a visit that is no longer settled: they must be free again."""
    about = {name: given["data"][name] for name in ("psn_no", "mdtrt_id")}
    if infno == "2304":
        desk.done("2302", {"data": [about | {"feedetl_sn": "0000"}]})
    else:
        desk.done("2205", {"data": about | {"chrg_bchno": "B1"}})


@pytest.mark.reliability("T9", "a reversal beside the settlement that it undoes")
@pytest.mark.parametrize("rounds", [6, pytest.param(500, marks=pytest.mark.long)], ids=["short", "long"])
def test_a_reversal_raced_with_its_settlement(county: Any, rounds: int) -> None:
    """2601 beside the very call that it undoes: it undoes it, or came first and the call is refused. Never settled."""
    seed, random_ = seeded()
    desk, found = Desk(), Counter()
    person = add_person(county, 1, account_fen=10**6)
    credit(person)
    for number in range(rounds):
        inpatient = number % 2
        given = (stay if inpatient else ready)(desk, person, random_.randrange(500, 2_000), account=True)
        infno, msgid, before = "2304" if inpatient else "2207", desk.msgid(), state_hash()
        outcome = at_once(desk, (infno, given, msgid), ("2601", undoing(given, msgid, infno), desk.msgid()))
        assert outcome in (["ok", "ok"], ["Y1005", "Y6004"]), outcome
        found[tuple(outcome)] += 1
        assert state_hash() == before
        desk.refused(infno, given, "Y1005", msgid) if outcome[0] != "ok" else desk.done(infno, given, msgid)
        assert state_hash() == before
        _clear(desk, given, infno)
    print(dict(found))
    check_books()
    figure(rounds=rounds, reversed=rounds, books_differ_fen=0, seed=seed)


@pytest.mark.reliability("T9", "many reversals of one settlement at one moment")
@pytest.mark.parametrize("threads", [12, pytest.param(64, marks=pytest.mark.long)], ids=["short", "long"])
def test_many_take_one_settlement_back(county: Any, threads: int) -> None:
    desk, person = Desk(), add_person(county, 1, account_fen=900)
    credit(person)
    given, msgid = ready(desk, person, 30, account=True), desk.msgid()
    before = state_hash()
    settled = desk.done("2207", given, msgid)
    calls = [("2601", undoing(given, msgid)), ("2208", back(given, settled))]
    outcome = Counter(at_once(desk, *[(*calls[number % 2], desk.msgid()) for number in range(threads)]))
    assert outcome.pop("ok") == 1 and set(outcome) <= set(TWICE)
    assert state_hash() == before
    check_books()
    figure(threads=threads, succeeded=1, told_already=threads - 1)


def test_a_reversal_overtakes_its_settlement(county: Any) -> None:
    """2601 of an id that has not arrived makes the id void: should the settlement still come, it is refused."""
    desk, person = Desk(), add_person(county, 1)
    given, msgid, undo = ready(desk, person, 30), desk.msgid(), desk.msgid()
    desk.refused("2601", undoing(given, msgid), "Y6004", undo)
    before = state_hash(*EVERYTHING)
    desk.refused("2601", undoing(given, msgid), "Y6004", undo)
    desk.refused("2207", given, "Y1005", msgid)
    desk.refused("2201", {"data": {**given["data"], "begntime": "2026-03-02"}}, "Y1003", msgid)
    assert state_hash(*EVERYTHING) == before
    desk.done("2207", given)
    check_books()


REFUSED = {
    "unknown id": "Y6004",
    "not reversible": "Y6006",
    "another transaction": "Y6005",
    "another person": "Y6008",
    "another institution": "Y6004",
    "unknown settlement": "Y6001",
    "another institution's settlement": "Y4001",
    "a reversal": "Y6002",
}


@pytest.mark.reliability("T10", "each kind of what cannot be reversed", full=True)
def test_what_cannot_be_reversed_is_refused_and_audited(county: Any) -> None:
    """T10. Each refusal leaves one line in the audit, with its reason and nothing of a person, and changes nothing."""
    desk, other = Desk(), Desk(PHARMACY)
    person, second = add_person(county, 1), add_person(county, 2)
    given, msgid = ready(desk, person, 30), desk.msgid()
    settled = desk.done("2207", given, msgid)
    first, first_id = ready(desk, person, 20), desk.msgid()
    gone = desk.done("2208", back(first, desk.done("2207", first, first_id)))
    calls = {
        "unknown id": (desk, "2601", undoing(given, "H0")),
        "not reversible": (desk, "2601", undoing(given, msgid, "2204")),
        "another transaction": (desk, "2601", undoing(given, msgid, "2304")),
        "another person": (desk, "2601", undoing({"data": {"psn_no": second.psn_no}}, msgid)),
        "another institution": (other, "2601", undoing(given, msgid)),
        "unknown settlement": (desk, "2208", back(given, {"setlinfo": {"setl_id": "0"}})),
        "another institution's settlement": (other, "2208", back(given, settled)),
        "a reversal": (desk, "2208", back(first, gone)),
    }
    before = state_hash(*(sql for sql in EVERYTHING if "gateway_message" not in sql))
    for what, (who, infno, input_) in calls.items():
        sent = who.msgid()
        who.refused(infno, input_, REFUSED[what], sent)
        rows = ask("SELECT institution, infno, code FROM gateway_refusal WHERE msgid = %s", sent)
        assert rows == [(who.institution, infno, REFUSED[what])], what
    assert state_hash(*(sql for sql in EVERYTHING if "gateway_message" not in sql)) == before
    kept = " ".join(str(row) for row in ask("SELECT * FROM gateway_refusal"))
    assert not any(text in kept for text in (person.psn_no, person.name, person.certificate))
    assert desk.done("2207", given, msgid) == settled
    check_books()
    figure(cases=len(calls), refused=len(calls))


@pytest.mark.reliability("T11", "through the door of the national interface")
@pytest.mark.parametrize("steps", [16, pytest.param(5_000, marks=pytest.mark.long)], ids=["short", "long"])
def test_settled_and_reversed_in_any_order_restores_everything(county: Any, steps: int) -> None:
    """T11. Random settlements and reversals of several persons; to reverse the last gives the hash from before it."""
    seed, random_ = seeded()
    desk, stack = Desk(), []
    persons = [
        add_person(county, 1, account_fen=200_000),
        add_person(county, 2, identity="2303"),
        add_person(county, 3, account_fen=5_000, family_fen=80_000),
    ]
    for person in persons:
        credit(person)
    start = state_hash()
    for _ in range(steps):
        if len(stack) > 12 or (stack and random_.random() < 0.45):
            take_back(desk, random_, *stack.pop())
            continue
        person, account = random_.choice(persons), random_.random() < 0.5
        pills = random_.choice((random_.randrange(1, 500), random_.randrange(10_000, 90_000)))
        inpatient = random_.random() < 0.6
        given = (stay if inpatient else ready)(desk, person, pills, account=account)
        before, msgid, infno = state_hash(), desk.msgid(), "2304" if inpatient else "2207"
        stack.append((infno, before, msgid, given, desk.done(infno, given, msgid)))
    while stack:
        take_back(desk, random_, *stack.pop())
    assert state_hash() == start
    check_books()
    figure(steps=steps, differences=0, seed=seed)


def take_back(desk: Desk, random_: Any, infno: str, before: str, msgid: str, given: Any, settled: Any) -> None:
    """Reverse the last settlement one way or another; sometimes the reversal is undone, and done again."""
    reversing, way = (
        {"2304": "2305", "2207": "2208"}[infno],
        random_.choice(("undone", "by its number", "by its message")),
    )
    if way == "undone":
        held, undo, again = state_hash(), desk.msgid(), desk.msgid()
        desk.done(reversing, back(given, settled), undo)
        assert state_hash() == before
        desk.done("2601", undoing(given, undo, reversing), again)
        assert state_hash() == held
        query = {"data": {"omsgid": again, "oinfno": "2601", "psn_no": given["data"]["psn_no"]}}
        settled = {"setlinfo": {"setl_id": desk.done("Y601", query)["data"]["setl_id"]}}
    if way == "by its message":
        desk.done("2601", undoing(given, msgid, infno))
    else:
        desk.done(reversing, back(given, settled))
    assert state_hash() == before
    _clear(desk, given, infno)


def test_a_reversal_undone_leaves_a_settlement_that_its_message_finds(county: Any) -> None:
    """After 2208 and 2601 the first message's id, and the number that its institution knows, lead to what stands."""
    desk, person = Desk(), add_person(county, 1)
    given, first, undone = ready(desk, person, 30), desk.msgid(), desk.msgid()
    before = state_hash()
    settled = desk.done("2207", given, first)
    query = {"data": {"omsgid": first, "oinfno": "2207", "psn_no": person.psn_no}}
    for _ in range(2):
        found = desk.done("Y601", query)["data"]
        assert found["state"] == "done"
        desk.done("2208", back(given, {"setlinfo": {"setl_id": found["setl_id"]}}), undone)
        assert desk.done("Y601", query)["data"]["state"] == "undone" and state_hash() == before
        desk.done("2601", undoing(given, undone, "2208"))
        undone = desk.msgid()
    stands = desk.done("Y601", query)["data"]
    assert stands["state"] == "done" and stands["setl_id"] == settled["setlinfo"]["setl_id"]
    desk.done("2601", undoing(given, first))
    assert desk.done("Y601", query)["data"]["state"] == "undone" and state_hash() == before
    desk.refused("2601", undoing(given, first), "Y6007")
    check_books()


TABLES = (
    *("settlements_history", "settlements_settlement", "settlements_use", "settlements_layerpaid"),
    *("people_account", "ledger_entry", "ledger_posting"),
)
"""What a settlement writes, in the order in which it does; a call waits at the one that is locked, and is cut there."""


@pytest.mark.parametrize("infno", ["2304", "2305", "2601"])
def test_a_call_that_is_cut_leaves_nothing(county: Any, database: str, infno: str) -> None:
    """The connection is ended by the server at each table that is written; the same message afterwards does it once."""
    desk, person = Desk(), add_person(county, 1, identity="2303", account_fen=700_000)
    credit(person)
    given, first = stay(desk, person, 40_000, account=True), desk.msgid()
    asked = given
    if infno != "2304":
        settled = desk.done("2304", given, first)
        asked = back(given, settled) if infno == "2305" else undoing(given, first, "2304")
    msgid, before = desk.msgid(), state_hash(*EVERYTHING)
    with psycopg.connect(database, autocommit=True) as admin:
        for table in TABLES:
            with psycopg.connect(database) as holder:
                holder.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")  # reading goes on, writing waits
                with beside(lambda: desk.ask(infno, asked, msgid)) as cut:
                    for pid in waiting(database):
                        admin.execute("SELECT pg_terminate_backend(%s)", [pid])
            assert codes([cut["result"]]) == ["Y9002"], table
            assert state_hash(*EVERYTHING) == before, table
    number = one("SELECT count(*) FROM settlements_settlement")
    once = desk.done(infno, asked, msgid)
    assert desk.done(infno, asked, msgid) == once
    assert one("SELECT count(*) FROM settlements_settlement") == number + 1
    check_books()


def test_an_agreement_that_ended_leaves_what_was_done_within_reach(county: Any) -> None:
    """A lost reply is repeated, its state told and the settlement undone; nothing new is settled."""
    from openyibao.service.institutions.models import Agreement

    desk, person = Desk(), add_person(county, 1)
    given, msgid = ready(desk, person, 30), desk.msgid()
    reply = desk.raw("2207", given, msgid)
    Agreement.objects.update(state="suspended")
    assert desk.raw("2207", given, msgid) == reply
    desk.refused("2207", given, "Y2002")
    query = {"data": {"omsgid": msgid, "oinfno": "2207", "psn_no": person.psn_no}}
    assert desk.done("Y601", query)["data"]["state"] == "done"
    desk.done("2601", undoing(given, msgid))
    assert desk.done("Y601", query)["data"]["state"] == "undone"
