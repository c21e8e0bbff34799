"""The ledger's worker as a process: seals within a second, survives what happens to it and to its database."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.databases import environment
from service.test_ledger_books import DAY, ask, lines, post

COMMAND = [sys.executable, "-m", "openyibao.service.ledger.worker"]


@contextmanager
def worker(url: str, file: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as stderr:
        process = subprocess.Popen(COMMAND, env=environment(url, YIBAO_SEAL_FILE=str(file)), stderr=stderr)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(done: Any, seconds: float = 30) -> float:
    """Wait for something; how many seconds it took."""
    start = time.monotonic()
    while not done():
        assert time.monotonic() < start + seconds, "it does not happen"
        time.sleep(0.01)
    return time.monotonic() - start


def sealed() -> int:
    return int(ask("SELECT coalesce(max(last), 0) FROM ledger_seal")[0][0])


def events(log: Path) -> list[str]:
    return [json.loads(line)["event"] for line in log.read_text(encoding="utf-8").splitlines()]


def test_a_worker_goes_on_after_a_kill_and_after_a_lost_connection(database: str, tmp_path: Path) -> None:
    from openyibao.service.ledger.books import AccountKey, balance
    from openyibao.service.ledger.verify import verify

    file, log = tmp_path / "out" / "seals", tmp_path / "log"
    with worker(database, file, log) as process:
        entry = post(lines())
        assert ask("SELECT id FROM ledger_unsealed") in ([(entry,)], [])
        until(lambda: sealed() == entry)
        assert ask("SELECT id FROM ledger_unsealed") == []
        waited = []
        for _ in range(3):
            entry = post(lines())
            waited.append(until(lambda entry=entry: sealed() == entry))
        assert min(waited) < 1, waited
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    post(lines())
    with worker(database, file, log) as process:
        entry = post(lines())
        until(lambda: sealed() == entry)
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        assert ask(others + " AND pid <> pg_backend_pid()") != []
        entry = post(lines())
        until(lambda: sealed() == entry)
        until(lambda: ask("SELECT through FROM ledger_fold") == [(entry,)])
        until(lambda: verify(file).fault is None and len(file.read_bytes().splitlines()) == verify().seals)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert (verify(file).entries, verify().unsealed, entry) == (7, 0, 7)
    assert balance(AccountKey("fund expenditure", "999999", "resident", "pooled fund", "care")) == 500 * entry
    said = events(log)
    assert said[0] == "worker begins" and said[-1] == "worker ends" and said.count("worker begins") == 2
    assert {"sealed", "database lost", "database found again"} <= set(said)


@pytest.mark.usefixtures("database")
def test_a_file_that_does_not_fit_is_said_once_and_sealing_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from django.test import override_settings

    from openyibao.service.ledger.worker import run

    caplog.set_level(logging.INFO, "yibao")
    file, stop = tmp_path / "seals", threading.Event()
    file.write_text('{"number": 1, "first": 1, "last": 1, "entries": 1, "root": "", "head": "", "made": ""}\n')
    with override_settings(SEAL_FILE=str(file)):
        thread = threading.Thread(target=run, args=(stop, 0.01))
        thread.start()
        try:
            for _ in range(3):
                entry = post(lines(), day=DAY)
                until(lambda entry=entry: sealed() == entry)
        finally:
            stop.set()
            thread.join(20)
    assert not thread.is_alive()
    said = [(record.msg, getattr(record, "why", "")) for record in caplog.records if record.name == "yibao"]
    assert [event for event, _ in said].count("seal file") == 1 and [event for event, _ in said].count("sealed") == 3
    assert any(event == "seal file" and "not the database's" in why for event, why in said)
