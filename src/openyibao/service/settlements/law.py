"""The law of a pooling region: its policies by scheme, compiled when first needed, and its catalogue."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from openyibao.catalogue import Catalogue, find_catalogue, read_catalogue
from openyibao.history import Series, load_series
from openyibao.service.gateway.refusals import Refused
from openyibao.service.ledger.books import ACCOUNTS
from openyibao.service.organisation.models import Region


@dataclass(frozen=True, slots=True)
class Law:
    """By what a claim of one scheme of a region is settled, and by what its fee lines are split."""

    series: Series
    catalogue: Catalogue
    catalogue_digest: str


def law_of(region: Region, scheme: str) -> Law:
    """The law of a scheme. The day of each claim chooses the policy, so this stays right over midnight.

    Raises Refused where the region has no policy for the scheme.
    """
    names = region.policies.get(scheme)
    if not names:
        raise Refused("no policy", region=region.body.code, scheme=scheme)
    return _law(tuple(names.split()), region.catalogue)


def funds_of(region: Region, scheme: str) -> set[str]:
    """The funds that pay by the law of a scheme, whenever in force; none where the region has no law of it."""
    if scheme not in region.policies:
        return set()
    policies = law_of(region, scheme).series.policies
    return {layer.payer for policy in policies for layer in policy.layers} - set(ACCOUNTS)


def catalogue_of(region: Region) -> Catalogue:
    """The catalogue of a region, whatever the scheme."""
    return _catalogue(region.catalogue)


@lru_cache(maxsize=64)
def _law(policies: tuple[str, ...], catalogue: str) -> Law:
    return Law(load_series(policies), _catalogue(catalogue), hashlib.sha256(_file(catalogue)).hexdigest())


def _file(catalogue: str) -> bytes:
    return find_catalogue(catalogue).read_bytes()


@lru_cache(maxsize=64)
def _catalogue(name: str) -> Catalogue:
    return read_catalogue(find_catalogue(name))
