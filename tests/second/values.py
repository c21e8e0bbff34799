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


def in_range(item: str, age: int) -> bool:
    """`under 18`, `6 to 17`, `18 and over`, `18`."""
    if item.startswith("under "):
        return age < int(item.removeprefix("under "))
    if item.endswith(" and over"):
        return age >= int(item.removesuffix(" and over"))
    low, _, high = item.partition(" to ")
    return int(low) <= age <= int(high or low)


def matches(fact: str, key: str, value: Any) -> bool:
    items = (item.strip() for item in re.split("[,、]", key))
    return any(in_range(item, int(value)) if fact == "age" else item == str(value) for item in items)


@dataclass
class Desk:
    """All that values are looked up in, for one claim; `forms` collects which forms of value were met."""

    policy: dict[str, Any]
    facts: dict[str, Any]
    rule_year: int
    forms: set[str] = field(default_factory=set)

    def fact(self, name: str) -> Any:
        """The value that the claim states, which must be one the policy lists."""
        if name not in self.facts:
            raise Stop("fact")
        value, listed = self.facts[name], self.policy["facts"][name]
        known = in_range(listed, int(value)) if name == "age" else str(value) in map(str, listed)
        if not known:
            raise Stop("fact")
        return value

    def amount(self, node: Any) -> int | None:
        """Fen, or ENDLESS."""
        value = self.bare(node)
        if value == "no limit":
            self.forms.add("no limit")
            return ENDLESS
        if isinstance(value, str) and value in self.policy.get("amounts", {}):
            self.forms.add("named amount")
            return self.named(value)
        share, of, name = str(value).partition(" of ")
        if not of:
            return fen(str(value))
        self.forms |= {"share of a named amount", *share_form(share)}
        return half_up(ratio(share) * self.named(name))

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
        value = str(self.bare(node))
        self.forms |= share_form(value)
        return ratio(value)

    def bare(self, node: Any) -> Any:
        """The value itself: through tables, and through values with more to say."""
        if isinstance(node, dict) and "by" in node:
            return self.bare(self.answer(node))
        if node == "not known" or (isinstance(node, dict) and "not known" in node):
            raise Stop("gap")
        if isinstance(node, dict):
            self.forms |= {"value with more to say"} | ({"assumption"} if "assumption" in node else set())
            return self.bare(node["is"])
        return node

    def answer(self, table: dict[str, Any]) -> Any:
        """The cell for this claim. Each fact of the table is needed, also where an early value answers for it."""
        names = [table["by"]] if isinstance(table["by"], str) else list(table["by"])
        values = {name: self.fact(name) for name in names}
        self.forms.add(f"table over {len(names)}")
        here: Any = {key: rows for key, rows in table.items() if key not in ("by", "basis", "note")}
        for depth, name in enumerate(names):
            here = self.row(name, values[name], here)
            if not isinstance(here, dict) or {"is", "not known"} & set(here):
                if depth + 1 < len(names):
                    self.forms.add("early answer")
                break
        return here

    def row(self, fact: str, value: Any, rows: dict[str, Any]) -> Any:
        for key, found in rows.items():
            if key != "otherwise" and matches(fact, key, value):
                self.forms |= {"range"} if fact == "age" else set()
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
