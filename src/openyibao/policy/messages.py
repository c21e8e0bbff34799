"""What is said about files, in English and Chinese: templates of `messages.toml`, and what is put into them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol

SEPARATOR = {"en": ", ", "zh": "、"}
CUT = {"en": " ...", "zh": "等"}


@dataclass(frozen=True)
class Message:
    """A text about a file, or a part of one, in both languages. Without text it counts as false."""

    zh: str
    en: str

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)

    def text(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


class InBoth(Protocol):
    """Anything that has a text in both languages."""

    @property
    def zh(self) -> str: ...

    @property
    def en(self) -> str: ...


NOTHING = Message("", "")


@cache
def templates() -> dict[str, str]:
    """All templates: English -> Chinese, with the same gaps."""
    data = tomllib.loads(files("openyibao.policy").joinpath("messages.toml").read_text(encoding="utf-8"))
    return {en: zh for room in data.values() for en, zh in room.items()}


def say(template: str, **parts: object) -> Message:
    """A template in both languages. A part that has both is put in by its language, any other as it is.

    The template stands, as written here, in `messages.toml` with its Chinese.

    >>> say("the key {key} a second time", key=quoted("payer")).zh
    '键“payer”重复出现'
    """
    if not parts:
        return _plain(template)
    zh = {name: getattr(part, "zh", part) for name, part in parts.items()}
    en = {name: getattr(part, "en", part) for name, part in parts.items()}
    return Message(templates()[template].format(**zh), template.format(**en))


@cache
def _plain(template: str) -> Message:
    return Message(templates()[template].format(), template.format())


def verbatim(text: object) -> Message:
    """A number, a date or a name that is the same in both languages."""
    return Message(str(text), str(text))


def quoted(text: str) -> Message:
    """A text that stands in the file, with quotation marks."""
    return Message(f"“{text}”", repr(text))


def listed(items: Iterable[InBoth], *, cut: bool = False) -> Message:
    """Several texts, each language with its comma; `cut` when there are more."""
    found = tuple(items)
    en, zh = (SEPARATOR[lang].join(getattr(item, lang) for item in found) for lang in ("en", "zh"))
    return Message(zh + CUT["zh"] * cut, en + CUT["en"] * cut)
