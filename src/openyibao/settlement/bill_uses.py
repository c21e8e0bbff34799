"""What a bill says of uses: which one a step met, what changed its amount, what other periods left to it."""

from __future__ import annotations

from openyibao.settlement.bill_answers import Answers, Data
from openyibao.settlement.carry import EARNED
from openyibao.settlement.claim import FactValue
from openyibao.settlement.ir import Slot
from openyibao.settlement.layer_plan import CapPlan, StepPlan, UsePlan


class UseWriter(Answers):
    """Says which uses the rules of a policy met on one bill."""

    def use(self, use: UsePlan | None) -> Data:
        if use is None:
            return {"group": None, "period_key": None, "per": [], "used_before_fen": 0}
        return {**self.used(use), "used_before_fen": self.named[use.before]}

    def used(self, use: UsePlan) -> Data:
        """Which use it is: its group, its period, and the values it is kept for."""
        if use.slot is None:
            return {"group": use.group, "period_key": None, "per": []}
        slot = self.plan.program.slots[use.slot]
        facts = {self.plan.low.fact_name(name): name for name in self.known}
        per = [
            {"fact": self.name(n), "value": self.fact_value(self.facts[n], n)} for n in map(facts.get, slot.per) if n
        ]
        return {"group": slot.group, "period_key": self.period_key(slot), "per": per}

    def period_key(self, slot: Slot) -> str:
        """The period a use belongs to: 2023, 2023-05, 2023-Q2, 2023-05-31, lifetime, or an episode or a stay."""
        if slot.key in ("episode", "stay"):
            return f"{slot.key} {getattr(self.claim, slot.key)}"
        return period_text(slot.period, self.named[slot.key])

    def around(self, step: StepPlan | CapPlan) -> Data:
        """What changes an amount: the person's own addition, the part of a split stay, money of other periods."""
        kept, plus = step.kept, None
        if kept.plus is not None:
            fen = self.facts[kept.plus]
            plus = {"fact": self.name(kept.plus), "fen": fen}
        later = isinstance(step, StepPlan) and step.kind == "deductible" and step.period == "claim"
        here = self.claim.last_of_stay if later and self.policy.per_claim_later else True
        return {"plus": plus, "belongs_here": here, "carry_over": self.carry_over(step) if kept.carry else None}

    def carry_over(self, step: StepPlan | CapPlan) -> Data:
        """What each period since the start has earned and used before this claim, which earns in its own."""
        assert step.use is not None and step.use.slot is not None and step.period is not None
        slot = self.plan.program.slots[step.use.slot]
        start = self.named[self.plan.low.starts[step.period, step.kept.earned_from]]
        facts = {self.plan.low.fact_name(name): name for name in self.known}
        per = tuple(self.facts[facts[name]] for name in slot.per)
        mine, amount = self.named[slot.key], self.named[step.amount]
        before: dict[str, dict[int, int]] = {"": {}, EARNED: {}}
        for key, fen in self.bill_.before.items():
            for kind, found in before.items():
                if key[0] == slot.group + kind and key[2:] == per:
                    found[int(key[1])] = fen
        used, earned = before[""], before[EARNED]
        # of later periods only what they used matters: it comes out of the oldest money first
        later = sorted(number for number in used if number > mine)
        periods = [*range(start, mine + 1), *later] if mine >= start else [mine]
        return {
            "how": step.kept.carry,
            "earned_from": step.kept.earned_from,
            "from": period_text(step.period, start),
            "here": period_text(step.period, mine),
            "periods": [
                {
                    "period_key": period_text(step.period, number),
                    "earned_fen": amount if number == mine else earned.get(number, amount + 1) - 1,
                    "used_fen": used.get(number, 0),
                }
                for number in periods
            ],
        }

    def uses(self) -> list[Data]:
        """What this claim added to the person's uses; a group that several layers share stands once."""
        shared: dict[int, Data] = {}
        for plan in self.plan.layers:
            if self.named[plan.applies]:
                uses = [use for step in plan.steps for use in (step.use, step.counted)]
                uses += [plan.position, plan.fixed_use] + [cap.use for cap in plan.caps]
                for use in (use for use in uses if use):
                    if use.slot is None:
                        continue
                    after = self.named[use.after]
                    if use.slot in shared:
                        shared[use.slot]["after_fen"] = after
                        continue
                    shared[use.slot] = {
                        **self.used(use),
                        "period": self.plan.program.slots[use.slot].period,
                        "before_fen": self.named[use.before],
                        "after_fen": after,
                    }
        return list(shared.values())

    def stated(self, value: FactValue | None) -> list[Data] | None:
        """All values that the claim states for a fact, with their times, where it states several."""
        if not isinstance(value, tuple):
            return None
        return [
            {
                "value": self.name(item.value),
                "from": str(item.start) if item.start else None,
                "before": str(item.end) if item.end else None,
            }
            for item in value
        ]


def period_text(period: str, number: int) -> str:
    """The number of a period as people write it."""
    return {
        "year": f"{number}",
        "calendar year": f"{number}",
        "month": f"{number // 12}-{number % 12 + 1:02d}",
        "quarter": f"{number // 4}-Q{number % 4 + 1}",
        "day": f"{number // 1200}-{number // 100 % 12 + 1:02d}-{number % 100:02d}",
        "lifetime": "lifetime",
    }[period]
