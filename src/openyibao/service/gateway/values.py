"""One field's value: what was sent, read as the field's type, or a problem that says what was found and expected.

A problem shows what was sent only where it can't be a name or an identity number; otherwise it says how long it was.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.clock import CHINA
from openyibao.service.gateway.exact import dumps, plain
from openyibao.service.gateway.spec import Field, folded

NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?")
DASHED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]?([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,6})?)?")
COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2}))?")
SHORT = re.compile(r"[+-]?[0-9]{0,5}\.?[0-9]{1,3}")
DAY_LIKE = re.compile(r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?:[ T][0-9:.]{1,12})?")
"""What a problem may show: no identity number, card or telephone number looks like these."""
FIRST_YEAR = 1800
"""An earlier year is a program's empty date (0001-01-01), not a date of anybody. A bound of our own."""
UNSTATED_DIGITS, UNSTATED_DECIMALS, UNSTATED_TEXT = 20, 6, 4000
"""Bounds of our own where the interface states none."""
WRAPPED = "expcontent"
"""A text in which clients put an object of their own: it is kept as its JSON text."""
NOTHING = Bilingual("空", "nothing")


class Wrong(Exception):
    """A value that is not of the field's type or longer than it may be."""

    def __init__(self, found: Bilingual) -> None:
        self.found = found
        super().__init__(found.en)


def read_value(field: Field, raw: Any) -> Any:
    """str, Decimal, date, datetime (China's time), bytes or a list of str, after the field's type; None if empty.

    Raises Wrong. A text is stripped; a number may come as text and a text as a number; a time may stand for a day.
    """
    if isinstance(raw, str):
        raw = raw.strip()
    if raw is None or raw == "":
        return None
    return _READERS[field.type](field, raw)


def shown(raw: Any) -> Bilingual:
    """What was found, shortened, and only where it can't be personal."""
    if raw is None or raw == "":
        return NOTHING
    if isinstance(raw, list):
        return Bilingual(f"{len(raw)} 项的列表", f"a list of {len(raw)}")
    if isinstance(raw, dict):
        return Bilingual("对象", "an object")
    if isinstance(raw, bool):
        return Bilingual(str(raw).lower(), str(raw).lower())
    text = raw if isinstance(raw, str) else plain(Decimal(raw))
    if SHORT.fullmatch(text) or DAY_LIKE.fullmatch(text):
        return Bilingual(f"“{text}”", f"'{text}'")
    if isinstance(raw, str):
        return Bilingual(f"{len(text)} 字的文本", f"text of {len(text)} characters")
    return Bilingual(f"{len(text)} 位的数", f"a number of {len(text)} digits")


def expected(field: Field) -> Bilingual:
    """What a field takes, in words."""
    if field.type == "number":
        whole, part = bounds(field)
        if not part:
            return Bilingual(f"不超过 {whole} 位的整数", f"a whole number of at most {whole} digits")
        return Bilingual(
            f"整数不超过 {whole} 位、小数不超过 {part} 位的数",
            f"a number of at most {whole} digits before the point and {part} after it",
        )
    if field.type in ("string", "any"):
        length = field.length or UNSTATED_TEXT
        return Bilingual(f"不超过 {length} 字的文本", f"text of at most {length} characters")
    return {
        "date": Bilingual("日期 yyyy-MM-dd", "a date yyyy-MM-dd"),
        "datetime": Bilingual("时间 yyyy-MM-dd HH:mm:ss", "a time yyyy-MM-dd HH:mm:ss"),
        "bytes": Bilingual("字节数组或 Base64 文本", "an array of bytes, or Base64"),
        "texts": Bilingual("文本的列表", "a list of texts"),
    }[field.type]


def places(number: Decimal) -> tuple[str, str]:
    """The digits before and after the point that count, as text.

    >>> places(Decimal("-1020.500"))
    ('1020', '5')
    """
    whole, _, part = plain(abs(number)).partition(".")
    return whole.lstrip("0"), part.rstrip("0")


def fits(field: Field, number: Decimal) -> bool:
    """Whether a number has no more digits than its field."""
    whole, part = places(number)
    most_whole, most_part = bounds(field)
    return len(whole) <= most_whole and len(part) <= most_part


def bounds(field: Field) -> tuple[int, int]:
    """How many digits may stand before and after the point."""
    if not field.length or field.decimals is None:
        return UNSTATED_DIGITS, UNSTATED_DECIMALS
    return field.length - field.decimals, field.decimals


def _text(field: Field, raw: Any) -> str:
    if isinstance(raw, bool) and field.type != "any":
        raise Wrong(shown(raw))
    if isinstance(raw, (int, Decimal, bool)):
        raw = dumps(raw)
    elif isinstance(raw, (dict, list)):
        if field.type != "any" and folded(field.name) != WRAPPED:
            raise Wrong(shown(raw))
        raw = dumps(raw)
    text: str = raw
    if len(text) > (field.length or UNSTATED_TEXT):
        raise Wrong(Bilingual(f"{len(text)} 字的文本", f"text of {len(text)} characters"))
    return text


def _number(field: Field, raw: Any) -> Decimal:
    readable = NUMBER.fullmatch(raw) if isinstance(raw, str) else isinstance(raw, (int, Decimal))
    if not readable or isinstance(raw, bool) or not fits(field, Decimal(raw)):
        raise Wrong(shown(raw))
    number = Decimal(raw)
    whole, part = places(number)
    sign = "-" if number < 0 else ""
    return Decimal(f"{sign}{whole or 0}.{part}" if part else f"{sign}{whole or 0}")


def _moment(field: Field, raw: Any) -> datetime:
    text = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
    found = (DASHED.fullmatch(text) or COMPACT.fullmatch(text)) if isinstance(text, str) else None
    if found is None:
        raise Wrong(shown(raw))
    numbers = [int(each or 0) for each in found.groups()]
    try:
        moment = datetime(*numbers, tzinfo=CHINA)  # type: ignore[misc,arg-type]
    except ValueError:
        raise Wrong(shown(raw)) from None
    if moment.year < FIRST_YEAR:
        raise Wrong(shown(raw))
    return moment


def _day(field: Field, raw: Any) -> date:
    return _moment(field, raw).date()


def _bytes(field: Field, raw: Any) -> bytes:
    if isinstance(raw, bytes):  # came as a file beside the message
        return raw
    if isinstance(raw, str):
        try:
            return base64.b64decode(raw, validate=True)
        except (binascii.Error, ValueError):
            raise Wrong(shown(raw)) from None
    # Java's bytes have a sign: -1 is 255.
    if isinstance(raw, list) and all(type(each) is int and -128 <= each <= 255 for each in raw):
        return bytes(each & 255 for each in raw)
    raise Wrong(shown(raw))


def _texts(field: Field, raw: Any) -> list[str]:
    rows = raw if isinstance(raw, list) else [raw]
    return [_text(field, each) for each in rows if each is not None and each != ""]


_READERS: Mapping[str, Callable[[Field, Any], Any]] = {
    "string": _text,
    "any": _text,
    "number": _number,
    "date": _day,
    "datetime": _moment,
    "bytes": _bytes,
    "texts": _texts,
}
