"""What the tables of a policy answered for one bill: value, the facts that chose it, derivation, basis."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from openyibao.policy.answers import own_level, rate
from openyibao.policy.derived import LEFT
from openyibao.policy.model import (
    AmountOf,
    Basis,
    Bilingual,
    Cell,
    ForEach,
    Line,
    NoLimit,
    OwnShareOf,
    Ratio,
    ShareOfQuantity,
    StatisticShare,
    Value,
)
from openyibao.policy.values import percent, yuan
from openyibao.policy.vocabulary import (
    EACH,
    EACH_BEYOND,
    LEFT_OF,
    LINE_DOWN,
    LINE_UP,
    OWN_SHARE,
    PART_OF,
    ROUNDING,
    SHARE_OF,
    language,
)
from openyibao.policy.worked_out import AmountSum
from openyibao.settlement.bill import Bill
from openyibao.settlement.claim import FactValue
from openyibao.settlement.facts import held_facts
from openyibao.settlement.ir import NO_LIMIT
from openyibao.settlement.layer_plan import PART_NAMES, LayerPlan
from openyibao.settlement.lower_amounts import figure_of
from openyibao.settlement.lower_parts import part_codes
from openyibao.settlement.lowering import CLAIM_PARTS, AmountPlan, SumPlan, TablePlan

FOUND = "admission number / found"

Data = dict[str, Any]


class Answers:
    """Says what the tables of a policy answered for one bill, in both languages, with where it stands."""

    def __init__(self, bill: Bill) -> None:
        self.bill_ = bill
        self.plan, self.policy, self.claim, self.named = bill.plan, bill.plan.policy, bill.claim, bill.named
        self.vocabulary = bill.plan.vocabulary
        self.known = {fact.name: fact for fact in self.policy.facts}
        self.facts = held_facts(self.policy, self.claim)
        for fact in self.policy.facts:
            if fact.kind == "admission number":
                self.facts[fact.name] = self.named[self.plan.low.names(FOUND)]
        self.stated_facts = dict(self.facts)
        for layer in self.plan.layers:
            for plan in layer.derived if layer.began and self.named[layer.began] else ():
                self.facts[plan.derived.name] = plan.derived.fact.values[self.named[plan.found]]

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
            return {
                lang: SHARE_OF.say(lang, percent(value.share), self.vocabulary.say(value.name, lang))
                for lang in ("zh", "en")
            }
        if isinstance(value, ShareOfQuantity):
            return {lang: SHARE_OF.say(lang, percent(value.share), self.quantity(value, lang)) for lang in ("zh", "en")}
        if isinstance(value, ForEach):
            phrase, parts = EACH_BEYOND if value.beyond else EACH, (yuan(value.fen), str(value.beyond))
            say = self.vocabulary.say
            return {lang: phrase.say(lang, parts[0], say(value.fact, lang), parts[1]) for lang in ("zh", "en")}
        if isinstance(value, OwnShareOf):
            say, multiple = self.vocabulary.say, percent(value.multiple)
            return {lang: OWN_SHARE.say(lang, multiple, say(value.value, lang)) for lang in ("zh", "en")}
        if isinstance(value, Line):
            phrase, slope = LINE_DOWN if value.slope < 0 else LINE_UP, percent(abs(value.slope))
            say, start = self.vocabulary.say, percent(value.start)
            return {lang: phrase.say(lang, start, slope, say(value.fact, lang)) for lang in ("zh", "en")}
        fen = getattr(value, "fen", 0)
        return {"zh": yuan(fen) + "元", "en": yuan(fen) + " yuan"}

    def quantity(self, value: ShareOfQuantity, lang: str) -> str:
        """The named quantity in words."""
        own = value.layer is None and value.quantity == "base"
        return self.named_quantity("this layer" if own else value.layer, value.quantity, lang)

    def named_quantity(self, layer: str | None, quantity: str, lang: str) -> str:
        """A quantity of the claim or of a layer, or a sum, in words."""
        say = self.vocabulary.say
        if layer is None:
            return say(quantity, lang)
        return (
            LEFT_OF.say(lang, say(layer, lang))
            if quantity == LEFT
            else PART_OF.say(lang, say(layer, lang), say(quantity, lang))
        )

    def sub_part_fen(self, name: str) -> int:
        """A sub-part as the claim states it; a claim that gathers need not state it, and has none."""
        fen = self.facts.get(name, 0)
        assert isinstance(fen, int)
        return fen

    def found_fen(self, layer: str | None, quantity: str, asking: LayerPlan | None) -> int:
        """A quantity as a layer finds it: one that gathers finds the sum over what it gathered."""
        plan = self.plan.gather_of(asking.layer) if asking else None
        found = plan.quantities.get((layer, quantity)) if plan else None
        if plan and layer is None and quantity in plan.sums:
            return self.named[plan.sums[quantity]]
        return self.named[found.local] if found else self.quantity_fen(layer, quantity)

    def quantity_fen(self, layer: str | None, quantity: str) -> int:
        """A quantity of the claim or of a layer as it finished, or a sum."""
        if layer is None:
            codes = {"total cost": "total"} | CLAIM_PARTS
            if quantity in codes:
                return int(getattr(self.claim, f"{codes[quantity]}_fen"))
            if any(quantity in division.names for division in self.policy.divisions):
                return self.sub_part_fen(quantity)
        elif quantity == LEFT:
            plan = next(plan for plan in self.plan.layers if plan.layer.name == layer)
            return sum(self.named[part] for part in plan.parts.values())
        return self.named[self.plan.low.quantities[layer, quantity]]

    def share_of(self, value: ShareOfQuantity, layer: LayerPlan | None) -> Data:
        """What an amount is a share of, as it stood."""
        own = value.layer is None and value.quantity == "base"
        assert layer is not None or not own
        if own and layer:
            fen = self.named[layer.base]
        elif layer and value.layer is None and value.quantity in layer.own_sums:
            fen = self.named[layer.own_sums[value.quantity]]
        else:
            fen = self.found_fen(value.layer, value.quantity, layer)
        codes = {"total cost": "total", **part_codes(self.policy), **PART_NAMES, "base": "base", "paid": "paid"}
        code = codes.get(value.quantity, "sum")
        return {
            "layer": value.layer,
            "quantity": code,
            "name": {lang: self.quantity(value, lang) for lang in ("zh", "en")},
            "fen": fen,
            "share": self.ratio(value.share),
            "least_fen": value.least_fen,
            "most_fen": value.most_fen,
        }

    # -- tables

    def answer(
        self, table: TablePlan, default: Basis | None, denominator: int = 0, layer: LayerPlan | None = None
    ) -> Data:
        """What a table answered: value, the facts that chose the cell, how it was derived, and its basis."""
        cell = self.cell(table)
        number = self.named[table.value_name]
        basis = cell.basis or table.table.basis or default
        assert basis is not None  # the reader takes no amount without one
        below = denominator or table.denominator
        data: Data = {"kind": "amount", "fen": number, "ratio": None}
        if isinstance(cell.value, Ratio | Line | OwnShareOf):
            data = {"kind": "ratio", "fen": None, "ratio": self.ratio(Fraction(number, below))}
        elif number == NO_LIMIT:
            data = {"kind": "no limit", "fen": None, "ratio": None}
        return data | {
            "written": self.written(cell.value),
            "facts": self.chosen_facts(table),
            "derived_from": self.derivation(cell.value) if isinstance(cell.value, AmountOf) else None,
            "share_of": self.share_of(cell.value, layer) if isinstance(cell.value, ShareOfQuantity) else None,
            "for_each": self.for_each(cell.value) if isinstance(cell.value, ForEach) else None,
            "line": self.line(cell.value) if isinstance(cell.value, Line) else None,
            "own_share": self.own_share(table, cell.value) if isinstance(cell.value, OwnShareOf) else None,
            "points": [self.answer(points, basis, below) for points in table.points],
            "final": self.ratio(Fraction(self.named[table.final], below)) if table.final else data["ratio"],
            "basis": self.basis(basis),
            "assumption": self.text(cell.assumption) if cell.assumption else None,
        }

    def for_each(self, value: ForEach) -> Data:
        """An amount for each one of a number, as far as that lies beyond another."""
        number = self.facts[value.fact]
        return {"fen": value.fen, "fact": self.name(value.fact), "value": number, "beyond": value.beyond}

    def line(self, line: Line) -> Data:
        """A rate on a line: start + slope x the fact, not below its least, not above its most."""
        return {
            "start": self.ratio(line.start),
            "slope": self.ratio(line.slope),
            "fact": self.name(line.fact),
            "value": self.facts[line.fact],
            "least": None if line.least is None else self.ratio(line.least),
            "most": None if line.most is None else self.ratio(line.most),
        }

    def own_share(self, table: TablePlan, value: OwnShareOf) -> Data:
        """A multiple of what the cell of another value leaves to the person; that cell's own rate."""
        known = tuple(self.plan.low.facts[fact].values for fact in table.table.by)
        level = own_level(self.cell(table), known, value.value)
        atoms = table.dense.values(self.named[table.cell_name])
        other = rate(table.table, known, (*atoms[:level], value.value, *atoms[level + 1 :]))
        assert isinstance(other, Ratio)
        return {
            "multiple": self.ratio(value.multiple),
            "of": self.name(value.value),
            "ratio": self.ratio(other.ratio),
        }

    def chosen_facts(self, table: TablePlan) -> list[Data]:
        dense = self.named[table.cell_name] if table.table.by else 0
        atoms = zip(table.table.by, table.dense.values(dense), strict=True)
        return [self.chosen(fact, atom) for fact, atom in atoms]

    def chosen(self, fact: str, atom: str | tuple[int, int]) -> Data:
        span = {"low": atom[0], "high": atom[1]} if isinstance(atom, tuple) else None
        return {"fact": self.name(fact), "value": self.fact_value(self.facts[fact], fact), "range": span}

    def fact_value(self, value: FactValue, fact: str = "") -> Data:
        if isinstance(value, tuple):
            return {lang: ", ".join(self.vocabulary.say(item.value, lang) for item in value) for lang in ("zh", "en")}
        known = self.known.get(fact) or language().facts.get(fact)
        if isinstance(value, int) and known is not None and "money" in known.kind:
            return {"zh": yuan(value) + "元", "en": yuan(value) + " yuan"}
        return self.name(value) if isinstance(value, str) else {"zh": str(value), "en": str(value)}

    def derivation(self, value: AmountOf) -> Data:
        """How a named amount came about: its own value, and the published figure or the sum behind it."""
        data: Data = {
            "amount": self.name(value.name),
            "share": self.ratio(value.share),
            "statistic": None,
            "table": None,
            "sum": None,
            "is_fact": value.name in self.known,
        }
        if value.name in self.known:
            return data | {"amount_fen": self.facts[value.name]}
        plan = self.plan.low.amounts[value.name]
        data["amount_fen"] = self.named[plan.name]
        if isinstance(plan.amount.value, StatisticShare):
            data["statistic"] = self.statistic(plan.amount.value, plan)
        elif plan.table is not None:
            data["table"] = self.answer(plan.table, None)
        elif isinstance(plan.amount.value, AmountSum) and plan.sum is not None:
            data["sum"] = self.amount_sum(plan.amount.value, plan.sum)
        return data

    def statistic(self, rule: StatisticShare, plan: AmountPlan) -> Data:
        """The published figure that a named amount is a share of."""
        year, cell = self.figure(rule)
        share = (self.cell(plan.share) if plan.share else rule.share.cells[0]).value
        return {
            "name": self.name(rule.statistic),
            "year": year,
            "fen": getattr(cell.value, "fen", 0),
            "share": self.ratio(share.ratio if isinstance(share, Ratio) else Fraction(0)),
            "facts": [] if plan.share is None else self.chosen_facts(plan.share),
            "rounding": rule.mode,
            "unit_fen": rule.unit_fen,
            "rounded": {lang: ROUNDING[rule.mode].say(lang, yuan(rule.unit_fen)) for lang in ("zh", "en")},
            "basis": self.basis(rule.basis) if rule.basis else None,
            "figure_basis": self.basis(cell.basis) if cell.basis else None,
        }

    def amount_sum(self, rule: AmountSum, plan: SumPlan) -> Data:
        """The terms and the bounds of a named amount that is a sum, each with what it came from."""
        least, most = (None if one is None else self.answer(one, rule.basis) for one in (plan.least, plan.most))
        return {
            "plus": [self.answer(term, rule.basis) for term in plan.plus],
            "minus": [self.answer(term, rule.basis) for term in plan.minus],
            "least": least,
            "most": most,
            "basis": self.basis(rule.basis),
        }

    def cell(self, table: TablePlan) -> Cell:
        """The cell of the policy that answered."""
        dense = self.named[table.cell_name] if table.table.by else 0
        return table.table.cells[table.dense.answers[dense]]

    def cells_behind(self, value: AmountOf) -> list[Cell]:
        """The cells a named amount rests on: of its own table, of the terms of its sum, or the published figure."""
        if value.name in self.known:
            return []
        plan = self.plan.low.amounts[value.name]
        if isinstance(plan.amount.value, StatisticShare):
            return [self.figure(plan.amount.value)[1]]
        tables = plan.sum.tables if plan.sum else [plan.table] if plan.table else []
        cells = [self.cell(table) for table in tables]
        named = [cell.value for cell in cells if isinstance(cell.value, AmountOf)]
        return cells + [cell for value in named for cell in self.cells_behind(value)]

    def figure(self, rule: StatisticShare) -> tuple[int, Cell]:
        """The year and the published figure that a share of a statistic takes for this claim."""
        year, _ = figure_of(self.policy, rule, getattr(self.claim, self.policy.rule_date).year)
        figures = next(s.values for s in self.policy.statistics if s.name == rule.statistic)
        return year, next(cell for figure_year, cell in figures if figure_year == year)
