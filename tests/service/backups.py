"""What tests of backup and restore share: settlements that note when they were asked for and acknowledged."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from openyibao.service.backup.folder import Folder
from openyibao.service.backup.restore import Restored, Wish, restore
from service.county import add_person, build
from service.databases import environment
from service.racing import NUMBERS, Desk, credit, ready


@dataclass(frozen=True)
class Settled:
    """A settlement as its hospital saw it; seconds of the machine's clock."""

    setl_id: str
    asked: float
    acknowledged: float


def settle(desk: Desk, person: Any) -> Settled:
    """One outpatient visit; its settlement."""
    given = ready(desk, person, 5000, account=True)
    asked = time.time()
    settled = desk.done("2207", given)
    return Settled(settled["setlinfo"]["setl_id"], asked, time.time())


def county(persons: int) -> list[Any]:
    """So many persons, each with an account that pays for them."""
    region = build()
    added = [add_person(region, 1000 + next(NUMBERS), account_fen=10**9) for _ in range(persons)]
    for one in added:
        credit(one)
    return added


@contextmanager
def settling(persons: list[Any], *, broken: bool = False) -> Iterator[list[Settled]]:
    """Settlements without a pause while the block runs, on a thread; the list holds those acknowledged so far.

    `broken`: the database goes away meanwhile, and the first request that is refused ends it.
    """
    from django.db import connections

    done: list[Settled] = []
    stop, errors = threading.Event(), list[BaseException]()

    def run() -> None:
        desk, number = Desk(), 0
        try:
            while not stop.is_set():
                done.append(settle(desk, persons[number % len(persons)]))
                number += 1
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield done
    finally:
        if broken:
            thread.join(30)  # the next request meets it
        stop.set()
        thread.join()
    assert bool(errors) == broken, errors


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def hash_at(url: str) -> str:
    from openyibao.service.backup.check import state_hash

    with psycopg.connect(url, autocommit=True) as connection:
        return state_hash(connection)


def there(folder: Path, user: str, database: str) -> set[str]:
    """The settlements of a restored server, which is started for it."""
    from openyibao.service.postgres import Server

    with Server(folder, user=user, database=database) as server, psycopg.connect(server.url()) as connection:
        return {row[0] for row in connection.execute("SELECT setl_id FROM settlements_settlement")}


def quiet(text: str) -> None:
    pass


def back(folder: Folder, into: Path, seconds: float | None, **more: Any) -> Restored:
    to = None if seconds is None else moment(seconds)
    return restore(folder, Wish(to, into, **more), quiet)


def command(url: str, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "openyibao", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment(url),
    )
    assert done.returncode == code and "Traceback" not in done.stderr, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr
