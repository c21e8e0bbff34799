"""Days, periods and benefit years of one claim."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any

DAYS = ("admission", "discharge", "settlement")
BANDS = {"a year": "year", "a calendar year": "calendar year", "a lifetime": "lifetime"}  # the words of `over`
CARRIED = ("month", "quarter", "year", "calendar year")
Period = tuple[Any, ...]  # its kind, then what it is called
Start = tuple[int, int]  # month and day on which the benefit year starts
NEW_YEAR: Start = (1, 1)


def day_of(claim: dict[str, Any], word: str) -> date:
    """The date of the claim that a policy names; costs without a day of their own arose on that of discharge."""
    if word == "charge":
        return date.fromisoformat(claim.get("charge") or claim["discharge"])
    return date.fromisoformat(claim[word])


def start_of(text: str) -> Start:
    month, day = text.split("-")
    return int(month), int(day)


def benefit_year(day: date, start: Start) -> int:
    """Named by the calendar year in which it starts."""
    return day.year - ((day.month, day.day) < start)


def period_of(kind: str, day: date, year: int) -> Period:
    """A period of the calendar, a benefit year, or a whole life."""
    parts: dict[str, tuple[int, ...]] = {
        "day": (day.year, day.month, day.day),
        "month": (day.year, day.month),
        "quarter": (day.year, (day.month + 2) // 3),
        "year": (year,),
        "calendar year": (day.year,),
        "lifetime": (),
    }
    return (kind, *parts[kind])


def number(period: Period) -> int:
    """Months, quarters or years, counted without gaps."""
    kind, year, *part = period
    per_year = {"month": 12, "quarter": 4}.get(kind)
    return year * per_year + part[0] if per_year else year


def rules(policy: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """All rules of all layers."""
    for layer in policy["layers"]:
        for keys in layer.values():
            yield from keys.items()


def of_policy(function: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Asked again and again of the same policy, the function answers once."""
    last: list[Any] = [None, None]

    @wraps(function)
    def found(policy: dict[str, Any]) -> Any:
        if last[0] is not policy:
            last[:] = [policy, function(policy)]
        return last[1]

    return found


@of_policy
def kinds(policy: dict[str, Any]) -> set[str]:
    """The kinds of periods that rules look at; the benefit year also for maxima of the year and for admissions."""
    found = {"year"} if "admission number" in policy["facts"] else set()
    for rule, node in rules(policy):
        found.add(BANDS.get(node["over"], node["over"]) if rule == "pays in bands" else rule.partition(" per ")[2])
        found |= {"year"} if isinstance(node, dict) and "annual maximum" in node else set()
    return found


@of_policy
def carried(policy: dict[str, Any]) -> set[str]:
    """The kinds of periods over which anything is carried."""
    return {
        rule.partition(" per ")[2] for rule, node in rules(policy) if isinstance(node, dict) and "carry over" in node
    }


@dataclass(frozen=True)
class Calendar:
    """Where one claim stands: the day of its periods, its benefit year, and what it is a part of."""

    day: date
    year: int
    start: Start
    claim: str
    episode: str
    stay: str
    by_charge: bool  # amounts per claim count once for the stay
    last_only: bool  # and deductibles and fixed amounts are those of its last claim
    on_hold: bool  # which this one is not

    def period(self, kind: str, shared: bool) -> Period:
        """The key of the claim's period; `shared` says whether one per claim may belong to the stay."""
        if kind == "claim":
            return ("stay", self.stay) if shared and self.by_charge else ("claim", self.claim)
        if kind == "episode":
            return ("episode", self.episode)
        return period_of(kind, self.day, self.year)

    def number_of(self, kind: str, day: date) -> int:
        """The number of the period in which another day lies, for this claim."""
        return number(period_of(kind, day, benefit_year(day, self.start)))


def calendar_of(policy: dict[str, Any], claim: dict[str, Any], start: Start, on: Callable[[str], bool]) -> Calendar:
    """`on` tells whether a rule is switched on (see `Desk.on`)."""
    by_day, by_year = policy.get("period of the date of", "settlement"), policy.get("year of the date of", "settlement")
    by_charge = by_year == "charge"
    if by_charge and not on("charge"):
        by_year = "discharge"
    if by_day != "settlement" and not on("period of the date of"):
        by_day = "settlement"
    stay = claim.get("stay") or claim["claim id"]
    return Calendar(
        day=day_of(claim, by_day),
        year=benefit_year(day_of(claim, by_year), start),
        start=start,
        claim=claim["claim id"],
        episode=claim.get("episode") or stay,
        stay=stay,
        by_charge=by_charge and on("stay in parts"),
        last_only=by_charge and policy.get("amounts per claim in") == "the later year",
        on_hold=claim.get("last of stay", "yes") == "no",
    )
