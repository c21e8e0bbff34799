"""One layer on one claim: base, reductions, reimbursement, caps, parts, checks (section 3 of the benefit layers)."""

from __future__ import annotations

from openyibao.policy.bases import STEP_PARTS, filled_parts
from openyibao.policy.derived import LEFT
from openyibao.policy.model import Condition, Kept, Step, Term
from openyibao.policy.table_checks import common_denominator
from openyibao.policy.values import percent
from openyibao.settlement.ir import Fail, Note, Set, Statement, When, Zero
from openyibao.settlement.layer_plan import MONEY, PART_NAMES, CapPlan, StepPlan, TakePlan
from openyibao.settlement.lower_derived import DerivedFacts, where
from openyibao.settlement.lower_pays import Payments
from openyibao.settlement.lower_tables import basis_text, round_share


class LayerBuilder(Payments, DerivedFacts):
    """Writes the statements of one layer."""

    def build(self) -> list[Statement]:
        layer, low = self.layer, self.low
        low.quantities[None, "base"] = self.named("base")
        stated = tuple(c for c in layer.conditions if c.fact not in low.derived)
        worked_out = tuple(c for c in layer.conditions if c.fact in low.derived)
        conditions = low.need_facts(tuple(c.fact for c in stated), layer.name, "for")
        known_outside = set(low.known_facts)
        derived = self._derived_facts()
        if derived:
            self.plan.began = self.local("began")
            derived.append(Set(self.plan.began, "1"))
        known_inside = set(low.known_facts)
        body: list[Statement] = [Set(self.plan.applies, "1")]
        for make in (self._base, self._steps, self._pays, self._caps, self._parts, self._checks):
            body += make()
        low.known_facts = known_outside if stated else known_inside if worked_out else low.known_facts
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
        found = {"base": self.plan.base, "paid": self.plan.paid, **self.plan.parts}
        low.quantities |= {(layer.name, quantity): local for quantity, local in found.items()}
        low.quantities[layer.name, LEFT] = f"({' + '.join(self.plan.parts.values())})"
        inner = [*derived, *(self._only_where(worked_out, body) if worked_out else body)]
        return [*start, *self.outside, *conditions, *(self._only_where(stated, inner) if stated else inner)]

    def _only_where(self, conditions: tuple[Condition, ...], body: list[Statement]) -> list[Statement]:
        return [When(where(self.low, conditions), tuple(body))]

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
            return [(None, part, self.claim_left[part]) for part in self.low.policy.sub_parts(term.part)]
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
        table, out = self._rate(step.table, "pre-pay", "pre_pay_share", common_denominator([step.table]))
        taken = self.local("pre_pay_taken")
        self.plan.steps.append(StepPlan("pre-pay", None, table, None, "", taken))
        bottom = self.low.parameter(table.what, table.denominator, "bottom")
        return [
            *out,
            Set(taken, round_share(rest, table.result, bottom), bound=MONEY),
            *self._move(taken, "prepaid", rest),
        ]

    def _limit_or_deductible(self, step: Step, rest: str) -> list[Statement]:
        period = step.period or "claim"
        what = f"{step.kind} per {period}"
        name = what.replace(" ", "_")
        table, out = self._table(step.table, what, name, "amount")
        use, read = self._use(what, name, period, step.kept)
        amount, made = self._amount(step.kind, period, step.kept, table.value_name, name)
        due, taken = self.local(f"{name}_left"), self.local(f"{name}_taken")
        plan = StepPlan(step.kind, period, table, use, due, taken, step.kept, amount)
        self.plan.steps.append(plan)
        out += [*read, *made, *self._left(use, amount, due, period, step.kept)]
        if step.kind == "limit":
            out += [Set(taken, f"max(0, {rest} - {due})", "beyond the limit", bound=MONEY)]
            grow = f"({rest} - {taken})"
        else:
            out += [*self._annual_maximum(step, plan, name), Set(taken, f"min({rest}, {due})", bound=MONEY)]
            grow = taken
        for growing in (use, plan.counted):
            out += self._grow(growing, grow) if growing else []
        return [*out, *self._move(taken, STEP_PARTS[step.kind], rest)]

    def _amount(self, kind: str, period: str, kept: Kept, value: str, name: str) -> tuple[str, list[Statement]]:
        """The amount with the person's own addition; 0 where it belongs to a later part of the stay."""
        if kind == "deductible" and period == "claim" and self.low.policy.per_claim_later:
            here, last = self.local(f"{name}_here"), self.low.need_input("last_of_stay")
            return here, [Set(here, f"{value} if {last} == 1 else 0")]
        if kept.plus is None:
            return value, []
        whole = self.local(f"{name}_with_addition")
        out = self.low.need_facts((kept.plus,), self.layer.name, name.replace("_", " "))
        total = f"max(0, {value} + {self.low.fact_name(kept.plus)}) if {value} < NO_LIMIT else NO_LIMIT"
        return whole, [*out, Set(whole, total)]

    def _annual_maximum(self, step: Step, plan: StepPlan, name: str) -> list[Statement]:
        """What is due at most, as the deductibles of the group count in the benefit year."""
        kept = step.kept
        others = [s.kept for layer in self.low.policy.layers for s in layer.steps if s.kind == "deductible"]
        if not any(k.annual_maximum and (k is kept or (k.group and k.group == kept.group)) for k in others):
            return []
        what = f"annual maximum of deductible per {step.period}"
        counted, out = self._use(what, f"{name}_of_the_year", "year", Kept(kept.group))
        plan.counted = counted
        assert counted is not None
        if kept.annual_maximum is None:
            return out
        table, made = self._table(kept.annual_maximum, what, f"{name}_annual_maximum", "amount")
        left = self.local(f"{name}_annual_maximum_left")
        plan.annual = CapPlan("year", table, counted, left)
        return [
            *out,
            *made,
            Set(left, f"max(0, {table.value_name} - {counted.before})"),
            Set(plan.due, f"min({plan.due}, {left})"),
        ]

    def _move(self, taken: str, part: str, rest: str) -> list[Statement]:
        name = self.plan.parts[part]
        return [Set(name, f"{name} + {taken}", bound=MONEY), Set(rest, f"{rest} - {taken}", bound=MONEY)]

    # -- steps 5 and 6

    def _caps(self) -> list[Statement]:
        self.plan.paid = self.local("paid")
        out: list[Statement] = []
        lefts, grows = [], []
        for cap in self.layer.caps:
            what = f"at most per {cap.period}"
            name = f"most_per_{cap.period}".replace(" ", "_")
            table, made = self._table(cap.table, what, name, "amount")
            use, read = self._use(what, name, cap.period, cap.kept)
            amount, added = self._amount("cap", cap.period, cap.kept, table.value_name, name)
            left = self.local(f"{name}_left")
            out += [*made, *read, *added, *self._left(use, amount, left, cap.period, cap.kept)]
            self.plan.caps.append(CapPlan(cap.period, table, use, left, cap.kept, amount))
            lefts.append(left)
            if use:
                grows.append(use)
        paid = f"min({', '.join([self.plan.before_caps, *lefts])})" if lefts else self.plan.before_caps
        out.append(Set(self.plan.paid, paid, bound=MONEY))
        for use in grows:
            out += self._grow(use, self.plan.paid)
        return out

    def _parts(self) -> list[Statement]:
        """What was not paid, by the reason why: what the caps cut, the person's share, what a floor took back."""
        plan = self.plan
        out: list[Statement] = []
        rest = plan.reimbursable
        if self.layer.floor is not None and "deductible" in plan.parts:
            plan.returned = self.local("returned_from_deductible")
            out.append(Set(plan.returned, f"max(0, {plan.paid} - {plan.reimbursable})", bound=MONEY))
            out.append(Set(plan.parts["deductible"], f"{plan.parts['deductible']} - {plan.returned}", bound=MONEY))
            rest = f"{rest} + {plan.returned}"
        cut = ""
        if self.layer.caps:
            cut = plan.parts["over-cap"]
            formula = f"{plan.reimbursement} - {plan.paid}"
            if self.layer.floor is not None:
                formula = f"max(0, min({plan.before_caps}, {plan.reimbursable}) - {plan.paid})"
            if self.layer.cut_in_fees:
                out += [Set(cut, "0"), *self._cut_in_fees(cut)]
            else:
                out.append(Set(cut, formula, "what the caps cut", bound=MONEY))
        out.append(Set(plan.parts["copay"], f"{rest} - {plan.paid}" + (f" - {cut}" if cut else ""), bound=MONEY))
        for part, name in plan.parts.items():
            plan.left[part] = self.local(f"{PART_NAMES[part]}_left")
            out.append(Set(plan.left[part], name, bound=MONEY))
        return out

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
