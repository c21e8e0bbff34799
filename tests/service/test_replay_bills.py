"""Every bill and use derived again from the log: nothing differs, and whatever is changed is named."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from django.db import connection

from openyibao.service.postgres import Server
from openyibao.service.replay import laws
from openyibao.service.replay.periods import Period
from openyibao.service.replay.work import Replayed, replay
from service.conftest import using
from service.databases import SOURCE
from service.filled import template as filled_template

SEED = 20261122
PLACES = ("980001", "980004", "980007")
"""Three policies one after the other; claims that gather; stays over two benefit years."""


@pytest.fixture(scope="module")
def template(server: Server) -> Iterator[str]:
    """A database with settlements of some persons."""
    yield from filled_template(server, 500, 60, SEED, PLACES)


@pytest.fixture
def filled(server: Server, template: str) -> Iterator[str]:
    yield from using(server, template)


def change(sql: str, *values: object) -> None:
    """Change rows that triggers protect, as somebody who owns the database could."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values or None)
        assert cursor.rowcount, sql
        cursor.execute("RESET session_replication_role")


def one(sql: str) -> tuple[object, ...]:
    """A row drawn from a query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) q ORDER BY 1")
        rows = cursor.fetchall()
    assert rows, sql
    return random.Random(SEED).choice(rows)


def again(**asked: object) -> Replayed:
    return replay(Period(), processes=0, **asked)


def fields(done: Replayed) -> set[tuple[str, str]]:
    return {(found.setl_id, found.field) for found in done.differences}


# ---------------------------------------------------------------- nothing changed


def test_nothing_differs_and_all_kinds_are_there(filled: str) -> None:
    done = again()
    tally = done.tally
    assert done.right and not done.differences, done.differences
    assert tally.settlements >= 400 and tally.earlier == 0
    assert tally.reversals and tally.one_by_one and tally.without_claims and tally.uses
    assert tally.claims - tally.one_by_one > tally.one_by_one
    kinds = {
        "several claims": "SELECT id FROM settlements_settlement WHERE json_array_length(claim) > 1",
        "several laws": "SELECT history_id FROM settlements_settlement GROUP BY 1 HAVING count(DISTINCT policy) > 2",
        "undone reversals": "SELECT id FROM settlements_settlement WHERE undoes_id IS NOT NULL",
        "manual": "SELECT s.id FROM settlements_settlement s JOIN settlements_visit v ON v.id = visit_id"
        " WHERE kind = 'manual'",
        "accounts": "SELECT id FROM settlements_settlement WHERE account_fen > 0",
        "institutions": "SELECT id FROM settlements_settlement WHERE hospital_fen > 0",
        "reversed and not the last": "SELECT r.id FROM settlements_settlement r JOIN settlements_settlement s"
        " ON s.id = r.reverses_id WHERE r.number > s.number + 1",
    }
    for kind, sql in kinds.items():
        assert one(sql), kind


def test_the_fee_lines_give_the_same_claims(filled: str) -> None:
    done = again(from_lines=True)
    assert done.right and done.tally.lines > 400, done.differences


def test_a_day_and_a_year_take_what_they_rest_on_along(filled: str) -> None:
    day = one("SELECT day FROM settlements_settlement WHERE number > 3")[0]
    assert isinstance(day, date)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM settlements_settlement WHERE day = %s", [day])
        count = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM settlements_settlement WHERE extract(year FROM day) = 2025")
        in_year = cursor.fetchone()[0]
    done = replay(Period(day, day), processes=0)
    assert done.right and done.tally.settlements == count and done.tally.earlier > 0
    done = replay(Period(date(2025, 1, 1), date(2025, 12, 31)), processes=0)
    assert done.right and done.tally.settlements == in_year
    done = replay(Period(date(1990, 1, 1), date(1990, 1, 1)), processes=0)
    assert done.right and done.tally.settlements == 0


def test_blocks_of_any_size_say_the_same(filled: str) -> None:
    whole, small = again(), again(block=1)
    assert whole.tally == small.tally


# ---------------------------------------------------------------- what is changed is named

STANDING = (
    "SELECT s.setl_id, s.id, l.id, l.layer, l.position FROM settlements_settlement s JOIN settlements_layerpaid l"
    " ON l.settlement_id = s.id WHERE s.reverses_id IS NULL AND l.paid_fen > 0"
    " AND NOT EXISTS (SELECT FROM settlements_settlement r WHERE r.reverses_id = s.id)"
)


def paid_more() -> tuple[str, str]:
    setl_id, _, layer, name, _ = one(f"{STANDING} AND l.left_fen > l.paid_fen")
    change("UPDATE settlements_layerpaid SET paid_fen = paid_fen + 1 WHERE id = %s", layer)
    return str(setl_id), f"layer {name}: paid_fen"


def left_more() -> tuple[str, str]:
    setl_id, _, layer, name, _ = one(f"{STANDING} AND l.left_fen IS NOT NULL")
    change("UPDATE settlements_layerpaid SET left_fen = left_fen + 1 WHERE id = %s", layer)
    return str(setl_id), f"layer {name}: left_fen"


def other_payer() -> tuple[str, str]:
    setl_id, settlement, layer, _, position = one(STANDING)
    place = one(
        f"SELECT count(*) FROM settlements_layerpaid WHERE settlement_id = {settlement} AND position <= {position}"
        " AND paid_fen <> 0"
    )[0]
    change("UPDATE settlements_layerpaid SET payer = 'personal account' WHERE id = %s", layer)
    return str(setl_id), f"layer {place}"


def layer_gone() -> tuple[str, str]:
    setl_id, settlement, *_ = one(STANDING)
    change(
        "DELETE FROM settlements_layerpaid WHERE settlement_id = %s AND position ="
        " (SELECT max(position) FROM settlements_layerpaid WHERE settlement_id = %s)",
        settlement,
        settlement,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM settlements_layerpaid WHERE settlement_id = %s", [settlement])
        return str(setl_id), f"layer {cursor.fetchone()[0] + 1}"


def use_changed() -> tuple[str, str]:
    use, history, key = one("SELECT id, history_id, key FROM settlements_use WHERE fen > 0")
    change("UPDATE settlements_use SET fen = fen + 1 WHERE id = %s", use)
    return f"history {history}", f"use {json.loads(str(key))}"


def use_gone() -> tuple[str, str]:
    use, history, key = one("SELECT id, history_id, key FROM settlements_use WHERE fen > 0")
    change("DELETE FROM settlements_use WHERE id = %s", use)
    return f"history {history}", f"use {json.loads(str(key))}"


def use_slipped_in() -> tuple[str, str]:
    (history,) = one("SELECT id FROM settlements_history")
    change("""INSERT INTO settlements_use (history_id, key, fen) VALUES (%s, '["nothing",2025]', 5)""", history)
    return f"history {history}", "use ['nothing', 2025]"


def settlement_gone() -> tuple[str, str]:
    (settlement, history) = one("SELECT id, history_id FROM settlements_settlement WHERE number = 2")
    change("DELETE FROM settlements_settlement WHERE id = %s", settlement)
    return f"history {history}", "settling missing"


def last_settlement_gone() -> tuple[str, str]:
    (settlement, history) = one(
        "SELECT id, history_id FROM settlements_settlement s WHERE number = (SELECT max(number) FROM"
        " settlements_settlement o WHERE o.history_id = s.history_id)"
    )
    change("DELETE FROM settlements_settlement WHERE id = %s", settlement)
    return f"history {history}", "settling missing"


def funds_for_cash() -> tuple[str, str]:
    setl_id, settlement, *_ = one(STANDING)
    change(
        "UPDATE settlements_settlement SET funds_fen = funds_fen + 1, cash_fen = cash_fen - 1 WHERE id = %s", settlement
    )
    return str(setl_id), "funds_fen"


def institution_for_cash() -> tuple[str, str]:
    setl_id, settlement = one("SELECT setl_id, id FROM settlements_settlement WHERE hospital_fen > 100")
    change(
        "UPDATE settlements_settlement SET hospital_fen = hospital_fen - 1, cash_fen = cash_fen + 1 WHERE id = %s",
        settlement,
    )
    return str(setl_id), "hospital_fen"


def account_for_cash() -> tuple[str, str]:
    setl_id, settlement = one(
        "SELECT setl_id, id FROM settlements_settlement WHERE account_fen > 100 AND json_array_length(claim) > 0"
    )
    change(
        "UPDATE settlements_settlement SET account_fen = account_fen - 1, cash_fen = cash_fen + 1 WHERE id = %s",
        settlement,
    )
    return str(setl_id), "account_fen"


def parts_moved() -> tuple[str, str]:
    setl_id, settlement, *_ = one(f"{STANDING} AND s.in_scope_fen > 0")
    change(
        "UPDATE settlements_settlement SET in_scope_fen = in_scope_fen - 1, over_limit_fen = over_limit_fen + 1"
        " WHERE id = %s",
        settlement,
    )
    return str(setl_id), "in_scope_fen"


def claim_changed() -> tuple[str, str]:
    """The grade of the hospital in a claim: its deductible and rates are others then."""
    setl_id, settlement, *_ = one(f'{STANDING} AND s.claim::text LIKE \'%%"grade":"tertiary"%%\'')
    change(
        """UPDATE settlements_settlement SET claim = replace(claim::text, '"tertiary"', '"secondary"')::json"""
        " WHERE id = %s",
        settlement,
    )
    return str(setl_id), ""


def claim_without_a_field() -> tuple[str, str]:
    setl_id, settlement, *_ = one(STANDING)
    change(
        """UPDATE settlements_settlement SET claim = replace(claim::text, '"in_scope_fen"', '"in_scope"')::json"""
        " WHERE id = %s",
        settlement,
    )
    return str(setl_id), "bill"


def claim_with_a_word_for_a_number() -> tuple[str, str]:
    setl_id, settlement, *_ = one(STANDING)
    change(
        "UPDATE settlements_settlement SET claim = regexp_replace(claim::text, '\"pre_self_paid_fen\":[0-9]+',"
        ' \'"pre_self_paid_fen":"much"\')::json WHERE id = %s',
        settlement,
    )
    return str(setl_id), "bill"


def added_changed() -> tuple[str, str]:
    setl_id, settlement, added = one(
        "SELECT setl_id, id, added::text FROM settlements_settlement WHERE json_array_length(added) = 1"
        " AND json_array_length(added -> 0) > 0"
    )
    data = json.loads(str(added))
    data[0][0]["fen"] += 1
    change("UPDATE settlements_settlement SET added = %s WHERE id = %s", json.dumps(data), settlement)
    return str(setl_id), f"added to use {data[0][0]['use']}"


def reversal_changed() -> tuple[str, str]:
    setl_id, settlement = one(
        "SELECT setl_id, id FROM settlements_settlement WHERE reverses_id IS NOT NULL AND funds_fen < 0"
    )
    change(
        "UPDATE settlements_settlement SET funds_fen = funds_fen + 1, cash_fen = cash_fen - 1 WHERE id = %s", settlement
    )
    return str(setl_id), "funds_fen"


def reversed_layer_changed() -> tuple[str, str]:
    setl_id, layer, name = one(
        "SELECT s.setl_id, l.id, l.layer FROM settlements_settlement s JOIN settlements_layerpaid l"
        " ON l.settlement_id = s.id WHERE s.reverses_id IS NOT NULL AND l.paid_fen < 0"
    )
    change("UPDATE settlements_layerpaid SET paid_fen = paid_fen - 1 WHERE id = %s", layer)
    return str(setl_id), f"layer {name}: paid_fen"


def balance_changed() -> tuple[str, str]:
    account, number = one("SELECT id, number FROM people_account")
    change("UPDATE people_account SET balance_fen = balance_fen + 1 WHERE id = %s", account)
    return f"account {number}", "balance_fen"


CHANGES = (
    *(paid_more, left_more, other_payer, layer_gone, use_changed, use_gone, use_slipped_in),
    *(settlement_gone, last_settlement_gone, funds_for_cash, institution_for_cash, account_for_cash),
    *(
        parts_moved,
        claim_changed,
        claim_without_a_field,
        claim_with_a_word_for_a_number,
        added_changed,
        reversal_changed,
        reversed_layer_changed,
        balance_changed,
    ),
)


@pytest.mark.parametrize("injected", CHANGES, ids=lambda one: one.__name__)
def test_what_is_changed_is_named(filled: str, injected: Callable[[], tuple[str, str]]) -> None:
    print("seed", SEED)
    setl_id, name = injected()
    done = again(most=1000)
    assert not done.right
    if name:
        assert (setl_id, name) in fields(done), fields(done)
    else:
        assert setl_id in {found.setl_id for found in done.differences}, done.differences


def test_a_log_that_cannot_be_read_is_said(filled: str) -> None:
    (settlement,) = one("SELECT id FROM settlements_settlement WHERE reverses_id IS NULL")
    change("""UPDATE settlements_settlement SET added = '[[{"use": 5}]]' WHERE id = %s""", settlement)
    done = run(filled)
    assert done.returncode == 2 and "can't be read" in done.stderr and "Traceback" not in done.stderr


def test_a_changed_fee_line_is_named(filled: str) -> None:
    setl_id, line = one(
        "SELECT s.setl_id, max(x.line_id) FROM settlements_settledline x JOIN settlements_settlement s"
        " ON s.id = x.settlement_id JOIN settlements_feeline l ON l.id = x.line_id"
        " WHERE l.in_scope_fen > 100 GROUP BY 1"
    )
    change(
        "UPDATE settlements_feeline SET in_scope_fen = in_scope_fen - 1, over_limit_fen = over_limit_fen + 1"
        " WHERE id = %s",
        line,
    )
    assert again().right  # bills do not rest on it
    done = again(from_lines=True, most=1000)
    assert (str(setl_id), "fee lines: in_scope_fen") in fields(done)


def test_a_policy_that_is_not_known_is_an_error_that_says_so(filled: str) -> None:
    (policy,) = one("SELECT policy FROM settlements_settlement WHERE policy LIKE 'taiyuan/%%'")
    change("UPDATE settlements_settlement SET digest = 'feedfeedfeedfeed' WHERE policy = %s", policy)
    done = again()
    assert not done.right and done.tally.open and not done.differences
    (why,) = done.tally.open
    assert "taiyuan/resident-2023" in why and "feedfeedfeedfeed" in why and "not kept" in why


def test_a_policy_that_the_library_has_otherwise_is_taken_from_its_kept_text(
    filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library went on; the text by which was settled is kept with the settlements."""
    read = laws._of_library

    def other(name: str) -> object:
        from dataclasses import replace

        return replace(read(name), digest="0" * 16)

    monkeypatch.setattr(laws, "_of_library", other)
    done = again()
    assert done.right and done.tally.settlements >= 400
    change("DELETE FROM settlements_law WHERE policy LIKE 'taiyuan/%%'")
    done = again()
    assert [why for why in done.tally.open if "taiyuan" in why and "not kept" in why]


# ---------------------------------------------------------------- the command


def test_the_command_prints_a_table_and_json_and_its_exit_code_tells(filled: str, server: Server) -> None:
    year = run(filled, "--year", "2025", "--lang", "zh")
    assert year.returncode == 0, year.stderr
    told = json.loads(year.stdout.splitlines()[-1])
    assert told["replay"]["differing"] == 0 and told["replay"]["settlements"] > 0 and told["first"] == []
    assert "差异为 0" in year.stdout and "重放" in year.stdout
    setl_id, name = paid_more()
    whole = run(filled)
    assert whole.returncode == 1
    told = json.loads(whole.stdout.splitlines()[-1])
    assert told["first"][0][:2] == [setl_id, name] and told["replay"]["differing"] == 1
    assert setl_id in whole.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--day", "2026-02-30"), "expected a day such as"),
        (("--day", "2026-02-03", "--year", "2026"), "exclude each other"),
    ],
)
def test_what_cannot_be_asked_is_said(filled: str, arguments: tuple[str, ...], said: str) -> None:
    done = run(filled, *arguments)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_without_a_database_the_command_says_which_is_missing() -> None:
    done = run("")
    assert done.returncode == 2 and "DATABASE_URL" in done.stderr


def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(SOURCE), "COLUMNS": "200"}
    command = [sys.executable, "-m", "openyibao", "replay", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
