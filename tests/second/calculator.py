"""A second calculator for benefit layers, written from the semantics and the language reference alone.

It imports nothing of the product and shares no method with it: it compiles nothing, walks the policy's JSON as it
stands, computes with fractions, and keeps a person's uses in one dictionary from (layer, rule, period key) to fen; a
group that layers share stands there under ("group NAME", rule, period key). What a layer pays is in `payment.py`.

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
payment = sibling("payment")
load, half_up, matches, period_key = values.load, values.half_up, values.matches, values.period_key
ENDLESS, Stop = values.ENDLESS, values.Stop

CLAIM_PARTS = ("in-scope cost", "pre-self-paid cost", "over-limit cost", "fully self-paid cost")
OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")
QUANTITIES = ("applies", "base", *OPEN_PARTS, "paid")
MOST_FEN, FIRST_DAY = 10**11, "1900-01-01"

Uses = dict[tuple[str, str, tuple[int, ...]], int]
Part = tuple[str, str]  # (layer, open part), or ("", claim part)


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
    """One layer on one claim: its name, its keys, the desk, the day of its periods, and the uses.

    `before` are the uses when the claim came in, `now` what the layers of this claim have made of them so far.
    """

    name: str
    keys: dict[str, Any]
    desk: values.Desk
    day: date
    before: Uses
    now: Uses
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

    def fail(self, kind: str, rule: str) -> None:
        self.problems.append(Problem(kind, self.name, rule))

    def key(self, rule: str) -> tuple[str, str, tuple[int, ...]] | None:
        """Under which a rule's use is kept; None for a rule of the claim alone."""
        node = self.keys[rule]
        period = node["over"] if rule == "pays in bands" else rule.partition(" per ")[2]
        if period == "claim":
            return None
        owner = f"group {node['group']}" if isinstance(node, dict) and "group" in node else self.name
        return (owner, rule, period_key(period, self.day))

    def used(self, rule: str) -> int:
        """What the rule, or the group it names, has used of its period, layers above on this claim included."""
        key = self.key(rule)
        return self.now.get(key, 0) if key else 0

    def grow(self, rule: str, by: int) -> None:
        key = self.key(rule)
        if key:
            self.now[key] = self.now.get(key, 0) + by

    def note(self, *names: str) -> None:
        """For the statistics: these decided the claim."""
        if names:
            self.events.append(Event(self.name, "", 1, frozenset(names)))

    def sharing(self, rule: str) -> list[str]:
        """For the statistics, before it grows: whether a group's use was met, and one of this very claim."""
        key = self.key(rule)
        if not (key and key[0].startswith("group ")):
            return []
        kind = rule.partition(" per ")[0]
        found = [f"shared {kind}"] if self.now.get(key, 0) else []
        return found + ([f"shared {kind} on one claim"] if self.now.get(key, 0) > self.before.get(key, 0) else [])

    def tell(self, rule: str, moved: int, *more: str) -> None:
        self.events.append(Event(self.name, rule, moved, self.forms.get(rule, frozenset()) | frozenset(more)))


def applies(turn: Round) -> bool:
    """Every fact that `for` names must be there; all lines must hold."""
    holds = True
    for fact, wanted in turn.keys.get("for", {}).items():
        value = turn.ask("for", lambda fact=fact: turn.desk.fact(fact), None)
        choices = wanted if isinstance(wanted, list) else [wanted]
        line = value is not None and any(matches(choice, value) for choice in choices)
        turn.tell("for", int(not line), "condition on a range" if isinstance(value, int) else "condition")
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
        whole = ["whole"] if part_of == 1 else ["share", *payment.tie(part_of * parts[sources[0]])]
        turn.tell(rule, sum(taken.values()), *whole, kind_of(name))
    return left, base


def kind_of(name: str) -> str:
    """For the statistics: a part of the claim, the open part of some layer, or `left of`."""
    return "left of" if name.startswith("left of ") else name if name in CLAIM_PARTS else name.rpartition("'s ")[2]


def reduce(turn: Round, base: int) -> tuple[int, dict[str, int]]:
    """What the reductions, in the order written, leave of the base; and the three parts they fill."""
    y, out = base, {"beyond limit": 0, "prepaid": 0, "deductible": 0}
    for rule, node in turn.keys.items():
        kind = rule.partition(" per ")[0]
        if rule == "pre-pay":
            share = turn.ask(rule, lambda node=node: turn.desk.rate(node), Fraction(0))
            gone, part = half_up(share * y), "prepaid"
            turn.tell(rule, gone, *payment.tie(share * y))
        elif kind in ("limit", "deductible"):
            amount = turn.ask(rule, lambda node=node: turn.desk.amount(node), 0)
            below = y if amount is ENDLESS else min(y, max(0, amount - turn.used(rule)))
            gone, part = (y - below, "beyond limit") if kind == "limit" else (below, "deductible")
            tell_step(turn, rule, amount, y, gone)
            turn.grow(rule, below)
        else:
            continue
        y, out[part] = y - gone, out[part] + gone
    return y, out


def tell_step(turn: Round, rule: str, amount: int | None, y: int, gone: int) -> None:
    """For the statistics; `y` is what the limit or deductible found, `gone` what it took."""
    used = turn.used(rule)
    due = y if amount is ENDLESS else max(0, amount - used)
    told = ["met a use"] if used and gone else []
    told += ["exact"] if y == due > 0 else []
    told += ["only the difference"] if rule.startswith("deductible") and used > 0 and gone == due else []
    turn.tell(rule, y if amount is ENDLESS else gone, *told)
    otherwise = y if amount is ENDLESS else min(y, amount) if rule.startswith("deductible") else max(0, y - amount)
    if used and amount is not ENDLESS and gone != otherwise:
        turn.note(*turn.sharing(rule))


def one_layer(turn: Round, parts: dict[Part, int]) -> tuple[dict[str, int], dict[Part, int]]:
    """The layer's quantities, and the parts after it."""
    if not applies(turn) or turn.problems:
        return dict.fromkeys(QUANTITIES, 0), parts | {(turn.name, part): 0 for part in (*OPEN_PARTS, "paid")}
    left, base = take_base(turn, parts)
    turn.desk.quantities["this layer's base"] = base
    b2, filled = reduce(turn, base)
    paid = payment.pay(turn, b2, filled["deductible"])
    filled["deductible"] -= paid.pop("back")
    filled |= paid
    if not turn.problems:
        assert base == sum(filled.values()), filled
        assert min(filled.values()) >= 0, filled
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
    if max(money.values()) > MOST_FEN:
        found.append(Problem("large"))
    if claim[policy.get("year of the date of", "settlement")] < FIRST_DAY:
        found.append(Problem("day"))
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
    desk.quantities |= {part: claim["money"].get(part, 0) for part in ("total cost", *CLAIM_PARTS)}
    after, layers, events = dict(uses), {}, []
    for name, keys in (pair for item in policy["layers"] for pair in item.items()):
        turn = Round(name, keys, desk, day, uses, after)
        layers[name], parts = one_layer(turn, parts)
        if turn.problems:
            return Answer({}, {}, uses, turn.problems)
        desk.quantities |= {f"{name}'s {quantity}": some for quantity, some in layers[name].items()}
        events += turn.events
    assert sum(parts.values()) == claim["money"]["total cost"]
    return Answer(layers, parts, after, [], events)
