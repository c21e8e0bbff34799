"""Granting and ending roles (two persons)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from openyibao.policy.model import Bilingual
from openyibao.service.organisation.fields import Day, Given, Text, Whole
from openyibao.service.organisation.models import Body, Grant
from openyibao.service.organisation.permissions import permissions
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action


def known_body(code: str) -> Body:
    """The body with a code. Raises Problem("not known")."""
    found: Body | None = Body.objects.filter(code=code).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"机构 {code}", f"body {code}"))
    return found


@action(
    "role.grant",
    may="role.change",
    decide="role.decide",
    takes={"user": Text(150), "role": Text(30), "body": Text(12), "start": Day(), "end": Day(optional=True)},
    place=lambda given: known_body(given["body"]),
    subject="role",
)
def grant(given: Given, decision: Decision) -> Done:
    """Let a user hold a role at a body and below it, from a day and before another."""
    user = get_user_model().objects.filter(username=given["user"], is_active=True).first()
    if user is None:
        raise Problem("not known", what=Bilingual("此用户", "such user"))
    if given["role"] not in permissions().roles:
        raise Problem("unknown code", dictionary="roles", code=given["role"])
    if given["end"] is not None and given["end"] <= given["start"]:
        raise Problem("bad period", start=given["start"], end=given["end"])
    made = Grant.objects.create(
        user=user, role=given["role"], body=known_body(given["body"]), start=given["start"], end=given["end"]
    )
    return Done({"grant": made.pk})


def _known_grant(number: int, lock: bool = False) -> Grant:
    asked = Grant.objects.select_for_update(of=("self",)) if lock else Grant.objects
    found: Grant | None = asked.select_related("body").filter(pk=number).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"授权 {number}", f"grant {number}"))
    return found


@action(
    "role.end",
    may="role.change",
    decide="role.decide",
    takes={"grant": Whole(1), "day": Day()},
    place=lambda given: _known_grant(given["grant"]).body,
    subject="grant",
)
def end(given: Given, decision: Decision) -> Done:
    """End a grant before a day, which may not be earlier than its start; its end is never moved back."""
    found = _known_grant(given["grant"], lock=True)
    if given["day"] <= found.start or (found.end is not None and given["day"] > found.end):
        raise Problem("bad period", start=found.start, end=given["day"])
    found.end = given["day"]
    found.save(update_fields=["end"])
    return Done({"end": given["day"]})


def listed(body: Body) -> list[dict[str, Any]]:
    """The grants at a body and below it."""
    found = Grant.objects.filter(body__path__startswith=body.path).select_related("body", "user")
    return [
        {
            "grant": one.pk,
            "user": one.user.username,
            "role": one.role,
            "body": one.body.code,
            "start": one.start,
            "end": one.end,
        }
        for one in found.order_by("id")
    ]
