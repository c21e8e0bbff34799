"""The recomputation accepts a bill made by hand and finds each of many single wrong fields in it."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest

HERE = Path(__file__).resolve().parent


def beside(name: str) -> Any:
    """A file of this folder, loaded by its path: the folder is no package."""
    spec = importlib.util.spec_from_file_location(f"hand_{name}", HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RECOMPUTE, RATES = beside("recompute"), beside("hand_bills_rates")
TIME, LATER, HAND = RATES.TIME, RATES.LATER, RATES.HAND
AGE, word, ratio, limits, answer = HAND.AGE, HAND.word, HAND.ratio, HAND.limits, HAND.answer
condition, term, drawn, open_parts = HAND.condition, HAND.term, HAND.drawn, HAND.open_parts
SCHEMA = json.loads((HERE.parents[1] / "docs" / "bill.schema.json").read_text(encoding="utf-8"))

Obj = dict[str, Any]
Path_ = tuple[str | int, ...]
BILLS: dict[str, Obj] = json.loads(json.dumps({**HAND.BILLS, **LATER.BILLS, **TIME.BILLS, **RATES.BILLS}))


def changed(bill: Obj, path: Path_, value: object) -> Obj:
    bill = copy.deepcopy(bill)
    node: Any = bill
    for step in path[:-1]:
        node = node[step]
    assert node[path[-1]] != value or isinstance(value, bool)
    node[path[-1]] = value
    return bill


def leaves(node: Any, path: Path_ = ()) -> list[tuple[Path_, Any]]:
    if isinstance(node, dict | list):
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        return [leaf for name, child in pairs for leaf in leaves(child, (*path, name))]
    return [(path, node)]


BASIC: Path_ = ("layers", 0)
EXTRA: Path_ = ("layers", 1)
ORIGIN: Path_ = (*EXTRA, "reductions", 0, "amount", "derived_from")
LIMIT: Path_ = (*EXTRA, "reductions", 0)
BANDS: Path_ = (*BASIC, "reimbursement")
SIDES, RATIOS = ("numerator", "denominator"), ("ratio", "final")
BOUNDED = ("0.reductions.0", "1.reductions.1", "1.caps.0", "3.reductions.0")
BANDS_OF_ZERO = ("0.reimbursement.bands.0", "0.reimbursement.bands.2", "1.reimbursement.bands.1")
WRONG: list[tuple[str, Path_, object]] = [
    ("flat", (*BASIC, "conditions", 0, "range"), limits(low=41)),
    ("flat", (*BASIC, "conditions", 0, "range"), limits(high=39)),
    ("flat", (*BASIC, "conditions", 0, "range"), None),
    ("flat", (*BASIC, "conditions", 0, "value"), word("41")),
    ("flat", (*BASIC, "conditions", 0, "value"), word("grown up")),
    ("flat", (*BASIC, "conditions", 0, "value"), None),
    ("flat", (*BASIC, "conditions", 0, "fact"), word("weight", "体重")),
    ("flat", (*BASIC, "conditions", 1, "accepts"), []),
    ("flat", ("claim", "facts", 1, "value"), word("outpatient", "门诊")),
    ("flat", ("claim", "facts", 1, "fact"), AGE),
    ("flat", (*BASIC, "base"), None),
    ("flat", (*BASIC, "caps"), None),
    ("flat", (*BASIC, "base", "terms", 0, "part"), "over_limit"),
    ("flat", (*BASIC, "base", "terms"), [term(None, "in_scope", ratio(1, 1), 799_999, 799_999)] * 2),
    ("flat", (*EXTRA, "base", "terms", 0, "layer"), "later"),
    ("flat", (*EXTRA, "base", "terms", 1, "share"), ratio(3, 2)),
    ("flat", (*EXTRA, "layer"), "basic"),
    ("flat", (*BASIC, "reductions", 0, "kind"), "limit"),
    ("flat", (*BASIC, "reductions", 0, "period"), "claim"),
    ("flat", (*BASIC, "reductions", 0, "period_key"), None),
    ("flat", (*BASIC, "reductions", 0, "group"), None),
    ("flat", (*BASIC, "reductions", 0, "group"), "basic cap"),
    ("flat", (*BASIC, "reductions", 0, "left_fen"), None),
    ("flat", (*BASIC, "reductions", 0, "amount", "kind"), "no limit"),
    ("flat", (*BASIC, "reductions", 0, "amount", "facts", 0, "range"), limits(high=39)),
    ("flat", (*BASIC, "reductions", 0, "amount", "facts", 0, "value"), word("41")),
    ("flat", (*BASIC, "caps", 0, "amount", "fen"), None),
    ("flat", (*EXTRA, "caps", 1, "group"), "extra cap"),
    ("flat", (*EXTRA, "caps", 1, "period_key"), "2024"),
    ("flat", (*EXTRA, "caps", 1, "left_fen"), 0),
    ("flat", (*ORIGIN, "statistic", "rounding"), "up"),
    ("flat", (*ORIGIN, "statistic"), None),
    ("flat", (*ORIGIN, "table"), answer(50_000)),
    ("flat", (*BASIC, "payer"), word("someone else", "别人")),
    ("flat", ("parts_at_end", 0, "layer"), "basic"),
    ("flat", ("parts_at_end", 0, "part"), "over_limit"),
    ("flat", ("totals", "paid_fen"), -639_701),
    ("flat", ("claim", "in_scope_fen"), "799999"),
    ("flat", ("claim", "settlement"), "2025-01-01"),
    ("flat", ("policy", "from"), "2024-03-10"),
    ("flat", ("policy", "before"), "2024-03-09"),
    ("bands", (*BANDS, "counted"), "from the threshold"),
    ("bands", (*BANDS, "bands", 2, "to_fen"), 2_000_000),
    ("bands", (*BANDS, "bands", 2, "edge"), answer()),
    ("bands", (*BANDS, "bands", 2, "rate"), answer(rate=ratio(101))),
    ("bands", (*BANDS, "bands", 1, "edge"), None),
    ("bands", (*BANDS, "bands", 0, "rate", "kind"), "amount"),
    ("limit", (*LIMIT, "period_key"), "2024-3"),
    ("limit", (*EXTRA, "reductions", 1, "period_key"), "2024-Q2"),
    ("limit", (*EXTRA, "reductions", 1, "left_fen"), 0),
    ("limit", (*EXTRA, "reductions", 2, "period"), "claim"),
    ("limit", (*EXTRA, "reductions", 2, "amount", "ratio"), None),
    ("flat", (*BASIC, "reimbursement", "rate", "ratio"), ratio(101)),
    ("floor", (*BASIC, "floor"), None),
    ("floor", (*BASIC, "floor", "amount"), answer()),
    ("floor", (*BASIC, "floor", "amount", "fen"), 55_000),
    ("floor", (*BASIC, "floor", "returned_fen"), 0),
    ("floor", (*BASIC, "parts", "deductible"), 100_000),
    ("floor", ("uses", 0, "after_fen"), 70_000),
    ("floor", (*EXTRA, "over_cap_counted_in"), "payments"),
    ("fixed", (*BASIC, "reimbursement", "units"), 1),
    ("fixed", (*BASIC, "reimbursement", "unit"), word("claim", "本次")),
    ("fixed", (*BASIC, "reimbursement", "amount"), answer(rate=ratio(8))),
    ("fixed", (*EXTRA, "reimbursement", "unit"), HAND.STAY),
    ("fixed", (*EXTRA, "reimbursement", "fen"), 30_000),
    ("fixed", (*EXTRA, "over_cap_counted_in"), "fees"),
    ("fixed", ("claim", "facts", 2, "value"), word("6")),
    ("fees", (*BASIC, "over_cap_counted_in"), "payments"),
    ("fees", (*EXTRA, "over_cap_counted_in"), "payments"),
    ("fees", (*BASIC, "parts", "over_cap"), 523_811),
    ("fees by bands", (*BASIC, "over_cap_counted_in"), "payments"),
    ("fees by bands", ("layers", 1, "over_cap_counted_in"), "payments"),
    ("fees by bands", ("layers", 2, "over_cap_counted_in"), "payments"),
    ("shared", (*EXTRA, "reductions", 0, "group"), "another"),
    ("shared", (*EXTRA, "caps", 0, "period"), "quarter"),
    ("shared", ("uses", 0, "after_fen"), 80_000),
    ("shared", ("uses", 1, "before_fen"), 45_000),
    ("share", (*BASIC, "reductions", 0, "amount", "share_of", "least_fen"), None),
    ("share", (*BASIC, "reductions", 0, "amount", "share_of", "most_fen"), 89_999),
    ("share", (*BASIC, "caps", 0, "amount", "share_of", "most_fen"), None),
    ("share", (*BASIC, "caps", 0, "amount", "share_of", "layer"), "second"),
    ("share", (*BASIC, "reductions", 0, "amount", "share_of", "quantity"), "in_scope"),
    ("share", (*EXTRA, "reductions", 0, "amount", "share_of", "layer"), None),
    ("share", (*EXTRA, "reductions", 1, "amount", "share_of", "fen"), 74_999),
    ("share", (*EXTRA, "reimbursement", "amount", "share_of", "fen"), 0),
    ("share", (*EXTRA, "reimbursement", "amount", "share_of", "layer"), "second"),
    ("share", (*EXTRA, "caps", 0, "amount", "share_of", "most_fen"), None),
    ("share", (*EXTRA, "caps", 0, "amount", "share_of", "most_fen"), 70_000),
    ("share", (*EXTRA, "caps", 0, "amount", "kind"), "no limit"),
    ("share", ("layers", 2, "floor"), LATER.floored(0, 0, False, 0)),
    ("share", ("layers", 2, "over_cap_counted_in"), "pay"),
]
HIDDEN = {
    "floor": {*(f"2.reimbursement.rate.{of}.denominator" for of in RATIOS), "2.floor.amount.fen"},  # 0; the base
    "fixed": {"1.reimbursement.amount.fen"},  # the cost is less
    "fees": {"1.caps.0.amount.fen"},  # used up
    "fees by bands": {f"{band}.rate.{of}.denominator" for band in BANDS_OF_ZERO for of in RATIOS},
    "carried": {
        "0.reductions.1.carry_over.periods.0.earned_fen",  # more of January's money is lost
        *(f"0.reductions.1.carry_over.periods.{month}.used_fen" for month in (0, 1)),  # less is lost
        "0.reductions.1.carry_over.periods.3.earned_fen",  # April's own money, of which it needs none
        "3.caps.0.amount.fen",  # more is taken off
    },
    "earlier part": {"0.reductions.1.amount.fen", "1.reimbursement.amount.fen"},  # belongs to the later
    "rates": {
        "0.reductions.1.amount.fen",  # the maximum of the year decides
        *(f"0.reimbursement.rate.line.{item}.{side}" for item in ("start", "slope") for side in SIDES),
        *(f"2.reimbursement.rate.line.{item}.{side}" for item in ("start", "most") for side in SIDES),
        "2.reimbursement.rate.line.slope.denominator",
    },
    "share": {
        *(f"{item}.amount.share_of.share.{side}" for item in BOUNDED for side in SIDES),
        "0.caps.0.amount.share_of.share.numerator",
        "1.floor.amount.share_of.share.denominator",  # rounding
        *(f"1.{item}.amount.share_of.least_fen" for item in ("reductions.1", "caps.0", "floor")),
    },
}
"""The numbers of a layer that may be one larger: others decide."""


def accepted(kind: str, leaf: Callable[[Path_, Any], object]) -> list[Path_]:
    """The places of a bill whose value may be changed, each alone, without being found; leaf gives the new value."""
    tries = [(path, leaf(path, value)) for path, value in leaves(BILLS[kind])]
    tries = [(path, value) for path, value in tries if value is not None]
    assert tries
    return [path for path, value in tries if RECOMPUTE.recompute(changed(BILLS[kind], path, value)) == []]


@pytest.mark.parametrize("kind", BILLS)
def test_right_bill_is_valid_and_accepted(kind: str) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(BILLS[kind])
    assert RECOMPUTE.recompute(BILLS[kind]) == []


@pytest.mark.parametrize(("kind", "path", "value"), WRONG)
def test_one_wrong_field_is_found(kind: str, path: Path_, value: object) -> None:
    assert RECOMPUTE.recompute(changed(BILLS[kind], path, value)) != []


@pytest.mark.parametrize("kind", BILLS)
def test_every_wrong_number_is_found(kind: str) -> None:
    """A statistic may change by less than its rounding, a range by what still holds the value."""

    def one_more(path: Path_, value: Any) -> int | None:
        free = {"year", "low", "high"} & {path[-1]} or path[-2:] == ("statistic", "fen")
        return None if free or type(value) is not int else value + 1

    assert {".".join(map(str, path[1:])) for path in accepted(kind, one_more)} == HIDDEN.get(kind, set())


@pytest.mark.parametrize("kind", BILLS)
def test_every_wrong_truth_is_found(kind: str) -> None:
    """Where a part of a stay stands matters only to what belongs to a later part."""
    free = [("claim", "first_of_stay"), ("claim", "last_of_stay")][: 1 if kind == "earlier part" else 2]
    assert accepted(kind, lambda _, value: not value if isinstance(value, bool) else None) == free


@pytest.mark.parametrize("kind", BILLS)
def test_every_wrong_name_is_found(kind: str) -> None:
    names = {"group", "period", "period_key", "part", "layer", "kind", "counted", "rounding", "rule_date", "quantity"}
    names |= {"over_cap_counted_in", "how", "here", "year_date", "period_date"}
    assert accepted(kind, lambda path, value: f"{value}x" if path[-1] in names and value else None) == []


@pytest.mark.parametrize("place", range(3))
def test_a_use_must_be_listed_exactly_once(place: int) -> None:
    missing, twice = copy.deepcopy(BILLS["flat"]), copy.deepcopy(BILLS["flat"])
    del missing["uses"][place]
    twice["uses"].append(twice["uses"][place])
    assert RECOMPUTE.recompute(missing) != []
    assert RECOMPUTE.recompute(twice) != []


@pytest.mark.parametrize("listed", ["parts_at_end", "layers"])
def test_order_and_completeness_of_lists(listed: str) -> None:
    bill = BILLS["flat"]
    assert RECOMPUTE.recompute({**bill, listed: bill[listed][::-1]}) != []
    assert RECOMPUTE.recompute({**bill, listed: bill[listed][:-1]}) != []
    assert RECOMPUTE.recompute({**bill, listed: [*bill[listed], bill[listed][-1]]}) != []


def test_one_group_at_two_steps_of_a_layer_is_found() -> None:
    """Even where the use comes out as both steps together."""
    bill = copy.deepcopy(BILLS["flat"])
    again = drawn("extra cap", "lifetime", 1_089_701, answer(10_000_000), 8_910_299, False)
    bill["layers"][1]["caps"] = [bill["layers"][1]["caps"][0], again]
    bill["uses"][2]["after_fen"] = 1_179_402
    found = RECOMPUTE.recompute(bill)
    assert len(found) == 1 and "stands at another step too" in found[0]


@pytest.mark.parametrize("key", ["used_before_fen", "period"])
def test_a_layer_that_overlooks_what_an_earlier_one_added_is_found(key: str) -> None:
    """Though its own numbers fit together."""
    bill = copy.deepcopy(BILLS["shared"])
    cap = bill["layers"][2]["caps"][0]
    if key == "period":
        cap |= {"period": "year", "period_key": "2024"}
    else:
        cap |= {"used_before_fen": 5_000, "amount": answer(20_000)}
    assert any(
        "cap 1" in line and ("as layers before" in line or "period" in line) for line in RECOMPUTE.recompute(bill)
    )


@pytest.mark.parametrize(
    ("paid", "slices", "cost"),
    [
        (0, [(None, 0)], 0),
        (1, [(None, 0)], None),
        (0, [(10, 0), (None, 50)], 0),
        (5, [(10, 50), (10, 0), (None, 50)], 10),
        (6, [(10, 50), (0, 100), (10, 0), (None, 50)], 22),
        (6, [(10, 50), (None, 0)], None),
        (1, [(None, 30)], Fraction(10, 3)),
    ],
)
def test_least_cost(paid: int, slices: list[tuple[int | None, int]], cost: object) -> None:
    assert RECOMPUTE.PARTS.least_cost(paid, [(length, Fraction(rate, 100)) for length, rate in slices]) == cost


def test_every_payer_is_listed_once() -> None:
    """Also one that paid nothing, because its layer does not apply."""
    idle = {**HAND.extra_layer(), "layer": "idle", "payer": word("aid", "救助"), "applies": False, "paid_fen": 0}
    idle |= dict.fromkeys(("base", "reductions", "reimbursable_fen", "reimbursement", "caps"))
    missing = condition(word("class", "类别"), None, word("poor", "困难"), holds=False)
    young = condition(AGE, word("40"), word("6 to 17", "6至17"), limits(6, 17), holds=False)
    bill = copy.deepcopy(BILLS["flat"])
    bill["layers"].append({**idle, "parts": open_parts(), "conditions": [missing, young]})
    bill["parts_at_end"] += [{"layer": "idle", "part": p, "name": word(p), "fen": 0} for p in open_parts()]
    assert RECOMPUTE.recompute(bill) != []
    bill["totals"]["by_payer"].append({"payer": word("aid", "救助"), "fen": 0})
    jsonschema.Draft202012Validator(SCHEMA).validate(bill)
    assert RECOMPUTE.recompute(bill) == []
    for path, value in [(("paid_fen",), 1), (("parts", "copay"), 1), (("reimbursable_fen",), 0), (("caps",), [])]:
        assert RECOMPUTE.recompute(changed(bill, ("layers", 2, *path), value)) != []


def test_ranges_hold_both_their_ends() -> None:
    spans = [limits(6, 17), limits(low=6), limits(high=17), limits()]
    held = {number: [RECOMPUTE.within(word(number), span) for span in spans] for number in ("5", "6", "17", "18")}
    assert held["6"] == held["17"] == [True] * 4
    assert held["5"] == [False, False, True, True]
    assert held["18"] == [False, True, False, True]


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    right.write_text(json.dumps(BILLS["flat"]), encoding="utf-8")
    wrong.write_text(json.dumps(changed(BILLS["flat"], ("totals", "paid_fen"), 1)), encoding="utf-8")
    assert RECOMPUTE.main([str(right), str(right)]) == 0
    assert RECOMPUTE.main(["--history", str(right)]) == 1  # it begins with uses that no earlier bill left
    assert "before_fen of basic cap in 2024: printed 50000, recomputed 0" in capsys.readouterr().out
    assert RECOMPUTE.main([str(right), str(right)]) == 0
    assert capsys.readouterr().out == "2 bills right\n"
    assert RECOMPUTE.main([str(right), str(wrong)]) == 1
    assert "totals: paid_fen: printed 1, recomputed 639701" in capsys.readouterr().out
