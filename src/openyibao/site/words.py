"""The texts of the site and the names of regions, from their data files, in one language at a time."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

LANGS = ("zh", "en")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
HAN = re.compile(r"[〇㐀-鿿豈-﫿《》「」〔〕（）。，、；：]+(?:\d+[〇㐀-鿿〔〕（）。，、；：]+)*")
LATIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,.;:%()'\"/_~=+&?#-]*")


@cache
def _data(name: str) -> dict[str, Any]:
    return tomllib.loads(files("openyibao.site").joinpath(name).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Words:
    """The texts in one language; a text that does not exist is a KeyError.

    >>> Words("zh")("policy.range", low="1", high="2"), Words("en")("sure.high")
    ('1至2', 'sure')
    """

    lang: str

    def __call__(self, key: str, /, **values: object) -> str:
        section, _, name = key.partition(".")
        text: str = _data("words.toml")[section][name][LANGS.index(self.lang)]
        return text.format(**values) if values else text

    @property
    def comma(self) -> str:
        return "，" if self.lang == "zh" else ", "

    @property
    def list(self) -> str:
        return "、" if self.lang == "zh" else ", "

    @property
    def semicolon(self) -> str:
        return "；" if self.lang == "zh" else "; "

    def pick(self, text: Any) -> str:
        """This language of a text that has both."""
        return str(getattr(text, self.lang))

    def yuan(self, fen: int) -> str:
        """An amount in words: `1,300 yuan`, `1,300元`."""
        return self("layer.yuan", amount=amount(fen))

    def day(self, day: date) -> str:
        """A date in words.

        >>> Words("zh").day(date(2023, 1, 31)), Words("en").day(date(2023, 1, 31))
        ('2023年1月31日', '31 January 2023')
        """
        if self.lang == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"

    def month(self, year: int, month: int) -> str:
        """A month in words.

        >>> Words("zh").month(2025, 11), Words("en").month(2025, 11)
        ('2025年11月', 'November 2025')
        """
        return f"{year}年{month}月" if self.lang == "zh" else f"{MONTHS[month - 1]} {year}"

    def province(self, region: str) -> str:
        return self._name("provinces", region[:2], region[:2])

    def place(self, region: str) -> str:
        """The name of a region; one that is not listed is its province with the code."""
        return self._name("places", region, f"{self.province(region)} {region}")

    def _name(self, kind: str, code: str, otherwise: str) -> str:
        found = _data("regions.toml")[kind].get(code)
        return str(found[LANGS.index(self.lang)]) if found else otherwise


def amount(fen: int) -> str:
    """Yuan with thousands and, where there are any, fen.

    >>> amount(130000), amount(845050)
    ('1,300', '8,450.50')
    """
    return f"{fen / 100:,.2f}".removesuffix(".00") if abs(fen) < 10**15 else str(fen)


def first(text: str) -> str:
    """A text with a capital at its start.

    >>> first("basic insurance")
    'Basic insurance'
    """
    return text[:1].upper() + text[1:]


def pieces(text: str, lang: str) -> list[tuple[str, str]]:
    """A text of mixed origin as (text, language): what is in the other language is told apart, "" is this one.

    >>> pieces("read at 第三条", "en")
    [('read at ', ''), ('第三条', 'zh')]
    """
    other, pattern = ("en", LATIN) if lang == "zh" else ("zh", HAN)
    out, end = [], 0
    for found in pattern.finditer(text):
        if found.start() > end:
            out.append((text[end : found.start()], ""))
        out.append((found.group(), other))
        end = found.end()
    return [*out, (text[end:], "")] if end < len(text) else out


NUMBER = re.compile(r"[㐀-鿿]*〔\d{4}〕\d+号")


def cited(text: str, lang: str) -> list[tuple[str, str]]:
    """A text in words as (text, language): in English, official numbers of Chinese documents are told apart."""
    if lang == "zh":
        return [(text, "")]
    out, end = [], 0
    for found in NUMBER.finditer(text):
        out += [(text[end : found.start()], ""), (found.group(), "zh")]
        end = found.end()
    return [*out, (text[end:], "")]


def example_costs() -> dict[str, Any]:
    """The stated costs of the worked examples, in yuan, by service."""
    return _data("examples.toml")
