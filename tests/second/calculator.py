"""A second calculator for benefit layers, written from the semantics and the language reference alone.

It imports nothing of the product and shares no method with it: it compiles nothing, walks the policy's JSON as it
stands, computes with fractions, and keeps a person's uses in one dictionary from (layer, rule, period key) to fen.

`settle(policy, uses, claim)` takes a policy (`load` of the JSON that `yibao policy show --format json` prints), the
uses so far, and a claim as a plain dictionary: three ISO dates, `facts`, and `money` in fen under the five names of
the language. It gives back an `Answer`: the quantities of each layer, the parts at the end and the uses after it, or
the problems for which the claim fails (then the uses are those that went in).
"""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any


def sibling(name: str) -> ModuleType:
    """A file beside this one, as a module: the tests are no package."""
    spec = importlib.util.spec_from_file_location(f"second_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


values = sibling("values")
load, half_up, matches, period_key = values.load, values.half_up, values.matches, values.period_key
ENDLESS, Stop = values.ENDLESS, values.Stop

CLAIM_PARTS = ("in-scope cost", "pre-self-paid cost", "over-limit cost", "fully self-paid cost")
OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")
QUANTITIES = ("applies", "base", *OPEN_PARTS, "paid")

Uses = dict[tuple[str, str, tuple[int, ...]], int]
Part = tuple[str, str]  # (layer, open part), or ("", claim part)
Curve = Callable[[int], Fraction]


@dataclass(frozen=True)
class Problem:
    """Why a claim fails: the kind, and the layer and rule that asked (empty for the claim as a whole)."""

    kind: str
    layer: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Event:
    """For the statistics of the test: what a rule did (fen that it moved), and the forms of value it rested on."""

    layer: str
    rule: str
    moved: int
    forms: frozenset[str]


@dataclass
class Answer:
    layers: dict[str, dict[str, int]]
    parts: dict[Part, int]
    uses: Uses
    problems: list[Problem] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


# One layer ------------------------------------------------------------------------------------------------------


@dataclass
class Round:
    """One layer on one claim: its name, its keys, the desk, the day of its periods, and the uses before and after."""

    name: str
    keys: dict[str, Any]
    desk: values.Desk
    day: date
    before: Uses
    grown: Uses = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    forms: dict[str, frozenset[str]] = field(default_factory=dict)

    def ask(self, rule: str, question: Callable[[], Any], default: Any) -> Any:
        """The answer, or the default with the problem noted: all problems of a layer are collected."""
        self.desk.forms = set()
        try:
            found = question()
        except Stop as stop:
            self.problems.append(Problem(stop.kind, self.name, rule))
            return default
        self.forms[rule] = self.forms.get(rule, frozenset()) | self.desk.forms
        return found

    def used(self, rule: str, period: str) -> int:
        return 0 if period == "claim" else self.before.get((self.name, rule, period_key(period, self.day)), 0)

    def grow(self, rule: str, period: str, by: int) -> None:
        if period != "claim":
            self.grown[(self.name, rule, period_key(period, self.day))] = self.used(rule, period) + by

    def tell(self, rule: str, moved: int, *more: str) -> None:
        self.events.append(Event(self.name, rule, moved, self.forms.get(rule, frozenset()) | frozenset(more)))


def applies(turn: Round) -> bool:
    """Every fact that `for` names must be there; all lines must hold."""
    holds = True
    for fact, wanted in turn.keys.get("for", {}).items():
        value = turn.ask("for", lambda fact=fact: turn.desk.fact(fact), None)
        choices = wanted if isinstance(wanted, list) else [wanted]
        line = value is not None and any(matches(fact, str(choice), value) for choice in choices)
        turn.tell("for", int(not line), "condition on age" if fact == "age" else "condition")
        holds &= line
    return holds


def terms(turn: Round) -> Iterator[tuple[str, list[Part], Any]]:
    """Each term of `of`: as written, the parts it names, and its share (1 without one)."""
    written = turn.keys["of"]
    for item in written if isinstance(written, list) else [written]:
        name, share = (item["take"], item.get("share", "100%")) if isinstance(item, dict) else (item, "100%")
        if name.startswith("left of "):
            yield name, [(name.removeprefix("left of "), part) for part in OPEN_PARTS], share
        elif name in CLAIM_PARTS:
            yield name, [("", name)], share
        else:
            owner, _, part = name.partition("'s ")
            yield name, [(owner, part)], share


def take_base(turn: Round, parts: dict[Part, int]) -> tuple[dict[Part, int], int]:
    """The parts without what the layer took, and what it took."""
    left, base = dict(parts), 0
    for name, sources, share in terms(turn):
        rule = f"of {name}"
        part_of = turn.ask(rule, lambda share=share: turn.desk.rate(share), Fraction(0))
        taken = {source: half_up(part_of * left[source]) for source in sources}
        left |= {source: left[source] - some for source, some in taken.items()}
        base += sum(taken.values())
        whole = ["whole"] if part_of == 1 else ["share", *tie(part_of * parts[sources[0]])]
        turn.tell(rule, sum(taken.values()), *whole, kind_of(name))
    return left, base


def kind_of(name: str) -> str:
    """For the statistics: a part of the claim, the open part of some layer, or `left of`."""
    return "left of" if name.startswith("left of ") else name if name in CLAIM_PARTS else name.rpartition("'s ")[2]


def tie(exact: Fraction) -> list[str]:
    return ["half fen"] if exact.denominator == 2 else []


def reduce(turn: Round, base: int) -> tuple[int, dict[str, int]]:
    """What the reductions, in the order written, leave of the base; and the three parts they fill."""
    y, out = base, {"beyond limit": 0, "prepaid": 0, "deductible": 0}
    for rule, node in turn.keys.items():
        kind, _, period = rule.partition(" per ")
        used = turn.used(rule, period) if period else 0
        if rule == "pre-pay":
            share = turn.ask(rule, lambda node=node: turn.desk.rate(node), Fraction(0))
            gone, part = half_up(share * y), "prepaid"
            turn.tell(rule, gone, *tie(share * y))
        elif kind in ("limit", "deductible"):
            amount = turn.ask(rule, lambda node=node: turn.desk.amount(node), 0)
            due = y if amount is ENDLESS else max(0, amount - used)
            below = min(y, due)
            gone, part = (y - below, "beyond limit") if kind == "limit" else (below, "deductible")
            turn.grow(rule, period, below)
            told = ["met a use"] if used and gone else []
            told += ["exact"] if y == due > 0 else []
            told += ["only the difference"] if kind == "deductible" and used > 0 and gone == due else []
            turn.tell(rule, y if amount is ENDLESS else gone, *told)
        else:
            continue
        y, out[part] = y - gone, out[part] + gone
    return y, out


def curve(edges: list[int], rates: list[Fraction]) -> Curve:
    """F: F(0) = 0, continuous, with the bands' rates as slopes."""
    bands = list(zip([0, *edges], [*edges, None], rates, strict=True))

    def at(x: int) -> Fraction:
        return sum(
            (rate * ((x if high is None else min(x, high)) - low) for low, high, rate in bands if x > low), Fraction(0)
        )

    return at


def by_bands(turn: Round, b2: int, deducted: int) -> Fraction:
    written, rule = turn.keys["pays in bands"], "pays in bands"
    edges = [turn.ask(rule, lambda b=b: turn.desk.amount(b["up to"]), None) for b in written["bands"][:-1]]
    rates = [
        turn.ask(rule, lambda b=b: turn.desk.rate(b["pays"] if "pays" in b else b["above"]), Fraction(0))
        for b in written["bands"]
    ]
    if any(None not in (low, high) and low > high for low, high in pairwise(edges)):
        turn.problems.append(Problem("edges", turn.name, rule))
    if turn.problems:
        return Fraction(0)
    start, over = turn.used(rule, written["over"]), written["over"]
    from_zero = written["counted"] == "from zero"
    x = start + (deducted if from_zero else 0)
    turn.grow(rule, over, b2 + (deducted if from_zero else 0))
    paid = curve(edges, rates)
    crossed = [edge for edge in edges if x < edge < x + b2]
    told = [written["counted"], f"over {over}", *(["crossed"] if crossed else []), *(["went on"] if start else [])]
    told += ["deductible inside"] if from_zero and deducted else []
    turn.tell(rule, half_up(paid(x + b2) - paid(x)), *told, *(["on an edge"] if {x, x + b2} & set(edges) - {0} else []))
    return paid(x + b2) - paid(x)


def reimburse(turn: Round, b2: int, deducted: int) -> int:
    if "pays in bands" in turn.keys:
        exact = by_bands(turn, b2, deducted)
    else:
        exact = b2 * turn.ask("pays", lambda: turn.desk.rate(turn.keys["pays"]), Fraction(0))
        turn.tell("pays", half_up(exact), *tie(exact))
    return half_up(exact)


def cap(turn: Round, r: int) -> int:
    rules = [rule for rule in turn.keys if rule.startswith("at most per ")]
    left: dict[str, int] = {}
    for rule in rules:
        period = rule.removeprefix("at most per ")
        amount = turn.ask(rule, lambda rule=rule: turn.desk.amount(turn.keys[rule]), 0)
        left[rule] = r if amount is ENDLESS else max(0, amount - turn.used(rule, period))
    paid = min([r, *left.values()])
    for rule in rules:
        period = rule.removeprefix("at most per ")
        turn.grow(rule, period, paid)
        endless = "no limit" in turn.forms.get(rule, ())
        bound = paid if endless else r - paid if left[rule] == paid else 0
        met = ["met a use"] if bound and turn.used(rule, period) else []
        turn.tell(rule, bound, *met, *(["paid"] if paid else []), *(["exact"] if left[rule] == r > 0 else []))
    return paid


def one_layer(turn: Round, parts: dict[Part, int]) -> tuple[dict[str, int], dict[Part, int]]:
    """The layer's quantities, and the parts after it."""
    if not applies(turn) or turn.problems:
        turn.grown.clear()
        return dict.fromkeys(QUANTITIES, 0), parts | {(turn.name, part): 0 for part in (*OPEN_PARTS, "paid")}
    left, base = take_base(turn, parts)
    b2, filled = reduce(turn, base)
    r = reimburse(turn, b2, filled["deductible"])
    paid = cap(turn, r)
    filled |= {"paid": paid, "over-cap": r - paid, "copay": b2 - r}
    assert base == sum(filled.values())
    assert min(filled.values()) >= 0
    return {"applies": 1, "base": base, **filled}, left | {(turn.name, part): some for part, some in filled.items()}


# One claim ------------------------------------------------------------------------------------------------------


def refused(policy: dict[str, Any], claim: dict[str, Any]) -> list[Problem]:
    """What is wrong with a claim before any layer looks at it."""
    money, days = claim["money"], [date.fromisoformat(claim[key]) for key in ("admission", "discharge", "settlement")]
    found = []
    if min(money.values()) < 0:
        found.append(Problem("negative"))
    if money["total cost"] != sum(money.get(part, 0) for part in CLAIM_PARTS):
        found.append(Problem("sum"))
    if days != sorted(days):
        found.append(Problem("dates"))
    rule_day = claim[policy["rule of the date of"]]
    if not policy["in force"]["from"] <= rule_day < policy["in force"]["before"]:
        found.append(Problem("date"))
    return found


def settle(policy: dict[str, Any], uses: Uses, claim: dict[str, Any]) -> Answer:
    """One claim of a person whose uses so far are `uses`, which stay as they are."""
    parts: dict[Part, int] = {("", part): claim["money"].get(part, 0) for part in CLAIM_PARTS}
    problems = refused(policy, claim)
    if problems:
        return Answer({}, {}, uses, problems)
    rule_day = date.fromisoformat(claim[policy["rule of the date of"]])
    day = date.fromisoformat(claim[policy.get("year of the date of", "settlement")])
    desk = values.Desk(policy, claim["facts"], rule_day.year)
    after, layers, events = dict(uses), {}, []
    for name, keys in (pair for item in policy["layers"] for pair in item.items()):
        turn = Round(name, keys, desk, day, uses)
        layers[name], parts = one_layer(turn, parts)
        if turn.problems:
            return Answer({}, {}, uses, turn.problems)
        after |= turn.grown
        events += turn.events
    assert sum(parts.values()) == claim["money"]["total cost"]
    return Answer(layers, parts, after, [], events)
