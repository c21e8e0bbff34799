"""Making a page: its template, its language and look, its headers."""

from __future__ import annotations

import gzip
import re
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape

from openyibao import __version__
from openyibao.policy.values import money
from openyibao.service.web import assets
from openyibao.service.web.look import Look, look_of, switch
from openyibao.service.web.words import Words
from openyibao.site.words import LANGS, first, pieces

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""What a page may load: its own files only, no inline script, no inline style. data: is for marks in style sheets."""
AMOUNT = re.compile(r"\d[\d,]*(?:\.\d+)?(?:元| yuan)")
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Vary": "Accept-Encoding, Cookie",
}
MENU = (
    *(("home", ""), ("calculator", "calculator"), ("bill", "bill"), ("law", "law/")),
    *(("questions", "questions"), ("ratings", "ratings"), ("search", "search")),
)


@cache
def environment() -> Environment:
    """The templates of these pages; those of the published site are below `site/`."""
    return Environment(
        loader=ChoiceLoader(
            [PackageLoader("openyibao.service.web"), PrefixLoader({"site": PackageLoader("openyibao.site")})]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def words_of(request: HttpRequest, lang: str) -> Words:
    return Words(lang, simple=look_of(request).simple)


def preferred(request: HttpRequest) -> str:
    """The language to begin with: English where the browser asks for it before Chinese."""
    for part in request.headers.get("Accept-Language", "").lower().split(","):
        tag = part.partition(";")[0].strip()[:2]
        if tag in LANGS:
            return tag
    return LANGS[0]


def page(
    request: HttpRequest, lang: str, template: str, context: dict[str, Any], *, here: str = "", status: int = 200
) -> HttpResponse:
    """A page in one language. `here` is the entry of the menu it belongs to."""
    text = environment().get_template(f"web/{template}").render(**shared(request, lang, here), **context)
    return respond(request, text.encode(), "text/html; charset=utf-8", status=status)


def shared(request: HttpRequest, lang: str, here: str) -> dict[str, Any]:
    """What every template has."""
    look, path = look_of(request), request.get_full_path()
    other = "en" if lang == "zh" else "zh"
    return {
        "t": Words(lang, simple=look.simple),
        "lang": lang,
        "look": look,
        "here": here,
        "menu": [(key, f"/{lang}/{rest}") for key, rest in MENU],
        "other_url": f"/{other}/{path.removeprefix(f'/{lang}/')}" if path.startswith(f"/{lang}/") else f"/{other}/",
        "size_url": switch(Look("normal" if look.large else "large", look.words), path),
        "words_url": switch(Look(look.size, "full" if look.simple else "simple"), path),
        "asset": assets.address,
        "sandbox": settings.SANDBOX,
        "version": __version__,
        "first": first,
        "money": money,
        "unbroken": unbroken,
        "pieces": lambda told: pieces(told, lang),
    }


def unbroken(text: str) -> Markup:
    """A text whose amounts stay on one line with their unit."""
    return Markup(AMOUNT.sub(r'<span class="amount">\g<0></span>', str(escape(text))))


def respond(request: HttpRequest, body: bytes, kind: str, *, status: int = 200, name: str = "") -> HttpResponse:
    """An answer with the headers of all pages, compressed where the browser takes it; `name`: to be kept as a file."""
    packed = "gzip" in request.headers.get("Accept-Encoding", "") and not kind.startswith("application/pdf")
    answer = HttpResponse(gzip.compress(body, 6, mtime=0) if packed else body, content_type=kind, status=status)
    for header, value in HEADERS.items():
        answer[header] = value
    if packed:
        answer["Content-Encoding"] = "gzip"
    if name:
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
