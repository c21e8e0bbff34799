"""Patterns of values for editors, built from the reader's own patterns and phrases. They hold in Python and ECMAScript.

Where a pattern cannot say what the reader says (a name that must be declared), it lets through: what the reader
accepts, it accepts.
"""

from __future__ import annotations

import re
from calendar import monthrange

from openyibao.policy import values
from openyibao.policy.vocabulary import (
    AND_OVER,
    EACH,
    EACH_BEYOND,
    FROM_TO,
    LEFT_OF,
    LINE_DOWN,
    LINE_UP,
    MONTHS_BEFORE,
    OWN_SHARE,
    PART_OF,
    ROUNDING,
    SHARE_OF,
    UNDER,
    Phrase,
    Vocabulary,
)

WHOLE = "[0-9]{1,9}"  # as values.parse_whole reads it
NAME = "[^,，、:：/\n]+"  # as keys.reads_as_value allows it
ABOVE_ONE = "(?!0*(?:[1-9][0-9]{3,}|[2-9][0-9]{2}|1[1-9][0-9]|10[1-9]|100[.][0-9]*[1-9]))"  # a percentage above 100
COMMON_YEAR = 1  # no leap year: a day that it has, every year has
DATE = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"


def both(*words: str) -> list[str]:
    """Words in both languages, each beside its Chinese.

    >>> both("high", "low")
    ['high', '高', 'low', '低']
    """
    vocabulary = Vocabulary()
    return [text for word in words for text in (word, vocabulary.chinese(word))]


def whole(*patterns: str) -> str:
    """One pattern for a whole text, which is one of several."""
    return f"^(?:{'|'.join(patterns)})$"


def one_of(*words: str) -> str:
    """Words in both languages."""
    return f"(?:{'|'.join(escape(word) for word in both(*words))})"


def escape(text: str) -> str:
    return re.sub(r"([\^$\\.*+?()\[\]{}|/])", r"\\\1", text)


def wide(pattern: str) -> str:
    r"""A pattern of the reader, for texts whose digits and signs were not made half-width before.

    >>> wide(r"(\d{1,3}) ?%")
    '([0-9０-９]{1,3}) ?[%％]'
    """
    full = {chr(plain): chr(code) for code, plain in values.FULL_WIDTH.items()}

    def one(found: re.Match[str]) -> str:
        sign = found[0][-1]
        if found[0] == r"\d":
            return f"[0-9{full['0']}-{full['9']}]"
        return f"[{sign}{full[sign]}]" if found[0] in (r"\.", ",", "%", "/") else found[0]

    return re.sub(r"\{[0-9,]+\}|\\.|.", one, pattern)


def phrase(said: Phrase, *gaps: str) -> str:
    """A phrase in both languages, with a pattern in each gap.

    >>> phrase(UNDER, WHOLE)
    '(?:under  *[0-9]{1,9} *|未满 *[0-9]{1,9} *)'
    """
    texts = []
    for template in (said.en, said.zh):
        pieces = re.split(r"\{(\d)\}", template)
        texts.append("".join(f" *{gaps[int(piece)]} *" if n % 2 else escape(piece) for n, piece in enumerate(pieces)))
    return f"(?:{'|'.join(texts)})"


PLAIN = f"(?:{wide(values._YUAN.pattern)}|{wide(values._WAN.pattern)})"  # an amount in yuan
FRACTION = wide(values._FRACTION.pattern)
MULTIPLE = f"(?:{wide(values._PERCENT.pattern)}|{FRACTION})"
RATIO = f"(?:{ABOVE_ONE}{wide(values._PERCENT.pattern)}|{FRACTION})"
ALL = f"(?:0*100(?:[.]0+)? ?%|{FRACTION})"
NOT_KNOWN = one_of("not known")
NUMBERS = NAME  # a fact of the language, or of the policy, that is a whole number
LINE = f"{phrase(LINE_UP, MULTIPLE, MULTIPLE, NUMBERS)}|{phrase(LINE_DOWN, MULTIPLE, MULTIPLE, NUMBERS)}"
SHARE = phrase(SHARE_OF, MULTIPLE, NAME)
NO_NUMBER = "(?![-+−－＋]?[0-9０-９.,，．%％]*$)"
FOR_EACH = f"{phrase(EACH_BEYOND, PLAIN, NUMBERS, WHOLE)}|{phrase(EACH, PLAIN, NUMBERS)}"
AMOUNT = f"{PLAIN}|{SHARE}|{FOR_EACH}|{NO_NUMBER}{NAME}"  # the last is a named amount, or `not known`
RATE = f"{RATIO}|{phrase(OWN_SHARE, MULTIPLE, NAME)}|{LINE}|{NOT_KNOWN}"
POINTS = f"[+＋-]?{RATIO}|{NOT_KNOWN}"
RANGE = f"{phrase(UNDER, WHOLE)}|{phrase(AND_OVER, WHOLE)}|{phrase(FROM_TO, WHOLE, WHOLE)}|{WHOLE}"
SPAN = f"{phrase(FROM_TO, WHOLE, WHOLE)}|{WHOLE}"  # the range of a fact
MONTHS = phrase(MONTHS_BEFORE, WHOLE)
ROUNDED = "|".join(phrase(said, PLAIN) for said in ROUNDING.values())
LEFT = phrase(LEFT_OF, NAME)


def part(claim_parts: tuple[str, ...], open_parts: tuple[str, ...]) -> str:
    """What a layer may look at: a part of the claim, a part that a layer above left, or all that it left."""
    return f"{one_of(*claim_parts)}|{LEFT}|{phrase(PART_OF, NAME, one_of(*open_parts))}"


def month_day() -> str:
    """A day that every year has.

    >>> re.fullmatch(month_day(), "02-28") is None, re.fullmatch(month_day(), "02-29") is None
    (False, True)
    """
    by_last: dict[int, list[str]] = {}
    for month in range(1, 13):
        by_last.setdefault(monthrange(COMMON_YEAR, month)[1], []).append(f"{month:02d}")
    days = {last: "|".join(f"{day:02d}" for day in range(1, last + 1)) for last in by_last}
    return "|".join(f"(?:{'|'.join(months)})-(?:{days[last]})" for last, months in by_last.items())
