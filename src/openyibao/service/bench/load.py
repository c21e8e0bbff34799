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
    def __init__(self, port: int, steps: Steps) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.steps, self.infno, self.sent, self.buffer, self.wanted = steps, "", 0.0, b"", 0

    def ask(self, asked: Asked) -> None:
        self.infno, whole = asked
        self.buffer, self.wanted, self.sent = b"", 0, time.perf_counter()
        self.socket.sendall(whole)

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
    clients = [_Client(port, steps) for steps in shares]
    begun = time.perf_counter()
    for client in clients:
        first = next(client.steps, None)
        if first is not None:
            waiting.register(client.socket, selectors.EVENT_READ, client)
            client.ask(first)
    under_way = len(waiting.get_map())
    while under_way:
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
                waiting.unregister(client.socket)
                under_way -= 1
            else:
                client.ask(following)
    load.elapsed = time.perf_counter() - begun
    for client in clients:
        client.socket.close()
    return load


def _following(client: _Client, reply: bytes) -> Asked | None:
    try:
        return client.steps.send(reply)
    except StopIteration:
        return None
