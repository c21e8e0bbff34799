"""The files that pages load: read once, compressed once, under an address that changes with the content."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from django.http import Http404, HttpRequest, HttpResponse

KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
OWN = ("base.css", "law.css", "voice.css", "keep.js", "vendor/tabler-1.6.1.min.css", "vendor/htmx-4.0.1.min.js")
OF_SITE = ("site.css", "site.js", "icon.svg")


@dataclass(frozen=True)
class Asset:
    body: bytes
    packed: bytes
    kind: str
    mark: str


@cache
def asset(name: str) -> Asset:
    """A file by its name. Raises KeyError where there is no such file."""
    if name in OWN:
        room = "openyibao.service.web"
    elif name in OF_SITE:
        room = "openyibao.site"
    else:
        raise KeyError(name)
    body = files(room).joinpath("static").joinpath(name).read_bytes()
    kind = KINDS[name[name.rindex(".") :]]
    return Asset(body, gzip.compress(body, 9, mtime=0), kind, hashlib.sha256(body).hexdigest()[:12])


def address(name: str) -> str:
    return f"/assets/{asset(name).mark}/{name}"


def serve(request: HttpRequest, mark: str, name: str) -> HttpResponse:
    """One file, which never changes under its address."""
    try:
        found = asset(name)
    except KeyError:
        raise Http404 from None
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    answer = HttpResponse(found.packed if packed else found.body, content_type=found.kind)
    answer["Cache-Control"] = "public, max-age=31536000, immutable" if mark == found.mark else "no-cache"
    answer["Vary"] = "Accept-Encoding"
    answer["X-Content-Type-Options"] = "nosniff"
    if packed:
        answer["Content-Encoding"] = "gzip"
    return answer
