"""T23: messages between two regions are lost, servers are killed; both end with a settlement done, or both without it.

Which request of the line is lost follows from the seed. Long form: 10,000 visits, one to two hours on two cores.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from openyibao.service.clock import now, today
from openyibao.service.ledger.accounts import credit
from openyibao.service.postgres import Server
from service.county import add_person
from service.figures import figure
from service.racing import beside, seeded, together
from service.two_regions import AWAY, HOME, Desk, Two, on, rows, same, two

T23_S = 300
THREADS = 4
LOST = 0.12
"""How often a request is lost, and how often a reply."""
AMOUNTS = ({"D-001": "20", "D-002": "3"}, {"D-002": "7"}, {"D-001": "9000", "S-001": "2"}, {"D-003": "1", "D-002": "1"})


@pytest.fixture(scope="module")
def both(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with two(server, tmp_path_factory.mktemp("losses")) as found:
        yield found


def persons(both: Two, first: int, count: int) -> list[Any]:
    """Of Willow County; every second one gets assistance, every third one has 300 yuan on an account."""
    with on(both.home.url):
        from openyibao.service.organisation.models import Region

        region, made = Region.objects.get(body__code=HOME), []
        for number in range(first, first + count):
            rich, poor = number % 3 == 0, "2303" if number % 2 else ""
            made.append(add_person(region, number, identity=poor, account_fen=0 if rich else None))
            if rich:
                credit({f"A{number}": 30_000}, now(), now().date(), f"A{number}", "resident")
        return made


def cleared(both: Two) -> int:
    """By how many fen the statements of both sides differ, row by row; the books must agree with the verdicts."""
    from openyibao.service.organisation.models import Region
    from openyibao.service.portability import clearing
    from openyibao.service.portability.models import Peer

    month, lists = today().replace(day=1), []
    for site, own, side in ((both.away, AWAY, "owed"), (both.home, HOME, "owes")):
        with on(site.url):
            peer, region = Peer.objects.get(), Region.objects.get(body__code=own)
            lists.append(clearing.booked(side, peer, region, month))
            assert clearing.compare(lists[-1], clearing.told(side, peer, region, month)) == []
    assert clearing.compare(*lists) == []
    totals = [clearing.totals_of(one) for one in lists]
    assert sum(totals[0].values()) > 0 and len(totals[0]) > 1
    return sum(abs(totals[0].get(fund, 0) - totals[1].get(fund, 0)) for fund in totals[0].keys() | totals[1].keys())


def converged(both: Two) -> float:
    """Seconds until no errand waits for its verdict."""
    start = time.monotonic()
    with on(both.away.url):
        while rows("SELECT 1 FROM portability_errand WHERE state = 'asking' LIMIT 1"):
            assert time.monotonic() - start < T23_S, "errands stay open"
            time.sleep(0.1)
    return time.monotonic() - start


STEPS = [(what, fate) for what in ("2207", "2208", "2601") for fate in ("request", "reply")]
NAMES = {"2207": b"/settle ", "2208": b"/reverse ", "2601": b"/reverse "}


@dataclass
class Lost:
    """A message of a hospital that got no answer."""

    what: str
    fate: str
    settling: str
    msgid: str
    given: dict[str, Any]


def lose_one(both: Two, desk: Desk, person: Any, what: str, fate: str) -> Lost:
    settling, given = desk.msgid(), {"data": desk.bring(person, AMOUNTS[0])}
    if what != "2207":
        info = desk.done("2207", given, settling)["setlinfo"]
        given = {"data": {name: info[name] for name in ("psn_no", "mdtrt_id", "setl_id")}}
    if what == "2601":
        given = {"data": {"psn_no": person.psn_no, "omsgid": settling, "oinfno": "2207"}}
    both.there.fate = lambda number, body: fate if NAMES[what] in body[:60] else ""
    msgid = settling if what == "2207" else desk.msgid()
    desk.refused(what, given, "Y5101", msgid)
    both.heal()
    return Lost(what, fate, settling, msgid, given)


def test_each_step_may_be_lost_and_nobody_asks_again(both: Two) -> None:
    """The hospital's platform dies before it hears, and the hospital is silent: the worker alone finds out."""
    desk, people = Desk(both.away), persons(both, 5_000, len(STEPS))
    both.away.kill("worker")  # so that no verdict is known before all are lost
    lost = [lose_one(both, desk, person, *step) for person, step in zip(people, STEPS, strict=True)]
    both.away.kill("web")
    both.away.start()
    both.away.ready()
    converged(both)
    same(both)
    for one in lost:
        state = desk.done("Y601", {"data": {"omsgid": one.settling, "oinfno": "2207"}})["data"]["state"]
        happened = one.fate == "reply"
        expected = ("done" if happened else "unknown") if one.what == "2207" else ("undone" if happened else "done")
        assert (one, state) == (one, expected)
        assert desk.ask(one.what, one.given, one.msgid)["infcode"] == 0  # again: done now, or it was before
    same(both)


@dataclass
class Hospital:
    """A desk that treats persons and does not always have an answer. `told` holds what it was told for certain."""

    both: Two
    seed: int
    done: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def visit(self, number: int, person: Any) -> None:
        draw, desk = random.Random(f"{self.seed} {number}"), Desk(self.both.away)
        visit = self.insist(lambda: desk.bring(person, draw.choice(AMOUNTS), account=draw.random() < 0.5))
        given, msgid = {"data": visit}, desk.msgid()
        reply = self.attempt(desk, "2207", given, msgid, draw.randrange(4))
        if reply is None and draw.random() < 0.3:  # gives up, and wants nothing to remain
            undo = {"data": {"psn_no": person.psn_no, "omsgid": msgid, "oinfno": "2207"}}
            self.attempt(desk, "2601", undo, desk.msgid(), draw.randrange(3))
        elif reply is not None and draw.random() < 0.3:
            info = reply["output"]["setlinfo"]
            back = {"data": {name: info[name] for name in ("psn_no", "mdtrt_id", "setl_id")}}
            if self.attempt(desk, "2208", back, desk.msgid(), draw.randrange(3)) is not None:
                self.done.discard(info["setl_id"])
                self.counts["reversed"] += 1
            else:
                self.done.discard(info["setl_id"])  # unknown

    def attempt(self, desk: Desk, infno: str, given: Any, msgid: str, again: int) -> dict[str, Any] | None:
        """Send, and the same again some times; the reply, or None where there was none for certain."""
        for _ in range(1 + again):
            try:
                reply = desk.ask(infno, given, msgid)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                self.counts["no reply"] += 1
                continue
            if reply["infcode"] == 0:
                self.counts[infno] += 1
                if infno == "2207":
                    self.done.add(reply["output"]["setlinfo"]["setl_id"])
                return reply
            code = reply["err_msg"].split()[0]
            assert code in ("Y5101", "Y5102", "Y5103", "Y9002", "Y6004"), reply["err_msg"]
            self.counts[code] += 1
        return None

    def insist(self, work: Callable[[], Any]) -> Any:
        """Steps that change nothing elsewhere, until they are done."""
        for _ in range(200):
            try:
                return work()
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                time.sleep(0.2)
            except AssertionError as error:
                if not str(error).startswith(("Y5102", "Y9002")):
                    raise
        raise AssertionError("nothing goes")


@pytest.mark.reliability("T23", "visits out of area with lost messages and killed servers")
def test_visits_with_lost_messages_end_done_or_undone_on_both_sides(both: Two) -> None:
    lose(both, 40, kills=2)


@pytest.mark.long
@pytest.mark.reliability("T23", "visits out of area with lost messages and killed servers")
def test_ten_thousand_visits(both: Two) -> None:
    lose(both, 10_000, kills=30)


def lose(both: Two, visits: int, kills: int) -> None:
    seed, draw = seeded()
    people = persons(both, 10_000 if visits < 1_000 else 20_000, min(visits, 500))
    hospital = Hospital(both, seed)
    for person in people:
        Desk(both.away).show(person)
    both.there.fate = lambda number, body: draw_fate(seed, number)
    lost, started = both.there.lost, time.monotonic()
    step = -(-visits // kills)
    for number in range(0, visits, step):
        some = range(number, min(number + step, visits))
        killed, after = draw.choice(("home web", "away web", "away worker")), draw.uniform(0.2, 2)
        with beside(lambda: kill(both, killed, after)):  # noqa: B023  (it ends with the block)
            together(len(some), THREADS, lambda at: hospital.visit(some[at], people[some[at] % len(people)]))  # noqa: B023
    both.there.cut = True  # the line is cut altogether while some visits are settled
    for number in range(visits, visits + 5):
        desk = Desk(both.away)
        given = {"data": settle_data(both, desk, people[number % len(people)])}
        both.there.cut = True
        desk.refused("2207", given, "Y5101")
    elapsed = time.monotonic() - started
    both.heal()
    seconds = converged(both)
    same(both)
    with on(both.away.url):
        stand = {row[0] for row in rows("SELECT setl_id FROM settlements_settlement WHERE reverses_id IS NULL")}
        states = dict(rows("SELECT what || ' ' || state, count(*) FROM portability_errand GROUP BY 1"))
    assert hospital.done <= stand, "a settlement that the hospital was told of is not there"
    print(f"{states}, {dict(hospital.counts)}, {both.there.lost - lost} lost, {elapsed:.0f} s")
    assert seconds <= T23_S
    differs = cleared(both)
    assert differs == 0
    figure(cleared_fen_differ=differs)
    figure(
        visits=visits,
        seed=seed,
        lost_messages=both.there.lost - lost,
        kills=kills,
        single_sided=0,
        heal_seconds=seconds,
    )


def settle_data(both: Two, desk: Desk, person: Any) -> dict[str, Any]:
    both.there.cut = False
    both.there.fate = lambda number, body: ""
    return desk.bring(person, AMOUNTS[0])


def draw_fate(seed: int, number: int) -> str:
    chance = random.Random(f"{seed} line {number}").random()
    return "request" if chance < LOST else "reply" if chance < 2 * LOST else ""


def kill(both: Two, which: str, after: float) -> None:
    """kill -9 of a part, and its new start."""
    time.sleep(after)
    name, part = which.split()
    site = both.home if name == "home" else both.away
    site.kill(part)
    site.start(part)
    site.ready()
