"""Example questions, answers and ratings of the fictional county, so that the pages of the sandbox are not empty.

Questions go the whole way, by two made-up members of staff who cannot sign in. Sums of ratings are written as they are.
"""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model

from openyibao.service import clock
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.models import Body, Grant
from openyibao.service.organisation.proposals import decide, propose
from openyibao.service.voice import (
    moderation,  # noqa: F401  (registers its actions)
    questions,
)
from openyibao.service.voice.models import QUESTIONS, Batch, Question
from openyibao.service.voice.questions import New

STAFF = {"clerk": "sandbox-clerk", "reviewer": "sandbox-reviewer"}


def fill_voices(county: Body) -> None:
    """All examples of voices.toml, into an empty room."""
    data = tomllib.loads(files(__package__).joinpath("voices.toml").read_text(encoding="utf-8"))
    staff = {role: _member(name, role, county) for role, name in STAFF.items()}
    for number, one in enumerate(data["question"]):
        _question(one, f"sandbox {number}", county, staff)
    for one in data["ratings"]:
        _ratings(one)


def _member(name: str, role: str, body: Body) -> Any:
    made = get_user_model().objects.create_user(username=name)
    Grant.objects.create(user=made, role=role, body=body, start=clock.today())
    return made


def _question(one: dict[str, Any], once: str, county: Body, staff: dict[str, Any]) -> None:
    told = questions.ask(New(one["kind"], county, one["text"], once, one["policy"]), "sandbox")
    made = questions.by_number(told)
    assert made is not None
    for number, answer in enumerate(one["answers"]):
        if number:
            _done("question.correct", made, staff, number=number, answer=answer)
        else:
            _done("question.publish", made, staff, answer=answer, text=one.get("cut"))
    if "withdrawn" in one:
        _done("question.withdraw", made, staff, number=len(one["answers"]), reason=one["withdrawn"])


def _done(action: str, about: Question, staff: dict[str, Any], **given: Any) -> None:
    proposal = propose(staff["clerk"], action, {"question": about.pk, **given})
    decide(staff["reviewer"], proposal.pk, accept=True)


def _ratings(one: dict[str, Any]) -> None:
    size = sum(one["overall"])
    first, last = (_month(ago) for ago in one["months_ago"])
    Batch.objects.create(
        institution=Institution.objects.get(code=one["institution"]),
        size=size,
        marks=[count for question in QUESTIONS for count in one[question]],
        first=first,
        last=last,
        closed=size >= settings.LEAST_RATINGS,
    )


def _month(ago: int) -> date:
    today = clock.today()
    months = today.year * 12 + today.month - 1 - ago
    return date(months // 12, months % 12 + 1, 1)
