"""Amounts and ratios as written, exact: yuan to whole fen, `70%` or `1/3` to a fraction, and back."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from math import floor

MAX_AMOUNT_FEN = 10**11  # a billion yuan: no amount of a policy and no claim is larger (see settlement.bounds)
MAX_DENOMINATOR = 10**6
RATIOS_KEPT = 4096

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Full-width digits and signs, as a Chinese keyboard writes them, to plain ones; no footnote marks."""

_YUAN = re.compile(r"(\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.(\d{1,2}))?( ?yuan| ?元)?", re.ASCII)
_WAN = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))? ?万元?", re.ASCII)
_PERCENT = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))? ?%", re.ASCII)
_FRACTION = re.compile(r"(\d{1,9})/(\d{1,9})", re.ASCII)


def parse_fen(text: str) -> int | None:
    """Whole fen of an amount in yuan, or None if the text is not one.

    >>> parse_fen("8450.50"), parse_fen("1,300 yuan"), parse_fen("8万"), parse_fen("1.234"), parse_fen("300①")
    (845050, 130000, 8000000, None, None)
    """
    text = text.translate(FULL_WIDTH)
    if found := _YUAN.fullmatch(text):
        return int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))
    if found := _WAN.fullmatch(text):
        return int(found[1]) * 1_000_000 + int((found[2] or "").ljust(6, "0"))
    return None


def parse_ratio(text: str) -> Fraction | None:
    """An exact ratio, or None if the text is not one.

    >>> parse_ratio("70%"), parse_ratio("66.5％"), parse_ratio("1/3"), parse_ratio("0.7")
    (Fraction(7, 10), Fraction(133, 200), Fraction(1, 3), None)
    """
    text = text.translate(FULL_WIDTH)
    if found := _PERCENT.fullmatch(text):
        decimals = found[2] or ""
        return Fraction(int(found[1] + decimals), 100 * 10 ** len(decimals))
    if (found := _FRACTION.fullmatch(text)) and int(found[2]):
        return Fraction(int(found[1]), int(found[2]))
    return None


def yuan(fen: int) -> str:
    """Yuan with as many decimals as needed; this text reads back to the same fen.

    >>> yuan(845050), yuan(30000), yuan(-5)
    ('8450.50', '300', '-0.05')
    """
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100}" + (f".{fen % 100:02d}" if fen % 100 else "")


def money(fen: int) -> str:
    """Yuan with thousands separators and two decimals, for people.

    >>> money(123456789), money(-5)
    ('1,234,567.89', '-0.05')
    """
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"


def round_figure(figure_fen: int, share: Fraction, mode: str, unit_fen: int) -> int:
    """A share of a published figure, cut (`down`), raised (`up`) or rounded `half-up` to whole units; in fen.

    >>> round_figure(3_380_300, Fraction(1, 2), "down", 100), round_figure(3_380_300, Fraction(1, 2), "half-up", 100)
    (1690100, 1690200)
    """
    units = share * figure_fen / unit_fen
    if mode == "down":
        return floor(units) * unit_fen
    if mode == "up":
        return -floor(-units) * unit_fen
    return floor(units + Fraction(1, 2)) * unit_fen


def parse_whole(text: str) -> int | None:
    """A whole number of at most nine plain digits, or None.

    >>> parse_whole("45"), parse_whole("4.5"), parse_whole("４５")
    (45, None, None)
    """
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


@lru_cache(maxsize=RATIOS_KEPT)
def percent(ratio: Fraction) -> str:
    """A ratio as a percentage where that is exact in a few digits, else as a fraction. Every bill says the same few.

    >>> percent(Fraction(7, 10)), percent(Fraction(133, 200)), percent(Fraction(1, 3))
    ('70%', '66.5%', '1/3')
    """
    if ratio < 0:
        return f"-{percent(-ratio)}"
    for digits in range(7):
        scaled = ratio * 100 * 10**digits
        if scaled.denominator == 1:
            whole, rest = divmod(scaled.numerator, 10**digits)
            return f"{whole}.{rest:0{digits}d}%" if digits else f"{whole}%"
    return f"{ratio.numerator}/{ratio.denominator}"
