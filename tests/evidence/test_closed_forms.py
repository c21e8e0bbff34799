"""10,000 stays of XX District 2013 against the closed form of the reimbursement ratio."""

import pytest

from openyibao.evidence.closed_forms import STAYS, closed_forms


@pytest.mark.parametrize("seed", [2013, 7, 99])
def test_ratios_are_the_closed_forms(seed: int) -> None:
    rows = closed_forms(seed, STAYS)
    assert sum(row.stays for row in rows) == STAYS
    for row in rows:
        assert row.largest_rounding_fen <= 0.5 + 1e-6
        explained = row.closed + row.truncation + row.category_2 + row.ceiling
        assert abs(row.measured - explained) < 1e-6
        assert 0 <= row.truncation < 0.005  # calibration note: truncation and category 2 move the ratio by < .005
        assert 0 < row.category_2 < 0.005
        assert row.ceiling <= 0


def test_ratios_come_near_the_published_ones() -> None:
    for row in closed_forms():
        assert abs(row.measured - row.published) < 0.01
