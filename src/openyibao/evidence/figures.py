"""Simulated figures: what the population of XX District gives, with its Monte-Carlo error and the part it plays.

`simulated()` is the one function that the replication asks. The figures are those of the district's target table
(`lab/populations/xx-district-2013-targets.yaml`), measured on all 949,921 persons. A figure is `fitted` where numbers
of the population were moved until it came near the print, `held out` where nothing was chosen by it: only what is held
out says anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from openyibao.lab.generate import Generator
from openyibao.lab.measure import measure
from openyibao.lab.population_read import read_population
from openyibao.lab.targets import UNITS, find_targets, read_targets

POPULATION = "xx-district-2013"
FITTED = "fitted"
HELD_OUT = "held out"
FITTED_TO = {
    "ratio.primary": "district-use/ratio.primary",
    "ratio.secondary": "district-use/ratio.secondary",
    "ratio.tertiary": "district-use/ratio.tertiary",
    "ratio.all": "district-use/ratio.all",
    "fund of stays": "district-fund/spending.inpatient",
}
"""For each fitted figure the printed row that it was fitted to."""
TARGETS = {
    "ratio.primary": "ratio of stays, primary",
    "ratio.secondary": "ratio of stays, secondary",
    "ratio.tertiary": "ratio of stays, tertiary",
    "ratio.all": "ratio of stays",
    "fund of stays": "fund payment of stays",
    "ratio.in scope": "fund share of in-scope cost",
    "ratio.net of deductible": "fund share of in-scope cost net of the deductible",
    "ratio.2007": "ratio of stays under the rules of 2007",
}
"""What the replication calls a figure, and what the target table does."""
FEN = 100


@dataclass(frozen=True)
class Figure:
    """A figure in plain units (a share of one, yuan), its standard error, and its role."""

    value: Fraction
    error: float
    role: str


@cache
def simulated() -> dict[str, Figure]:
    """All figures by name."""
    targets = read_targets(find_targets(POPULATION))
    asked = [targets.named(name) for name in TARGETS.values()]
    found = measure(Generator(read_population(POPULATION)), asked)
    units = [UNITS[one.target.unit] * (FEN if "yuan" in one.target.unit else 1) for one in found]
    return {
        name: Figure(Fraction(one.value) / Fraction(unit), one.error / unit, one.target.role)
        for name, one, unit in zip(TARGETS, found, units, strict=True)
    }
