"""Cases by hand: what layers make of gathered money; quantities as sums, derived facts, uses, carry-over."""

from typing import Any

from second.by_hand import Case, case, claim, history
from second.by_hand_gathering import (
    BASIC,
    CRITICAL,
    FOR_MONTHS,
    FOR_YEAR,
    HALF,
    STAY,
    VISIT,
    YEAR,
    applied,
    gathering,
    of_months,
    of_year,
    refund,
    stay,
)
from second.random_values import BASIS

BY_ORDER = {"by": "which one", "first one": "10%", "later one": "50%"}
BY_HEIGHT = {"by": "height", "small": "10%", "large": "50%"}


def derived(name: str, of: str, edge: Any, low: str, high: str, **more: Any) -> dict[str, Any]:
    keys = {key.replace("_", " "): value for key, value in more.items()}
    return {name: {"of": of, **keys, "values": [{"below": edge, "is": low}, {"otherwise": high}], "basis": BASIS}}


def with_beforehand(day: str, cost: int, beforehand: int) -> dict[str, Any]:
    money = {"in-scope cost": cost * 100, "pre-self-paid cost": beforehand * 100}
    return stay(day, 0, money={"total cost": (cost + beforehand) * 100, **money})


# Quantities ---------------------------------------------------------------------------------------------------


@case
def the_share_of_a_quantity_is_taken_of_the_sum() -> Case:
    """10 % of 0.05 + 0.05 is 0.01; of each by itself it would be 0.01 twice. Open: 0.03 + 0.03, rates being half up."""
    law = gathering(HALF | {"pays": "30%"}, FOR_YEAR | {"deductible per claim": "10% of in-scope cost"})
    claims = [stay("2024-05-01", 0.05), stay("2024-05-02", 0.05), refund("2025-01-01")]
    return Case(law, history(*claims), [(0.02, 0), (0.02, 0), (0, 0.05)])


@case
def quantities_of_layers_as_they_stood() -> Case:
    """Basic insurance looked at 100 and 300, deducted 20 twice, paid 40 and 140, left 40 and 140.

    The supplement takes the 180 of copay. A cap of 10 % of the bases: 40. Then one of half of the deductibles: 20.
    """
    law = gathering(
        HALF | {"deductible per claim": 20},
        FOR_YEAR
        | {
            "of": f"{BASIC}'s copay",
            "pays": "50%",
            "at most per claim": f"10% of {BASIC}'s base",
            "at most per year": f"50% of {BASIC}'s deductible",
        },
    )
    claims = [stay("2024-05-01", 100), stay("2024-06-01", 300), refund("2025-01-01")]
    return Case(law, history(*claims), [(40, 0), (140, 0), (0, 20)])


@case
def a_quantity_stands_though_later_layers_took_of_it() -> Case:
    """Basic insurance left 50, all of which critical illness insurance took; the floor is 40 % of those 50: 20."""
    law = gathering(
        HALF,
        {"for": STAY, "pays": "0%"},
        FOR_YEAR | {"of": f"left of {CRITICAL}", "pays": "10%", "at least": f"40% of {BASIC}'s copay"},
    )
    return Case(law, history(stay("2024-05-01", 100), refund("2025-01-01")), [(50, 0, 0), (0, 0, 20)])


@case
def total_cost_is_that_of_the_gathered_claims() -> Case:
    """10 % of 130 + 100 in total; the visit, of a service that nobody gathers, is not in it."""
    law = gathering(
        {"for": {"service": ["inpatient", "outpatient"]}, "pays": "0%"},
        FOR_YEAR | {"of": f"{BASIC}'s copay", "at most per claim": "10% of total cost"},
        services=of_year(service="inpatient"),
    )
    claims = [with_beforehand("2024-05-01", 100, 30), stay("2024-06-01", 100), claim("2024-07-01", 1000, VISIT)]
    return Case(law, history(*claims, refund("2025-01-01")), [(0, 0), (0, 0), (0, 0), (0, 23)])


@case
def a_sum_is_the_sum_of_its_values() -> Case:
    """In scope less pre-self-paid: 0 of the first stay (100 - 300), 400 of the second: 400, not 200. A cap of half."""
    law = gathering(
        HALF | {"pays": "0%"},
        FOR_YEAR | {"of": "pre-self-paid cost", "at most per claim": "50% of sum"},
        quantities={"sum": {"of": "in-scope cost", "less": "pre-self-paid cost"}},
    )
    claims = [with_beforehand("2024-05-01", 100, 300), with_beforehand("2024-06-01", 500, 100), refund("2025-01-01")]
    return Case(law, history(*claims), [(0, 0), (0, 0), (0, 200)])


@case
def a_sum_with_what_a_gathering_layer_paid() -> Case:
    """150 in scope and the 30 that the first supplement pays of the 75: a floor of 20 % of 180 for the second, 36."""
    law = gathering(
        HALF,
        FOR_YEAR | {"pays": "40%"},
        FOR_YEAR | {"pays": "10%", "at least": "20% of sum"},
        quantities={"sum": {"of": ["in-scope cost", f"{CRITICAL}'s paid"]}},
    )
    claims = [stay("2024-05-01", 100), stay("2024-06-01", 50), refund("2025-01-01")]
    return Case(law, history(*claims), [(50, 0, 0), (25, 0, 0), (0, 30, 36)])


@case
def a_sum_with_what_a_layer_of_another_service_took() -> Case:
    """The layer for applications does not run on a supplement, and took 0: 20 % of 0 and the 100 in scope are 20."""
    law = gathering(
        HALF,
        FOR_MONTHS | {"of": "pre-self-paid cost", "deductible per claim": 5},
        FOR_YEAR | {"of": f"{BASIC}'s copay", "at most per claim": "20% of sum"},
        services=of_year() | of_months(12),
        quantities={"sum": {"of": [f"{CRITICAL}'s deductible", "in-scope cost"]}},
    )
    return Case(law, history(stay("2024-05-01", 100), refund("2025-01-01")), [(50, 0, 0), (0, 0, 20)])


@case
def a_floor_behind_the_own_deductible() -> Case:
    """Of 75 gathered 15 are deducted. 40 % of the 150 in scope less 15 are 54, more than 10 % of 60."""
    law = gathering(
        HALF,
        FOR_YEAR | {"deductible per claim": 15, "pays": "10%", "at least": "40% of sum"},
        quantities={"sum": {"of": "in-scope cost", "less": "this layer's deductible"}},
    )
    claims = [stay("2024-05-01", 100), stay("2024-06-01", 50), refund("2025-01-01")]
    return Case(law, history(*claims), [(50, 0), (25, 0), (0, 54)])


@case
def more_than_the_largest_amount_is_not_gathered() -> Case:
    """A billion yuan is the most: 700 million in scope, twice, are too much for the supplement, which names them.

    The application gathers the 500 million of copay.
    """
    law = gathering(
        HALF | {"deductible per claim": 200_000_000},
        FOR_YEAR | {"of": "pre-self-paid cost", "at most per claim": "10% of in-scope cost"},
        FOR_MONTHS | {"of": f"{BASIC}'s copay"},
        services=of_year() | of_months(12),
    )
    claims = [stay("2024-05-01", 700_000_000), stay("2024-05-02", 700_000_000), refund("2025-01-01")]
    expected = [(250_000_000, 0, 0), (250_000_000, 0, 0), "gathered", (0, 0, 500_000_000)]
    return Case(law, history(*claims, applied("2025-01-01")), expected)


@case
def the_base_is_the_own_one() -> Case:
    """20 % of the 75 that the supplement looks at are borne: 60."""
    law = gathering(HALF, FOR_YEAR | {"deductible per claim": "20% of this layer's base"})
    claims = [stay("2024-05-01", 100), stay("2024-06-01", 50), refund("2025-01-01")]
    return Case(law, history(*claims), [(50, 0), (25, 0), (0, 60)])


@case
def what_came_late_brings_its_own_quantities() -> Case:
    """10 % of the 100 of the first stay, 10 % of the 1,000 of the second: not of both together again."""
    law = gathering(HALF, FOR_YEAR | {"deductible per claim": "10% of in-scope cost"}, year_of_the_date_of="discharge")
    late = {"admission": "2024-12-01", "discharge": "2024-12-01"}
    claims = [stay("2024-05-01", 100), refund("2025-01-01"), stay("2025-01-02", 1000, **late), refund("2025-01-03")]
    return Case(law, history(*claims), [(50, 0), (0, 40), (500, 0), (0, 400)])


# Derived facts ------------------------------------------------------------------------------------------------


@case
def a_derived_fact_does_not_decide_whether_it_gathers() -> Case:
    """The layer is for those who bear 100 or more. The 50 of 2024 are gathered, though it does not apply.

    They are gone: the next supplement bears 0. The one of 2026 finds 100 of 2025.
    """
    law = gathering(
        HALF,
        {"for": {"service": YEAR, "height": "large"}},
        derived_facts=derived("height", f"left of {BASIC}", 100, "small", "large"),
    )
    claims = [stay("2024-05-01", 100), refund("2025-01-01"), refund("2025-01-02")]
    claims += [stay("2025-05-01", 200), refund("2026-01-01")]
    return Case(law, history(*claims), [(50, 0), (0, 0), (0, 0), (100, 0), (0, 100)])


@case
def a_derived_fact_of_what_is_gathered() -> Case:
    """Two stays of 60 are 120, not below 100: half of the 60 that are open. One is small: 10 % of 30."""
    law = gathering(
        HALF, FOR_YEAR | {"pays": BY_HEIGHT}, derived_facts=derived("height", "in-scope cost", 100, "small", "large")
    )
    claims = [stay("2023-05-01", 60), refund("2024-01-01"), stay("2024-05-01", 60), stay("2024-06-01", 60)]
    return Case(law, history(*claims, refund("2025-01-01")), [(30, 0), (0, 3), (30, 0), (30, 0), (0, 30)])


@case
def an_edge_that_is_a_share_of_what_is_gathered() -> Case:
    """Left of basic insurance: 50 + 50, below 60 % of the 200 in scope: the layer does not apply.

    Of 100 at 30 %, 70 are left: it does.
    """
    law = gathering(
        HALF | {"pays": {"by": "grade", "primary": "50%", "tertiary": "30%"}},
        {"for": {"service": YEAR, "height": "large"}},
        facts={"grade": ["primary", "tertiary"]},
        derived_facts=derived("height", f"left of {BASIC}", "60% of in-scope cost", "small", "large"),
    )
    low, high = {"grade": "primary"}, {"grade": "tertiary"}
    claims = [stay("2023-05-01", 100, low), stay("2023-06-01", 100, low), refund("2024-01-01")]
    claims += [stay("2024-05-01", 100, high), refund("2025-01-01")]
    return Case(law, history(*claims), [(50, 0), (50, 0), (0, 0), (30, 0), (0, 70)])


@case
def a_gathering_claim_is_an_earlier_claim() -> Case:
    """The stay after it is the third; the second supplement is the fifth."""
    law = gathering(
        {"for": STAY, "pays": BY_ORDER},
        FOR_YEAR | {"pays": BY_ORDER},
        derived_facts=derived("which one", "earlier claims", 2, "first one", "later one"),
    )
    claims = [stay("2024-05-01", 100), refund("2024-05-02"), stay("2024-05-03", 100), refund("2025-01-01")]
    return Case(law, history(*claims), [(10, 0), (0, 0), (50, 0), (0, 70)])


@case
def basic_insurance_pays_nothing_on_a_gathering_claim() -> Case:
    """It has paid on the gathered claims, but not on the supplement of 2025, which so does not count in that year."""
    law = gathering(
        {"for": STAY, "pays": BY_ORDER},
        FOR_YEAR | {"of": f"left of {BASIC}"},
        derived_facts=derived("which one", "earlier claims", 1, "first one", "later one", over="a year", paid_by=BASIC),
    )
    claims = [stay("2024-05-01", 100), stay("2024-06-01", 100), refund("2025-01-01"), stay("2025-02-01", 100)]
    return Case(law, history(*claims), [(10, 0), (50, 0), (0, 140), (10, 0)])


# Uses ---------------------------------------------------------------------------------------------------------


@case
def caps_and_deductibles_over_a_year() -> Case:
    """A deductible of 60 and a cap of 100 a year: of 50 nothing, of 100 90, of 300 the 10 that are left of the cap."""
    law = gathering(
        HALF,
        FOR_MONTHS | {"deductible per year": 60, "at most per year": 100},
        services=of_months(12),
    )
    claims = [stay("2025-01-01", 100), applied("2025-01-02"), stay("2025-02-01", 200), applied("2025-02-02")]
    claims += [stay("2025-03-01", 600), applied("2025-03-02")]
    return Case(law, history(*claims), [(50, 0), (0, 0), (100, 0), (0, 90), (300, 0), (0, 10)])


@case
def bands_of_its_own() -> Case:
    """Up to 100 half, above 80 %: 50 + 40 of 150; the next application of the year stands at 150."""
    made = {
        "counted": "from the threshold",
        "over": "a year",
        "bands": [{"up to": 100, "pays": "50%"}, {"above": "80%"}],
    }
    law = gathering(HALF, FOR_MONTHS | {"pays in bands": made}, services=of_months(3))
    claims = [stay("2025-01-01", 300), applied("2025-01-02"), stay("2025-02-01", 200), applied("2025-02-02")]
    return Case(law, history(*claims), [(150, 0), (0, 90), (100, 0), (0, 80)])


@case
def a_cap_and_a_position_shared_with_layers_of_stays() -> Case:
    """The stay moves the bands to 100 and uses 50 of the 100 that all share: 80 % of the 50 left are 40; then 10 are

    left, and the position is 150.
    """
    made = {
        "pays in bands": {
            "counted": "from the threshold",
            "over": "a lifetime",
            "group": "pool",
            "bands": [{"up to": 100, "pays": "50%"}, {"above": "80%"}],
        },
        "at most per lifetime": {"is": 100, "group": "pool"},
    }
    law = gathering({"for": STAY} | made, FOR_MONTHS | made, services=of_months(12))
    claims = [stay("2025-01-01", 100), applied("2025-01-02"), stay("2025-02-01", 100)]
    return Case(law, history(*claims), [(50, 0), (0, 40), (10, 0)])


@case
def a_limit_and_pre_pay_on_gathered_money() -> Case:
    """Of 150 open a limit lets through 100, of which 10 % are borne first, then 40: 50 x 80 %."""
    law = gathering(
        HALF,
        FOR_YEAR | {"limit per claim": 100, "pre-pay": "10%", "deductible per claim": 40, "pays": "80%"},
    )
    claims = [stay("2024-05-01", 100), stay("2024-06-01", 200), refund("2025-01-01")]
    return Case(law, history(*claims), [(50, 0), (100, 0), (0, 40)])


@case
def a_fixed_amount_for_each_gathering_claim() -> Case:
    """30 for each, as far as there is cost."""
    law = gathering(HALF, FOR_MONTHS | {"pays fixed": 30}, services=of_months(12))
    claims = [stay("2025-01-01", 100), applied("2025-01-02"), stay("2025-02-01", 40), applied("2025-02-02")]
    return Case(law, history(*claims), [(50, 0), (0, 30), (20, 0), (0, 20)])


@case
def earning_starts_with_a_gathering_claim() -> Case:
    """2024, of which only a supplement was settled, has earned 60 too, since that was the first claim."""
    law = gathering(HALF | {"pays": "100%", "at most per year": {"is": 60, "carry over": "all"}}, FOR_YEAR)
    return Case(law, history(refund("2024-05-01"), stay("2025-05-01", 500)), [(0, 0), (120, 0)])


@case
def a_gap_and_a_refusal_on_gathering_claims() -> Case:
    """Cat 1 gets it, of cat 2 nobody knows, and to cat 3 the policy gives no supplement: it stays with the stay."""
    refused = {"not allowed": {"zh": "不予补助", "en": "no supplement"}}
    law = gathering(
        HALF,
        FOR_YEAR | {"pays": {"by": "grade", "primary": "100%", "secondary": "not known", "tertiary": refused}},
        facts={"grade": ["primary", "secondary", "tertiary"]},
    )
    claims = [stay("2024-05-01", 20)]
    claims += [refund("2025-01-01", {"grade": grade}) for grade in ("tertiary", "secondary", "primary")]
    return Case(law, history(*claims), [(10, 0), "refused", "gap", (0, 10)])


@case
def the_facts_of_all_layers_conditions_are_needed() -> Case:
    """The layer for stays asks the age in `for`: the supplement must state it, too; and a stay must state the tier."""
    law = gathering(
        {"for": STAY | {"age": "18 and over"}, "pays": "50%"},
        {"for": {"service": YEAR, "tier": "cat 1"}},
        facts={"age": "0 to 130", "tier": ["cat 1", "cat 2"]},
    )
    both = {"age": 40, "tier": "cat 1"}
    claims = [stay("2024-05-01", 20, {"age": 40}), stay("2024-05-01", 20, both)]
    claims += [refund("2025-01-01", {"tier": "cat 1"}), refund("2025-01-01", both)]
    return Case(law, history(*claims), ["fact", (10, 0), "fact", (0, 10)])
