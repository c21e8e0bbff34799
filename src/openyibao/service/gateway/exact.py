"""JSON text of plain values, exactly: a Decimal is written with the digits it has; there are no floats."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Any


def dumps(value: Any) -> str:
    """Compact JSON of None, bool, int, Decimal, str, mappings with text keys, lists and tuples of them.

    Raises TypeError for anything else (a float above all), ValueError for a Decimal that is not finite.

    >>> dumps({"pric": Decimal("1.50"), "cnt": 2, "memo": None})
    '{"pric":1.50,"cnt":2,"memo":null}'
    """
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(key)}:{dumps(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(dumps, value)) + "]"
    raise TypeError(f"{type(value).__name__} can't be written exactly")


def plain(value: Decimal) -> str:
    """A number without an exponent; never `-0`. Raises ValueError for infinity and not-a-number.

    >>> plain(Decimal("1E+3")), plain(Decimal("-0.00"))
    ('1000', '0.00')
    """
    if not value.is_finite():
        raise ValueError(f"{value} is no number")
    return format(value if value else abs(value), "f")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key is a {type(key).__name__}, not text")
    return quoted(key)
