"""What the tests of reliability share: threads let go together, books held against each other, a state as one hash.

Every thread has a connection of its own and closes it when it ends. Seeds are printed.
"""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from service.county import Window
from service.county import now as clock_now

NUMBERS = count(1)
PATIENCE_S = 30


class Desk(Window):
    """A window whose message ids never repeat."""

    def msgid(self) -> str:
        return f"{self.institution}{next(NUMBERS):018d}"


def seeded(seed: int | None = None) -> tuple[int, random.Random]:
    """A seed, printed, and its random numbers."""
    seed = secrets.randbelow(10**9) if seed is None else seed
    print(f"seed {seed}")
    return seed, random.Random(seed)


def together(times: int, threads: int, work: Callable[[int], Any]) -> list[Any]:
    """What work(0), work(1) ... gave, done by so many threads that start at the same moment. Raises what one raised."""
    from django.db import connections

    start, results, errors = threading.Barrier(threads), [None] * times, []

    def run(first: int) -> None:
        try:
            start.wait(PATIENCE_S)
            for number in range(first, times, threads):
                results[number] = work(number)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    if errors:
        raise errors[0]
    return results


@contextmanager
def beside(work: Callable[[], Any]) -> Iterator[dict[str, Any]]:
    """Run something on a thread while the block runs; afterwards `result` holds what it gave."""
    from django.db import connections

    found: dict[str, Any] = {}

    def run() -> None:
        try:
            found["result"] = work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield found
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "a call did not end"


def ask(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def one(sql: str, *values: Any) -> Any:
    return ask(sql, *values)[0][0]


def waiting(url: str, least: int = 1) -> list[int]:
    """The server processes of this database that wait for a lock, once there are so many."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchall()
            if len(found) >= least:
                return [row[0] for row in found]
            time.sleep(0.005)
    raise AssertionError("nobody waits")


def fen(value: Any) -> int:
    return int((Decimal(value or 0) * 100).to_integral_exact())


# -- the books


def check_books() -> None:
    """T14: entries sum to 0, and so do the books; ledger, settlements, layers, accounts and uses say the same."""
    assert ask("SELECT entry_id, sum(fen) FROM ledger_posting GROUP BY 1 HAVING sum(fen) <> 0") == []
    assert one("SELECT coalesce(sum(fen), 0) FROM ledger_posting") == 0
    funds = _by_settlement("fund expenditure", "a.fund")
    layers = ask(
        "SELECT s.setl_id, l.payer, sum(l.paid_fen) FROM settlements_layerpaid l"
        " JOIN settlements_settlement s ON s.id = l.settlement_id"
        " WHERE l.payer NOT IN ('personal account', 'family account') GROUP BY 1, 2 HAVING sum(l.paid_fen) <> 0"
    )
    assert sorted(funds) == sorted(layers)
    for kind, column in (("personal account", "account_fen"), ("family account", "family_fen")):
        drawn = ask(f"SELECT setl_id, '', {column} FROM settlements_settlement WHERE {column} <> 0")
        assert sorted(_by_settlement(kind, "''")) == sorted(drawn)
    sums = "SELECT setl_id, '', funds_fen FROM settlements_settlement WHERE funds_fen <> 0"
    assert sorted(_by_settlement("fund expenditure", "''")) == sorted(ask(sums))
    owed = ask(
        "SELECT e.reference, '', -sum(p.fen) FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id"
        " JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = 'payable to institution' GROUP BY 1"
    )
    borne = "SELECT setl_id, '', funds_fen + account_fen + family_fen FROM settlements_settlement"
    assert sorted(owed) == sorted(row for row in ask(borne) if row[2])
    accounts = ask(
        "SELECT x.number, x.balance_fen, coalesce(-(SELECT sum(p.fen) FROM ledger_posting p JOIN ledger_account a"
        " ON a.id = p.account_id WHERE a.owner = x.number AND a.kind IN ('personal account', 'family account')), 0)"
        " FROM people_account x"
    )
    assert [row for row in accounts if row[1] != row[2] or row[1] < 0] == []
    check_uses()


def _by_settlement(kind: str, what: str) -> list[tuple[Any, ...]]:
    """What each settlement posted to accounts of a kind."""
    return ask(
        f"SELECT e.reference, {what}, sum(p.fen) FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id"
        " JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = %s AND e.kind IN ('settlement', 'reversal')"
        " GROUP BY 1, 2 HAVING sum(p.fen) <> 0",
        kind,
    )


def check_uses() -> None:
    """Uses are what the standing settlements added, and no line is settled twice."""
    from openyibao.service.settlements.models import Settlement, Use

    added: dict[tuple[int, str], int] = {}
    for settlement in Settlement.objects.filter(reverses=None, reversed_by=None):
        for entry in settlement.added:
            for key, value in _pairs(entry):
                added[settlement.history_id, key] = added.get((settlement.history_id, key), 0) + value
    kept = {(use.history_id, key_text(use.key)): use.fen for use in Use.objects.all()}
    assert {key: value for key, value in added.items() if value} == kept
    twice = "SELECT count(*) - count(DISTINCT line_id) FROM settlements_settledline"
    assert one(twice) == 0


def _pairs(entry: Any) -> list[tuple[str, int]]:
    return [(key_text(json.dumps(item["use"])), item["fen"]) for item in entry]


def key_text(text: str) -> str:
    """A use's key in the one way of writing it."""
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


MONEY = (
    "SELECT history_id, key, fen FROM settlements_use ORDER BY 1, 2",
    "SELECT id, balance_fen FROM people_account ORDER BY 1",
    "SELECT account_id, sum(fen) FROM ledger_posting GROUP BY 1 HAVING sum(fen) <> 0 ORDER BY 1",
    "SELECT coalesce(sum(total_fen), 0), coalesce(sum(funds_fen), 0), coalesce(sum(account_fen), 0),"
    " coalesce(sum(family_fen), 0), coalesce(sum(cash_fen), 0) FROM settlements_settlement",
)
LINES = (
    "SELECT id, visit_id, amount_fen, fully_self_paid_fen, over_limit_fen, pre_self_paid_fen, in_scope_fen,"
    " EXISTS (SELECT FROM settlements_settledline WHERE line_id = id AND visit_id = f.visit_id)"
    " FROM settlements_feeline f ORDER BY 1",
)


def hash_of(*selects: str) -> str:
    """One hash over the rows of some queries."""
    digest = hashlib.sha256()
    for sql in selects:
        digest.update(repr([tuple(map(str, row)) for row in ask(sql)]).encode())
    return digest.hexdigest()


def state_hash(*more: str) -> str:
    """One hash over the rows of uses, accounts, the ledger's balances, sums and fee lines."""
    return hash_of(*MONEY, *LINES, *more)


def money_hash() -> str:
    """The same without fee lines: what visits that are not settled do not change."""
    return hash_of(*MONEY)


EVERYTHING = tuple(
    f"SELECT count(*) FROM {table}"
    for table in (
        *("gateway_message", "settlements_settlement", "settlements_layerpaid", "settlements_feeline"),
        *("settlements_visit", "settlements_history", "ledger_entry", "ledger_posting"),
    )
)
"""The numbers of rows of all tables that a call writes, for a state in which nothing at all was written."""


def credit(person: Any) -> None:
    """Post what a person's accounts hold, so that the books have their openings too."""
    from openyibao.service.ledger.books import AccountKey, NewEntry, post
    from openyibao.service.people.models import Account

    fund = ("999999", "resident", "pooled fund")
    for account in Account.objects.filter(owner=person, balance_fen__gt=0):
        kind, fen = "family account" if account.family else "personal account", account.balance_fen
        lines = (
            (AccountKey("fund expenditure", *fund, "account credit"), fen),
            (AccountKey("fund cash", *fund), -fen),
            (AccountKey("fund cash", "999999", "resident", kind), fen),
            (AccountKey(kind, "999999", owner=account.number), -fen),
        )
        post(NewEntry("account credit", clock_now(), clock_now().date(), account.number, lines))


# -- visits ready to settle


def ready(desk: Window, person: Any, pills: Any, *, account: bool = False, day: str = "2026-03-02") -> dict[str, Any]:
    """An outpatient visit with its lines, as the input of 2206 and 2207. `pills` of 1 yuan each, or amounts by item."""
    visit = desk.register(person, f"{day} 08:00:00")
    amounts = pills if isinstance(pills, dict) else {"D-001": str(pills)}
    rows = [
        desk.line(person, visit, item, "", "B1", count=times, fee_ocur_time=f"{day} 09:00:00")
        for item, times in amounts.items()
    ]
    lines = desk.done("2204", {"feedetail": rows})["result"]
    return {"data": desk.settle_data(person, visit, lines, account=account)}


def back(given: dict[str, Any], settled: dict[str, Any]) -> dict[str, Any]:
    """The input that takes a settlement back (2208)."""
    about = given["data"]
    return {
        "data": {name: about[name] for name in ("psn_no", "mdtrt_id")} | {"setl_id": settled["setlinfo"]["setl_id"]}
    }


def undoing(given: dict[str, Any], msgid: str, infno: str = "2207") -> dict[str, Any]:
    """The input of 2601."""
    return {"data": {"psn_no": given["data"]["psn_no"], "omsgid": msgid, "oinfno": infno}}


def codes(replies: Sequence[dict[str, Any]]) -> list[str]:
    """`ok`, or the code of the refusal, of each reply."""
    return ["ok" if reply["infcode"] == 0 else reply["err_msg"].split()[0] for reply in replies]


# -- law and time of our own

LAW = """\
policy: test/race-{number}
title: {{zh: 测试用, en: for tests}}
region: 999999
scheme: resident
in force: {{from: 2024-01-01, before: 2030-01-01}}
rule of the date of: settlement
words:
  - {{en: test rule, zh: 测试办法}}
  - {{en: outpatient insurance, zh: 门诊保险}}
documents:
  test rule: {{title: {{zh: 测试, en: test}}, number: 1, date: 2023-12-01, source: made up for tests}}
facts:
  service: [outpatient]
  class: [ordinary, minimum living allowance]
layers:
  - outpatient insurance:
      payer: pooled fund
      for: {{service: outpatient}}
      of: [in-scope cost]
      deductible per year: {deductible}
      pays: 50%
      at most per year: {most}
      basis: {{document: test rule, article: 1, source: test rule, sure: high}}
  - medical assistance:
      payer: medical assistance fund
      for: {{class: minimum living allowance}}
      of: [left of outpatient insurance]
      limit per year: {limit}
      pays: 70%
      at most per year: {assistance}
      basis: {{document: test rule, article: 2, source: test rule, sure: high}}
"""


def law(folder: Path, *, deductible: int, most: int, limit: int = 10_000, assistance: int = 10_000) -> str:
    """A policy file of whole yuan: a deductible, a cap, a limit and a cap of assistance, each per year."""
    number = next(NUMBERS)
    path = folder / f"race-{number}.yaml"
    amounts = {"deductible": deductible, "most": most, "limit": limit, "assistance": assistance}
    path.write_text(LAW.format(number=number, **amounts), encoding="utf-8")
    return str(path)


class Hands:
    """The platform's clock in the test's hands: it stands where it is set."""

    def __init__(self, monkeypatch: Any) -> None:
        from django.conf import settings

        from openyibao.service import clock

        self.seconds = clock.now().timestamp()
        monkeypatch.setattr(settings, "CLOCK", "")
        monkeypatch.setattr(clock, "time", SimpleNamespace(time=lambda: self.seconds))

    def set(self, moment: str) -> None:
        """To a moment of China's time, such as `2026-12-31 23:59:59.999`."""
        from openyibao.service.clock import CHINA

        self.seconds = datetime.fromisoformat(moment).replace(tzinfo=CHINA).timestamp()

    def step(self, seconds: float) -> None:
        self.seconds += seconds
