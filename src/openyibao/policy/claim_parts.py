"""How a policy divides a part of the claim, and which claims gather what others left open, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from openyibao.policy.model import Basis, Condition


@dataclass(frozen=True)
class SubPart:
    """A sub-part of a part of the claim: a money fact of that name.

    `lines` are the conditions on a fee line that belongs to it: none is all lines that are left, None says that
    claims state the amount.
    """

    name: str
    lines: tuple[Condition, ...] | None


@dataclass(frozen=True)
class Division:
    """A part of the claim and the sub-parts that stand in its place, in the order in which terms take from them."""

    part: str
    into: tuple[SubPart, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.into)


@dataclass(frozen=True)
class Gathering:
    """A service whose claims gather what is still open of earlier ones that meet the conditions.

    `months` is None for the claims of the benefit year before, else how many months back their discharge may lie.
    """

    service: str
    months: int | None
    conditions: tuple[Condition, ...]
    basis: Basis
