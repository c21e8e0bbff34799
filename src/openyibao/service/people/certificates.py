"""Identity numbers: read, checked and masked.

A resident identity number (GB 11643) has 18 places: six of the division, eight of the day of birth, three of the order
(odd for men, even for women) and a check character by ISO 7064 MOD 11-2. Divisions that begin with 99 stand for no
place; they are accepted, for persons who do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from openyibao.policy.model import Bilingual
from openyibao.service.organisation.problems import Problem

RESIDENT_CARD = "01"
PLACES = 18
CHECKS = "10X98765432"
"""The check character by the remainder of the weighted sum."""
PROVINCES = frozenset(
    {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66)}
) | {71, 81, 82, 83, 91, 99}
"""Provinces (GB/T 2260), the places beside them (71, 81 to 83), abroad (91), and 99 for persons who do not exist."""
SHOWN_BEFORE, SHOWN_AFTER = 3, 2


@dataclass(frozen=True, slots=True)
class Read:
    """What a resident identity number says. `sex` is the national code (GEND)."""

    born: date
    sex: str


def check_character(first: str) -> str:
    """The last character for the first 17 digits.

    >>> check_character("11010519491231002")
    'X'
    """
    return CHECKS[sum(int(digit) * pow(2, PLACES - 1 - place, 11) for place, digit in enumerate(first)) % 11]


def read(number: str, today: date) -> Read:
    """What a number says. Raises Problem("bad certificate") with the reason; the number itself is not repeated."""
    if len(number) != PLACES or not (number[:-1].isascii() and number[:-1].isdigit()):
        raise _bad("应为 17 位数字加 1 位校验码", "expected 17 digits and a check character")
    if number[-1] != check_character(number[:-1]):
        raise _bad("校验码不符", "the check character does not fit")
    if int(number[:2]) not in PROVINCES:
        raise _bad("没有此省份代码", "there is no such province")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise _bad("出生日期不存在", "there is no such day of birth") from None
    if born > today:
        raise _bad("出生日期在今天之后", "the day of birth is after today")
    return Read(born, "1" if int(number[16]) % 2 else "2")


def normal(kind: str, number: str) -> str:
    """A number as it is kept: no spaces around it, a resident card's X in upper case."""
    number = number.strip()
    return number.upper() if kind == RESIDENT_CARD else number


def masked(number: str) -> str:
    """The number for a listing: the first three and the last two places, or nothing of a short one.

    >>> masked("110105194912310021")
    '110*************21'
    """
    hidden = len(number) - SHOWN_BEFORE - SHOWN_AFTER
    if hidden < SHOWN_BEFORE + SHOWN_AFTER:
        return "*" * len(number)
    return number[:SHOWN_BEFORE] + "*" * hidden + number[-SHOWN_AFTER:]


def _bad(zh: str, en: str) -> Problem:
    return Problem("bad certificate", why=Bilingual(zh, en))
