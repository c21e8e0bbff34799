"""What a layer pays before its caps, and how a cut is counted: flat, in bands, fixed (section 3, steps 3, 4 and 6)."""

from __future__ import annotations

from openyibao.policy.model import Band, Bands, Fixed, Kept, ShareOfQuantity, Table
from openyibao.policy.table_checks import common_denominator
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.policy.worked_out import OWN_DEDUCTIBLE
from openyibao.settlement.claim import MAX_USE_FEN
from openyibao.settlement.ir import Fail, Note, Set, Statement, When
from openyibao.settlement.layer_plan import MONEY, BandPlan
from openyibao.settlement.layer_tools import LayerTools
from openyibao.settlement.lower_derived import sum_of
from openyibao.settlement.lower_tables import round_share

POSITION = "pays in bands"


class Payments(LayerTools):
    """The steps of a layer that are about the rate."""

    bottom = ""
    """The denominator of the layer's rates, as a parameter."""

    def _pays(self) -> list[Statement]:
        self.plan.reimbursement = self.plan.before_caps = self.local("before_caps")
        if isinstance(self.layer.pays, Bands):
            return self._pays_bands(self.layer.pays) + self._floor()
        if isinstance(self.layer.pays, Fixed):
            return self._pays_fixed(self.layer.pays) + self._floor()
        return self._pays_flat(self.layer.pays) + self._floor()

    def _pays_flat(self, rates: Table) -> list[Statement]:
        table, out = self._rate(rates, "pays", "rate", common_denominator([rates]))
        self.plan.rate, self.plan.denominator = table, table.denominator
        self.bottom = self.low.parameter(table.what, table.denominator, "bottom")
        formula = round_share(self.plan.reimbursable, table.result, self.bottom)
        return [*out, Set(self.plan.reimbursement, formula, bound=MONEY)]

    def _pays_fixed(self, fixed: Fixed) -> list[Statement]:
        """An amount for each claim or unit, never more than what is there."""
        table, out = self._table(fixed.table, "pays fixed", "fixed_amount", "amount")
        self.plan.fixed, self.plan.unit = table, fixed.unit
        whole = table.value_name
        grown: list[Statement] = []
        if fixed.unit != "claim":
            out += self.low.need_facts((fixed.unit,), self.layer.name, "pays fixed")
            whole = f"{whole} * {self.low.fact_name(fixed.unit)}"
        elif self.low.is_split:
            use, read = self._use("pays fixed", "fixed", "claim", Kept())
            assert use is not None
            self.plan.fixed_use = use
            here = whole
            if self.low.policy.per_claim_later:
                here = f"({whole} if {self.low.need_input('last_of_stay')} == 1 else 0)"
            whole = f"max(0, {here} - {use.before})"
            out += read
            grown = self._grow(use, self.plan.reimbursement)
        return [*out, Set(self.plan.reimbursement, f"min({self.plan.reimbursable}, {whole})", bound=MONEY), *grown]

    def _floor(self) -> list[Statement]:
        """The least a layer pays: a floor, as far as the cost reaches that the deductible has not left out."""
        if self.layer.floor is None:
            return []
        own = self._own_sums(self.layer.floor)
        table, out = self._table(self.layer.floor, "at least", "floor", "amount")
        self.plan.floor = table
        self.plan.raised_to, self.plan.before_caps = self.local("floor_within_cost"), self.local("with_floor")
        deductible = self.plan.parts.get("deductible")
        within = self.plan.reimbursable + (f" + {deductible}" if deductible else "")
        return [
            Note("the floor"),
            *own,
            *out,
            Set(self.plan.raised_to, f"min({table.value_name}, {within})", bound=MONEY),
            Set(self.plan.before_caps, f"max({self.plan.reimbursement}, {self.plan.raised_to})", bound=MONEY),
        ]

    def _own_sums(self, floor: Table) -> list[Statement]:
        """The sums of a floor that this layer's deductible stands in."""
        named = {cell.value.quantity for cell in floor.cells if isinstance(cell.value, ShareOfQuantity)}
        mine = [one for one in self.low.policy.quantities if one.is_own and one.name in named]
        self.low.quantities[OWN_DEDUCTIBLE] = self.plan.parts.get("deductible", "0")
        for one in mine:
            self.plan.own_sums[one.name] = self.local(f"sum / {one.name}")
        return [sum_of(self.low, one, self.plan.own_sums[one.name]) for one in mine]

    def _cut_in_fees(self, cut: str) -> list[Statement]:
        """The cost a cap has cut, counted in fees: what lies beyond the cost that the payment consumed."""
        plan = self.plan
        cost = self.local("cost_consumed")
        walk = self._consumed_flat(cost, plan.rate.result) if plan.rate else self._consumed_in_bands(cost)
        fees: list[Statement] = [
            *walk,
            Set(cost, f"min({cost}, {plan.reimbursable})", bound=MONEY),
            Set(cut, f"{plan.reimbursable} - {cost}", "counted in fees", bound=MONEY),
        ]
        return [When(f"{plan.paid} < {plan.before_caps}", tuple(fees))]

    def _consumed_flat(self, cost: str, rate: str) -> list[Statement]:
        """The cost whose flat reimbursement is exactly what was paid; all of it where there is none."""
        paid = self.plan.paid
        formula = f"(2 * {paid} * {self.bottom} + {rate}) // (2 * {rate})"
        return [
            Set(cost, f"0 if {paid} == 0 else {self.plan.reimbursable}"),
            When(f"{paid} > 0 and {rate} > 0", (Set(cost, formula),)),
        ]

    def _consumed_in_bands(self, cost: str) -> list[Statement]:
        """The least cost from the start of this claim whose reimbursement in bands is exactly what was paid."""
        plan, rest = self.plan, self.local("payment_to_place")
        out: list[Statement] = [Set(rest, f"{plan.paid} * {self.bottom}"), Set(cost, "0")]
        for band in plan.bands:
            slice_cost, rate = band.cost, band.rate.result
            worth = f"{slice_cost} * {rate}"
            passes = When(
                f"{rest} > {worth}",
                (Set(cost, f"{cost} + {slice_cost}"), Set(rest, f"{rest} - {worth}")),
            )
            ends = When(
                f"{rest} > 0 and {rest} <= {worth}",
                (
                    Set(cost, f"{cost} + (2 * {rest} + {rate}) // (2 * {rate})"),
                    Set(rest, "0"),
                ),
            )
            out += [ends, passes]
        return [*out, When(f"{rest} > 0", (Set(cost, plan.reimbursable),))]

    def _pays_bands(self, bands: Bands) -> list[Statement]:
        self.plan.denominator = common_denominator([band.rate for band in bands.bands])
        use, out = self._use(POSITION, "position", bands.period, Kept(bands.group), is_amount=False)
        self.plan.position = use
        self.plan.start = self.local("starts_at")
        before = use.before if use else "0"
        moved = self.plan.reimbursable
        deductible = self.plan.parts.get("deductible", "0")
        if bands.counted == "from zero":
            before, moved = f"{before} + {deductible}", f"{moved} + {deductible}"
        out.append(Set(self.plan.start, before, f"counted {bands.counted}", bound=(0, MAX_USE_FEN + MAX_AMOUNT_FEN)))
        end, pieces, lower_edge = f"{self.plan.start} + {self.plan.reimbursable}", [], "0"
        for number, band in enumerate(bands.bands, 1):
            made, upper, piece = self._band(number, band, lower_edge, end)
            out += made
            pieces.append(piece)
            lower_edge = upper
        bottom = self.bottom = self.low.parameter(f"{self.layer.name} / pays in bands", self.plan.denominator, "bottom")
        out.append(
            Set(self.plan.reimbursement, f"(2 * ({' + '.join(pieces)}) + {bottom}) // (2 * {bottom})", bound=MONEY)
        )
        return [*out, *(self._grow(use, moved) if use else [])]

    def _band(self, number: int, band: Band, lower_edge: str, end: str) -> tuple[list[Statement], str, str]:
        out: list[Statement] = []
        edge, upper = None, ""
        if band.up_to is not None:
            edge, made = self._table(band.up_to, f"band {number} up to", f"band_{number}_up_to", "amount")
            out += made
            upper = edge.value_name
            if lower_edge != "0":
                fault = self.low.fault("edges", layer=self.layer.name, what=f"band {number}")
                out.append(When(f"{upper} < {lower_edge}", (Fail(fault),)))
        rate, made = self._rate(band.rate, f"band {number} pays", f"band_{number}_rate", self.plan.denominator)
        out += made
        start = f"max({self.plan.start}, {lower_edge})" if lower_edge != "0" else self.plan.start
        stop = f"min({end}, {upper})" if upper else end
        slice_name = self.local(f"band_{number}_cost")
        self.plan.bands.append(BandPlan(edge, rate, slice_name))
        out.append(Set(slice_name, f"max(0, {stop} - {start})", bound=MONEY))
        return out, upper, f"{slice_name} * {rate.result}"
