"""The bytes of a message as plain values: strict about JSON, exact about numbers, bounded in size and depth."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.gateway.refusals import Refused

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 40
"""Bounds of our own, far beyond the interface's: its input has 40,000 characters, its numbers 16 digits."""


class _Broken(ValueError):
    """What is wrong with the message, for the refusal."""

    def __init__(self, zh: str, en: str) -> None:
        self.found = Bilingual(zh, en)
        super().__init__(en)


def read_message(body: bytes) -> dict[str, Any]:
    """The object that a message is: of dicts, lists, str, int, Decimal, bool and None.

    Raises Refused("not json") for what is no JSON object in UTF-8 (a byte order mark is tolerated), for NaN and
    infinities, a key given twice, U+0000 or half a character in a text, and for what is larger than the bounds above.
    """
    try:
        if len(body) > MAX_BYTES:
            raise _Broken(f"报文超过 {MAX_BYTES} 字节", f"it has more than {MAX_BYTES} bytes")
        found = json.loads(
            body.removeprefix(codecs.BOM_UTF8).decode(),
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
        if not isinstance(found, dict):
            raise _Broken("最外层不是对象", "the outermost value is no object")
        _inspect(found)
    except _Broken as error:
        problem = error.found
    except UnicodeDecodeError as error:
        problem = Bilingual(f"第 {error.start + 1} 字节不合 UTF-8", f"byte {error.start + 1} is not UTF-8")
    except json.JSONDecodeError as error:
        place = error.lineno, error.colno
        problem = Bilingual(
            "第 {} 行第 {} 列不合 JSON 语法".format(*place), "not JSON at line {}, column {}".format(*place)
        )
    except RecursionError:
        problem = _too_deep().found
    else:
        return found
    raise Refused("not json", found=problem)


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _Broken(f"有超过 {MAX_DIGITS} 位的数", f"a number has more than {MAX_DIGITS} digits")
    return int(text)


def _decimal(text: str) -> Decimal:
    digits, _, exponent = text.lower().partition("e")
    if len(digits) > MAX_DIGITS or len(exponent) > 3:
        raise _Broken(f"有超过 {MAX_DIGITS} 位的数", f"a number has more than {MAX_DIGITS} digits")
    return Decimal(text)


def _constant(text: str) -> Any:
    raise _Broken(f"{text} 不是数", f"{text} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Broken("同一对象中有重复的键", "an object has the same key twice")
    return found


def _too_deep() -> _Broken:
    return _Broken(f"嵌套超过 {MAX_DEPTH} 层", f"it is nested deeper than {MAX_DEPTH}")


def _inspect(message: dict[str, Any]) -> None:
    """Refuse depth and texts that no database takes. Level by level, so that depth costs no stack."""
    level: list[Any] = [message]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        deeper: list[Any] = []
        for container in level:
            values: Iterable[Any] = container
            if isinstance(container, dict):
                for key in container:
                    _check_text(key)
                values = container.values()
            for value in values:
                if isinstance(value, str):
                    _check_text(value)
                elif isinstance(value, (dict, list)):
                    deeper.append(value)
        level = deeper


def _check_text(text: str) -> None:
    if "\0" in text:
        raise _Broken("文本中有 U+0000", "a text holds U+0000")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _Broken("文本中有不成对的代理字符", "a text holds half of a surrogate pair") from None
