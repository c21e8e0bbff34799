"""Unit prices and counts as written, exact: up to four decimals, never through floating point; and rounding."""

from __future__ import annotations

import re
from fractions import Fraction
from math import floor

from openyibao.policy.values import FULL_WIDTH, MAX_AMOUNT_FEN

DECIMALS = 4
SCALE = 10**4
MAX_PRICE_FEN = MAX_AMOUNT_FEN // 10**2  # ten million yuan: no unit price is larger, and 100 of them are an amount

_PRICE = re.compile(r"(\d{1,3}(?:,\d{3}){1,3}|\d{1,12})(?:\.(\d{1,4}))?( ?yuan| ?元)?", re.ASCII)
_WAN = re.compile(r"(\d{1,4})(?:\.(\d{1,6}))? ?万元?", re.ASCII)
_COUNT = re.compile(r"(-?)(\d{1,9})(?:\.(\d{1,4}))?", re.ASCII)


def parse_price(text: str) -> Fraction | None:
    """Fen of a unit price in yuan with at most four decimals, or None if the text is not one.

    >>> parse_price("27.275"), parse_price("0.0478元"), parse_price("1,200"), parse_price("2万"), parse_price("1.23456")
    (Fraction(5455, 2), Fraction(239, 50), Fraction(120000, 1), Fraction(2000000, 1), None)
    """
    text = text.translate(FULL_WIDTH)
    for pattern, unit_fen in ((_PRICE, 100), (_WAN, 1_000_000)):
        if found := pattern.fullmatch(text):
            decimals = found[2] or ""
            return Fraction(int(found[1].replace(",", "") + decimals) * unit_fen, 10 ** len(decimals))
    return None


def parse_count(text: str) -> Fraction | None:
    """A count with at most four decimals, negative for a refund, or None if the text is not one.

    >>> parse_count("2.5"), parse_count("-1"), parse_count("1/3")
    (Fraction(5, 2), Fraction(-1, 1), None)
    """
    found = _COUNT.fullmatch(text.translate(FULL_WIDTH))
    if not found:
        return None
    decimals = found[3] or ""
    return Fraction(int(found[1] + found[2] + decimals), 10 ** len(decimals))


def decimal(number: Fraction) -> str:
    """A number of at most six decimals as text that reads back to it: prices in yuan, counts.

    >>> decimal(Fraction(5455, 200)), decimal(Fraction(-3)), decimal(Fraction(1, 10**6))
    ('27.275', '-3', '0.000001')
    """
    scaled = abs(number) * 10**6
    assert scaled.denominator == 1, f"{number} has more than six decimals"
    whole, rest = divmod(scaled.numerator, 10**6)
    text = f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
    return f"-{text}" if number < 0 else text


def price_text(fen: Fraction) -> str:
    """A unit price in yuan, for people: two decimals, or as many as it has.

    >>> price_text(Fraction(3200)), price_text(Fraction(5455, 2)), price_text(Fraction(120000))
    ('32.00', '27.275', '1,200.00')
    """
    whole, _, rest = decimal(fen / 100).partition(".")
    return f"{int(whole):,}.{rest.ljust(2, '0')}"


def round_fen(amount: Fraction) -> int:
    """Half-up to the fen, of an exact number >= 0 of fen.

    >>> round_fen(Fraction(5455, 2)), round_fen(Fraction(27274, 10))
    (2728, 2727)
    """
    assert amount >= 0
    return floor(amount + Fraction(1, 2))
