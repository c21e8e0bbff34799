"""Cases by hand: uses for each value, groups, the annual maximum, carry-over."""

from second.by_hand import Case, case, claim, history, policy


@case
def a_limit_for_each_disease() -> Case:
    """300 a month for each disease; the layer needs the disease."""
    law = policy({"limit per month": {"is": 300, "per": "disease"}}, facts={"disease": ["hypertension", "diabetes"]})
    claims = history(
        claim("2025-05-01", 200, {"disease": "diabetes"}),
        claim("2025-05-02", 350, {"disease": "hypertension"}),
        claim("2025-05-03", 200, {"disease": "diabetes"}),
        claim("2025-05-03", 200),
        claim("2025-05-03", 200, {"disease": "asthma"}),
    )
    return Case(law, claims, [200, 300, 100, "fact", "fact"])


@case
def a_deductible_for_each_disease_and_institution() -> Case:
    """Any text is a value; two facts: the same institution with another disease begins anew."""
    law = policy(
        {"deductible per year": {"is": 100, "per": ["disease", "institution"]}},
        facts={"disease": "any", "institution": "any"},
    )
    claims = history(
        claim("2025-05-01", 150, {"disease": "A01", "institution": "H1"}),
        claim("2025-05-02", 150, {"disease": "A01", "institution": "H1"}),
        claim("2025-05-03", 150, {"disease": "B02", "institution": "H1"}),
        claim("2025-05-04", 150, {"disease": "A01", "institution": "县医院"}),
        claim("2025-05-04", 150, {"disease": "A01"}),
    )
    return Case(law, claims, [50, 150, 50, 50, "fact"])


@case
def a_deductible_for_each_grade_and_age() -> Case:
    """Any fact may stand there: 100 a year for each grade and age."""
    law = policy(
        {"deductible per year": {"is": 100, "per": ["grade", "age"]}},
        facts={"grade": ["primary", "secondary"], "age": "0 to 99"},
    )
    claims = history(
        claim("2025-05-01", 150, {"grade": "primary", "age": 17}),
        claim("2025-05-02", 150, {"grade": "secondary", "age": 17}),
        claim("2025-05-03", 150, {"grade": "primary", "age": 17}),
        claim("2025-05-04", 150, {"grade": "primary", "age": 18}),
    )
    return Case(law, claims, [50, 50, 150, 50])


@case
def a_group_per_claim() -> Case:
    """Both layers share 100 a claim: the first pays 50 % of 160 = 80, the second finds 20 of its 80."""
    law = policy(
        {"pays": "50%", "at most per claim": {"is": 100, "group": "pool"}},
        {"at most per claim": {"is": 100, "group": "pool"}},
    )
    return Case(law, history(claim("2025-05-01", 160), claim("2025-05-01", 100)), [(80, 20), (50, 50)])


@case
def a_group_per_claim_over_a_stay() -> Case:
    """With `charge`, 150 are shared on the whole stay: 80 and 70 in the first part, 0 in the second."""
    law = policy(
        {"pays": "50%", "at most per claim": {"is": 150, "group": "pool"}},
        {"at most per claim": {"is": 150, "group": "pool"}},
        year_of_the_date_of="charge",
    )
    claims = history(
        claim("2025-01-01", 160, charge="2024-12-31", admission="2024-12-31", stay="s"),
        claim("2025-01-01", 160, charge="2025-01-01", admission="2024-12-31", stay="s"),
    )
    return Case(law, claims, [(80, 70), (0, 0)])


@case
def an_annual_maximum() -> Case:
    """600, 600, and of 1,200 only 1,100, since the year stops at 2,300; then nothing; 2026 begins anew."""
    law = policy(
        {"deductible per claim": {"by": "grade", "secondary": 600, "tertiary": 1200, "annual maximum": 2300}},
        facts={"grade": ["secondary", "tertiary"]},
    )
    low, high = {"grade": "secondary"}, {"grade": "tertiary"}
    claims = history(
        claim("2025-01-05", 2000, low),
        claim("2025-02-05", 2000, low),
        claim("2025-03-05", 2000, high),
        claim("2025-04-05", 2000, high),
        claim("2026-01-05", 2000, high),
    )
    return Case(law, claims, [1400, 1400, 900, 2000, 800])


@case
def the_maximum_counts_layers_without_one() -> Case:
    """Monthly deductibles of one group. The first layer has no maximum, the second 100 a year.

    c1: the first layer bears 70 of 170, and pays 100; the second has the 70, of which the group's 70 are used: D - use
    = 80 - 70 = 10, the year allows 30: bears 10, pays 60. Counted: 80. c2, in June: the first bears 70 (no maximum),
    counted 150; the second: D - use = 10, but the year allows nothing: pays 70.
    """
    law = policy(
        {"deductible per month": {"is": 70, "group": "pool"}},
        {"deductible per month": {"is": 80, "group": "pool", "annual maximum": 100}},
    )
    return Case(law, history(claim("2025-05-01", 170), claim("2025-06-01", 170)), [(100, 60), (100, 70)])


@case
def the_maximum_over_values_and_the_benefit_year() -> Case:
    """A deductible of 100 for each disease, 150 a year for all: 100, 50, 0."""
    law = policy(
        {"deductible per year": {"is": 100, "per": "disease", "annual maximum": 150}}, facts={"disease": "any"}
    )
    claims = history(*(claim("2025-05-01", 200, {"disease": name}) for name in ("a", "b", "c")))
    return Case(law, claims, [100, 150, 200])


@case
def what_a_floor_gave_back_is_counted() -> Case:
    """Deductible 100 of 120, so 20 are paid; the floor raises that to 60, and 40 come back: 100 stay counted.

    The second claim may bear 150 - 100 = 50: 150 are left, and paid.
    """
    law = policy({"deductible per claim": {"is": 100, "annual maximum": 150}, "at least": 60})
    return Case(law, history(claim("2025-05-01", 120), claim("2025-05-02", 200)), [60, 150])


@case
def two_deductibles_with_a_maximum_each() -> Case:
    """60 of the claim, then 50 of the month; 20 of 130 are left. The floor of 90 takes 70 back; 60 and 50 stay counted.

    The second claim, of 200: 40 of the claim, as 100 are allowed a year; of the month 0. 160 are paid. The third:
    nothing of the claim's is left of the year. 200.
    """
    law = policy(
        {
            "deductible per claim": {"is": 60, "annual maximum": 100},
            "deductible per month": {"is": 50, "annual maximum": 50},
            "at least": 90,
        }
    )
    claims = history(claim("2025-05-01", 130), claim("2025-05-02", 200), claim("2025-05-03", 200))
    return Case(law, claims, [90, 160, 200])


# Carry-over ---------------------------------------------------------------------------------------------------


def yearly(**more: object) -> dict:
    return {"at most per year": {"is": 60, "carry over": "all", **more}}


@case
def carry_all() -> Case:
    """60 a year from 2023, the year of the first claim. 2023: 20 used. 2025: 60 + 60 + 40 = 160 are there; 150 used.

    2026: 10 + 60.
    """
    claims = history(claim("2023-05-01", 20), claim("2025-05-01", 150), claim("2026-05-01", 200))
    return Case(policy(yearly()), claims, [20, 150, 70])


@case
def carry_one() -> Case:
    """Carried once. 2023: 20 used, 40 left. 2024: nothing used; the 40 are lost at its end. 2025: 60 of 2024 and 60.

    110 used, the 60 of 2024 first: 10 of 2025 are left. 2026: 10 + 60.
    """
    claims = history(claim("2023-05-01", 20), claim("2025-05-01", 110), claim("2026-05-01", 200))
    return Case(policy({"at most per year": {"is": 60, "carry over": "one"}}), claims, [20, 110, 70])


@case
def carried_money_is_used_first() -> Case:
    """Carried once. 2023: nothing paid, 60 left. 2024: 60 used, all of 2023. 2025: 60 of 2024 and 60 of its own."""
    law = policy({"at most per year": {"is": 60, "carry over": "one"}})
    return Case(law, history(claim("2023-05-01", 0), claim("2024-05-01", 60), claim("2025-05-01", 200)), [0, 60, 120])


@case
def a_late_claim_finds_what_later_years_left() -> Case:
    """Years by discharge. 2023: 10 used. 2024: 90 used, 50 of 2023 and 40 of its own. 2023 again: nothing is left.

    2024 again: 20 of its own.
    """
    law = policy(yearly(), year_of_the_date_of="discharge")
    claims = history(
        claim("2023-05-01", 10),
        claim("2024-05-01", 90),
        claim("2024-06-01", 50, admission="2023-12-01", discharge="2023-12-01"),
        claim("2024-07-01", 50),
    )
    return Case(law, claims, [10, 90, 0, 20])


@case
def a_year_before_the_start_stands_alone() -> Case:
    """Years by discharge. The first claim is of 2024: earning starts there. A late claim of 2023 has its own 60 only;

    its 50 left over are not carried. 2024: 50 of 60 are left.
    """
    law = policy(yearly(), year_of_the_date_of="discharge")
    late = {"admission": "2023-12-01", "discharge": "2023-12-01"}
    claims = history(
        claim("2024-05-01", 10),
        claim("2024-06-01", 10, **late),
        claim("2024-07-01", 70, **late),
        claim("2024-08-01", 200),
    )
    return Case(law, claims, [10, 10, 50, 50])


@case
def earned_from_enrolment() -> Case:
    """Insured since May 2023: the first claim, in 2025, finds 180. Without the day of enrolment it is not settled."""
    law = policy(yearly(**{"earned from": "enrolment"}))
    claims = history(claim("2025-05-01", 200), claim("2025-05-01", 200, enrolment="2023-05-01"))
    return Case(law, claims, ["enrolment", 180])


@case
def years_without_a_claim_earn_at_the_first_later_one() -> Case:
    """40 for the active, 60 for the retired; insured since 2023.

    2025, retired: nothing used; 2023 and 2024 earn 60. 2025 again, active: its own 40; 2023 and 2024 keep 60 from the
    first claim: 160 in all, 150 paid. 2026, active: 10 + 40.
    """
    law = policy(
        {
            "at most per year": {
                "by": "status",
                "active": 40,
                "retired": 60,
                "carry over": "all",
                "earned from": "enrolment",
            }
        },
        facts={"status": ["active", "retired"]},
    )
    claims = history(
        claim("2025-05-01", 0, {"status": "retired"}, enrolment="2023-05-01"),
        claim("2025-06-01", 150, {"status": "active"}, enrolment="2023-05-01"),
        claim("2026-05-01", 200, {"status": "active"}, enrolment="2023-05-01"),
    )
    return Case(law, claims, [0, 150, 50])


@case
def earning_starts_whichever_layer_applied() -> Case:
    """The first claim, of 2023, is outpatient: the layer does not apply, but earning starts. 2024: 120."""
    law = policy({"for": {"service": "inpatient"}, **yearly()}, facts={"service": ["outpatient", "inpatient"]})
    claims = history(
        claim("2023-05-01", 100, {"service": "outpatient"}), claim("2024-05-01", 200, {"service": "inpatient"})
    )
    return Case(law, claims, [0, 120])


@case
def carried_for_each_disease() -> Case:
    """Earning starts with the first claim, in January, for both diseases. Diabetes: 30 used in January.

    February, hypertension: 100 + 100. March, diabetes: 70 + 100 + 100.
    """
    law = policy({"limit per month": {"is": 100, "per": "disease", "carry over": "all"}}, facts={"disease": "any"})
    claims = history(
        claim("2025-01-31", 30, {"disease": "diabetes"}),
        claim("2025-02-01", 500, {"disease": "hypertension"}),
        claim("2025-03-01", 500, {"disease": "diabetes"}),
    )
    return Case(law, claims, [30, 200, 270])


@case
def carried_in_a_group() -> Case:
    """Two layers share 100 a quarter. Quarter 1: 40 and 30 used, so 30 are left. Quarter 2: 130, of which the first

    layer pays 80 and the second 50.
    """
    shared = {"is": 100, "group": "pool", "carry over": "one"}
    law = policy({"pays": "50%", "at most per quarter": shared}, {"pays": "75%", "at most per quarter": shared})
    return Case(law, history(claim("2025-03-31", 80), claim("2025-04-01", 160)), [(40, 30), (80, 50)])


@case
def a_shrunken_amount_gives_no_debt() -> Case:
    """100 for the active, 20 for the retired. 2023, active: 90 used. 2023 again, retired: nothing left of 20.

    2023 now earns 20, all of it used; the other 70 are nobody's debt. 2024: 20, its own amount.
    """
    law = policy(
        {"at most per year": {"by": "status", "active": 100, "retired": 20, "carry over": "all"}},
        facts={"status": ["active", "retired"]},
    )
    claims = history(
        claim("2023-05-01", 90, {"status": "active"}),
        claim("2023-06-01", 50, {"status": "retired"}),
        claim("2024-06-01", 50, {"status": "retired"}),
    )
    return Case(law, claims, [90, 0, 20])


@case
def a_claim_gives_amounts_from_its_own_start() -> Case:
    """Years by admission; carried once. 40 for the active, 60 for the retired.

    2026, active, insured since 2026: 0 of 40 used. 2025, retired, insured since 2024: 2024 had no claim, and the first
    of a later year does not see 2024; so 2024 earns what this one gives, 60; with its own 60, 120.
    """
    amount = {"by": "status", "active": 40, "retired": 60, "carry over": "one", "earned from": "enrolment"}
    law = policy({"at most per year": amount}, facts={"status": ["active", "retired"]}, year_of_the_date_of="admission")
    claims = history(
        claim("2026-05-01", 0, {"status": "active"}, enrolment="2026-01-01"),
        claim("2026-06-01", 500, {"status": "retired"}, enrolment="2024-01-01", admission="2025-12-01"),
    )
    return Case(law, claims, [0, 120])
