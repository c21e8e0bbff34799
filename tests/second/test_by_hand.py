"""The calculator, and the product, on cases worked out by hand from the language reference."""

import json
from collections.abc import Callable

import pytest

from second import (
    by_hand,
    by_hand_amounts,
    by_hand_derived,
    by_hand_floors,
    by_hand_gathered,
    by_hand_gathering,
    by_hand_parts,
    by_hand_people,
    by_hand_rates,
    by_hand_time,
    by_hand_uses,
    compare,
    product,
)
from second.coverage import Tally
from second.random_values import BASIS

assert by_hand_derived and by_hand_floors and by_hand_people and by_hand_rates and by_hand_time and by_hand_uses
assert by_hand_amounts and by_hand_gathered and by_hand_gathering and by_hand_parts, "the cases register themselves"
EVERY_FORM = (by_hand_amounts, by_hand_derived, by_hand_floors, by_hand_parts, by_hand_gathering, by_hand_gathered)


@pytest.mark.parametrize("case", by_hand.CASES, ids=lambda case: case.__name__)
def test_calculator(case: Callable[[], by_hand.Case]) -> None:
    one = case()
    assert by_hand.calculated(one) == one.expected


@pytest.mark.parametrize("case", by_hand.CASES, ids=lambda case: case.__name__)
def test_product(case: Callable[[], by_hand.Case]) -> None:
    one = case()
    assert product.paid(one.policy, one.claims) == one.expected


@pytest.mark.parametrize(
    "case",
    [one for one in by_hand.CASES if one.__module__ in {module.__name__ for module in EVERY_FORM}],
    ids=lambda case: case.__name__,
)
def test_every_form(case: Callable[[], by_hand.Case]) -> None:
    """The bill as data, the loop, and reversals."""
    one = case()
    found = compare.compare(one.policy, [one.claims], Tally())
    assert not found, str(found)


def test_rows_without_a_benefit_year() -> None:
    """A service that the policy does not list: the claim fails in columns as it fails alone."""
    year = {"by": ["service", "locality"], "inpatient": {"local": "01-02", "otherwise": "07-01"}, "basis": BASIS}
    law = by_hand.policy(
        {"pays": {"by": "service", "inpatient": "10%"}},
        facts={
            "service": ["inpatient"],
            "locality": ["local", "unfiled", "referred", "emergency"],
            "admission number": "0 to 9",
        },
        benefit_year_from=year,
    )
    claims = by_hand.history(by_hand.claim("2025-01-01", 100, {"service": "outpatient", "locality": "unfiled"}))
    assert product.paid(law, claims) == ["fact"]
    assert product.Product(json.dumps(law)).rows([claims])[0][0].failure == ("fact", "")
