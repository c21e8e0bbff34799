"""The items of a catalogue in the words of the national interface: kinds, classes, prices, shares, row by row.

The text names no codes for several dictionaries of 1318 and 1319 (types of limits and shares, what happens above a
limit), so own codes stand there: 0 holds for everybody, 1, 2, ... count the cases of a table in the catalogue's order;
what the case is stands in `exp_content`-like words under `tabname`, as far as its 100 characters reach.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from openyibao.catalogue import Catalogue
from openyibao.catalogue.model import Bands, FactTable, Item, Version
from openyibao.policy.divisions import CLASS_C
from openyibao.policy.model import Cell, Otherwise, Words
from openyibao.service.gateway.fees import LEVELS
from openyibao.service.gateway.lookup import EACH_DAY, moment

LIST_TYPES = {
    "drug": "101",
    "herbal pieces": "102",
    "hospital preparation": "103",
    "ethnic-minority medicine": "104",
    "herbal granules": "106",
    "medical service": "201",
    "medical consumable": "301",
    "long-term care service": "501",
}
OTHER_LIST = "105"
CHARGE_TYPES = {"101": "09", "102": "10", "103": "09", "104": "11", "106": "10", "301": "08"}
"""The charge category by the list: services are not told apart, nor are western and proprietary Chinese drugs."""
OTHER_CHARGE = "14"
EVERYBODY = "0"
BORNE_BY_PERSON = "1"
"""Own code of what happens above a limit: it is cost over the limit, which the person bears."""
LONGEST_RID = 40
PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Listed:
    """An item with one of its versions."""

    item: Item
    version: Version

    @property
    def list_type(self) -> str:
        return LIST_TYPES.get(self.item.kind, OTHER_LIST)

    @property
    def level(self) -> str | None:
        """CHRGITM_LV, None where the catalogue does not know the class."""
        return LEVELS.get(str(self.version.item_class))

    @property
    def charge_type(self) -> str:
        return CHARGE_TYPES.get(self.list_type, OTHER_CHARGE)

    @property
    def ver(self) -> str:
        """The version string, which grows with the day from which a version holds."""
        return f"v{self.version.start:%Y%m%d}"

    @property
    def last(self) -> date | None:
        return self.version.end - EACH_DAY if self.version.end else None

    @property
    def made(self) -> datetime:
        """When the row came to be, as far as is known: on the day from which it holds."""
        return moment(self.version.start)

    def is_valid(self, day: date) -> bool:
        return self.version.end is None or day < self.version.end

    def rid(self, *more: object) -> str:
        """A record number that stays the same for the same row."""
        plain = "-".join(map(str, (self.item.code, f"{self.version.start:%Y%m%d}", *more)))
        return plain if len(plain) <= LONGEST_RID else hashlib.sha256(plain.encode()).hexdigest()[:LONGEST_RID]


@dataclass(frozen=True, slots=True)
class Case:
    """A value of a table: the code of its case, what the case is in words, and the value (None: no limit)."""

    code: str
    words: str
    value: Fraction | None


def listed(catalogue: Catalogue) -> Iterator[Listed]:
    """All versions of all items, by code and date."""
    for code in sorted(catalogue.items):
        for version in catalogue.items[code].versions:
            yield Listed(catalogue.items[code], version)


def level_on(item: Item | None, day: date) -> str:
    """The class of an item on a day; what the catalogue does not list, the person pays (class C)."""
    version = item.version(day) if item else None
    return (LEVELS.get(str(version.item_class)) if version else None) or LEVELS[CLASS_C]


def limits(one: Listed) -> list[Case]:
    """The price limits of a version in fen. Limits that the catalogue does not know are left out."""
    return [] if one.version.limit is None else _cases(one.version.limit, "")


def shares(one: Listed) -> list[Case]:
    """The shares that the person pays in advance: 0 of class A, 1 of class C, else by the tables of the version."""
    level, share = one.level, one.version.share
    if level is None:
        return []
    if level == LEVELS[CLASS_C]:
        return [Case(EVERYBODY, "", Fraction(1))]
    if share is None:
        return [Case(EVERYBODY, "", Fraction(0))]
    found = _cases(share, "") if isinstance(share, FactTable) else _banded(share)
    return [
        Case(EVERYBODY if len(found) == 1 else str(number), case.words, case.value)
        for number, case in enumerate(found, 1)
    ]


def _banded(bands: Bands) -> list[Case]:
    found, start = [], "0"
    for band in bands.bands:
        if band.up_to_fen is None:
            words = f"{bands.decided_by} > {start}"
        elif isinstance(band.up_to_fen, Fraction):
            end = str(yuan(band.up_to_fen))
            words, start = f"{bands.decided_by} {start}-{end}", end
        else:
            break  # the edge is not known, nor is what lies above it
        found += _cases(band.share, words)
    return found


def _cases(table: FactTable, before: str) -> list[Case]:
    found = []
    for number, (cell, value) in enumerate(zip(table.table.cells, table.values, strict=True), 1):
        words = "; ".join(filter(None, (before, _words(table.table.by, cell))))
        code = str(number) if table.table.by else EVERYBODY
        if isinstance(value, Fraction):
            found.append(Case(code, words, value))
    return found


def _words(by: tuple[str, ...], cell: Cell) -> str:
    parts = []
    for fact, key in zip(by, cell.keys, strict=True):
        if isinstance(key, Otherwise):
            parts.append(f"{fact}: otherwise")
        elif isinstance(key, Words):
            parts.append(f"{fact}: {', '.join(key.values)}")
        else:
            low = "" if key.low is None else key.low
            parts.append(f"{fact}: {low}-{'' if key.high is None else key.high}")
    return "; ".join(parts)


def yuan(fen: Fraction) -> Decimal:
    """A price in fen as yuan, exact (prices have at most four decimals of a yuan)."""
    price = fen / 100
    return Decimal(price.numerator) / Decimal(price.denominator)


def ratio(share: Fraction) -> Decimal:
    """A share with four decimals, half-up."""
    return (Decimal(share.numerator) / Decimal(share.denominator)).quantize(PLACES, ROUND_HALF_UP)


def record(one: Listed, day: date, *more: object) -> dict[str, Any]:
    """What every row about a version states."""
    return {
        "begndate": one.version.start,
        "enddate": one.last,
        "vali_flag": "1" if one.is_valid(day) else "0",
        "rid": one.rid(*more),
        "updt_time": one.made,
        "crte_time": one.made,
    }
