"""T18: the messages of one day in any order. Each person's own order is kept, and a family with one account is as one
person; whatever else changes places, the day's totals are the same to the fen."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from openyibao.service.people.models import Person
from service.build import taken_back
from service.conftest import using
from service.county import PHARMACY, Window, add_person, build, now
from service.figures import figure

Steps = Iterator[None]
"""A person's day: it goes on by one message each time it is asked."""


def visit(window: Window, person: Person, chance: random.Random) -> Steps:
    """An outpatient visit: registered, charged, settled; some are taken back, and some of those settled again."""
    number = window.register(person)
    yield
    amounts = {item: str(chance.randrange(1, 400)) for item in chance.sample(("D-001", "D-002", "D-003"), 2)}
    lines = window.upload(person, number, amounts, "2204")
    yield
    data = window.settle_data(person, number, lines, account=chance.random() < 0.5)
    info = window.done("2207", {"data": data})["setlinfo"]
    yield
    while chance.random() < 0.3:
        taken_back(window, info)
        yield
        info = window.done("2207", {"data": data})["setlinfo"]
        yield


def stay(window: Window, person: Person, chance: random.Random) -> Steps:
    number = window.admit(person)
    yield
    lines = window.upload(person, number, {"S-001": str(chance.randrange(20, 900)), "D-002": "7"}, "2301")
    yield
    window.discharge(person, number)
    yield
    window.done("2304", {"data": window.settle_data(person, number, lines)})
    yield


def day(windows: list[Window], persons: list[Person], seed: str) -> Steps:
    """What the persons of one family do one after the other, at either institution."""
    chance = random.Random(seed)
    for _ in range(chance.randrange(1, 4)):
        person = chance.choice(persons)
        if chance.random() < 0.3:
            yield from stay(windows[0], person, chance)
        else:
            yield from visit(chance.choice(windows), person, chance)


def run(families: int, seed: int, order: random.Random | None) -> tuple[int, dict[str, Any]]:
    """A day in the current database: how many messages, and all its totals. Without an order, family by family."""
    region = build()
    windows = [Window(), Window(PHARMACY)]
    days = []
    for number in range(families):
        identity = ("", "2303")[number % 2]
        first = add_person(region, 2 * number, identity=identity, account_fen=30_000, family_fen=20_000)
        second = add_person(region, 2 * number + 1, account_fen=10_000)
        first.accounts.get(family=True).members.add(second)
        days.append(day(windows, [first, second], f"{seed} {number}"))
    messages = 0
    while days:
        place = order.randrange(len(days)) if order else 0
        try:
            next(days[place])
            messages += 1
        except StopIteration:
            days.pop(place)
    return messages, totals(windows)


def totals(windows: list[Window]) -> dict[str, Any]:
    """What a day comes to: the books, each person, each use, each account, and what 3201 says of it."""
    found = {name: rows(text) for name, text in QUERIES.items()}
    today = f"{now():%Y-%m-%d}"
    about = {"insutype": "390", "setl_optins": "999999", "stmt_begndate": today, "stmt_enddate": today}
    zero = {"medfee_sumamt": 0, "fund_pay_sumamt": 0, "acct_pay": 0, "cash_payamt": 0, "fixmedins_setl_cnt": 0}
    for window in windows:
        for clearing in ("11", "21"):
            for flag in ("0", "1"):
                node = {**about, **zero, "clr_type": clearing, "refd_setl_flag": flag}
                reply = window.done("3201", {"data": node})["stmtinfo"]
                found[f"3201 {window.institution} {clearing} {flag}"] = reply["stmt_rslt_dscr"]
    return found


MONEY = (
    "sum(s.total_fen), sum(s.funds_fen), sum(s.hospital_fen), sum(s.account_fen), sum(s.family_fen), sum(s.cash_fen)"
)
QUERIES = {
    "day": f"SELECT s.day, s.institution_id, count(*), {MONEY} FROM settlements_settlement s GROUP BY 1, 2",
    "persons": f"SELECT p.psn_no, count(*), {MONEY} FROM settlements_settlement s"
    " JOIN settlements_visit v ON v.id = s.visit_id JOIN people_person p ON p.id = v.person_id GROUP BY 1",
    "layers": "SELECT layer, payer, field, count(*), sum(paid_fen) FROM settlements_layerpaid GROUP BY 1, 2, 3",
    "uses": "SELECT p.psn_no, u.key, u.fen FROM settlements_use u JOIN settlements_history h ON h.id = u.history_id"
    " JOIN people_person p ON p.id = h.person_id",
    "accounts": "SELECT number, balance_fen FROM people_account",
    "books": "SELECT e.day, e.kind, a.kind, a.scheme, a.fund, a.owner, count(*), sum(p.fen) FROM ledger_posting p"
    " JOIN ledger_entry e ON e.id = p.entry_id JOIN ledger_account a ON a.id = p.account_id GROUP BY 1, 2, 3, 4, 5, 6",
}


def rows(text: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return sorted(cursor.fetchall())


@pytest.mark.reliability("T18", "the same day's messages, shuffled")
@pytest.mark.parametrize(("families", "orders"), [(6, 2), pytest.param(150, 10, marks=pytest.mark.long)])
def test_the_totals_of_a_day_do_not_depend_on_the_order(server: Any, families: int, orders: int) -> None:
    seed = int(os.environ.get("YIBAO_SEED", secrets.randbelow(10**9)))
    print(f"seed {seed}")
    messages, wanted = 0, {}
    for number in range(orders + 1):
        for _ in using(server):
            sent, found = run(families, seed, random.Random(f"{seed} {number}") if number else None)
        messages += sent
        wanted = wanted or found
        different = [name for name, value in wanted.items() if found[name] != value]
        assert not different, f"order {number}: {different}"
    assert sum(row[2] for row in wanted["day"]) > families and any(text != "平" for text in wanted.values())
    figure(messages=messages, orders=orders, differences=0, seed=seed)
