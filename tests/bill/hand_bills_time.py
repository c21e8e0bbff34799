"""Bills made by hand for what stretches over claims: periods, carry-over, parts of a stay."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

BESIDE = Path(__file__).resolve().with_name("hand_bills_later.py")
SPEC = importlib.util.spec_from_file_location("hand_bills_later", BESIDE)
assert SPEC is not None and SPEC.loader is not None
LATER = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(LATER)
HAND = LATER.HAND
Obj = dict[str, Any]
answer, band, drawn, open_parts, word = HAND.answer, HAND.band, HAND.drawn, HAND.open_parts, HAND.word
per_claim, ratio, reduction = HAND.per_claim, HAND.ratio, HAND.reduction
stated, term, use = HAND.stated, HAND.term, HAND.use
flat, layer, WHOLE = LATER.flat, LATER.layer, LATER.WHOLE
DISEASE, INSTITUTION = word("disease", "病种"), word("institution", "医疗机构")
ADDITION, TAKEN_OFF, CUT = word("addition", "增加额"), word("taken off", "减少额"), word("cut", "削减额")
DIALYSIS, CLINIC = word("dialysis", "透析"), word("clinic 3", "clinic 3")
OF_DISEASE = [{"fact": DISEASE, "value": DIALYSIS}]
OF_CLINIC = [{"fact": INSTITUTION, "value": CLINIC}]


def yuan(text: str) -> Obj:
    return word(f"{text} yuan", f"{text}元")


def plus(fact: Obj, fen: int) -> Obj:
    return {"fact": fact, "fen": fen}


def carry(how: str, start: str, here: str, *periods: tuple[str, int, int]) -> Obj:
    """periods: key, earned, used."""
    listed = [{"period_key": key, "earned_fen": earned, "used_fen": used} for key, earned, used in periods]
    return {"how": how, "earned_from": "first claim", "from": start, "here": here, "periods": listed}


def of_claim(bill: Obj, policy: Obj, claim: Obj, *facts: Obj) -> Obj:
    """The bill with other dates, and more facts."""
    bill["policy"] |= policy
    bill["claim"] |= claim
    bill["claim"]["facts"] += facts
    return bill


# Money carried over

YEARS = carry("all", "2021", "2023", ("2021", 10_000, 4_000), ("2022", 20_000, 9_000), ("2023", 30_000, 1_000))
MONTHS = carry(
    "one",
    "2024-01",
    "2024-03",
    ("2024-01", 50_000, 20_000),
    ("2024-02", 45_000, 15_000),
    ("2024-03", 70_000, 10_000),
    ("2024-04", 80_000, 25_000),
)


def quota_layer() -> Obj:
    """2000.00 + 500.00 of the day, 600.00 used: 1900.00 of 3000.00 remain.

    Of months, each may use its own and the one before: January leaves 300.00, of which February takes 150.00, and the
    rest is lost; March takes 100.00 of February's 450.00, April 250.00 of March's 700.00. To March are left 350.00 of
    February and 450.00 of its own: 800.00 remain, 1100.00 are beyond.
    300.00 of the episode, 120.00 used: 180.00; 90 % of 620.00 = 558.00; the claim's cap cuts it to 400.00.
    Of years, 2021 leaves 60.00, which 2022 takes with 30.00 of its own; 2023 takes 10.00 of 170.00: 160.00 + 300.00.
    """
    day = drawn(
        "of the day", "2024-03-09", 60_000, answer(200_000), 190_000, True, per=OF_DISEASE, plus=plus(ADDITION, 50_000)
    )
    month = drawn(
        "of the month",
        "2024-03",
        10_000,
        answer(75_000),
        80_000,
        True,
        per=OF_DISEASE,
        plus=plus(TAKEN_OFF, -5_000),
        carry_over=MONTHS,
    )
    episode = drawn("of the illness", "episode illness 4", 12_000, answer(30_000), 18_000, True, period="episode")
    endless = drawn(
        "endless", "2024", 7_000, answer(), None, False, period="calendar year", plus=plus(TAKEN_OFF, -5_000)
    )
    return layer(
        "quota",
        [term(None, "in_scope", WHOLE, 300_000, 300_000)],
        [
            reduction("limit", day, 110_000),
            reduction("limit", month, 110_000),
            reduction("deductible", episode, 18_000),
        ],
        flat(90, 55_800),
        [
            per_claim("claim", answer(40_000), 40_000, True),
            drawn("of the year", "2023", 1_000, answer(30_000), 46_000, False, carry_over=YEARS),
            endless,
            drawn("of a life", "lifetime", 100_000, answer(500_000), 400_000, False, per=OF_CLINIC),
        ],
        reimbursable_fen=62_000,
        paid_fen=40_000,
        parts=open_parts(beyond_limit=220_000, deductible=18_000, over_cap=15_800, copay=6_200),
    )


def carried_bill() -> Obj:
    """The second layer finds 460.00 less the 400.00 of the first: 60.00. The third's quarter lies before the enrolment:
    150.00 less 20.00. The fourth's cap is 50.00 less 60.00, but not below 0.
    """
    quota = quota_layer()
    second = layer(
        "second",
        [term("quota", "over_cap", WHOLE, 15_800, 15_800), term(None, "pre_self_paid", WHOLE, 120_000, 120_000)],
        [],
        flat(50, 67_900),
        [drawn("of the year", "2023", 41_000, answer(30_000), 6_000, True, carry_over=YEARS)],
        reimbursable_fen=135_800,
        paid_fen=6_000,
        parts=open_parts(over_cap=61_900, copay=67_900),
    )
    quarters = carry("one", "2024-Q2", "2024-Q1", ("2024-Q1", 15_000, 2_000))
    alone = layer(
        "alone",
        [term("quota", "copay", WHOLE, 6_200, 6_200), term("quota", "deductible", WHOLE, 18_000, 18_000)],
        [],
        flat(100, 24_200),
        [drawn("of the quarter", "2024-Q1", 2_000, answer(15_000), 13_000, True, carry_over=quarters)],
        reimbursable_fen=24_200,
        paid_fen=13_000,
        parts=open_parts(over_cap=11_200),
    )
    nothing = layer(
        "nothing",
        [term(None, "fully_self_paid", WHOLE, 1_100, 1_100)],
        [],
        flat(100, 1_100),
        [per_claim("claim", answer(5_000), 0, True, plus=plus(CUT, -6_000))],
        reimbursable_fen=1_100,
        paid_fen=0,
        parts=open_parts(over_cap=1_100),
    )
    end: Obj = {(None, "fully_self_paid"): 0, (None, "pre_self_paid"): 0, (None, "in_scope"): 0}
    end |= {("quota", part): 0 for part in ("over_cap", "copay", "deductible")}
    day, month, episode = quota["reductions"]
    uses = [use(day, 190_000), use(month, 80_000), use(episode, 18_000), use(quota["caps"][1], 46_000)]
    uses += [use(quota["caps"][2], 40_000), use(quota["caps"][3], 40_000), use(alone["caps"][0], 13_000)]
    layers = [quota, second, alone, nothing]
    bill = LATER.bill_of(LATER.four(1_100, 22, 120_000, 300_000), layers, end, 59_000, uses)
    dates = {"admission": "2024-02-27", "discharge": "2024-03-09", "settlement": "2024-05-02", "charge": "2024-07-01"}
    return of_claim(
        bill,
        {"year_date": "admission", "period_date": "discharge"},
        {**dates, "enrolment": "2024-04-10", "episode": "illness 4"},
        stated(DISEASE, DIALYSIS),
        stated(INSTITUTION, CLINIC),
        stated(ADDITION, yuan("500")),
        stated(TAKEN_OFF, yuan("-50.00")),
        stated(CUT, yuan("-60")),
    )


# A stay in two parts, whose deductibles and fixed payments belong to the later

ITEMS, NIGHTS = word("item group", "项目类别"), word("nights", "夜数")
OF_BOTH = [{"fact": ITEMS, "value": word("drugs", "药品")}, *OF_CLINIC]
STAY = {"period": "claim"}
CHARGED = {"year_date": "charge", "period_date": "settlement"}
POINTS = answer(rate=ratio(3, 200))


def of_stay(group: str, before: int, amount: Obj, left: int, bound: bool, **rest: Any) -> Obj:
    return drawn(group, "stay S7", before, amount, left, bound, period="claim", **rest)


def gift(amount: int, before: int, here: bool, fen: int) -> Obj:
    place = {"group": "gift", "period_key": "stay S7", "used_before_fen": before, "belongs_here": here}
    return {**LATER.fixed(answer(amount), word("claim", "每次结算"), 1, fen), **place}


def earlier_layer() -> Obj:
    """3000.00 of the stay, 400.00 used: 2600.00 remain; no deductible here, though 800.00 of the year are left.

    1000.00 x 50 % + 1600.00 x (60 % + 1.5 %) = 1484.00; 1500.00 of the stay less 300.00 are paid, that is the cost of
    1000.00 + 700.00 / 61.5 % = 2138.2113... -> 2138.21.
    """
    maximum = {"amount": answer(100_000), "left_fen": 80_000}
    counted = {"group": "of the year", "period_key": "2023", "per": [], "used_before_fen": 20_000}
    above = answer(rate=ratio(60), points=[POINTS], final=ratio(123, 200))
    bands = LATER.by_bands("from the threshold", None, 0, 0, [band(0, 100_000, 50, 100_000)], 148_400)
    bands["bands"].append({**band(100_000, None, 0, 160_000), "rate": above})
    deductible = of_stay("threshold", 0, answer(50_000), 0, False, belongs_here=False)
    return layer(
        "earlier",
        [term(None, "in_scope", WHOLE, 500_000, 500_000)],
        [
            reduction("limit", of_stay("all", 40_000, answer(300_000), 260_000, True), 240_000),
            reduction("deductible", deductible, 0, maximum, counted),
        ],
        bands,
        [
            of_stay("cap", 30_000, answer(150_000), 120_000, True),
            drawn("caps", "2023", 100_000, answer(1_000_000), 900_000, False, per=OF_BOTH),
        ],
        reimbursable_fen=260_000,
        paid_fen=120_000,
        over_cap_counted_in="fees",
        parts=open_parts(beyond_limit=240_000, over_cap=46_179, copay=93_821),
    )


def earlier_bill() -> Obj:
    """Of the limit, 500.00 are left to the gift, which belongs to the later part. 10.00 a night: 120.00, 50.00 left."""
    earlier = earlier_layer()
    limit = of_stay("all", 300_000, answer(350_000), 50_000, True)
    gifts = layer(
        "gifts",
        [term("earlier", "copay", WHOLE, 93_821, 93_821), term(None, "pre_self_paid", WHOLE, 100_000, 100_000)],
        [reduction("limit", limit, 143_821)],
        gift(60_000, 0, False, 0),
        [],
        reimbursable_fen=50_000,
        paid_fen=0,
        parts=open_parts(beyond_limit=143_821, copay=50_000),
    )
    episode = drawn("of the illness", "episode illness 7", 15_000, answer(20_000), 5_000, True, period="episode")
    days = layer(
        "days",
        [term(None, "over_limit", WHOLE, 80_000, 80_000)],
        [],
        LATER.fixed(answer(1_000), NIGHTS, 12, 12_000),
        [episode],
        reimbursable_fen=80_000,
        paid_fen=5_000,
        parts=open_parts(over_cap=7_000, copay=68_000),
    )
    limit, deductible = earlier["reductions"]
    uses = [use(limit, 260_000 + 50_000), use(deductible, 0), use({**deductible["counted"], "period": "year"}, 0)]
    uses += [use(earlier["caps"][0], 120_000), use(earlier["caps"][1], 120_000)]
    uses += [use({**gifts["reimbursement"], "period": "claim"}, 0), use(episode, 5_000)]
    end: Obj = {(None, "in_scope"): 0, (None, "pre_self_paid"): 0, (None, "over_limit"): 0, ("earlier", "copay"): 0}
    four = LATER.four(5, 80_000, 100_000, 500_000)
    bill = LATER.bill_of(four, [earlier, gifts, days], end, 125_000, uses)
    facts = [stated(item["fact"], item["value"]) for item in OF_BOTH] + [stated(NIGHTS, word("12"))]
    place = {"stay": "S7", "episode": "illness 7", "last_of_stay": False, "charge": "2023-12-31"}
    return of_claim(bill, CHARGED, place, *facts)


def later_bill() -> Obj:
    """500.00 of the stay, 300.00 used; 600.00 for the stay, 250.00 used: 350.00, lifted to 400.00. The day of discharge
    stands for that of the charge.
    """
    threshold = of_stay("threshold", 30_000, answer(50_000), 20_000, True)
    later = layer(
        "later",
        [term(None, "in_scope", WHOLE, 200_000, 200_000)],
        [reduction("deductible", threshold, 20_000)],
        gift(60_000, 25_000, True, 35_000),
        [drawn("caps", "2024", 0, answer(40_000), 40_000, False)],
        reimbursable_fen=180_000,
        paid_fen=40_000,
        parts=open_parts(deductible=20_000, copay=140_000),
        floor=LATER.floored(40_000, 40_000, True, 0),
    )
    uses = [use(threshold, 20_000), use({**later["reimbursement"], "period": "claim"}, 35_000)]
    uses.append(use(later["caps"][0], 40_000))
    bill = LATER.bill_of(LATER.four(0, 0, 0, 200_000), [later], {(None, "in_scope"): 0}, 40_000, uses)
    return of_claim(bill, CHARGED, {"stay": "S7", "first_of_stay": False})


BILLS = {"carried": carried_bill(), "earlier part": earlier_bill(), "later part": later_bill()}
