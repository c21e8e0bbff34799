"""Writes versions.csv: 552 claims around changes of policy and status, each with the version and the class that hold.

The expected answers come from a calendar that is walked day by day, with days as texts: nothing of the product is used.
`python tests/history/make_versions.py` writes the table again.

Versions of the series (a stay of 1,000 yuan in scope; the rate says which one settled it):

    A  2023-07-01 to 2023-12-31    50%
    B  2024-01-01 to 2024-06-30    60%
    C  2024-07-01 to 2024-12-31    70%
    -  January 2025: no policy
    D  2025-02-01 to 2025-12-31    80%
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

FILE = Path(__file__).with_name("versions.csv")
FIELDS = ("kind", "rule date", "as of", "admission", "discharge", "settlement", "enrolment", "class", "expected")
IN_FORCE = {
    "A": ("2023-07-01", "2023-12-31"),
    "B": ("2024-01-01", "2024-06-30"),
    "C": ("2024-07-01", "2024-12-31"),
    "D": ("2025-02-01", "2025-12-31"),
}
CHANGES = ("2023-07-01", "2024-01-01", "2024-07-01", "2025-01-01", "2025-02-01", "2026-01-01")
"""The first day of each new state of affairs."""
DATES = ("settlement", "discharge", "admission")
ORDER = ("destitute", "minimum living allowance", "ordinary")

Row = dict[str, str]


def later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()


def calendar() -> dict[str, str]:
    """Each day from 2022 to 2027 with its version, none where there is none."""
    found, day = {}, "2022-01-01"
    while day < "2028-01-01":
        found[day] = "none"
        for name, (first, last) in IN_FORCE.items():
            if first <= day <= last:
                found[day] = name
        day = later(day, 1)
    return found


CALENDAR = calendar()


def row(kind: str, rule: str, as_of: str, days: tuple[str, str, str], enrolment: str, words: list[str]) -> Row:
    """One case, with what is expected: `version class`, or why it is not settled."""
    known = dict(zip(("admission", "discharge", "settlement"), days, strict=True)) | {"enrolment": enrolment}
    version, status = CALENDAR[known[rule]], holds(words, known[as_of])
    expected = f"{version} {status}"
    if version == "none":
        expected = "no policy"
    elif enrolment and known[rule] < enrolment:
        expected = "not insured"
    elif not status:
        expected = "no class"
    return {"kind": kind, "rule date": rule, "as of": as_of, **known, "class": " + ".join(words), "expected": expected}


def holds(words: list[str], day: str) -> str:
    """The highest class that holds on a day, of texts such as `destitute 2024-01-01..2024-03-31` (both included)."""
    found = []
    for word in words:
        name, _, span = word.rpartition(" ") if ".." in word else (word, "", "..")
        first, last = span.split("..")
        if not (first or last) or (day and (first or "0000") <= day <= (last or "9999")):
            found.append(name)
    return min(found, key=ORDER.index) if found else ""


def midnight() -> Iterator[Row]:
    """All three dates on one day, around each change."""
    for rule in DATES:
        for change in CHANGES:
            for days in (-2, -1, 0, 1):
                day = later(change, days)
                yield row("midnight", rule, "settlement", (day, day, day), "", ["ordinary"])


def mid_stay() -> Iterator[Row]:
    """Stays that lie across a change, across the leap day, or across two changes."""
    spans = ((-3, -1, 0), (-1, 0, 0), (-1, 0, 5), (-10, -1, 3), (-1, -1, 0), (0, 1, 2), (-40, 20, 60))
    for rule in DATES:
        for change in CHANGES:
            for first, second, third in spans:
                days = (later(change, first), later(change, second), later(change, third))
                yield row("mid-stay", rule, "discharge", days, "", ["ordinary"])
        for days in (
            ("2024-02-28", "2024-02-29", "2024-03-01"),
            ("2023-12-31", "2024-03-31", "2024-07-01"),
            ("2023-12-20", "2024-07-02", "2024-07-02"),
            ("2023-06-30", "2024-06-30", "2024-12-31"),
            ("2024-12-31", "2025-02-01", "2025-02-01"),
            ("2024-12-31", "2025-01-15", "2025-02-01"),
        ):
            yield row("mid-stay", rule, "discharge", days, "", ["ordinary"])


def late_enrolment() -> Iterator[Row]:
    """Insured since some day before, on or after the day that decides: newborns, and people who join in the year."""
    for rule in DATES:
        for change in CHANGES[1:3]:
            for days in (
                (later(change, -5), later(change, 3), later(change, 9)),
                (later(change, 2), later(change, 4), later(change, 4)),
            ):
                decides = dict(zip(("admission", "discharge", "settlement"), days, strict=True))[rule]
                for shift in (-400, -90, -1, 0, 1, 30):
                    yield row("late enrolment", rule, "settlement", days, later(decides, shift), ["ordinary"])


def status() -> Iterator[Row]:
    """Statuses that begin, end, overlap or are missing around the day that decides which one counts."""
    for as_of in ("settlement", "discharge", "admission", "enrolment"):
        for rule, change in itertools.product(DATES, ("2024-01-01", "2024-07-01")):
            first, second, third = later(change, -6), later(change, 2), later(change, 12)
            joined = later(change, -60)
            for words in (
                [f"destitute {later(first, -1)}.."],
                [f"destitute {first}..", "ordinary"],
                [f"destitute {later(first, 1)}..", "ordinary"],
                [f"destitute {second}..", "ordinary"],
                [f"destitute {later(second, 1)}..{later(second, 5)}", "ordinary"],
                [f"destitute {third}..", "ordinary"],
                [f"destitute {later(third, 1)}..", "ordinary"],
                [f"minimum living allowance ..{first}", "ordinary"],
                [f"minimum living allowance ..{later(first, -1)}", f"destitute {second}..{second}", "ordinary"],
                [f"destitute {joined}..{joined}", f"minimum living allowance {joined}..{second}", "ordinary"],
                [f"minimum living allowance {later(joined, 1)}..", f"destitute {third}..", "ordinary"],
            ):
                yield row("status", rule, as_of, (first, second, third), joined, words)


def rows() -> list[Row]:
    return [*midnight(), *mid_stay(), *late_enrolment(), *status()]


if __name__ == "__main__":
    with FILE.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows())
