"""Answering a request: who asks, may they, do it in one transaction, log it, reply in JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.gateway.refusals import Refused
from openyibao.service.ledger.books import LedgerError
from openyibao.service.organisation.access import log
from openyibao.service.organisation.fields import take
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.permissions import held_for
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.tree import inside
from openyibao.service.staff.routes import OPEN, SIGNED_IN, Asked, Route, denied

OK, NOT_ALLOWED, NO_METHOD = 200, 403, 405
logger = logging.getLogger("openyibao.staff")


def view_of(routes: Mapping[str, Route]) -> Callable[..., HttpResponse]:
    """The Django view of one address: its routes by method."""

    def view(request: HttpRequest, **names: str) -> HttpResponse:
        found = routes.get(request.method)
        if found is None:
            return HttpResponse(status=NO_METHOD, headers={"Allow": ", ".join(sorted(routes))})
        return answer(found, request, names)

    return view


def answer(route: Route, request: HttpRequest, names: Mapping[str, str]) -> HttpResponse:
    """Carry out a request. What is refused is rolled back; what was allowed or denied to somebody is logged."""
    user = request.user if request.user.is_authenticated else None
    names = {name: value.replace("\x00", "?") for name, value in names.items()}
    asked = Asked(request, user, clock.today(), names, item=route.item, subject=next(iter(names.values()), ""))
    place: list[Body] = []
    try:
        # What is open to all writes on its own: a failure to sign in stays written.
        with nullcontext() if route.item == OPEN else transaction.atomic():
            result = _allowed(route, asked, place)
            if user is not None and route.item != OPEN:
                log(user, route.name, route.item, place[0] if place else None, asked.subject, OK)
        return result if isinstance(result, HttpResponse) else reply(result if result is not None else {})
    except Problem as problem:
        said = problem
    except Refused as refused:
        said = Problem("refused", text=Bilingual(refused.text("zh"), refused.text("en")))
    except LedgerError as error:
        said = Problem("refused", text=Bilingual(f"账务拒绝：{error}", f"The books refuse it: {error}"))
    except IntegrityError as error:
        logger.warning("%s: %s", route.name, type(error).__name__)
        said = Problem("conflict")
    if user is not None and route.item != OPEN:
        log(user, route.name, route.item, place[0] if place else None, asked.subject, said.kind.status)
    return refusal(said)


def _allowed(route: Route, asked: Asked, place: list[Body]) -> Any:
    """Ask for the item at its place, and do it."""
    if route.item == OPEN:
        asked.given = take(_values(asked.request), route.takes)
        return route.view(asked)
    if asked.user is None:
        raise Problem("not signed in")
    if route.item == SIGNED_IN:
        asked.given = take(_values(asked.request), route.takes)
        return route.view(asked)
    reach = held_for(asked.user, route.item, asked.day)
    if not reach:
        raise denied(route.item)
    asked.given = take(_values(asked.request), route.takes)
    assert route.place is not None
    try:
        body = route.place(asked)
    except Problem as problem:
        raise denied(route.item) if problem.name == "not known" else problem from None
    place.append(body)
    if not any(inside(body, one) for one in reach):
        raise denied(route.item)
    return route.view(asked)


def _values(request: HttpRequest) -> Any:
    """The fields of a request: the query of a GET, else a JSON object (nothing: an empty one)."""
    try:
        if request.method == "GET":
            found: Any = request.GET.dict()
        else:
            found = json.loads(request.body.decode("utf-8") or "{}", parse_constant=_no_constant)
        _check_text(found)
    except (ValueError, RecursionError):
        raise Problem("bad request", problems=Bilingual("不是 UTF-8 编码的 JSON", "no JSON in UTF-8")) from None
    return found


def _check_text(found: Any) -> None:
    """Raise ValueError for text that the database does not take: half characters and zero bytes."""
    written = json.dumps(found, ensure_ascii=False)
    written.encode("utf-8")
    if "\\u0000" in written:
        raise ValueError("zero byte")


def _no_constant(word: str) -> None:
    raise ValueError(word)


def file_reply(name: str, content: bytes) -> HttpResponse:
    """A file to keep, under an ASCII name."""
    found = HttpResponse(content, content_type="application/octet-stream")
    found["Content-Disposition"] = f'attachment; filename="{name}"'
    found["Cache-Control"] = "no-store"
    return found


def reply(result: Any, status: int = OK) -> HttpResponse:
    found = JsonResponse(result, safe=False, status=status, json_dumps_params={"ensure_ascii": False})
    found["Cache-Control"] = "no-store"
    found._has_been_logged = True  # the platform writes one line for every request; Django need not write another
    return found


def refusal(problem: Problem) -> HttpResponse:
    """A problem as JSON: its code, and its text in Chinese and English."""
    said = {"code": problem.kind.code, "zh": problem.text("zh"), "en": problem.text("en")}
    found = reply({"error": said}, problem.kind.status)
    if "seconds" in problem.details:
        found["Retry-After"] = str(problem.details["seconds"])
    return found


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What Django answers where the CSRF token is missing or wrong."""
    return refusal(Problem("not your session"))
