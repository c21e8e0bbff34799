"""What the bills of late claims say that other periods have earned."""

from __future__ import annotations

import importlib.util
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openyibao import Claim, Rule, Uses, find_policy, read_policy

HERE = Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("recompute", HERE / "recompute.py")
assert SPEC is not None and SPEC.loader is not None
RECOMPUTE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(RECOMPUTE)
FACTS = {"service": "outpatient", "grade": "primary", "status": "active", "class": "ordinary", "age": 40}
FACTS |= {"disease": "cancer", "institution": "one", "account balance": 0, "cap addition": 0}
FACTS |= {"days": 0, "item group": "any"}


def bills(policy: str, *days: tuple[str, str | None]) -> list[dict[str, Any]]:
    """Claims of 1000.00, settled in this order; each its day, and the day of enrolment."""
    rule = Rule(read_policy(find_policy(str(HERE.parent / "policies" / f"{policy}.yaml"))))
    uses, made = Uses(), []
    for day, enrolled in days:
        dates = [date.fromisoformat(day)] * 3
        enrolment = date.fromisoformat(enrolled) if enrolled else None
        claim = Claim(day, "p", *dates, 100_000, 100_000, facts=FACTS, enrolment=enrolment)
        bill, uses = rule.settle(uses, claim)
        made.append(json.loads(json.dumps(bill.data())))
    return made


def in_years(*years: int) -> list[dict[str, Any]]:
    """60.00 a year, and what other years leave, from the first claim on."""
    return bills("time", *((f"{year}-05-01", None) for year in years))


def found(listed: list[dict[str, Any]]) -> list[str]:
    one = [line for bill in listed for line in RECOMPUTE.recompute(bill)]
    return one + list(RECOMPUTE.recompute_history(listed))


YEARS = [(2023, 2024, 2025), (2023, 2025, 2024), (2023, 2026, 2024), (2026, 2024), (2026, 2022, 2024)]


@pytest.mark.parametrize("years", YEARS)
def test_bills_agree_with_each_other(years: tuple[int, ...]) -> None:
    assert found(in_years(*years)) == []


def test_a_period_before_the_start_stands_alone() -> None:
    listed = in_years(2026, 2025, 2024)
    assert found(listed) == []
    carry = listed[-1]["layers"][0]["caps"][0]["carry_over"]
    assert [period["period_key"] for period in carry["periods"]] == ["2024"]


def test_of_later_periods_only_those_in_use_are_listed() -> None:
    """The claim of October states an earlier enrolment; nothing of November to February is used."""
    listed = bills("split", ("2025-03-01", "2025-03-01"), ("2024-10-11", "2024-10-01"))
    assert found(listed) == []
    carry = listed[-1]["layers"][1]["caps"][0]["carry_over"]
    assert [period["period_key"] for period in carry["periods"]] == ["2024-10", "2025-03"]


def test_what_is_left_does_not_depend_on_it() -> None:
    late = in_years(2026, 2025, 2024)[-1]["layers"][0]["caps"][0]
    month = bills("split", ("2025-03-01", "2025-03-01"), ("2024-10-11", "2024-10-01"))[-1]["layers"][1]["caps"][0]
    for cap, fen, left in [(late, 6_000, 6_000), (month, 100_000, 70_000)]:
        assert cap["left_fen"] == left
        for period in cap["carry_over"]["periods"]:
            if period["period_key"] > cap["carry_over"]["here"]:
                period["earned_fen"] = fen
        assert RECOMPUTE.PARTS.left_of_carried(cap["carry_over"], cap["used_before_fen"]) == left
