"""T3, T4: many settlements of one person or one account at the same moment pay what one after the other would pay.

Threads have their own connections to the real database. The reckoning beside them is written here, not the engine's.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.county import Window, add_person, build
from service.racing import Desk, ask, check_books, codes, credit, fen, one, ready, seeded, together

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
    from service.racing import law

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
    from service.racing import law

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
        expected = [taken, pooled, assisted, drawn, opening]
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


@pytest.mark.parametrize(
    ("seeds", "threads"), [(3, 10), pytest.param(200, 64, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_one_cap_among_many(county: Any, tmp_path: Path, seeds: int, threads: int) -> None:
    for seed in rounds(seeds):
        one_cap(tmp_path, county, Desk(), threads, seed)
    check_books()


@pytest.mark.parametrize(
    ("seeds", "threads"), [(3, 10), pytest.param(200, 64, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_every_amount_of_a_year_among_many(county: Any, tmp_path: Path, seeds: int, threads: int) -> None:
    for seed in rounds(seeds):
        shared_amounts(tmp_path, county, Desk(), threads, seed)
    check_books()
    assert one("SELECT count(*) FROM settlements_settlement") == seeds * threads


@pytest.mark.parametrize(
    ("seeds", "threads"), [(2, 12), pytest.param(100, 64, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_one_family_account_among_persons(county: Any, seeds: int, threads: int) -> None:
    for seed in rounds(seeds):
        family(county, Desk(), threads, seed)
    check_books()
