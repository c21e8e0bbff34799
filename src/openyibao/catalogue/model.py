"""What a catalogue says, as plain data: the result of reading a catalogue file.

Prices and limits are exact fractions of a fen (a unit price may have four decimals of a yuan), shares exact ratios,
names the canonical English words. Two catalogues are equal when they say the same, in whichever language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from types import MappingProxyType

from openyibao.policy.model import NOWHERE, Basis, Bilingual, Document, Fact, NoLimit, NotKnown, Table
from openyibao.policy.problems import Place

WHOLE_PRICE, SLICES = DECIDED_BY = ("whole price", "slices")


@dataclass(frozen=True)
class FactTable:
    """A table of pre-pay shares (ratios) or of price limits (fen): which cell answers, and the value of each cell.

    The values stand beside the cells because a price limit may be finer than the fen of an amount.
    """

    table: Table
    values: tuple[Fraction | NoLimit | NotKnown, ...]


@dataclass(frozen=True)
class Band:
    """A pre-pay share for unit prices up to an edge in fen, which belongs to the band. None: all above."""

    up_to_fen: Fraction | NotKnown | None
    share: FactTable


@dataclass(frozen=True)
class Bands:
    """Pre-pay shares by unit price: by the band of the `whole price`, or by its `slices`."""

    decided_by: str
    bands: tuple[Band, ...]
    basis: Basis | None = None


@dataclass(frozen=True)
class Version:
    """What holds for an item from `start` and before `end` (None: until further notice).

    `item_class` is class A, B, C, or not known. `limit` None is no price limit; `share` None is no pre-pay share.
    """

    start: date
    end: date | None
    item_class: str | NotKnown
    limit: FactTable | None
    share: FactTable | Bands | None
    basis: Basis
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def holds(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class Item:
    """A drug, service or material of the catalogue. Its versions stand by date and do not overlap."""

    code: str
    title: Bilingual
    kind: str
    unit: Bilingual
    versions: tuple[Version, ...]

    def version(self, day: date) -> Version | None:
        """The version in force on a day, or None."""
        return next((version for version in self.versions if version.holds(day)), None)


@dataclass(frozen=True)
class Catalogue:
    """The items that a pooling region lists, by code, with the facts their tables ask about a claim."""

    id: str
    title: Bilingual
    region: str
    words: tuple[Bilingual, ...]
    documents: tuple[Document, ...]
    facts: tuple[Fact, ...]
    items: Mapping[str, Item] = field(repr=False)
    gaps: tuple[Bilingual, ...] = ()
    file: str = field(default="", compare=False, repr=False)
    digest: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", MappingProxyType(dict(self.items)))

    def __hash__(self) -> int:
        return hash((self.id, self.digest))

    def document(self, name: str) -> Document | None:
        return next((document for document in self.documents if document.name == name), None)
