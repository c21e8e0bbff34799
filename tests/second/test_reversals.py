"""Which claims may be reversed at once, by hand; and that a reversal leaves what there would be without the claim."""

from typing import Any

import pytest

from second import reversals
from second.by_hand import claim, history, policy
from second.by_hand_gathering import (
    BASIC,
    FOR_MONTHS,
    FOR_YEAR,
    HALF,
    applied,
    gathering,
    of_months,
    of_year,
    refund,
    stay,
)
from second.by_hand_parts import BESIDE, bands, two_costs
from second.random_values import BASIS

A, B = {"disease": "a"}, {"disease": "b"}
STAY, VISIT = {"service": "inpatient"}, {"service": "outpatient"}
ANY = {"disease": "any"}
SERVICES = {"service": ["outpatient", "inpatient"], "admission number": "0 to 99"}
BY_NUMBER = {"by": "admission number", "0 to 1": 100, "2 and over": 50}

BY_ORDER = {"by": "which one", "first one": 100, "later one": 50}


SHARED = bands("from the threshold", "a year")


def counted(kind: str, **more: Any) -> dict[str, Any]:
    values = [{"below": 1, "is": "first one"}, {"otherwise": "later one"}]
    return {"which one": {"of": kind, **more, "values": values, "basis": BASIS}}


def carried(**more: str) -> dict[str, Any]:
    return policy({"at most per year": {"is": 60, "carry over": "one", **more}}, year_of_the_date_of="discharge")


CASES = {
    "the second claim read what the first added to the deductible": (
        policy({"deductible per year": 100}),
        history(claim("2025-01-01", 60), claim("2025-01-02", 60)),
        [False, True],
    ),
    "another year": (
        policy({"deductible per year": 100}),
        history(claim("2024-12-31", 60), claim("2025-01-01", 60)),
        [True, True],
    ),
    "another disease": (
        policy({"deductible per year": {"is": 100, "per": "disease"}}, facts=ANY),
        history(claim("2025-01-01", 60, A), claim("2025-01-02", 60, B), claim("2025-01-03", 60, A)),
        [False, True, True],
    ),
    "a maximum over all diseases": (
        policy({"deductible per year": {"is": 100, "per": "disease", "annual maximum": 150}}, facts=ANY),
        history(claim("2025-01-01", 60, A), claim("2025-01-02", 60, B)),
        [False, True],
    ),
    "a cap found exhausted was read; who added nothing may go": (
        policy({"at most per year": 50}),
        history(claim("2025-01-01", 60), claim("2025-01-02", 60), claim("2025-01-03", 60)),
        [False, True, True],
    ),
    "a claim that failed read nothing": (
        policy({"at most per year": {"is": 50, "per": "disease"}}, facts=ANY),
        history(claim("2025-01-01", 60, A), claim("2025-01-02", 60)),
        [True],
    ),
    "what is carried was read": (carried(), history(claim("2024-05-01", 10), claim("2025-05-01", 60)), [False, True]),
    "where earning starts was read by every later claim": (
        policy({"for": STAY, "at most per year": {"is": 60, "carry over": "one"}}, facts=SERVICES),
        history(claim("2024-05-01", 10, VISIT), claim("2025-05-01", 60, VISIT)),
        [False, True],
    ),
    "a late claim looks at the later year": (
        carried(**{"earned from": "enrolment"}),
        history(
            claim("2023-01-05", 5, enrolment="2022-01-01"),
            claim("2025-05-01", 10, enrolment="2022-01-01"),
            claim("2025-05-02", 60, enrolment="2022-01-01", admission="2024-05-02", discharge="2024-05-02"),
        ),
        [False, False, True],
    ),
    "the number of the admission": (
        policy({"deductible per claim": BY_NUMBER}, facts=SERVICES),
        history(claim("2025-01-01", 60, STAY), claim("2025-01-02", 60, STAY), claim("2025-01-03", 60, VISIT)),
        [False, False, True],
    ),
    "nobody asked for the number": (
        policy({"for": STAY, "deductible per claim": BY_NUMBER}, facts=SERVICES),
        history(claim("2025-01-01", 60, STAY), claim("2025-01-03", 60, VISIT)),
        [True, True],
    ),
    "an episode that keeps its number": (
        policy({"deductible per claim": BY_NUMBER}, facts=SERVICES),
        history(claim("2025-01-01", 60, STAY, episode="e"), claim("2025-01-02", 60, STAY, episode="e")),
        [False, True],
    ),
    "earlier claims were counted": (
        policy({"deductible per claim": BY_ORDER}, derived_facts=counted("earlier claims")),
        history(claim("2025-01-01", 60), claim("2025-01-02", 60)),
        [False, True],
    ),
    "earlier claims that nobody asked for, nor counted": (
        policy(
            {"for": STAY, "deductible per claim": BY_ORDER},
            facts=SERVICES,
            derived_facts=counted("earlier claims", where=STAY),
        ),
        history(claim("2025-01-01", 60, STAY), claim("2025-01-02", 60, VISIT)),
        [True, True],
    ),
    "a claim that was counted with the first": (
        policy(
            {"for": STAY, "deductible per claim": BY_ORDER},
            facts=SERVICES,
            derived_facts=counted("earlier claims", where=VISIT),
        ),
        history(claim("2025-01-01", 60, VISIT), claim("2025-01-02", 60, VISIT), claim("2025-01-02", 60, VISIT)),
        [False, False, True],
    ),
    "earlier claims of another year": (
        policy({"deductible per claim": BY_ORDER}, derived_facts=counted("earlier claims", over="a year")),
        history(claim("2024-12-31", 60), claim("2025-01-02", 60)),
        [True, True],
    ),
    "an episode that is counted once": (
        policy({"deductible per claim": BY_ORDER}, derived_facts=counted("earlier episodes")),
        history(claim("2025-01-01", 60, episode="e"), claim("2025-01-02", 60, episode="e")),
        [False, True],
    ),
    "days since a discharge": (
        policy({"deductible per claim": BY_ORDER}, derived_facts=counted("days since discharge")),
        history(claim("2025-01-02", 60), claim("2025-01-03", 60, admission="2025-01-01", discharge="2025-01-01")),
        [False, True],
    ),
    "a gathered claim was changed by the one that gathered it": (
        gathering(HALF, FOR_YEAR),
        history(stay("2024-05-01", 60), stay("2025-01-01", 60), refund("2025-01-01")),
        [False, True, True],
    ),
    "a second claim that would have gathered the same": (
        gathering(HALF, FOR_YEAR),
        history(stay("2024-05-01", 60), refund("2025-01-01"), refund("2025-01-02")),
        [False, False, True],
    ),
    "two services gather by themselves": (
        gathering(
            HALF | {"deductible per claim": 20},
            FOR_YEAR | {"of": f"{BASIC}'s copay"},
            FOR_MONTHS | {"of": f"{BASIC}'s deductible"},
            services=of_year() | of_months(12),
        ),
        history(stay("2024-05-01", 60), refund("2025-01-01"), applied("2025-01-02")),
        [False, True, True],
    ),
    "a claim that does not meet the conditions": (
        gathering(HALF, FOR_YEAR, services=of_year(grade="tertiary"), facts={"grade": ["primary", "tertiary"]}),
        history(
            stay("2024-05-01", 60, {"grade": "primary"}),
            stay("2024-05-01", 60, {"grade": "tertiary"}),
            refund("2025-01-01"),
        ),
        [True, False, True],
    ),
    "a position that layers share": (
        policy(SHARED, BESIDE | SHARED),
        history(two_costs("2025-01-01", 60, 0), two_costs("2025-01-02", 0, 60), two_costs("2026-01-02", 0, 60)),
        [False, True, True],
    ),
    "two parts of a stay": (
        policy({"deductible per claim": 100}, year_of_the_date_of="charge"),
        history(
            claim("2025-01-02", 60, charge="2024-12-31", admission="2024-12-31", stay="s"),
            claim("2025-01-02", 60, charge="2025-01-02", admission="2024-12-31", stay="s"),
            claim("2025-01-02", 60),
        ),
        [False, True, True],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_by_hand(name: str) -> None:
    law, claims, allowed = CASES[name]
    found = list(reversals.tried(lambda uses, one: reversals.by_calculator(law, uses, one), claims))
    assert [one.allowed for one in found] == allowed
    for one in found:
        assert not one.allowed or (one.taken_back == one.never and not one.mattered)
