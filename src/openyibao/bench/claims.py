"""Random claims for a policy, as columns and as objects: for benchmarks and for tests of the two forms.

They are no population: every fact of the policy is drawn evenly (or with given weights), costs have a heavy tail,
days and costs are made to meet thresholds, caps and year ends often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import numpy.typing as npt

from openyibao.policy.model import Policy
from openyibao.settlement.claim import Claim, FactValue
from openyibao.settlement.columns import MONEY

Columns = dict[str, npt.NDArray[np.int64]]
MEAN_CLAIMS = 3


def random_columns(
    policy: Policy, persons: int, seed: int, weights: Mapping[str, list[float]] | None = None, bad_share: float = 0.0
) -> Columns:
    """Columns of the claims of `persons` persons (about MEAN_CLAIMS each), in the form of `RowRule.settle`.

    `weights` sets how often each value of a fact comes; `bad_share` of the claims lack a fact, have a date outside
    the policy, or do not add up.
    """
    random = np.random.default_rng(seed)
    counts = random.poisson(MEAN_CLAIMS - 1, persons) + 1
    person = np.repeat(np.arange(persons, dtype=np.int64), counts)
    rows = len(person)
    columns: Columns = {"person": person, **_days(policy, random, person), **_money(random, rows)}
    for fact in policy.facts:
        if fact.range is not None:
            low, high = fact.range.low or 0, fact.range.high or 0
            columns[fact.name] = random.integers(low, high + 1, rows)
        else:
            chance = (weights or {}).get(fact.name)
            columns[fact.name] = random.choice(len(fact.values), rows, p=chance).astype(np.int64)
    if bad_share:
        _spoil(policy, columns, random, bad_share)
    return columns


def _days(policy: Policy, random: np.random.Generator, person: npt.NDArray[np.int64]) -> Columns:
    """Stays inside the policy's year, in order of settlement; some are settled after the year's end."""
    rows = len(person)
    length = (policy.end - policy.start).days
    discharge = random.integers(0, length, rows)
    settlement = discharge + np.where(random.random(rows) < 0.9, 0, random.integers(0, 40, rows))
    if policy.rule_date == "settlement":
        settlement = np.minimum(settlement, length - 1)
        discharge = np.minimum(discharge, settlement)
    admission = discharge - random.integers(0, 20, rows)
    if policy.rule_date == "admission":
        admission = np.maximum(admission, 0)
    order = np.lexsort((settlement, person))
    start = np.datetime64(policy.start)
    names = {"admission": admission, "discharge": discharge, "settlement": settlement}
    return {name: _numbers(start + days[order]) for name, days in names.items()}


def _numbers(days: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    month = days.astype("datetime64[M]")
    year = days.astype("datetime64[Y]")
    numbers: npt.NDArray[np.int64] = (
        (year.astype(np.int64) + 1970) * 10000
        + ((month - year).astype(np.int64) + 1) * 100
        + (days - month).astype(np.int64)
        + 1
    )
    return numbers


def _money(random: np.random.Generator, rows: int) -> Columns:
    scope = (random.lognormal(9.0, 1.6, rows) * 100).astype(np.int64)
    scope = np.where(random.random(rows) < 0.15, random.integers(0, 50, rows) * 10_000, scope)  # exact thresholds
    parts = {
        name: (scope * random.random(rows) * share).astype(np.int64)
        for name, share in (("fully_self_paid", 0.2), ("over_limit", 0.05), ("pre_self_paid", 0.1))
    }
    return {"total": scope + sum(parts.values()), **parts, "in_scope": scope}


def _spoil(policy: Policy, columns: Columns, random: np.random.Generator, share: float) -> None:
    rows = len(columns["person"])
    bad = random.random(rows) < share
    kind = random.integers(0, 4, rows)
    fact = policy.facts[int(random.integers(len(policy.facts)))].name
    columns[fact] = np.where(bad & (kind == 0), -1, columns[fact])
    columns["total"] = columns["total"] + (bad & (kind == 1))
    columns["in_scope"] = np.where(bad & (kind == 2), -1, columns["in_scope"])
    elsewhen = bad & (kind == 3)
    if policy.rule_date == "settlement":  # two years before, on a person's first claim: the order stays
        elsewhen &= np.r_[True, np.diff(columns["person"]) > 0]
    columns[policy.rule_date] = np.where(elsewhen, columns[policy.rule_date] - 20000, columns[policy.rule_date])


def as_claims(policy: Policy, columns: Columns) -> Iterator[Claim]:
    """The same claims as objects, row by row. The total of an object is the sum of its parts by definition."""
    lists = {name: column.tolist() for name, column in columns.items()}
    for row in range(len(lists["person"])):
        facts: dict[str, FactValue] = {}
        for fact in policy.facts:
            number = lists[fact.name][row]
            if number >= 0:
                facts[fact.name] = number if fact.range is not None else fact.values[number]
        yield Claim(
            id=str(row),
            person=str(lists["person"][row]),
            facts=facts,
            admission=_day(lists["admission"][row]),
            discharge=_day(lists["discharge"][row]),
            settlement=_day(lists["settlement"][row]),
            **{f"{name}_fen": lists[name][row] for name in MONEY if name != "total"},
        )


def _day(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100)
