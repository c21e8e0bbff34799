"""Asking: the form, what is wrong with it, the number under which one looks again; and taking a question back."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse

from openyibao.service.voice import questions
from openyibao.service.voice.models import KINDS
from openyibao.service.voice.questions import New, NotTakenError
from openyibao.service.voice.wording import LONGEST, reasons
from openyibao.service.web import forms, limit, pages, subjects
from openyibao.service.web.said import entry
from openyibao.service.web.words import Words

Data = dict[str, Any]
LONGEST_NUMBER = 30
TOO_OFTEN = 429
MOST_SENT = 4 * LONGEST
"""Of a text so much comes back in the form, so that nothing of it is lost where it is somewhat too long."""


def ask(request: HttpRequest, lang: str) -> HttpResponse:
    """The form; sent, the number of the question."""
    t = pages.words_of(request, lang)
    sent = request.POST if request.method == "POST" else request.GET
    chosen = sent.get("about", "").replace("\x00", "")
    about = subjects.subject(chosen, t)
    context: Data = {
        "title": t("question.title"),
        "choices": subjects.choices(t),
        "kind": sent.get("kind") if sent.get("kind") in KINDS else KINDS[0],
        "about": about.token if about and about.body else "",
        "not_ours": t("question.not_ours", what=about.label) if about and about.body is None and chosen else "",
        "text": sent.get("text", "").replace("\x00", "")[:MOST_SENT] if request.method == "POST" else "",
        "once": secrets.token_hex(16),
        "longest": LONGEST,
        "problems": [],
        "check": "",
        "number": "",
        "often": "",
    }
    status = 200
    if request.method == "POST":
        once = request.POST.get("once", "")
        if not forms.is_ours(request) or not once:
            context["check"] = t(forms.not_sent(request))
        else:
            context["once"] = once[:64]
            status = _sent(request, t, context, about)
    return forms.page(request, lang, "ask.html", context, here="questions", status=status)


def _sent(request: HttpRequest, t: Words, context: Data, about: subjects.Subject | None) -> int:
    """Take a question in, or say what is wrong; the status of the answer."""
    if about is None or about.body is None:
        context["problems"] = [("about", t("question.no_office"))]
        return 200
    new = New(context["kind"], about.body, context["text"], context["once"], about.policy, about.general)
    try:
        context["number"] = questions.ask(new, limit.caller(request))
    except NotTakenError as error:
        if error.why == "often":
            context["often"] = t("question.often")
            return TOO_OFTEN
        context["problems"] = [("text", told) for told in _told(error, t)]
    return 200


def _told(error: NotTakenError, t: Words) -> list[str]:
    if error.why == "personal":
        return [t("question.personal", what=t(f"question.has_{one.kind}"), text=one.text) for one in error.found]
    return [t(f"question.too_{error.why}", longest=LONGEST)]


def mine(request: HttpRequest, lang: str) -> HttpResponse:
    """What became of a question, for who has its number; they can take it back."""
    t = pages.words_of(request, lang)
    context: Data = {"title": t("asked.title"), "number": "", "shown": None, "refused": "", "check": ""}
    if request.method == "POST":
        number = request.POST.get("number", "").replace("\x00", "").strip()[:LONGEST_NUMBER]
        context["number"] = number
        if "take_back" in request.POST:
            if forms.is_ours(request):
                questions.take_back(number)
            else:
                context["check"] = t(forms.not_sent(request))
        found = questions.by_number(number)
        if found is None:
            context["refused"] = t("asked.no_such")
        else:
            reason = reasons("refuse").get(found.reason)
            context["shown"] = {**entry(found, t), "why": t.pick(reason) if reason else ""}
    return forms.page(request, lang, "asked.html", context, here="questions")
