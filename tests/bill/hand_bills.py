"""Bills made by hand after docs/bill.schema.json: every number in them was worked out on paper."""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]


PLAIN: Obj = {"per": [], "plus": None, "belongs_here": True, "carry_over": None}
"""A step that belongs to this part of the stay, with one use and nothing added or carried over."""


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


def answer(fen: int | None = None, rate: Obj | None = None, origin: Obj | None = None, **rest: Any) -> Obj:
    """rest: line, own_share, points and final, where the rate is not simply what stands there."""
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
        "share_of": None,
        "for_each": None,
        "line": None,
        "own_share": None,
        "points": [],
        "final": rate,
        **rest,
    }


def stated(fact: Obj, value: Obj, *values: Obj) -> Obj:
    """A fact of the claim; values: all that the claim states, each with its time."""
    return {"fact": fact, "value": value, "stated": list(values) or None}


def condition(fact: Obj, value: Obj | None, accepts: Obj, span: Obj | None = None, holds: bool = True) -> Obj:
    return {"fact": fact, "value": value, "accepts": [accepts], "range": span, "holds": holds}


def term(layer: str | None, part: str, share: Obj, found: int, taken: int) -> Obj:
    text = {"name": word(part), "of": word(layer) if layer else None}
    return {"layer": layer, "part": part, **text, "share": share, "found_fen": found, "taken_fen": taken, "basis": None}


def drawn(group: str, key: str, before: int, amount: Obj, left: int | None, bound: bool, **rest: Any) -> Obj:
    """rest: period, where the key does not tell it, and per, plus, belongs_here and carry_over."""
    periods = {4: "year", 7: "quarter" if "Q" in key else "month", 8: "lifetime", 10: "day"}
    where = {"group": group, "period": periods.get(len(key)), "period_key": key, "used_before_fen": before}
    return {**where, "amount": amount, "left_fen": left, "bound": bound, **PLAIN, **rest}


def per_claim(period: str | None, amount: Obj, left: int | None, bound: bool, **rest: Any) -> Obj:
    where = {"group": None, "period": period, "period_key": None, "used_before_fen": 0}
    return {**where, "amount": amount, "left_fen": left, "bound": bound, **PLAIN, **rest}


def reduction(kind: str, item: Obj, taken: int, maximum: Obj | None = None, counted: Obj | None = None) -> Obj:
    return {
        "kind": kind,
        **item,
        "taken_fen": taken,
        "annual_maximum": maximum,
        "counted": counted and {**counted, "period": "year"},
    }


def open_parts(deductible: int = 0, over_cap: int = 0, copay: int = 0, beyond_limit: int = 0) -> Obj:
    rest = {"deductible": deductible, "over_cap": over_cap, "copay": copay}
    return {"beyond_limit": beyond_limit, "prepaid": 0, **rest}


def basic_layer() -> Obj:
    """7999.99 - 700.00 = 7299.99; 85 % = 6204.9915 -> 6204.99; the cap leaves 5500.00."""
    deductible = drawn("basic deductible", "2024", 30_000, answer(100_000), 70_000, True)
    return {
        "layer": "basic",
        "name": word("basic insurance", "基本医保"),
        "payer": word("pooled fund", "统筹基金"),
        "applies": True,
        "derived": [],
        "conditions": [
            condition(AGE, word("40"), word("18 and over", "18及以上"), limits(low=18)),
            condition(STAY, word("inpatient", "住院"), word("inpatient", "住院")),
        ],
        "base": {"terms": [term(None, "in_scope", ratio(1, 1), 799_999, 799_999)], "fen": 799_999},
        "reductions": [reduction("deductible", deductible, 70_000)],
        "reimbursable_fen": 729_999,
        "reimbursement": {"kind": "flat", "rate": answer(rate=ratio(85)), "fen": 620_499},
        "caps": [drawn("basic cap", "2024", 50_000, answer(600_000), 550_000, True)],
        "paid_fen": 550_000,
        "parts": open_parts(deductible=70_000, over_cap=70_499, copay=109_500),
        "basis": basis(),
        "gaps": [],
        "assumptions": [],
        "floor": None,
        "over_cap_counted_in": "payments",
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
        "facts": [],
    }
    named = {"amount": word("base amount", "基数"), "amount_fen": 50_000, "share": ratio(50)}
    origin = {**named, "statistic": statistic, "table": None, "sum": None, "is_fact": False}
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
        "derived": [],
        "conditions": [],
        "base": {"terms": terms, "fen": 174_501},
        "reductions": [reduction("deductible", deductible, 25_000)],
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
        "floor": None,
        "over_cap_counted_in": "payments",
    }


def use(item: Obj, growth: int) -> Obj:
    same = {name: item[name] for name in ("group", "period", "period_key", "per")}
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
        "bill_version": 4,
        "policy": {
            "id": "hand-made",
            "title": word("hand-made policy", "手工政策"),
            "region": "000000",
            "scheme": word("employees", "职工"),
            "from": "2024-01-01",
            "before": "2025-01-01",
            "rule_date": "settlement",
            "year_date": "settlement",
            "period_date": "settlement",
            "benefit_year_from": None,
            "amounts_per_claim_in": "the earlier year",
            "digest": "none",
        },
        "claim": {
            "id": "claim 1",
            "person": "person 1",
            **dates,
            **dict.fromkeys(("charge", "enrolment")),
            **dict.fromkeys(("episode", "stay"), "claim 1"),
            **dict.fromkeys(("first_of_stay", "last_of_stay"), True),
            "facts": [stated(AGE, word("40")), stated(STAY, word("inpatient", "住院"))],
            "total_fen": 1_000_000,
            **{f"{part}_fen": fen for part, fen in four.items()},
            "divided": [],
        },
        "sums": [],
        "gathered": None,
        "leaves": [],
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
        "per": [],
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
        reduction("limit", limit, 4_501),
        reduction("limit", endless, 0),
        reduction("pre-pay", advance, 17_000),
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
