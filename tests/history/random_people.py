"""Random persons and their claims under any policy: whatever facts it asks about, at amounts that meet its own.

`Person(rng, policy).claim(n)` gives one claim. Amounts are drawn around those that the policy names, days around turns
of months and years and around the ends of its time, so that limits, edges and caps are met often.
"""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from openyibao.policy import Policy, find_policy, policy_ids, read_policy
from openyibao.policy.model import Fact, Money
from openyibao.settlement import Claim

HERE = Path(__file__).parent
OWN = sorted((HERE.parent / "policies").glob("*.yaml"))
SEED = int(os.environ.get("YIBAO_HISTORY_SEED", "20261122"))


@cache
def policies() -> tuple[Policy, ...]:
    """All policies of the program, and those made for tests."""
    return (*(read_policy(find_policy(name)) for name in policy_ids()), *(read_policy(path) for path in OWN))


@cache
def amounts(policy: Policy) -> tuple[int, ...]:
    """Every amount in fen that a policy names, in one list."""

    def walk(node: Any) -> Iterator[int]:
        if isinstance(node, Money):
            yield node.fen
        elif isinstance(node, tuple):
            for item in node:
                yield from walk(item)
        elif dataclasses.is_dataclass(node):
            for field in dataclasses.fields(node):
                yield from walk(getattr(node, field.name))

    return tuple(sorted({fen for fen in walk(policy) if fen})) or (100_000,)


class Person:
    """Somebody with facts of their own; some change from claim to claim, the others now and then."""

    CHANGING = ("service", "grade", "days", "items", "locality", "district", "disease", "institution", "item group")

    def __init__(self, rng: random.Random, policy: Policy, name: str = "P") -> None:
        self.rng, self.policy, self.name = rng, policy, name
        self.facts = {fact.name: self.value(fact) for fact in policy.facts}
        self.pool = amounts(policy)
        self.enrolment = policy.start - timedelta(days=rng.choice((0, 1, 40, 400)))
        self.start = policy.start + timedelta(days=rng.randrange((policy.end - policy.start).days))

    def value(self, fact: Fact) -> Any:
        rng, kind = self.rng, getattr(fact, "kind", "words")
        if kind == "admission number":
            return None  # it is worked out
        if kind in ("money", "signed money"):
            return rng.choice((0, 1, 5_000, 100_000, 3_000_000)) * (rng.choice((1, -1)) if "signed" in kind else 1)
        if kind == "any":
            return rng.choice(("A", "B", "C"))
        if fact.range is not None:
            low, high = fact.range.low or 0, fact.range.high or 0
            edges = [n for n in (low, low + 1, 6, 7, 17, 18, 59, 60, 69, 70, 89, 90, high) if low <= n <= high]
            return rng.choice(edges) if rng.random() < 0.5 else rng.randint(low, high)
        return rng.choice(fact.values)

    def fen(self) -> int:
        """An amount: around one that the policy names, or of any size."""
        rng = self.rng
        if rng.random() < 0.5:
            return max(
                0, rng.choice(self.pool) * rng.choice((1, 1, 2, 3)) // rng.choice((1, 1, 2)) + rng.randint(-2, 2)
            )
        return int(10 ** rng.uniform(2, 7.6))

    def claim(self, number: int) -> Claim:
        rng = self.rng
        facts = dict(self.facts)
        for fact in self.policy.facts:
            if rng.random() < (0.5 if fact.name in self.CHANGING else 0.1):
                facts[fact.name] = self.value(fact)
        span = (self.policy.end - self.policy.start).days
        discharge = self.start + timedelta(days=rng.choice((0, 1, 10, 31, 90, 200, 360)) + rng.randint(-3, 3))
        if rng.random() < 0.2:
            discharge = discharge.replace(day=1) - timedelta(days=rng.randint(0, 1))
        if discharge >= self.policy.end:
            discharge -= timedelta(days=span)
        discharge = max(discharge, self.policy.start)
        admission = max(self.policy.start, discharge - timedelta(days=rng.choice((0, 0, 3, 30))))
        late = 0 if self.policy.rule_date == "settlement" else rng.choice((0, 0, 0, 5, 40))
        return Claim(
            f"{self.name}-{number}",
            self.name,
            admission,
            discharge,
            discharge + timedelta(days=late),
            in_scope_fen=self.fen(),
            pre_self_paid_fen=rng.choice((0, self.fen() // 5)),
            over_limit_fen=rng.choice((0, 0, self.fen() // 9)),
            fully_self_paid_fen=rng.choice((0, self.fen() // 5)),
            facts={name: value for name, value in facts.items() if value is not None},
            enrolment=self.enrolment,
            episode=rng.choice(("", "", f"{self.name}-E")),
        )

    def claims(self, most: int = 6) -> list[Claim]:
        """Up to `most` claims in settlement order, but for a late one now and then."""
        found = [self.claim(number) for number in range(1, self.rng.randint(1, most) + 1)]
        found.sort(key=lambda claim: claim.settlement)
        if self.rng.random() < 0.3:
            found.append(found.pop(self.rng.randrange(len(found))))
        return found
