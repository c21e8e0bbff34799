"""XX District 2013: 10,000 stays through the policy file, beside the closed form of the reimbursement ratio.

For the stays of one hospital grade, with mean cost m, in-scope share s, deductible d and rate r, all-cost
reimbursement is r (s - d/m), if every stay exceeds its deductible, everybody is in category 1 and no ceiling is
reached. What departs from that is worked out stay by stay and reported: stays below the deductible (truncation),
the higher rate of category 2, the ceiling, and rounding to the fen.

Costs are lognormal; their means by grade and the in-scope shares are those under which the ratios come near the
published 73 / 53 / 26 % (the study of the district, section 4.1.1.1). The means (1,267 / 4,968 / 11,722 yuan) are
national figures of 2013 known from memory only, so nothing here is evidence for them: the comparison checks
arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Money, Policy, Ratio
from openyibao.policy.model import Table as PolicyTable
from openyibao.settlement.columns import RowRule
from openyibao.settlement.lookup import lay_out

POLICY = "xx-district/resident-2013"
SEED = 2013
STAYS = 10_000
GRADES = ("primary", "secondary", "tertiary")
MIX = (0.506, 0.431, 0.063)
MEAN_YUAN = (1267, 4968, 11722)
VARIATION = (0.7, 0.9, 1.2)
SCOPE = (0.990, 0.941, 0.714)
CATEGORY_2_SHARE = 30_633 / 949_921  # the study, section 2.1
PUBLISHED = (0.73, 0.53, 0.26)
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Row:
    """One grade: ratios of all cost, and what departs from the closed form, in the same unit."""

    grade: str
    stays: int
    mean_yuan: float
    scope: float
    closed: float
    measured: float
    truncation: float
    category_2: float
    ceiling: float
    rounding: float
    published: float
    largest_rounding_fen: float


def stays(seed: int = SEED, count: int = STAYS) -> dict[str, Numbers]:
    """Columns of stays of different persons, one each, in the form of `RowRule.settle`; costs in fen."""
    random = np.random.default_rng(seed)
    grade = random.choice(3, count, p=np.array(MIX) / sum(MIX)).astype(np.int64)
    spread = np.sqrt(np.log1p(np.array(VARIATION)[grade] ** 2))
    yuan = np.array(MEAN_YUAN)[grade] * np.exp(spread * random.standard_normal(count) - spread**2 / 2)
    total = np.maximum((yuan * 100).astype(np.int64), 1)
    scope = (total * np.array(SCOPE)[grade]).astype(np.int64)
    nothing = np.zeros(count, np.int64)
    day = np.full(count, 20130601, np.int64)
    return {
        "person": np.arange(count, dtype=np.int64),
        "admission": day,
        "discharge": day,
        "settlement": day,
        "total": total,
        "fully_self_paid": total - scope,
        "over_limit": nothing,
        "pre_self_paid": nothing,
        "in_scope": scope,
        "service": nothing,
        "grade": grade,
        "tier": (random.random(count) < CATEGORY_2_SHARE).astype(np.int64),
    }


def closed_forms(seed: int = SEED, count: int = STAYS) -> list[Row]:
    """The comparison, a row a grade. The policy's numbers come from its file."""
    policy = read_policy(find_policy(POLICY))
    columns = stays(seed, count)
    settled = RowRule(policy, ("basic_insurance_paid", "basic_insurance_before_caps")).settle(columns)
    if settled.fault.any():
        raise ValueError("a stay was not settled")
    layer = policy.layers[0]
    assert isinstance(layer.pays, PolicyTable)
    deductible = _by_grade(policy, layer.steps[0].table)
    rates = _by_grade(policy, layer.pays)
    paid, before_caps = (settled.outputs[name] for name in ("basic_insurance_paid", "basic_insurance_before_caps"))
    rows = []
    for number, grade in enumerate(GRADES):
        mine = columns["grade"] == number
        total, scope, tier = (columns[name][mine] for name in ("total", "in_scope", "tier"))
        line, (first, second) = deductible[number][0], rates[number]
        own_rate = np.where(tier == 1, second, first)
        beyond = np.maximum(scope - line, 0)
        cost = float(total.sum())
        share = float(scope.sum()) / cost
        rows.append(
            Row(
                grade,
                len(total),
                cost / len(total) / 100,
                share,
                closed=first * (share - line * len(total) / cost),
                measured=float(paid[mine].sum()) / cost,
                truncation=first * float(np.maximum(line - scope, 0).sum()) / cost,
                category_2=float(((own_rate - first) * beyond).sum()) / cost,
                ceiling=float((paid[mine] - before_caps[mine]).sum()) / cost,
                rounding=float((before_caps[mine] - own_rate * beyond).sum()) / cost,
                published=PUBLISHED[number],
                largest_rounding_fen=float(np.abs(before_caps[mine] - own_rate * beyond).max()),
            )
        )
    return rows


def _by_grade(policy: Policy, table: PolicyTable) -> list[list[float]]:
    """For each grade the values of a table, over the tiers (once, if the table does not ask for them)."""
    dense = lay_out(table, {fact.name: fact for fact in policy.facts})
    found: list[list[float]] = [[] for _ in GRADES]
    for cell in range(dense.size):
        value = table.cells[dense.answers[cell]].value
        grade = next(atom for atom in dense.values(cell) if atom in GRADES)
        assert isinstance(value, Money | Ratio) and isinstance(grade, str)
        found[GRADES.index(grade)].append(value.fen if isinstance(value, Money) else float(value.ratio))
    return found


def report(seed: int = SEED, count: int = STAYS) -> None:
    """Print the comparison: percent of all cost."""
    table = Table(title=f"XX District 2013: {count:,} stays, seed {seed}, % of all cost", title_justify="left")
    for head in (
        "grade",
        "stays",
        "mean yuan",
        "in scope",
        "closed form",
        "truncation",
        "cat 2",
        "ceiling",
        "rounding",
        "settled",
        "published",
        "largest rounding (fen)",
    ):
        table.add_column(head, justify="left" if head == "grade" else "right")
    for row in closed_forms(seed, count):
        ratios = (row.scope, row.closed, row.truncation, row.category_2, row.ceiling, row.rounding, row.measured)
        table.add_row(
            row.grade,
            f"{row.stays:,}",
            f"{row.mean_yuan:,.0f}",
            *(f"{100 * x:.4f}" for x in ratios),
            f"{100 * row.published:.0f}",
            f"{row.largest_rounding_fen:.2f}",
        )
    Console(width=140).print(table)
    print(
        "closed form = rate x (in scope - deductible / mean); settled = closed form + truncation + cat 2 + ceiling "
        "+ rounding.\nA stay's payment departs from the exact sum by its rounding alone: at most half a fen."
    )
    print(
        "published: the study, section 4.1.1.1; mean costs and in-scope shares are assumed: only the sums are tested."
    )
