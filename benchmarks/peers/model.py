"""What all peers share: the numbers of the policy, kinds of money, and which claim is a person's k-th in a year."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
NO_LIMIT = {"no limit": float("inf"), "not known": 0.0}
"""A value that the policy does not know is 0 here: the claims of the race never ask it."""


@dataclass(frozen=True)
class Money:
    """One way to hold money: its unit in fen, its type, and how a share of it is rounded."""

    unit_fen: int
    whole: bool
    half_up: bool = True

    def of_fen(self, fen: Array) -> Array:
        return fen if self.whole else fen / self.unit_fen

    def in_fen(self, money: Array) -> Array:
        """The nearest whole fen."""
        return np.rint(money.astype(np.float64) * self.unit_fen).astype(np.int64)

    def share(self, money: Array, rate: Array) -> Array:
        """The share, rounded to the fen. Whole fen are shared in whole numbers: rates are whole per cents."""
        if self.whole:
            fen: Array = (2 * money.astype(np.int64) * np.rint(rate * 100).astype(np.int64) + 100) // 200
            return fen
        if self.half_up:
            return np.floor(money * rate * 100 + 0.5) / 100
        return np.round(money * rate, 2)


YUAN = Money(unit_fen=100, whole=False, half_up=False)
"""Yuan, rounded by numpy's own `round`: half to even, on a binary fraction."""
YUAN_HALF_UP = Money(unit_fen=100, whole=False)
FEN = Money(unit_fen=1, whole=True)


def read_numbers(folder: Path) -> dict[str, Any]:
    """The numbers of the policy, as `ours.py` wrote them. Raises ValueError where a rate is no whole per cent."""
    numbers: dict[str, Any] = json.loads((folder / "numbers.json").read_text(encoding="utf-8"))
    for layer in numbers["layers"]:
        for value in leaves(layer["rate"]["values"]):
            if value not in NO_LIMIT and (Fraction(value) * 100).denominator != 1:
                raise ValueError(f"{layer['name']} pays {value}: the peers know whole per cents only")
    return numbers


def leaves(values: object) -> list[Any]:
    return [leaf for one in values for leaf in leaves(one)] if isinstance(values, list) else [values]


def number_of(value: int | str, money: Money) -> float:
    """An amount in the unit of the money, or a rate, as a float: fen up to 2^53 are exact."""
    if isinstance(value, int):
        return value / money.unit_fen
    return NO_LIMIT[value] if value in NO_LIMIT else float(Fraction(value))


def array_of(table: Mapping[str, Any], money: Money) -> npt.NDArray[np.float64]:
    """A table as an array with one axis for each fact."""
    shape = [len(axis["names"]) for axis in table["axes"]]
    flat = [number_of(value, money) for value in leaves(table["values"])]
    return np.array(flat).reshape(shape)


def codes(axis: Mapping[str, Any], columns: Mapping[str, Array]) -> Array:
    """Which entry of an axis each claim has: the number of its value, or of the range in which its number lies."""
    column = columns[axis["fact"]]
    return np.searchsorted(axis["from"], column, side="right") - 1 if "from" in axis else column


def identifier(words: str) -> str:
    """A name that may stand in Python, OpenFisca and PolicyEngine.

    >>> identifier("low-income edge"), identifier("0 to 17")
    ('low_income_edge', 'from_0_to_17')
    """
    name = re.sub(r"\W+", "_", words.lower())
    return f"from_{name}" if name[0].isdigit() else name


@dataclass(frozen=True)
class Sequence:
    """Benefit years of persons, and where each claim stands in its own.

    year: the number of the person's benefit year, one a row, from 0; place: 0 for its first claim; person_of: the
    person of each benefit year; settled_in: its calendar year (benefit years of this policy start on 1 January).
    """

    year: Array
    place: Array
    person_of: Array
    settled_in: Array

    @property
    def count(self) -> int:
        return len(self.person_of)

    @property
    def longest(self) -> int:
        return int(self.place.max()) + 1


def sequence(columns: Mapping[str, Array]) -> Sequence:
    """The rows stand person after person, in order of settlement: so does each benefit year."""
    settled = columns["settlement"] // 10_000
    person = columns["person"]
    new = np.r_[True, (person[1:] != person[:-1]) | (settled[1:] != settled[:-1])]
    starts = np.flatnonzero(new)
    year = np.cumsum(new) - 1
    place = np.arange(len(person)) - starts[year]
    return Sequence(year, place, person[starts], settled[starts])
