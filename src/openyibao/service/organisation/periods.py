"""Periods of days: from a first day to before another one, or without end."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.policy.model import Bilingual
from openyibao.service.organisation.problems import Problem

NO_END = Bilingual("长期", "no end")


def period(start: date, end: date | None) -> DateRange:
    """The period. Raises Problem("bad period") where it holds no day."""
    if end is not None and end <= start:
        raise Problem("bad period", start=start, end=end)
    return DateRange(start, end)


def ends(found: Any) -> date | Bilingual:
    """Before which day a period ends, for a text."""
    upper: date | None = found.upper
    return NO_END if upper is None else upper


def shorten(found: Any, end: date) -> DateRange:
    """The period, ended before `end`. Raises Problem("bad period") where that day is not within it."""
    if not found.lower < end or (found.upper is not None and found.upper < end):
        raise Problem("bad period", start=found.lower, end=end)
    return DateRange(found.lower, end)
