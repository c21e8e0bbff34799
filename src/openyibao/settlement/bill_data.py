"""A bill as versioned plain data: every quantity, the facts that chose each cell, what bound, and every source.

The published schema is `docs/bill.schema.json`. Redoing the sums from this data alone gives the bill.
"""

from __future__ import annotations

from openyibao.policy.model import (
    AmountOf,
    Basis,
    Bilingual,
    Term,
)
from openyibao.settlement.bill import Bill
from openyibao.settlement.bill_answers import Data
from openyibao.settlement.bill_gathered import GatherWriter
from openyibao.settlement.ir import NO_LIMIT
from openyibao.settlement.layer_plan import PART_NAMES, BandPlan, LayerPlan
from openyibao.settlement.lower_parts import part_codes
from openyibao.settlement.lower_periods import YEAR_STARTS

BILL_VERSION = 4


def bill_data(bill: Bill) -> Data:
    """The whole bill; see the module."""
    return _BillWriter(bill).bill()


def outline(bill: Bill) -> list[Data]:
    """The layers of a bill as far as paying it needs them.

    A layer that paid something is whole, as in `bill_data`; of another one there are `layer`, `payer`, `applies`,
    `paid_fen`, and its `reductions` and `caps` if it applies.
    """
    return _BillWriter(bill).outline()


class _BillWriter(GatherWriter):
    """Writes the bill from the locals of the compiled policy."""

    def layer(self, plan: LayerPlan) -> Data:
        layer = plan.layer
        applies = bool(self.named[plan.applies])
        data: Data = {
            "layer": layer.name,
            "name": self.name(layer.name),
            "payer": self.name(layer.payer),
            "applies": applies,
            "conditions": [self.condition(condition.fact, condition.key) for condition in layer.conditions],
            "derived": self.derived_facts(plan),
            "paid_fen": self.named[plan.paid],
            "over_cap_counted_in": "fees" if layer.cut_in_fees else "payments",
            "parts": {
                name: self.named[plan.parts[part]] if part in plan.parts else 0 for part, name in PART_NAMES.items()
            },
            "basis": self.basis(layer.basis),
            "gaps": [self.text(gap) for gap in layer.gaps],
        }
        return data | (
            self.applied(plan)
            if applies
            else dict.fromkeys(("base", "reductions", "reimbursable_fen", "reimbursement", "floor", "caps"))
            | {"assumptions": []}
        )

    def outline(self) -> list[Data]:
        return [self.layer(plan) if self.named[plan.paid] else self.outlined(plan) for plan in self.plan.layers]

    def outlined(self, plan: LayerPlan) -> Data:
        applies = bool(self.named[plan.applies])
        return {
            "layer": plan.layer.name,
            "payer": self.name(plan.layer.payer),
            "applies": applies,
            "paid_fen": 0,
            "reductions": [self.reduction(plan, number) for number in range(len(plan.steps))] if applies else None,
            "caps": [self.cap(plan, number) for number in range(len(plan.caps))] if applies else None,
        }

    def applied(self, plan: LayerPlan) -> Data:
        return {
            "base": {
                "terms": [self.term(take.term, take.layer, take.part, take.found, take.taken) for take in plan.takes],
                "fen": self.named[plan.base],
            },
            "reductions": [self.reduction(plan, number) for number in range(len(plan.steps))],
            "reimbursable_fen": self.named[plan.reimbursable],
            "reimbursement": self.reimbursement(plan),
            "floor": self.floor(plan),
            "caps": [self.cap(plan, number) for number in range(len(plan.caps))],
            "assumptions": [self.text(text) for text in self.assumptions(plan)],
        }

    def term(self, term: Term, layer: str | None, part: str, found: str, taken: str) -> Data:
        code = part_codes(self.policy)[part] if layer is None else PART_NAMES[part]
        return {
            "layer": layer,
            "part": code,
            "name": self.name(part),
            "of": self.name(layer) if layer else None,
            "share": self.ratio(term.share),
            "found_fen": self.named[found],
            "taken_fen": self.named[taken],
            "basis": self.basis(term.basis) if term.basis else None,
        }

    def reduction(self, plan: LayerPlan, number: int) -> Data:
        step = plan.steps[number]
        taken = self.named[step.taken]
        left = self.named[step.due] if step.due else None
        data: Data = {
            "kind": step.kind,
            "period": step.period,
            **self.use(step.use),
            "amount": self.answer(step.table, plan.layer.basis, layer=plan),
            **self.around(step),
            "annual_maximum": None,
            "counted": {"period": "year", **self.use(step.counted)} if step.counted else None,
            "left_fen": None if left is None or left > NO_LIMIT // 2 else left,
            "taken_fen": taken,
        }
        if step.annual:
            data["annual_maximum"] = {
                "amount": self.answer(step.annual.table, plan.layer.basis, layer=plan),
                "left_fen": self.named[step.annual.left],
            }
        return data | {"bound": taken > 0 and (step.kind != "deductible" or taken == left)}

    def reimbursement(self, plan: LayerPlan) -> Data:
        if plan.rate is not None:
            return {
                "kind": "flat",
                "rate": self.answer(plan.rate, plan.layer.basis),
                "fen": self.named[plan.reimbursement],
            }
        if plan.fixed is not None:
            units = 1 if plan.unit == "claim" else self.facts[plan.unit]
            later = plan.unit == "claim" and self.policy.per_claim_later
            return {
                "kind": "fixed",
                "period": "claim" if plan.fixed_use else None,
                **self.use(plan.fixed_use),
                "belongs_here": self.claim.last_of_stay if later else True,
                "amount": self.answer(plan.fixed, plan.layer.basis, layer=plan),
                "unit": self.name(plan.unit),
                "units": units,
                "fen": self.named[plan.reimbursement],
            }
        basis = getattr(plan.layer.pays, "basis", None) or plan.layer.basis
        bands, lower = [], 0
        for band in plan.bands:
            data = self.band(plan, band, lower, basis)
            bands.append(data)
            lower = data["to_fen"] or 0
        counted = getattr(plan.layer.pays, "counted", "")
        period = getattr(plan.layer.pays, "period", "")
        return {
            "kind": "bands",
            "counted": counted,
            "period": period,
            "basis": self.basis(basis),
            **self.use(plan.position),
            "starts_at_fen": self.named[plan.start],
            "bands": bands,
            "fen": self.named[plan.reimbursement],
        }

    def floor(self, plan: LayerPlan) -> Data | None:
        """The least the layer pays before caps, and what came back out of its deductible for it."""
        if plan.floor is None:
            return None
        fen, before = self.named[plan.raised_to], self.named[plan.reimbursement]
        return {
            "amount": self.answer(plan.floor, plan.layer.basis, layer=plan),
            "fen": fen,
            "bound": fen > before,
            "returned_fen": self.named[plan.returned] if plan.returned else 0,
            "sums": self.own_sums(plan),
        }

    def band(self, plan: LayerPlan, band: BandPlan, lower: int, basis: Basis) -> Data:
        edge = self.answer(band.edge, basis, layer=plan) if band.edge else None
        return {
            "from_fen": lower,
            "to_fen": edge["fen"] if edge else None,
            "edge": edge,
            "rate": self.answer(band.rate, basis, plan.denominator),
            "cost_fen": self.named[band.cost],
        }

    def cap(self, plan: LayerPlan, number: int) -> Data:
        cap = plan.caps[number]
        amount, left = self.answer(cap.table, plan.layer.basis, layer=plan), self.named[cap.left]
        return {
            "period": cap.period,
            **self.use(cap.use),
            "amount": amount,
            **self.around(cap),
            "left_fen": None if amount["kind"] == "no limit" else left,
            "bound": self.named[plan.before_caps] > left and self.named[plan.paid] == left,
        }

    def assumptions(self, plan: LayerPlan) -> list[Bilingual]:
        """The assumptions this claim's amounts rest on: of the layer, of parts it took, of cells that answered."""
        texts = [plan.layer.assumption] if plan.layer.assumption else []
        texts += [take.term.assumption for take in plan.takes if take.term.assumption and self.named[take.taken]]
        tables = [step.table for step in plan.steps] + ([plan.rate] if plan.rate else [])
        tables += [step.annual.table for step in plan.steps if step.annual]
        tables += [table for band in plan.bands for table in (band.edge, band.rate) if table]
        tables += [table for table in (plan.fixed, plan.floor) if table]
        tables += [cap.table for cap in plan.caps]
        tables += [points for table in tables for points in table.points]
        cells = [self.cell(table) for table in tables]
        cells += [
            behind for cell in cells if isinstance(cell.value, AmountOf) for behind in self.cells_behind(cell.value)
        ]
        return list(dict.fromkeys(texts + [cell.assumption for cell in cells if cell.assumption]))

    # -- the whole

    def bill(self) -> Data:
        layers = [self.layer(plan) for plan in self.plan.layers]
        return {
            "bill_version": BILL_VERSION,
            "policy": {
                "id": self.policy.id,
                "title": self.text(self.policy.title),
                "region": self.policy.region,
                "scheme": self.name(self.policy.scheme),
                "from": str(self.policy.start),
                "before": str(self.policy.end),
                "rule_date": self.policy.rule_date,
                "year_date": self.policy.year_date,
                "period_date": self.policy.period_date,
                "benefit_year_from": self.year_start(),
                "amounts_per_claim_in": "the later year" if self.policy.per_claim_later else "the earlier year",
                "digest": self.policy.digest,
            },
            "claim": self.claim_data(),
            "gathered": self.gathered(),
            "layers": layers,
            "sums": self.sums(),
            "parts_at_end": self.parts_at_end(),
            "totals": {
                "total_fen": self.claim.total_fen,
                "paid_fen": self.bill_.paid_fen,
                "personal_fen": self.bill_.personal_fen,
                "by_payer": self.by_payer(),
            },
            "uses": self.uses(),
            "leaves": self.leaves(),
            "gaps": [self.text(gap) for gap in self.policy.gaps],
        }

    def year_start(self) -> Data | None:
        """The first day of the benefit year for this claim, where it is not that of the calendar year."""
        table = self.policy.year_start
        if table is None or YEAR_STARTS not in self.named:
            return None
        number = self.named[YEAR_STARTS]
        facts = [{"fact": self.name(fact), "value": self.fact_value(self.facts[fact], fact)} for fact in table.by]
        basis = table.basis or table.cells[0].basis
        return {
            "day": f"{number // 100:02d}-{number % 100:02d}",
            "facts": facts,
            "basis": self.basis(basis) if basis else None,
        }

    def claim_data(self) -> Data:
        claim = self.claim
        return {
            "id": claim.id,
            "person": claim.person,
            "admission": str(claim.admission),
            "discharge": str(claim.discharge),
            "settlement": str(claim.settlement),
            "charge": str(claim.charge) if claim.charge else None,
            "enrolment": str(claim.enrolment) if claim.enrolment else None,
            "episode": claim.episode,
            "stay": claim.stay,
            "first_of_stay": claim.first_of_stay,
            "last_of_stay": claim.last_of_stay,
            "facts": [
                {
                    "fact": self.name(name),
                    "value": self.fact_value(value, name),
                    "stated": self.stated(claim.facts.get(name)),
                }
                for name, value in self.stated_facts.items()
            ],
            "total_fen": claim.total_fen,
            "fully_self_paid_fen": claim.fully_self_paid_fen,
            "over_limit_fen": claim.over_limit_fen,
            "pre_self_paid_fen": claim.pre_self_paid_fen,
            "in_scope_fen": claim.in_scope_fen,
            "divided": self.divided(),
        }

    def parts_at_end(self) -> list[Data]:
        """Where every fen that nobody paid stands at the end."""
        codes = part_codes(self.policy)
        out = [
            {"layer": None, "part": codes[part], "name": self.name(part), "fen": self.named[left]}
            for part, left in self.plan.claim_left.items()
        ]
        for plan in self.plan.layers:
            out += [
                {
                    "layer": plan.layer.name,
                    "part": name,
                    "name": self.name(part),
                    "fen": self.named[plan.left[part]] if part in plan.left else 0,
                }
                for part, name in PART_NAMES.items()
            ]
        return out

    def by_payer(self) -> list[Data]:
        paid: dict[str, int] = {}
        for plan in self.plan.layers:
            paid[plan.layer.payer] = paid.get(plan.layer.payer, 0) + self.named[plan.paid]
        return [{"payer": self.name(payer), "fen": fen} for payer, fen in paid.items()]
