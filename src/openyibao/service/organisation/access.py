"""Signing in with a limit, and the log of who did what."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from openyibao.service import clock
from openyibao.service.organisation.models import Access, Attempt, Body
from openyibao.service.organisation.problems import Problem

MOST_FAILURES = 10
WAIT = timedelta(minutes=15)
LONGEST_SUBJECT = 100


def attempt(name: str) -> Attempt:
    """Record an attempt to sign in, before the password is looked at. Raises Problem("too many failures").

    It is written first and counted then, so attempts at the same time count each other. What is refused here does
    not count, so a wait ends.
    """
    now = clock.now()
    made: Attempt = Attempt.objects.create(name=_digest(name), at=now)
    recent = Attempt.objects.filter(name=made.name, at__gt=now - WAIT)
    last_good = recent.filter(good=True).order_by("-at", "-id").first()
    bad = recent.filter(good=False, id__gt=last_good.pk if last_good else 0).order_by("id")
    failures = list(bad[: MOST_FAILURES + 1])
    if len(failures) > MOST_FAILURES:
        made.delete()
        seconds = (failures[0].at + WAIT - now).total_seconds()
        raise Problem("too many failures", seconds=max(1, int(seconds) + 1))
    return made


def succeeded(made: Attempt) -> None:
    """The attempt was good: earlier failures no longer count."""
    made.good = True
    made.save(update_fields=["good"])


def _digest(name: str) -> str:
    return hashlib.sha256(name.strip().lower().encode()).hexdigest()


def log(user: Any, route: str, item: str, body: Body | None, subject: str, status: int) -> None:
    """Append to the access log. `subject` is a pseudonym or a number, never a name or a certificate."""
    Access.objects.create(
        at=clock.now(), user=user, route=route, item=item, body=body, subject=subject[:LONGEST_SUBJECT], status=status
    )
