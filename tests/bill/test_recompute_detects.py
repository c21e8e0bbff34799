"""The recomputation accepts a bill made by hand and finds each of many single wrong fields in it."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

HERE = Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("bill_recompute", HERE / "recompute.py")
assert SPEC is not None and SPEC.loader is not None
RECOMPUTE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(RECOMPUTE)
SCHEMA = json.loads((HERE.parents[1] / "docs" / "bill.schema.json").read_text(encoding="utf-8"))

Obj = dict[str, Any]
Path_ = tuple[str | int, ...]


def word(en: str, zh: str = "") -> Obj:
    return {"zh": zh or en, "en": en}


AGE, STAY = word("age", "年龄"), word("kind of stay", "就医类别")


def ratio(numerator: int, denominator: int = 100) -> Obj:
    return {"numerator": numerator, "denominator": denominator, "text": f"{numerator}/{denominator}"}


def basis() -> Obj:
    blank = dict.fromkeys(("number", "date", "article", "source"), "not identified")
    return {"document": word("notice", "通知"), "title": None, **blank, "sure": "low", "note": None}


def limits(low: int | None = None, high: int | None = None) -> Obj:
    return {"low": low, "high": high}


def answer(fen: int | None = None, rate: Obj | None = None, origin: Obj | None = None) -> Obj:
    kind = "amount" if fen is not None else "ratio" if rate else "no limit"
    facts = [{"fact": AGE, "value": word("40"), "range": limits(18, 59)}]
    return {
        "kind": kind,
        "fen": fen,
        "ratio": rate,
        "written": word("as written", "原文"),
        "facts": facts,
        "derived_from": origin,
        "basis": basis(),
        "assumption": None,
    }


def condition(fact: Obj, value: Obj | None, accepts: Obj, span: Obj | None = None, holds: bool = True) -> Obj:
    return {"fact": fact, "value": value, "accepts": [accepts], "range": span, "holds": holds}


def term(layer: str | None, part: str, share: Obj, found: int, taken: int) -> Obj:
    text = {"name": word(part), "of": word(layer) if layer else None}
    return {"layer": layer, "part": part, **text, "share": share, "found_fen": found, "taken_fen": taken, "basis": None}


def drawn(group: str, key: str, before: int, amount: Obj, left: int | None, bound: bool) -> Obj:
    periods = {4: "year", 7: "quarter" if "Q" in key else "month", 8: "lifetime"}
    where = {"group": group, "period": periods[len(key)], "period_key": key, "used_before_fen": before}
    return {**where, "amount": amount, "left_fen": left, "bound": bound}


def per_claim(period: str | None, amount: Obj, left: int | None, bound: bool) -> Obj:
    where = {"group": None, "period": period, "period_key": None, "used_before_fen": 0}
    return {**where, "amount": amount, "left_fen": left, "bound": bound}


def open_parts(deductible: int = 0, over_cap: int = 0, copay: int = 0) -> Obj:
    return {"beyond_limit": 0, "prepaid": 0, "deductible": deductible, "over_cap": over_cap, "copay": copay}


def basic_layer() -> Obj:
    """7999.99 - 700.00 = 7299.99; 85 % = 6204.9915 -> 6204.99; the cap leaves 5500.00."""
    deductible = drawn("basic deductible", "2024", 30_000, answer(100_000), 70_000, True)
    return {
        "layer": "basic",
        "name": word("basic insurance", "基本医保"),
        "payer": word("pooled fund", "统筹基金"),
        "applies": True,
        "conditions": [
            condition(AGE, word("40"), word("18 and over", "18及以上"), limits(low=18)),
            condition(STAY, word("inpatient", "住院"), word("inpatient", "住院")),
        ],
        "base": {"terms": [term(None, "in_scope", ratio(1, 1), 799_999, 799_999)], "fen": 799_999},
        "reductions": [{"kind": "deductible", **deductible, "taken_fen": 70_000}],
        "reimbursable_fen": 729_999,
        "reimbursement": {"kind": "flat", "rate": answer(rate=ratio(85)), "fen": 620_499},
        "caps": [drawn("basic cap", "2024", 50_000, answer(600_000), 550_000, True)],
        "paid_fen": 550_000,
        "parts": open_parts(deductible=70_000, over_cap=70_499, copay=109_500),
        "basis": basis(),
        "gaps": [],
        "assumptions": [],
    }


def extra_layer() -> Obj:
    """1095.00 + 650.01 - 250.00 = 1495.01; 60 % = 897.006 -> 897.01. 50345.67 x 1 % down to 100s = 500.00."""
    statistic = {
        "name": word("wage", "工资"),
        "year": 2023,
        "fen": 5_034_567,
        "share": ratio(1),
        "rounding": "down",
        "unit_fen": 10_000,
        "rounded": word("down", "舍"),
        "basis": None,
        "figure_basis": None,
    }
    named = {"amount": word("base amount", "基数"), "amount_fen": 50_000, "share": ratio(50)}
    origin = {**named, "statistic": statistic, "table": None}
    deductible = per_claim("claim", answer(25_000, origin=origin), 25_000, True)
    terms = [
        term("basic", "copay", ratio(1, 1), 109_500, 109_500),
        term(None, "pre_self_paid", ratio(1, 2), 130_001, 65_001),
    ]
    return {
        "layer": "extra",
        "name": word("supplement", "补充医保"),
        "payer": word("insurer", "保险公司"),
        "applies": True,
        "conditions": [],
        "base": {"terms": terms, "fen": 174_501},
        "reductions": [{"kind": "deductible", **deductible, "taken_fen": 25_000}],
        "reimbursable_fen": 149_501,
        "reimbursement": {"kind": "flat", "rate": answer(rate=ratio(60)), "fen": 89_701},
        "caps": [
            drawn("extra cap", "lifetime", 1_000_000, answer(10_000_000), 9_000_000, False),
            per_claim("claim", answer(), None, False),
        ],
        "paid_fen": 89_701,
        "parts": open_parts(deductible=25_000, copay=59_800),
        "basis": basis(),
        "gaps": [],
        "assumptions": [],
    }


def use(item: Obj, growth: int) -> Obj:
    same = {name: item[name] for name in ("group", "period", "period_key")}
    return {**same, "before_fen": item["used_before_fen"], "after_fen": item["used_before_fen"] + growth}


def flat_bill() -> Obj:
    dates = {"admission": "2024-03-01", "discharge": "2024-03-09", "settlement": "2024-03-09"}
    four = {"fully_self_paid": 50_001, "over_limit": 19_999, "pre_self_paid": 130_001, "in_scope": 799_999}
    end = {
        None: {**four, "pre_self_paid": 65_000, "in_scope": 0},
        "basic": open_parts(deductible=70_000, over_cap=70_499),
        "extra": open_parts(deductible=25_000, copay=59_800),
    }
    basic, extra = basic_layer(), extra_layer()
    return {
        "bill_version": 1,
        "policy": {
            "id": "hand-made",
            "title": word("hand-made policy", "手工政策"),
            "region": "000000",
            "scheme": word("employees", "职工"),
            "from": "2024-01-01",
            "before": "2025-01-01",
            "rule_date": "settlement",
            "year_date": "settlement",
            "digest": "none",
        },
        "claim": {
            "id": "claim 1",
            "person": "person 1",
            **dates,
            "facts": [{"fact": AGE, "value": word("40")}, {"fact": STAY, "value": word("inpatient", "住院")}],
            "total_fen": 1_000_000,
            **{f"{part}_fen": fen for part, fen in four.items()},
        },
        "layers": [basic, extra],
        "parts_at_end": [
            {"layer": layer, "part": part, "name": word(part), "fen": fen}
            for layer, parts in end.items()
            for part, fen in parts.items()
        ],
        "totals": {
            "total_fen": 1_000_000,
            "paid_fen": 639_701,
            "personal_fen": 360_299,
            "by_payer": [{"payer": layer["payer"], "fen": layer["paid_fen"]} for layer in (basic, extra)],
        },
        "uses": [
            use(basic["reductions"][0], 70_000),
            use(basic["caps"][0], 550_000),
            use(extra["caps"][0], 89_701),
        ],
        "gaps": [],
    }


def band(start: int, end: int | None, percent: int, cost: int) -> Obj:
    edge = None if end is None else answer(end)
    return {"from_fen": start, "to_fen": end, "edge": edge, "rate": answer(rate=ratio(percent)), "cost_fen": cost}


def band_bill() -> Obj:
    """The same money by bands: 300.00 x 80 % + 6699.99 x 85 % + 300.00 x 90 % = 6204.9915."""
    bill = flat_bill()
    bands = {
        "group": "basic position",
        "kind": "bands",
        "basis": basis(),
        "counted": "from zero",
        "period": "year",
        "period_key": "2024",
        "used_before_fen": 200_000,
        "starts_at_fen": 270_000,
        "bands": [
            band(0, 300_000, 80, 30_000),
            band(300_000, 969_999, 85, 669_999),
            band(969_999, None, 90, 30_000),
        ],
        "fen": 620_499,
    }
    bill["layers"][0]["reimbursement"] = bands
    bill["uses"].append(use(bands, 799_999))
    return bill


def limit_bill() -> Obj:
    """1745.01 within 1700.00 of the month, no limit of the quarter; 10 % = 170.00; 60 % of 1530.00 = 918.00."""
    bill = flat_bill()
    limit = drawn("extra limit", "2024-03", 0, answer(170_000), 170_000, True)
    endless = drawn("extra count", "2024-Q1", 5_000, answer(), None, False)
    advance = per_claim(None, answer(rate=ratio(10)), None, True)
    layer = bill["layers"][1]
    layer["reductions"] = [
        {"kind": "limit", **limit, "taken_fen": 4_501},
        {"kind": "limit", **endless, "taken_fen": 0},
        {"kind": "pre-pay", **advance, "taken_fen": 17_000},
    ]
    layer["reimbursable_fen"], layer["reimbursement"]["fen"], layer["paid_fen"] = 153_000, 91_800, 91_800
    layer["parts"] = {**open_parts(copay=61_200), "beyond_limit": 4_501, "prepaid": 17_000}
    for item in bill["parts_at_end"]:
        if item["layer"] == "extra":
            item["fen"] = layer["parts"][item["part"]]
    bill["totals"]["paid_fen"], bill["totals"]["personal_fen"] = 641_800, 358_200
    bill["totals"]["by_payer"][1]["fen"] = 91_800
    bill["uses"][2]["after_fen"] = 1_091_800
    bill["uses"] += [use(limit, 170_000), use(endless, 170_000)]
    return bill


BILLS = {"flat": flat_bill(), "bands": band_bill(), "limit": limit_bill()}


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
]


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

    assert accepted(kind, one_more) == []


@pytest.mark.parametrize("kind", BILLS)
def test_every_wrong_truth_is_found(kind: str) -> None:
    assert accepted(kind, lambda _, value: not value if isinstance(value, bool) else None) == []


@pytest.mark.parametrize("kind", BILLS)
def test_every_wrong_name_is_found(kind: str) -> None:
    names = {"group", "period", "period_key", "part", "layer", "kind", "counted", "rounding", "rule_date"}
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


def test_one_group_at_two_steps_is_found() -> None:
    """Even where the use comes out as both steps together."""
    bill = copy.deepcopy(BILLS["flat"])
    bill["layers"][1]["caps"] = [drawn("basic cap", "2024", 600_000, answer(10_000_000), 9_400_000, False)]
    bill["uses"][1:] = [{**bill["uses"][1], "after_fen": 689_701}]
    assert any("stands at another step too" in line for line in RECOMPUTE.recompute(bill))


def test_every_payer_is_listed_once() -> None:
    """Also one that paid nothing, because its layer does not apply."""
    idle = {**extra_layer(), "layer": "idle", "payer": word("aid", "救助"), "applies": False, "paid_fen": 0}
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
    assert capsys.readouterr().out == "2 bills right\n"
    assert RECOMPUTE.main([str(right), str(wrong)]) == 1
    assert "totals: paid_fen: printed 1, recomputed 639701" in capsys.readouterr().out
