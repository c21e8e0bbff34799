"""Telling how a visit was, and what others told: the form, the list of institutions, one institution."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from openyibao.service.institutions import doors
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.voice import questions, ratings
from openyibao.service.voice.models import MARKS, QUESTIONS
from openyibao.service.voice.ratings import SHOWN_MONTHS, NotRatedError, Summary
from openyibao.service.web import forms, front, limit, pages, subjects
from openyibao.service.web.said import asked_page
from openyibao.service.web.why import LONGEST_CODE, LONGEST_NUMBER, MOST_WRONG, WRONG
from openyibao.service.web.words import Words

Data = dict[str, Any]
TOO_OFTEN = 429
PER_PAGE = 50
SHOWN = (QUESTIONS[-1], *QUESTIONS[:-1])
"""The questions as results show them: the overall mark first."""
WIDTH = 100
"""The width of a bar, in the units of its picture."""


def rate(request: HttpRequest, lang: str) -> HttpResponse:
    """The form; sent, thanks."""
    t = pages.words_of(request, lang)
    sent = request.POST
    marks = {one: int(sent[one]) for one in QUESTIONS if sent.get(one) in {str(mark) for mark in MARKS}}
    context: Data = {
        "title": t("rate.title"),
        "number": sent.get("number", "").replace("\x00", "").strip()[:LONGEST_NUMBER],
        "code": sent.get("code", "").replace("\x00", "").strip()[:LONGEST_CODE],
        "questions": [(one, t(f"rate.{one}"), t(f"rate.{one}_hint")) for one in QUESTIONS],
        "marks": [(mark, t(f"rate.mark_{mark}")) for mark in reversed(MARKS)],
        "given": marks,
        "least": settings.LEAST_RATINGS,
        "problems": [],
        "check": "",
        "rated": "",
        "rated_url": "",
    }
    status = 200
    if request.method == "POST":
        if forms.is_ours(request):
            status = _sent(request, t, context, marks)
        else:
            context["check"] = t(forms.not_sent(request))
    return forms.page(request, lang, "rate.html", context, here="ratings", status=status)


def _sent(request: HttpRequest, t: Words, context: Data, marks: dict[str, int]) -> int:
    """Add a rating, or say what is wrong; the status of the answer."""
    problems = [(one, t("rate.choose", what=t(f"rate.{one}"))) for one in QUESTIONS if one not in marks]
    problems += [(one, t(f"rate.no_{one}")) for one in ("number", "code") if not context[one]]
    if problems:
        context["problems"] = problems
        return 200
    caller = limit.caller(request)
    if limit.tried(WRONG, caller) >= MOST_WRONG:
        context["problems"] = [("number", t("why.too_often"))]
        return TOO_OFTEN
    try:
        rated = ratings.rate(context["number"], context["code"], marks)
    except NotRatedError as error:
        if error.why == "no_such":
            limit.count(WRONG, caller)
        context["problems"] = [("number", t("why.no_such" if error.why == "no_such" else f"rate.{error.why}"))]
        return 200
    context["rated"], context["rated_url"] = rated.name, f"/{t.lang}/ratings/{rated.code}"
    return 200


# ------------------------------------------------------------ what others told


def listing(request: HttpRequest, lang: str) -> HttpResponse:
    """The institutions of a place with their ratings."""
    t = pages.words_of(request, lang)
    offices = questions.offices()
    code = request.GET.get("place", "").replace("\x00", "")
    chosen = next((one for one in offices if one.code == code), offices[0] if len(offices) == 1 else None)
    found = ratings.summaries(chosen)
    last = max(1, -(-len(found) // PER_PAGE))
    here = min(asked_page(request), last)
    part = found[(here - 1) * PER_PAGE : here * PER_PAGE]
    known = Institution.objects.select_related("body").in_bulk([one.institution for one in part])
    context = {
        "title": t("ratings.title"),
        "places": [(one.code, subjects.place(one, t), one == chosen) for one in offices],
        "chosen": chosen.code if chosen else "",
        "rows": [_row(one, known[one.institution], t) for one in part],
        "columns": [t(f"rate.{one}") for one in SHOWN],
        "least": settings.LEAST_RATINGS,
        "months": SHOWN_MONTHS,
        "page": here,
        "last": last,
        "before": _address(chosen, here - 1) if here > 1 else "",
        "after": _address(chosen, here + 1) if here < last else "",
    }
    return pages.page(request, lang, "ratings.html", context, here="ratings")


def _address(chosen: Body | None, page: int) -> str:
    stated = {"place": chosen.code if chosen else "", "page": str(page) if page > 1 else ""}
    return "?" + urlencode({name: value for name, value in stated.items() if value})


def _row(one: Summary, institution: Institution, t: Words) -> Data:
    return {
        "name": institution.name,
        "address": f"/{t.lang}/ratings/{institution.code}",
        "place": subjects.place(institution.body, t),
        "size": one.size,
        "means": [_tenths(one.tenths(question)) for question in SHOWN] if one.size else [],
        "period": _period(one, t),
    }


def _tenths(value: int) -> str:
    return f"{value // 10}.{value % 10}"


def _period(one: Summary, t: Words) -> str:
    """`2026年3月至6月` of the months in which the ratings came."""
    if one.first is None or one.last is None:
        return ""
    first, last = (t("ratings.month", year=day.year, month=day.month) for day in (one.first, one.last))
    return first if first == last else t("ratings.months", first=first, last=last)


def institution(request: HttpRequest, lang: str, code: str) -> HttpResponse:
    """One institution: five questions, how often each mark was given."""
    t = pages.words_of(request, lang)
    try:
        found: Institution = doors.known(code.replace("\x00", ""))
    except Problem:
        return front.missing(request, lang)
    (one,) = ratings.summaries(code=found.code)
    context = {
        "title": t("ratings.of", name=found.name),
        "name": found.name,
        "about": _row(one, found, t),
        "least": settings.LEAST_RATINGS,
        "months": SHOWN_MONTHS,
        "questions": [_question(one, question, t) for question in SHOWN] if one.size else [],
    }
    return pages.page(request, lang, "institution.html", context, here="ratings")


def _question(one: Summary, question: str, t: Words) -> Data:
    counts = one.counts(question)
    most = max(counts)
    bars = [
        {"mark": t(f"rate.mark_{mark}"), "count": counts[mark - 1], "width": WIDTH * counts[mark - 1] // most}
        for mark in reversed(MARKS)
    ]
    return {"name": t(f"rate.{question}"), "mean": _tenths(one.tenths(question)), "bars": bars}
