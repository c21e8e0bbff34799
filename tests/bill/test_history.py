"""The bills of a person must hang together: each use begins where the bill before in its period left it."""

from __future__ import annotations

import copy
import importlib.util
from pathlib import Path
from typing import Any

import pytest

SPEC = importlib.util.spec_from_file_location("history", Path(__file__).resolve().with_name("recompute_history.py"))
assert SPEC is not None and SPEC.loader is not None
CHECK = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(CHECK)

Obj = dict[str, Any]
Used = tuple[str, str, int, int] | tuple[str, str, int, int, str]


def word(text: str) -> Obj:
    return {"zh": text, "en": text}


def kept_per(disease: str) -> list[Obj]:
    return [{"fact": word("disease"), "value": word(disease)}] if disease else []


def bill(discharge: str, *uses: Used, **claim: Any) -> Obj:
    """The few fields of a bill that its history shows in; a use: period, key, before, after and perhaps the disease.

    The period is the name of the group too, with the letter d where it is kept for each disease.
    """
    listed = []
    for period, key, before, after, *disease in uses:
        use = {"group": f"{period} d" if disease else period, "period": period, "period_key": key}
        listed.append({**use, "before_fen": before, "after_fen": after, "per": kept_per("".join(disease))})
    dates = {"admission": "2023-12-31", "discharge": discharge, "enrolment": None, "charge": None}
    whole = {"id": discharge, "person": "p", "stay": "s", "episode": "e", "last_of_stay": True, "facts": []}
    policy = {"year_date": "discharge", "period_date": "discharge", "digest": "d"}
    return {"policy": policy, "claim": {**whole, **dates, **claim}, "uses": listed}


HISTORY = [
    bill("2024-03-30", ("month", "2024-03", 0, 10), ("quarter", "2024-Q1", 0, 20), ("year", "2024", 0, 30)),
    bill("2024-03-31", ("month", "2024-03", 10, 15), ("quarter", "2024-Q1", 20, 25), ("lifetime", "lifetime", 0, 45)),
    bill("2024-04-01", ("month", "2024-04", 0, 7), ("quarter", "2024-Q2", 0, 8)),
    bill("2024-03-02", ("month", "2024-03", 15, 16), ("year", "2024", 30, 31), ("day", "2024-03-02", 0, 3)),
    bill("2025-04-01", ("month", "2025-04", 0, 1), ("year", "2025", 0, 1), ("lifetime", "lifetime", 45, 50)),
    bill("2024-03-02", ("day", "2024-03-02", 3, 4), ("calendar year", "2024", 0, 5), ("episode", "episode e", 0, 6)),
    bill("2025-06-30", ("year", "2025", 1, 2), ("episode", "episode e", 6, 7), ("calendar year", "2025", 0, 2)),
    bill("2025-07-01", ("episode", "episode f", 0, 9), ("claim", "stay t", 0, 8), stay="t", episode="f"),
    bill("2025-07-02", ("claim", "stay t", 8, 9), ("day", "2025-07-02", 0, 1, "a"), stay="t"),
    bill("2025-07-02", ("claim", "stay s", 0, 1), ("day", "2025-07-02", 0, 2, "b"), ("lifetime", "lifetime", 50, 50)),
    bill("2025-07-02", ("day", "2025-07-02", 1, 3, "a"), ("calendar year", "2025", 2, 3), ("claim", "stay s", 1, 2)),
]
"""The fourth is settled late: its month and its year go on where the second left them."""
PLACES = [(number, use) for number, item in enumerate(HISTORY) for use in range(len(item["uses"]))]


def test_a_right_history_is_accepted() -> None:
    assert CHECK.recompute_history(HISTORY) == []
    assert CHECK.recompute_history([]) == []


@pytest.mark.parametrize(("number", "use"), PLACES)
@pytest.mark.parametrize("name", ["period", "period_key", "before_fen"])
def test_every_wrong_use_is_found(number: int, use: int, name: str) -> None:
    wrong = copy.deepcopy(HISTORY)
    item = wrong[number]["uses"][use]
    other = {"year": "month", "calendar year": "month"}.get(item[name], "year")
    item[name] = item[name] + 1 if name == "before_fen" else other
    assert CHECK.recompute_history(wrong) != []


@pytest.mark.parametrize(("number", "use"), [(0, 0), (1, 1), (3, 0), (4, 2), (6, 0), (7, 1), (8, 1)])
def test_a_use_under_another_group_is_found(number: int, use: int) -> None:
    wrong = copy.deepcopy(HISTORY)
    wrong[number]["uses"][use]["group"] = "another"
    assert CHECK.recompute_history(wrong) != []


@pytest.mark.parametrize(("number", "use"), [(8, 1), (10, 0)])
@pytest.mark.parametrize("disease", ["b", ""])
def test_a_use_for_another_disease_is_found(number: int, use: int, disease: str) -> None:
    wrong = copy.deepcopy(HISTORY)
    wrong[number]["uses"][use]["per"] = kept_per(disease)
    assert CHECK.recompute_history(wrong) != []


@pytest.mark.parametrize("number", [0, 1, 3, 4, 5, 7, 8, 9])
def test_a_forgotten_bill_is_found(number: int) -> None:
    assert CHECK.recompute_history(HISTORY[:number] + HISTORY[number + 1 :]) != []


@pytest.mark.parametrize(
    ("number", "use", "before"),
    [
        (1, 0, 0),  # every claim by itself
        (2, 0, 15),  # months taken for one
        (2, 1, 25),  # quarters taken for one
        (4, 1, 31),  # years taken for one
        (4, 2, 0),  # a lifetime that ends with the year
        (3, 0, 7),  # the month of the bill before, not of the claim
        (6, 1, 0),  # an episode that ends with the year
        (7, 0, 7),  # episodes taken for one
        (8, 0, 0),  # the stay of the bill before ends with it
        (9, 0, 9),  # stays taken for one
        (9, 1, 1),  # diseases taken for one
        (10, 0, 2),  # the disease of the bill before
        (8, 1, 4),  # days taken for one
    ],
)
def test_mixed_periods_are_found(number: int, use: int, before: int) -> None:
    wrong = copy.deepcopy(HISTORY)
    wrong[number]["uses"][use]["before_fen"] = before
    assert len(CHECK.recompute_history(wrong)) == 1


def found(wrong: list[Obj], starts: Any = None) -> list[str]:
    return [line.split(": ")[1] for line in CHECK.recompute_history(wrong, starts)]


def test_the_dates_that_the_policy_names_decide() -> None:
    wrong = copy.deepcopy(HISTORY)
    wrong[6]["policy"]["year_date"] = "admission"
    assert found(wrong) == ["period_key of year"]
    wrong = copy.deepcopy(HISTORY)
    wrong[5]["policy"]["period_date"] = "admission"
    assert found(wrong) == ["period_key of day", "period_key of calendar year"]
    wrong[5]["policy"] |= {"period_date": "discharge", "year_date": "charge"}
    assert found(wrong) == []  # no day of charge: the day of discharge


def test_the_start_of_the_benefit_year_may_be_given() -> None:
    assert found(HISTORY, lambda _: "03-02") == []
    assert found(HISTORY, lambda _: "03-03") == ["period_key of year"]


def test_two_persons_are_no_history() -> None:
    wrong = copy.deepcopy(HISTORY)
    wrong[5]["claim"]["person"] = "q"
    assert CHECK.recompute_history(wrong) != []


def steps(item: Obj, *caps: Obj, reductions: tuple[Obj, ...] = (), reimbursement: Obj | None = None) -> Obj:
    layer = {"applies": True, "reductions": list(reductions), "caps": list(caps)}
    return {**item, "layers": [{**layer, "reimbursement": reimbursement or {"kind": "flat"}}]}


def test_what_belongs_to_a_later_part_is_so_on_every_bill() -> None:
    part = {"stay": "t", "last_of_stay": False}
    charged = [bill("2024-03-30", **part), bill("2024-03-31", **part), bill("2024-03-31", stay="t")]
    once: Obj = {"kind": "deductible", "period": "claim", "belongs_here": False}
    gift = {"kind": "fixed", "group": "g", "belongs_here": False}
    right = [
        steps(charged[0], reductions=(once,)),
        steps(charged[1], reimbursement=gift),
        steps(charged[2], reductions=({**once, "belongs_here": True},)),
    ]
    for item in right:
        item["policy"]["year_date"] = "charge"
    assert found(right) == []
    wrong = copy.deepcopy(right)
    wrong[1]["layers"][0]["reimbursement"]["belongs_here"] = True
    assert found(wrong) == ["belongs_here"]
    wrong = copy.deepcopy(right)
    wrong[1]["layers"][0]["reductions"] = [{**once, "belongs_here": True}]
    assert found(wrong) == ["belongs_here"]


def stay(day: str, service: str, episode: str, number: int | None, **claim: Any) -> Obj:
    values = {"service": service, "admission number": number}
    facts = [{"fact": word(name), "value": word(str(value))} for name, value in values.items() if value is not None]
    return bill(day, facts=facts, episode=episode, **claim)


ADMISSIONS = [
    stay("2024-02-01", "outpatient", "a", 0),
    stay("2024-02-02", "inpatient", "a", 1),
    stay("2024-05-01", "inpatient", "b", 2),
    stay("2024-06-01", "inpatient", "a", 1),  # one more claim of the first
    stay("2024-06-02", "outpatient", "c", 2),  # how many there are
    stay("2024-06-03", "outpatient", "a", 1),
    stay("2024-06-04", "inpatient", "c", 3),
    stay("2025-01-03", "inpatient", "c", 1),  # the year begins anew
    stay("2024-12-31", "inpatient", "d", 4),  # late
    bill("2024-12-31"),  # a policy without the facts
]


def test_admission_numbers_follow_the_episodes_of_the_year() -> None:
    assert found(ADMISSIONS, lambda _: "01-01") == []
    assert found(ADMISSIONS) == []  # not checked: the start of the year is not known
    for number, item in enumerate(ADMISSIONS[:-1]):
        wrong = copy.deepcopy(ADMISSIONS)
        wrong[number]["claim"]["facts"][1]["value"] = word(str(int(item["claim"]["facts"][1]["value"]["en"]) + 1))
        assert found(wrong, lambda _: "01-01") == ["admission number"]
    assert found(ADMISSIONS[2:], lambda _: "01-01") != []


def test_admission_numbers_are_checked_where_uses_tell_the_year() -> None:
    told = copy.deepcopy(ADMISSIONS[:3])
    for number, item in enumerate(told):
        item["uses"] = bill("2024-01-01", ("year", "2024", number, number + 1))["uses"]
    assert found(told) == []
    told[2]["claim"]["facts"][1]["value"] = word("1")
    assert found(told) == ["admission number"]
