"""More bills made by hand: floors, fixed payments, cuts counted in fees, shared groups, shares of quantities."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

SPEC = importlib.util.spec_from_file_location("hand_bills_first", Path(__file__).resolve().with_name("hand_bills.py"))
assert SPEC is not None and SPEC.loader is not None
HAND = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(HAND)
Obj = dict[str, Any]
answer, band, drawn, open_parts = HAND.answer, HAND.band, HAND.drawn, HAND.open_parts
per_claim, ratio, term, use, word = HAND.per_claim, HAND.ratio, HAND.term, HAND.use, HAND.word
WHOLE = ratio(1, 1)
DAYS = word("days", "天数")


def flat(percent: int, fen: int) -> Obj:
    return {"kind": "flat", "rate": answer(rate=ratio(percent)), "fen": fen}


def fixed(amount: Obj, unit: Obj, units: int, fen: int) -> Obj:
    place = {"group": None, "period_key": None, "per": [], "used_before_fen": 0, "belongs_here": True}
    period = "claim" if place.get("group") else None
    return {"kind": "fixed", "period": period, "amount": amount, "unit": unit, "units": units, "fen": fen, **place}


def by_bands(counted: str, group: str | None, before: int, start: int, bands: list[Obj], fen: int) -> Obj:
    period, key = ("year", "2024") if group else ("claim", None)
    place = {"group": group, "period": period, "period_key": key, "used_before_fen": before, "starts_at_fen": start}
    place["per"] = []
    return {"kind": "bands", "counted": counted, "basis": HAND.basis(), **place, "bands": bands, "fen": fen}


def floored(amount: int, fen: int, bound: bool, returned: int) -> Obj:
    return {"amount": answer(amount), "fen": fen, "bound": bound, "returned_fen": returned, "sums": []}


def deductible(item: Obj, taken: int) -> Obj:
    return HAND.reduction("deductible", item, taken)


def layer(name: str, terms: list[Obj], reductions: list[Obj], reimbursement: Obj, caps: list[Obj], **rest: Any) -> Obj:
    """rest: reimbursable_fen, paid_fen, parts; floor and over_cap_counted_in where they are not the usual ones."""
    usual = {"gaps": [], "assumptions": [], "floor": None, "over_cap_counted_in": "payments", "basis": HAND.basis()}
    return {
        "layer": name,
        "name": word(name),
        "payer": word(f"{name} fund"),
        "applies": True,
        "derived": [],
        "conditions": [],
        "base": {"terms": terms, "fen": sum(item["taken_fen"] for item in terms)},
        "reductions": reductions,
        "reimbursement": reimbursement,
        "caps": caps,
        **usual,
        **rest,
    }


def bill_of(claim: Obj, layers: list[Obj], end: Obj, paid: int, uses: list[Obj]) -> Obj:
    """claim: the four parts; end: what stands at the end, where later layers took from a part."""
    bill: Obj = HAND.flat_bill()
    total = sum(claim.values())
    bill["claim"] |= {"total_fen": total, **{f"{part}_fen": fen for part, fen in claim.items()}}
    bill["claim"]["facts"].append(HAND.stated(DAYS, word("7")))
    parts = {(None, part): fen for part, fen in claim.items()}
    parts |= {(item["layer"], part): fen for item in layers for part, fen in item["parts"].items()} | end
    at_end = [{"layer": place, "part": part, "name": word(part), "fen": fen} for (place, part), fen in parts.items()]
    payers = [{"payer": item["payer"], "fen": item["paid_fen"]} for item in layers]
    totals = {"total_fen": total, "paid_fen": paid, "personal_fen": total - paid, "by_payer": payers}
    return {**bill, "layers": layers, "parts_at_end": at_end, "totals": totals, "uses": uses}


def four(fully_self_paid: int, over_limit: int, pre_self_paid: int, in_scope: int) -> Obj:
    first = {"fully_self_paid": fully_self_paid, "over_limit": over_limit}
    return {**first, "pre_self_paid": pre_self_paid, "in_scope": in_scope}


def last_floor_layers() -> list[Obj]:
    """The floor that takes all of the base, and the one that is too low."""
    third = layer(
        "third",
        [term("second", "copay", WHOLE, 40_000, 40_000)],
        [deductible(per_claim("claim", answer(25_000), 25_000, True), 25_000)],
        flat(0, 0),
        [],
        reimbursable_fen=15_000,
        paid_fen=40_000,
        parts=open_parts(),
        floor=floored(90_000, 40_000, True, 25_000),
    )
    fourth = layer(
        "fourth",
        [term(None, "over_limit", WHOLE, 10_000, 10_000)],
        [],
        flat(60, 6_000),
        [],
        reimbursable_fen=10_000,
        paid_fen=6_000,
        parts=open_parts(copay=4_000),
        floor=floored(5_000, 5_000, False, 0),
    )
    return [third, fourth]


def floor_bill() -> Obj:
    """The deductible gives back 300.00 of 1000.00 at first, nothing where fees are counted, at last all of it.

    1200.00 - 1000.00 = 200.00; 50 % = 100.00, lifted to 600.00, cut to 500.00: 300.00 above the 200.00.
    700.00 + 300.00 = 1000.00; 40 % = 400.00, lifted to 800.00, cut to 600.00; 600.00 / 40 % lies above the 1000.00.
    400.00 - 250.00 = 150.00; 0 %, lifted to 900.00, but no more than 150.00 + 250.00.
    100.00; 60 % = 60.00, more than the floor of 50.00.
    """
    threshold = drawn("deductible", "2024", 0, answer(100_000), 100_000, True)
    cap = drawn("cap", "2024", 450_000, answer(500_000), 50_000, True)
    first = layer(
        "first",
        [term(None, "in_scope", WHOLE, 120_000, 120_000)],
        [deductible(threshold, 100_000)],
        flat(50, 10_000),
        [cap],
        reimbursable_fen=20_000,
        paid_fen=50_000,
        parts=open_parts(deductible=70_000),
        floor=floored(60_000, 60_000, True, 30_000),
    )
    terms = [
        term("first", "deductible", WHOLE, 70_000, 70_000),
        term(None, "pre_self_paid", WHOLE, 30_000, 30_000),
    ]
    second = layer(
        "second",
        terms,
        [],
        flat(40, 40_000),
        [per_claim("claim", answer(60_000), 60_000, True)],
        reimbursable_fen=100_000,
        paid_fen=60_000,
        parts=open_parts(copay=40_000),
        floor=floored(80_000, 80_000, True, 0),
        over_cap_counted_in="fees",
    )
    taken: Obj = {(None, "in_scope"): 0, (None, "pre_self_paid"): 0, (None, "over_limit"): 0}
    taken |= {("first", "deductible"): 0, ("second", "copay"): 0}
    uses = [use(threshold, 100_000), use(cap, 50_000)]
    return bill_of(four(1, 10_000, 30_000, 120_000), [first, second, *last_floor_layers()], taken, 156_000, uses)


def fixed_bill() -> Obj:
    """80.00 a day for 7 days = 560.00; 300.00 for the claim, but the cost is 222.00, and the cap leaves 200.00."""
    cap = drawn("cap", "2024-03", 30_000, answer(50_000), 20_000, True)
    daily = layer(
        "daily",
        [term(None, "in_scope", WHOLE, 500_000, 500_000)],
        [],
        fixed(answer(8_000), DAYS, 7, 56_000),
        [],
        reimbursable_fen=500_000,
        paid_fen=56_000,
        parts=open_parts(copay=444_000),
    )
    once = layer(
        "once",
        [term("daily", "copay", ratio(5), 444_000, 22_200)],
        [],
        fixed(answer(30_000), word("claim", "本次"), 1, 22_200),
        [cap],
        reimbursable_fen=22_200,
        paid_fen=20_000,
        parts=open_parts(over_cap=2_200),
    )
    end: Obj = {(None, "in_scope"): 0, ("daily", "copay"): 421_800}
    return bill_of(four(2, 3, 4, 500_000), [daily, once], end, 76_000, [use(cap, 20_000)])


def fees_bill() -> Obj:
    """3333.35 / 70 % = 4761.92857 -> 4761.93 of 10000.03; then a cap used up: all of the cost is above it."""
    spent = drawn("spent", "lifetime", 150_000, answer(100_000), 0, True)
    first = layer(
        "first",
        [term(None, "in_scope", WHOLE, 1_000_003, 1_000_003)],
        [],
        flat(70, 700_002),
        [per_claim("claim", answer(333_335), 333_335, True)],
        reimbursable_fen=1_000_003,
        paid_fen=333_335,
        parts=open_parts(over_cap=523_810, copay=142_858),
        over_cap_counted_in="fees",
    )
    second = layer(
        "second",
        [term("first", "over_cap", WHOLE, 523_810, 523_810)],
        [],
        flat(50, 261_905),
        [spent],
        reimbursable_fen=523_810,
        paid_fen=0,
        parts=open_parts(over_cap=523_810),
        over_cap_counted_in="fees",
    )
    end: Obj = {(None, "in_scope"): 0, ("first", "over_cap"): 0}
    return bill_of(four(0, 0, 0, 1_000_003), [first, second], end, 333_335, [use(spent, 0)])


def inside_layer() -> Obj:
    """A band position counted from zero, cut inside a band."""
    listed = [band(0, 100_000, 60, 30_000), band(100_000, None, 90, 90_000)]
    zero = by_bands("from zero", "from zero", 40_000, 70_000, listed, 99_000)
    return layer(
        "inside",
        [term("edge", "copay", WHOLE, 150_000, 150_000)],
        [deductible(per_claim("claim", answer(30_000), 30_000, True), 30_000)],
        zero,
        [per_claim("claim", answer(70_001), 70_001, True)],
        reimbursable_fen=120_000,
        paid_fen=70_001,
        over_cap_counted_in="fees",
        parts=open_parts(deductible=30_000, over_cap=32_221, copay=17_778),
    )


def fees_band_bill() -> Obj:
    """Bands without a rate before and after the cut, a cut that no cost gives, a cut inside a band.

    From 500.00 on: 500.00 x 0, 2000.00 x 50 % = 1000.00, 1000.00 x 0, 1000.00 x 80 % = 800.00, together 1800.00. The
    cap of 1000.00 is met at the edge of the second band, at a cost of 2500.00; the third adds nothing to it.
    2000.00 x 50 %, 1000.00 x 0 = 1000.00, lifted to 1800.00, cut to 1500.00: no cost gives it, none is above.
    1500.00 - 300.00; from 400.00 + 300.00 on: 300.00 x 60 % + 900.00 x 90 % = 990.00; cut to 700.01:
    300.00 + 520.01 / 90 % = 877.7888... -> 877.79, and 322.21 above.
    """
    listed = [band(0, 100_000, 0, 50_000), band(100_000, 300_000, 50, 200_000)]
    listed += [band(300_000, 400_000, 0, 100_000), band(400_000, None, 80, 100_000)]
    position = by_bands("from the threshold", "position", 50_000, 50_000, listed, 180_000)
    edge = layer(
        "edge",
        [term(None, "in_scope", WHOLE, 450_000, 450_000)],
        [],
        position,
        [per_claim("claim", answer(100_000), 100_000, True)],
        reimbursable_fen=450_000,
        paid_fen=100_000,
        parts=open_parts(over_cap=200_000, copay=150_000),
        over_cap_counted_in="fees",
    )
    terms = [term("edge", "over_cap", WHOLE, 200_000, 200_000), term(None, "pre_self_paid", WHOLE, 100_000, 100_000)]
    listed = [band(0, 200_000, 50, 200_000), band(200_000, None, 0, 100_000)]
    none = layer(
        "none",
        terms,
        [],
        by_bands("from the threshold", None, 0, 0, listed, 100_000),
        [per_claim("claim", answer(150_000), 150_000, True)],
        reimbursable_fen=300_000,
        paid_fen=150_000,
        floor=floored(180_000, 180_000, True, 0),
        parts=open_parts(copay=150_000),
        over_cap_counted_in="fees",
    )
    inside = inside_layer()
    end: Obj = {(None, "in_scope"): 0, (None, "pre_self_paid"): 0, ("edge", "over_cap"): 0, ("edge", "copay"): 0}
    uses = [use(position, 450_000), use(inside["reimbursement"], 150_000)]
    return bill_of(four(0, 7, 100_000, 450_000), [edge, none, inside], end, 320_001, uses)


def shared_bill() -> Obj:
    """The first takes 600.00 of the deductible, the second the last 200.00; all three draw on one cap of the month."""
    one = drawn("deductible", "2024", 20_000, answer(100_000), 80_000, False)
    two = drawn("deductible", "2024", 80_000, answer(100_000), 20_000, True)
    caps = [
        drawn("cap", "2024-03", 5_000, answer(45_000), 40_000, False),
        drawn("cap", "2024-03", 5_000, answer(45_000), 40_000, True),
        drawn("cap", "2024-03", 45_000, answer(60_000), 15_000, True),
    ]
    first = layer(
        "first",
        [term(None, "in_scope", WHOLE, 60_000, 60_000)],
        [deductible(one, 60_000)],
        flat(90, 0),
        caps[:1],
        reimbursable_fen=0,
        paid_fen=0,
        parts=open_parts(deductible=60_000),
    )
    second = layer(
        "second",
        [term(None, "pre_self_paid", WHOLE, 70_000, 70_000)],
        [deductible(two, 20_000)],
        flat(90, 45_000),
        caps[1:2],
        reimbursable_fen=50_000,
        paid_fen=40_000,
        parts=open_parts(deductible=20_000, over_cap=5_000, copay=5_000),
    )
    third = layer(
        "third",
        [term("first", "deductible", WHOLE, 60_000, 60_000)],
        [],
        flat(50, 30_000),
        caps[2:],
        reimbursable_fen=60_000,
        paid_fen=15_000,
        parts=open_parts(over_cap=15_000, copay=30_000),
    )
    end: Obj = {(None, "in_scope"): 0, (None, "pre_self_paid"): 0, ("first", "deductible"): 0}
    uses = [use(one, 80_000), use(caps[0], 55_000)]
    return bill_of(four(5, 6, 70_000, 60_000), [first, second, third], end, 55_000, uses)


def share(place: str | None, quantity: str, fen: int, of: Obj, result: int, *bounds: int | None) -> Obj:
    """An answer of result fen, a share of a quantity of fen; bounds: the least and the most."""
    least, most = bounds or (None, None)
    item = {"layer": place, "quantity": quantity, "name": word(quantity), "fen": fen, "share": of}
    return {**answer(result), "share_of": {**item, "least_fen": least, "most_fen": most}}


def first_share_layer() -> Obj:
    """10 % of 8000.00, at least 900.00; 4100.00 x 60 %; a third of 5000.00 = 1666.67, at most 1600.00."""
    threshold = share(None, "total", 800_000, ratio(10), 90_000, 90_000, None)
    return layer(
        "first",
        [term(None, "in_scope", WHOLE, 500_000, 500_000)],
        [deductible(per_claim("claim", threshold, 90_000, True), 90_000)],
        flat(60, 246_000),
        [per_claim("claim", share(None, "base", 500_000, ratio(1, 3), 160_000, None, 160_000), 160_000, True)],
        reimbursable_fen=410_000,
        paid_fen=160_000,
        parts=open_parts(deductible=90_000, over_cap=86_000, copay=164_000),
    )


def second_share_layer() -> Obj:
    """The quantities are those of before this layer took from them; a most below the least wins."""
    terms = [term("first", "over_cap", WHOLE, 86_000, 86_000), term(None, "pre_self_paid", ratio(50), 149_999, 75_000)]
    limit = per_claim("claim", share("first", "base", 500_000, ratio(30), 150_000), 150_000, True)
    threshold = per_claim("claim", share(None, "pre_self_paid", 149_999, ratio(10), 12_000, 1, 12_000), 12_000, True)
    unit = word("claim", "本次")
    least = share(None, "base", 161_000, ratio(1, 7_000), 23, 0, None)
    return layer(
        "second",
        terms,
        [HAND.reduction("limit", limit, 11_000), deductible(threshold, 12_000)],
        fixed(share("first", "over_cap", 86_000, ratio(150), 129_000), unit, 1, 129_000),
        [per_claim("claim", share("first", "paid", 160_000, ratio(25), 65_000, 70_000, 65_000), 65_000, True)],
        reimbursable_fen=138_000,
        paid_fen=65_000,
        parts=open_parts(beyond_limit=11_000, deductible=12_000, over_cap=64_000, copay=9_000),
        floor={"amount": least, "fen": 23, "bound": False, "returned_fen": 0, "sums": []},
    )


def share_bill() -> Obj:
    """The last layer's deductible is a share of the base of a layer that does not apply: 0, at least 10.00."""
    idle = layer("idle", [], [], {}, [], reimbursable_fen=None, paid_fen=0, parts=open_parts())
    idle |= {"applies": False, **dict.fromkeys(("base", "reductions", "reimbursement", "caps"))}
    idle["conditions"] = [HAND.condition(word("class", "类别"), None, word("poor", "困难"), holds=False)]
    threshold = share("idle", "base", 0, ratio(20), 1_000, 1_000, None)
    last = layer(
        "last",
        [term(None, "fully_self_paid", WHOLE, 100_000, 100_000)],
        [deductible(per_claim("claim", threshold, 1_000, True), 1_000)],
        flat(10, 9_900),
        [],
        reimbursable_fen=99_000,
        paid_fen=9_900,
        parts=open_parts(deductible=1_000, copay=89_100),
    )
    layers = [first_share_layer(), second_share_layer(), idle, last]
    end: Obj = {(None, "fully_self_paid"): 0, (None, "pre_self_paid"): 74_999, (None, "in_scope"): 0}
    end["first", "over_cap"] = 0
    return bill_of(four(100_000, 50_001, 149_999, 500_000), layers, end, 234_900, [])


BILLS = {
    "floor": floor_bill(),
    "fixed": fixed_bill(),
    "fees": fees_bill(),
    "fees by bands": fees_band_bill(),
    "shared": shared_bill(),
    "share": share_bill(),
}
