"""The values of a policy file, read a second time: facts, amounts, shares, tables, named amounts, statistics.

Everything is looked up for one claim, at a `Desk`; nothing is prepared or compiled. Rates are in `rates.py`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from second import floors, parts, people

ENDLESS = None  # the amount `no limit`
BESIDE = frozenset(  # what stands in a table beside its rows
    ("by", "basis", "note", "group", "for each", "per", "carry over", "earned from", "plus", "annual maximum", "points")
)
MONEY = ("money", "signed money")
MOST_FEN = 10**11  # the largest amount there is
REFUSED = "not allowed"  # the key of an answer, and the kind of failure
OPEN_PARTS = parts.OPEN_PARTS
IN_CELLS: dict[int, tuple[dict[str, Any], set[str]]] = {}


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


@cache
def listed(key: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in re.split("[,、]", key))


def matches(key: str, value: Any) -> bool:
    """Whether one of the words, or of the ranges of a whole number, is the value."""
    if isinstance(value, int):
        return any(in_range(item, value) for item in listed(key))
    return value in listed(key)


@dataclass
class Desk:
    """All that values are looked up in, for one claim; `forms` collects which forms of value were met.

    `quantities` holds the named quantities by the words of the language, as far as they are known by now. Rules in
    `off` are switched off, to see whether they decided; `asked` collects those that had a say.
    """

    policy: dict[str, Any]
    claim: dict[str, Any]
    rule_year: int
    off: frozenset[str] = frozenset()
    quantities: dict[str, int] = field(default_factory=dict)
    forms: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    over_time: set[str] = field(default_factory=set)  # rules that show only if they are off for a whole history
    admission: Callable[[], int | None] = lambda: None
    known: dict[str, tuple[str, set[str]]] = field(default_factory=dict)  # derived facts, as far as a layer asked
    numbers: dict[str, int | None] = field(default_factory=dict)  # from which they were worked out
    worked_out: dict[str, dict[str, tuple[str, int | None]]] = field(default_factory=dict)  # by layer that asked
    floor_sums: dict[str, dict[str, int]] = field(default_factory=dict)  # with the own deductible, by layer
    gathered: dict[str, int] = field(default_factory=dict)  # sums, of a claim that gathers: those of the others' values
    paid: dict[str, int] = field(default_factory=dict)  # on this very claim, by layer

    def on(self, rule: str) -> bool:
        self.asked.add(rule)
        return rule not in self.off

    def lasting(self, rule: str) -> bool:
        self.over_time.add(rule)
        return rule not in self.off

    def fact(self, name: str) -> Any:
        """The value that counts, which must be one the policy lists."""
        if name in self.policy.get("derived facts", {}):
            if name not in self.known:
                raise Stop("fact")
            value, told = self.known[name]
            self.forms |= told
            return value
        listed, given = self.policy["facts"][name], self.claim["facts"].get(name)
        if name == "admission number":
            given = self.admission()
            if given is not None and not self.on(name):
                given = min(given, 1)
        if given is None:
            raise Stop("fact")
        if listed == "any" or listed in MONEY:
            return given
        form = people.form_of(listed)
        if form and (isinstance(listed, dict) or isinstance(given, list)):
            value, told = people.identity(form, given, self.claim, self.off)
            self.asked |= told & {"order", "as of", "dated values"}
            self.forms |= told
            if value is None:
                raise Stop("fact")
            return value
        if not (matches(listed, given) if isinstance(listed, str) else given in listed):
            raise Stop("fact")
        return given

    def amount(self, node: Any) -> int | None:
        """Fen, or ENDLESS."""
        leaf = self.leaf(node)
        value = str(leaf["is"])
        if value == "no limit":
            self.forms.add("no limit")
            return ENDLESS
        if value in self.policy.get("amounts", {}) or self.is_money(value):
            return self.named(value)
        if " x " in value:
            return self.for_each(value)
        share, of, name = value.partition(" of ")
        if not of:
            return fen(value)
        self.forms |= share_form(share)
        if name in self.policy.get("amounts", {}) or (self.is_money(name) and name not in parts.sub_parts(self.policy)):
            self.forms.add("share of a named amount")
            return half_up(ratio(share) * self.named(name))
        return self.share_of_quantity(ratio(share), name, leaf)

    def for_each(self, value: str) -> int:
        """`3000 x days beyond 4`: so much for each one of a number, or for each above another; at most the largest."""
        amount, _, rest = value.partition(" x ")
        name, above, beyond = rest.partition(" beyond ")
        number, first = self.fact(name), int(beyond or 0)
        self.forms |= {"for each one", *(["for each one beyond"] if above else [])}
        self.forms |= {"for each one beyond, not reached"} if above and number <= first else set()
        if not self.on("the number of an amount for each one"):
            number = first + 1
        if above and not self.on("beyond"):
            first = 0
        found = fen(amount) * max(0, number - first)
        return min(found, MOST_FEN)

    def sum_of_amounts(self, node: dict[str, Any]) -> int:
        """The terms under `of` less those under `less`, never below 0; raised to `least`, then cut to `most`.

        All are asked, also a bound that does not bind.
        """
        lists = [x if isinstance(x, list) else [x] for x in (node["of"], node.get("less", []))]
        plus, minus = ([self.amount(term) for term in terms] for terms in lists)
        bounds = {key: self.amount(node[key]) for key in ("least", "most") if key in node}
        assert not {ENDLESS} & {*plus, *minus, *bounds.values()}
        found = sum(plus) - (sum(minus) if minus and self.on("less, of a sum of amounts") else 0)
        self.forms |= {"sum of amounts", *(["sum of amounts that is not below 0"] if found < 0 else [])}
        found = max(0, found)
        if "least" in bounds and self.on("least, of a sum of amounts"):
            found = max(found, bounds["least"])
        if "most" in bounds and self.on("most, of a sum of amounts"):
            found = min(found, bounds["most"])
        self.forms |= (
            {"sum of amounts, least above most"} if bounds.get("least", 0) > bounds.get("most", MOST_FEN) else set()
        )
        return min(found, MOST_FEN)

    def share_of_quantity(self, share: Fraction, name: str, leaf: dict[str, Any]) -> int:
        """Rounded half-up to the fen, then raised to `least`, then cut to `most`."""
        owner, _, what = name.partition("'s ")
        kind = name if not what or owner == "this layer" else f"a layer's {what}"
        kind = "a sum" if name in self.policy.get("quantities", {}) else kind
        kind = "a sub-part" if name in parts.sub_parts(self.policy) else kind
        self.forms.add(f"quantity: {kind}")
        if what and owner != "this layer" and not self.quantities[f"{owner}'s applies"]:
            self.forms.add("quantity of a layer that does not apply")
        exact = share * self.quantity(name)
        found = half_up(exact)
        self.forms |= {"half fen"} if exact.denominator == 2 else set()
        if "least" in leaf and found < fen(str(leaf["least"])):
            found = fen(str(leaf["least"]))
            self.forms.add("raised to least")
        if "most" in leaf and found > fen(str(leaf["most"])):
            self.forms.add("cut to most")
            found = fen(str(leaf["most"]))
        return found

    def quantity(self, name: str) -> int:
        """A quantity: a sum, the five parts that a layer left, or one that the layers so far have put down."""
        if name in self.gathered:
            return self.gathered[name]
        if name in self.policy.get("quantities", {}):
            return self.sum_of(self.policy["quantities"][name])
        if name.startswith("left of "):
            layer = name.removeprefix("left of ")
            self.forms |= {"left of, in a sum"}
            return sum(self.quantities[f"{layer}'s {part}"] for part in OPEN_PARTS)
        if name == floors.OWN_DEDUCTIBLE:
            took = self.quantities[name]
            self.forms.add(name)
            return took if self.on(f"{name}, in a sum") else 0
        return self.quantities[name]

    def sum_of(self, written: dict[str, Any]) -> int:
        """What is named under `of`, less what is named under `less`, never below 0."""
        plus, minus = ([x] if isinstance(x, str) else x for x in (written["of"], written.get("less", [])))
        self.forms |= {"sum of a sum"} if {*plus, *minus} & set(self.policy["quantities"]) else set()
        found = sum(self.quantity(name) for name in plus)
        if minus and self.on("less, of a sum"):
            found -= sum(self.quantity(name) for name in minus)
        self.forms |= {"sum that is not below 0"} if found < 0 else set()
        return max(0, found)

    def is_money(self, name: str) -> bool:
        return self.policy["facts"].get(name) in MONEY

    def named(self, name: str) -> int:
        """A named amount of the policy, as it is for this claim; or a fact that is money."""
        if self.is_money(name):
            self.forms.add("money as an amount")
            return int(self.fact(name))
        self.forms.add("named amount")
        node = self.policy["amounts"][name]
        if not (isinstance(node, dict) and "year" in node):
            kind = "table" if "by" in node else "sum" if "of" in node else "constant"
            self.forms.add(f"named {kind}")
            try:
                found = self.sum_of_amounts(node) if "of" in node else self.amount(node)
            except Stop as stop:  # a named amount that cannot be had is one that is not known (reading 4)
                raise Stop("gap") from stop
            assert found is not ENDLESS
            return found
        try:
            share = self.share(node["share"])
        except Stop as stop:
            raise Stop("gap") from stop
        self.forms |= {"table of multiples"} if isinstance(node["share"], dict) and "by" in node["share"] else set()
        figure = self.amount(self.figure(node["of"], node["year"]))
        assert figure is not ENDLESS
        rounded = node.get("rounded", "half-up to 0.01 yuan")
        self.forms |= {"statistic", f"statistic of {node['year']}", f"statistic {node.get('rounded', 'unrounded')}"}
        return round_to(share * figure, rounded)

    def figure(self, name: str, word: str) -> Any:
        """The value of a statistic in the year that the word names."""
        years = self.policy.get("statistics", {}).get(name, {})
        if word == "the last published":
            year = max((int(year) for year in years if int(year) < self.rule_year), default=0)
        else:
            year = self.rule_year - ("the same year", "the year before", "two years before").index(word)
        if str(year) not in years:
            raise Stop("statistic")
        return years[str(year)]

    def share(self, node: Any) -> Fraction:
        """A share or a multiple: a number as it stands, or a table of them."""
        value = str(self.leaf(node)["is"])
        self.forms |= share_form(value)
        return ratio(value)

    def leaf(self, node: Any) -> dict[str, Any]:
        """The value with all that stands beside it, out of the tables around it."""
        if isinstance(node, dict) and "by" in node:
            return self.leaf(self.answer(node))
        if node == "not known" or (isinstance(node, dict) and "not known" in node):
            raise Stop("gap")
        if isinstance(node, dict) and REFUSED in node:
            raise Stop(REFUSED)
        if not isinstance(node, dict):
            return {"is": node}
        if node["is"] == "not known":
            raise Stop("gap")
        self.forms |= {"value with more to say"} if {"basis", "assumption"} & set(node) else set()
        self.forms |= {"assumption"} if "assumption" in node else set()
        return node

    def answer(self, table: dict[str, Any]) -> Any:
        return self.answer_and_fact(table, {})[0]

    def answer_and_fact(self, table: dict[str, Any], instead: dict[str, str]) -> tuple[Any, str]:
        """The cell, and the fact of the row in which it stands; `instead` names values in place of the claim's own.

        Each fact of the table is needed, also where an early value answers for it, and each that an answer names.
        """
        names = [table["by"]] if isinstance(table["by"], str) else list(table["by"])
        values = {name: instead.get(name) or self.fact(name) for name in names}
        for name in self.named_in_cells(table):
            self.fact(name)
        self.forms.add(f"table over {len(names)}")
        here: Any = {key: rows for key, rows in table.items() if key not in BESIDE}
        for depth, name in enumerate(names):
            here = self.row(name, values[name], here)
            if not isinstance(here, dict) or {"is", "not known", REFUSED} & set(here):
                if depth + 1 < len(names):
                    self.forms.add("early answer")
                return here, name
        return here, names[-1]

    def named_in_cells(self, table: dict[str, Any]) -> set[str]:
        """The same for every claim: looked up once a table."""
        if IN_CELLS.get(id(table), (None,))[0] is not table:
            if len(IN_CELLS) > 1000:
                IN_CELLS.clear()
            IN_CELLS[id(table)] = (table, self.facts_in_cells(table))
        return IN_CELLS[id(table)][1]

    def facts_in_cells(self, node: Any) -> set[str]:
        """The facts that answers of a table name: money, and those of lines."""
        if isinstance(node, dict):
            rows = (child for key, child in node.items() if key not in BESIDE)
            return set().union(*map(self.facts_in_cells, rows))
        name = re.split(" of | x ", str(node))[-1].partition(" beyond ")[0]
        return {name} if self.is_money(name) or (" x " in str(node) and name in self.policy["facts"]) else set()

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
