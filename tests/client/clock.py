"""The client's clock: the machine's, or one so many seconds ahead, as the platform under test has it."""

from __future__ import annotations

import datetime

CHINA = datetime.timezone(datetime.timedelta(hours=8))
_difference = [datetime.timedelta()]


def set_ahead(seconds: float) -> None:
    _difference[0] = datetime.timedelta(seconds=seconds)


def now() -> datetime.datetime:
    return datetime.datetime.now(CHINA) + _difference[0]
