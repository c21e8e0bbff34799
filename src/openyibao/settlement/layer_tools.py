"""What every step of a layer needs: names of quantities, answers of tables, uses that are read and grow."""

from __future__ import annotations

from openyibao.policy.model import Kept, Layer, Table
from openyibao.policy.values import MAX_AMOUNT_FEN, MAX_DENOMINATOR
from openyibao.settlement.claim import MAX_USE_FEN
from openyibao.settlement.ir import Carry, Earn, Fail, Known, OpenUse, ReadUse, Set, Slot, Statement, When, WriteUse
from openyibao.settlement.layer_plan import LayerPlan, UsePlan
from openyibao.settlement.lower_periods import first_period
from openyibao.settlement.lower_tables import gap_test, may_leave, pick_table, plan_table, refusal_test, table_facts
from openyibao.settlement.lowering import PERIOD_KEYS, Lowering, TablePlan


class LayerTools:
    """The layer being written, and what it has written so far. Names of locals start with the layer's name."""

    def __init__(self, low: Lowering, layer: Layer, plans: dict[str, LayerPlan], claim_left: dict[str, str]) -> None:
        self.low, self.layer, self.plans, self.claim_left = low, layer, plans, claim_left
        self.name = low.names(layer.name)
        self.outputs: list[str] = []
        self.plan = LayerPlan(layer, self.name, self.local("applies"))
        self.cells: list[str] = []
        self.commits: list[Statement] = []
        self.outside: list[Statement] = []

    def local(self, what: str) -> str:
        """The name of a quantity of this layer; it is an output."""
        name = self.named(what)
        self.outputs.append(name)
        return name

    def named(self, what: str) -> str:
        """The local of a quantity of this layer: never that of anything else, whatever the policy calls its things."""
        return self.low.names(f"{self.layer.name} / {what}")

    def _table(
        self, table: Table, what: str, name: str, kind: str, denominator: int = 1
    ) -> tuple[TablePlan, list[Statement]]:
        """Ask a table, and fail the claim where it has no value."""
        value, cell = self.local(name), self.named(f"{name}_cell")
        out = self.low.need_facts(table_facts(self.low, table), self.layer.name, what)
        plan = plan_table(self.low, table, cell, value, f"{self.layer.name} / {what}", denominator)
        if table.by:
            self.outputs.append(cell)
            self.cells.append(cell)
        out += pick_table(self.low, plan, kind)
        tests = {"refused": refusal_test(plan), "gap": gap_test(self.low, plan)}
        for fault, test in tests.items():
            if test:
                number = self.low.fault(fault, layer=self.layer.name, what=what, table=value)
                out.append(When(test, (Fail(number, cell if table.by else "0"),)))
        if any(tests.values()) and kind == "ratio" and not may_leave(table):
            out.append(Known(value, (-MAX_DENOMINATOR, MAX_DENOMINATOR)))
        return plan, out

    def _rate(self, table: Table, what: str, name: str, denominator: int) -> tuple[TablePlan, list[Statement]]:
        """Ask a table of rates, add its points, and fail the claim for which it comes out below 0 or above 1."""
        plan, out = self._table(table, what, name, "ratio", denominator)
        if not may_leave(table):
            return plan, out
        points = []
        for number, more in enumerate(table.points, 1):
            added, made = self._table(more, f"{what} / points", f"{name}_points_{number}", "ratio", denominator)
            points.append(added)
            out += made
        final = self.local(f"{name}_final")
        bottom = self.low.parameter(plan.what, denominator, "bottom")
        fault = self.low.fault("rate", layer=self.layer.name, what=what)
        out += [
            Set(final, " + ".join(part.value_name for part in (plan, *points))),
            When(f"{final} < 0 or {final} > {bottom}", (Fail(fault),)),
            Known(final, (0, MAX_DENOMINATOR)),
        ]
        plan.points, plan.final = tuple(points), final
        return plan, out

    def _use(
        self, what: str, name: str, period: str, kept: Kept, *, is_amount: bool = True
    ) -> tuple[UsePlan | None, list[Statement]]:
        """Read what the person has used.

        A use per claim starts at nothing and is not kept, but for what a group's layers share on the claim, and for
        amounts that the parts of a split stay share.
        """
        lasts = period != "claim" or (is_amount and self.low.is_split)
        asked = self.low.need_facts(kept.per, self.layer.name, what)
        if kept.group is None and not lasts:
            return None, asked
        kind = what.partition(" per ")[0]
        label = f"group {kept.group} / {kind} per {period}" if kept.group else f"{self.layer.name} / {what}"
        if not lasts:
            use, read = self._claim_use(label, name)
            return use, [*asked, *read]
        place, opened = self._slot(label, period, kept)
        opened = [*asked, *opened]
        if kept.group is not None:
            return self._shared_use(label, name, place, opened)
        use = UsePlan(place, self.local(f"{name}_used"), self.local(f"{name}_used_after"))
        return use, [*opened, ReadUse(place, use.before)]

    def _slot(self, label: str, period: str, kept: Kept) -> tuple[int, list[Statement]]:
        """The slot of a use, and how its place is found."""
        low, key = self.low, PERIOD_KEYS[period]
        known = next((number for number, slot in enumerate(low.slots) if slot.group == label), None)
        per = tuple(low.fact_name(fact) for fact in kept.per)
        if known is None:
            known = low.slot(Slot(label, period, key, per, carried=kept.carry is not None))
        if not per:
            return known, []
        low.per_facts |= dict.fromkeys(per)
        return known, [OpenUse(known)]

    def _claim_use(self, label: str, name: str) -> tuple[UsePlan, list[Statement]]:
        """A use that the layers of a group share on one claim only."""
        now = self.low.names(f"{label} now")
        if label not in self.low.claim_groups:
            self.low.claim_groups[label] = now
            self.outside.append(Set(now, "0", bound=(0, MAX_USE_FEN)))
        use = UsePlan(None, self.local(f"{name}_used"), self.local(f"{name}_used_after"), now, group=label)
        return use, [Set(use.before, now, bound=(0, MAX_USE_FEN))]

    def _shared_use(self, label: str, name: str, slot: int, opened: list[Statement]) -> tuple[UsePlan, list[Statement]]:
        """The use of a group: a later layer finds what an earlier one added on the same claim."""
        now, stored = self.low.names(f"{label} now"), self.low.names(f"{label} before")
        if label not in self.low.claim_groups:
            self.low.claim_groups[label] = now
            self.outside += [Set(now, "-1"), Set(stored, "0")]
        use = UsePlan(slot, self.local(f"{name}_used"), self.local(f"{name}_used_after"), now, stored)
        # read only by a layer that applies: what a claim has read decides whether an earlier one can be reversed
        first = When(f"{now} < 0", (ReadUse(slot, now), Set(stored, now, bound=(0, MAX_USE_FEN))))
        return use, [*opened, first, Set(use.before, now, bound=(0, MAX_USE_FEN))]

    def _left(self, use: UsePlan | None, amount: str, left: str, period: str, kept: Kept) -> list[Statement]:
        """What is left of an amount: of its period alone, or with what other periods leave to it."""
        if use is None:
            return [Set(left, amount)]
        if kept.carry is None or use.slot is None:
            return [Set(left, f"max(0, {amount} - {use.before})")]
        start = self._start(period, kept.earned_from)
        fault = self.low.fault("enrolment", layer=self.layer.name, what=period)
        lacks = [When(f"{start} < 0", (Fail(fault),))] if kept.earned_from == "enrolment" else []
        here = f" - ({use.now} - {use.stored})" if use.now else ""
        self.commits.append(When(self.plan.applies, (Earn(use.slot, amount, start),)))
        out: list[Statement] = [*lacks, Carry(left, use.slot, amount, start, kept.carry == "one")]
        return [*out, Set(left, f"max(0, {left}{here})")] if here else out

    def _start(self, period: str, earned_from: str) -> str:
        """The local of the period from which on the person earns."""
        if (period, earned_from) not in self.low.starts:
            name, first, last = first_period(self.low, period, earned_from)
            self.low.starts[period, earned_from] = name
            self.low.first += first
            self.low.last += last
            self.low.outputs.append(name)
        return self.low.starts[period, earned_from]

    def _grow(self, use: UsePlan, by: str) -> list[Statement]:
        group = use.group or self.low.slots[use.slot or 0].group
        number = self.low.fault("use", layer=self.layer.name, what=group)
        if use.slot is not None:
            self.commits.append(When(self.plan.applies, (WriteUse(use.slot, use.now or use.after),)))
        out: list[Statement] = [
            Set(use.after, f"{use.before} + {by}", bound=(0, MAX_USE_FEN + MAX_AMOUNT_FEN)),
            When(f"{use.after} > {MAX_USE_FEN}", (Fail(number),)),
        ]
        return [*out, Set(use.now, use.after, bound=(0, MAX_USE_FEN))] if use.now else out
