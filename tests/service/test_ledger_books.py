"""The books: entries balance, nothing is changed or lost, and the database says so whoever writes."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest

SEED = secrets.randbelow(10**9)
NOW = datetime(2026, 7, 31, 12, tzinfo=UTC)
DAY = date(2026, 7, 31)

pytestmark = pytest.mark.usefixtures("database")


def lines(hospital: str = "H00000000001", fen: int = 500, fund: str = "pooled fund", region: str = "999999") -> Any:
    from openyibao.service.ledger.books import settlement_lines

    return settlement_lines(region, "resident", hospital, {fund: fen})


def post(entry_lines: Any, reference: str = "S1", day: date = DAY, kind: str = "settlement") -> int:
    from openyibao.service.ledger import books

    return books.post(books.NewEntry(kind, NOW, day, reference, entry_lines))


def ask(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def test_a_settlement_posts_each_fund_against_the_institution() -> None:
    from openyibao.service.ledger.books import AccountKey, LedgerError, balance, settlement_lines

    paid = {"pooled fund": 61_250, "critical illness fund": 0, "medical assistance fund": 9_001}
    number = post(settlement_lines("999999", "resident", "H1", paid, [("A1", False, 300), ("F1", True, 20)]))
    rows = ask(
        "SELECT kind, scheme, fund, owner, fen FROM ledger_posting JOIN ledger_account a ON a.id = account_id"
        " WHERE entry_id = %s ORDER BY line",
        number,
    )
    assert rows == [
        ("fund expenditure", "resident", "pooled fund", "care", 61_250),
        ("payable to institution", "resident", "pooled fund", "H1", -61_250),
        ("fund expenditure", "resident", "medical assistance fund", "care", 9_001),
        ("payable to institution", "resident", "medical assistance fund", "H1", -9_001),
        ("personal account", "", "", "A1", 300),
        ("payable to institution", "resident", "personal account", "H1", -300),
        ("family account", "", "", "F1", 20),
        ("payable to institution", "resident", "family account", "H1", -20),
    ]
    assert balance(AccountKey("personal account", "999999", owner="A1")) == 300
    assert settlement_lines("999999", "resident", "H1", {"pooled fund": 0}) == ()
    with pytest.raises(LedgerError, match="no fund"):
        settlement_lines("999999", "resident", "H1", {"personal account": 5})
    with pytest.raises(LedgerError, match="expected 0 or more"):
        settlement_lines("999999", "resident", "H1", {"pooled fund": -5})


def test_an_entry_is_undone_once_and_exactly() -> None:
    from django.db import IntegrityError

    from openyibao.service.ledger.books import LedgerError, reverse

    first = post(lines(fen=777))
    second = reverse(first, NOW, date(2026, 8, 1), "S2")
    assert ask("SELECT account_id, sum(fen) FROM ledger_posting GROUP BY 1 HAVING sum(fen) <> 0") == []
    assert ask("SELECT reverses_id FROM ledger_entry WHERE id = %s", second) == [(first,)]
    with pytest.raises(IntegrityError, match="reverses_id"):
        reverse(first, NOW, DAY, "S3")
    with pytest.raises(LedgerError, match="no entry 99"):
        reverse(99, NOW, DAY, "S4")
    assert ask("SELECT count(*) FROM ledger_entry") == [(2,)]


WRONG: list[tuple[Any, str]] = [
    (lambda L, K: ((K("fund cash", "1", "resident", "pooled fund"), 5),), "two lines"),
    (lambda L, K: (*L, (K("fund cash", "1", "resident", "pooled fund"), 5)), "sum to 5 fen"),
    (lambda L, K: (*L, (K("fund cash", "1", "resident", "pooled fund"), 0)), "whole fen"),
    (lambda L, K: (*L, (K("fund cash", "1", "resident", "pooled fund"), 1.5)), "whole fen"),
    (lambda L, K: (*L, (K("purse", "1"), 1)), "account kind 'purse'"),
    (lambda L, K: (*L, (K("fund cash", "1", "resident"), 1)), "needs a fund"),
    (lambda L, K: (*L, (K("personal account", "1", "resident", owner="A"), 1)), "has no scheme"),
    (lambda L, K: (*L, (K("fund income", "1", "resident", "pooled fund", "luck"), 1)), "source 'luck'"),
    (lambda L, K: (*L, (K("personal account", "", owner="A"), 1)), "no region"),
    (
        lambda L, K: (*L, *((K("fund cash", "1", "resident", fund), fen) for fund, fen in (("a", 1), ("b", -1)))),
        "1 fen",
    ),
    (lambda L, K: L * 251, "most: 500"),
]


def test_what_the_books_do_not_take_is_refused_before_it_is_written() -> None:
    from openyibao.service.ledger.books import AccountKey, LedgerError

    for wrong, said in WRONG:
        with pytest.raises(LedgerError, match=said):
            post(wrong(lines(), AccountKey))
    with pytest.raises(LedgerError, match="entry kind 'gift'"):
        post(lines(), kind="gift")
    assert ask("SELECT count(*) FROM ledger_entry") == [(0,)]


RAW = "INSERT INTO ledger_entry (kind, moment, day, reference, memo) VALUES ('income', now(), '2026-07-31', 'X', '')"
LINE = "INSERT INTO ledger_posting (entry_id, line, account_id, fen) VALUES "


REFUSED: list[tuple[list[str], str]] = [
    ([RAW], "0 postings"),
    ([RAW, LINE + "(currval('ledger_entry_number'), 1, 1, 5)"], "does not balance"),
    (
        [RAW, LINE + "(currval('ledger_entry_number'), 1, 1, 5), (currval('ledger_entry_number'), 2, 2, -4)"],
        "1 fen",
    ),
    (
        [
            RAW,
            LINE + "(currval('ledger_entry_number'), 1, 1, 5), (currval('ledger_entry_number'), 2, 2, -5)",
            "SET CONSTRAINTS ALL IMMEDIATE",
            LINE + "(currval('ledger_entry_number'), 3, 1, 5)",
        ],
        "does not balance",
    ),
    ([RAW, LINE + "(currval('ledger_entry_number'), 1, 99, 5)"], "no account 99"),
    ([RAW, LINE + "(currval('ledger_entry_number'), 1, 1, 0)"], "ledger_fen"),
    ([LINE + "(1, 8, 1, 5), (1, 9, 2, -5)"], "no entry of this transaction"),
    ([LINE + "(12345, 1, 1, 5), (12345, 2, 2, -5)"], "no entry of this transaction"),
    (["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", RAW], "isolation level"),
    (
        [
            "INSERT INTO ledger_entry (kind, moment, day, reference, memo, reverses_id)"
            " VALUES ('reversal', now(), '2026-07-31', 'X', '', 1)",
            LINE + "(currval('ledger_entry_number'), 1, 1, -4), (currval('ledger_entry_number'), 2, 2, 4)",
        ],
        "does not undo entry 1",
    ),
    (
        [
            RAW,
            LINE + "(currval('ledger_entry_number'), 1, 1, 5), (currval('ledger_entry_number'), 2, 2, -5)",
            "INSERT INTO ledger_entry (kind, moment, day, reference, memo, reverses_id)"
            " VALUES ('reversal', now(), '2026-07-31', 'X', '', currval('ledger_entry_number'))",
            LINE + "(currval('ledger_entry_number'), 1, 1, -5), (currval('ledger_entry_number'), 2, 2, 5)",
            LINE + "(currval('ledger_entry_number') - 1, 3, 1, 1), (currval('ledger_entry_number') - 1, 4, 2, -1)",
        ],
        "does not undo entry",
    ),
    *[
        ([f"{verb} ledger_{table}{end}"], "appended only")
        for table, column in [("account", "owner"), ("entry", "memo"), ("posting", "fen")]
        for verb, end in [("UPDATE", f" SET {column} = {column}"), ("DELETE FROM", ""), ("TRUNCATE", " CASCADE")]
    ],
]


def test_the_database_refuses_what_breaks_the_books_even_in_plain_sql() -> None:
    from django.db import IntegrityError, connection, transaction

    post(lines())
    before = ask("SELECT * FROM ledger_entry, ledger_posting ORDER BY line")
    for statements, said in REFUSED:
        with pytest.raises(IntegrityError, match=said), transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        assert ask("SELECT * FROM ledger_entry, ledger_posting ORDER BY line") == before


def test_the_number_and_the_transaction_are_the_database_s() -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        post(lines())
        cursor.execute(
            RAW.replace("(kind", "(id, tx, kind").replace("('income'", "(77, 88, 'income'") + " RETURNING id"
        )
        number = cursor.fetchone()[0]
        cursor.execute(LINE + "(%s, 1, 1, 5), (%s, 2, 2, -5)", [number, number])
    assert number == 2 and ask("SELECT count(DISTINCT tx) FROM ledger_entry") == [(1,)]


def test_an_account_of_a_transaction_that_was_undone_is_made_again() -> None:
    from django.db import transaction

    with pytest.raises(RuntimeError, match="undone"), transaction.atomic():
        post(lines())
        raise RuntimeError("undone")
    assert ask("SELECT count(*) FROM ledger_account") == [(0,)]
    post(lines())
    assert ask("SELECT count(*) FROM ledger_account") == [(2,)]


def test_a_database_that_was_made_anew_is_posted_to_at_once() -> None:
    post(lines(fen=1))
    post(lines(fund="critical illness fund"))
    ask("SET session_replication_role = replica")
    ask("TRUNCATE ledger_account RESTART IDENTITY CASCADE")
    ask("TRUNCATE ledger_posting")
    ask("RESET session_replication_role")
    post(lines(fund="critical illness fund"))
    assert ask("SELECT DISTINCT fund FROM ledger_account") == [("critical illness fund",)]


def test_posting_from_many_threads_loses_nothing() -> None:
    from django.db import connections

    from openyibao.service.ledger.books import AccountKey, balance, reverse

    print("seed", SEED)
    hospitals, funds = [f"H{n}" for n in range(5)], ["pooled fund", "critical illness fund", "medical assistance fund"]

    def work(thread: int) -> Counter[str]:
        chance, spent = random.Random(SEED + thread), Counter[str]()
        try:
            for number in range(40):
                fund, fen = chance.choice(funds), chance.randint(1, 10**7)
                entry = post(lines(chance.choice(hospitals), fen, fund), f"S{thread}-{number}")
                if chance.random() < 0.2:
                    reverse(entry, NOW, DAY, f"R{thread}-{number}")
                    spent["reversed"] += 1
                else:
                    spent[fund] += fen
        finally:
            connections.close_all()
        return spent

    with ThreadPoolExecutor(8) as pool:
        spent = sum(pool.map(work, range(8)), Counter())
    assert ask("SELECT count(*), sum(fen) FROM ledger_posting") == [(2 * (320 + spent["reversed"]), 0)]
    assert ask("SELECT entry_id FROM ledger_posting GROUP BY 1 HAVING sum(fen) <> 0") == []
    for fund in funds:
        assert balance(AccountKey("fund expenditure", "999999", "resident", fund, "care")) == spent[fund]
    assert ask("SELECT count(*) FROM ledger_account") == [(18,)]
