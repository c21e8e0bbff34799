"""Cases by hand: a person's own money, the number of the admission, several identities, statistics."""

from second.by_hand import Case, case, claim, history, policy
from second.random_values import BASIS

INPATIENT, OUTPATIENT = {"service": "inpatient"}, {"service": "outpatient"}


@case
def an_addition_to_a_cap() -> Case:
    """100 a year and the person's own addition: 130. A deduction of 80 leaves 20, of which more are used; then 0."""
    law = policy({"at most per year": {"is": 100, "plus": "cap addition"}}, facts={"cap addition": "signed money"})
    claims = history(
        claim("2025-01-01", 500, {"cap addition": 3000}),
        claim("2025-02-01", 500, {"cap addition": -8000}),
        claim("2026-01-01", 500, {"cap addition": -8000}),
        claim("2027-01-01", 500, {"cap addition": -10001}),
        claim("2027-01-01", 500),
    )
    return Case(law, claims, [130, 0, 20, 0, "fact"])


@case
def an_account_as_a_cap() -> Case:
    """The account pays what it holds; half of it is the limit of the second layer."""
    law = policy(
        {"at most per claim": "account balance"},
        {"limit per claim": "50% of account balance"},
        facts={"account balance": "money"},
    )
    return Case(law, history(claim("2025-01-01", 100, {"account balance": 3055})), [(30.55, 15.28)])


@case
def plus_is_carried() -> Case:
    """2024: 60 + 10, of which 0 is used. 2025: 60 - 20 = 40, and 70 carried."""
    law = policy(
        {"at most per year": {"is": 60, "plus": "cap addition", "carry over": "one"}},
        facts={"cap addition": "signed money"},
    )
    claims = history(claim("2024-01-01", 0, {"cap addition": 1000}), claim("2025-02-01", 500, {"cap addition": -2000}))
    return Case(law, claims, [0, 110])


@case
def plus_leaves_no_limit_alone() -> Case:
    law = policy(
        {"at most per year": {"is": "no limit", "plus": "cap addition"}}, facts={"cap addition": "signed money"}
    )
    return Case(law, history(claim("2025-01-01", 500, {"cap addition": -8000})), [500])


def by_admission(**more: object) -> dict:
    """100 for the first admission, 50 for the second, 0 from the third; 1 where there was none."""
    table = {"by": "admission number", "0": 1, "1": 100, "2": 50, "3 and over": 0}
    facts = {"service": ["outpatient", "inpatient"], "admission number": "0 to 99"}
    return policy({"deductible per claim": table}, facts=facts, **more)


@case
def the_number_of_the_admission() -> Case:
    """Outpatient before any stay: number 0, deductible 1. First stay 100; its second claim the same number, 100.

    Second stay 50. Outpatient of the first episode: number 1, 100; of its own: the count, 2, 50. Third stay: 0.
    """
    claims = history(
        claim("2025-01-01", 200, OUTPATIENT),
        claim("2025-01-02", 200, INPATIENT, episode="e"),
        claim("2025-01-09", 200, INPATIENT, episode="e"),
        claim("2025-02-01", 200, INPATIENT),
        claim("2025-02-02", 200, OUTPATIENT, episode="e"),
        claim("2025-02-03", 200, OUTPATIENT),
        claim("2025-03-01", 200, INPATIENT),
        claim("2025-03-02", 200),
    )
    return Case(by_admission(), claims, [199, 100, 100, 150, 100, 150, 200, "fact"])


@case
def admissions_of_each_benefit_year() -> Case:
    """The benefit year starts on 1 July. The episode has number 1 in 2024 and number 2 in 2025."""
    law = by_admission(benefit_year_from={"is": "07-01", "basis": BASIS})
    claims = history(
        claim("2025-06-30", 200, INPATIENT, episode="e"),
        claim("2025-07-01", 200, INPATIENT, episode="f"),
        claim("2025-07-02", 200, INPATIENT, episode="e"),
    )
    return Case(law, claims, [100, 100, 150])


@case
def a_claim_that_fails_is_no_admission() -> Case:
    """The first stay lacks its grade: it is not settled, and the next is the first."""
    law = policy(
        {"deductible per claim": {"by": ["admission number", "grade"], "0 to 1": 100, "2 and over": 50}},
        facts={"service": ["inpatient"], "grade": ["primary"], "admission number": "0 to 9"},
    )
    return Case(
        law,
        history(claim("2025-01-01", 200, INPATIENT), claim("2025-01-02", 200, INPATIENT | {"grade": "primary"})),
        ["fact", 100],
    )


RATES = {"by": "class", "destitute": "90%", "minimum living allowance": "80%", "ordinary": "50%"}
CLASSES = ["destitute", "minimum living allowance", "ordinary"]


@case
def the_highest_identity_counts() -> Case:
    """One name, two in any order, one that the policy does not have; only such a name."""
    law = policy({"pays": RATES}, facts={"class": {"order": CLASSES}})
    claims = history(
        claim("2025-01-01", 100, {"class": "ordinary"}),
        claim("2025-01-01", 100, {"class": ["ordinary", "destitute"]}),
        claim("2025-01-01", 100, {"class": ["monitored", "minimum living allowance"]}),
        claim("2025-01-01", 100, {"class": ["monitored"]}),
    )
    return Case(law, claims, [50, 90, 80, "fact"])


@case
def an_identity_with_its_time() -> Case:
    """Destitute in 2025. `before` is not included; the day is that of admission. Before 2025: ordinary, or nothing."""
    law = policy({"pays": RATES}, facts={"class": {"order": CLASSES, "as of": "admission"}})
    dated = {"is": "destitute", "from": "2025-01-01", "before": "2026-01-01"}
    claims = history(
        claim("2025-01-03", 100, {"class": [dated, "ordinary"]}, admission="2024-12-31"),
        claim("2025-01-03", 100, {"class": [dated]}, admission="2024-12-31"),
        claim("2025-01-03", 100, {"class": [dated, "ordinary"]}, admission="2025-01-01"),
        claim("2026-01-03", 100, {"class": [dated, "ordinary"]}, admission="2025-12-31"),
        claim("2026-01-03", 100, {"class": [dated, "ordinary"]}, admission="2026-01-01"),
    )
    return Case(law, claims, [50, "fact", 90, 90, 50])


@case
def identities_without_an_order() -> Case:
    """Two at once: not settled. One after the other: settled."""
    law = policy({"pays": RATES}, facts={"class": {"values": CLASSES, "as of": "discharge"}})
    turn = [{"is": "ordinary", "before": "2025-07-01"}, {"is": "destitute", "from": "2025-07-01"}]
    claims = history(
        claim("2025-06-30", 100, {"class": turn}),
        claim("2025-07-01", 100, {"class": turn}),
        claim("2025-07-01", 100, {"class": ["ordinary", "destitute"]}),
    )
    return Case(law, claims, [50, 90, "identity"])


@case
def identity_as_of_enrolment() -> Case:
    """Recognised before enrolment; without the day, no dated value holds."""
    law = policy({"pays": RATES}, facts={"class": {"order": CLASSES, "as of": "enrolment"}})
    dated = {"class": [{"is": "destitute", "before": "2024-01-01"}, "ordinary"]}
    claims = history(
        claim("2025-01-01", 100, dated, enrolment="2023-12-31"),
        claim("2025-01-01", 100, dated, enrolment="2024-01-01"),
        claim("2025-01-01", 100, dated),
        claim("2025-01-01", 100, {"class": dated["class"][:1]}),
    )
    return Case(law, claims, [90, 50, 50, "fact"])


@case
def a_plain_list_knows_times_too() -> Case:
    """A fact declared as a plain list is as of settlement, and may not have two values at once."""
    law = policy({"pays": {"by": "status", "active": "50%", "retired": "80%"}}, facts={"status": ["active", "retired"]})
    turn = [{"is": "active", "before": "2025-07-01"}, {"is": "retired", "from": "2025-07-01"}]
    claims = history(
        claim("2025-06-30", 100, {"status": turn}),
        claim("2025-07-01", 100, {"status": turn}, admission="2025-06-30", discharge="2025-06-30"),
        claim("2025-07-01", 100, {"status": ["active", "retired"]}),
    )
    return Case(law, claims, [50, 80, "identity"])


@case
def a_service_that_the_policy_does_not_list() -> Case:
    """It has a service, and it is not inpatient: the number is the count, 0 before the first stay and 1 after it."""
    other = {"service": "chronic outpatient"}
    claims = history(
        claim("2025-01-01", 200, other), claim("2025-01-02", 200, INPATIENT), claim("2025-01-03", 200, other)
    )
    return Case(by_admission(), claims, [199, 100, 100])


@case
def facts_that_answers_name() -> Case:
    """The retired need no account by their own row; but an answer of the table names it, so the layer needs it."""
    law = policy(
        {"at most per claim": {"by": "status", "active": "account balance", "retired": 50}},
        facts={"status": ["active", "retired"], "account balance": "money"},
    )
    claims = history(
        claim("2025-01-01", 100, {"status": "retired"}),
        claim("2025-01-01", 100, {"status": "retired", "account balance": 0}),
    )
    return Case(law, claims, ["fact", 50])


WAGE = {year: {"is": fen, "basis": BASIS} for year, fen in (("2021", 1000), ("2023", 2000), ("2024", 3000))}


@case
def a_table_of_multiples() -> Case:
    """5 % of 2,000 for the destitute, 150 % for all others: the statistic of the year before the rule's date."""
    line = {"share": {"by": "class", "destitute": "5%", "otherwise": "150%"}, "of": "wage", "year": "the year before"}
    law = policy(
        {"deductible per claim": "line"},
        facts={"class": ["destitute", "ordinary"]},
        statistics={"wage": WAGE},
        amounts={"line": line | {"basis": BASIS}},
    )
    claims = history(
        claim("2024-01-01", 5000, {"class": "destitute"}), claim("2024-01-01", 5000, {"class": "ordinary"})
    )
    return Case(law, claims, [4900, 2000])


@case
def the_last_published() -> Case:
    """Always before the year of the rule's date: 2023 has the figure of 2021, 2024 that of 2023, 2027 that of 2024."""
    line = {"share": "10%", "of": "wage", "year": "the last published", "basis": BASIS}
    law = policy({"deductible per claim": "line"}, statistics={"wage": WAGE}, amounts={"line": line})
    claims = history(claim("2023-05-01", 1000), claim("2024-05-01", 1000), claim("2027-05-01", 1000))
    return Case(law, claims, [900, 800, 700])


@case
def nothing_published_yet() -> Case:
    line = {"share": "10%", "of": "wage", "year": "the last published", "basis": BASIS}
    figures = {"2023": WAGE["2023"]}
    law = policy({"deductible per claim": "line"}, statistics={"wage": figures}, amounts={"line": line})
    return Case(law, history(claim("2023-05-01", 1000), claim("2024-05-01", 1000)), ["gap", 800])


@case
def a_share_of_an_amount_above() -> Case:
    """The line is 10 % of 1,000.05, so 100.01 (100.005, half-up); half of it is 50.01 (50.005)."""
    line = {"share": "10%", "of": "wage", "year": "the year before", "basis": BASIS}
    law = policy(
        {"deductible per claim": "half"},
        statistics={"wage": {"2024": {"is": "1000.05", "basis": BASIS}}},
        amounts={"line": line, "half": {"is": "50% of line", "basis": BASIS}},
    )
    return Case(law, history(claim("2025-01-01", 100)), [49.99])
