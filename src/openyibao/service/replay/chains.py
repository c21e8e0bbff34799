"""A history as chains of claims: what stood when something was settled, then what was settled upon it.

A settlement that is taken back leaves the uses as if it had never been. So the log of a history is cut at each
reversal: what is settled from there to the next one is derived upon the claims that stood then, in the order of their
numbers.
A history without reversals is one chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from openyibao.service.replay.log import Claimed, Kept


class Step(NamedTuple):
    """One claim of a settlement. `place`: the settlement's id and the number of the claim in it, from 0."""

    place: tuple[int, int]
    claim: Claimed
    law: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Chain:
    """Claims in the order in which they are settled again; those before `first` only lead to the others."""

    steps: Sequence[Step]
    first: int = 0


def chains_of(rows: Sequence[Kept]) -> list[Chain]:
    """The chains of a history, or of its beginning."""
    found: list[Chain] = []
    standing: list[Kept] = []
    before = 0
    for row in rows:
        if row.reverses is None:
            standing.append(row)
            continue
        if before < len(standing):
            found.append(_chain(standing, before))
        standing = [one for one in standing if one.id != row.reverses]
        before = len(standing)
    if before < len(standing):
        found.append(_chain(standing, before))
    return found


def _chain(standing: Sequence[Kept], before: int) -> Chain:
    steps = [
        Step((one.id, number), claim, law)
        for one in standing
        for number, (claim, law) in enumerate(zip(one.claims, one.laws, strict=True))
    ]
    return Chain(steps, sum(len(one.claims) for one in standing[:before]))
