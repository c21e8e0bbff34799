"""The texts of the pages in Chinese and English, and in simple words where the usual ones are those of the field."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from openyibao.policy.values import money
from openyibao.site.words import LANGS
from openyibao.site.words import Words as SiteWords

FILES = ("texts.toml", "voice.toml")
SIMPLE = 2
"""Where a text's simple forms begin, behind its two usual ones."""


@cache
def texts() -> dict[str, dict[str, list[str]]]:
    """All texts of the pages: section, name, then two forms or four (zh, en, simple zh, simple en)."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in FILES:
        read: dict[str, Any] = tomllib.loads(files("openyibao.service.web").joinpath(name).read_text(encoding="utf-8"))
        for section, forms in read.items():
            if twice := found.setdefault(section, {}).keys() & forms.keys():
                raise ValueError(f"{name}: [{section}] has again {', '.join(sorted(twice))}")
            found[section] |= forms
    return found


@dataclass(frozen=True)
class Words(SiteWords):
    """The texts in one language. One that stands here and in the site's is this one; one that stands nowhere is a
    KeyError.

    >>> Words("zh")("show.own"), Words("en")("show.own", ), Words("zh", simple=True).money(5)
    ('您自己付', 'You pay', '0.05元')
    """

    simple: bool = False

    def __call__(self, key: str, /, **values: object) -> str:
        section, _, name = key.partition(".")
        forms = texts().get(section, {}).get(name)
        if forms is None:
            return super().__call__(key, **values)
        number = LANGS.index(self.lang)
        text = forms[number + SIMPLE] if self.simple and len(forms) > SIMPLE else forms[number]
        return text.format(**values) if values else text

    def money(self, fen: int) -> str:
        """An amount to the fen with its unit: `1,300.00元`, `1,300.00 yuan`."""
        return f"{money(fen)}元" if self.lang == "zh" else f"{money(fen)} yuan"

    def hint(self, fact: str) -> str:
        """What a fact means to somebody who has to state it; nothing where its name says it."""
        forms = texts()["facts"].get(fact)
        return self(f"facts.{fact}") if forms else ""
