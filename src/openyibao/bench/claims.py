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
from openyibao.settlement.lowering import CLAIM_PARTS, MISSING_MONEY

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
    columns |= _names_and_days(random, columns)
    for fact in policy.facts:
        if fact.kind == "admission number":
            continue
        if fact.kind in ("any", "money", "signed money"):
            columns[fact.name] = _without_values(fact.kind, random, rows)
        elif fact.range is not None:
            low, high = fact.range.low or 0, fact.range.high or 0
            columns[fact.name] = random.integers(low, high + 1, rows)
        else:
            chance = (weights or {}).get(fact.name)
            columns[fact.name] = random.choice(len(fact.values), rows, p=chance).astype(np.int64)
    _divide(policy, columns, random)
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


def _names_and_days(random: np.random.Generator, columns: Columns) -> Columns:
    """Episodes that several claims of a person share, stays in two parts, days of charge and enrolment."""
    rows = len(columns["person"])
    again = random.random(rows) < 0.3
    again[:1] = False
    again &= np.r_[False, columns["person"][1:] == columns["person"][:-1]]
    number = np.arange(rows, dtype=np.int64)
    stay = np.where(again & (random.random(rows) < 0.5), number - 1, number)
    episode = np.maximum.accumulate(np.where(again, 0, number))
    early = random.random(rows) < 0.5
    return {
        "episode": episode,
        "stay": stay,
        "first_of_stay": (stay == number).astype(np.int64),
        "last_of_stay": (random.random(rows) < 0.7).astype(np.int64),
        "charge": np.where(early, columns["admission"], np.where(random.random(rows) < 0.5, -1, columns["discharge"])),
        "enrolment": np.where(
            random.random(rows) < 0.02, -1, columns["admission"] // 100 * 100 + 1 - 10000 * random.integers(0, 3, rows)
        ),
    }


def _without_values(kind: str, random: np.random.Generator, rows: int) -> npt.NDArray[np.int64]:
    """A fact of any text, or of money."""
    if kind == "any":
        return random.integers(0, 3, rows)
    return random.integers(-50_000 if kind == "signed money" else 0, 300_000, rows)


def _money(random: np.random.Generator, rows: int) -> Columns:
    scope = (random.lognormal(9.0, 1.6, rows) * 100).astype(np.int64)
    scope = np.where(random.random(rows) < 0.15, random.integers(0, 50, rows) * 10_000, scope)  # exact thresholds
    parts = {
        name: (scope * random.random(rows) * share).astype(np.int64)
        for name, share in (("fully_self_paid", 0.2), ("over_limit", 0.05), ("pre_self_paid", 0.1))
    }
    return {"total": scope + sum(parts.values()), **parts, "in_scope": scope}


def _divide(policy: Policy, columns: Columns, random: np.random.Generator) -> None:
    """Claims that gather have no money; of all others the sub-parts add up to their part."""
    services = next((fact.values for fact in policy.facts if fact.name == "service"), ())
    for gathering in policy.gatherings:
        gathers = columns["service"] == services.index(gathering.service)
        columns |= {name: np.where(gathers, 0, columns[name]) for name in MONEY}
    for division in policy.divisions:
        left = columns[CLAIM_PARTS[division.part]].copy()
        for name in division.names[:-1]:
            columns[name] = (left * random.random(len(left))).astype(np.int64)
            left -= columns[name]
        columns[division.names[-1]] = left


def _spoil(policy: Policy, columns: Columns, random: np.random.Generator, share: float) -> None:
    rows = len(columns["person"])
    bad = random.random(rows) < share
    kind = random.integers(0, 4, rows)
    stated = [fact for fact in policy.facts if fact.name in columns]
    if stated:  # a policy may ask nothing
        fact = stated[int(random.integers(len(stated)))]
        missing = MISSING_MONEY if "money" in fact.kind else -1
        columns[fact.name] = np.where(bad & (kind == 0), missing, columns[fact.name])
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
            number = lists[fact.name][row] if fact.name in lists else -1
            if number >= 0 or (fact.kind == "signed money" and number > MISSING_MONEY):
                facts[fact.name] = (
                    fact.values[number] if fact.values else f"name {number}" if fact.kind == "any" else number
                )
        yield Claim(
            id=str(row),
            person=str(lists["person"][row]),
            facts=facts,
            admission=_day(lists["admission"][row]),
            discharge=_day(lists["discharge"][row]),
            settlement=_day(lists["settlement"][row]),
            episode=f"episode {lists['episode'][row]}",
            stay=f"stay {lists['stay'][row]}",
            first_of_stay=bool(lists["first_of_stay"][row]),
            last_of_stay=bool(lists["last_of_stay"][row]),
            charge=_day(lists["charge"][row]) if lists["charge"][row] > 0 else None,
            enrolment=_day(lists["enrolment"][row]) if lists["enrolment"][row] > 0 else None,
            **{f"{name}_fen": lists[name][row] for name in MONEY if name != "total"},
        )


def _day(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100)
