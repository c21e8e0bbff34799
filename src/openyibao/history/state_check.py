"""Reading the values of a state file: each is checked before it is believed, and a wrong one is told with its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from openyibao.policy.model import Bilingual
from openyibao.settlement.claim import MAX_USE_FEN, UseKey

T = TypeVar("T")
MOST_SHOWN = 20

EXPECTED = {
    "readable": ("可读的文件", "a file that can be read"),
    "JSON": ("JSON文本", "JSON"),
    "list": ("列表", "a list"),
    "object": ("含{names}的对象", "an object with {names}"),
    "text": ("非空文本", "a text that is not empty"),
    "any text": ("文本", "a text"),
    "fen": ("0至{most}的整数（分）", "whole fen from 0 to {most}"),
    "added": ("不为0的整数（分）", "whole fen, not 0"),
    "number": ("正整数", "a whole number from 1"),
    "day": ("日期，如2023-01-31", "a day such as 2023-01-31"),
    "time": ("带时区的时间，如2023-01-31T10:00:00+08:00", "a time with its zone such as 2023-01-31T10:00:00+08:00"),
    "yes or no": ("true或false", "true or false"),
    "key": ("以文本开头、由文本和整数组成的列表", "a list of texts and whole numbers that begins with a text"),
    "facts": ("事实及其取值", "facts with their values"),
    "fact": ("文本、整数，或带起止日期的取值", "a text, a whole number, or values with their time"),
    "once": ("同一统筹区和险种中每人只出现一次", "each person once in a region and scheme"),
    "use once": ("每项累计只出现一次", "each use once"),
    "claim": ("成立的单据（{names}）", "a claim that holds together ({names})"),
    "bill": ("该单据在该政策下的结算单", "the bill of this claim under this policy"),
    "sum": ("{names}（期初与各单据增加额之和）", "{names} (the opening and what the claims added)"),
    "kind": ("{names}之一", "one of {names}"),
    "order": ("与记录次序相符的编号", "a number that fits what the log says before"),
    "figures": ("{names}（见账单）", "{names} (as its bill says)"),
}


class Wrong(Exception):
    """A value that is not as expected; `expected` is a key of EXPECTED or stands for itself."""

    def __init__(self, place: str, found: object, expected: str, **details: object) -> None:
        self.place = place
        self.found = Bilingual("没有", "nothing") if found is None else Bilingual(short(found), short(found))
        zh, en = EXPECTED.get(expected, (expected, expected))
        self.expected = Bilingual(zh.format(**details), en.format(**details))
        super().__init__(place)


class StateFileError(ValueError):
    """A state file that cannot be used: all problems, in both languages."""

    def __init__(self, path: Path, problems: list[Wrong]) -> None:
        zh, en = [], []
        for wrong in problems[:MOST_SHOWN]:
            where = f"{wrong.place}: " if wrong.place else ""
            zh.append(f"{path}: {where}现为{wrong.found.zh}，应为{wrong.expected.zh}。")
            en.append(f"{path}: {where}found {wrong.found.en}; expected {wrong.expected.en}.")
        self.text = Bilingual("\n".join(zh), "\n".join(en))
        super().__init__(self.text.en)


def short(found: object) -> str:
    text = json.dumps(found, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def load_json(path: Path) -> Any:
    """The JSON of a file. Raises StateFileError when it cannot be read, is not JSON, or repeats a key."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise StateFileError(path, [Wrong(twice, "a second time", "JSON")])
        return found

    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    except OSError as error:
        raise StateFileError(path, [Wrong("", error.strerror, "readable")]) from None
    except json.JSONDecodeError as error:
        raise StateFileError(path, [Wrong(f"{error.lineno}:{error.colno}", error.msg, "JSON")]) from None
    except UnicodeDecodeError:
        raise StateFileError(path, [Wrong("", "bytes that are not UTF-8", "JSON")]) from None


def expect(data: Any, place: str, names: Collection[str]) -> dict[str, Any]:
    """An object with exactly these keys."""
    if not isinstance(data, dict):
        raise Wrong(place, data, "object", names=", ".join(names))
    for name in data:
        if name not in names:
            raise Wrong(f"{place}.{name}".strip("."), name, "object", names=", ".join(names))
    for name in names:
        if name not in data:
            raise Wrong(f"{place}.{name}".strip("."), None, "object", names=", ".join(names))
    return data


def each(data: Any, place: str, read: Callable[[Any, str], T]) -> list[T]:
    if not isinstance(data, list):
        raise Wrong(place, data, "list")
    return [read(item, f"{place}[{number}]") for number, item in enumerate(data)]


def text(data: Any, place: str, expected: str = "text") -> str:
    if not isinstance(data, str) or (expected == "text" and not data):
        raise Wrong(place, data, expected)
    return data


def fen(data: Any, place: str) -> int:
    if type(data) is not int or not 0 <= data <= MAX_USE_FEN:
        raise Wrong(place, data, "fen", most=MAX_USE_FEN)
    return data


def number_of(data: Any, place: str) -> int:
    if type(data) is not int or data < 1:
        raise Wrong(place, data, "number")
    return data


def day(data: Any, place: str) -> date:
    try:
        return date.fromisoformat(text(data, place, "day"))
    except ValueError:
        raise Wrong(place, data, "day") from None


def time(data: Any, place: str) -> datetime:
    try:
        found = datetime.fromisoformat(text(data, place, "time"))
    except ValueError:
        raise Wrong(place, data, "time") from None
    if found.tzinfo is None:
        raise Wrong(place, data, "time")
    return found


def yes_or_no(data: Any, place: str) -> bool:
    if not isinstance(data, bool):
        raise Wrong(place, data, "yes or no")
    return data


def key_of(data: Any, place: str) -> UseKey:
    if not isinstance(data, list) or not data or not isinstance(data[0], str) or not data[0]:
        raise Wrong(place, data, "key")
    if not all(type(item) in (str, int) for item in data):
        raise Wrong(place, data, "key")
    return tuple(data)


def uses_of(data: Any, place: str, amount: Callable[[Any, str], int] = fen) -> dict[UseKey, int]:
    found: dict[UseKey, int] = {}
    for item, where in each(data, place, lambda item, where: (expect(item, where, ("use", "fen")), where)):
        key = key_of(item["use"], f"{where}.use")
        if key in found:
            raise Wrong(f"{where}.use", item["use"], "use once")
        found[key] = amount(item["fen"], f"{where}.fen")
    return found
