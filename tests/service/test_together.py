"""Calls that share a database transaction: each as if it were alone, whoever else is in it.

`Gathering` takes the place of the queue, so that it is certain who shares with whom.
"""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections

from openyibao.service import metrics
from openyibao.service.direct import Statement, Transaction, text
from openyibao.service.gateway import views
from openyibao.service.gateway.together import Part, Queue, together
from service.county import Window, add_person, build
from service.figures import figure
from service.racing import Desk, ask, check_books, codes, credit, fen, law, one, ready, seeded
from service.racing import together as at_once
from service.test_direct import ADD

pytestmark = pytest.mark.usefixtures("database")
LOCK = Statement("test lock", "SELECT pg_advisory_xact_lock($1)")


def part(number: int, answer: Callable[[Any], bytes] | None = None, code: str = "") -> Part:
    """A call that adds a place, and answers its number."""
    place = ADD((code or str(number)).encode())

    def add(found: Any, work: Any) -> bytes:
        work.later(place)
        return answer(work) if answer else text(number)

    def alone() -> bytes:
        with Transaction() as work:
            return add(work.first([LOCK(text(number))]), work)

    return Part(number, LOCK(text(number)), [], add, alone)


def places() -> list[str]:
    return [row[0] for row in ask("SELECT code FROM organisation_body ORDER BY code")]


def transactions() -> int:
    return int(one("SELECT count(DISTINCT xmin::text) FROM organisation_body"))


def test_several_calls_are_one_transaction() -> None:
    parts = [part(number) for number in (3, 1, 2)]
    together(parts)
    assert [one_.reply for one_ in parts] == [b"3", b"1", b"2"]
    assert places() == ["1", "2", "3"] and transactions() == 1


def test_who_is_refused_writes_nothing_and_the_others_go_on() -> None:
    def refuse(work: Any) -> bytes:
        raise RuntimeError("refused")

    parts = [part(1), part(2, refuse), part(3)]
    together(parts)
    assert [one_.reply for one_ in parts] == [b"1", None, b"3"]
    assert str(parts[1].error) == "refused" and places() == ["1", "3"] and transactions() == 1


class Held:
    """Something that a call needs."""


def test_nothing_is_left_for_pythons_collector() -> None:
    """What hangs on a call goes with it: of two that share a transaction, of one refused in it, of one sent away."""
    gone: list[weakref.ref[Any]] = []

    def holding(number: int) -> Callable[[Any], bytes]:
        held = Held()
        gone.append(weakref.ref(held))

        def answer(work: Any) -> bytes:
            gone.append(weakref.ref(work))
            work.take(("held", id(held)), ("number", 0 if number == 3 else number))
            if number == 1:
                raise RuntimeError("refused")
            return b"told"

        return answer

    parts = [part(number, holding(number)) for number in range(4)]
    gc.collect()
    gc.disable()
    try:
        together(parts)
        assert [one_.reply for one_ in parts] == [b"told", None, b"told", None]
        with pytest.raises(RuntimeError, match="refused"):
            parts[1].outcome()
        del parts
        assert len(gone) > 8 and [one_() for one_ in gone] == [None] * len(gone)
    finally:
        gc.enable()


def test_how_calls_were_written_is_counted() -> None:
    def counted() -> list[float]:
        return [metrics.WRITES.labels(how)._value.get() for how in ("shared", "own", "left out")]

    before, parts, queue = counted(), [part(number) for number in range(3)], Queue()
    together(parts[:2])
    for one_ in parts:  # the third was in nobody's transaction
        one_.outcome()
    queue.carry_out(part(9))
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [2, 1, 1]


def test_who_needs_what_another_has_goes_alone() -> None:
    def take(work: Any) -> bytes:
        work.take(("place", 7))
        return b"taken"

    def send(work: Any) -> bytes:
        work.send()
        return b"sent"

    parts = [part(1, take), part(2, take), part(3, send), part(4)]
    together(parts)
    assert [(one_.reply, one_.error) for one_ in parts] == [(b"taken", None), (None, None), (None, None), (b"4", None)]
    assert places() == ["1", "4"]


def test_after_an_error_of_the_database_nobody_has_a_reply() -> None:
    parts = [part(1), part(2, code="1"), part(3)]
    together(parts)
    assert [(one_.reply, one_.error) for one_ in parts] == [(None, None)] * 3 and places() == []
    parts = [part(1), part(2)]
    together(parts)
    assert places() == ["1", "2"]


def test_a_lock_that_somebody_holds_keeps_the_others_for_a_moment_only(database: str) -> None:
    with psycopg.connect(database) as slow:
        slow.execute("SELECT pg_advisory_xact_lock(2)")
        parts, began = [part(1), part(2)], time.monotonic()
        together(parts)
        assert time.monotonic() - began < 5 and [one_.reply for one_ in parts] == [None, None]
        assert parts[0].alone() == b"1"
    assert parts[1].alone() == b"2" and places() == ["1", "2"]


def test_under_load_each_call_has_its_own_reply_and_few_transactions_do() -> None:
    queue, threads, times = Queue(), 16, 320
    replies = at_once(times, threads, lambda number: queue.carry_out(part(number)))
    assert replies == [text(number) for number in range(times)]
    assert len(places()) == times and transactions() < times * 3 / 4, transactions()
    assert queue.leaders == 0 and not queue.waiting


def test_a_call_whose_leader_is_kept_does_not_wait_for_ever(database: str) -> None:
    queue = Queue()
    with psycopg.connect(database) as slow:
        slow.execute("SELECT pg_advisory_xact_lock(1)")
        kept = threading.Thread(target=lambda: (queue.carry_out(part(1)), connections.close_all()))
        kept.start()
        while not queue.leaders:
            time.sleep(0.01)
        began = time.monotonic()
        assert queue.carry_out(part(2)) == b"2" and time.monotonic() - began < 5
    kept.join(30)
    assert places() == ["1", "2"] and queue.leaders == 0


# -- calls of the interface


class Gathering:
    """A queue that carries out so many calls together, and all others alone."""

    def __init__(self) -> None:
        self.wanted, self.parts = 0, []
        self.ready = threading.Condition()

    def carry_out(self, part: Part) -> bytes:
        with self.ready:
            if not self.wanted:
                return part.alone()
            self.parts.append(part)
            if len(self.parts) == self.wanted:
                together(self.parts)
                self.wanted = 0
                self.ready.notify_all()
            elif not self.ready.wait_for(lambda: not self.wanted, 30):
                raise TimeoutError("the others did not come")
        return part.outcome()

    def settle(self, desk: Window, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.parts, self.wanted = [], len(given)
        return at_once(len(given), len(given), lambda number: desk.ask("2207", given[number]))


@pytest.fixture
def gathering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gathering]:
    found = Gathering()
    monkeypatch.setattr(views, "QUEUE", found)
    yield found


def shared() -> int:
    return int(one("SELECT count(*) - count(DISTINCT xmin::text) FROM settlements_settlement"))


def test_a_refused_settlement_leaves_nothing_in_the_transaction_of_others(gathering: Gathering) -> None:
    region = build()
    given = [ready(Desk(), add_person(region, number), 30) for number in (1, 2, 3)]
    given[1]["data"]["medfee_sumamt"] = "29.00"
    found = gathering.settle(Desk(), given)
    assert [code[:1] for code in codes(found)] == ["o", "Y", "o"]
    assert one("SELECT count(*) FROM settlements_history") == 2 and shared() == 1
    assert one("SELECT count(*) FROM gateway_refusal") == 1
    given[1]["data"]["medfee_sumamt"] = "30.00"
    assert codes(gathering.settle(Desk(), given[1:2])) == ["ok"]
    check_books()


def test_two_bills_of_a_person_at_one_moment_use_the_year_s_amounts_once(gathering: Gathering, tmp_path: Path) -> None:
    region = build()
    region.policies = {"resident": law(tmp_path, deductible=20, most=10_000)}
    region.save()
    one_, other = add_person(region, 1), add_person(region, 2)
    given = [ready(Desk(), person, 30) for person in (one_, one_, other)]
    found = gathering.settle(Desk(), given)
    taken = sorted(fen(reply["output"]["setlinfo"]["act_pay_dedc"]) for reply in found[:2])
    assert codes(found) == ["ok"] * 3 and taken == [0, 2_000] and shared() == 1
    assert ask("SELECT last_number FROM settlements_history ORDER BY 1") == [(1,), (2,)]
    check_books()


def test_a_family_account_is_drawn_by_one_of_a_transaction(gathering: Gathering) -> None:
    from openyibao.service.people.models import Account

    region = build()
    persons = [add_person(region, 1, family_fen=1_500), add_person(region, 2), add_person(region, 3)]
    account = Account.objects.get(family=True)
    account.members.add(*persons)
    credit(persons[0])
    given = [ready(Desk(), person, {"D-003": "4"}, account=True) for person in persons]
    found = gathering.settle(Desk(), given)
    drawn = [fen(reply["output"]["setlinfo"]["acct_mulaid_pay"]) for reply in found]
    account.refresh_from_db()
    assert codes(found) == ["ok"] * 3 and sum(drawn) == 1_500 and account.balance_fen == 0
    check_books()


def test_the_law_of_an_undone_transaction_is_kept_by_the_next(gathering: Gathering) -> None:
    region = build()
    given = [ready(Desk(), add_person(region, number), 30) for number in (1, 2, 3)]
    given[2]["data"]["medfee_sumamt"] = "29.00"  # the first transaction, which keeps the law, is undone
    assert [code[:1] for code in codes(gathering.settle(Desk(), given))] == ["o", "o", "Y"]
    assert ask("SELECT l.digest FROM settlements_law l") == ask("SELECT DISTINCT digest FROM settlements_settlement")


def test_a_law_is_believed_only_when_it_was_committed() -> None:
    from django.db import transaction

    from openyibao.policy import find_policy, read_policy
    from openyibao.service.settlements.bills import keep_law

    policy = read_policy(find_policy("teaching/willow-county-2026"))
    for undone in (transaction.atomic, Transaction):
        with pytest.raises(KeyError), undone() as work:
            if work:
                work.first([])
            keep_law(policy)
            with transaction.atomic():
                keep_law(policy)
            keep_law(policy)
            raise KeyError
    for _ in range(3):
        keep_law(policy)
    assert ask("SELECT digest FROM settlements_law") == [(policy.digest,)]


def test_a_long_message_goes_alone(gathering: Gathering, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ready(Desk(), add_person(build(), 1), 30)
    monkeypatch.setattr(views, "LARGE", 100)
    gathering.wanted = 1
    assert codes([Desk().ask("2207", given)]) == ["ok"] and not gathering.parts


def test_one_message_twice_in_a_transaction_is_one_settlement(gathering: Gathering) -> None:
    region = build()
    first, second = (ready(Desk(), add_person(region, number), 30) for number in (1, 2))
    desk = Desk()
    same = desk.msgid()
    gathering.parts, gathering.wanted = [], 3
    asked = [(first, same), (second, desk.msgid()), (first, same)]
    replies = at_once(3, 3, lambda number: desk.raw("2207", *asked[number]))
    assert replies[0] == replies[2] != replies[1]
    assert one("SELECT count(*) FROM settlements_settlement") == 2
    check_books()


@pytest.mark.reliability("T14", "books after settlements that shared transactions")
@pytest.mark.parametrize("times", [120, pytest.param(3_000, marks=pytest.mark.long)], ids=["short", "long"])
def test_many_at_once_share_and_the_books_agree(times: int) -> None:
    seed, random_ = seeded()
    region = build()
    persons = [add_person(region, number, account_fen=random_.randrange(5_000)) for number in range(40)]
    for person in persons:
        credit(person)
    desk = Desk()
    given = [ready(desk, random_.choice(persons), random_.randrange(2, 400), account=True) for _ in range(times)]
    wrong = set(random_.sample(range(times), times // 10))
    for number in wrong:
        given[number]["data"]["medfee_sumamt"] = "0.01"
    found = at_once(times, 16, lambda number: desk.ask("2207", given[number]))
    assert {number for number, code in enumerate(codes(found)) if code != "ok"} == wrong
    assert one("SELECT count(*) FROM settlements_settlement") == times - len(wrong)
    assert shared() > times // 10
    check_books()
    figure(books_differ_fen=0, settlements=times - len(wrong), refused=len(wrong), shared=shared(), seed=seed)
