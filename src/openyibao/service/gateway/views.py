"""The door of the national interface: bytes in, bytes out, whatever comes in.

A request is answered by one handler in one database transaction. A refusal undoes all of it and leaves a line in the
audit. What fails in an unforeseen way is answered as a refusal too, with a reference to the log.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg.errors
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

import openyibao.service.gateway.transactions  # noqa: F401  (registers the handlers)
from openyibao.service import logs
from openyibao.service.clock import now
from openyibao.service.gateway import messages
from openyibao.service.gateway.authentication import authenticate
from openyibao.service.gateway.calls import HANDLERS, Answer, Call, FileReply
from openyibao.service.gateway.models import Refusal
from openyibao.service.gateway.rates import Flooded, admitted
from openyibao.service.gateway.reader import Envelope, read_envelope, read_input, read_message
from openyibao.service.gateway.refusals import Refused, RefusedKept, as_code
from openyibao.service.gateway.spec import Transaction, by_path
from openyibao.service.gateway.spec import transaction as specification
from openyibao.service.gateway.uploads import Received, receive
from openyibao.service.gateway.writer import write_reply
from openyibao.service.institutions.doors import in_force
from openyibao.service.institutions.models import Institution
from openyibao.service.portability.gate import elsewhere

log = logging.getLogger("openyibao.gateway")
TRIES = 3
"""How often a call is tried when the database ends it for a deadlock."""
CONSTRAINTS = {"visit_number": "number used", "visit_one_admission": "in hospital", "line_number": "number used"}
"""What the database refuses by a constraint, as reasons."""
NOWHERE = "000000"
AFTERWARDS = frozenset(("2103", "2208", "2305", "2601", "Y601", "3201", "3202", "5203", "5204", "9101", "9102"))
"""What an institution may ask without an agreement in force: what became of what it did, and to take it back."""


@dataclass(slots=True)
class _Exchange:
    """A request under way: what is known of it so far."""

    received: datetime
    came: Received
    path: str
    headers: Mapping[str, str]
    envelope: Envelope | None = None
    spec: Transaction | None = None
    institution: Institution | None = None

    def reply(self, output: Any = None, refusal: Refused | None = None) -> bytes:
        division = (self.envelope.mdtrtarea_admvs if self.envelope else "") or NOWHERE
        serial = secrets.randbelow(10**10)
        times = {"received": self.received, "now": now()}
        return write_reply(self.spec, output, **times, division=division, serial=serial, refusal=refusal)


@csrf_exempt
def call(request: HttpRequest) -> HttpResponse:
    """Answer one request of the national interface, at any of its addresses."""
    exchange = _Exchange(now(), Received(), request.path, request.headers)
    outcome = "ok"
    try:
        exchange.came = receive(request)
        response = _response(_answer(exchange))
    except Refused as refused:
        outcome = refused.reason.code
        _audit(exchange, refused)
        response = _response(exchange.reply(refusal=refused), refused.reason.status)
        if isinstance(refused, Flooded):
            response["Retry-After"] = str(refused.seconds)
    except (OperationalError, InterfaceError) as error:
        gone = Refused("unavailable")
        outcome = gone.reason.code
        log.error("database", extra={"error": type(error).__name__})
        response = _response(exchange.reply(refusal=gone), gone.reason.status)
    except Exception as error:
        reference = secrets.token_hex(6)
        failure = Refused("failure", reference=reference)
        outcome = failure.reason.code
        log.error("failure", extra={"reference": reference, "error": type(error).__name__}, exc_info=True)
        response = _response(exchange.reply(refusal=failure), failure.reason.status)
    observe(exchange, outcome)
    return response


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
    exchange.institution = institution = _institution(envelope)
    authenticate(exchange.headers, exchange.came.signed, envelope, institution)
    call = Call(
        infno=exchange.spec.infno,
        msgid=envelope.msgid,
        institution=institution,
        operator=envelope.opter,
        sign_no=envelope.sign_no,
        insured=envelope.insuplc_admdvs,
        visited=envelope.mdtrtarea_admvs,
        input=read_input(exchange.spec, envelope.input),
        now=exchange.received,
    )
    with admitted(institution.code):
        sent_on = elsewhere(call, envelope.input)
        return _with_retries(exchange, answer, call) if sent_on is None else sent_on


def _institution(envelope: Envelope) -> Institution:
    found = Institution.objects.select_related("body").filter(code=envelope.fixmedins_code).first()
    if found is None:
        raise Refused("unknown institution", institution=as_code(envelope.fixmedins_code, 12))
    return found


def _with_retries(exchange: _Exchange, answer: Answer, call: Call) -> bytes | FileReply:
    for left in reversed(range(TRIES)):
        try:
            return _in_transaction(exchange, answer, call)
        except OperationalError as error:
            retried = isinstance(error.__cause__, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure)
            if not retried or not left:
                raise
        except IntegrityError as error:
            raise _as_refusal(error) from None
        except DataError as error:
            raise Refused("bad fields", problems=type(error).__name__) from None
        call.links.clear()
    raise AssertionError("the last try returns or raises")


def _in_transaction(exchange: _Exchange, answer: Answer, call: Call) -> bytes | FileReply:
    """The handler's answer, as bytes; of one that writes, kept with its message."""
    with transaction.atomic():
        if not answer.writes:
            _check_agreement(call)
            output = answer.handler(call)
            return output if isinstance(output, FileReply) else exchange.reply(output)
        taken = messages.take(call, messages.digest_of(call.infno, call.insured, exchange_input(exchange)))
        if isinstance(taken, bytes):
            return taken
        _check_agreement(call)
        try:
            output = answer.handler(call)
        except RefusedKept as refused:
            reply = exchange.reply(refusal=refused)
            _audit(exchange, refused)
        else:
            assert not isinstance(output, FileReply)
            reply = exchange.reply(output)
        messages.keep(taken, reply, call.links)
        return reply


def _check_agreement(call: Call) -> None:
    if call.infno not in AFTERWARDS:
        in_force(call.institution, call.now.date())


def exchange_input(exchange: _Exchange) -> Mapping[str, Any]:
    """The input as it was sent, before any reading."""
    assert exchange.envelope is not None
    return exchange.envelope.input


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
        Refusal.objects.create(
            received=exchange.received,
            institution=as_code(envelope.fixmedins_code) if envelope else "",
            msgid=as_code(envelope.msgid, 60) if envelope else "",
            infno=as_code(envelope.infno, 20) if envelope else "",
            code=refused.reason.code,
        )
    except DatabaseError:
        log.error("audit", extra={"outcome": refused.reason.code})


def _response(content: bytes | FileReply, status: int = 200) -> HttpResponse:
    if isinstance(content, FileReply):
        response = HttpResponse(content.content, content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="{content.name}"'
        return response
    response = HttpResponse(content, content_type="application/json; charset=utf-8", status=status)
    if status == 503:
        response["Retry-After"] = "5"
    return response
