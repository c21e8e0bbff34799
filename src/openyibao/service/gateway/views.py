"""The door of the national interface: bytes in, bytes out, whatever comes in.

    replied(path, meta, receive)     what a request is told: asked by `front`, and by Django for some of them

A request is answered by one handler in one database transaction. A refusal undoes all of it and leaves a line in the
audit. What fails in an unforeseen way is answered as a refusal too, with a reference to the log.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg.errors
from django.db import (
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    OperationalError,
    transaction,
)
from django.http import HttpRequest, HttpResponse
from django.http.request import HttpHeaders
from django.views.decorators.csrf import csrf_exempt

import openyibao.service.gateway.transactions  # noqa: F401  (registers the handlers)
from openyibao.service import logs
from openyibao.service.clock import now
from openyibao.service.direct import Ask, Transaction, let_go, refresh, run
from openyibao.service.gateway import messages
from openyibao.service.gateway.authentication import authenticate, is_plain
from openyibao.service.gateway.calls import HANDLERS, Answer, Call, FileReply
from openyibao.service.gateway.messages import About
from openyibao.service.gateway.models import Refusal
from openyibao.service.gateway.rates import Flooded, admitted
from openyibao.service.gateway.reader import Envelope, read_envelope, read_input, read_message
from openyibao.service.gateway.refusals import Refused, RefusedKept, as_code
from openyibao.service.gateway.spec import Transaction as Specification
from openyibao.service.gateway.spec import by_path
from openyibao.service.gateway.spec import transaction as specification
from openyibao.service.gateway.together import QUEUE, Part
from openyibao.service.gateway.uploads import Received, receive
from openyibao.service.gateway.writer import write_reply
from openyibao.service.health import RETRY_SECONDS
from openyibao.service.institutions.doors import in_force
from openyibao.service.institutions.models import Institution
from openyibao.service.portability.gate import elsewhere
from openyibao.service.portability.peers import peers
from openyibao.service.settlements.case import kept as kept_row

log = logging.getLogger("openyibao.gateway")
TRIES = 3
"""How often a call is tried when the database ends it for a deadlock."""
CONSTRAINTS = {"visit_number": "number used", "visit_one_admission": "in hospital", "line_number": "number used"}
"""What the database refuses by a constraint, as reasons."""
ADDRESS = r"^(?:.*/)?(?:fsi/api|csb|hgs)/.+$"
NOWHERE = "000000"
Headers = tuple[tuple[str, str], ...]
Given = Mapping[str, Any]
"""The input as `read_input` gives it."""
LARGE = 40_000
"""Bytes of a message that others should not have to wait for: some eighty fee lines."""
AFTERWARDS = frozenset(("2103", "2208", "2305", "2601", "Y601", "3201", "3202", "5203", "5204", "9101", "9102"))
"""What an institution may ask without an agreement in force: what became of what it did, and to take it back."""


@dataclass(slots=True)
class _Exchange:
    """A request under way: what is known of it so far."""

    received: datetime
    came: Received
    path: str
    meta: Mapping[str, Any]
    envelope: Envelope | None = None
    spec: Specification | None = None
    institution: Institution | None = None

    def reply(self, output: Any = None, refusal: Refused | None = None) -> bytes:
        division = (self.envelope.mdtrtarea_admvs if self.envelope else "") or NOWHERE
        serial = secrets.randbelow(10**10)
        times = {"received": self.received, "now": now()}
        return write_reply(self.spec, output, **times, division=division, serial=serial, refusal=refusal)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over HTTP."""

    content: bytes
    status: int = 200
    type: str = "application/json; charset=utf-8"
    headers: Headers = ()


@csrf_exempt
def call(request: HttpRequest) -> HttpResponse:
    """Answer one request of the national interface that came by Django."""
    told = replied(request.path, request.META, lambda: receive(request))
    return HttpResponse(told.content, told.type, told.status, headers=dict(told.headers))


def replied(path: str, meta: Mapping[str, Any], receive: Callable[[], Received]) -> Reply:
    """Answer one request, at any address of the interface. `meta`: the headers as WSGI has them."""
    exchange = _Exchange(now(), Received(), path, meta)
    outcome = "ok"
    try:
        exchange.came = receive()
        told = _told(_answer(exchange))
    except Refused as refused:
        outcome = refused.reason.code
        _audit(exchange, refused)
        wait = (("Retry-After", str(refused.seconds)),) if isinstance(refused, Flooded) else ()
        told = _told(exchange.reply(refusal=refused), refused.reason.status, wait)
        let_go(refused)
    except (OperationalError, InterfaceError) as error:
        gone = Refused("unavailable")
        outcome = gone.reason.code
        log.error("database", extra={"error": type(error).__name__})
        told = _told(exchange.reply(refusal=gone), gone.reason.status)
        let_go(error)
    except Exception as error:
        reference = secrets.token_hex(6)
        failure = Refused("failure", reference=reference)
        outcome = failure.reason.code
        log.error("failure", extra={"reference": reference, "error": type(error).__name__}, exc_info=True)
        told = _told(exchange.reply(refusal=failure), failure.reason.status)
        let_go(error)
    observe(exchange, outcome)
    return told


def observe(exchange: _Exchange, outcome: str) -> None:
    """What the log and the counters are to know of a call: nothing of a person."""
    logs.note(
        infno=exchange.spec.infno if exchange.spec else "",
        institution=exchange.institution.code if exchange.institution else "",
        infcode="0" if outcome == "ok" else "-1",
        refusal="" if outcome == "ok" else outcome,
    )


def _answer(exchange: _Exchange) -> bytes | FileReply:
    message = read_message(exchange.came.text)
    exchange.came.put_file(message)
    envelope = exchange.envelope = read_envelope(message, by_path(exchange.path))
    exchange.spec = specification(envelope.infno)
    answer = HANDLERS.get(exchange.spec.infno)
    if answer is None:
        raise Refused("unknown transaction", infno=exchange.spec.infno)
    if not is_plain(exchange.meta):
        exchange.institution = institution = _institution(envelope)
        authenticate(HttpHeaders(exchange.meta), exchange.came.signed, envelope, institution)
    try:
        given = read_input(exchange.spec, envelope.input)
    except Refused:
        exchange.institution = _institution(envelope)  # an unknown institution is told nothing else
        raise
    with admitted(_known_code(envelope)):
        sent_on = _sent_on(exchange, envelope, given) if peers() else None
        return _with_retries(exchange, answer, envelope, given) if sent_on is None else sent_on


def _known_code(envelope: Envelope) -> str:
    """The code of an institution that is known: this connection asks once. Raises Refused."""
    code = envelope.fixmedins_code
    found: str = kept_row("codes", code, lambda: _institution(envelope).code)
    return found


def _sent_on(exchange: _Exchange, envelope: Envelope, given: Given) -> bytes | None:
    """What another region's platform answers, of a call about whom it insures."""
    exchange.institution = institution = _institution(envelope)
    return elsewhere(_new_call(exchange, envelope, given, institution), envelope.input)


def _institution(envelope: Envelope) -> Institution:
    found = Institution.objects.select_related("body").filter(code=envelope.fixmedins_code).first()
    if found is None:
        raise Refused("unknown institution", institution=as_code(envelope.fixmedins_code, 12))
    return found


def _with_retries(exchange: _Exchange, answer: Answer, envelope: Envelope, given: Given) -> bytes | FileReply:
    for left in reversed(range(TRIES)):
        try:
            if answer.writes:
                return _writing(exchange, answer, envelope, given)
            refresh()
            if answer.first is not None:
                return _reading(exchange, answer, envelope, given)
            with transaction.atomic():
                return _reading(exchange, answer, envelope, given)
        except OperationalError as error:
            retried = isinstance(error.__cause__, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure)
            if not retried or not left:
                raise
        except IntegrityError as error:
            raise _as_refusal(error) from None
        except DataError as error:
            raise Refused("bad fields", problems=type(error).__name__) from None
    raise AssertionError("the last try returns or raises")


def _asked(exchange: _Exchange, answer: Answer, envelope: Envelope, given: Given) -> list[Ask]:
    """Who asks, and what the handler wants to know before it begins."""
    code, day = envelope.fixmedins_code, exchange.received.date()
    asks = [messages.ask(code, envelope.msgid if answer.writes else None, day)]
    return [*asks, answer.first(given, code, day)] if answer.first else asks


def _call(
    exchange: _Exchange, envelope: Envelope, given: Given, found: Sequence[Any], work: Transaction | None
) -> tuple[Call, About]:
    """The call, with what was found of who asks. Raises Refused where nobody knows the institution."""
    about = messages.about(envelope.fixmedins_code, found[0])
    exchange.institution = about.institution
    first = found[1] if len(found) > 1 else None
    return _new_call(exchange, envelope, given, about.institution, first, work), about


def _new_call(
    exchange: _Exchange,
    envelope: Envelope,
    given: Given,
    institution: Institution,
    first: Any = None,
    work: Transaction | None = None,
) -> Call:
    assert exchange.spec is not None
    return Call(
        infno=exchange.spec.infno,
        msgid=envelope.msgid,
        institution=institution,
        operator=envelope.opter,
        sign_no=envelope.sign_no,
        insured=envelope.insuplc_admdvs,
        visited=envelope.mdtrtarea_admvs,
        input=given,
        now=exchange.received,
        first=first,
        work=work,
    )


def _reading(exchange: _Exchange, answer: Answer, envelope: Envelope, given: Given) -> bytes | FileReply:
    """The handler's answer, as bytes."""
    call, about = _call(exchange, envelope, given, run(_asked(exchange, answer, envelope, given)), None)
    _check_agreement(call, about)
    output = answer.handler(call)
    return output if isinstance(output, FileReply) else exchange.reply(output)


def _writing(exchange: _Exchange, answer: Answer, envelope: Envelope, given: Given) -> bytes:
    """The handler's answer, as bytes, kept with its message in one transaction."""
    assert exchange.spec is not None
    order, lock = messages.take(envelope.fixmedins_code, envelope.msgid)
    digest = messages.digest_of(exchange.spec.infno, envelope.insuplc_admdvs, envelope.input)
    asks = _asked(exchange, answer, envelope, given)

    def written(found: Sequence[Any], work: Transaction) -> bytes:
        work.take(("message", (envelope.fixmedins_code, envelope.msgid)))
        call, about = _call(exchange, envelope, given, found, work)
        if about.kept is not None:
            return messages.again(about.kept, envelope.msgid, digest)
        _check_agreement(call, about)
        return _written(exchange, answer, call, digest, work)

    def alone() -> bytes:
        with Transaction() as work:
            return written(work.first([lock, *asks])[1:], work)

    if answer.first is None or len(exchange.came.text) > LARGE:
        return alone()
    return QUEUE.carry_out(Part(order, lock, asks, written, alone))


def _written(exchange: _Exchange, answer: Answer, call: Call, digest: str, work: Transaction) -> bytes:
    """The handler's answer, kept with its message at the end of the transaction."""
    try:
        output = answer.handler(call)
    except RefusedKept as refused:
        reply = exchange.reply(refusal=refused)
        _audit(exchange, refused)
    else:
        assert not isinstance(output, FileReply)
        reply = exchange.reply(output)
    work.later(messages.keep(call, digest, reply))
    return reply


def _check_agreement(call: Call, about: About) -> None:
    if not about.agreed and call.infno not in AFTERWARDS:
        in_force(call.institution, call.now.date())  # says why not


def _as_refusal(error: IntegrityError) -> Refused:
    """What a constraint refused; one that means an error of ours is raised as it is."""
    cause = error.__cause__
    name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
    if name in CONSTRAINTS:
        return Refused(CONSTRAINTS[name])
    raise error


def _audit(exchange: _Exchange, refused: Refused) -> None:
    """A line of the audit; if the database is away the log has it all the same. Of a flood, one line a second."""
    if isinstance(refused, Flooded) and not refused.audited:
        return
    envelope = exchange.envelope
    try:
        with transaction.atomic():  # if it fails, a transaction that it is part of goes on
            Refusal.objects.create(
                received=exchange.received,
                institution=as_code(envelope.fixmedins_code) if envelope else "",
                msgid=as_code(envelope.msgid, 60) if envelope else "",
                infno=as_code(envelope.infno, 20) if envelope else "",
                code=refused.reason.code,
            )
    except Error:
        log.error("audit", extra={"outcome": refused.reason.code})


def _told(content: bytes | FileReply, status: int = 200, headers: Headers = ()) -> Reply:
    if isinstance(content, FileReply):
        named = ("Content-Disposition", f'attachment; filename="{content.name}"')
        return Reply(content.content, status, "application/octet-stream", (named,))
    if status == 503 and not headers:
        headers = (("Retry-After", str(RETRY_SECONDS)),)
    return Reply(content, status, headers=headers)
