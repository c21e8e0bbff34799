"""The sums of a year beside published figures: the same target tables that a population is calibrated with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openyibao.lab.measure import PLUS, Figure, figure_of, names_of
from openyibao.lab.tally import KEYS, Whole
from openyibao.lab.targets import Target, Targets
from openyibao.lab.year import Part, YearSums
from openyibao.settlement.columns import MONEY as COSTS


@dataclass(frozen=True)
class YearFigures:
    """Figures that the sums give, and the names of targets that they cannot give (`yibao lab fit` does)."""

    figures: tuple[Figure, ...]
    beyond: tuple[str, ...]


def year_figures(part: Part, sums: YearSums, targets: Targets) -> YearFigures:
    """The figures of a part of a year. Sums of fewer persons than the part has count for those done only."""
    done = sums.persons > 0
    shares = sums.persons[done] / sums.persons.sum()
    weight = part.generator.population.persons / sums.persons.sum()
    figures, beyond = [], []
    for target in targets.figures:
        if not _given(part, sums, target):
            beyond.append(target.name)
            continue
        rows = np.array([_sums(sums, batch, target) for batch in np.flatnonzero(done).tolist()])
        figures.append(figure_of(target, rows, shares, weight))
    return YearFigures(tuple(figures), tuple(beyond))


def _given(part: Part, sums: YearSums, target: Target) -> bool:
    """Whether the sums hold what a target asks: its policy, its keys and its measures."""
    if target.scenario.policy != part.policy.id or target.scenario.divide != 1.0:
        return False
    if any(key not in KEYS for key, _ in target.where):
        return False
    if target.sum == "persons" and target.where:
        return False
    if target.where and any(name.startswith("persons with ") for name in names_of(target)):
        return False  # who was paid is counted once, in the first cell met
    return all(name == "persons" or name in sums.shape.measures for name in names_of(target))


def _sums(sums: YearSums, batch: int, target: Target) -> tuple[float, float, float, float]:
    """For a batch: numerator, denominator, claims that could not be settled, claims."""
    cells = sums.sums[batch]
    for axis, key in enumerate(KEYS):
        for name, word in target.where:
            if name == key:
                cells = cells.take([sums.shape.words[axis].index(word)], axis=axis)
    names = names_of(target)
    bills = any(name not in ("persons", "claims", "days", *COSTS) for name in names)
    persons = float(sums.persons[batch])
    found = {name: persons if name == "persons" else _sum(sums, cells, name, settled=bills) for name in names}
    above = sum(found[name] for name in target.sum.split(PLUS))
    below = found[target.over] - (found[target.less] if target.less else 0.0) if target.over else 0.0
    claims = _sum(sums, cells, "claims", settled=False)
    left_out = claims - _sum(sums, cells, "settled", settled=False) if bills else 0.0
    return above, below, left_out, claims


def _sum(sums: YearSums, cells: Whole, name: str, *, settled: bool) -> float:
    """A measure over cells; of settled claims only where it is set beside what was paid."""
    if settled and name in COSTS:
        name = f"{name} of settled"
    elif settled and name == "claims":
        name = "settled"
    return float(cells[..., sums.shape.measures.index(name)].sum())
