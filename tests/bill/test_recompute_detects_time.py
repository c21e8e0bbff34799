"""What stretches over claims, and how rates are written: each single wrong field of the hand-made bills is found."""

from __future__ import annotations

import copy
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

BESIDE = Path(__file__).resolve().with_name("test_recompute_detects.py")
SPEC = importlib.util.spec_from_file_location("detects", BESIDE)
assert SPEC is not None and SPEC.loader is not None
FIRST = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(FIRST)
RECOMPUTE, TIME, HAND, RATES = FIRST.RECOMPUTE, FIRST.TIME, FIRST.HAND, FIRST.RATES
BILLS, changed, word, ratio, answer = FIRST.BILLS, FIRST.changed, HAND.word, HAND.ratio, HAND.answer
carry, plus, yuan = TIME.carry, TIME.plus, TIME.yuan

Obj = dict[str, Any]
Path_ = tuple[str | int, ...]
DAY: Path_ = ("layers", 0, "reductions", 0)
MONTH: Path_ = ("layers", 0, "reductions", 1)
SECOND: Path_ = ("layers", 0, "reductions", 1)
EPISODE: Path_ = ("layers", 0, "reductions", 2)
YEAR: Path_ = ("layers", 0, "caps", 1)
AGAIN: Path_ = ("layers", 1, "caps", 0)
ALONE: Path_ = ("layers", 2, "caps", 0)
GIFT: Path_ = ("layers", 1, "reimbursement")
BENT: Path_ = ("layers", 0, "reimbursement", "rate")
OWN: Path_ = ("layers", 1, "reimbursement", "bands", 1, "rate")
LOW: Path_ = ("layers", 2, "reimbursement", "rate")
HIGH: Path_ = ("layers", 3, "reimbursement", "rate")
INCOME: Path_ = ("layers", 1, "caps", 0, "amount", "derived_from", "statistic")
OTHER_DISEASE = [{"fact": TIME.DISEASE, "value": word("cancer", "肿瘤")}]
ENDED = {"value": RATES.COVERED, "from": None, "before": "2024-01-01"}

WRONG: list[tuple[str, Path_, object]] = [
    ("carried", (*DAY, "per"), []),
    ("carried", (*DAY, "per"), OTHER_DISEASE),
    ("carried", (*DAY, "per"), TIME.OF_CLINIC),
    ("carried", (*DAY, "plus"), None),
    ("carried", (*DAY, "plus", "fact"), TIME.TAKEN_OFF),
    ("carried", (*DAY, "plus", "fact"), TIME.DISEASE),
    ("carried", (*DAY, "plus", "fen"), 500),
    ("carried", (*DAY, "period_key"), "2024-02-27"),
    ("carried", (*DAY, "period"), "lifetime"),
    ("carried", (*DAY, "carry_over"), TIME.MONTHS),
    ("carried", (*DAY, "annual_maximum"), {"amount": answer(1), "left_fen": 1}),
    ("carried", (*MONTH, "plus", "fen"), 5_000),
    ("carried", (*MONTH, "carry_over"), None),
    ("carried", (*MONTH, "carry_over", "how"), "all"),
    ("carried", (*MONTH, "carry_over", "from"), "2024-02"),
    ("carried", (*MONTH, "carry_over", "from"), "2023-12"),
    ("carried", (*MONTH, "carry_over", "from"), "2024-04"),
    ("carried", (*MONTH, "carry_over", "here"), "2024-02"),
    ("carried", (*MONTH, "carry_over", "here"), "2024-04"),
    ("carried", (*MONTH, "carry_over", "periods", 0, "period_key"), "2024-02"),
    ("carried", (*MONTH, "carry_over", "periods", 0, "period_key"), "2023-12"),
    ("carried", (*MONTH, "carry_over", "periods", 3, "period_key"), "2024-05"),
    ("carried", (*MONTH, "amount"), answer()),
    ("carried", (*EPISODE, "period_key"), "illness 4"),
    ("carried", (*EPISODE, "plus"), plus(TIME.ADDITION, 50_000)),
    ("carried", (*YEAR, "carry_over", "how"), "one"),
    ("carried", (*YEAR, "carry_over", "periods", 2, "used_fen"), 0),
    ("carried", (*YEAR, "period"), "calendar year"),
    ("carried", (*YEAR, "period_key"), "2024"),
    ("carried", (*YEAR[:-1], 2, "period_key"), "2023"),
    ("carried", (*YEAR[:-1], 3, "per"), []),
    ("carried", (*AGAIN, "carry_over"), None),
    ("carried", (*AGAIN, "carry_over", "how"), "one"),
    ("carried", (*AGAIN, "used_before_fen"), 1_000),
    ("carried", (*AGAIN, "per"), TIME.OF_CLINIC),
    ("carried", (*ALONE, "carry_over", "periods", 0, "period_key"), "2024-Q3"),
    ("carried", ("claim", "episode"), "illness 5"),
    ("carried", ("claim", "discharge"), "2024-03-10"),
    ("carried", ("claim", "admission"), "2022-12-31"),
    ("carried", ("claim", "enrolment"), "2024-04"),
    ("carried", ("uses", 0, "per"), []),
    ("carried", ("uses", 0, "per"), OTHER_DISEASE),
    ("carried", ("uses", 5, "per"), OTHER_DISEASE),
    ("carried", ("claim", "facts", 3, "value"), word("cancer", "肿瘤")),
    ("carried", ("claim", "facts", 5, "value"), yuan("500.01")),
    ("carried", ("claim", "facts", 5, "value"), word("500 yuan", "501元")),
    ("carried", ("claim", "facts", 6, "value"), yuan("50.00")),
    ("earlier part", ("claim", "stay"), "S8"),
    ("earlier part", ("claim", "last_of_stay"), True),
    ("earlier part", ("claim", "charge"), "2025-01-01"),
    ("earlier part", ("policy", "year_date"), "admission"),
    ("earlier part", ("layers", 0, "reductions", 0, "belongs_here"), False),
    ("earlier part", ("layers", 0, "caps", 0, "belongs_here"), False),
    ("earlier part", ("layers", 0, "caps", 1, "per"), TIME.OF_BOTH[:1]),
    ("earlier part", ("layers", 0, "caps", 1, "per"), TIME.OF_BOTH[::-1] + TIME.OF_BOTH[:1]),
    ("earlier part", (*SECOND, "counted"), None),
    ("earlier part", (*SECOND, "counted", "period_key"), "2025"),
    ("earlier part", (*SECOND, "counted", "period_key"), None),
    ("earlier part", (*SECOND, "counted", "per"), TIME.OF_CLINIC),
    ("earlier part", (*SECOND, "period_key"), None),
    ("earlier part", (*GIFT, "period_key"), None),
    ("earlier part", (*GIFT, "group"), None),
    ("earlier part", (*GIFT, "per"), TIME.OF_CLINIC),
    ("earlier part", ("layers", 2, "reimbursement", "group"), "nights"),
    ("earlier part", ("layers", 2, "reimbursement", "belongs_here"), False),
    ("earlier part", ("layers", 1, "reductions", 0, "used_before_fen"), 40_000),
    ("later part", ("layers", 0, "reductions", 0, "belongs_here"), False),
    ("later part", ("layers", 0, "reimbursement", "belongs_here"), False),
    ("later part", ("layers", 0, "reimbursement", "used_before_fen"), 0),
    ("later part", ("claim", "charge"), "2023-12-31"),
    ("later part", ("uses", 1, "after_fen"), 65_000),
    ("rates", ("layers", 0, "reductions", 0, "amount", "points"), []),
    ("rates", ("layers", 0, "reductions", 0, "amount", "final"), ratio(10)),
    ("rates", ("layers", 0, "reductions", 0, "amount", "final"), None),
    ("rates", (*SECOND, "annual_maximum"), None),
    ("rates", (*SECOND, "annual_maximum", "amount"), answer()),
    ("rates", (*SECOND, "annual_maximum", "amount", "final"), ratio(1)),
    ("rates", (*SECOND, "counted"), None),
    ("rates", (*SECOND, "group"), None),
    ("rates", (*SECOND, "amount", "points"), [RATES.points(5)]),
    ("rates", ("layers", 1, "reductions", 0, "used_before_fen"), 0),
    ("rates", ("layers", 1, "reductions", 0, "group"), "another line"),
    ("rates", ("layers", 1, "reductions", 0, "counted", "used_before_fen"), 5_000),
    ("rates", ("layers", 1, "reductions", 0, "counted", "group"), "another"),
    ("rates", (*BENT, "line", "most"), None),
    ("rates", (*BENT, "line", "value"), 74),
    ("rates", (*BENT, "line", "fact"), HAND.AGE),
    ("rates", (*BENT, "points", 0, "ratio"), ratio(5)),
    ("rates", (*BENT, "points", 0, "final"), ratio(0)),
    ("rates", (*BENT, "points", 0, "points"), [RATES.points(0)]),
    ("rates", (*OWN, "own_share", "ratio"), ratio(70)),
    ("rates", (*OWN, "own_share", "multiple"), ratio(1, 1)),
    ("rates", (*OWN, "points"), [RATES.points(5)] * 2),
    ("rates", (*LOW, "line", "least"), None),
    ("rates", (*LOW, "line", "slope"), ratio(1, 200)),
    ("rates", (*HIGH, "points"), []),
    ("rates", (*HIGH, "final"), ratio(105)),
    ("rates", ("layers", 0, "caps", 0, "amount", "derived_from", "is_fact"), False),
    ("rates", ("layers", 0, "caps", 0, "amount", "derived_from", "amount"), word("savings", "存款")),
    ("rates", ("layers", 0, "caps", 0, "amount", "derived_from", "table"), answer(150_001)),
    ("rates", ("claim", "facts", 4, "value"), yuan("1500.02")),
    ("rates", ("claim", "facts", 4, "value"), word("1500.01")),
    ("rates", (*INCOME, "facts", 0, "value"), RATES.POOR),
    ("rates", (*INCOME, "share"), ratio(110)),
    ("rates", ("claim", "facts", 5, "stated"), []),
    ("rates", ("claim", "facts", 5, "stated"), [ENDED]),
    ("rates", ("claim", "facts", 5, "stated", 1, "value"), RATES.POOR),
    ("rates", ("claim", "facts", 5, "stated", 1, "before"), "2024-03-01"),
    ("rates", ("claim", "facts", 5, "stated", 1, "from"), "2024-03-10"),
]


def several(kind: str, *changes: tuple[Path_, object]) -> list[str]:
    """What is found in a bill in which several numbers are wrong, but fit together."""
    bill = copy.deepcopy(BILLS[kind])
    for path, value in changes:
        bill = changed(bill, path, value)
    return list(RECOMPUTE.recompute(json.loads(json.dumps(bill))))


@pytest.mark.parametrize(("kind", "path", "value"), WRONG)
def test_one_wrong_field_is_found(kind: str, path: Path_, value: object) -> None:
    assert RECOMPUTE.recompute(changed(BILLS[kind], path, value)) != []


def test_a_period_left_out_is_found() -> None:
    """Though nothing was used in it, and its money is not needed."""
    for place, number in [(MONTH, 0), (MONTH, 1), (MONTH, 2), (YEAR, 0), (YEAR, 1), (ALONE, 0)]:
        bill = copy.deepcopy(BILLS["carried"])
        layer, kind, item = place[1:]
        del bill["layers"][layer][kind][item]["carry_over"]["periods"][number]
        assert RECOMPUTE.recompute(bill) != []


def test_periods_in_another_order_are_found() -> None:
    periods = BILLS["carried"]["layers"][0]["reductions"][1]["carry_over"]["periods"]
    assert RECOMPUTE.recompute(changed(BILLS["carried"], (*MONTH, "carry_over", "periods"), periods[::-1])) != []


def test_the_layer_that_overlooks_what_the_one_above_used_is_found() -> None:
    """The rest of the bill is as it would be if 460.00 were left to the second layer."""
    end = BILLS["carried"]["parts_at_end"]
    place = next(n for n, item in enumerate(end) if (item["layer"], item["part"]) == ("second", "over_cap"))
    found = several(
        "carried",
        ((*AGAIN, "used_before_fen"), 1_000),
        ((*AGAIN, "left_fen"), 46_000),
        (("layers", 1, "paid_fen"), 46_000),
        (("layers", 1, "parts", "over_cap"), 21_900),
        (("parts_at_end", place, "fen"), 21_900),
        (("uses", 3, "after_fen"), 87_000),
        (("totals", "by_payer", 1, "fen"), 46_000),
        (("totals", "paid_fen"), 99_000),
        (("totals", "personal_fen"), 322_122),
    )
    assert len(found) == 1 and "as layers before left it" in found[0]


def test_the_amount_of_the_period_and_the_money_it_earns_are_one() -> None:
    """Even where what is left comes out right."""
    found = several(
        "carried",
        ((*ALONE, "carry_over", "periods", 0, "earned_fen"), 16_000),
        ((*ALONE, "left_fen"), 14_000),
    )
    assert any("earned_fen of its own period: printed 16000, recomputed 15000" in line for line in found)


def test_one_payment_of_a_stay_belongs_to_the_later_part_and_another_does_not() -> None:
    found = several("earlier part", ((*SECOND, "belongs_here"), True), ((*SECOND, "amount"), answer(0)))
    assert len(found) == 1 and "belongs_here, as of the steps above" in found[0]


def test_a_use_that_ends_with_the_claim_is_not_listed() -> None:
    bill = copy.deepcopy(BILLS["rates"])
    ended = {"group": "line", "period": "claim", "period_key": None, "per": [], "before_fen": 0, "after_fen": 65_000}
    bill["uses"].append(ended)
    assert RECOMPUTE.recompute(bill) != []


def test_a_use_that_ends_with_the_claim_begins_with_nothing() -> None:
    found = several("rates", ((*SECOND, "used_before_fen"), 10_000), ((*SECOND, "amount", "fen"), 70_000))
    assert any("used_before_fen of line" in line for line in found)


def test_the_benefit_year_is_one_and_its_start_may_be_given() -> None:
    bill = BILLS["carried"]
    assert RECOMPUTE.recompute(bill, lambda _: "09-01") == []
    assert RECOMPUTE.recompute(bill, lambda _: "02-28") == []
    assert RECOMPUTE.recompute(bill, lambda _: "02-27") != []
    listed = {**bill["uses"][3], "group": "another", "period_key": "2024"}
    found = RECOMPUTE.recompute({**bill, "uses": [*bill["uses"], listed]})
    assert any("more than one benefit year" in line for line in found)


@pytest.mark.parametrize(
    ("how", "start", "here", "used", "before", "left"),
    [
        ("all", "2020", "2022", 35, 0, 25),  # 2023 takes 35 of the 60 of 2020 to 2022
        ("one", "2020", "2022", 35, 0, 20),  # 2023 takes 30 of 2022 and 5 of its own; to 2022 are left those of 2021
        ("one", "2020", "2022", 25, 0, 25),
        ("all", "2021", "2022", 35, 0, 15),
        ("all", "2020", "2023", 35, 35, 35),
        ("all", "2020", "2023", 35, 60, 10),  # 25 more by layers above
        ("all", "2020", "2023", 35, 99, 0),
        ("one", "2020", "2023", 35, 35, 5),
        ("all", "2023", "2022", 35, 7, 23),
        ("all", "2023", "2022", 35, 31, 0),
        ("one", "2020", "2020", 35, 0, 10),
    ],
)
def test_left_of_carried(how: str, start: str, here: str, used: int, before: int, left: int) -> None:
    listed = [("2020", 10, 0), ("2021", 20, 0), ("2022", 30, 0), ("2023", 10, used)]
    periods = [item for item in listed if item[0] >= min(start, here)]
    assert RECOMPUTE.PARTS.left_of_carried(carry(how, start, here, *periods), before) == left


def test_more_used_than_earned_leaves_nothing_to_anybody() -> None:
    """A late claim has made the money of a period smaller than what was used of it."""
    debts = carry("all", "2022", "2024", ("2022", 10, 50), ("2023", 20, 0), ("2024", 5, 0))
    assert RECOMPUTE.PARTS.left_of_carried(debts, 0) == 25


@pytest.mark.parametrize(
    ("key", "after"),
    [("2023", "2024"), ("2023-Q1", "2023-Q2"), ("2023-Q4", "2024-Q1"), ("2023-09", "2023-10"), ("2023-12", "2024-01")],
)
def test_next_key(key: str, after: str) -> None:
    assert RECOMPUTE.PARTS.next_key(key) == after


@pytest.mark.parametrize("key", ["lifetime", "2023-13", "2023-Q5", "2023-00", "2023-1", "2023-05-31", "23", ""])
def test_what_is_no_period_has_no_next(key: str) -> None:
    with pytest.raises(ValueError):
        RECOMPUTE.PARTS.next_key(key)
