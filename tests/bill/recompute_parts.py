"""What recompute.py needs besides one bill: exact arithmetic, periods, the search for a cost, a person's history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

Obj = dict[str, Any]
Slices = list[tuple[int | None, Fraction]]
"""Lengths of cost (None: endless), each with its rate, in the order in which cost is counted on."""


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


ROUNDINGS: dict[str, Callable[[Fraction], int]] = {"down": floor, "up": ceil, "half-up": half_up}


def ratio(value: Obj) -> Fraction:
    return Fraction(value["numerator"], value["denominator"])


def words(text: Obj) -> tuple[str, str]:
    return text["zh"], text["en"]


def within(value: Obj, limits: Obj) -> bool:
    """Whether a value, a whole number, lies from low to high; null: no bound."""
    number, low, high = int(value["en"]), limits["low"], limits["high"]
    return (low is None or low <= number) and (high is None or number <= high)


def period_key(period: str | None, day: date) -> str | None:
    """The key of a period of the policy around a day; none where the period is the claim."""
    keys = {
        "lifetime": "lifetime",
        "year": f"{day.year:04}",
        "quarter": f"{day.year:04}-Q{(day.month + 2) // 3}",
        "month": f"{day.year:04}-{day.month:02}",
    }
    return None if period in (None, "claim") else keys[str(period)]


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


def share_of_fen(share_of: Obj) -> int:
    """A share of a quantity: rounded, then raised to the least, then cut to the most."""
    fen, least, most = half_up(share_of["fen"] * ratio(share_of["share"])), share_of["least_fen"], share_of["most_fen"]
    raised = fen if least is None else max(fen, least)
    return raised if most is None else min(raised, most)


def amounts(node: Any, path: tuple[str | int, ...] = ("bill",)) -> Iterator[tuple[str, Any]]:
    """Every amount of money of the bill that is not null, with its place."""
    for name, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(name, str) and name.endswith("fen"):
            if child is not None:
                yield ".".join(map(str, (*path, name))), child
        elif isinstance(child, dict | list):
            yield from amounts(child, (*path, name))


def recompute_history(bills: Iterable[Obj]) -> list[str]:
    """The differences between the uses that the bills of one person print, in the order of their settling.

    A use begins with what the latest earlier bill left in its group and period, with 0 if none did; its period_key
    is that of the claim's date named by policy.year_date; a policy keeps the period of a group. A claim that failed
    has no bill and moves nothing.
    """
    found: list[str] = []
    after: dict[tuple[str, str], int] = {}
    periods: dict[tuple[str, str], str] = {}
    person: str | None = None
    for number, bill in enumerate(bills, 1):
        claim, policy = bill["claim"], bill["policy"]
        day = date.fromisoformat(claim[policy["year_date"]])
        person = claim["person"] if person is None else person
        checks = [("person", claim["person"], person)]
        for use in bill["uses"]:
            group, key = use["group"], use["period_key"]
            period = periods.setdefault((policy["digest"], group), use["period"])
            checks += [
                (f"period of {group}", use["period"], period),
                (f"period_key of {group}", key, period_key(use["period"], day)),
                (f"before_fen of {group} in {key}", use["before_fen"], after.get((group, key), 0)),
            ]
        after |= {(use["group"], use["period_key"]): use["after_fen"] for use in bill["uses"]}
        where = f"bill {number}, claim {claim['id']}"
        found += [f"{where}: {what}: printed {a}, recomputed {b}" for what, a, b in checks if a != b]
    return found
