"""What stands before Django: messages of the national interface go straight to their door, all else to Django.

They need nothing of what pages do: no routes, sessions, forms, sign-ins, and no look at the database before and after
(`direct.refresh` replaces a connection that was closed). They are observed and counted like all others. What is no
plain message (a form with a file, a failure asked of the sandbox, another method than POST) goes Django's way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from django.conf import settings

from openyibao.service import logs
from openyibao.service.evenly import Evenly, shared_folder
from openyibao.service.gateway.uploads import FORM, Received, receive_message
from openyibao.service.gateway.views import ADDRESS, Reply, replied
from openyibao.service.lending import borrowed
from openyibao.service.observe import Watched

Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]
OURS = re.compile(ADDRESS)
FOR_BROWSERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]
"""What Django's SecurityMiddleware adds."""
LAST = [("Connection", "close")]


def fronted(django: Application) -> Application:
    """The application that hands on what is no message of the interface."""
    failing, evenly = "", Evenly(shared_folder())
    if settings.SANDBOX:
        from openyibao.service.sandbox.failures import META as failing

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if _is_message(environ) and failing not in environ:
            return _straight(environ, start, evenly)
        return django(environ, start)

    return application


def _is_message(environ: dict[str, Any]) -> bool:
    return (
        environ["REQUEST_METHOD"] == "POST"
        and OURS.match(environ.get("PATH_INFO", "")[1:]) is not None
        and not environ.get("CONTENT_TYPE", "").strip().lower().startswith(FORM)
    )


def _straight(environ: dict[str, Any], start: Start, evenly: Evenly) -> Iterable[bytes]:
    watched = Watched()
    try:
        receive = _received(environ)  # before a connection is borrowed: the line may be slow
        with borrowed():
            told = replied(environ["PATH_INFO"], environ, receive)
    except Exception as error:  # not even a refusal could be written
        logs.note(**logs.described(error))
        told = Reply(b"", HTTPStatus.INTERNAL_SERVER_ERROR)
    watched.end("POST", "interface", told.status)
    ends = environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and evenly.one_too_many(int(environ["SERVER_PORT"]))
    start(
        _status_line(told.status),
        [
            ("Content-Type", told.type),
            ("Content-Length", str(len(told.content))),
            ("X-Request-Id", watched.request_id),
            *FOR_BROWSERS,
            *told.headers,
            *(LAST if ends else ()),
        ],
    )
    return [told.content]


def _received(environ: dict[str, Any]) -> Callable[[], Received]:
    """Read the body. What is returned gives it, or raises what reading raised."""
    try:
        came = receive_message(environ, environ["wsgi.input"])
    except Exception as error:
        return partial(_raise, error)
    return lambda: came


def _raise(error: Exception) -> Received:
    raise error


@cache
def _status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
