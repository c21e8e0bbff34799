"""`yibao verify`: the chain of seals against the file outside, and the first broken place by its name."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from openyibao.service.ledger import commands
from openyibao.service.ledger.seal import Sealer, export
from openyibao.service.ledger.verify import verify
from openyibao.service.postgres import Server
from openyibao.service.run import RunError
from service.conftest import using
from service.databases import SOURCE
from service.filled import template as filled_template

SEED = 21


def seal_all() -> None:
    sealer = Sealer(most=10)
    while sealer.step():
        pass


@pytest.fixture(scope="module")
def template(server: Server) -> Iterator[str]:
    """Books in several seals."""
    yield from filled_template(server, 60, 9, SEED, ("980003",), seal_all)


@pytest.fixture
def books(server: Server, template: str) -> Iterator[str]:
    yield from using(server, template)


@pytest.fixture
def sealed(books: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file outside with the heads of the books; the command uses their database."""
    file = tmp_path / "seals"
    assert export(file) >= 3
    monkeypatch.setenv("DATABASE_URL", books)
    return file


def change(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount
        cursor.execute("RESET session_replication_role")


def told(capsys: pytest.CaptureFixture[str]) -> tuple[str, dict[str, object]]:
    text = capsys.readouterr().out
    return text, json.loads(text.splitlines()[-1])["verify"]


def test_a_right_chain_and_its_whole_file(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(sealed, "en", whole=True, books=True)
    text, found = told(capsys)
    assert found["fault"] is None and found["outside"] == found["seals"] and found["differences"] == 0
    assert "same as all" in text and found["head"] == json.loads(sealed.read_text().splitlines()[-1])["head"]
    assert commands.run(sealed, "zh", whole=False, books=False)
    assert "封存链与凭证相符" in told(capsys)[0]


def test_without_a_file_it_says_that_nothing_outside_vouches(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(None, "en", whole=False, books=False)
    text, found = told(capsys)
    assert "Not held against a file outside" in text and found["file"] is False


def test_a_shorter_file_vouches_for_its_part_only(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = sealed.read_bytes().splitlines(keepends=True)
    sealed.write_bytes(b"".join(lines[:-1]))
    assert commands.run(sealed, "en", whole=False, books=False)
    text, found = told(capsys)
    assert found["outside"] == len(lines) - 1 and "for the 1 behind them" in text
    assert not commands.run(sealed, "en", whole=True, books=False)
    sealed.write_bytes(b"")
    capsys.readouterr()
    assert commands.run(sealed, "en", whole=False, books=False)
    assert told(capsys)[1]["outside"] == 0


def test_a_file_that_is_missing_or_names_nothing_is_an_error(sealed: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such file"):
        commands.run(tmp_path / "other", "en", whole=False, books=False)


def test_a_changed_or_longer_file_is_named_by_its_line(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = sealed.read_text()
    lines = [json.loads(line) for line in whole.splitlines()]
    lines[1]["head"] = lines[1]["head"].replace(lines[1]["head"][0], "f" if lines[1]["head"][0] != "f" else "0")
    sealed.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert not commands.run(sealed, "en", whole=False, books=False)
    text, found = told(capsys)
    assert "line 2 of the file outside" in text and found["fault"] == {"what": "file", "seal": 2, "entry": 2}
    sealed.write_text(whole + "no line\n")
    assert not commands.run(sealed, "en", whole=False, books=False)
    assert told(capsys)[1]["fault"]["entry"] == len(lines) + 1
    sealed.write_text(whole)
    change(f"DELETE FROM ledger_seal WHERE number = {len(lines)}")
    assert not commands.run(sealed, "en", whole=False, books=False)
    assert told(capsys)[1]["fault"]["what"] == "file ahead"


def test_the_first_of_several_broken_places_is_named(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED)
    print("seed", SEED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT entry_id FROM ledger_posting ORDER BY 1")
        entries = [row[0] for row in cursor.fetchall()]
    first, second = sorted(chance.sample(entries, 2))
    for entry in (second, first):
        change(f"UPDATE ledger_posting SET fen = fen + 1 WHERE entry_id = {entry} AND line = 1")
    assert not commands.run(sealed, "en", whole=False, books=True)
    text, found = told(capsys)
    assert found["fault"]["what"] == "entry changed" and found["fault"]["entry"] == first
    assert f"entry {first} is not as it was sealed" in text and found["differences"]


def test_a_chain_rewritten_as_a_whole_shows_against_the_file_only(sealed: Path) -> None:
    """Who owns the database can seal anew what was changed; the heads outside are then others."""
    change("UPDATE ledger_posting SET fen = fen * 2 WHERE entry_id = (SELECT min(id) FROM ledger_entry)")
    change("DELETE FROM ledger_seal")
    seal_all()
    assert verify().fault is None
    fault = verify(sealed).fault
    assert fault is not None and (fault.what, fault.seal) == ("file", 1)


def test_the_command_and_its_exit_codes(sealed: Path, books: str) -> None:
    env = {**os.environ, "DATABASE_URL": books, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-m", "openyibao", "verify", "--file", str(sealed)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    change("DELETE FROM ledger_entry WHERE id = (SELECT min(id) FROM ledger_entry)")
    done = subprocess.run([*command, "--lang", "zh"], env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1 and "首个不符之处" in done.stdout and "已封存，现已不存在" in done.stdout
    done = subprocess.run(
        [*command[:-1], "/nowhere"], env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 2 and "no such file" in done.stderr and "Traceback" not in done.stderr
