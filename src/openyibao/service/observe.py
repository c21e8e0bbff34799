"""Around every request: its id, its line in the log, its counters; and 503 where the database is gone."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from openyibao.policy.model import Bilingual
from openyibao.service import logs, metrics
from openyibao.service.gateway.refusals import Refused
from openyibao.service.health import unavailable

QUIET = ("health", "ready", "metrics")
"""Addresses that are asked every few seconds: not counted, and logged only when they fail in an unforeseen way."""

FAILED = 500


class Observe:
    """The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        noted = logs.begin()
        noted["request_id"] = uuid.uuid4().hex
        started = time.perf_counter()
        try:
            answer = self.get_response(request)
        except (OperationalError, InterfaceError) as error:  # of a middleware; those of views are caught below
            answer = self.process_exception(request, error) or gone()
        seconds = time.perf_counter() - started
        answer["X-Request-Id"] = noted["request_id"]
        match = getattr(request, "resolver_match", None)
        route = match.url_name or match.route if match else "-"
        if route not in QUIET or answer.status_code == FAILED:
            level = logging.ERROR if answer.status_code >= 500 else logging.INFO
            fields = {"method": request.method, "route": route, "status": answer.status_code}
            logs.write("request", level, **fields, milliseconds=round(seconds * 1000, 1), **noted)
        if route not in QUIET:
            metrics.count(noted, answer.status_code, seconds)
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
