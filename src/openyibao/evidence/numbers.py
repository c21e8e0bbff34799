"""Printed numbers as exact fractions: their value, the step of their last digit, and how they are shown."""

from __future__ import annotations

import re
from fractions import Fraction

from openyibao.evidence.model import ReplicationError

_NUMERAL = re.compile(r"\d[\d, ]*(?:\.\d+)?")
SHOWN_DECIMALS = 4


def numeral(text: str) -> str:
    """The first number of a printed text, without separators; empty where it has none.

    >>> numeral("19, 387, 700"), numeral("a decline of 20.65%"), numeral("six")
    ('19387700', '20.65', '')
    """
    found = _NUMERAL.search(text)
    return found[0].replace(",", "").replace(" ", "") if found else ""


def last_digit(printed: str, read: Fraction) -> Fraction:
    """What one of the last printed digit is worth, in the unit in which the number is read.

    >>> last_digit("24.5 billion", Fraction(24500)), last_digit("8.1", Fraction("8.1")), last_digit("six", Fraction(6))
    (Fraction(100, 1), Fraction(1, 10), Fraction(1, 1))
    """
    digits = numeral(printed)
    if not digits:
        return Fraction(1)
    worth = Fraction(1, 10 ** len(digits.partition(".")[2]))
    return worth * abs(read) / Fraction(digits) if Fraction(digits) and read else worth


def shown(value: Fraction, decimals: int = SHOWN_DECIMALS) -> str:
    """A number for people: exact where a few decimals do, else rounded half-even to them.

    >>> shown(Fraction(1860)), shown(Fraction(-1, 8)), shown(Fraction(9490, 9)), shown(Fraction(2, 3), 2)
    ('1,860', '-0.125', '1,054.4444', '0.67')
    """
    scale = 10**decimals
    units = round(value * scale)
    whole, rest = divmod(abs(units), scale)
    tail = f"{rest:0{decimals}d}".rstrip("0") if decimals else ""
    return ("-" if units < 0 else "") + f"{whole:,}" + (f".{tail}" if tail else "")


def power_towards(value: Fraction, target: Fraction) -> int:
    """The power of ten that brings a number nearest to another one, in proportion.

    >>> power_towards(Fraction("32.284"), Fraction("328.98")), power_towards(Fraction(24590), Fraction(2_361_000))
    (1, 2)
    """
    if value <= 0 or target <= 0:
        raise ReplicationError(
            f"{shown(value)} cannot be brought near {shown(target)} by a power of ten: both must be above 0"
        )

    def apart(power: int) -> Fraction:
        moved = value * Fraction(10) ** power
        return max(moved / target, target / moved)

    return min(range(-12, 13), key=apart)
