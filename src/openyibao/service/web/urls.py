"""The addresses of the public pages, each in Chinese below /zh/ and in English below /en/."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from openyibao.service.web import (
    asking,
    assets,
    beside,
    calculator,
    front,
    law,
    pdf,
    rating,
    said,
    search,
    why,
)
from openyibao.site.words import LANGS

View = Callable[..., HttpResponse]


def _slash(request: HttpRequest, lang: str) -> HttpResponse:
    return HttpResponseRedirect(f"/{lang}/")


def _patterns() -> list[URLPattern]:
    found = [
        path("", require_safe(front.root), name="root"),
        path("look", require_safe(front.look), name="look"),
        path("assets/<str:mark>/<path:name>", require_safe(assets.serve), name="asset"),
    ]
    views: tuple[tuple[str, View, str], ...] = (
        ("", front.home, "home"),
        ("calculator", calculator.show, "calculator"),
        ("calculator.pdf", pdf.show, "pdf"),
        ("claim.yaml", calculator.claim_file, "claim-file"),
        ("beside", beside.show, "beside"),
        ("law/", law.show, "law"),
        ("law/<path:path>", law.show, "law-page"),
        ("search", search.show, "search"),
        ("questions", said.show, "questions"),
        ("ratings", rating.listing, "ratings"),
        ("ratings/<str:code>", rating.institution, "ratings-of"),
    )
    sent: tuple[tuple[str, View, str], ...] = (
        ("ask", asking.ask, "ask"),
        ("questions/mine", asking.mine, "asked"),
        ("rate", rating.rate, "rate"),
    )
    for lang in LANGS:
        for address, view, name in sent:  # each looks at the token itself and answers with the form (`forms`)
            own = require_http_methods(["GET", "HEAD", "POST"])(partial(view, lang=lang))
            found.append(path(f"{lang}/{address}", csrf_exempt(own), name=f"{lang}-{name}"))
        both = require_http_methods(["GET", "HEAD", "POST"])(partial(why.show, lang=lang))
        # nothing is changed there and nobody is signed in: a forged request gains nothing
        found.append(path(f"{lang}/bill", csrf_exempt(both), name=f"{lang}-bill"))
        found.append(path(lang, require_safe(partial(_slash, lang=lang)), name=f"{lang}-root"))
        for address, view, name in views:
            found.append(path(f"{lang}/{address}", require_safe(partial(view, lang=lang)), name=f"{lang}-{name}"))
        found.append(path(f"{lang}/<path:rest>", partial(_missing, lang=lang), name=f"{lang}-missing"))
    return found


def _missing(request: HttpRequest, rest: str, lang: str) -> HttpResponse:
    return front.missing(request, lang)


patterns = _patterns()
