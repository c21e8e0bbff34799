"""The bills of a person must hang together: each use begins where the bill before in its period left it."""

from __future__ import annotations

import copy
import importlib.util
from pathlib import Path
from typing import Any

import pytest

SPEC = importlib.util.spec_from_file_location("history", Path(__file__).resolve().with_name("recompute_parts.py"))
assert SPEC is not None and SPEC.loader is not None
PARTS = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(PARTS)

Obj = dict[str, Any]
LENGTHS = {4: "year", 7: "month", 8: "lifetime"}


def bill(discharge: str, *uses: tuple[str, int, int]) -> Obj:
    """The few fields of a bill that its history shows in; a use: period_key, before, after. One group a period."""
    listed = []
    for key, before, after in uses:
        period = "quarter" if "Q" in key else LENGTHS[len(key)]
        listed.append({"group": period, "period": period, "period_key": key, "before_fen": before, "after_fen": after})
    claim = {"id": discharge, "person": "p", "admission": "2023-12-31", "discharge": discharge}
    return {"policy": {"year_date": "discharge", "digest": "d"}, "claim": claim, "uses": listed}


HISTORY = [
    bill("2024-03-30", ("2024-03", 0, 10), ("2024-Q1", 0, 20), ("2024", 0, 30), ("lifetime", 0, 40)),
    bill("2024-03-31", ("2024-03", 10, 15), ("2024-Q1", 20, 25), ("2024", 30, 30), ("lifetime", 40, 45)),
    bill("2024-04-01", ("2024-04", 0, 7), ("2024-Q2", 0, 8)),
    bill("2024-03-02", ("2024-03", 15, 16), ("2024", 30, 31)),
    bill("2025-04-01", ("2025-04", 0, 1), ("2025-Q2", 0, 1), ("2025", 0, 1), ("lifetime", 45, 50)),
    bill("2025-06-30", ("2025-06", 0, 1), ("2025-Q2", 1, 2), ("2025", 1, 2), ("lifetime", 50, 50)),
]
"""The fourth is settled late: its month and its year go on where the second left them."""
PLACES = [(number, use) for number, item in enumerate(HISTORY) for use in range(len(item["uses"]))]


def test_a_right_history_is_accepted() -> None:
    assert PARTS.recompute_history(HISTORY) == []
    assert PARTS.recompute_history([]) == []


@pytest.mark.parametrize(("number", "use"), PLACES)
@pytest.mark.parametrize("name", ["period", "period_key", "before_fen"])
def test_every_wrong_use_is_found(number: int, use: int, name: str) -> None:
    wrong = copy.deepcopy(HISTORY)
    item = wrong[number]["uses"][use]
    item[name] = item[name] + 1 if name == "before_fen" else {"year": "month"}.get(item[name], "year")
    assert PARTS.recompute_history(wrong) != []


@pytest.mark.parametrize(("number", "use"), [(0, 0), (0, 3), (1, 1), (3, 0), (4, 3), (5, 1)])
def test_a_use_under_another_group_is_found(number: int, use: int) -> None:
    wrong = copy.deepcopy(HISTORY)
    wrong[number]["uses"][use]["group"] = "another"
    assert PARTS.recompute_history(wrong) != []


@pytest.mark.parametrize("number", [0, 1, 4])
def test_a_forgotten_bill_is_found(number: int) -> None:
    assert PARTS.recompute_history(HISTORY[:number] + HISTORY[number + 1 :]) != []


@pytest.mark.parametrize(
    ("number", "use", "before"),
    [
        (1, 0, 0),  # every claim by itself
        (2, 0, 15),  # months taken for one
        (2, 1, 25),  # quarters taken for one
        (4, 2, 31),  # years taken for one
        (4, 3, 0),  # a lifetime that ends with the year
        (3, 0, 7),  # the month of the bill before, not of the claim
    ],
)
def test_mixed_periods_are_found(number: int, use: int, before: int) -> None:
    wrong = copy.deepcopy(HISTORY)
    wrong[number]["uses"][use]["before_fen"] = before
    assert len(PARTS.recompute_history(wrong)) == 1


def test_the_date_that_the_policy_names_decides() -> None:
    wrong = copy.deepcopy(HISTORY)
    wrong[0]["policy"]["year_date"] = "admission"
    found = PARTS.recompute_history(wrong)
    assert [line.split(": ")[1] for line in found] == [f"period_key of {name}" for name in ("month", "quarter", "year")]


def test_two_persons_are_no_history() -> None:
    wrong = copy.deepcopy(HISTORY)
    wrong[5]["claim"]["person"] = "q"
    assert PARTS.recompute_history(wrong) != []
