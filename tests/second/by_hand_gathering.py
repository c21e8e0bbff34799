"""Cases by hand: claims that gather what is still open of those settled before."""

from typing import Any

from second.by_hand import Case, case, claim, history, policy
from second.by_hand_parts import SUB_PARTS, of_classes
from second.random_values import BASIS

YEAR, MONTHS = "year-end supplement", "assistance on application"
STAY, VISIT = {"service": "inpatient"}, {"service": "outpatient"}
FOR_YEAR, FOR_MONTHS = {"for": {"service": YEAR}}, {"for": {"service": MONTHS}}
SERVICES = {"service": ["inpatient", "outpatient", YEAR, MONTHS]}
BASIC, CRITICAL = "basic insurance", "critical illness insurance"
HALF = {"for": STAY, "pays": "50%"}


def of_year(**where: Any) -> dict[str, Any]:
    return {YEAR: {"of": "the year before", **({"where": where} if where else {}), "basis": BASIS}}


def of_months(count: int) -> dict[str, Any]:
    return {MONTHS: {"of": f"the {count} months before", "basis": BASIS}}


def gathering(
    *layers: dict[str, Any], services: dict[str, Any] | None = None, facts: Any = None, **more: Any
) -> dict[str, Any]:
    return policy(*layers, facts=SERVICES | (facts or {}), gathering_claims=services or of_year(), **more)


def stay(day: str, cost: float, facts: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return claim(day, cost, STAY | (facts or {}), **more)


def refund(day: str, facts: dict[str, Any] | None = None, service: str = YEAR, **more: Any) -> dict[str, Any]:
    return claim(day, 0, {"service": service} | (facts or {}), **more)


def applied(day: str, **more: Any) -> dict[str, Any]:
    return refund(day, service=MONTHS, **more)


# What is gathered, and when -----------------------------------------------------------------------------------


@case
def a_year_end_supplement() -> Case:
    """Of 20,000 and 10,000 in scope 4,000 and 3,000 are open. 10 % of the 30,000 is borne: 7,000 - 3,000 = 4,000.

    A second one finds nothing: 10 % of nothing is borne, nothing is paid.
    """
    law = gathering(
        HALF | {"pays": {"by": "grade", "secondary": "80%", "tertiary": "70%"}},
        FOR_YEAR | {"deductible per claim": "10% of in-scope cost"},
        facts={"grade": ["secondary", "tertiary"]},
    )
    claims = history(
        stay("2023-03-01", 20_000, {"grade": "secondary"}),
        stay("2023-10-01", 10_000, {"grade": "tertiary"}),
        refund("2024-01-15"),
        refund("2024-01-16"),
    )
    return Case(law, claims, [(16_000, 0), (7_000, 0), (0, 4_000), (0, 0)])


@case
def the_benefit_year_before() -> Case:
    """Half of what is not paid of the year before: of 1 January and 31 December 2024, not of 2023, nor of 2025."""
    law = gathering(HALF, FOR_YEAR)
    days = ("2023-12-31", "2024-01-01", "2024-12-31", "2025-01-01")
    claims = [stay(day, 2 * 10**n) for n, day in enumerate(days)]
    return Case(law, history(*claims, refund("2025-01-02")), [(1, 0), (10, 0), (100, 0), (1000, 0), (0, 110)])


@case
def a_year_that_starts_in_september() -> Case:
    """The supplement of 31 August 2025 lies in 2024: it gathers up to 31 August 2024; the next day, from there on."""
    law = gathering(HALF, FOR_YEAR, benefit_year_from={"is": "09-01", "basis": BASIS})
    claims = [stay("2024-08-31", 2), stay("2024-09-01", 20), refund("2025-08-31"), refund("2025-09-01")]
    return Case(law, history(*claims), [(1, 0), (10, 0), (0, 1), (0, 10)])


@case
def a_claim_that_comes_late_is_gathered_later() -> Case:
    """The first supplement finds 10. A stay of 2024 settled after it is there for the second: 100, and no more."""
    law = gathering(HALF, FOR_YEAR, year_of_the_date_of="discharge")
    late = {"admission": "2024-12-01", "discharge": "2024-12-31"}
    claims = [stay("2024-05-01", 20), refund("2025-01-10"), stay("2025-01-11", 200, **late), refund("2025-01-12")]
    return Case(law, history(*claims), [(10, 0), (0, 10), (100, 0), (0, 100)])


@case
def the_twelve_months_before() -> Case:
    """Discharged on 15 March 2024: gathered on 15 March 2025; on 14 March: not. On the day itself: gathered.

    Discharged after the application was, though settled before it is: not.
    """
    law = gathering(HALF, FOR_MONTHS, services=of_months(12))
    days = ("2024-03-14", "2024-03-15", "2025-03-15", "2025-03-16")
    claims = [stay(day, 2 * 10**n) for n, day in enumerate(days)]
    found = applied("2025-03-20", admission="2025-03-15", discharge="2025-03-15")
    return Case(law, history(*claims, found), [(1, 0), (10, 0), (100, 0), (1000, 0), (0, 110)])


@case
def twelve_months_before_29_february() -> Case:
    """2023 has no such day: from 1 March on."""
    law = gathering(HALF, FOR_MONTHS, services=of_months(12))
    claims = [stay("2023-02-28", 2), stay("2023-03-01", 20), applied("2024-02-29")]
    return Case(law, history(*claims), [(1, 0), (10, 0), (0, 10)])


@case
def twelve_months_after_29_february() -> Case:
    """28 February 2025 looks back to 28 February 2024; 1 March 2025 to 1 March 2024: 29 February lies before."""
    law = gathering(HALF, FOR_MONTHS, services=of_months(12))
    claims = [stay("2024-02-28", 2), stay("2024-02-29", 20), stay("2024-03-01", 200), applied("2025-03-01")]
    return Case(
        law,
        history(*claims, applied("2025-03-02", admission="2025-02-28", discharge="2025-02-28")),
        [(1, 0), (10, 0), (100, 0), (0, 100), (0, 11)],
    )


@case
def some_months_before_the_end_of_a_month() -> Case:
    """One month before 31 March: February has no 31st, nor a 30th or a 29th: from 1 March on. Before 29 March 2024: the

    29th is there.
    """
    law = gathering(HALF, FOR_MONTHS, services=of_months(1))
    claims = [stay("2024-02-28", 2), stay("2024-02-29", 20), applied("2024-03-29")]
    claims += [stay("2025-02-28", 200), stay("2025-03-01", 2000), applied("2025-03-31")]
    return Case(law, history(*claims), [(1, 0), (10, 0), (0, 10), (100, 0), (1000, 0), (0, 1000)])


@case
def some_months_over_the_turn_of_the_year() -> Case:
    """Five months before 30 January: 30 August; 31 January: 31 August."""
    law = gathering(HALF, FOR_MONTHS, services=of_months(5))
    late = applied("2025-01-31", admission="2025-01-30", discharge="2025-01-30")
    claims = [stay("2024-08-29", 2), stay("2024-08-30", 20), applied("2025-01-31"), late]
    return Case(law, history(*claims), [(1, 0), (10, 0), (0, 0), (0, 10)])


@case
def settled_before() -> Case:
    """In the order of settlement: the stay discharged in May is settled after the application of June."""
    law = gathering(HALF, FOR_MONTHS, services=of_months(12))
    claims = [applied("2025-06-01"), stay("2025-06-02", 20, admission="2025-05-01", discharge="2025-05-02")]
    return Case(law, history(*claims, applied("2025-06-03")), [(0, 0), (10, 0), (0, 10)])


@case
def only_some_claims() -> Case:
    """Stays of tertiary hospitals; one that does not say its grade is not, nor is a visit."""
    either = {"for": {"service": ["inpatient", "outpatient"]}, "pays": "50%"}
    law = gathering(
        either,
        FOR_YEAR,
        services=of_year(service="inpatient", grade=["tertiary", "secondary"]),
        facts={"grade": ["primary", "secondary", "tertiary"]},
    )
    facts = [{"grade": "tertiary"}, {"grade": "primary"}, {}, {"grade": "secondary"}, VISIT | {"grade": "tertiary"}]
    claims = [stay("2024-05-01", 2 * 10**n, more) for n, more in enumerate(facts)]
    claims.append(refund("2025-01-10", {"grade": "primary"}))
    return Case(law, history(*claims), [*((10**n, 0) for n in range(5)), (0, 1001)])


@case
def the_number_of_the_admission_of_a_gathered_claim() -> Case:
    """From the second stay on; the number is that of each stay, not of the supplement."""
    law = gathering(
        HALF,
        FOR_YEAR,
        services=of_year(**{"admission number": "2 and over"}),
        facts={"admission number": "0 to 99"},
    )
    claims = [stay("2024-05-01", 2), stay("2024-06-01", 20), stay("2024-07-01", 200), refund("2025-01-10")]
    return Case(law, history(*claims), [(1, 0), (10, 0), (100, 0), (0, 110)])


@case
def with_a_cost_of_its_own_it_is_not_settled() -> Case:
    """Nor has it gathered anything then."""
    law = gathering(HALF, FOR_YEAR)
    claims = [stay("2024-05-01", 20), claim("2025-01-01", 0.01, {"service": YEAR}), refund("2025-01-01")]
    return Case(law, history(*claims), [(10, 0), "gathering money", (0, 10)])


@case
def a_claim_that_fails_gathers_nothing() -> Case:
    """The first supplement does not say its tier, which the deductible needs."""
    law = gathering(
        HALF,
        FOR_YEAR | {"deductible per claim": {"by": "tier", "cat 1": 1, "cat 2": 2}},
        facts={"tier": ["cat 1", "cat 2"]},
    )
    claims = [stay("2024-05-01", 20), refund("2025-01-01"), refund("2025-01-01", {"tier": "cat 2"})]
    return Case(law, history(*claims), [(10, 0), "fact", (0, 8)])


# Parts --------------------------------------------------------------------------------------------------------


@case
def what_is_still_there_when_the_claim_was_settled() -> Case:
    """Of 100 basic insurance leaves 50, of which critical illness insurance takes 40 %, and pays half: 10, of 20.

    Left of the two: 30 and 10. The supplement pays 30, since it looks at basic insurance alone.
    """
    law = gathering(
        HALF,
        {"for": STAY, "of": {"take": f"{BASIC}'s copay", "share": "40%"}, "pays": "50%"},
        FOR_YEAR | {"of": f"left of {BASIC}"},
    )
    return Case(law, history(stay("2024-05-01", 100), refund("2025-01-01")), [(50, 10, 0), (0, 0, 30)])


@case
def several_parts_some_with_a_share() -> Case:
    """Deductible 20 + 20, 10 % of the copay of 40 + 90, and of 31 pre-self-paid all: 40 + 13 + 31."""
    terms = [f"{BASIC}'s deductible", {"take": f"{BASIC}'s copay", "share": "10%"}, "pre-self-paid cost"]
    law = gathering(HALF | {"deductible per claim": 20}, FOR_YEAR | {"of": terms})
    money = {"total cost": 13_100, "in-scope cost": 10_000, "pre-self-paid cost": 3_100}
    claims = [stay("2024-05-01", 100, money=money), stay("2024-06-01", 200), refund("2025-01-01")]
    return Case(law, history(*claims), [(40, 0), (90, 0), (0, 84)])


@case
def a_share_of_what_is_gathered_is_rounded_once() -> Case:
    """Half of 0.01 + 0.01 is 0.01; rounded for each stay it would be 0.02."""
    law = gathering({"for": STAY, "pays": "0%"}, FOR_YEAR | {"of": {"take": f"{BASIC}'s copay", "share": "50%"}})
    claims = [stay("2024-05-01", 0.01), stay("2024-05-02", 0.01), refund("2025-01-01")]
    return Case(law, history(*claims), [(0, 0), (0, 0), (0, 0.01)])


@case
def what_a_layer_does_not_take_is_not_there_again() -> Case:
    """The supplement looks at 40 % of the copay of 50: 20. The next one finds nothing of the 30 others."""
    law = gathering(HALF, FOR_YEAR | {"of": {"take": f"{BASIC}'s copay", "share": "40%"}})
    claims = [stay("2024-05-01", 100), refund("2025-01-01"), refund("2025-01-02")]
    return Case(law, history(*claims), [(50, 0), (0, 20), (0, 0)])


@case
def nothing_is_gathered_where_no_layer_applies() -> Case:
    """The layer is for the destitute: the supplement of an ordinary person takes nothing, so the next one finds 50."""
    law = gathering(
        HALF,
        {"for": {"service": YEAR, "class": "destitute"}},
        facts={"class": ["ordinary", "destitute"]},
    )
    poor, other = {"class": "destitute"}, {"class": "ordinary"}
    claims = [stay("2024-05-01", 100, poor), refund("2025-01-01", other), refund("2025-01-02", poor)]
    return Case(law, history(*claims), [(50, 0), (0, 0), (0, 50)])


@case
def all_is_gathered_where_one_layer_of_two_applies() -> Case:
    """One layer looks at the deductible, for everybody, one at the copay, for the destitute: both parts are gathered.

    The second supplement finds neither.
    """
    law = gathering(
        HALF | {"deductible per claim": 20},
        FOR_YEAR | {"of": f"{BASIC}'s deductible"},
        {"for": {"service": YEAR, "class": "destitute"}, "of": f"{BASIC}'s copay"},
        facts={"class": ["ordinary", "destitute"]},
    )
    poor, other = {"class": "destitute"}, {"class": "ordinary"}
    claims = [stay("2024-05-01", 100, poor), refund("2025-01-01", other), refund("2025-01-02", poor)]
    return Case(law, history(*claims), [(40, 0, 0), (0, 20, 0), (0, 0, 0)])


@case
def a_layer_below_looks_at_the_one_above() -> Case:
    """Of the 100 gathered the first pays half of what 20 leave: 40. Left: 20 + 40. The second pays 10 % of it."""
    law = gathering(
        HALF,
        FOR_YEAR | {"deductible per claim": 20, "pays": "50%"},
        FOR_YEAR | {"pays": "10%"},
    )
    claims = [stay("2024-05-01", 120), stay("2024-06-01", 80), refund("2025-01-01")]
    return Case(law, history(*claims), [(60, 0, 0), (40, 0, 0), (0, 40, 6)])


@case
def two_layers_take_of_the_same_gathered_part() -> Case:
    """The first takes 30 % of the copay of 100, the second finds the 70 that are still there."""
    law = gathering(
        HALF,
        FOR_YEAR | {"of": {"take": f"{BASIC}'s copay", "share": "30%"}, "pays": "0%"},
        FOR_YEAR | {"of": f"{BASIC}'s copay"},
    )
    return Case(law, history(stay("2024-05-01", 200), refund("2025-01-01")), [(100, 0, 0), (0, 0, 70)])


@case
def two_services_gather_different_parts_of_the_same_claim() -> Case:
    """The supplement looks at the copay, 40; the application at the deductible, 20, after 10 % of all 100 in scope.

    The quantities of the stay are there for each of them.
    """
    law = gathering(
        HALF | {"deductible per claim": 20},
        FOR_YEAR | {"of": f"{BASIC}'s copay", "deductible per claim": "10% of in-scope cost"},
        FOR_MONTHS | {"of": f"{BASIC}'s deductible", "deductible per claim": "10% of in-scope cost"},
        services=of_year() | of_months(12),
    )
    claims = [stay("2024-05-01", 100), refund("2025-01-01"), applied("2025-01-02"), applied("2025-01-02")]
    return Case(law, history(*claims), [(40, 0, 0), (0, 30, 0), (0, 0, 10), (0, 0, 0)])


@case
def a_gathering_claim_is_not_gathered() -> Case:
    """What the first supplement bears as its deductible, 40, nobody finds a year later."""
    law = gathering(HALF, FOR_YEAR | {"of": f"left of {BASIC}", "deductible per claim": 40})
    claims = [stay("2024-05-01", 100), refund("2025-01-01"), refund("2026-01-01")]
    return Case(law, history(*claims), [(50, 0), (0, 10), (0, 0)])


@case
def sub_parts_are_gathered_one_by_one() -> Case:
    """Half of each class is taken, rounded for each: of 0.03 and 5 there are 0.01 and 2.50 still open of A and B.

    The supplement takes what is left of class A of two stays, 0.02, and 10 % of 2 x 2.50, less half of the 0.06.
    """
    terms = ["class A cost", {"take": "class B cost", "share": "10%"}]
    law = gathering(
        {"for": STAY, "of": {"take": "in-scope cost", "share": "50%"}},
        FOR_YEAR | {"of": terms, "deductible per claim": "50% of class A cost"},
        facts=SUB_PARTS,
        divided_parts={"in-scope cost": list(SUB_PARTS)},
    )
    none = {"class A cost": 0, "class B cost": 0}
    claims = [of_classes("2024-05-01", 0.03, 5, STAY), of_classes("2024-05-01", 0.03, 5, STAY)]
    return Case(law, history(*claims, refund("2025-01-01", none)), [(2.52, 0), (2.52, 0), (0, 0.49)])


@case
def a_divided_part_is_gathered_in_its_sub_parts() -> Case:
    """Half of 0.03 of class A and of 0.01 of class B, each rounded: 0.02 and 0.01. Of the whole it would be 0.02."""
    law = gathering(
        {"for": STAY, "of": "pre-self-paid cost"},
        FOR_YEAR | {"of": {"take": "in-scope cost", "share": "50%"}},
        facts=SUB_PARTS,
        divided_parts={"in-scope cost": list(SUB_PARTS)},
    )
    none = {"class A cost": 0, "class B cost": 0}
    claims = [of_classes("2024-05-01", 0.01, b, STAY) for b in (0.01, 0, 0)]
    return Case(law, history(*claims, refund("2025-01-01", none)), [(0, 0), (0, 0), (0, 0), (0, 0.03)])
