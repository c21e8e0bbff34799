"""The public's questions: what waits, and each with its answers. What is done with one is a proposal."""

from __future__ import annotations

from typing import Any

from openyibao.service.organisation.fields import OneOf, Text
from openyibao.service.organisation.models import Body
from openyibao.service.staff import places
from openyibao.service.staff.routes import Asked, route
from openyibao.service.voice.models import STATES, Question
from openyibao.service.voice.moderation import known_question

MOST = 500
LISTING = {"body": Text(12), "state": OneOf(STATES, optional=True)}


def _place(asked: Asked) -> Body:
    return known_question(asked.names["number"]).body


@route("GET", "questions", item="question.find", place=places.of_body, takes=LISTING)
def question_list(asked: Asked) -> dict[str, Any]:
    """The questions of a body and all below it, at most 500: those that wait, the oldest first; or of another state."""
    state = asked.given["state"] or "waiting"
    path = places.of_body(asked).path
    found = Question.objects.filter(body__path__startswith=path, state=state).select_related("body").order_by("id")
    rows = list(found.prefetch_related("answers__office")[: MOST + 1])
    return {"questions": [_show(one) for one in rows[:MOST]], "more": len(rows) > MOST}


@route("GET", "questions/<number>", item="question.find", place=_place)
def question(asked: Asked) -> dict[str, Any]:
    return _show(known_question(asked.names["number"]))


def _show(one: Question) -> dict[str, Any]:
    return {
        "question": one.pk,
        "state": one.state,
        "kind": one.kind,
        "body": one.body.code,
        "policy": one.policy,
        "general": one.general,
        "asked": one.asked,
        "text": one.text,
        "characters": one.characters,
        "edited": one.edited,
        "reason": one.reason,
        "answers": [
            {
                "number": answer.number,
                "state": answer.state,
                "text": answer.text,
                "role": answer.role,
                "office": answer.office.code,
                "day": answer.day,
                "ended": answer.ended,
                "reason": answer.reason,
            }
            for answer in sorted(one.answers.all(), key=lambda answer: answer.number)
        ],
    }
