"""A platform at work for a long time while things around it fail: clients with whole visits, and what is taken away.

with Service(url) as service, Crowd(service.port, persons, 6) as crowd: crowd.rate = 20 ...; full(folder) ...
"""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg

from openyibao.service.postgres import Server
from service.racing import Desk, back, ready

ALLOWED = ("Y6003",)
"""Refusals that the interface foresees here: another settlement rests on the one that is to be taken back."""
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(%s); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON settlements_settlement FOR EACH ROW EXECUTE FUNCTION slow();
"""


class Ended(Exception):
    """The crowd was told to end while a request was unanswered."""


class Over:
    """Posts over HTTP, and the same bytes again until they are answered, as a hospital does."""

    def __init__(self, crowd: Crowd, port: int) -> None:
        self.crowd, self.port = crowd, port
        self.connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: bytes, content_type: str) -> Any:
        while not self.crowd.ending.is_set():
            try:
                self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                self.connection.request("POST", path, body, {"Content-Type": content_type})
                response = self.connection.getresponse()
                told = response.read()
            except (OSError, http.client.HTTPException):
                self.crowd.count("cut")
                if self.connection:
                    self.connection.close()
                self.connection = None
                time.sleep(0.1)
                continue
            if response.status != 503:
                self.crowd.count("answered")
                return SimpleNamespace(content=told)
            self.crowd.count("unavailable")
            if not response.headers.get("Retry-After") or json.loads(told)["infcode"] not in ("-1", -1):
                self.crowd.count("without_retry_after")
            time.sleep(0.2)
        raise Ended


class Crowd:
    """Clients with whole visits: 2201, 2204, 2207, and one of ten taken back (2208). `rate`: visits a second, or 0."""

    def __init__(self, port: int, persons: list[Any], clients: int, seed: int) -> None:
        self.rate = 0.0
        self.acknowledged: dict[str, bytes] = {}
        self.refused: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.last = 0.0
        self.ending, self._lock = threading.Event(), threading.Lock()
        self.threads = [
            threading.Thread(target=self._work, args=(Over(self, port), persons, random.Random(f"{seed}/{place}")))
            for place in range(clients)
        ]

    def __enter__(self) -> Crowd:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *of: object) -> None:
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def recovered(self, since: float, patience_s: float = 60) -> float:
        """Seconds from a moment to the first settlement after it."""
        while self.last <= since:
            assert time.monotonic() < since + patience_s, f"no settlement for {patience_s} s"
            assert all(thread.is_alive() for thread in self.threads), self.refused
            time.sleep(0.01)
        return self.last - since

    def _work(self, over: Over, persons: list[Any], random_: random.Random) -> None:
        desk, due = Desk(), time.monotonic()
        desk.client = over  # type: ignore[assignment]
        try:
            while not self.ending.is_set():
                self._visit(desk, random_.choice(persons), random_)
                due = max(due, time.monotonic() - 1) + (len(self.threads) / self.rate if self.rate else 0)
                self.ending.wait(max(0.0, due - time.monotonic()))
        except Ended:
            pass
        finally:
            if over.connection:
                over.connection.close()

    def _visit(self, desk: Desk, person: Any, random_: random.Random) -> None:
        try:
            given = ready(desk, person, random_.randrange(1, 900), account=random_.random() < 0.5)
        except AssertionError as refused:  # what `done` raises
            self.refused[str(refused)[:200]] += 1
            return
        settled = self._write(desk, "2207", given)
        if settled and random_.random() < 0.1:
            self._write(desk, "2208", back(given, settled))

    def _write(self, desk: Desk, infno: str, given: Any) -> dict[str, Any] | None:
        msgid = desk.msgid()
        told = desk.raw(infno, given, msgid)
        reply = json.loads(told)
        if reply["infcode"] != 0:
            if not reply["err_msg"].startswith(ALLOWED):
                self.refused[reply["err_msg"][:200]] += 1
            return None
        with self._lock:
            self.acknowledged[msgid] = hashlib.sha256(told).digest()
            self.counts[infno] += 1
            if infno == "2207":
                self.last = time.monotonic()
        return dict(reply["output"])


def lost(crowd: Crowd, url: str) -> int:
    """How many acknowledged messages are not kept as they were told."""
    with psycopg.connect(url) as connection, connection.cursor(name="kept") as cursor:
        cursor.execute("SELECT msgid, sha256(reply) FROM gateway_message WHERE infno IN ('2207', '2208')")
        kept = {msgid: bytes(digest) for msgid, digest in cursor}
    return sum(kept.get(msgid) != digest for msgid, digest in crowd.acknowledged.items())


# -- memory


class Memory(threading.Thread):
    """Watches the private memory of processes; `slope` says by how many percent of itself it grows in an hour."""

    def __init__(self, pids: Callable[[], list[int]], every_s: float) -> None:
        super().__init__(daemon=True)
        self.pids, self.every_s = pids, every_s
        self.samples: list[tuple[float, list[int]]] = []
        self.ending = threading.Event()

    def run(self) -> None:
        while not self.ending.wait(self.every_s):
            self.samples.append((time.monotonic(), [private_bytes(pid) for pid in self.pids()]))

    def told(self) -> str:
        """What each process has, in MB, at a tenth, two tenths ... of the time."""
        tenth = max(1, len(self.samples) // 10)
        return " ".join("+".join(f"{size / 2**20:.1f}" for size in sizes) for _, sizes in self.samples[::tenth])

    def slope(self, after: float) -> float:
        """By least squares over the samples since a moment."""
        found = [(moment / 3600, sum(sizes)) for moment, sizes in self.samples if moment >= after]
        if len(found) < 3:
            return 0.0
        middle = sum(x for x, _ in found) / len(found)
        mean = sum(y for _, y in found) / len(found)
        spread = sum((x - middle) ** 2 for x, _ in found)
        return 100 * sum((x - middle) * (y - mean) for x, y in found) / spread / mean


def private_bytes(pid: int) -> int:
    """The memory that a process has for itself alone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Private_"))


# -- what is taken away


@contextmanager
def small_disk(server: Server, megabytes: int) -> Iterator[Path | None]:
    """A tablespace `small` on a disk of its own of that size; None where this user may not mount one."""
    folder = server.folder / "small"
    server._identity.own(server.folder)
    folder.mkdir()
    options = f"size={megabytes}m,mode=0700"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        folder.rmdir()
        yield None
        return
    try:
        server._identity.own(folder)
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")  # type: ignore[arg-type]
            yield folder
            connection.execute("CHECKPOINT")  # what was dropped is then gone from the disk
            connection.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Not a byte is left on a disk."""
    ballast = folder / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            size = 2**20
            while size:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2
        yield
    finally:
        ballast.unlink()


@contextmanager
def without_connections(url: str) -> Iterator[None]:
    """All connections that the server has are somebody else's; those of the platform are ended."""
    held: list[psycopg.Connection[Any]] = []
    ending = threading.Event()

    def hold() -> None:
        while not ending.is_set():
            try:
                held.append(psycopg.connect(url, autocommit=True, application_name="occupant"))
            except psycopg.OperationalError:
                ending.wait(0.01)

    holder = threading.Thread(target=hold)
    with psycopg.connect(url, autocommit=True, application_name="occupant") as admin:
        holder.start()
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'yibao' AND pid <> %s"
        enough = time.monotonic() + 20
        while admin.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'yibao'").fetchone() != (
            0,
        ) or len(held) < _most(admin):
            admin.execute(end, [admin.info.backend_pid])
            assert time.monotonic() < enough, "the connections could not all be taken"
            time.sleep(0.02)
        try:
            yield
        finally:
            ending.set()
            holder.join()
            for connection in held:
                connection.close()


def _most(admin: psycopg.Connection[Any]) -> int:
    """Connections to take, less some that the server's own workers or another program may have."""
    row = admin.execute("SELECT current_setting('max_connections')::int").fetchone()
    assert row
    return int(row[0]) - 10


@contextmanager
def slow(url: str, seconds: float) -> Iterator[None]:
    """Every settlement waits in the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SLOW % seconds)  # type: ignore[arg-type]
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION slow() CASCADE")
