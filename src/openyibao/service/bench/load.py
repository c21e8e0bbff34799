"""The load: clients of one process, each with one request under way, on plain sockets. Only the standard library.

settle(port, bodies, connections, seconds)     prebuilt requests, one after the other
visits(port, flows, connections, seconds)      whole visits, each request with what an earlier reply gave
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
LAST = re.compile(rb"connection: *close", re.IGNORECASE)
MDTRT = re.compile(rb'"mdtrt_id":"([^"]+)"')
HEAD = (
    b"POST /fsi/api/rsfComIfsService/callService HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n"
)
DONE = b'"infcode":0'
Asked = tuple[str, bytes]
"""The transaction and the whole request."""
Steps = Generator[Asked, bytes, None]


@dataclass
class Load:
    """Seconds of each answered request by transaction; how many were refused, the first refusal; how long it took."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0
    refusal: str = ""
    elapsed: float = 0.0


def request(body: bytes) -> bytes:
    return HEAD % len(body) + body


def settle(port: int, bodies: Sequence[tuple[str, bytes]], connections: int, seconds: float) -> Load:
    """Send prebuilt bodies until there are none or the time is over."""

    def steps(own: Iterator[Asked]) -> Steps:
        for infno, body in own:
            yield infno, request(body)

    shares = [steps(iter(bodies[number::connections])) for number in range(connections)]
    return _run(port, shares, seconds)


def visits(port: int, flows: Sequence[Sequence[tuple[str, bytes]]], connections: int, seconds: float) -> Load:
    """Whole visits: bodies in which `MDTRT_ID_TO_BE_FILLED` stands for what the registration answered."""

    def steps(own: Sequence[Sequence[tuple[str, bytes]]]) -> Steps:
        for flow in own:
            known = b""
            for infno, body in flow:
                reply = yield infno, request(body.replace(PLACE, known))
                if DONE not in reply:
                    break
                found = MDTRT.search(reply)
                known = known or (found[1] if found else b"")

    return _run(port, [steps(flows[number::connections]) for number in range(connections)], seconds)


PLACE = b"MDTRT_ID_TO_BE_FILLED"


class _Client:
    def __init__(self, port: int, steps: Steps, waiting: selectors.BaseSelector) -> None:
        self.port, self.steps, self.waiting = port, steps, waiting
        self.infno, self.sent, self.buffer, self.wanted = "", 0.0, b"", 0
        self.socket = self.connected()

    def connected(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.waiting.register(made, selectors.EVENT_READ, self)
        return made

    def ask(self, asked: Asked) -> None:
        self.infno, whole = asked
        last = LAST.search(self.buffer[: self.buffer.find(b"\r\n\r\n")]) if self.buffer else None
        self.buffer, self.wanted, self.sent = b"", 0, time.perf_counter()
        if last:  # the server asked for a new connection, which is part of the time that this request takes
            self.close()
            self.socket = self.connected()
        self.socket.sendall(whole)

    def close(self) -> None:
        self.waiting.unregister(self.socket)
        self.socket.close()

    def received(self) -> bytes | None:
        """The whole reply, once it is there. Raises ConnectionError."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.buffer += part
        if not self.wanted:
            end = self.buffer.find(b"\r\n\r\n")
            length = LENGTH.search(self.buffer[:end]) if end >= 0 else None
            if length is None:
                return None
            self.wanted = end + 4 + int(length[1])
        return self.buffer if len(self.buffer) >= self.wanted else None


def _run(port: int, shares: Sequence[Steps], seconds: float) -> Load:
    load, waiting = Load(), selectors.DefaultSelector()
    clients = [_Client(port, steps, waiting) for steps in shares]
    begun = time.perf_counter()
    for client in clients:
        first = next(client.steps, None)
        if first is None:
            client.close()
        else:
            client.ask(first)
    while waiting.get_map():
        for key, _ in waiting.select():
            client = key.data
            reply = client.received()
            if reply is None:
                continue
            now = time.perf_counter()
            load.seconds.setdefault(client.infno, []).append(now - client.sent)
            if DONE not in reply:
                load.refused += 1
                load.refusal = load.refusal or reply[-400:].decode(errors="replace")
            following = None if now - begun >= seconds else _following(client, reply)
            if following is None:
                client.close()
            else:
                client.ask(following)
    load.elapsed = time.perf_counter() - begun
    return load


def _following(client: _Client, reply: bytes) -> Asked | None:
    try:
        return client.steps.send(reply)
    except StopIteration:
        return None
