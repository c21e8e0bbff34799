"""What other periods leave to a claim is what the bills of a person say that they earned and used."""

from __future__ import annotations

import copy
import importlib.util
from pathlib import Path
from typing import Any

import pytest

SPEC = importlib.util.spec_from_file_location("first", Path(__file__).resolve().with_name("test_history.py"))
assert SPEC is not None and SPEC.loader is not None
FIRST = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(FIRST)
CHECK, bill, found, steps, kept_per = FIRST.CHECK, FIRST.bill, FIRST.found, FIRST.steps, FIRST.kept_per

Obj = dict[str, Any]
Period = tuple[str, int, int]


def carried(disease: str, here: str, start: str, *periods: Period, used: int, **rest: Any) -> Obj:
    """A bill of a claim of the 15th of a month of 2024; periods: month, earned, used; rest: of the claim."""
    listed = [{"period_key": f"2024-{m}", "earned_fen": earned, "used_fen": use} for m, earned, use in periods]
    before = next(use for month, _, use in periods if month == here)
    carry = {
        "how": "all",
        "earned_from": "first claim",
        "from": f"2024-{start}",
        "here": f"2024-{here}",
        "periods": listed,
    }
    group = "month d" if disease else "month"
    cap = {"group": group, "period": "month", "per": kept_per(disease), "carry_over": carry}
    use = ("month", f"2024-{here}", before, before + used, *([disease] if disease else []))
    return steps(bill(f"2024-{here}-15", use, **rest), cap)  # type: ignore[no-any-return]


RIGHT = [
    carried("a", "03", "03", ("03", 100, 0), used=80),
    carried("a", "05", "03", ("03", 100, 80), ("04", 60, 0), ("05", 60, 0), used=130),
    carried("b", "05", "03", ("03", 50, 0), ("04", 50, 0), ("05", 50, 0), used=10),
    carried("a", "03", "03", ("03", 90, 80), ("05", 60, 130), used=0),
    carried("a", "06", "03", ("03", 90, 80), ("04", 60, 0), ("05", 60, 130), ("06", 70, 0), used=5),
    carried("a", "02", "03", ("02", 40, 0), used=40),
    carried("a", "04", "03", ("03", 90, 80), ("04", 65, 0), ("05", 60, 130), ("06", 70, 5), used=0),
    carried("b", "07", "03", ("03", 50, 0), ("04", 50, 0), ("05", 50, 10), ("06", 55, 0), ("07", 55, 0), used=0),
]
"""Disease b earns from March too, when the person was settled first. April has no claim of its own up to the seventh
bill, and earns what the second says; June of b earns what the last says. February lies before the start: it leaves
nothing, also to the seventh.
"""
PLACES = [
    (number, place)
    for number, item in enumerate(RIGHT)
    for place in range(len(item["layers"][0]["caps"][0]["carry_over"]["periods"]))
]


def carry_of(bills: list[Obj], number: int) -> Obj:
    return bills[number]["layers"][0]["caps"][0]["carry_over"]  # type: ignore[no-any-return]


def test_a_right_history_is_accepted() -> None:
    assert found(RIGHT) == []


@pytest.mark.parametrize(("number", "place"), PLACES)
@pytest.mark.parametrize("name", ["earned_fen", "used_fen"])
def test_every_wrong_number_is_found(number: int, place: int, name: str) -> None:
    """What the period of a claim earned is the amount of its bill; later bills repeat it, but not the last's."""
    wrong = copy.deepcopy(RIGHT)
    item = carry_of(wrong, number)["periods"][place]
    item[name] += 1
    own = name == "earned_fen" and item["period_key"] == carry_of(wrong, number)["here"]
    later = name == "earned_fen" and item["period_key"] > carry_of(wrong, number)["here"]
    silent = later or (own and number in (4, 5, 6))
    assert (found(wrong) == []) == silent


@pytest.mark.parametrize("number", range(len(RIGHT) - 3))
def test_a_forgotten_bill_is_found(number: int) -> None:
    assert found(RIGHT[:number] + RIGHT[number + 1 :]) != []


@pytest.mark.parametrize("number", range(1, len(RIGHT)))
def test_another_start_is_found(number: int) -> None:
    for start in ("2024-02", "2024-04", "2023-12"):
        wrong = copy.deepcopy(RIGHT)
        carry_of(wrong, number)["from"] = start
        assert any(line.startswith("from of") for line in found(wrong))


@pytest.mark.parametrize(("number", "place"), PLACES)
def test_a_period_that_is_not_listed_is_found(number: int, place: int) -> None:
    wrong = copy.deepcopy(RIGHT)
    if carry_of(wrong, number)["periods"][place]["period_key"] == carry_of(wrong, number)["here"]:
        return
    del carry_of(wrong, number)["periods"][place]
    assert any(line.startswith("periods of") for line in found(wrong))


def test_a_period_that_is_listed_too_early_is_found() -> None:
    wrong = copy.deepcopy(RIGHT)
    carry_of(wrong, 1)["periods"].append({"period_key": "2024-06", "earned_fen": 60, "used_fen": 0})
    assert any(line.startswith("periods of") for line in found(wrong))


def test_a_group_carries_over_in_one_way() -> None:
    wrong = copy.deepcopy(RIGHT)
    carry_of(wrong, 6)["how"] = "one"
    assert found(wrong) == ["how month d carries over"]


def enrolled(here: str, start: str, *periods: Period, used: int, day: str) -> Obj:
    return carried("", here, start, *periods, used=used, enrolment=day)


ENROLLED = [
    enrolled("05", "04", ("04", 10, 0), ("05", 10, 0), used=8, day="2024-04-30"),
    enrolled("05", "05", ("05", 12, 8), used=3, day="2024-05-01"),
    enrolled("06", "03", ("03", 9, 0), ("04", 10, 0), ("05", 12, 11), ("06", 9, 0), used=0, day="2024-03-01"),
]
"""March and April never had a claim: they earn what the first bill of a later period says.

Of April the first bill says it; it says nothing of March, which lies before its start: that is left to the last one.
"""


def test_the_day_of_enrolment_decides_claim_by_claim() -> None:
    assert found(ENROLLED) == []
    for number, item in enumerate(ENROLLED):
        wrong = copy.deepcopy(ENROLLED)
        wrong[number]["claim"]["enrolment"] = None
        assert any(line.startswith("from of") for line in found(wrong)), item


def test_another_policy_may_have_begun_to_carry_over() -> None:
    """Where the bills of a policy do not show whether it carries over, it may have been the start, or not."""
    plain = bill("2024-01-10")
    plain["policy"]["digest"] = "plain"
    assert found([plain, *RIGHT]) == []
    plain["policy"]["digest"] = "d"
    assert found([plain, *RIGHT]) != []
