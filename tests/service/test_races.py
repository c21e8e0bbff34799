"""T3, T4: many settlements of one person or one account at the same moment pay what one after the other would pay.

Threads have their own connections to the real database. The reckoning beside them is written here, not the engine's.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.county import Window, add_person, build
from service.figures import figure
from service.racing import (
    Desk,
    ask,
    back,
    beside,
    check_books,
    codes,
    credit,
    fen,
    law,
    one,
    ready,
    seeded,
    together,
    undoing,
    waiting,
)

MINIMUM_LIVING = "2303"
PAYING = ("pooled fund", "medical assistance fund")


@dataclass
class Left:
    """What is left of a year's amounts, in fen."""

    deductible: int
    most: int
    limit: int
    assistance: int

    def pay(self, cost: int) -> tuple[int, int, int]:
        """Deductible taken, fund and assistance of the next bill. The amounts are such that nothing is rounded."""
        taken = min(cost, self.deductible)
        pooled = min((cost - taken) // 2, self.most)
        counted = min(cost - pooled, self.limit)
        assisted = min(counted * 7 // 10, self.assistance)
        self.deductible -= taken
        self.most -= pooled
        self.limit -= counted
        self.assistance -= assisted
        return taken, pooled, assisted


def settle_at_once(desk: Window, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All settled at the same moment, each by a thread of its own; none may fail."""
    replies = together(len(given), len(given), lambda number: desk.ask("2207", given[number]))
    assert codes(replies) == ["ok"] * len(given), [reply["err_msg"] for reply in replies]
    return [reply["output"]["setlinfo"] for reply in replies]


def in_order() -> list[str]:
    """The settlements of all persons in the order in which each person's history has them."""
    return [row[0] for row in ask("SELECT setl_id FROM settlements_settlement ORDER BY history_id, number")]


def one_cap(folder: Path, region: Any, desk: Window, threads: int, seed: int) -> None:
    """A cap that holds 1.5 of the bills: one is paid in full, one in half, and the others are not refused."""
    _, random_ = seeded(seed)
    pills = random_.randrange(40, 2_000, 4)
    region.policies = {"resident": law(folder, deductible=0, most=pills * 3 // 4)}
    region.save()
    person = add_person(region, seed % 10**4)
    given = [ready(desk, person, pills) for _ in range(threads)]
    found = settle_at_once(desk, given)
    full = pills * 50
    assert sorted(fen(info["hifp_pay"]) for info in found) == [0] * (threads - 2) + [full // 2, full]
    for info in found:
        assert fen(info["psn_cash_pay"]) == pills * 100 - fen(info["hifp_pay"])


def shared_amounts(folder: Path, region: Any, desk: Window, threads: int, seed: int) -> None:
    """Deductible, cap, assistance limit and account run out among bills of any size, each to the fen."""
    _, random_ = seeded(seed)
    bills = [random_.randrange(20, 2_000, 20) for _ in range(threads)]
    total = sum(bills)
    year = {
        "deductible": random_.randrange(0, total // 2 + 20, 20),
        "most": random_.randrange(0, total // 3 + 20, 10),
        "limit": random_.randrange(0, total + 20, 10),
        "assistance": random_.randrange(0, total // 2 + 20, 10),
    }
    region.policies = {"resident": law(folder, **year)}
    region.save()
    opening = random_.randrange(0, total * 60)
    person = add_person(region, seed % 10**4, identity=MINIMUM_LIVING, account_fen=opening)
    credit(person)
    given = [ready(desk, person, bill, account=True) for bill in bills]
    by_id = {info["setl_id"]: info for info in settle_at_once(desk, given)}
    left = Left(**{name: yuan * 100 for name, yuan in year.items()})
    order = [info for info in (by_id.get(number) for number in in_order()) if info]
    assert len(order) == threads
    for info in order:
        taken, pooled, assisted = left.pay(fen(info["medfee_sumamt"]))
        drawn = min(opening, fen(info["medfee_sumamt"]) - pooled - assisted)
        opening -= drawn
        borne = fen(info["psn_part_amt"])
        expected = [min(taken, borne), pooled, assisted, drawn, opening]  # assistance may bear a part of the deductible
        assert [fen(info[name]) for name in ("act_pay_dedc", "hifp_pay", "maf_pay", "acct_pay", "balc")] == expected


def family(region: Any, desk: Window, threads: int, seed: int) -> None:
    """Several persons draw on one family account, each behind an account of their own: it never falls below 0."""
    from openyibao.service.people.models import Account

    _, random_ = seeded(seed)
    numbers = [seed * 100 % 10**7 + number for number in range(threads // 2)]
    bills = [random_.randrange(20, 400) for _ in range(threads)]
    opening = random_.randrange(0, sum(bills) * 100)
    persons = [
        add_person(region, number, account_fen=random_.randrange(0, 9_000), family_fen=None if place else opening)
        for place, number in enumerate(numbers)
    ]
    shared = Account.objects.get(owner=persons[0], family=True)
    shared.members.add(*persons)
    for person in persons:
        credit(person)
    given = [ready(desk, persons[place % len(persons)], {"D-003": str(bill)}) for place, bill in enumerate(bills)]
    for place, each in enumerate(given):
        each["data"]["acct_used_flag"] = "1" if place % 8 else "0"
    own = {person.psn_no: Account.objects.get(owner=person, family=False).balance_fen for person in persons}
    found = settle_at_once(desk, given)
    drawn: dict[str, int] = dict.fromkeys(own, 0)
    for info in found:
        due = fen(info["medfee_sumamt"])
        assert due == fen(info["acct_pay"]) + fen(info["psn_cash_pay"])
        drawn[info["psn_no"]] += fen(info["acct_pay"]) - fen(info["acct_mulaid_pay"])
    asked = [info for info, each in zip(found, given, strict=True) if each["data"]["acct_used_flag"] == "1"]
    due = {number: sum(fen(info["medfee_sumamt"]) for info in asked if info["psn_no"] == number) for number in own}
    assert drawn == {number: min(own[number], due[number]) for number in own}
    shared_due = sum(due[number] - drawn[number] for number in own)
    taken = sum(fen(info["acct_mulaid_pay"]) for info in found)
    assert taken == min(opening, shared_due)
    shared.refresh_from_db()
    assert shared.balance_fen == opening - taken


@pytest.fixture
def county(database: str) -> Any:
    return build()


def rounds(number: int, first: int | None = None) -> range:
    """So many seeds in a row, from a random one unless it is given."""
    start = random.SystemRandom().randrange(10**6) if first is None else first
    return range(start, start + number)


@pytest.mark.reliability("T3", "one cap among all")
@pytest.mark.parametrize(
    ("seeds", "threads"), [(2, 10), pytest.param(200, 64, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_one_cap_among_many(county: Any, tmp_path: Path, seeds: int, threads: int) -> None:
    first = rounds(1)[0]
    for seed in rounds(seeds, first):
        one_cap(tmp_path, county, Desk(), threads, seed)
    check_books()
    figure(seeds=seeds, threads=threads, settlements=seeds * threads, overruns=0, refused=0, seed=first)
    figure("T14", "books after races", books_differ_fen=0)


@pytest.mark.reliability("T4", "deductible, cap, limit of assistance and account among all")
@pytest.mark.parametrize(
    ("seeds", "threads"), [(2, 10), pytest.param(200, 64, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_every_amount_of_a_year_among_many(county: Any, tmp_path: Path, seeds: int, threads: int) -> None:
    first = rounds(1)[0]
    for seed in rounds(seeds, first):
        shared_amounts(tmp_path, county, Desk(), threads, seed)
    check_books()
    assert one("SELECT count(*) FROM settlements_settlement") == seeds * threads
    figure(seeds=seeds, threads=threads, settlements=seeds * threads, overruns=0, seed=first)


@pytest.mark.reliability("T4", "one family account among persons")
@pytest.mark.parametrize(
    ("seeds", "threads"), [(1, 12), pytest.param(100, 64, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_one_family_account_among_persons(county: Any, seeds: int, threads: int) -> None:
    first = rounds(1)[0]
    for seed in rounds(seeds, first):
        family(county, Desk(), threads, seed)
    check_books()
    lowest = one("SELECT min(balance_fen) FROM people_account")
    figure(seeds=seeds, threads=threads, settlements=seeds * threads, lowest_balance_fen=lowest, seed=first)


class Chaos:
    """Settlements, reversals, undoings and repetitions of a few persons who share a family account, all at once."""

    def __init__(self, region: Any, threads: int, visits: int, random_: random.Random) -> None:
        self.desks = [Desk() for _ in range(threads)]
        from openyibao.service.people.models import Account

        persons = [add_person(region, number, account_fen=40_000, identity=MINIMUM_LIVING) for number in (1, 2, 3)]
        shared = Account.objects.create(number="F", region=region, family=True, owner=persons[0], balance_fen=90_000)
        shared.members.add(*persons)
        for person in persons:
            credit(person)
        self.given = [ready(self.desks[0], random_.choice(persons), 20, account=True) for _ in range(visits)]
        self.sent: list[list[tuple[str, Any, str]]] = [[] for _ in self.given]
        self.settled: list[dict[str, Any] | None] = [None] * visits
        self.codes: Counter[tuple[str, str]] = Counter()
        self.seeds = [random_.randrange(10**9) for _ in range(10**5)]

    def step(self, number: int) -> None:
        random_ = random.Random(self.seeds[number])
        place, desk = random_.randrange(len(self.given)), random_.choice(self.desks)
        about, earlier, settled = self.given[place], self.sent[place], self.settled[place]
        what = random_.choice(("2207", "2207", "2208", "2601", "again"))
        if what == "2208" and settled:
            call = ("2208", back(about, settled), desk.msgid())
        elif what == "2601" and earlier:
            infno, _, msgid = random_.choice(earlier)
            call = ("2601", undoing(about, msgid, infno), desk.msgid())
        elif what == "again" and earlier:
            call = random_.choice(earlier)
        else:
            call = ("2207", about, desk.msgid())
        if call[0] != "2601":
            earlier.append(call)  # before it is sent: others may undo it or send it again meanwhile
        reply = desk.ask(*call)
        if call[0] == "2207" and reply["infcode"] == 0:
            self.settled[place] = reply["output"]
        self.codes[call[0], codes([reply])[0]] += 1


@pytest.mark.reliability("T14", "books after everything at once")
@pytest.mark.parametrize(
    ("steps", "threads", "visits"),
    [(90, 8, 12), pytest.param(20_000, 32, 200, marks=pytest.mark.long)],
    ids=["short", "long"],
)
def test_everything_at_once(county: Any, tmp_path: Path, steps: int, threads: int, visits: int) -> None:
    """Whatever meets whatever: no failure, books that agree, and the amounts of the year never overrun."""
    seed, random_ = seeded()
    county.policies = {"resident": law(tmp_path, deductible=20, most=40, limit=100, assistance=50)}
    county.save()
    chaos = Chaos(county, threads, visits, random_)
    together(steps, threads, chaos.step)
    print(dict(chaos.codes))
    assert not [code for _, code in chaos.codes if code.startswith("Y9")]
    assert chaos.codes["2207", "ok"]
    assert steps < 1_000 or (chaos.codes["2208", "ok"] and chaos.codes["2601", "ok"])  # few steps may draw none
    check_books()
    paid = ask(
        "SELECT s.history_id, l.layer, sum(l.paid_fen) FROM settlements_layerpaid l"
        " JOIN settlements_settlement s ON s.id = l.settlement_id GROUP BY 1, 2"
    )
    most = {"outpatient insurance": 4_000, "medical assistance": 5_000}
    assert all(fen_ <= most[layer] for _, layer, fen_ in paid), paid
    standing = "SELECT count(*) FROM settlements_settledline"
    ended = "SELECT count(*) FILTER (WHERE reverses_id IS NULL) - count(reverses_id) FROM settlements_settlement"
    assert one(standing) == one(ended)
    figure(steps=steps, threads=threads, books_differ_fen=0, failures=0, seed=seed)


def test_a_deadlock_is_tried_again(county: Any, database: str) -> None:
    """Somebody locks an account first and the history then, the wrong way round: the call is ended, and tried again."""
    import psycopg

    desk, person = Desk(), add_person(county, 1, account_fen=10**5)
    credit(person)
    desk.done("2207", ready(desk, person, 10, account=True))
    given = ready(desk, person, 10, account=True)
    with psycopg.connect(database) as other:
        other.execute("SET deadlock_timeout = '20s'")  # so that it is the call that the server ends
        other.execute("SELECT 1 FROM people_account FOR UPDATE")
        with beside(lambda: desk.ask("2207", given)) as call:
            waiting(database)
            other.execute("SELECT 1 FROM settlements_history FOR UPDATE")
            other.commit()
    assert codes([call["result"]]) == ["ok"]
    assert one("SELECT count(*) FROM settlements_settlement") == 2
    check_books()
