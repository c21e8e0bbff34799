"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.db.models import Q
from django.middleware.csrf import get_token

from openyibao.service.organisation import access
from openyibao.service.organisation.fields import Text
from openyibao.service.organisation.models import Grant
from openyibao.service.organisation.permissions import permissions
from openyibao.service.organisation.problems import Problem
from openyibao.service.staff.routes import OPEN, SIGNED_IN, Asked, route

SIGN_IN = {"user": Text(150), "password": Text(200)}


@route("GET", "session", item=OPEN)
def session(asked: Asked) -> dict[str, Any]:
    """Whether somebody is signed in; sets the cookie with the token that POST and DELETE send back as X-CSRFToken."""
    get_token(asked.request)
    return {"user": asked.user.get_username() if asked.user else None}


@route("DELETE", "session", item=SIGNED_IN)
def sign_out(asked: Asked) -> dict[str, Any]:
    logout(asked.request)
    return {"user": None}


@route("GET", "me", item=SIGNED_IN)
def me(asked: Asked) -> dict[str, Any]:
    """The present roles of the user and what they may do with each."""
    held = Grant.objects.filter(
        Q(end=None) | Q(end__gt=asked.day), user=asked.user, start__lte=asked.day
    ).select_related("body")
    allowed = permissions().allowed
    roles = [
        {
            "role": one.role,
            "body": one.body.code,
            "level": one.body.level,
            "start": one.start,
            "end": one.end,
            "items": sorted(item for role, item, level in allowed if (role, level) == (one.role, one.body.level)),
        }
        for one in held.order_by("id")
    ]
    return {"user": asked.user.get_username(), "roles": roles}


@route("POST", "session", item=OPEN, takes=SIGN_IN)
def sign_in(asked: Asked) -> dict[str, Any]:
    """Sign in. Ten failures for a name make it wait, whoever tries; the answer does not tell whether a name exists."""
    name = asked.given["user"]
    made = access.attempt(name)
    user = authenticate(asked.request, username=name, password=asked.given["password"])
    if user is None:
        raise Problem("wrong password")
    access.succeeded(made)
    login(asked.request, user)
    return {"user": user.get_username(), "csrf": get_token(asked.request)}
