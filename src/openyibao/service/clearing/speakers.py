"""Who speaks for an institution: a user of the staff API who sees its statements and disputes their lines.

A role names a body of the tree, not one institution, so this is a grant of its own (two persons of the agency).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from openyibao.policy.model import Bilingual
from openyibao.service.clearing.models import Speaker
from openyibao.service.institutions.doors import known
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.fields import Day, Given, Text
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action


def _place(given: Given) -> Body:
    return known(given["institution"]).body


@action(
    "speaker.grant",
    may="role.change",
    decide="role.decide",
    takes={"user": Text(150), "institution": Text(12), "start": Day(), "end": Day(optional=True)},
    place=_place,
    subject="institution",
)
def grant(given: Given, decision: Decision) -> Done:
    """Let a user speak for an institution from a day and before another."""
    user = get_user_model().objects.filter(username=given["user"], is_active=True).first()
    if user is None:
        raise Problem("not known", what=Bilingual("此用户", "such user"))
    if given["end"] is not None and given["end"] <= given["start"]:
        raise Problem("bad period", start=given["start"], end=given["end"])
    institution = known(given["institution"])
    made = Speaker.objects.create(user=user, institution=institution, start=given["start"], end=given["end"])
    return Done({"speaker": made.pk})


@action(
    "speaker.end",
    may="role.change",
    decide="role.decide",
    takes={"user": Text(150), "institution": Text(12), "day": Day()},
    place=_place,
    subject="institution",
)
def end(given: Given, decision: Decision) -> Done:
    """End all that lets a user speak for an institution on a day or later."""
    asked = Speaker.objects.select_for_update().filter(
        Q(end=None) | Q(end__gt=given["day"]), user__username=given["user"], institution=known(given["institution"])
    )
    found = list(asked)
    if not found:
        raise Problem("not known", what=Bilingual("此用户的授权", "such a user's grant"))
    for one in found:
        if one.start >= given["day"]:
            raise Problem("bad period", start=one.start, end=given["day"])
        one.end = given["day"]
        one.save(update_fields=["end"])
    return Done({"end": given["day"]})


def institutions_of(user: Any, day: date) -> list[Institution]:
    """The institutions for which a user speaks on a day, by code."""
    if not getattr(user, "is_active", False):
        return []
    asked = Speaker.objects.filter(Q(end=None) | Q(end__gt=day), user=user, start__lte=day)
    return list(Institution.objects.filter(pk__in=asked.values("institution")).select_related("body").order_by("code"))
