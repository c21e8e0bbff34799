"""Sharing between levels of government: the four ways of sharing.toml, to the fen.

shares(ways()["taiyuan-2016"], 100_001, case="poor county")     {"city": 60_001, "county": 40_000}
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from importlib.resources import files

from openyibao.policy.model import Bilingual
from openyibao.service.ledger.chart import chart


class SharingError(ValueError):
    """The way of sharing does not say who bears what; says what is missing, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.said = Bilingual(zh, en)


@dataclass(frozen=True, slots=True)
class Way:
    """A way of sharing with its source. `shares`: by case, the parts of the levels; the rest as the kind needs it."""

    name: str
    kind: str
    zh: str
    en: str
    source: str
    sure: str
    text: str = ""
    note: str = ""
    shares: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    per_head_fen: int = 0
    levels: tuple[str, ...] = ()


@cache
def ways() -> Mapping[str, Way]:
    """All ways by name."""
    data = tomllib.loads(files(__package__).joinpath("sharing.toml").read_text(encoding="utf-8"))
    found = {}
    for name, item in data.items():
        cases = {row.pop("case"): row for row in item.pop("shares", [])}
        found[name] = Way(name, shares=cases, levels=tuple(item.pop("levels", ())), **item)
    return found


def split(fen: int, parts: Mapping[str, int | Fraction]) -> dict[str, int]:
    """Split an amount in proportion, exactly: each part is cut to whole fen, and the fen left over go one each to the
    parts with the largest remainders, of equal ones to the first named. Raises SharingError where no part is above 0.

    >>> split(100, {"a": 1, "b": 1, "c": 1})
    {'a': 34, 'b': 33, 'c': 33}
    """
    whole = sum(parts.values(), Fraction())
    if fen < 0 or whole <= 0 or min(parts.values()) < 0:
        raise SharingError(
            f"{fen} 分不能按 {dict(parts)} 分担：各份应不小于0，至少一份大于0",
            f"{fen} fen cannot be split by {dict(parts)}: expected parts of 0 or more, one above 0",
        )
    exact = {name: Fraction(part) * fen / whole for name, part in parts.items()}
    cut = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(parts, key=lambda name: cut[name] - exact[name])  # sorted() keeps the order of equal ones
    for name in by_remainder[: fen - sum(cut.values())]:
        cut[name] += 1
    return cut


def shares(
    way: Way, fen: int, *, case: str = "", population: int = 0, agreed: Mapping[str, int] | None = None
) -> dict[str, int]:
    """What each level bears of an amount. `agreed`: what the levels decided, where the text leaves it to them.

    Raises SharingError where the text does not say it, or what was agreed is not what the text asks.
    """
    _check_asked(way, case, population, agreed)
    if way.kind == "proportion":
        return split(fen, way.shares[case])
    if way.kind == "factors":
        raise SharingError(
            f"{way.zh}：按因素分到各地，不是分到各级政府",
            f"{way.en}: allocates to places by factors, not to levels of government",
        )
    least = dict.fromkeys(way.levels, way.per_head_fen * population)
    if way.levels and not population:
        raise SharingError(f"{way.zh}：请给出人数", f"{way.en}: give the population")
    if agreed is None:
        if fen != sum(least.values()) or not least:
            raise SharingError(
                f"{way.zh}：没有写明 {fen} 分由谁承担（要求：{_told(least, 'zh')}）。请给出各级商定的数额",
                f"{way.en}: does not say who bears {fen} fen (it asks for {_told(least, 'en')});"
                " give what the levels agreed",
            )
        return least
    if sum(agreed.values()) != fen or any(agreed.get(level, 0) < floor for level, floor in least.items()):
        raise SharingError(
            f"商定 {_told(agreed, 'zh')}：应合计 {fen} 分" + (f"，各级不少于：{_told(least, 'zh')}" if least else ""),
            f"agreed {_told(agreed, 'en')}: expected {fen} fen together"
            + (f", and no less than {_told(least, 'en')}" if least else ""),
        )
    return dict(agreed)


def _check_asked(way: Way, case: str, population: int, agreed: Mapping[str, int] | None) -> None:
    """Refuse what a way does not go by: nobody shall think that it counted. Raises SharingError."""
    if way.kind == "proportion" and agreed is not None:
        raise SharingError(f"{way.zh}：按比例分担，没有可商定的数额", f"{way.en}: by proportion, nothing is agreed")
    if case not in (way.shares or {"": {}}):
        cases = [one for one in way.shares if one]
        raise SharingError(
            f"{way.zh}：没有情形“{case}”，可以是：{'、'.join(cases) or '无'}",
            f"{way.en}: has no case {case!r}; there are: {', '.join(cases) or 'none'}",
        )
    if population and not way.levels:
        raise SharingError(f"{way.zh}：不按人数计算", f"{way.en}: does not go by head")


def _told(amounts: Mapping[str, int], lang: str) -> str:
    said = [f"{chart().say(level, lang)} {fen}" for level, fen in amounts.items()]
    return ("、" if lang == "zh" else ", ").join(said) or ("不明确" if lang == "zh" else "nothing definite")


def allocate(
    fen: int, places: Mapping[str, Mapping[str, int]], weights: Mapping[str, int | Fraction]
) -> dict[str, int]:
    """Allocate an amount to places by factors: each factor's weight is spread over the places by their figures of it.

    >>> allocate(1000, {"A": {"poor": 30, "poverty": 1}, "B": {"poor": 70, "poverty": 1}}, {"poor": 60, "poverty": 40})
    {'A': 380, 'B': 620}
    """
    index = dict.fromkeys(places, Fraction())
    for factor, weight in weights.items():
        missing = [place for place, figures in places.items() if factor not in figures]
        total = sum(figures.get(factor, 0) for figures in places.values())
        if missing or total <= 0:
            raise SharingError(
                f"因素“{factor}”：{'缺少 ' + '、'.join(missing) + ' 的数值' if missing else '合计为0'}",
                f"factor {factor!r}: no figure for {missing}" if missing else f"factor {factor!r} is 0",
            )
        for place, figures in places.items():
            index[place] += Fraction(weight) * figures[factor] / total
    return split(fen, index)
