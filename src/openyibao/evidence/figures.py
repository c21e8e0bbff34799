"""Simulated figures: what a model of XX District gives, with its Monte-Carlo error and the part it plays.

`simulated()` is the one function that the replication asks. A figure is `fitted` where the model was made so that the
figure comes near the print, `held out` where nothing was chosen by it.

The stays are those of `closed_forms`: 10,000 of them, with mean costs, a mix of grades and in-scope shares under which
the published ratios by grade, the ratio over all and the fund payment for an admission come out. So only what is held
out says anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt

from openyibao.evidence import closed_forms
from openyibao.evidence.law import policy_named, policy_value
from openyibao.settlement.columns import RowRule

BATCHES = 20
BACK = "xx-district/resident-2007"
BACK_DAY = 20071101
FITTED = "fitted"
HELD_OUT = "held out"
FITTED_TO = {
    "ratio.primary": "district-use/ratio.primary",
    "ratio.secondary": "district-use/ratio.secondary",
    "ratio.tertiary": "district-use/ratio.tertiary",
    "ratio.all": "district-use/ratio.all",
    "fund per admission": "district-fund/spending.inpatient",
}
"""For each fitted figure the printed row that it was fitted to."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Figure:
    """A figure in plain units (a share of one, yuan), its standard error, and its role."""

    value: Fraction
    error: float
    role: str


@cache
def simulated() -> dict[str, Figure]:
    """All figures by name."""
    columns = closed_forms.stays()
    paid = _paid(columns, closed_forms.POLICY)
    total, scope, grade = columns["total"], columns["in_scope"], columns["grade"]
    found = {
        f"ratio.{name}": _share(paid, total, FITTED, grade == number) for number, name in enumerate(closed_forms.GRADES)
    }
    found["ratio.all"] = _share(paid, total, FITTED)
    found["fund per admission"] = _share(paid, np.full_like(paid, 100), FITTED)
    found["ratio.in scope"] = _share(paid, scope, HELD_OUT)
    found["ratio.net of deductible"] = _share(paid, np.maximum(scope - _deductibles()[grade], 0), HELD_OUT)
    found["ratio.2007"] = _share(_paid(_in_2007(columns), BACK), total, HELD_OUT)
    return found


def _paid(columns: dict[str, Numbers], policy: str) -> Numbers:
    settled = RowRule(policy_named(policy), ("basic_insurance_paid",)).settle(columns)
    if settled.fault.any():
        raise ValueError(f"a stay was not settled under {policy}")
    return settled.outputs["basic_insurance_paid"]


def _in_2007(columns: dict[str, Numbers]) -> dict[str, Numbers]:
    """The same stays in the first months of the scheme, all in category 1: no rates of category 2 are known then."""
    day = np.full_like(columns["person"], BACK_DAY)
    return columns | {"admission": day, "discharge": day, "settlement": day, "tier": np.zeros_like(day)}


def _deductibles() -> Numbers:
    """By grade, in fen."""
    asked = {"policy": closed_forms.POLICY, "layer": "basic insurance", "value": "deductible"}
    yuan = [policy_value(asked | {"where": {"grade": grade}}) for grade in closed_forms.GRADES]
    return np.array([int(100 * amount) for amount in yuan], np.int64)


def _share(part: Numbers, whole: Numbers, role: str, chosen: npt.NDArray[np.bool_] | None = None) -> Figure:
    """Sum over sum, with the standard error by means of batches of stays."""
    if chosen is not None:
        part, whole = part[chosen], whole[chosen]
    pieces = zip(np.array_split(part, BATCHES), np.array_split(whole, BATCHES), strict=True)
    ratios = [float(some.sum()) / float(all_.sum()) for some, all_ in pieces]
    error = float(np.std(ratios, ddof=1)) / BATCHES**0.5
    return Figure(Fraction(int(part.sum()), int(whole.sum())), error, role)
