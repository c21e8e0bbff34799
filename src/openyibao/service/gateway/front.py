"""What stands before Django: requests of the national interface go straight to their door, all others to Django.

They need nothing of what pages do: no routes, sessions, forms, sign-ins, and no look at the database before and after
(`direct.refresh` replaces a connection that was closed). They are observed and counted like all others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse

from openyibao.service.gateway.views import ADDRESS, call
from openyibao.service.observe import Observe

Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]
OURS = re.compile(ADDRESS)
FOR_BROWSERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""What Django's SecurityMiddleware adds."""
ROUTE = SimpleNamespace(url_name="interface")


def fronted(django: Application) -> Application:
    """The application that hands on what is not of the interface."""
    door: Callable[[HttpRequest], HttpResponse] = _called
    if settings.SANDBOX:
        from openyibao.service.sandbox.failures import OnDemand

        door = OnDemand(door)
    answer = convert_exception_to_response(Observe(door))

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        return _straight(answer, environ, start) if OURS.match(path[1:]) else django(environ, start)

    return application


def _called(request: HttpRequest) -> HttpResponse:
    request.resolver_match = ROUTE
    response = call(request)
    for name, value in FOR_BROWSERS.items():
        response.headers[name] = value
    return response


def _straight(answer: Any, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    response = answer(WSGIRequest(environ))
    if response.status_code >= 500:
        close_old_connections()
    if not response.streaming:
        response.headers["Content-Length"] = str(len(response.content))
    start(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content] if not response.streaming else response
