"""The chart of accounts (chart.toml): kinds of account, sources of income, purposes, levels, funds, kinds of entry."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

PARTS = ("scheme", "fund", "owner")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of account. `side` is 1 where it normally stands in debit, -1 in credit; `owner`: what its owner is."""

    name: str
    zh: str
    en: str
    side: int
    needs: frozenset[str]
    owner: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All words of the books, English -> Chinese; `subsidies`: a level of government -> the source that it is."""

    kinds: Mapping[str, Kind]
    sources: Mapping[str, str]
    purposes: Mapping[str, str]
    levels: Mapping[str, str]
    funds: Mapping[str, str]
    entries: Mapping[str, str]
    subsidies: Mapping[str, str]

    def say(self, word: str, lang: str) -> str:
        """A word of the books in a language; one that the chart does not know (a fund, a code) stays as it is."""
        if word in self.kinds:
            return self.kinds[word].zh if lang == "zh" else self.kinds[word].en
        if lang == "zh":
            for words in (self.funds, self.sources, self.purposes, self.levels, self.entries):
                if word in words:
                    return words[word]
        return word


@cache
def chart() -> Chart:
    data = tomllib.loads(files(__package__).joinpath("chart.toml").read_text(encoding="utf-8"))
    kinds = {
        name: Kind(
            name,
            item["zh"],
            item["en"],
            {"debit": 1, "credit": -1}[item["side"]],
            frozenset(item["needs"]),
            item.get("owner", ""),
        )
        for name, item in data["kinds"].items()
    }
    return Chart(kinds, *(data[name] for name in ("sources", "purposes", "levels", "funds", "entries", "subsidies")))
