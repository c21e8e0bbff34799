"""The questions that are shown with their answers: of a policy, of a place, of all; the newest first, page by page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from openyibao.service.organisation.permissions import permissions
from openyibao.service.voice import questions
from openyibao.service.voice.models import Answer, Question
from openyibao.service.voice.wording import reasons
from openyibao.service.web import pages, subjects
from openyibao.service.web.words import Words
from openyibao.site.words import HAN

PER_PAGE = 10
LONGEST_QUERY = 60


def show(request: HttpRequest, lang: str) -> HttpResponse:
    """The page of questions and answers."""
    t = pages.words_of(request, lang)
    chosen = request.GET.get("about", "").replace("\x00", "")
    query = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
    about = subjects.subject(chosen, t) if chosen else None
    found = questions.shown(query=query)
    if about is not None:
        found = questions.shown(None if about.policy else about.body, about.policy, query)
    count = found.count()
    last = max(1, -(-count // PER_PAGE))
    here = min(asked_page(request), last)
    rows = found[(here - 1) * PER_PAGE : here * PER_PAGE]

    def address(page: int) -> str:
        stated = {"about": about.token if about else "", "q": query, "page": str(page) if page > 1 else ""}
        return "?" + urlencode({name: value for name, value in stated.items() if value})

    context = {
        "title": t("said.title"),
        "about": about,
        "choices": subjects.choices(t),
        "query": query,
        "count": count,
        "rows": [entry(one, t) for one in rows],
        "page": here,
        "last": last,
        "before": address(here - 1) if here > 1 else "",
        "after": address(here + 1) if here < last else "",
    }
    return pages.page(request, lang, "said.html", context, here="questions")


def asked_page(request: HttpRequest) -> int:
    """Which page is asked for; the first where that is no number."""
    number = request.GET.get("page", "")[:5]
    return max(1, int(number)) if number.isascii() and number.isdigit() else 1


def entry(one: Question, t: Words) -> dict[str, Any]:
    """A question as a page shows it, with its answers, the newest first."""
    label, address = subjects.of_question(one, t)
    answers = sorted(one.answers.all(), key=lambda answer: -answer.number)
    return {
        "state": one.state,
        "kind": t(f"said.{one.kind}"),
        "about": label,
        "address": address,
        "asked": t("said.asked", day=t.day(one.asked)),
        "text": one.text,
        "lang": lang_of(one.text),
        "edited": one.edited,
        "answers": [_answer(answer, t) for answer in answers if answer.text or answer.state == "stands"],
    }


def _answer(one: Answer, t: Words) -> dict[str, Any]:
    """An answer: who, as a role; when; and what became of it. What was withdrawn is not repeated."""
    role = permissions().roles.get(one.role)
    who = {"office": subjects.place(one.office, t), "role": t.pick(role) if role else one.role, "day": t.day(one.day)}
    reason = reasons("withdraw").get(one.reason)
    ended = t.day(one.ended) if one.ended else ""
    return {
        "state": one.state,
        "text": "" if one.state == "withdrawn" else one.text,
        "lang": lang_of(one.text),
        "by": t("said.by" if one.text else "said.accepted", **who),
        "ended": t(f"said.{one.state}", day=ended, why=t.pick(reason) if reason else "") if ended else "",
    }


def lang_of(text: str) -> str:
    """In which of the two languages a text is read aloud."""
    return "zh-CN" if HAN.search(text) else "en"
