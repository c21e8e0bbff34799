"""The front page, the way to it, the switch of the look, and what stands where there is no page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from openyibao.compare.patients import find_patient
from openyibao.service import clock
from openyibao.service.web import asked as asking
from openyibao.service.web import pages, shelf
from openyibao.service.web.look import COOKIE, YEAR_SECONDS, Look
from openyibao.site.library import NO_PLACE

EXAMPLES: tuple[dict[str, str], ...] = (
    {"at": "500000.resident", "day": "2023-06-01", "case": "low-income-edge-stroke", "f-tier": "cat-1"},
    {"at": "500000.resident", "day": "2023-06-01", "case": "cancer-year-allowance", "f-tier": "cat-1"},
    {"at": "980000.resident", "day": "2023-06-01", "case": "dialysis-year"},
    {"at": "420100.resident", "day": "2024-06-01", "case": "worker-elsewhere-filed"},
    {"at": "420100.resident", "day": "2024-06-01", "case": "hip-fracture"},
)
"""Standard cases of the front page, each where and when it can be worked out."""
MORE = {"f-district": "Yubei"}
"""What Chongqing asks besides."""


def root(request: HttpRequest) -> HttpResponse:
    """To the front page in the language that the browser prefers."""
    answer = HttpResponseRedirect(f"/{pages.preferred(request)}/")
    answer["Vary"] = "Accept-Language"
    return answer


def home(request: HttpRequest, lang: str) -> HttpResponse:
    """The front page: a place leads to the calculator; doors to everything else."""
    t = pages.words_of(request, lang)
    library = shelf.library()
    real = sum(1 for one in library.policies if not one.region.startswith(NO_PLACE))
    context = {
        "title": t("home.title"),
        "asked": asking.read({}, t, clock.today()),
        "examples": [
            (t.pick(find_patient(one["case"]).title), f"/{lang}/calculator?{urlencode(_whole(one))}")
            for one in EXAMPLES
        ],
        "counted": t("home.collected", places=len(library.places), policies=real),
    }
    return pages.page(request, lang, "home.html", context, here="home")


def _whole(example: dict[str, str]) -> dict[str, str]:
    return {**example, **(MORE if example["at"].startswith("50") else {})}


def look(request: HttpRequest) -> HttpResponse:
    """Remember how pages shall look, and go back."""
    back = request.GET.get("back", "/")
    if not url_has_allowed_host_and_scheme(back, None) or not back.startswith("/"):
        back = "/"
    chosen = Look(
        "large" if request.GET.get("size") == "large" else "normal",
        "simple" if request.GET.get("words") == "simple" else "full",
    )
    answer = HttpResponseRedirect(back)
    answer.set_cookie(COOKIE, chosen.cookie(), max_age=YEAR_SECONDS, samesite="Lax", httponly=True)
    return answer


def missing(request: HttpRequest, lang: str) -> HttpResponse:
    """There is no such page."""
    t = pages.words_of(request, lang)
    return pages.page(request, lang, "missing.html", {"title": t("web.error_title")}, status=404)
