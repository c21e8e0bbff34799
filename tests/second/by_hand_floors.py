"""Cases by hand: floors by sums in which the layer's own deductible stands."""

from second.by_hand import Case, case, claim, history, policy

OWN = "this layer's deductible"
BEHIND = {"sum": {"of": "total cost", "less": OWN}}
CAT_1, CAT_2 = {"tier": "cat 1"}, {"tier": "cat 2"}
STAY, VISIT = {"service": "inpatient"}, {"service": "outpatient"}


@case
def several_deductibles_and_an_annual_maximum() -> Case:
    """50 % of what lies behind all deductibles, where 10 % of it would be paid.

    300 and 100: half of 600. The maximum of 500 leaves 200 of the 300, and the month is used up: half of 800. Nothing
    more is due: half of 1000. The next month: half of 900.
    """
    layer = {
        "deductible per claim": {"is": 300, "annual maximum": 500},
        "deductible per month": 100,
        "pays": "10%",
        "at least": "50% of sum",
    }
    days = ("2025-01-01", "2025-01-02", "2025-01-03", "2025-02-01")
    return Case(policy(layer, quantities=BEHIND), history(*(claim(day, 1000) for day in days)), [300, 400, 500, 450])


@case
def what_the_deductible_took_before_it_gets_anything_back() -> Case:
    """A stay of which only the last claim bears the deductible. The first: 1000 and 0, half of it 500.

    The last: 600 and 500, half of it 550; 100 lie behind the deductible, 450 come back out of it. With the 50 that stay
    there, it would be half of 650.

    Behind it, a month bears 20 of the 500 that the first leaves: 30 % of 1020 are 306. Of the last, 30 % of 600 or more
    are 180 at least, and 50 are left.
    """
    law = policy(
        {"deductible per claim": 500, "pays": "10%", "at least": "50% of sum"},
        {"deductible per month": 20, "pays": "0%", "at least": "30% of sum"},
        quantities={"sum": {"of": ["total cost", OWN]}},
        year_of_the_date_of="charge",
        amounts_per_claim_in="the later year",
    )
    days = {"admission": "2024-12-20", "discharge": "2025-01-10", "stay": "s"}
    claims = history(
        claim("2025-01-10", 1000, charge="2024-12-31", last_of_stay="no", **days),
        claim("2025-01-10", 600, charge="2025-01-10", first_of_stay="no", **days),
    )
    return Case(law, claims, [(500, 306), (550, 50)])


@case
def each_layer_has_its_own_deductible_in_the_sum() -> Case:
    """Category 1: 45 % of 2500 less 500, and 10 % of 2500 less 100. Category 2: 10 % of 1000, but at least 200.

    Where the first layer does not apply, nothing of its deductible is left over for the second.
    """
    floor = {"by": "tier", "cat 1": "45% of sum", "cat 2": {"is": "10% of sum", "least": 200}}
    law = policy(
        {"for": STAY, "deductible per claim": 500, "pays": "0%", "at least": floor},
        {
            "of": ["left of basic insurance", "in-scope cost"],
            "deductible per claim": 100,
            "pays": "0%",
            "at least": "10% of sum",
        },
        quantities=BEHIND,
        facts={"service": ["outpatient", "inpatient"], "tier": ["cat 1", "cat 2"]},
    )
    bills = ((2500, STAY | CAT_1), (1500, STAY | CAT_2), (2500, VISIT | CAT_1))
    claims = [claim("2025-01-01", cost, facts) for cost, facts in bills]
    return Case(law, history(*claims), [(900, 240), (200, 140), (0, 240)])
