"""Seals: none is made past a transaction under way, and whatever is changed afterwards is found and named."""

from __future__ import annotations

import json
import os
import random
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.figures import figure
from service.test_ledger_books import DAY, NOW, ask, lines, post

SEED = int(os.environ.get("YIBAO_SEED", secrets.randbelow(10**9)))

pytestmark = pytest.mark.usefixtures("database")


def seal_all(most: int = 4096, seconds: float = 10) -> int:
    """Seal until every entry is sealed; how many seals it took."""
    from openyibao.service.ledger.seal import Sealer

    sealer, made, end = Sealer(most), 0, time.monotonic() + seconds
    while ask("SELECT coalesce(max(id), 0) > (SELECT coalesce(max(last), 0) FROM ledger_seal) FROM ledger_entry")[0][0]:
        assert time.monotonic() < end, "sealing does not come to an end"
        made += sealer.step() > 0
    return made


def test_a_transaction_under_way_is_waited_for(database: str) -> None:
    from openyibao.service.ledger.seal import Sealer

    post(lines())
    sealer = Sealer()
    assert sealer.step() == 1 and sealer.step() == 0
    with psycopg.connect(database) as slow, slow.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_entry (kind, moment, day, reference, memo) VALUES"
                       " ('income', now(), '2026-07-31', 'slow', '') RETURNING id")  # fmt: skip
        number = cursor.fetchone()[0]
        later = post(lines())
        assert number == 2 and later == 3
        assert [sealer.step() for _ in range(5)] == [0] * 5
        cursor.execute(
            "INSERT INTO ledger_posting (entry_id, line, account_id, fen) VALUES (%s, 1, 1, 5), (%s, 2, 2, -5)",
            [number, number],
        )
    assert sealer.step() == 2 and sealer.step() == 0
    assert ask("SELECT number, first, last, entries FROM ledger_seal ORDER BY 1") == [(1, 1, 1, 1), (2, 2, 3, 2)]


def test_a_number_that_was_drawn_in_vain_is_passed_over_and_costs_nothing_more(database: str) -> None:
    from django.db import transaction

    from openyibao.service.ledger.seal import Sealer

    with pytest.raises(RuntimeError), transaction.atomic():
        post(lines())
        raise RuntimeError
    sealer = Sealer()
    assert sealer.step() == 0
    before = ask("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    assert [sealer.step() for _ in range(3)] == [0] * 3
    assert ask("SELECT pg_snapshot_xmax(pg_current_snapshot())::text") == before
    post(lines())
    assert sealer.step() == 1
    assert ask("SELECT first, last, entries FROM ledger_seal") == [(1, 2, 1)]


def test_only_one_seals_at_a_time(database: str) -> None:
    from openyibao.service.ledger.seal import LOCK, Sealer

    post(lines())
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        assert Sealer().step() == 0
    assert Sealer().step() == 1


def test_sealing_while_many_post_slowly_skips_nothing() -> None:
    from django.db import connections, transaction

    from openyibao.service.ledger.seal import Sealer, split_leaves
    from openyibao.service.ledger.verify import verify

    print("seed", SEED)
    done = threading.Event()

    def work(thread: int) -> int:
        chance, kept = random.Random(SEED + thread), 0
        try:
            for number in range(25):
                try:
                    with transaction.atomic():
                        post(lines(fen=chance.randint(1, 999)), f"S{thread}-{number}")
                        time.sleep(chance.choice([0, 0.001, 0.03]))
                        if chance.random() < 0.2:
                            raise RuntimeError("undone")
                    kept += 1
                except RuntimeError:
                    pass
        finally:
            connections.close_all()
        return kept

    def seal() -> int:
        sealer, sealed = Sealer(most=7), 0
        try:
            while not done.is_set():
                sealed += sealer.step()
                time.sleep(0.002)
        finally:
            connections.close_all()
        return sealed

    with ThreadPoolExecutor(8) as pool:
        sealing = [pool.submit(seal) for _ in range(2)]
        kept = sum(pool.map(work, range(6)))
        done.set()
        sealed = sum(one.result() for one in sealing)
    assert 0 < sealed <= kept
    seal_all()
    verdict = verify()
    assert verdict.fault is None and (verdict.entries, verdict.unsealed) == (kept, 0)
    kept_numbers = [number for (leaves,) in ask("SELECT leaves FROM ledger_seal ORDER BY number")
                    for number, _ in split_leaves(bytes(leaves))]  # fmt: skip
    assert kept_numbers == [number for (number,) in ask("SELECT id FROM ledger_entry ORDER BY id")]


def test_a_proof_shows_that_an_entry_is_sealed() -> None:
    from openyibao.service.ledger.seal import SealError, check_proof, proof

    entries = [post(lines(fen=100 + n)) for n in range(11)]
    with pytest.raises(SealError, match="not sealed"):
        proof(entries[0])
    seal_all(most=6)
    heads = dict(ask("SELECT number, encode(head, 'hex') FROM ledger_seal"))
    assert list(heads) == [1, 2]
    for entry in entries:
        shown = proof(entry)
        assert check_proof(shown, heads[shown.number])
        assert not check_proof(shown, heads[3 - shown.number])
        assert not check_proof(replace(shown, data=shown.data.replace("100", "900")), heads[shown.number]) or (
            "100" not in shown.data
        )
        assert not check_proof(replace(shown, entry=entry + 1), heads[shown.number])
    assert json.loads(proof(entries[3]).data)[8][0][-1] == 103


def test_the_heads_stand_outside_the_database_and_both_must_agree(tmp_path: Path) -> None:
    from openyibao.service.ledger.seal import SealError, export
    from openyibao.service.ledger.verify import verify

    file = tmp_path / "seals.jsonl"
    assert export(file) == 0
    for number in range(3):
        post(lines(fen=number + 1))
        seal_all()
    assert export(file) == 3 and export(file) == 0
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])  # a crash in the middle of the last line
    assert verify(file).fault is None
    assert export(file) == 1 and file.read_bytes() == whole
    post(lines())
    seal_all()
    assert export(file) == 1 and len(file.read_bytes().splitlines()) == 4
    assert verify(file).fault is None

    ask("SET session_replication_role = replica")
    ask("DELETE FROM ledger_seal WHERE number = 4")
    ask("DELETE FROM ledger_entry WHERE id = 4")
    ask("DELETE FROM ledger_posting WHERE entry_id = 4")
    assert verify().fault is None  # what was cut off at the end can be seen from outside only
    assert verify(file).fault.what == "file ahead"
    with pytest.raises(SealError, match="seal 4 is not the database's"):
        export(file)


TABLES = {
    "entry": ("id", "tx", "kind", "moment", "day", "reference", "reverses_id", "memo"),
    "posting": ("entry_id", "line", "account_id", "fen"),
    "account": ("id", "kind", "region", "scheme", "fund", "owner"),
    "seal": ("number", "first", "last", "entries", "leaves", "root", "head", "made"),
}


def flip(chance: random.Random) -> tuple[str, str, dict[str, Any]]:
    """Change one bit (of a day or moment: its smallest step) of one posted row; the table, the column, the old row."""
    table = chance.choice(list(TABLES))
    column = chance.choice(TABLES[table])
    order = {"entry": "id", "posting": "entry_id, line", "account": "id", "seal": "number"}[table]
    rows = ask(f"SELECT to_json(t), ctid::text FROM (SELECT *, ctid FROM ledger_{table} ORDER BY {order}) t")
    row, ctid = chance.choice(rows)
    old = row if isinstance(row, dict) else json.loads(row)
    value = ask(f"SELECT {column} FROM ledger_{table} WHERE ctid = %s::tid", ctid)[0][0]
    if column == "moment" or column == "made":
        new = f"{column} + interval '1 microsecond'"
    elif column == "day":
        new = "day + 1"
    elif value is None:
        new = "1"
    elif isinstance(value, int):
        new = str(value ^ (1 << chance.randrange(14)))
    elif isinstance(value, str):
        place = chance.randrange(len(value)) if value else 0
        changed = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :] if value else "\x01"
        new = "$q$" + changed + "$q$"
    else:
        data = bytearray(value)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        new = f"'\\x{data.hex()}'::bytea"
    ask(f"UPDATE ledger_{table} SET {column} = {new} WHERE ctid = %s::tid", ctid)
    return table, column, old


def fill(chance: random.Random, file: Path) -> None:
    """Sealed entries, some of them reversals, whose heads stand in a file."""
    from openyibao.service.ledger.books import reverse
    from openyibao.service.ledger.seal import export
    from openyibao.service.ledger.verify import verify

    for number in range(24):
        entry = post(lines(f"医院{number % 3}", chance.randint(1, 10**6)), f"S{number}")
        if number % 5 == 0:
            reverse(entry, NOW, DAY, f"R{number}", "冲销")
        if number % 4 == 3:
            seal_all()
    seal_all()
    export(file)
    assert verify(file).fault is None


def tamper(trials: int, file: Path) -> None:
    from django.db import IntegrityError, transaction

    from openyibao.service.ledger.seal import split_leaves
    from openyibao.service.ledger.verify import verify

    chance = random.Random(SEED)
    print("seed", SEED)
    fill(chance, file)
    users: dict[int, set[int]] = {}
    for entry, account in ask("SELECT entry_id, account_id FROM ledger_posting"):
        users.setdefault(account, set()).add(entry)
    seals = {e: n for n, kept in ask("SELECT number, leaves FROM ledger_seal") for e, _ in split_leaves(bytes(kept))}
    found = 0
    while found < trials:
        try:
            with transaction.atomic():
                ask("SET LOCAL session_replication_role = replica")
                ask("SET LOCAL check_function_bodies = off")
                table, column, old = flip(chance)
                fault = verify(file).fault
                transaction.set_rollback(True)
        except IntegrityError:
            continue  # a key that another row has: the database refuses it even so
        assert fault is not None, (table, column, old)
        what = (table, column, old, fault)
        if table != "seal":
            number = min(users[old["id"]]) if table == "account" else old["id" if table == "entry" else "entry_id"]
            assert fault.entry == number or (column in ("id", "entry_id") and fault.entry < number), what
            assert fault.seal == seals[fault.entry], what
        else:
            assert fault.seal == old["number"], what
        assert fault.text("zh") and fault.text("en")
        found += 1
    assert verify(file).fault is None


def test_one_changed_bit_of_any_posted_row_is_found_and_named(tmp_path: Path) -> None:
    tamper(200, tmp_path / "seals")


@pytest.mark.reliability("T21", "changed bits of posted rows and seals")
@pytest.mark.long
def test_a_thousand_changed_bits_are_found_and_named(tmp_path: Path) -> None:
    tamper(1000, tmp_path / "seals")
    figure(trials=1000, detected=1000, seed=SEED)


@pytest.mark.reliability("T21", "changed bytes of the file outside", full=True)
def test_one_changed_byte_of_the_file_outside_is_found_and_named(tmp_path: Path) -> None:
    from openyibao.service.ledger.seal import export
    from openyibao.service.ledger.verify import verify

    file, chance = tmp_path / "seals", random.Random(SEED)
    print("seed", SEED)
    for number in range(4):
        post(lines(fen=number + 1))
        seal_all()
    export(file)
    whole = file.read_bytes()
    ends = [place for place, byte in enumerate(whole) if byte == 10]
    for _ in range(100):
        place = chance.randrange(ends[-1])
        data = bytearray(whole)
        data[place] ^= 1 << chance.randrange(8)
        file.write_bytes(data)
        fault = verify(file).fault
        line = 1 + sum(end < place for end in ends)
        equal = [json.loads(one) for one in whole.splitlines()] == _readable(bytes(data))
        assert (fault and fault.what == "file" and fault.entry == line) or equal, (place, fault)
    figure(trials=100, detected=100, seed=SEED)


def _readable(data: bytes) -> list[Any] | None:
    """What a file says, or None where it says nothing: a changed space is no change of what it says."""
    try:
        return [json.loads(line) for line in data.decode().splitlines()]
    except ValueError:
        return None
