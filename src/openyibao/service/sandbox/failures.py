"""Failures on demand, in the sandbox only: by the header `x-sandbox` of a request.

    lose-reply       the request is carried out, and the connection closes without an answer
    slow=SECONDS     the answer comes so much later (60 at most)
    refuse=CODE      the request is refused with this code of refusals.toml, and nothing is done
    unavailable      503 with Retry-After, as when the database is away, and nothing is done

Several stand with commas between them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from openyibao.service import logs
from openyibao.service.gateway.refusals import reasons
from openyibao.service.observe import gone

HEADER = "x-sandbox"
META = "HTTP_" + HEADER.upper().replace("-", "_")
MOST_SECONDS = 60.0
WAYS = "lose-reply, slow=SECONDS, refuse=CODE, unavailable"


class OnDemand:
    """The middleware that fails as asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        asked = request.META.get(META, "")
        if not asked:
            return self.get_response(request)
        ways = dict(_way(one) for one in asked.split(","))
        unknown = [name for name in ways if name not in ("lose-reply", "slow", "refuse", "unavailable")]
        if unknown:
            return _told(f"{HEADER}: {', '.join(unknown)}?", f"{HEADER}: expected {WAYS}")
        if "unavailable" in ways:
            return gone()
        if "refuse" in ways:
            return _refusal(ways["refuse"])
        answer = self.get_response(request)
        if "slow" in ways:
            time.sleep(_seconds(ways["slow"]))
        return _lost() if "lose-reply" in ways else answer


def _way(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name, value


def _seconds(text: str) -> float:
    try:
        return min(max(float(text), 0.0), MOST_SECONDS)
    except ValueError:
        return 0.0


def _refusal(code: str) -> HttpResponse:
    """The reply of a refusal with this code, its details left open."""
    for reason in reasons().values():
        if reason.code == code:
            logs.note(refusal=code, infcode="-1")
            text = f"{reason.code} {reason.zh}（沙箱：应要求拒绝）"
            return _told(text, "", reason.status)
    return _told(f"{HEADER}: {code}?", "no such code in refusals.toml")


def _told(zh: str, en: str, status: int = 200) -> HttpResponse:
    body = {"infcode": "-1", "inf_refmsgid": "", "err_msg": f"{zh} {en}".strip(), "output": None}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), content_type="application/json; charset=utf-8", status=status
    )


def _lost() -> StreamingHttpResponse:
    """An answer whose connection breaks before anything of it arrives; what was done stays done."""

    class Broken:
        def __iter__(self) -> Iterator[bytes]:
            return self

        def __next__(self) -> bytes:
            raise ConnectionAbortedError("the sandbox was asked to lose this reply")

    answer = StreamingHttpResponse(Broken())
    answer["Content-Length"] = "1000"
    return answer
