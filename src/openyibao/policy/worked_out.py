"""What a policy works out: sums of amounts and of quantities, and facts that no claim states, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from openyibao.policy.model import NOWHERE, Basis, Condition, Fact, Table
from openyibao.policy.problems import Place

DERIVED = "derived"
"""The kind of a fact that is worked out."""
OWN_DEDUCTIBLE = (None, "deductible")
"""The deductible of the layer in which a sum stands."""


@dataclass(frozen=True)
class Sum:
    """A quantity made of others, not below 0: those in `plus` together, without those in `minus`.

    Each is a quantity of the claim (its layer is None) or of a layer as it finished; its `left` is all its open parts.
    OWN_DEDUCTIBLE is that of the layer in whose floor the sum stands.
    """

    name: str
    plus: tuple[tuple[str | None, str], ...]
    minus: tuple[tuple[str | None, str], ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is another for each layer, and so stands in floors only."""
        return OWN_DEDUCTIBLE in (*self.plus, *self.minus)


@dataclass(frozen=True)
class AmountSum:
    """An amount made of others: those in `plus` together, without those in `minus`, not below 0.

    The result is raised to `least`, then cut to `most`, where these are not None, and never above MAX_AMOUNT_FEN.
    """

    plus: tuple[Table, ...]
    minus: tuple[Table, ...]
    basis: Basis
    least: Table | None = None
    most: Table | None = None

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its terms and its bounds."""
        return (*self.plus, *self.minus, *(bound for bound in (self.least, self.most) if bound is not None))


@dataclass(frozen=True)
class Reach:
    """One value of a derived fact: it holds where no value before it does, and the number reaches no further.

    `to` is a table of amounts or of whole numbers, or None for all that is left; `included` says whether the
    edge itself still belongs to the value.
    """

    value: str
    to: Table | None = None
    included: bool = False


@dataclass(frozen=True)
class Derived:
    """A fact that no claim states: it is worked out from money of the claim, or from the person's earlier claims.

    `of` is `quantity` or one of `derived.COUNTED`. A quantity is named as in `Sum`. Of earlier claims those count that
    meet the conditions, have the same values of the facts in `per`, and to which the layer `paid_by`, if there is
    one, paid more than nothing; `period` is where they are looked for.
    """

    name: str
    of: str
    reaches: tuple[Reach, ...]
    basis: Basis
    quantity: tuple[str | None, str] | None = None
    period: str = "lifetime"
    conditions: tuple[Condition, ...] = ()
    per: tuple[str, ...] = ()
    paid_by: str | None = None
    place: Place = field(default=NOWHERE, compare=False)

    @property
    def fact(self) -> Fact:
        """How tables and conditions see it."""
        return Fact(self.name, tuple(dict.fromkeys(reach.value for reach in self.reaches)), kind=DERIVED)
