"""What recompute.py needs besides one bill: exact arithmetic, periods and their keys, money carried over, a cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

Obj = dict[str, Any]
Slices = list[tuple[int | None, Fraction]]
"""Lengths of cost (None: endless), each with its rate, in the order in which cost is counted on."""
Starts = Callable[[Obj], str]
"""The first day (MM-DD) of the benefit year of a claim, which the bill does not say."""
Per = tuple[tuple[tuple[str, str], tuple[str, str]], ...]

PERIOD_DATES = ("settlement", "discharge", "admission")
PERSONAL = "bill.totals.personal_fen"
CARRIED = ("month", "quarter", "year", "calendar year")


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


ROUNDINGS: dict[str, Callable[[Fraction], int]] = {"down": floor, "up": ceil, "half-up": half_up}


def ratio(value: Obj) -> Fraction:
    return Fraction(value["numerator"], value["denominator"])


def words(text: Obj) -> tuple[str, str]:
    return text["zh"], text["en"]


def per_of(item: Obj) -> Per:
    """The facts and values for which a use is kept, in no order."""
    return tuple(sorted((words(part["fact"]), words(part["value"])) for part in item["per"]))


def within(value: Obj, limits: Obj) -> bool:
    """Whether a value, a whole number, lies from low to high; null: no bound."""
    number, low, high = int(value["en"]), limits["low"], limits["high"]
    return (low is None or low <= number) and (high is None or number <= high)


def money(value: Obj) -> Fraction:
    """The fen of a fact that is money, the same in both languages."""
    zh, en = value["zh"].removesuffix("元"), value["en"].removesuffix(" yuan")
    if zh == value["zh"] or en == value["en"] or zh != en:
        raise ValueError(f"{value} is no money")
    return Fraction(en) * 100


# Periods


def year_day(bill: Obj) -> date:
    claim, name = bill["claim"], bill["policy"]["year_date"]
    return date.fromisoformat(claim["discharge"] if name == "charge" and claim["charge"] is None else claim[name])


def period_day(bill: Obj) -> date:
    return date.fromisoformat(bill["claim"][bill["policy"]["period_date"]])


def day_keys(period: str, day: date, start: str | None = None) -> set[str]:
    """The keys that a period of a day may have: of a benefit year whose start nobody knows, two."""
    keys = {
        "day": day.isoformat(),
        "month": f"{day.year:04}-{day.month:02}",
        "quarter": f"{day.year:04}-Q{(day.month + 2) // 3}",
        "calendar year": f"{day.year:04}",
    }
    if period != "year":
        return {keys[period]}
    started, before = f"{day.year:04}", f"{day.year - 1:04}"
    if start is None:
        return {started, before}
    return {started if day.isoformat()[5:] >= start else before}


def period_keys(bill: Obj, period: str, starts: Starts | None = None) -> set[str]:
    """The keys that a period of the policy may have for the claim of a bill."""
    if period == "lifetime":
        return {"lifetime"}
    if period == "episode":
        return {f"episode {bill['claim']['episode']}"}
    start = starts(bill["claim"]) if starts else None
    return day_keys(period, year_day(bill) if period == "year" else period_day(bill), start)


def next_key(key: str) -> str:
    """The key of the next year, quarter or month; an error for any other key."""
    year, _, rest = key.partition("-")
    last = {"": 1, "Q": 4}.get(rest[:1], 12)
    number = int(rest.removeprefix("Q") or 1)
    if len(year) != 4 or not 1 <= number <= last or key != key_of(int(year), number, last):
        raise ValueError(f"{key} is no period")
    return key_of(int(year) + number // last, number % last + 1, last)


def key_of(year: int, number: int, last: int) -> str:
    return f"{year:04}" + {1: "", 4: f"-Q{number}", 12: f"-{number:02}"}[last]


def run_of(first: str, last: str) -> list[str]:
    """The keys of the periods from the first to the last, none if the last lies before the first."""
    keys: list[str] = []
    while first <= last:
        keys.append(first)
        first = next_key(first)
    return keys


def left_of_carried(carry: Obj, used_before: int) -> int:
    """What other periods and its own leave to the claim, by the text at `carry_over`."""
    start, here = carry["from"], carry["here"]
    periods = {item["period_key"]: item for item in carry["periods"]}
    if here < start:
        return max(0, periods[here]["earned_fen"] - used_before)
    keys = sorted(key for key in periods if key >= start)
    left = {key: periods[key]["earned_fen"] for key in keys}

    def usable(at: str) -> Iterator[str]:
        return (key for key in keys if key <= at and (carry["how"] == "all" or at in (key, next_key(key))))

    for at in keys:
        need = periods[at]["used_fen"]
        for key in usable(at):
            taken = min(need, left[key])
            left[key], need = left[key] - taken, need - taken
    above = used_before - periods[here]["used_fen"]
    return max(0, sum(left[key] for key in usable(here)) - above)


# Amounts


def least_cost(paid: int, slices: Slices) -> Fraction | None:
    """The least exact cost whose unrounded reimbursement is exactly paid; None if there is none."""
    need, cost = Fraction(paid), Fraction(0)
    for length, rate in slices:
        if need == 0:
            return cost
        if rate > 0 and (length is None or need <= length * rate):
            return cost + need / rate
        if length is not None:
            need, cost = need - length * rate, cost + length
    return cost if need == 0 else None


def bounded(value: Any, least: Any, most: Any) -> Any:
    """Raised to the least, then cut to the most; None: no bound."""
    raised = value if least is None else max(value, least)
    return raised if most is None else min(raised, most)


def share_of_fen(share_of: Obj) -> int:
    """A share of a quantity: rounded, then raised to the least, then cut to the most."""
    fen = half_up(share_of["fen"] * ratio(share_of["share"]))
    return bounded(fen, share_of["least_fen"], share_of["most_fen"])


def line_ratio(line: Obj) -> Fraction:
    """The rate on a line."""
    exact = ratio(line["start"]) + ratio(line["slope"]) * line["value"]
    least, most = (None if line[name] is None else ratio(line[name]) for name in ("least", "most"))
    return bounded(exact, least, most)


def odd_amounts(bill: Obj) -> Iterator[str]:
    """Amounts that are not whole fen, or negative where no addition of a person stands.

    What the person bears is negative on a claim that gathers.
    """
    gathers = bill.get("gathered") is not None
    todo: list[tuple[str, Any]] = [("bill", bill)]
    while todo:
        path, node = todo.pop()
        for name, child in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(child, dict | list):
                if "zh" not in child:  # no words
                    todo.append((f"{path}.{name}", child))
            elif isinstance(name, str) and name.endswith("fen") and child is not None:
                if type(child) is not int:
                    yield f"{path}.{name}: amount: printed {child!r}, recomputed: not whole fen"
                elif child < 0 and not path.endswith(".plus") and not (gathers and f"{path}.{name}" == PERSONAL):
                    yield f"{path}.{name}: amount: printed {child}, recomputed: negative"
