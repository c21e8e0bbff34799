"""The values of a policy file, read a second time: amounts, rates, tables, named amounts, statistics, periods.

Standard library only. Everything is looked up for one claim, at a `Desk`; nothing is prepared or compiled.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

ENDLESS = None  # the amount `no limit`
BESIDE = ("by", "basis", "note", "group", "for each")  # what stands in a table beside its rows


class Stop(Exception):
    """A value cannot be had; `kind` says why."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def load(text: str) -> dict[str, Any]:
    """The policy as data; no number becomes a binary float on the way."""
    loaded: dict[str, Any] = json.loads(text, parse_float=str)
    return loaded


def half_up(exact: Fraction) -> int:
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


# Values ---------------------------------------------------------------------------------------------------------


@cache
def ratio(text: str) -> Fraction:
    """`70%`, `66.5%`, `1/3`, exactly."""
    text = text.strip()
    return Fraction(text[:-1].strip()) / 100 if text.endswith("%") else Fraction(text)


@cache
def fen(text: str) -> int:
    """`300`, `8450.50`, `300 yuan`, `300元`, `80,000`, `8万元` in fen."""
    bare = re.sub(r"(yuan|元)$", "", text.strip()).strip().replace(",", "")
    times = 10_000 if bare.endswith("万") else 1
    exact = Fraction(bare.removesuffix("万").strip()) * times * 100
    if exact.denominator != 1:
        raise ValueError(f"not whole fen: {text}")
    return int(exact)


@cache
def to_unit(rounded: str) -> tuple[str, int]:
    """`down to 1 yuan` as the way and the unit in fen."""
    way, unit = rounded.split(" to ", 1)
    return way, fen(unit)


def round_to(exact: Fraction, rounded: str) -> int:
    way, unit = to_unit(rounded)
    units = exact / unit
    if way == "half-up":
        return half_up(units) * unit
    return (units.__floor__() if way == "down" else units.__ceil__()) * unit


def in_range(item: str, number: int) -> bool:
    """`under 18`, `6 to 17`, `18 and over`, `18`; of an age, of days, of items."""
    if item.startswith("under "):
        return number < int(item.removeprefix("under "))
    if item.endswith(" and over"):
        return number >= int(item.removesuffix(" and over"))
    low, _, high = item.partition(" to ")
    return int(low) <= number <= int(high or low)


def matches(key: str, value: Any) -> bool:
    """Whether one of the words, or of the ranges of a whole number, is the value."""
    items = (item.strip() for item in re.split("[,、]", key))
    return any(in_range(item, value) if isinstance(value, int) else item == value for item in items)


@dataclass
class Desk:
    """All that values are looked up in, for one claim; `forms` collects which forms of value were met.

    `quantities` holds the named quantities by the words of the language, as far as they are known by now.
    """

    policy: dict[str, Any]
    facts: dict[str, Any]
    rule_year: int
    quantities: dict[str, int] = field(default_factory=dict)
    forms: set[str] = field(default_factory=set)

    def fact(self, name: str) -> Any:
        """The value that the claim states, which must be one the policy lists."""
        if name not in self.facts:
            raise Stop("fact")
        value, listed = self.facts[name], self.policy["facts"][name]
        known = matches(listed, value) if isinstance(listed, str) else value in listed
        if not known:
            raise Stop("fact")
        return value

    def amount(self, node: Any) -> int | None:
        """Fen, or ENDLESS."""
        leaf = self.leaf(node)
        value = str(leaf["is"])
        if value == "no limit":
            self.forms.add("no limit")
            return ENDLESS
        if value in self.policy.get("amounts", {}):
            self.forms.add("named amount")
            return self.named(value)
        share, of, name = value.partition(" of ")
        if not of:
            return fen(value)
        self.forms |= share_form(share)
        if name in self.policy.get("amounts", {}):
            self.forms.add("share of a named amount")
            return half_up(ratio(share) * self.named(name))
        return self.share_of_quantity(ratio(share), name, leaf)

    def share_of_quantity(self, share: Fraction, name: str, leaf: dict[str, Any]) -> int:
        """Rounded half-up to the fen, then raised to `least`, then cut to `most`."""
        owner, _, what = name.partition("'s ")
        kind = name if not what or owner == "this layer" else f"a layer's {what}"
        self.forms.add(f"quantity: {kind}")
        if what and owner != "this layer" and not self.quantities[f"{owner}'s applies"]:
            self.forms.add("quantity of a layer that does not apply")
        exact = share * self.quantities[name]
        found = half_up(exact)
        self.forms |= {"half fen"} if exact.denominator == 2 else set()
        if "least" in leaf and found < fen(str(leaf["least"])):
            found = fen(str(leaf["least"]))
            self.forms.add("raised to least")
        if "most" in leaf and found > fen(str(leaf["most"])):
            self.forms.add("cut to most")
            found = fen(str(leaf["most"]))
        return found

    def named(self, name: str) -> int:
        """A named amount of the policy, as it is for this claim."""
        node = self.policy["amounts"][name]
        if not (isinstance(node, dict) and "year" in node):
            self.forms.add("named table" if isinstance(node, dict) and "by" in node else "named constant")
            try:
                found = self.amount(node)
            except Stop as stop:  # a named amount that cannot be had is one that is not known (reading 4)
                raise Stop("gap") from stop
            assert found is not ENDLESS
            return found
        back = ("the same year", "the year before", "two years before").index(node["year"])
        years = self.policy.get("statistics", {}).get(node["of"], {})
        share = self.rate(node["share"])
        if str(self.rule_year - back) not in years:
            raise Stop("statistic")
        figure = self.amount(years[str(self.rule_year - back)])
        assert figure is not ENDLESS
        rounded = node.get("rounded", "half-up to 0.01 yuan")
        self.forms |= {"statistic", f"statistic of {node['year']}", f"statistic {node.get('rounded', 'unrounded')}"}
        return round_to(share * figure, rounded)

    def rate(self, node: Any) -> Fraction:
        value = str(self.leaf(node)["is"])
        self.forms |= share_form(value)
        return ratio(value)

    def leaf(self, node: Any) -> dict[str, Any]:
        """The value with all that stands beside it, out of the tables around it."""
        if isinstance(node, dict) and "by" in node:
            return self.leaf(self.answer(node))
        if node == "not known" or (isinstance(node, dict) and "not known" in node):
            raise Stop("gap")
        if not isinstance(node, dict):
            return {"is": node}
        if node["is"] == "not known":
            raise Stop("gap")
        self.forms |= {"value with more to say"} if {"basis", "assumption"} & set(node) else set()
        self.forms |= {"assumption"} if "assumption" in node else set()
        return node

    def answer(self, table: dict[str, Any]) -> Any:
        """The cell for this claim. Each fact of the table is needed, also where an early value answers for it."""
        names = [table["by"]] if isinstance(table["by"], str) else list(table["by"])
        values = {name: self.fact(name) for name in names}
        self.forms.add(f"table over {len(names)}")
        here: Any = {key: rows for key, rows in table.items() if key not in BESIDE}
        for depth, name in enumerate(names):
            here = self.row(name, values[name], here)
            if not isinstance(here, dict) or {"is", "not known"} & set(here):
                if depth + 1 < len(names):
                    self.forms.add("early answer")
                break
        return here

    def row(self, fact: str, value: Any, rows: dict[str, Any]) -> Any:
        for key, found in rows.items():
            if key != "otherwise" and matches(key, value):
                self.forms |= {"range", f"range of {fact}"} if isinstance(value, int) else set()
                self.forms |= {"comma list"} if re.search("[,、]", key) else set()
                return found
        if "otherwise" not in rows:
            raise Stop("fact")
        self.forms.add("otherwise")
        return rows["otherwise"]


def share_form(text: str) -> set[str]:
    return {"fraction"} if "/" in text else {"percent with decimals"} if "." in text else set()


# Periods --------------------------------------------------------------------------------------------------------


def period_key(period: str, day: date) -> tuple[int, ...]:
    """The key of the period of a day; the words of rules and of bands."""
    keys = {
        "month": (day.year, day.month),
        "quarter": (day.year, (day.month + 2) // 3),
        "year": (day.year,),
        "a year": (day.year,),
        "lifetime": (),
    }
    return keys[period]
