"""What a bill says of gathering: what a claim found in earlier ones, and what it leaves to be gathered itself."""

from __future__ import annotations

from calendar import monthrange

from openyibao.settlement.bill_answers import Data
from openyibao.settlement.bill_derived import DerivedWriter
from openyibao.settlement.bill_uses import period_text
from openyibao.settlement.layer_plan import PART_NAMES
from openyibao.settlement.lower_gathering import Found, GatherPlan, Quantity
from openyibao.settlement.lower_parts import part_codes

SERVICE = "service"


class GatherWriter(DerivedWriter):
    """Says what was gathered, and what is left for others to gather."""

    def gather_plan(self) -> GatherPlan | None:
        """Where the sums of this claim stand, if it gathers."""
        return next((one for one in self.plan.gathers if self.facts.get(SERVICE) == one.gathering.service), None)

    def gathered(self) -> Data | None:
        """What this claim gathered; None where it is no such claim."""
        plan = self.gather_plan()
        if plan is None:
            return None
        months = plan.gathering.months
        period = "year" if months is None else "day"
        return {
            "service": self.name(plan.gathering.service),
            "of": "the year before" if months is None else "months before",
            "months": months,
            "from": period_text(period, self.named[plan.first])
            if months is None
            else first_day(self.named[plan.first]),
            "to": period_text(period, self.named[plan.last]),
            "where": [self.asked(condition.fact, condition.key) for condition in plan.gathering.conditions],
            "parts": [self.open_part(key, self.named[found.local]) for key, found in plan.parts.items()],
            "quantities": [self.quantity_of(*key, self.named[found.local]) for key, found in plan.quantities.items()],
            "fen": self.named[plan.total],
            "basis": self.basis(plan.gathering.basis),
        }

    def sums(self) -> list[Data]:
        """The sums of the policy. A claim that gathers found those without gathering layers as a sum over claims."""
        plain = [one for one in self.policy.quantities if not one.is_own]
        plan = self.gather_plan()
        if plan is None:
            return [self.sum(one) for one in plain]
        asking = next(layer for layer in self.plan.layers if self.plan.gather_of(layer.layer) is plan)
        return [self.sum(one, asking) for one in plain if one.name in plan.sums]

    def leaves(self) -> list[Data]:
        """What this claim leaves to claims of each gathering service; nothing where it is not gathered."""
        return [self.left_to(plan) for plan in self.plan.gathers if self.is_gathered(plan)]

    def is_gathered(self, plan: GatherPlan) -> bool:
        if self.gather_plan():
            return False
        asked = [self.condition(one.fact, one.key) for one in plan.gathering.conditions]
        return all(condition["holds"] for condition in asked)

    def left_to(self, plan: GatherPlan) -> Data:
        slots = [self.plan.program.slots[found.slot] for found in (*plan.parts.values(), *plan.quantities.values())]
        period = "year" if plan.gathering.months is None else "day"
        return {
            "service": self.name(plan.gathering.service),
            "period_key": period_text(period, self.named[slots[0].key]) if slots else "",
            "parts": [self.open_part(key, self.named[found.left]) for key, found in plan.parts.items()],
            "quantities": [self.quantity_of(*key, self.at_end(key, found)) for key, found in plan.quantities.items()],
        }

    def at_end(self, key: Quantity, found: Found) -> int:
        """A quantity of this claim as it is left to be gathered."""
        layer, name = key
        return self.named[found.left] if found.left in self.named else self.quantity_fen(layer, name)

    def open_part(self, key: Quantity, fen: int) -> Data:
        layer, part = key
        return {
            "layer": layer,
            "part": part_codes(self.policy)[part] if layer is None else PART_NAMES[part],
            "name": self.name(part),
            "of": self.name(layer) if layer else None,
            "fen": fen,
        }

    def divided(self) -> list[Data]:
        """The sub-parts of the claim, as it came in."""
        codes = part_codes(self.policy)
        return [
            {
                "part": codes[division.part],
                "into": [
                    {"part": codes[name], "name": self.name(name), "fen": self.sub_part_fen(name)}
                    for name in division.names
                ],
            }
            for division in self.policy.divisions
        ]


def first_day(number: int) -> str:
    """The first real day from a numbered one on: 31 February is 1 March.

    >>> first_day(2_430_131), first_day(2_430_128)
    ('2025-03-01', '2025-02-28')
    """
    year, month, day = number // 1200, number // 100 % 12 + 1, number % 100
    if day <= monthrange(year, month)[1]:
        return f"{year}-{month:02d}-{day:02d}"
    return f"{year + month // 12}-{month % 12 + 1:02d}-01"
