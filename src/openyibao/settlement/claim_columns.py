"""Claims as columns: what `RowRule.settle` takes, from claims that stand person after person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from openyibao.policy.model import Policy
from openyibao.settlement.claim import Claim
from openyibao.settlement.columns import DATES, MONEY, Array
from openyibao.settlement.facts import encoder, held_facts
from openyibao.settlement.lowering import MISSING
from openyibao.settlement.rule import day_number


def claim_columns(policy: Policy, claims: Sequence[Claim]) -> dict[str, Array]:
    """The columns of claims: dates as yyyymmdd, money in fen, facts as the numbers of their values.

    Names (persons, episodes, stays, facts of any text) become whole numbers, the same for the same name.
    Raises TwoValuesError where a claim states two values of a fact at once and the policy has no order.
    """
    facts = [held_facts(policy, claim) for claim in claims]
    columns: dict[str, list[int]] = {name: [day_number(getattr(c, name)) for c in claims] for name in DATES}
    columns |= {name: [getattr(claim, f"{name}_fen") for claim in claims] for name in MONEY}
    for name in ("charge", "enrolment"):
        columns[name] = [_day(getattr(claim, name)) for claim in claims]
    for name in ("first_of_stay", "last_of_stay"):
        columns[name] = [int(getattr(claim, name)) for claim in claims]
    for name in ("person", "episode", "stay"):
        columns[name] = _numbers([getattr(claim, name) for claim in claims])
    for fact in policy.facts:
        encode, values = encoder(fact), [found.get(fact.name) for found in facts]
        codes = [encode(value) for value in values]
        if fact.kind == "any":
            names = _numbers([str(value) for value in values])
            codes = [code if code < 0 else name for code, name in zip(codes, names, strict=True)]
        columns[fact.name] = codes
    return {name: np.array(values, dtype=np.int64) for name, values in columns.items()}


def _day(day: date | None) -> int:
    return MISSING if day is None else day_number(day)


def _numbers(names: list[str]) -> list[int]:
    """A number for each name, in the order of their first appearance."""
    known: dict[str, int] = {}
    return [known.setdefault(name, len(known)) for name in names]
