"""A question as it was read, and the fields of the form that asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from openyibao.compare.patients import Patient
from openyibao.policy.model import Policy
from openyibao.settlement import Claim
from openyibao.settlement.claim import FactValue


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Field:
    """One question of the form. `kind`: choice, number, money, date, text."""

    name: str
    label: str
    kind: str
    value: str = ""
    options: tuple[Option, ...] = ()
    hint: str = ""
    error: str = ""
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Asked:
    """A question as it was read. `claims` are those of the year in their order, the one asked about last.

    Without `policy` nothing can be asked yet; with `errors` it cannot be answered. `complete`: somebody wants an
    answer (a cost or a standard case is stated).
    """

    at: str
    day: date
    policy: Policy | None
    others: tuple[Policy, ...]
    claims: tuple[Claim, ...]
    stated: Mapping[str, FactValue]
    patient: Patient | None
    complete: bool
    basics: tuple[Field, ...]
    facts: tuple[Field, ...]
    costs: tuple[Field, ...]
    earlier: tuple[tuple[Field, ...], ...]
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def away(self) -> bool:
        """Whether the policy says what care elsewhere, or without referral, means."""
        return self.policy is not None and any(fact.name == "locality" for fact in self.policy.facts)

    @property
    def ready(self) -> bool:
        return self.policy is not None and self.complete and not self.errors


def slug(name: str) -> str:
    """A fact or a value as it stands in an address.

    >>> slug("kind of special disease")
    'kind-of-special-disease'
    """
    return name.replace(" ", "-")
