"""Forms that change something: the token against forged requests, and the headers that go with it.

A request without the right token is not refused: it gets the form, filled in, to be sent again by whoever sees it. So a
form that stands elsewhere (on a page of the law, below a bill) leads to the form proper, and nothing happens before.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token

from openyibao.service.web import pages

REFERRER = "same-origin"
"""Browsers name the origin of a form only under this policy; the token's check looks at it."""


class _Check(CsrfViewMiddleware):
    def _origin_verified(self, request: HttpRequest) -> bool:
        """The page is ours; or ours by HTTPS (YIBAO_HTTPS) that a proxy of ours ended, so that here it is http."""
        if super()._origin_verified(request):
            return True
        return settings.CSRF_COOKIE_SECURE and request.headers.get("Origin") == f"https://{request.get_host()}"

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def is_ours(request: HttpRequest) -> bool:
    """Whether a POST comes from a form that this browser got from us."""

    def nothing(request: HttpRequest) -> HttpResponse:
        raise AssertionError("only the check is asked for")

    check = _Check(nothing)
    check.process_request(request)
    return check.process_view(request, None, (), {}) is None


def not_sent(request: HttpRequest) -> str:
    """Which text tells why a form came back without being sent: it came from elsewhere, or the cookie is missing."""
    return "web.no_cookie" if "csrfmiddlewaretoken" in request.POST else "web.check"


def page(
    request: HttpRequest, lang: str, template: str, context: dict[str, Any], *, here: str, status: int = 200
) -> HttpResponse:
    """A page with a form that is sent with the token `csrf`; kept nowhere."""
    filled = {"csrf": get_token(request), **context}
    answer = pages.page(request, lang, template, filled, here=here, status=status)
    answer["Referrer-Policy"] = REFERRER
    answer["Cache-Control"] = "no-store"
    return answer
