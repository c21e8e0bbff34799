"""Days that come back every month, as bills of a treatment that goes on."""

from __future__ import annotations

import calendar
from datetime import date


def monthly(first: date, times: int) -> list[date]:
    """The same day of so many months; of a shorter month the last.

    >>> monthly(date(2024, 1, 31), 3)[1:]
    [datetime.date(2024, 2, 29), datetime.date(2024, 3, 31)]
    """
    months = [divmod(first.month - 1 + number, 12) for number in range(times)]
    found = [(first.year + years, month + 1) for years, month in months]
    return [
        date(year, month, min(first.day, calendar.monthrange(year, month)[1]))
        for year, month in found
        if year <= date.max.year
    ]
