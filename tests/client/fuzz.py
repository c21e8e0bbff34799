"""Seeded mutation fuzzing of a live platform.

    python -m client.fuzz --address http://127.0.0.1:8080 --facts facts.json [--count 2000] [--seed 1]
        [--only 2207 ...] [--index I] [the options of client.run for shape and authentication]

Valid requests are recorded from the flows of `client.run` (which changes the platform's data), then each transaction
gets `count` wrong ones. A reply must be an envelope: infcode other than 0 with an err_msg, or a success as the text
states it; no HTTP 5xx, no traceback, an answer within ten seconds. Request I of a transaction depends on the seed,
the transaction and I alone and on the recorded request; --index sends only that one and prints it.
Exit code 0: all held, 1: something did not.
"""

from __future__ import annotations

import argparse
import http.client
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlsplit

from client import accounts, checks, clock, facts, inpatient, mutate, outpatient, run, schema
from client.envelope import Answer, Connection, Failure, Malformed, Message, read
from client.hospital import Hospital, Person, moment

SECONDS = 10.0
FEW = 100  # requests of a transaction for which nothing is opened anew
CARE = ("22", "23", "24")  # transactions of visits and stays
TRACES = (b"Traceback (most recent call last)", b'File "/', b"site-packages", b"psycopg", b"django.", b"sqlite3.")
ALWAYS_WRONG = 0.12  # share of requests spoiled as bytes


class Recorder:
    """The valid requests of the flows: some of each transaction, the last ones kept."""

    def __init__(self) -> None:
        self.kept: dict[str, list[tuple[Message, str]]] = {}
        self.flows, self.wrong = 0, list[str]()  # of the flows that the person's insurance covers

    def __call__(self, infno: str, nodes: Message, insured_at: str) -> None:
        of_number = self.kept.setdefault(infno, [])
        of_number.append((nodes, insured_at))
        del of_number[:-8]


def record(h: Hospital, somebody: facts.Somebody) -> Recorder:
    """Run the flows once with a recorder, then leave a visit and a stay open for what follows."""
    recorder = Recorder()
    h.seen = recorder
    last = {"file as bytes": accounts.bytes_upload, "reconciliation": accounts.reconcile}
    for name, flow in {**run.FIRST, **run.EACH, **last}.items():
        sheet = run.trial(h, flow, None, somebody)
        if run.insured(h.facts, somebody, name):
            recorder.flows += 1
            recorder.wrong += [f"{name}: {wrong}" for wrong in sheet.wrong]
    person = h.person(somebody)
    h.seen(
        "2504", {"data": {"trt_dcla_detl_sn": "1", "psn_no": person.psn_no, "memo": "填报有误"}}, person.insuplc_admdvs
    )
    query = {"psn_no": person.psn_no, "begntime": moment(-40), "endtime": moment(1)}
    h.seen("5205", {"data": query}, person.insuplc_admdvs)
    leave_open(h, person, recorder)
    return recorder


def leave_open(h: Hospital, person: Person, recorder: Recorder) -> None:
    """A visit and a stay that wrong requests can work on, and the requests for them, recorded several times."""
    h.seen = recorder
    try:
        care = outpatient.visit(h, person)
        for _ in range(4):
            h.seen("2206", outpatient.bill(h, care, False), person.insuplc_admdvs)
            h.seen("2207", outpatient.bill(h, care, True), person.insuplc_admdvs)
            h.seen("2204", {"feedetail": again(h, care.sent)}, person.insuplc_admdvs)
        stay = inpatient.admit(h, person)
        inpatient.charge(h, stay, Decimal(1))
        for _ in range(4):
            h.seen("2303", inpatient.bill(h, stay, False), person.insuplc_admdvs)
            h.seen("2304", inpatient.bill(h, stay, True), person.insuplc_admdvs)
            h.seen("2301", {"feedetail": again(h, stay.sent)}, person.insuplc_admdvs)
    except (Failure, Malformed) as error:
        print(f"left open earlier: {error}")  # a person has one stay at a time
    h.seen = None


def again(h: Hospital, lines: list[Message]) -> list[Message]:
    """The same charges under new numbers."""
    return [{**line, "feedetl_sn": h.fresh("F")} for line in lines]


class Target:
    """One kept-open line to the platform."""

    def __init__(self, line: Connection) -> None:
        self.line = line
        parts = urlsplit(line.address)
        self.prefix = parts.path.rstrip("/")
        self.http = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
        for again in (True, False):
            try:
                self.http.request("POST", self.prefix + path, body, headers)
                if hasattr(socket, "TCP_QUICKACK"):  # an answer in two pieces comes without a wait between them
                    self.http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                response = self.http.getresponse()
                return response.status, response.getheader("Content-Type") or "", response.read()
            except (BrokenPipeError, ConnectionError, http.client.RemoteDisconnected):
                self.http.close()  # the platform may close a line that stood idle or had an odd request
                if not again:
                    raise
            except OSError:
                self.http.close()
                raise
        raise AssertionError("not reached")


def request(line: Connection, infno: str, index: int, seed: int, seeds: list[tuple[Message, str]]) -> tuple[bytes, str]:
    """The body and content type of request `index` of a transaction."""
    rng = random.Random(f"{seed}/{infno}/{index}")
    nodes, insured_at = rng.choice(seeds)
    tree = mutate.change(rng, line.request(infno, nodes, insured_at))
    body = mutate.encode(tree)
    if rng.random() < ALWAYS_WRONG:
        body = mutate.spoil(rng, body)
    kind = rng.choice(mutate.TYPES) if rng.random() < 0.08 else "application/json; charset=utf-8"
    return body, kind


def judge(infno: str, status: int, kind: str, body: bytes) -> str:
    """What is wrong with a reply; "" if nothing."""
    if status >= 500:
        return f"HTTP {status}"
    for trace in TRACES:
        if trace in body:
            return f"a trace of the program: {trace.decode()}"
    if status == 200 and kind.startswith("application/octet-stream"):
        return ""
    try:
        answer: Answer = read(infno, "?", status, body)
    except Failure as failure:
        return "" if failure.message.strip() else "a refusal without err_msg"
    except Malformed:
        return f"no envelope (HTTP {status})"
    wrong = schema.header(answer.envelope)
    if isinstance(answer.output, dict) and "setlinfo" in answer.output:
        wrong += checks.settlement(answer.output)
    return f"a success that is wrong: {wrong[0]}" if wrong else ""


@dataclass
class Tally:
    """What came of the requests of one transaction."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    failed: int = 0  # HTTP 5xx
    wrong: Counter[str] = field(default_factory=Counter)


Watch = Callable[[str, bool, bytes], str]
"""Told of each reply its transaction and whether the request was accepted; says what is wrong with it, or ""."""


def attack(
    target: Target, infno: str, seeds: list[tuple[Message, str]], arguments: argparse.Namespace, watch: Watch | None
) -> Tally:
    """All requests of one transaction; prints the first of each kind of failure."""
    tally = Tally()
    if watch:
        watch("", True, b"")  # what came before was no attack
    indices = [arguments.index] if arguments.index is not None else range(arguments.count)
    for index in indices:
        body, kind = request(target.line, infno, index, arguments.seed, seeds)
        headers = {"Content-Type": kind, **target.line.signer.headers(infno, body)}
        started, status, reply = time.monotonic(), 0, b""
        accepted = False
        try:
            status, answered, reply = target.post(target.line.place(infno), body, headers)
            accepted = is_success(infno, status, answered, reply)
            wrong = judge(infno, status, answered, reply)
        except (OSError, http.client.HTTPException) as error:
            wrong = f"no answer: {type(error).__name__}"
        if not wrong and time.monotonic() - started > SECONDS:
            wrong = f"longer than {SECONDS:.0f} s"
        if watch and not wrong:
            wrong = watch(infno, accepted, reply)
        if arguments.index is not None:
            print(body[:4000].decode("utf-8", "replace"), "\n->", reply[:2000].decode("utf-8", "replace"))
        if wrong and not tally.wrong[wrong]:
            print(f"{infno} --index {index}: {wrong}\n    sent     {body[:300]!r}\n    answered {reply[:300]!r}")
        tally.sent, tally.failed = tally.sent + 1, tally.failed + (status >= 500)
        tally.accepted, tally.refused = tally.accepted + accepted, tally.refused + (not accepted)
        if wrong:
            tally.wrong[wrong] += 1
    return tally


def is_success(infno: str, status: int, kind: str, body: bytes) -> bool:
    """Whether a reply says that the request was carried out."""
    if status == 200 and kind.startswith("application/octet-stream"):
        return True
    try:
        read(infno, "?", status, body)
    except (Failure, Malformed):
        return False
    return True


def parser() -> argparse.ArgumentParser:
    found = run.parser()
    found.prog = "client.fuzz"
    found.add_argument("--count", type=int, default=2000)
    found.add_argument("--seed", type=int, default=1)
    found.add_argument("--index", type=int)
    return found


def chosen(h: Hospital, arguments: argparse.Namespace) -> facts.Somebody:
    return next(one for one in h.facts.persons if not arguments.person or one.certno in arguments.person)


def recorded(h: Hospital, arguments: argparse.Namespace) -> Recorder:
    """The valid requests of the first person chosen, at the hospital and at the pharmacy."""
    somebody = chosen(h, arguments)
    recorder = record(h, somebody)
    if h.facts.pharmacy:
        from client import pharmacy

        shop = run.connect(arguments, h.facts, h.facts.pharmacy)
        shop.seen = recorder
        sheet = run.trial(shop, pharmacy.whole, None, somebody)
        if run.insured(h.facts, somebody, "pharmacy"):
            recorder.wrong += [f"pharmacy: {wrong}" for wrong in sheet.wrong]
    return recorder


def fuzz(
    h: Hospital, recorder: Recorder, arguments: argparse.Namespace, watch: Watch | None = None
) -> dict[str, Tally]:
    """Every transaction attacked; prints a line for each. Afterwards the platform must answer as before."""
    target, found, somebody = Target(h.line), {}, chosen(h, arguments)
    print(f"seed {arguments.seed}, {arguments.count} requests a transaction, {len(recorder.kept)} transactions")
    print("transaction  requests  accepted  refused  5xx  wrong")
    for infno in sorted(recorder.kept):
        if arguments.only and infno not in arguments.only:
            continue
        if infno.startswith(CARE) and arguments.count > FEW:
            leave_open(h, h.person(somebody), recorder)  # what was attacked before may have used up the last
        one = found[infno] = attack(target, infno, recorder.kept[infno], arguments, watch)
        bad = sum(one.wrong.values())
        print(f"{infno:<11}  {one.sent:>8}  {one.accepted:>8}  {one.refused:>7}  {one.failed:>3}  {bad:>5}", flush=True)
    target.http.close()
    after = run.trial(h, accounts.nobody, None, None)
    if after.wrong:
        print(f"afterwards the platform no longer answers as before: {after.wrong[0]}")
        found.setdefault("afterwards", Tally()).wrong[str(after.wrong[0])] += 1
    return found


def main(words: list[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    clock.set_ahead(arguments.ahead)
    known = facts.read(arguments.facts)
    h = run.connect(arguments, known, known.hospital)
    found = fuzz(h, recorded(h, arguments), arguments)
    bad = sum(sum(one.wrong.values()) for one in found.values())
    print(f"{sum(one.sent for one in found.values())} requests: {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
