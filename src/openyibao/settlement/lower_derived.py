"""What is worked out before a layer: sums of quantities, and facts that come from money or from earlier claims."""

from __future__ import annotations

from openyibao.policy.coverage import layer_tables
from openyibao.policy.derived import layers_of
from openyibao.policy.model import Condition, Words
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.policy.worked_out import Derived, Sum
from openyibao.settlement.ir import Fail, Note, OpenUse, ReadUse, Set, Slot, Statement, When, WriteUse
from openyibao.settlement.layer_plan import DerivedPlan
from openyibao.settlement.layer_tools import LayerTools
from openyibao.settlement.lower_periods import EPISODE
from openyibao.settlement.lower_tables import basis_text
from openyibao.settlement.lowering import LAST_DAY, PERIOD_KEYS, Lowering

NEVER = 10**6
"""Days since a discharge that never was: more than lie between the first and the last day a claim may have."""
MONTHS = 12


def sums(low: Lowering, waiting: list[Sum], seen_by: str = "") -> list[Statement]:
    """The sums of which all quantities are known by now; they leave the list.

    Layers of a gathering service (`seen_by`) see the quantities of other layers as sums over claims, and so have
    their own of each that waits for them.
    """
    out: list[Statement] = []
    for one in list(waiting):
        needs = layers_of((None, one.name), low.policy.quantities)
        if one.is_own or any((name, "paid") not in low.quantities for name in needs):
            continue
        waiting.remove(one)
        local = low.names(f"sum / {one.name}" + (f" / {seen_by}" if seen_by else ""))
        low.outputs.append(local)
        out += [Note(one.name), sum_of(low, one, local)]
    return out


def sum_of(low: Lowering, one: Sum, local: str) -> Set:
    """A sum, from here on known under its name."""
    plus = " + ".join(low.quantities[term] for term in one.plus)
    minus = "".join(f" - {low.quantities[term]}" for term in one.minus)
    low.quantities[None, one.name] = local
    return Set(local, f"max(0, {plus}{minus})" if minus else plus, bound=(0, MAX_AMOUNT_FEN * len(one.plus)))


def where(low: Lowering, conditions: tuple[Condition, ...]) -> str:
    """The test that all conditions hold; a fact that the claim does not state meets none."""
    tests = []
    for condition in conditions:
        name = low.fact_name(condition.fact)
        if isinstance(condition.key, Words):
            values = low.facts[condition.fact].values
            numbers = [values.index(value) for value in condition.key.values]
            tests.append(" or ".join(f"{name} == {number}" for number in numbers))
        else:
            least, high = max(0, condition.key.low or 0), condition.key.high
            tests.append(f"{name} >= {least}" + (f" and {name} <= {high}" if high is not None else ""))
    return " and ".join(f"({test})" for test in tests) if len(tests) > 1 else tests[0]


class DerivedFacts(LayerTools):
    """The derived facts that a layer asks, worked out where it begins."""

    def _derived_facts(self) -> list[Statement]:
        out: list[Statement] = []
        for name in self._asked():
            out += self._derive(self.low.derived[name])
        return out

    def _asked(self) -> list[str]:
        tables = layer_tables(self.layer)
        named = [condition.fact for condition in self.layer.conditions] + [fact for t in tables for fact in t.by]
        return [name for name in dict.fromkeys(named) if name in self.low.derived]

    def _derive(self, derived: Derived) -> list[Statement]:
        low, name = self.low, derived.name
        fact = low.fact_name(name)
        number, found = self.local(f"{name} / number"), self.local(f"{name} / value")
        plan = DerivedPlan(derived, number, found)
        self.plan.derived.append(plan)
        out: list[Statement] = [Note(f"{name} {basis_text(low.policy, derived.basis)}"), *self._number(plan)]
        edges: list[str] = []
        for place, reach in enumerate(derived.reaches, 1):
            table = None
            if reach.to is not None:
                table, made = self._table(reach.to, name, f"{name} / edge {place}", "amount")
                out += made
                if edges:
                    fault = low.fault("edges", layer=self.layer.name, what=name)
                    out.append(When(f"{table.value_name} < {edges[-1]}", (Fail(fault),)))
                edges.append(table.value_name)
            plan.edges.append(table)
        bound = (0, len(derived.fact.values) - 1)
        out.append(Set(found, _choice(derived, number, edges), bound=bound))
        if fact not in low.outputs and fact not in self.outputs:
            self.outputs.append(fact)
        return [*out, Set(fact, found, bound=bound)]

    def _number(self, plan: DerivedPlan) -> list[Statement]:
        """The number that the edges are compared with: fen, a count, days or months."""
        derived, low = plan.derived, self.low
        if derived.quantity is not None:
            return [Set(plan.number, low.quantities[derived.quantity])]
        if derived.of == "months since enrolment":
            return self._months(plan)
        asked = low.need_facts(derived.per, self.layer.name, derived.name)
        slot, opened = history_slot(low, derived)
        plan.slot = slot
        stored = self.named(f"{derived.name} / kept")
        out = [*asked, *opened, ReadUse(slot, stored)]
        if derived.of == "earlier claims":
            return [*out, Set(plan.number, stored)]
        if derived.of == "earlier episodes":
            given, place = given_slot(low, derived), self.named(f"{derived.name} / given")
            here = f"{place} - 1 if {place} > 0 else {stored}"
            return [*out, OpenUse(given), ReadUse(given, place), Set(plan.number, here)]
        day, made = day_count(low, "admission")
        return [*out, *made, Set(plan.number, f"max(0, {day} - {stored}) if {stored} > 0 else {NEVER}")]

    def _months(self, plan: DerivedPlan) -> list[Statement]:
        """Full months from the day of enrolment to admission."""
        low = self.low
        first, last = low.need_input("enrolment"), low.need_input("admission")
        fault = low.fault("enrolled", layer=self.layer.name, what=plan.derived.name)
        month = {day: f"{day} // 10000 * {MONTHS} + {day} // 100 % 100" for day in (first, last)}
        part = f"(1 if {last} % 100 < {first} % 100 else 0)"
        return [
            When(f"{first} < 0", (Fail(fault),)),
            Set(plan.number, f"max(0, {month[last]} - ({month[first]}) - {part})", bound=(0, NEVER)),
        ]


def _choice(derived: Derived, number: str, edges: list[str]) -> str:
    """The number of the value whose edge the number does not pass."""
    values = derived.fact.values
    numbers = [values.index(reach.value) for reach in derived.reaches]
    expression = str(numbers[-1])
    for reach, edge, value in reversed(list(zip(derived.reaches, edges, numbers, strict=False))):
        expression = f"{value} if {number} {'<=' if reach.included else '<'} {edge} else ({expression})"
    return expression


def day_count(low: Lowering, date: str) -> tuple[str, list[Statement]]:
    """The number of a day, counted without gaps, of a date as yyyymmdd."""
    low.need_input(date)
    year, name = low.names(f"{date} / year from March"), low.names(f"{date} / day")
    month = f"{date} // 100 % 100"
    days = f"{date} % 100 + (153 * (({month} + 9) % 12) + 2) // 5"
    leaps = f"365 * {year} + {year} // 4 - {year} // 100 + {year} // 400"
    return name, [
        Set(year, f"{date} // 10000 - (1 if {month} <= 2 else 0)", bound=(0, LAST_DAY // 10000)),
        Set(name, f"{days} + {leaps}", bound=(0, 4_000_000)),
    ]


def history_slot(low: Lowering, derived: Derived) -> tuple[int, list[Statement]]:
    """The slot of what earlier claims left for a derived fact; with it, what each claim leaves to later ones."""
    label = f"{derived.name} / {derived.of}"
    slot = next((number for number, slot in enumerate(low.slots) if slot.group == label), None)
    per = tuple(low.fact_name(fact) for fact in derived.per)
    if slot is None:
        slot = low.slot(Slot(label, derived.period, PERIOD_KEYS[derived.period], per))
        low.per_facts |= dict.fromkeys(per)
    if derived.name not in low.counted:
        low.counted.add(derived.name)
        low.last += _keep(low, derived, slot)
    return slot, [OpenUse(slot)] if per else []


def given_slot(low: Lowering, derived: Derived) -> int:
    """The slot of the number that an episode was given when it was counted."""
    label = f"{derived.name} / number of the episode"
    known = next((number for number, slot in enumerate(low.slots) if slot.group == label), None)
    place = (EPISODE, *(low.fact_name(fact) for fact in derived.per))
    low.per_facts |= dict.fromkeys(place)
    return low.slot(Slot(label, derived.period, PERIOD_KEYS[derived.period], place)) if known is None else known


def _keep(low: Lowering, derived: Derived, slot: int) -> list[Statement]:
    """What a claim that counts leaves: one more, or the day of its discharge. A claim that lacks a fact does not."""
    tests = [f"({where(low, derived.conditions)})"] if derived.conditions else []
    per = tuple(low.fact_name(fact) for fact in derived.per)
    tests += [f"{fact} >= 0" for fact in per]
    if derived.paid_by is not None:
        tests.append(f"{low.names(f'{derived.paid_by} / paid')} > 0")
    if low.is_split and derived.of != "earlier episodes":  # the parts of a stay count once
        tests.append(f"{low.need_input('last_of_stay')} == 1")
    stored = low.names(f"{derived.name} / kept so far")
    out: list[Statement] = [*([OpenUse(slot)] if per else []), ReadUse(slot, stored)]
    if derived.of == "earlier claims":
        out.append(WriteUse(slot, f"{stored} + 1"))
    elif derived.of == "earlier episodes":
        given, place = given_slot(low, derived), low.names(f"{derived.name} / given so far")
        new = When(f"{place} == 0", (WriteUse(slot, f"{stored} + 1"), WriteUse(given, f"{stored} + 1")))
        out += [OpenUse(given), ReadUse(given, place), new]
    else:
        day, made = day_count(low, "discharge")
        out += [*made, WriteUse(slot, f"max({stored}, {day})")]
    return [When(" and ".join(tests), tuple(out))] if tests else out
