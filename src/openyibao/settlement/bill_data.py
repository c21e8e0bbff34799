"""A bill as versioned plain data: every quantity, the facts that chose each cell, what bound, and every source.

The published schema is `docs/bill.schema.json`. Redoing the sums from this data alone gives the bill.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from openyibao.policy.model import (
    AmountOf,
    Basis,
    Bilingual,
    Cell,
    NoLimit,
    Range,
    Ratio,
    StatisticShare,
    Term,
    Value,
    Words,
)
from openyibao.policy.values import percent, yuan
from openyibao.policy.vocabulary import AND_OVER, FROM_TO, ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, SHARE_OF, UNDER, Vocabulary
from openyibao.settlement.bill import Bill
from openyibao.settlement.ir import NO_LIMIT
from openyibao.settlement.lower import CLAIM_PARTS, TablePlan
from openyibao.settlement.lower_layer import PART_NAMES, BandPlan, LayerPlan, UsePlan

BILL_VERSION = 1
Data = dict[str, Any]
ROUNDING = {"down": ROUND_DOWN, "up": ROUND_UP, "half-up": ROUND_HALF_UP}


def bill_data(bill: Bill) -> Data:
    """The whole bill; see the module."""
    return _BillWriter(bill).bill()


class _BillWriter:
    def __init__(self, bill: Bill) -> None:
        self.bill_ = bill
        self.plan, self.policy, self.claim, self.named = bill.plan, bill.plan.policy, bill.claim, bill.named
        self.vocabulary = Vocabulary(self.policy.words)

    # -- words

    def name(self, english: str) -> Data:
        return {"zh": self.vocabulary.chinese(english), "en": english}

    def text(self, text: Bilingual) -> Data:
        return {"zh": text.zh, "en": text.en}

    def basis(self, basis: Basis) -> Data:
        document = self.policy.document(basis.document)
        return {
            "document": self.name(basis.document),
            "title": self.text(document.title) if document else None,
            "number": document.number if document else "not identified",
            "date": document.date if document else "not identified",
            "article": basis.article,
            "source": basis.source,
            "sure": basis.sure,
            "note": self.text(basis.note) if basis.note else None,
        }

    def ratio(self, ratio: Fraction) -> Data:
        return {"numerator": ratio.numerator, "denominator": ratio.denominator, "text": percent(ratio)}

    def written(self, value: Value) -> Data:
        """The value as the policy writes it."""
        if isinstance(value, Ratio):
            return {"zh": percent(value.ratio), "en": percent(value.ratio)}
        if isinstance(value, NoLimit):
            return self.name("no limit")
        if isinstance(value, AmountOf):
            if value.share == 1:
                return self.name(value.name)
            return {lang: SHARE_OF.say(lang, percent(value.share), self.vocabulary.say(value.name, lang))
                    for lang in ("zh", "en")}
        fen = getattr(value, "fen", 0)
        return {"zh": yuan(fen) + "元", "en": yuan(fen) + " yuan"}

    # -- tables

    def answer(self, table: TablePlan, default: Basis, denominator: int = 0) -> Data:
        """What a table answered: value, the facts that chose the cell, how it was derived, and its basis."""
        dense = self.named[table.cell_name] if table.table.by else 0
        cell = self.cell(table)
        number = self.named[table.value_name]
        basis = cell.basis or table.table.basis or default
        data: Data = {"kind": "amount", "fen": number, "ratio": None}
        if isinstance(cell.value, Ratio):
            data = {"kind": "ratio", "fen": None, "ratio": self.ratio(Fraction(number, denominator or table.denominator))}
        elif number == NO_LIMIT:
            data = {"kind": "no limit", "fen": None, "ratio": None}
        return data | {
            "written": self.written(cell.value),
            "facts": [self.chosen(fact, atom) for fact, atom in zip(table.table.by, table.dense.values(dense), strict=True)],
            "derived_from": self.derivation(cell.value) if isinstance(cell.value, AmountOf) else None,
            "basis": self.basis(basis),
            "assumption": self.text(cell.assumption) if cell.assumption else None,
        }

    def chosen(self, fact: str, atom: str | tuple[int, int]) -> Data:
        value = self.claim.facts[fact]
        span = {"low": atom[0], "high": atom[1]} if isinstance(atom, tuple) else None
        return {"fact": self.name(fact), "value": self.fact_value(value), "range": span}

    def fact_value(self, value: str | int) -> Data:
        return self.name(value) if isinstance(value, str) else {"zh": str(value), "en": str(value)}

    def derivation(self, value: AmountOf) -> Data:
        """How a named amount came about: its own value, and the published figure behind it."""
        plan = self.plan.low.amounts[value.name]
        data: Data = {"amount": self.name(value.name), "amount_fen": self.named[plan.name],
                      "share": self.ratio(value.share), "statistic": None, "table": None}
        if isinstance(plan.amount.value, StatisticShare):
            rule = plan.amount.value
            year, cell = self.figure(rule)
            data["statistic"] = {
                "name": self.name(rule.statistic), "year": year, "fen": getattr(cell.value, "fen", 0),
                "share": self.ratio(rule.share), "rounding": rule.mode, "unit_fen": rule.unit_fen,
                "rounded": {lang: ROUNDING[rule.mode].say(lang, yuan(rule.unit_fen)) for lang in ("zh", "en")},
                "basis": self.basis(rule.basis) if rule.basis else None,
                "figure_basis": self.basis(cell.basis) if cell.basis else None,
            }
        elif plan.table is not None:
            data["table"] = self.answer(plan.table, plan.table.table.basis or self.layer_basis)
        return data

    # -- layers

    def layer(self, plan: LayerPlan) -> Data:
        layer = plan.layer
        self.layer_basis = layer.basis
        applies = bool(self.named[plan.applies])
        data: Data = {
            "layer": layer.name,
            "name": self.name(layer.name),
            "payer": self.name(layer.payer),
            "applies": applies,
            "conditions": [self.condition(condition.fact, condition.key) for condition in layer.conditions],
            "paid_fen": self.named[plan.paid],
            "parts": {name: self.named[plan.parts[part]] if part in plan.parts else 0
                      for part, name in PART_NAMES.items()},
            "basis": self.basis(layer.basis),
            "gaps": [self.text(gap) for gap in layer.gaps],
        }
        return data | (self.applied(plan) if applies else dict.fromkeys(
            ("base", "reductions", "reimbursable_fen", "reimbursement", "caps")) | {"assumptions": []})

    def applied(self, plan: LayerPlan) -> Data:
        return {
            "base": {"terms": [self.term(take.term, take.layer, take.part, take.found, take.taken)
                               for take in plan.takes], "fen": self.named[plan.base]},
            "reductions": [self.reduction(plan, number) for number in range(len(plan.steps))],
            "reimbursable_fen": self.named[plan.reimbursable],
            "reimbursement": self.reimbursement(plan),
            "caps": [self.cap(plan, number) for number in range(len(plan.caps))],
            "assumptions": [self.text(text) for text in self.assumptions(plan)],
        }

    def condition(self, fact: str, key: Words | Range) -> Data:
        value = self.claim.facts.get(fact)
        if isinstance(key, Words):
            accepts = [self.name(word) for word in key.values]
            span, holds = None, value in key.values
        else:
            accepts = [{lang: self.range(key, lang) for lang in ("zh", "en")}]
            span = {"low": key.low, "high": key.high}
            holds = (isinstance(value, int) and (key.low is None or value >= key.low)
                     and (key.high is None or value <= key.high))
        return {"fact": self.name(fact), "value": None if value is None else self.fact_value(value),
                "accepts": accepts, "range": span, "holds": holds}

    def range(self, key: Range, lang: str) -> str:
        if key.low is None:
            return UNDER.say(lang, str((key.high or 0) + 1))
        return AND_OVER.say(lang, str(key.low)) if key.high is None else FROM_TO.say(lang, str(key.low), str(key.high))

    def term(self, term: Term, layer: str | None, part: str, found: str, taken: str) -> Data:
        code = CLAIM_PARTS[part] if layer is None else PART_NAMES[part]
        return {"layer": layer, "part": code, "name": self.name(part), "of": self.name(layer) if layer else None,
                "share": self.ratio(term.share), "found_fen": self.named[found], "taken_fen": self.named[taken],
                "basis": self.basis(term.basis) if term.basis else None}

    def use(self, use: UsePlan | None) -> Data:
        if use is None:
            return {"group": None, "period_key": None, "used_before_fen": 0}
        return {"group": self.plan.program.slots[use.slot].group, "period_key": self.period_key(use.slot),
                "used_before_fen": self.named[use.before]}

    def period_key(self, slot: int) -> str:
        """The period a use belongs to: 2023, 2023-05, 2023-Q2 or lifetime."""
        day = getattr(self.claim, self.policy.year_date)
        period = self.plan.program.slots[slot].period
        return {"year": f"{day.year}", "month": f"{day.year}-{day.month:02d}",
                "quarter": f"{day.year}-Q{(day.month + 2) // 3}", "lifetime": "lifetime"}[period]

    def reduction(self, plan: LayerPlan, number: int) -> Data:
        step = plan.steps[number]
        taken = self.named[step.taken]
        left = self.named[step.due] if step.due else None
        data: Data = {
            "kind": step.kind, "period": step.period, **self.use(step.use),
            "amount": self.answer(step.table, plan.layer.basis),
            "left_fen": None if left is None or left > NO_LIMIT // 2 else left,
            "taken_fen": taken,
        }
        return data | {"bound": taken > 0 and (step.kind != "deductible" or taken == left)}

    def reimbursement(self, plan: LayerPlan) -> Data:
        if plan.rate is not None:
            return {"kind": "flat", "rate": self.answer(plan.rate, plan.layer.basis),
                    "fen": self.named[plan.reimbursement]}
        self.bands_basis = getattr(plan.layer.pays, "basis", None) or plan.layer.basis
        bands, lower = [], 0
        for number, band in enumerate(plan.bands, 1):
            data = self.band(plan, band, number, lower)
            bands.append(data)
            lower = data["to_fen"] or 0
        counted = getattr(plan.layer.pays, "counted", "")
        period = getattr(plan.layer.pays, "period", "")
        return {"kind": "bands", "counted": counted, "period": period, "basis": self.basis(self.bands_basis),
                **self.use(plan.position),
                "starts_at_fen": self.named[plan.start], "bands": bands, "fen": self.named[plan.reimbursement]}

    def band(self, plan: LayerPlan, band: BandPlan, number: int, lower: int) -> Data:
        edge = self.answer(band.edge, self.bands_basis) if band.edge else None
        return {
            "from_fen": lower, "to_fen": edge["fen"] if edge else None, "edge": edge,
            "rate": self.answer(band.rate, self.bands_basis, plan.denominator),
            "cost_fen": self.named[f"{plan.name}_band_{number}_cost"],
        }

    def cap(self, plan: LayerPlan, number: int) -> Data:
        cap = plan.caps[number]
        amount, left = self.answer(cap.table, plan.layer.basis), self.named[cap.left]
        return {
            "period": cap.period, **self.use(cap.use), "amount": amount,
            "left_fen": None if amount["kind"] == "no limit" else left,
            "bound": self.named[plan.reimbursement] > left and self.named[plan.paid] == left,
        }

    def assumptions(self, plan: LayerPlan) -> list[Bilingual]:
        """The assumptions this claim's amounts rest on: of the layer, of parts it took, of cells that answered."""
        texts = [plan.layer.assumption] if plan.layer.assumption else []
        texts += [take.term.assumption for take in plan.takes
                  if take.term.assumption and self.named[take.taken]]
        tables = [step.table for step in plan.steps] + ([plan.rate] if plan.rate else [])
        tables += [table for band in plan.bands for table in (band.edge, band.rate) if table]
        tables += [cap.table for cap in plan.caps]
        cells = [self.cell(table) for table in tables]
        cells += [behind for cell in cells if isinstance(cell.value, AmountOf) for behind in self.cells_behind(cell.value)]
        return list(dict.fromkeys(texts + [cell.assumption for cell in cells if cell.assumption]))

    def cell(self, table: TablePlan) -> Cell:
        """The cell of the policy that answered."""
        dense = self.named[table.cell_name] if table.table.by else 0
        return table.table.cells[table.dense.answers[dense]]

    def cells_behind(self, value: AmountOf) -> list[Cell]:
        """The cell a named amount rests on: of its own table, or the published figure."""
        plan = self.plan.low.amounts[value.name]
        if plan.table is not None:
            return [self.cell(plan.table)]
        return [self.figure(plan.amount.value)[1]] if isinstance(plan.amount.value, StatisticShare) else []

    def figure(self, rule: StatisticShare) -> tuple[int, Cell]:
        """The year and the published figure that a share of a statistic takes for this claim."""
        year = getattr(self.claim, self.policy.rule_date).year - rule.years_before
        figures = next(s.values for s in self.policy.statistics if s.name == rule.statistic)
        return year, next(cell for figure_year, cell in figures if figure_year == year)

    # -- the whole

    def bill(self) -> Data:
        layers = [self.layer(plan) for plan in self.plan.layers]
        return {
            "bill_version": BILL_VERSION,
            "policy": {
                "id": self.policy.id, "title": self.text(self.policy.title), "region": self.policy.region,
                "scheme": self.name(self.policy.scheme), "from": str(self.policy.start), "before": str(self.policy.end),
                "rule_date": self.policy.rule_date, "year_date": self.policy.year_date, "digest": self.policy.digest,
            },
            "claim": self.claim_data(),
            "layers": layers,
            "parts_at_end": self.parts_at_end(),
            "totals": {
                "total_fen": self.claim.total_fen, "paid_fen": self.bill_.paid_fen,
                "personal_fen": self.bill_.personal_fen, "by_payer": self.by_payer(),
            },
            "uses": self.uses(),
            "gaps": [self.text(gap) for gap in self.policy.gaps],
        }

    def claim_data(self) -> Data:
        claim = self.claim
        return {
            "id": claim.id, "person": claim.person, "admission": str(claim.admission),
            "discharge": str(claim.discharge), "settlement": str(claim.settlement),
            "facts": [{"fact": self.name(name), "value": self.fact_value(value)} for name, value in claim.facts.items()],
            "total_fen": claim.total_fen, "fully_self_paid_fen": claim.fully_self_paid_fen,
            "over_limit_fen": claim.over_limit_fen, "pre_self_paid_fen": claim.pre_self_paid_fen,
            "in_scope_fen": claim.in_scope_fen,
        }

    def parts_at_end(self) -> list[Data]:
        """Where every fen that nobody paid stands at the end."""
        out = [{"layer": None, "part": CLAIM_PARTS[part], "name": self.name(part), "fen": self.named[left]}
               for part, left in self.plan.claim_left.items()]
        for plan in self.plan.layers:
            out += [{"layer": plan.layer.name, "part": name, "name": self.name(part),
                     "fen": self.named[plan.left[part]] if part in plan.left else 0}
                    for part, name in PART_NAMES.items()]
        return out

    def by_payer(self) -> list[Data]:
        paid: dict[str, int] = {}
        for plan in self.plan.layers:
            paid[plan.layer.payer] = paid.get(plan.layer.payer, 0) + self.named[plan.paid]
        return [{"payer": self.name(payer), "fen": fen} for payer, fen in paid.items()]

    def uses(self) -> list[Data]:
        """What this claim added to the person's uses."""
        out: list[Data] = []
        for plan in self.plan.layers:
            if self.named[plan.applies]:
                uses = [step.use for step in plan.steps] + [plan.position] + [cap.use for cap in plan.caps]
                out += [{"group": self.plan.program.slots[use.slot].group,
                         "period": self.plan.program.slots[use.slot].period, "period_key": self.period_key(use.slot),
                         "before_fen": self.named[use.before], "after_fen": self.named[use.after]}
                        for use in uses if use]
        return out
