"""Bills made by hand for rates as laws write them, amounts that are facts, and what layers of a claim share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

BESIDE = Path(__file__).resolve().with_name("hand_bills_time.py")
SPEC = importlib.util.spec_from_file_location("hand_bills_time", BESIDE)
assert SPEC is not None and SPEC.loader is not None
TIME = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(TIME)
HAND, LATER = TIME.HAND, TIME.LATER
Obj = dict[str, Any]
answer, band, open_parts, word = HAND.answer, HAND.band, HAND.open_parts, HAND.word
per_claim, ratio, reduction, stated = HAND.per_claim, HAND.ratio, HAND.reduction, HAND.stated
deductible, flat, layer, WHOLE = LATER.deductible, LATER.flat, LATER.layer, LATER.WHOLE
YEARS_OLD, CLASS = word("years", "周岁"), word("class", "类别")
BALANCE, ACTIVE = word("account balance", "账户余额"), word("active", "在职")
POOR, COVERED = word("poor", "困难"), word("covered", "低保")


def points(percent: int, tenths: int = 0) -> Obj:
    return answer(rate=ratio(percent * 10 + tenths, 1_000))


def rate(own: Obj, final: Obj, *added: Obj, **rest: Any) -> Obj:
    return answer(rate=own, points=list(added), final=final, **rest)


def line(start: Obj, slope: Obj, least: Obj | None, most: Obj | None) -> Obj:
    return {"start": start, "slope": slope, "fact": YEARS_OLD, "value": 75, "least": least, "most": most}


def of_fact(fen: int, share: Obj, balance: int) -> Obj:
    named = {"amount": BALANCE, "amount_fen": balance, "share": share}
    return answer(fen, origin={**named, "statistic": None, "table": None, "sum": None, "is_fact": True})


def in_line(used: int, amount: int, left: int, counted_before: int, maximum: int | None, taken: int) -> Obj:
    """A deductible of the group `line`, whose use ends with the claim but counts in the year."""
    counted = {"group": "line in the year", "period_key": "2024", "per": [], "used_before_fen": counted_before}
    most = None
    if maximum is not None:
        most = {"amount": answer(maximum), "left_fen": maximum - counted_before}
    step = {**per_claim("claim", answer(amount), left, True), "group": "line", "used_before_fen": used}
    return reduction("deductible", step, taken, most, counted)


def first_layer() -> Obj:
    """10 % + 2.5 points of 4000.00 = 500.00. 600.00, but of 450.00 of the year 50.00 are used: 400.00; 3100.00 remain.

    60 % + 0.5 % x 75 = 97.5 %, at most 95 %, less 5 points = 90 % = 2790.00; 1500.01 are on the account.
    """
    advance = rate(ratio(10), ratio(1, 8), points(2, 5))
    bent = line(ratio(60), ratio(1, 200), None, ratio(95))
    counted = in_line(0, 60_000, 40_000, 5_000, 45_000, 40_000)
    return layer(
        "first",
        [HAND.term(None, "in_scope", WHOLE, 400_000, 400_000)],
        [reduction("pre-pay", per_claim(None, advance, None, True), 50_000), counted],
        {**flat(0, 279_000), "rate": rate(ratio(95), ratio(90), points(-5), line=bent)},
        [per_claim("claim", of_fact(150_001, WHOLE, 150_001), 150_001, True)],
        reimbursable_fen=310_000,
        paid_fen=150_001,
        parts={**open_parts(deductible=40_000, over_cap=128_999, copay=31_000), "prepaid": 50_000},
    )


def second_layer() -> Obj:
    """650.00 of the line, 400.00 used above: 250.00 of 1689.99; the position is 100.00 + 250.00.

    150.00 x 50 %; 1289.99 x (1 - 80 % x (1 - 80 %) + 10 - 5 points = 89 %) = 1148.0911; together 1223.0911.
    2 % of 33803.00 x 120 % = 40563.60, cut to 40563.00: 811.26.
    """
    own = {"multiple": ratio(80), "of": ACTIVE, "ratio": ratio(80)}
    above = rate(ratio(84), ratio(89), points(10), points(-5), own_share=own)
    place = {"period": "calendar year", "period_key": "2024", "group": "position", "per": []}
    bands = LATER.by_bands("from zero", None, 10_000, 35_000, [band(0, 50_000, 50, 15_000)], 122_309)
    bands = {**bands, **place, "bands": [*bands["bands"], {**band(50_000, None, 0, 128_999), "rate": above}]}
    figure = HAND.extra_layer()["reductions"][0]["amount"]["derived_from"]["statistic"]
    figure = {**figure, "fen": 3_380_300, "share": ratio(120), "unit_fen": 100}
    figure["facts"] = [{"fact": CLASS, "value": COVERED, "range": None}]
    named = {"amount": word("income", "收入"), "amount_fen": 4_056_300, "share": ratio(2)}
    origin = {**named, "statistic": figure, "table": None, "sum": None, "is_fact": False}
    terms = [
        HAND.term("first", "over_cap", WHOLE, 128_999, 128_999),
        HAND.term("first", "deductible", WHOLE, 40_000, 40_000),
    ]
    return layer(
        "second",
        terms,
        [in_line(40_000, 65_000, 25_000, 45_000, None, 25_000)],
        bands,
        [per_claim("claim", answer(81_126, origin=origin), 81_126, True)],
        reimbursable_fen=143_999,
        paid_fen=81_126,
        parts=open_parts(deductible=25_000, over_cap=41_183, copay=21_690),
    )


def lines() -> list[Obj]:
    """20 % - 0.5 % x 75 is below the least of 5 %; 60 % + 0.6 % x 75 = 105 %, less 10 points; -30 % + 20 + 30."""
    low = rate(ratio(5), ratio(5), line=line(ratio(20), ratio(-1, 200), ratio(5), ratio(95)))
    high = rate(ratio(105), ratio(95), points(-10), line=line(ratio(60), ratio(3, 500), None, None))
    parts = {"low": ("pre_self_paid", low, 500), "high": ("over_limit", high, 9_500)}
    parts["raised"] = "fully_self_paid", rate(ratio(-30), ratio(20), points(20), points(30)), 2_000
    return [
        layer(
            name,
            [HAND.term(None, part, WHOLE, 10_000, 10_000)],
            [],
            {**flat(0, fen), "rate": which},
            [],
            reimbursable_fen=10_000,
            paid_fen=fen,
            parts=open_parts(copay=10_000 - fen),
        )
        for name, (part, which, fen) in parts.items()
    ]


def rates_bill() -> Obj:
    first, second = first_layer(), second_layer()
    layers = [first, second, *lines()]
    end: Obj = {(None, part): 0 for part in ("fully_self_paid", "over_limit", "pre_self_paid", "in_scope")}
    end |= {("first", "over_cap"): 0, ("first", "deductible"): 0}
    counted = {**first["reductions"][1]["counted"], "period": "year"}
    uses = [HAND.use(counted, 65_000), HAND.use(second["reimbursement"], 168_999)]
    four = LATER.four(10_000, 10_000, 10_000, 400_000)
    bill = LATER.bill_of(four, layers, end, 243_127, uses)
    holding = {"value": COVERED, "from": "2024-03-05", "before": "2024-03-09"}
    ended = {"value": POOR, "from": None, "before": "2024-01-01"}
    return TIME.of_claim(
        bill,
        {},
        {},
        stated(YEARS_OLD, word("75")),
        stated(BALANCE, TIME.yuan("1500.01")),
        stated(CLASS, COVERED, ended, {**holding, "from": None}, {**holding, "value": word("none", "无")}),
    )


BILLS = {"rates": rates_bill()}
