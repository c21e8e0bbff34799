"""The address at which another region's platform asks: signed JSON in, signed JSON out."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping

import psycopg.errors
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from openyibao.service import logs
from openyibao.service.clock import now
from openyibao.service.gateway.models import Refusal
from openyibao.service.gateway.refusals import Refused
from openyibao.service.portability.answers import ANSWERS, answer
from openyibao.service.portability.models import Peer
from openyibao.service.portability.wire import MOST_BYTES, Said, own_key, received, signed, text_of

log = logging.getLogger("openyibao.portability")
TRIES = 3


@csrf_exempt
def ask(request: HttpRequest, what: str) -> HttpResponse:
    """One question of a peer. Whoever does not prove to be one gets 401 and nothing that is signed."""
    if request.method != "POST" or what not in ANSWERS:
        return _unsigned(404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        if int(headers.get("content-length") or 0) > MOST_BYTES:
            return _unsigned(413)
        own_key()  # without it no answer could be signed, so nothing is done
        body = request.read(MOST_BYTES)
        peer, said = received(what, headers, body)
    except Refused as refused:
        _audit(what, refused)
        return _unsigned(401, refused.text("en"))
    except ImproperlyConfigured as error:
        log.error("failure", extra={"why": str(error)})
        return _unsigned(503)
    except ValueError:
        return _unsigned(400)
    try:
        found = _with_retries(peer, what, said)
    except (KeyError, TypeError, ValueError, DatabaseError) as error:
        reference = secrets.token_hex(6)
        log.error("failure", extra={"reference": reference, "error": type(error).__name__}, exc_info=True)
        return _unsigned(503 if isinstance(error, DatabaseError) else 500)
    logs.note(infno=what, refusal=str(found.get("code", "")))
    return _response(what, found, headers)


def _with_retries(peer: Peer, what: str, said: Said) -> Said:
    for left in reversed(range(TRIES)):
        try:
            return answer(peer, what, said)
        except OperationalError as error:
            retried = isinstance(error.__cause__, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure)
            if not retried or not left:
                raise
    raise AssertionError("the last try returns or raises")


def _response(what: str, found: Said, headers: Mapping[str, str]) -> HttpResponse:
    content = text_of(found)
    timestamp = str(int(now().timestamp()))
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    response["content-length"] = str(len(content))  # so that whoever reads knows when all of it came
    for name, value in signed("answer " + what, content, nonce=headers["x-yibao-nonce"], timestamp=timestamp).items():
        response[name] = value
    return response


def _unsigned(status: int, why: str = "") -> HttpResponse:
    """No answer: whoever asked does not know what became of it."""
    response = HttpResponse(why, status=status, content_type="text/plain; charset=utf-8")
    response["content-length"] = str(len(why.encode()))
    return response


def _audit(what: str, refused: Refused) -> None:
    try:
        Refusal.objects.create(received=now(), institution="-", msgid="-", infno=what[:20], code=refused.reason.code)
    except DatabaseError:
        log.error("audit", extra={"outcome": refused.reason.code})
