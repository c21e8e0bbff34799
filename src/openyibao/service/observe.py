"""Around every request: its id, its line in the log, its counters; and 503 where the database is gone."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from openyibao.policy.model import Bilingual
from openyibao.service import logs, metrics
from openyibao.service.gateway.refusals import Refused
from openyibao.service.health import unavailable

QUIET = ("health", "ready", "metrics")
"""Addresses that are asked every few seconds: not counted, and logged only when they fail in an unforeseen way."""

FAILED = 500


class Watched:
    """A request under way, from when it is made to `end`."""

    __slots__ = ("noted", "request_id", "started")

    def __init__(self) -> None:
        self.noted = logs.begin()
        self.request_id = self.noted["request_id"] = secrets.token_hex(16)
        self.started = time.perf_counter()

    def end(self, method: str | None, route: str, status: int) -> None:
        """Its line in the log, and its counters."""
        seconds = time.perf_counter() - self.started
        if route not in QUIET or status == FAILED:
            level = logging.ERROR if status >= 500 else logging.INFO
            fields: dict[str, Any] = {"method": method, "route": route, "status": status}
            logs.write("request", level, **fields, milliseconds=round(seconds * 1000, 1), **self.noted)
        if route not in QUIET:
            metrics.count(self.noted, status, seconds)


class Observe:
    """The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        watched = Watched()
        try:
            answer = self.get_response(request)
        except (OperationalError, InterfaceError) as error:  # of a middleware; those of views are caught below
            answer = self.process_exception(request, error) or gone()
        answer["X-Request-Id"] = watched.request_id
        if not answer.streaming:
            answer["Content-Length"] = str(len(answer.content))
        match = getattr(request, "resolver_match", None)
        watched.end(request.method, match.url_name or match.route if match else "-", answer.status_code)
        return answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What a view raised: written without its message. Where the database is gone, 503; else Django's 500."""
        logs.note(**logs.described(error))
        if isinstance(error, OperationalError | InterfaceError):
            return gone()
        return None


def gone() -> HttpResponse:
    """What is answered while the database is away."""
    refused = Refused("unavailable")
    return unavailable(Bilingual(refused.text("zh"), refused.text("en")))
