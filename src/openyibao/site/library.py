"""The policies of the site, ordered by place and scheme, and where their pages lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from openyibao.policy.model import Policy

SCHEMES = ("resident", "employee")
NO_PLACE = ("98", "99")
"""How codes begin that are no division's: models of the nation, and what is made up for teaching."""


@dataclass(frozen=True)
class Shelf:
    """All policies of a place and scheme, the newest first."""

    region: str
    scheme: str
    policies: tuple[Policy, ...]

    @property
    def newest(self) -> Policy:
        return self.policies[0]


@dataclass(frozen=True)
class Library:
    """All policies of the site."""

    policies: tuple[Policy, ...]

    @property
    def places(self) -> tuple[str, ...]:
        """The places that exist."""
        return tuple(region for region in self.regions if not region.startswith(NO_PLACE))

    @property
    def regions(self) -> tuple[str, ...]:
        """The places, in the order of their codes; what is no place comes last."""
        return tuple(sorted({policy.region for policy in self.policies}))

    def shelves(self, region: str) -> list[Shelf]:
        out = []
        for scheme in SCHEMES:
            found = [one for one in self.policies if one.region == region and one.scheme == scheme]
            if found:
                out.append(Shelf(region, scheme, tuple(sorted(found, key=_newest))))
        return out

    def all_shelves(self) -> list[Shelf]:
        return [shelf for region in self.regions for shelf in self.shelves(region)]

    def real_shelves(self) -> list[Shelf]:
        """Those of places that exist."""
        return [shelf for shelf in self.all_shelves() if not shelf.region.startswith(NO_PLACE)]

    def beside(self, policy: Policy) -> tuple[Policy, ...]:
        """All policies of the same place and scheme, this one too, the newest first."""
        return next(shelf.policies for shelf in self.shelves(policy.region) if shelf.scheme == policy.scheme)

    def newer(self, policy: Policy) -> Policy | None:
        """The newest policy of the same line (the same id but for the year) that begins after this one."""
        line = _line(policy)
        found = [one for one in self.beside(policy) if one.start > policy.start and _line(one) == line]
        return found[0] if found else None


def library_of(policies: Iterable[Policy]) -> Library:
    return Library(tuple(sorted(policies, key=lambda policy: policy.id)))


def _newest(policy: Policy) -> tuple[int, int, str]:
    """The newest first; of the same day the plain id before its variations."""
    return (-policy.start.toordinal(), len(policy.id), policy.id)


def _line(policy: Policy) -> str:
    folder, _, name = policy.id.rpartition("/")
    return f"{folder}/{name.partition('-')[0]}"


def policy_page(policy: Policy) -> str:
    return f"policies/{policy.id}.html"


def region_page(region: str) -> str:
    return f"regions/{region}.html"


def last_day(policy: Policy) -> date:
    """The last day in force; the file names the first day after it."""
    return policy.end - timedelta(days=1)
