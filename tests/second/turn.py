"""One layer on one claim: what its rules ask, what they find used, and what they add."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from second import carry, rates
from second.ledger import Key, Ledger
from second.periods import BANDS, Calendar, of_policy
from second.values import ENDLESS, Desk, Stop


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


@of_policy
def bounded(policy: dict[str, Any]) -> set[tuple[str, str]]:
    """The deductibles, or groups of them, for which some layer states an annual maximum."""
    found = set()
    for name, keys in (pair for item in policy["layers"] for pair in item.items()):
        for rule, node in keys.items():
            if isinstance(node, dict) and "annual maximum" in node:
                found.add((f"group {node['group']}" if "group" in node else name, rule))
    return found


@dataclass
class Turn:
    """The layer's name and keys, the desk where values are looked up, the claim's place in time, and the uses."""

    name: str
    keys: dict[str, Any]
    desk: Desk
    calendar: Calendar
    ledger: Ledger
    problems: list[Problem] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    forms: dict[str, frozenset[str]] = field(default_factory=dict)
    kept: dict[str, Key] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)  # by deductible
    at_maximum: bool = False  # whether an annual maximum has cut what a deductible took

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

    def beside(self, rule: str, key: str) -> Any:
        """What stands under a key beside a rule's value or table; None if nothing does."""
        node = self.keys[rule]
        return node.get(key) if isinstance(node, dict) else None

    # Values

    def amount(self, rule: str) -> int | None:
        """The amount of a rule on this claim, with the person's own addition."""
        found = self.ask(rule, lambda: self.desk.amount(self.keys[rule]), 0)
        fact = self.beside(rule, "plus")
        if fact:
            more = self.ask(rule, lambda: self.desk.fact(fact), 0)
            if found is not ENDLESS and self.desk.on("plus"):
                self.forms[rule] = self.forms.get(rule, frozenset()) | (
                    {"plus, below 0"} if found + more < 0 else set()
                )
                found = max(0, found + more)
        for_claim = rule == "deductible per claim" or (rule == "pays fixed" and self.unit() == "claim")
        if for_claim and self.calendar.last_only and self.desk.on("the later year"):
            return 0 if self.calendar.on_hold else found
        return found

    def unit(self) -> str:
        """What a fixed amount is for."""
        return self.beside("pays fixed", "for each") or "claim"

    def rate(self, rule: str, node: Any) -> Fraction:
        """A rate with its points; all that it needs is asked."""
        found = [self.ask(rule, lambda: rates.base(self.desk, node), None)]
        found += [self.ask(rule, lambda one=one: rates.points(self.desk, one), None) for one in rates.points_of(node)]
        if None in found:
            return Fraction(0)
        total = sum(found, Fraction(0))
        if 0 <= total <= 1:
            return total
        self.fail("rate", rule)
        return Fraction(0)

    # Uses

    def kind(self, rule: str) -> str:
        """The period of a rule."""
        if rule == "pays in bands":
            over = self.keys[rule]["over"]
            return BANDS.get(over, over)
        return rule.partition(" per ")[2] or "claim"

    def owner(self, rule: str) -> str:
        group = self.beside(rule, "group")
        if group and self.kind(rule) == "claim" and not self.desk.on("group per claim"):
            return self.name
        if group and rule == "pays in bands" and not self.desk.on("group of bands"):
            return self.name
        return f"group {group}" if group else self.name

    def values_of(self, rule: str) -> tuple[str, ...]:
        """The values of the facts for each of which a use of its own is kept."""
        return tuple(self.ask(rule, lambda fact=fact: self.desk.fact(fact), "") for fact in self.facts_of(rule))

    def per(self, rule: str) -> str:
        """For the statistics: whether any text may be a value."""
        declared = [self.desk.policy["facts"][fact] for fact in self.facts_of(rule)]
        return "per any text" if "any" in declared else "per"

    def facts_of(self, rule: str) -> list[str]:
        facts = self.beside(rule, "per") or []
        return [facts] if isinstance(facts, str) else facts

    def key(self, rule: str) -> Key:
        """Under which a rule's use is kept. Positions of bands over a claim begin anew on each, whatever its stay."""
        if rule not in self.kept:
            period = self.calendar.period(self.kind(rule), shared=rule != "pays in bands")
            self.kept[rule] = (self.owner(rule), rule, period, self.values_of(rule))
        return self.kept[rule]

    def used(self, rule: str) -> int:
        """What the rule, or the group it names, has used of its period, layers above on this claim included."""
        key = self.key(rule)
        found = self.ledger.of(key)
        if found and not self.desk.on(f"period: {self.kind(rule)}"):
            return 0
        if key[3] and not self.desk.on(self.per(rule)):
            return sum(fen for its, fen in self.ledger.now.items() if its[:3] == key[:3])
        return found

    def grow(self, rule: str, by: int) -> None:
        self.ledger.add(self.key(rule), by)

    def left(self, rule: str, amount: int | None) -> int | None:
        """What is left of an amount for this claim."""
        if amount is ENDLESS:
            return ENDLESS
        if self.beside(rule, "carry over"):
            carried = carry.left(self, rule, amount)
            if carried is None:
                self.fail("enrolment", rule)
            elif self.desk.on("carry over"):
                return carried
        return max(0, amount - self.used(rule))

    # The annual maximum of deductibles: it counts what all of a group took, whatever their period

    def counted(self, rule: str) -> Key:
        return (self.owner(rule), f"annual maximum of {rule}", ("year", self.calendar.year), ())

    def within_maximum(self, rule: str, due: int) -> int:
        node = self.beside(rule, "annual maximum")
        if node is None:
            return due
        most = self.ask(rule, lambda: self.desk.amount(node), 0)
        room = max(0, most - self.ledger.of(self.counted(rule)))
        self.at_maximum |= room < due
        return min(due, room) if self.desk.on("annual maximum") else due

    def count(self) -> None:
        """All that deductibles took counts, also what a floor gave back."""
        counting = bounded(self.desk.policy) if self.taken else set()
        for rule, fen in self.taken.items():
            if (self.owner(rule), rule) in counting:
                self.ledger.add(self.counted(rule), fen)

    # For the statistics

    def note(self, *names: str) -> None:
        """These decided the claim."""
        if names:
            self.events.append(Event(self.name, "", 1, frozenset(names)))

    def sharing(self, rule: str) -> list[str]:
        """Before it grows: whether a group's use was met, and one of this very claim."""
        key, kind = self.key(rule), rule.partition(" per ")[0]
        used = self.ledger.now.get(key, 0)
        if not (key[0].startswith("group ") and used):
            return []
        return [f"shared {kind}"] + ([f"shared {kind} on one claim"] if used > self.ledger.before.get(key, 0) else [])

    def tell(self, rule: str, moved: int, *more: str) -> None:
        self.events.append(Event(self.name, rule, moved, self.forms.get(rule, frozenset()) | frozenset(more)))
