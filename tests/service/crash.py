"""Real processes that are killed: the service with its clients, and what must hold of the database afterwards.

    with Service(url) as service, Load(service, visits) as load: ... service.kill("web server", chance); service.again()

Clients are threads that send 2207 over HTTP and repeat the same message id until it is answered, as a hospital does.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openyibao.service.run import Platform, RunError, Web
from service.databases import environment
from service.racing import Desk, ask, one, ready

PATH = "/fsi/api/rsfComIfsService/callService"
GIVE_UP_S = 180
ROLES = ("web server", "one process of the web server", "all")


def children(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            about = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(about[1]) == pid and about[0] != "Z":
            found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


class Service:
    """The web server and the worker as processes, on one port; the test is their supervisor."""

    def __init__(self, url: str, workers: int = 1, threads: int = 8, **environ: str) -> None:
        self.environ = environment(url, YIBAO_PRIVATE_LINE="1", YIBAO_LOG_LEVEL="ERROR", **environ)
        self.platform = Platform(Web(port=0, workers=workers, threads=threads), lambda text: None)
        self.port = self.platform.port

    def __enter__(self) -> Service:
        self.again()
        return self

    def __exit__(self, *of: object) -> None:
        self.platform.stop()

    def again(self) -> None:
        """Start what is not running. From the main thread only: the processes end with the thread that started them."""
        kept = dict(os.environ)
        os.environ.update(self.environ)
        try:
            end = time.monotonic() + 10
            while True:
                self.platform.stop()
                self.platform.counters.mkdir(exist_ok=True)
                try:
                    return self.platform.start()
                except RunError:  # what was killed may hold the port for a moment
                    if time.monotonic() > end:
                        raise
                time.sleep(0.02)
        finally:
            os.environ.clear()
            os.environ.update(kept)

    def pids(self) -> list[int]:
        """Of the web server: its first process and those that answer."""
        first = self.platform.children["web server"].pid
        return [first, *children(first)]

    def kill(self, what: str, random_: random.Random) -> None:
        web, worker = (self.platform.children[name] for name in ("web server", "worker"))
        if what == "one process of the web server":
            os.kill(random_.choice(self.pids()[1:]), signal.SIGKILL)
            return
        for child in (web, worker) if what == "all" else (web,):
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@dataclass
class Client:
    """What one client sent and was told."""

    visits: list[tuple[str, dict[str, Any]]]
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    again: int = 0
    cut: int = 0
    unavailable: int = 0
    without_retry_after: int = 0
    different: int = 0


class Load:
    """Clients at work on visits that are ready to settle, until all are. They begin no more than `limit` of them, so
    that something is left to do when the next thing is killed, however fast the service is.
    """

    def __init__(self, port: int, visits: list[dict[str, Any]], clients: int, limit: int) -> None:
        self.port, self.limit = port, limit
        self.begun, self._lock = 0, threading.Lock()
        desk = Desk()
        self.desk = desk
        numbered = [(desk.msgid(), given) for given in visits]
        self.clients = [Client(numbered[place::clients]) for place in range(clients)]
        self.moments: list[float] = []
        self.stopping = threading.Event()
        self.threads = [
            threading.Thread(target=self._work, args=(each, place)) for place, each in enumerate(self.clients)
        ]

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind: object, *of: object) -> None:
        if kind:
            self.stopping.set()
        for thread in self.threads:
            thread.join()

    @property
    def done(self) -> bool:
        return not any(thread.is_alive() for thread in self.threads)

    def wait_for(self, count: int, seconds: float = GIVE_UP_S) -> bool:
        """Until so many settlements are acknowledged in all; False when the clients have ended."""
        end = time.monotonic() + seconds
        while len(self.moments) < count and not self.done:
            assert time.monotonic() < end, f"{len(self.moments)} of {count} settlements after {seconds} s"
            time.sleep(0.002)
        return len(self.moments) >= count

    def since(self, moment: float) -> float:
        """Seconds from a moment to the first settlement acknowledged after it; waits for it."""
        end = time.monotonic() + GIVE_UP_S
        while time.monotonic() < end and not self.done:
            later = [each for each in self.moments[-50:] if each > moment]
            if later:
                return later[0] - moment
            time.sleep(0.005)
        raise AssertionError("no settlement after the restart")

    def _work(self, client: Client, place: int) -> None:
        random_, connection = random.Random(place), None
        for msgid, given in client.visits:
            body = self._body(msgid, given)
            while not self._may_begin() and not self.stopping.is_set():
                time.sleep(0.01)
            times = 1 + (random_.random() < 0.2)
            while times and not self.stopping.is_set():
                sent = False
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                    connection.request("POST", PATH, body, {"Content-Type": "application/json"})
                    sent = True
                    response = connection.getresponse()
                    told = response.read()
                except (OSError, http.client.HTTPException):
                    client.again += 1
                    client.cut += sent
                    if connection:
                        connection.close()
                    connection = None
                    time.sleep(0.02)
                    continue
                if response.status == 503:
                    client.unavailable += 1
                    client.without_retry_after += not response.headers.get("Retry-After")
                    client.again += 1
                    time.sleep(0.1)
                    continue
                times -= 1
                self._take(client, msgid, told)
        if connection:
            connection.close()

    def _may_begin(self) -> bool:
        with self._lock:
            self.begun += (may := self.begun < self.limit)
            return may

    def _body(self, msgid: str, given: dict[str, Any]) -> bytes:
        caught: list[bytes] = []

        class Catching:
            def post(self, path: str, body: bytes, content_type: str) -> Any:
                caught.append(body)
                return type("Response", (), {"content": b""})

        desk = Desk()
        desk.client = Catching()  # type: ignore[assignment]
        desk.raw("2207", given, msgid)
        return caught[0]

    def _take(self, client: Client, msgid: str, told: bytes) -> None:
        reply = json.loads(told)
        if reply["infcode"] not in (0, "0"):
            client.refused.append(reply["err_msg"])
            return
        first = client.acknowledged.setdefault(msgid, told)
        client.different += first != told
        if first is told:
            self.moments.append(time.monotonic())

    def total(self, name: str) -> int:
        """The sum over the clients of a count, or of how many a list or a mapping holds."""
        values = [getattr(client, name) for client in self.clients]
        return sum(value if isinstance(value, int) else len(value) for value in values)


def prepared(persons: list[Any], visits: int, random_: random.Random) -> list[dict[str, Any]]:
    """Visits of persons chosen by chance, with their lines uploaded: inputs of 2207."""
    desk = Desk()
    chosen = [random_.choice(persons) for _ in range(visits)]
    return [ready(desk, person, random_.randrange(1, 900), account=random_.random() < 0.5) for person in chosen]


def account_for(load: Load) -> dict[str, int]:
    """Hold what the clients were told against the database: the four numbers that must be 0."""
    told = {msgid: body for client in load.clients for msgid, body in client.acknowledged.items()}
    kept = {msgid: bytes(reply) for msgid, reply in ask("SELECT msgid, reply FROM gateway_message WHERE infno='2207'")}
    numbers = {setl_id for (setl_id,) in ask("SELECT setl_id FROM settlements_settlement WHERE reverses_id IS NULL")}
    absent = [
        msgid
        for msgid, body in told.items()
        if kept.get(msgid) != body or json.loads(body)["output"]["setlinfo"]["setl_id"] not in numbers
    ]
    per_visit = "SELECT visit_id FROM settlements_settlement WHERE reverses_id IS NULL GROUP BY 1 HAVING count(*) > 1"
    return {
        "absent": len(absent),
        "duplicated": len(ask(per_visit)),
        "half_posted": half_posted(),
        "different_replies": load.total("different"),
    }


def half_posted() -> int:
    """Settlements without their entry, message or lines; entries and messages without their settlement."""
    checks = (
        "SELECT count(*) FROM settlements_settlement s WHERE s.funds_fen + s.account_fen + s.family_fen <> 0"
        " AND NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.reference = s.setl_id)",
        "SELECT count(*) FROM ledger_entry e WHERE e.kind = 'settlement'"
        " AND NOT EXISTS (SELECT 1 FROM settlements_settlement s WHERE s.setl_id = e.reference)",
        "SELECT count(*) FROM gateway_message WHERE infno = '2207' AND (reply = ''::bytea OR settlement_id IS NULL)",
        "SELECT count(*) FROM settlements_settlement s WHERE s.reverses_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM gateway_message m WHERE m.settlement_id = s.id)",
        "SELECT count(*) FROM settlements_settlement s WHERE s.reverses_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM settlements_settlement r WHERE r.reverses_id = s.id)"
        " AND NOT EXISTS (SELECT 1 FROM settlements_settledline f WHERE f.settlement_id = s.id)",
        "SELECT count(*) - count(DISTINCT line_id) FROM settlements_settledline",
    )
    return sum(one(sql) for sql in checks)
