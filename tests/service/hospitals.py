"""Hospitals as processes' clients see them: over HTTP, patient; each request is sent again until it is answered."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from service.backups import Settled, settle
from service.racing import Desk

AGAIN = (429, 503)
PATIENCE_S = 120


@dataclass
class Line:
    """A hospital's line to the platform on a port of this machine; `Desk.client` for real HTTP.

    A request whose connection broke, or that was answered by 429 or 503, is sent again as it is, after a moment.
    """

    port: int
    again: int = 0
    status: dict[int, int] = field(default_factory=dict)
    content: bytes = b""
    _connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: bytes, content_type: str) -> Line:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                self._connection.request("POST", path, body, {"Content-Type": content_type})
                answer = self._connection.getresponse()
                self.content = answer.read()
            except (OSError, http.client.HTTPException):
                self.close()
                status = 0
            else:
                status = answer.status
            self.status[status] = self.status.get(status, 0) + 1
            if status and status not in AGAIN:
                return self
            self.again += 1
            time.sleep(0.1)
        raise AssertionError(f"no answer in {PATIENCE_S} s: {self.status}")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def hospital(port: int) -> Desk:
    """A window whose requests go over HTTP."""
    desk = Desk()
    desk.client = Line(port)  # type: ignore[assignment]
    return desk


@contextmanager
def at_work(port: int, persons: list[Any], windows: int = 2, pause: float = 0) -> Iterator[list[Settled]]:
    """Windows that settle while the block runs, each for its own persons; what was acknowledged. `pause`: seconds
    between two visits of a window."""
    done: list[Settled] = []
    stop, errors = threading.Event(), list[BaseException]()
    desks = [hospital(port) for _ in range(windows)]

    def run(own: int) -> None:
        number = own
        try:
            while not stop.is_set():
                done.append(settle(desks[own], persons[number % len(persons)]))
                number += windows
                time.sleep(pause)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(own,)) for own in range(windows)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for desk in desks:
            desk.client.close()  # type: ignore[attr-defined]
    print("sent again", sum(desk.client.again for desk in desks), [desk.client.status for desk in desks])  # type: ignore[attr-defined]
    assert not errors, errors


def more(done: list[Settled], count: int, seconds: float = PATIENCE_S) -> None:
    """Wait until so many more were acknowledged."""
    wanted, end = len(done) + count, time.monotonic() + seconds
    while len(done) < wanted and time.monotonic() < end:
        time.sleep(0.05)
    assert len(done) >= wanted, f"{len(done)} of {wanted} settlements"


def check_kept(done: list[Settled]) -> None:
    """Every acknowledged settlement is there once, and the books are right."""
    from service.racing import ask, check_books

    kept = [row[0] for row in ask("SELECT setl_id FROM settlements_settlement")]
    told = [one.setl_id for one in done]
    assert len(set(told)) == len(told)
    assert set(told) <= set(kept)
    assert len(kept) == len(told), "a settlement that nobody was told of"
    check_books()
