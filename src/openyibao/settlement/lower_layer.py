"""One layer on one claim: base, reductions, reimbursement, caps, parts, checks (section 3 of the benefit layers)."""

from __future__ import annotations

from dataclasses import dataclass, field

from openyibao.policy.layers import STEP_PARTS, filled_parts
from openyibao.policy.model import Band, Bands, Layer, Step, Table, Term, Words
from openyibao.policy.tables import common_denominator
from openyibao.policy.values import MAX_AMOUNT_FEN, percent
from openyibao.settlement.claim import MAX_USE_FEN
from openyibao.settlement.ir import Fail, Note, ReadUse, Set, Slot, Statement, When, WriteUse, Zero
from openyibao.settlement.lower import (
    PERIOD_KEYS,
    Lowering,
    TablePlan,
    basis_text,
    may_fail,
    pick_table,
    plan_table,
    round_share,
)

MONEY = (0, MAX_AMOUNT_FEN)
"""Every part of a claim is at most its total, which is checked: no part is negative and they add up."""
USE = (0, MAX_USE_FEN)
PART_NAMES = {
    "beyond limit": "beyond_limit",
    "prepaid": "prepaid",
    "deductible": "deductible",
    "over-cap": "over_cap",
    "copay": "copay",
}


@dataclass
class TakePlan:
    """One part taken into a base: which term of the policy, whose part, how much was found and taken."""

    term: Term
    layer: str | None
    part: str
    found: str
    taken: str


@dataclass
class UsePlan:
    """A use that a step, a cap or the bands read and write."""

    slot: int
    before: str
    after: str


@dataclass
class StepPlan:
    kind: str
    period: str | None
    table: TablePlan
    use: UsePlan | None
    due: str
    taken: str


@dataclass
class CapPlan:
    period: str
    table: TablePlan
    use: UsePlan | None
    left: str


@dataclass
class BandPlan:
    edge: TablePlan | None
    rate: TablePlan


@dataclass
class LayerPlan:
    """Where each quantity of a layer stands in the program."""

    layer: Layer
    name: str
    applies: str
    base: str = ""
    takes: list[TakePlan] = field(default_factory=list)
    steps: list[StepPlan] = field(default_factory=list)
    reimbursable: str = ""
    rate: TablePlan | None = None
    bands: list[BandPlan] = field(default_factory=list)
    denominator: int = 1
    position: UsePlan | None = None
    start: str = ""
    reimbursement: str = ""
    caps: list[CapPlan] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    paid: str = ""


class LayerBuilder:
    """Writes the statements of one layer. Names of locals start with the layer's name."""

    def __init__(self, low: Lowering, layer: Layer, plans: dict[str, LayerPlan], claim_left: dict[str, str]) -> None:
        self.low, self.layer, self.plans, self.claim_left = low, layer, plans, claim_left
        self.name = low.names(layer.name)
        self.plan = LayerPlan(layer, self.name, f"{self.name}_applies")
        self.outputs = [self.plan.applies]
        self.cells: list[str] = []
        self.commits: list[Statement] = []
        self.later_left: list[str] = []

    def local(self, what: str) -> str:
        """The name of a quantity of this layer; it is an output."""
        name = f"{self.name}_{what}"
        self.outputs.append(name)
        return name

    def build(self) -> list[Statement]:
        layer, low = self.layer, self.low
        conditions = low.need_facts(tuple(c.fact for c in layer.conditions), layer.name, "for")
        known_outside = set(low.known_facts)
        body: list[Statement] = [Set(self.plan.applies, "1")]
        for make in (self._base, self._steps, self._pays, self._caps, self._parts, self._checks):
            body += make()
        low.known_facts = known_outside if layer.conditions else low.known_facts
        start: list[Statement] = [
            Note(""),
            Note(f"{layer.name}, paid by the {layer.payer}"),
            Note(basis_text(low.policy, layer.basis)),
            Zero(tuple(name for name in self.outputs if name not in self.cells)),
        ]
        if self.cells:
            start.append(Zero(tuple(self.cells), -1))
        low.outputs += self.outputs
        self.plans[layer.name] = self.plan
        if not layer.conditions:
            return [*start, *body]
        return [*start, *conditions, When(self._test(), tuple(body))]

    def _test(self) -> str:
        tests = []
        for condition in self.layer.conditions:
            name = self.low.fact_name(condition.fact)
            if isinstance(condition.key, Words):
                values = self.low.facts[condition.fact].values
                numbers = [values.index(value) for value in condition.key.values]
                tests.append(" or ".join(f"{name} == {number}" for number in numbers))
            else:
                low, high = condition.key.low, condition.key.high
                bounds = [f"{name} >= {low}"] * (low is not None) + [f"{name} <= {high}"] * (high is not None)
                tests.append(" and ".join(bounds))
        return " and ".join(f"({test})" for test in tests) if len(tests) > 1 else tests[0]

    def _table(
        self, table: Table, what: str, name: str, kind: str, denominator: int = 1
    ) -> tuple[TablePlan, list[Statement]]:
        """Ask a table, and fail the claim where it has no value."""
        value, cell = self.local(name), f"{self.name}_{name}_cell"
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

    def _use(self, what: str, name: str, period: str) -> tuple[UsePlan | None, list[Statement]]:
        """Read what the person has used; a use per claim starts at nothing and is not kept."""
        if period == "claim":
            return None, []
        slot = Slot(f"{self.layer.name} / {what}", period, PERIOD_KEYS[period][0])
        self.low.slots.append(slot)
        use = UsePlan(len(self.low.slots) - 1, self.local(f"{name}_used"), self.local(f"{name}_used_after"))
        return use, [ReadUse(use.slot, use.before)]

    def _grow(self, use: UsePlan, by: str) -> list[Statement]:
        number = self.low.fault("use", layer=self.layer.name, what=self.low.slots[use.slot].group)
        self.commits.append(When(self.plan.applies, (WriteUse(use.slot, use.after),)))
        return [
            Set(use.after, f"{use.before} + {by}", bound=(0, MAX_USE_FEN + MAX_AMOUNT_FEN)),
            When(f"{use.after} > {MAX_USE_FEN}", (Fail(number),)),
        ]

    # -- section 3, step 1

    def _base(self) -> list[Statement]:
        out: list[Statement] = [Note("what it looks at")]
        for term in self.layer.base:
            for source_layer, part, left in self._parts_of(term):
                out += self._take(term, source_layer, part, left)
        self.plan.base = self.local("base")
        total = " + ".join(take.taken for take in self.plan.takes) or "0"
        return [*out, Set(self.plan.base, total, bound=MONEY)]

    def _parts_of(self, term: Term) -> list[tuple[str | None, str, str]]:
        if term.layer is None:
            assert term.part is not None
            return [(None, term.part, self.claim_left[term.part])]
        source = self.plans[term.layer]
        parts = [term.part] if term.part else list(source.left)
        return [(term.layer, part, source.left[part]) for part in parts]

    def _take(self, term: Term, source: str | None, part: str, left: str) -> list[Statement]:
        of = left.removesuffix("_left")
        taken = self.local(f"took_{of}")
        found = taken if term.share == 1 else self.local(f"found_{of}")
        self.plan.takes.append(TakePlan(term, source, part, found, taken))
        if term.share == 1:
            share = left
        else:
            what = f"{self.layer.name} / of / {part}"
            top = self.low.parameter(what, term.share.numerator, "top")
            share = round_share(left, top, self.low.parameter(what, term.share.denominator, "bottom"))
        first = [] if term.share == 1 else [Set(found, left, bound=MONEY)]
        rest = "0" if term.share == 1 else f"{left} - {taken}"
        note = "" if term.share == 1 else f"{percent(term.share)} of it"
        return [*first, Set(taken, share, note, bound=MONEY), Set(left, rest, bound=MONEY)]

    # -- step 2

    def _steps(self) -> list[Statement]:
        self.plan.reimbursable = self.local("reimbursable")
        rest = self.plan.reimbursable
        out: list[Statement] = [Set(rest, self.plan.base, bound=MONEY)]
        for part in filled_parts(self.layer):
            self.plan.parts[part] = self.local(PART_NAMES[part])
        for step in self.layer.steps:
            out += self._pre_pay(step, rest) if step.kind == "pre-pay" else self._limit_or_deductible(step, rest)
        return out

    def _pre_pay(self, step: Step, rest: str) -> list[Statement]:
        table, out = self._table(step.table, "pre-pay", "pre_pay_share", "ratio", common_denominator([step.table]))
        taken = self.local("pre_pay_taken")
        self.plan.steps.append(StepPlan("pre-pay", None, table, None, "", taken))
        bottom = self.low.parameter(table.what, table.denominator, "bottom")
        return [
            *out,
            Set(taken, round_share(rest, table.value_name, bottom), bound=MONEY),
            *self._move(taken, "prepaid", rest),
        ]

    def _limit_or_deductible(self, step: Step, rest: str) -> list[Statement]:
        period = step.period or "claim"
        what = f"{step.kind} per {period}"
        name = what.replace(" ", "_")
        table, out = self._table(step.table, what, name, "amount")
        use, read = self._use(what, name, period)
        due, taken = self.local(f"{name}_left"), self.local(f"{name}_taken")
        self.plan.steps.append(StepPlan(step.kind, period, table, use, due, taken))
        open_amount = f"max(0, {table.value_name} - {use.before})" if use else table.value_name
        out += [*read, Set(due, open_amount)]
        if step.kind == "limit":
            out += [Set(taken, f"max(0, {rest} - {due})", "beyond the limit", bound=MONEY)]
            grow = f"{rest} - {taken}"
        else:
            out += [Set(taken, f"min({rest}, {due})", bound=MONEY)]
            grow = taken
        if use:
            out += self._grow(use, grow if step.kind != "limit" else f"({grow})")
        return [*out, *self._move(taken, STEP_PARTS[step.kind], rest)]

    def _move(self, taken: str, part: str, rest: str) -> list[Statement]:
        name = self.plan.parts[part]
        return [Set(name, f"{name} + {taken}", bound=MONEY), Set(rest, f"{rest} - {taken}", bound=MONEY)]

    # -- step 3

    def _pays(self) -> list[Statement]:
        self.plan.reimbursement = self.local("before_caps")
        if isinstance(self.layer.pays, Bands):
            return self._pays_bands(self.layer.pays)
        table, out = self._table(self.layer.pays, "pays", "rate", "ratio", common_denominator([self.layer.pays]))
        self.plan.rate, self.plan.denominator = table, table.denominator
        bottom = self.low.parameter(table.what, table.denominator, "bottom")
        formula = round_share(self.plan.reimbursable, table.value_name, bottom)
        return [*out, Set(self.plan.reimbursement, formula, bound=MONEY)]

    def _pays_bands(self, bands: Bands) -> list[Statement]:
        self.plan.denominator = common_denominator([band.rate for band in bands.bands])
        use, out = self._use("pays in bands", "position", bands.period)
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
        bottom = self.low.parameter(f"{self.layer.name} / pays in bands", self.plan.denominator, "bottom")
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
        rate, made = self._table(
            band.rate, f"band {number} pays", f"band_{number}_rate", "ratio", self.plan.denominator
        )
        out += made
        self.plan.bands.append(BandPlan(edge, rate))
        start = f"max({self.plan.start}, {lower_edge})" if lower_edge != "0" else self.plan.start
        stop = f"min({end}, {upper})" if upper else end
        slice_name = self.local(f"band_{number}_cost")
        out.append(Set(slice_name, f"max(0, {stop} - {start})", bound=MONEY))
        return out, upper, f"{slice_name} * {rate.value_name}"

    # -- steps 5 and 6

    def _caps(self) -> list[Statement]:
        self.plan.paid = self.local("paid")
        out: list[Statement] = []
        lefts, grows = [], []
        for cap in self.layer.caps:
            what = f"at most per {cap.period}"
            name = f"most_per_{cap.period}"
            table, made = self._table(cap.table, what, name, "amount")
            use, read = self._use(what, name, cap.period)
            left = self.local(f"{name}_left")
            amount = f"max(0, {table.value_name} - {use.before})" if use else table.value_name
            out += [*made, *read, Set(left, amount)]
            self.plan.caps.append(CapPlan(cap.period, table, use, left))
            lefts.append(left)
            if use:
                grows.append(use)
        paid = f"min({', '.join([self.plan.reimbursement, *lefts])})" if lefts else self.plan.reimbursement
        out.append(Set(self.plan.paid, paid, bound=MONEY))
        for use in grows:
            out += self._grow(use, self.plan.paid)
        return out

    def _parts(self) -> list[Statement]:
        plan, out = self.plan, []
        cut = "0"
        if self.layer.caps:
            cut = plan.parts["over-cap"]
            out.append(Set(cut, f"{plan.reimbursement} - {plan.paid}", "what the caps cut", bound=MONEY))
        rest = f"{plan.reimbursable} - {plan.paid}" + (f" - {cut}" if cut != "0" else "")
        out.append(Set(plan.parts["copay"], rest, bound=MONEY))
        for part, name in plan.parts.items():
            plan.left[part] = f"{name}_left"
            self.outputs.append(plan.left[part])
            out.append(Set(plan.left[part], name, bound=MONEY))
        return list(out)

    def _checks(self) -> list[Statement]:
        plan = self.plan
        mine = [*plan.parts.values(), plan.paid]
        number = self.low.fault("parts", layer=self.layer.name)
        negative = " or ".join(f"{name} < 0" for name in mine)
        checks: list[Statement] = [When(f"{negative} or {' + '.join(mine)} != {plan.base}", (Fail(number),))]
        limits = [
            (step.taken if step.kind == "deductible" else f"{step.use.after} - {step.use.before}", step.due)
            for step in plan.steps
            if step.use
        ] + [(plan.paid, cap.left) for cap in plan.caps]
        if limits:
            grown = self.low.fault("beyond", layer=self.layer.name)
            checks.append(When(" or ".join(f"{used} > {left}" for used, left in limits), (Fail(grown),)))
        return [Note("checked on every claim"), *checks]
