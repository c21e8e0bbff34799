"""What time it is on the platform: the machine's time, or one that started at a moment set for it.

Every moment that the platform records comes from here, so that a test may set the last second of a year.
"""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone
from functools import cache

from django.conf import settings

CHINA = timezone(timedelta(hours=8))
"""China keeps one time for all, without summer time."""


@cache
def _offset(start: str) -> float:
    """By how many seconds the platform's clock is away from the machine's.

    The setting is a moment (with a time zone, or China's), at which the clock of this process starts; or a number of
    seconds with its sign, which is the same in every process.
    """
    if not start:
        return 0.0
    if start[0] in "+-":
        return float(start)
    moment = datetime.fromisoformat(start)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
    return moment.timestamp() - time.time()


def now() -> datetime:
    """The present moment, in China's time."""
    return datetime.fromtimestamp(time.time() + _offset(settings.CLOCK), CHINA)


def today() -> date:
    return now().date()
