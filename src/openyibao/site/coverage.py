"""How well policies are known: values by confidence, with an identified article, not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from openyibao.policy.coverage import values
from openyibao.policy.model import NOT_IDENTIFIED, NotKnown, Policy

SURE = ("high", "medium", "low")


@dataclass(frozen=True)
class Quality:
    """Counts of a policy's values."""

    total: int
    high: int
    medium: int
    low: int
    article: int
    unknown: int

    @classmethod
    def of(cls, policy: Policy) -> Quality:
        found = list(values(policy))
        sure = Counter(basis.sure for _, basis in found if basis)
        return cls(
            total=len(found),
            high=sure["high"],
            medium=sure["medium"],
            low=sure["low"],
            article=sum(1 for _, basis in found if basis and basis.article != NOT_IDENTIFIED),
            unknown=sum(1 for cell, _ in found if isinstance(cell.value, NotKnown)),
        )

    @classmethod
    def sum(cls, qualities: Iterable[Quality]) -> Quality:
        rows = [(q.total, q.high, q.medium, q.low, q.article, q.unknown) for q in qualities]
        return cls(*(sum(column) for column in zip(*rows, strict=True))) if rows else cls(0, 0, 0, 0, 0, 0)

    @property
    def bar(self) -> tuple[tuple[int, int], ...]:
        """Shares by confidence, in hundredths of the values that have a basis."""
        known = self.high + self.medium + self.low
        if not known:
            return ()
        parts = [self.high * 100 // known, self.medium * 100 // known]
        return tuple((n, part) for n, part in enumerate([*parts, 100 - sum(parts)], 1) if part)
