"""What every step of a layer needs: names of quantities, answers of tables, uses that are read and grow."""

from __future__ import annotations

from openyibao.policy.model import Layer, Table
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.settlement.claim import MAX_USE_FEN
from openyibao.settlement.ir import Fail, ReadUse, Set, Slot, Statement, When, WriteUse
from openyibao.settlement.layer_plan import LayerPlan, UsePlan
from openyibao.settlement.lower import PERIOD_KEYS, Lowering, TablePlan, may_fail, pick_table, plan_table


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
        out = self.low.need_facts(table.by, self.layer.name, what)
        plan = plan_table(self.low, table, cell, value, f"{self.layer.name} / {what}", denominator)
        if table.by:
            self.outputs.append(cell)
            self.cells.append(cell)
        out += pick_table(self.low, plan, kind)
        if may_fail(plan):
            number = self.low.fault("gap", layer=self.layer.name, what=what, table=value)
            out.append(When(f"{value} < 0", (Fail(number, cell if table.by else "0"),)))
        return plan, out

    def _use(
        self, what: str, name: str, period: str, group: str | None = None
    ) -> tuple[UsePlan | None, list[Statement]]:
        """Read what the person has used; a use per claim starts at nothing and is not kept."""
        if period == "claim":
            return None, []
        if group is not None:
            return self._shared_use(what.partition(" per ")[0], name, period, group)
        slot = Slot(f"{self.layer.name} / {what}", period, PERIOD_KEYS[period][0])
        self.low.slots.append(slot)
        use = UsePlan(len(self.low.slots) - 1, self.local(f"{name}_used"), self.local(f"{name}_used_after"))
        return use, [ReadUse(use.slot, use.before)]

    def _shared_use(self, kind: str, name: str, period: str, group: str) -> tuple[UsePlan, list[Statement]]:
        """The use of a group: a later layer finds what an earlier one added on the same claim."""
        label = f"group {group} / {kind} per {period}"
        known = [number for number, slot in enumerate(self.low.slots) if slot.group == label]
        number = known[0] if known else len(self.low.slots)
        now = self.low.names(f"{label} now")
        if not known:
            self.low.slots.append(Slot(label, period, PERIOD_KEYS[period][0]))
            self.outside.append(Set(now, "-1"))
        use = UsePlan(number, self.local(f"{name}_used"), self.local(f"{name}_used_after"), now)
        first = When(f"{now} < 0", (ReadUse(number, now),))  # only by a layer that applies: what is read counts
        return use, [first, Set(use.before, now, bound=(0, MAX_USE_FEN))]

    def _grow(self, use: UsePlan, by: str) -> list[Statement]:
        number = self.low.fault("use", layer=self.layer.name, what=self.low.slots[use.slot].group)
        self.commits.append(When(self.plan.applies, (WriteUse(use.slot, use.now or use.after),)))
        out: list[Statement] = [
            Set(use.after, f"{use.before} + {by}", bound=(0, MAX_USE_FEN + MAX_AMOUNT_FEN)),
            When(f"{use.after} > {MAX_USE_FEN}", (Fail(number),)),
        ]
        return [*out, Set(use.now, use.after, bound=(0, MAX_USE_FEN))] if use.now else out
