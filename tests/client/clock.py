"""The client's clock: the machine's, or one so many seconds ahead, as the platform under test has it."""

from __future__ import annotations

import datetime

CHINA = datetime.timezone(datetime.timedelta(hours=8))
_ahead = datetime.timedelta()


def set_ahead(seconds: float) -> None:
    global _ahead  # noqa: PLW0603  (one clock a process)
    _ahead = datetime.timedelta(seconds=seconds)


def now() -> datetime.datetime:
    return datetime.datetime.now(CHINA) + _ahead
