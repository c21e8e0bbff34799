"""A claim, and what its person has used so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

MAX_USE_FEN = 10**13  # a hundred billion yuan: far beyond any person, and small enough that no product passes 2^63


@dataclass(frozen=True, slots=True)
class Held:
    """A value of a fact that holds from `start` and before `end` (None: without bound)."""

    value: str
    start: date | None = None
    end: date | None = None


OPEN = " / open"
"""How the groups of uses end that hold what claims have left to be gathered."""
EMPTIED = " / emptied"
"""How the groups of uses end that say, with 1, of which periods it was gathered."""

FactValue = str | int | tuple[Held, ...]
"""A word, a whole number (of money: fen), or several words with their times."""
UseKey = tuple[str | int, ...]
"""A group, the number of a period (or the name of an episode or stay), and the values the use is kept for."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One settlement event of one person.

    Money in fen; `total_fen` is the sum of the four parts. `facts` holds what a policy may ask about, under the
    English names (`grade`, `class`, `age` ...). A claim does not change once made.

    `episode` is the episode it belongs to, `stay` the stay of whose costs it holds a part; without them, it is one of
    its own. `charge` is the day on which its costs arose (without it: discharge), `enrolment` the day since which
    the person is insured.
    """

    id: str
    person: str
    admission: date
    discharge: date
    settlement: date
    in_scope_fen: int
    pre_self_paid_fen: int = 0
    over_limit_fen: int = 0
    fully_self_paid_fen: int = 0
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    episode: str = ""
    enrolment: date | None = None
    charge: date | None = None
    stay: str = ""
    first_of_stay: bool = True
    last_of_stay: bool = True

    def __post_init__(self) -> None:
        for money in (self.in_scope_fen, self.pre_self_paid_fen, self.over_limit_fen, self.fully_self_paid_fen):
            if type(money) is not int:
                raise TypeError(f"claim {self.id}: money is whole fen (int), not {money!r}")
        if not self.admission <= self.discharge <= self.settlement:
            raise ValueError(f"claim {self.id}: admission, discharge and settlement must follow one another")
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))
        object.__setattr__(self, "stay", self.stay or self.id)
        object.__setattr__(self, "episode", self.episode or self.stay)

    @property
    def total_fen(self) -> int:
        return self.in_scope_fen + self.pre_self_paid_fen + self.over_limit_fen + self.fully_self_paid_fen


@dataclass(frozen=True, slots=True)
class Uses:
    """What one person has used of deductibles, limits, band positions and caps: fen by group and period.

    A use of 0 is the same as none: it is not kept.

    >>> Uses().of("basic insurance / at most per year", 2023)
    0
    """

    values: Mapping[UseKey, int] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType({key: fen for key, fen in self.values.items() if fen}))
        for key, fen in self.values.items():
            if type(fen) is not int or not 0 <= fen <= MAX_USE_FEN:
                raise ValueError(f"the use {key} is {fen!r}; a use is whole fen from 0 to {MAX_USE_FEN}")

    @classmethod
    def settled(cls, values: Mapping[UseKey, int]) -> Uses:
        """Uses that a compiled policy has written, and so has checked."""
        uses = object.__new__(cls)
        object.__setattr__(uses, "values", MappingProxyType({key: fen for key, fen in values.items() if fen}))
        return uses

    def of(self, group: str, *period: str | int) -> int:
        return self.values.get((group, *period), 0)
