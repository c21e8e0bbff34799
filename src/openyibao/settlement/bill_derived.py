"""What a bill says of what was worked out: derived facts, and sums of quantities."""

from __future__ import annotations

from openyibao.policy.derived import LEFT
from openyibao.policy.model import Range, Words
from openyibao.policy.vocabulary import PART_OF, say_range
from openyibao.policy.worked_out import OWN_DEDUCTIBLE, Derived, Sum
from openyibao.settlement.bill_answers import Data
from openyibao.settlement.bill_uses import UseWriter
from openyibao.settlement.layer_plan import PART_NAMES, DerivedPlan, LayerPlan
from openyibao.settlement.lower_derived import NEVER
from openyibao.settlement.lower_parts import part_codes

OWN_WORDS = ("this layer", "deductible")


class DerivedWriter(UseWriter):
    """Says how derived facts and sums came about."""

    def derived_facts(self, plan: LayerPlan) -> list[Data]:
        """The derived facts that a layer asks; none where it ended on the claim's own facts."""
        if not plan.began or not self.named[plan.began]:
            return []
        return [self.derived(one, plan) for one in plan.derived]

    def derived(self, plan: DerivedPlan, layer: LayerPlan) -> Data:
        one, number = plan.derived, self.named[plan.number]
        basis = self.basis(one.basis)
        reaches = [
            {
                "value": self.name(reach.value),
                "included": reach.included,
                "edge": self.answer(edge, one.basis, layer=layer) if edge and one.quantity else None,
                "number": self.named[edge.value_name] if edge and not one.quantity else None,
                "facts": self.chosen_facts(edge) if edge and not one.quantity else [],
            }
            for reach, edge in zip(one.reaches, plan.edges, strict=True)
        ]
        return {
            "fact": self.name(one.name),
            "value": self.name(one.fact.values[self.named[plan.found]]),
            "of": one.of,
            "quantity": self.quantity_data(*one.quantity, layer) if one.quantity else None,
            "number": None if one.of == "days since discharge" and number == NEVER else number,
            "name": self.named_of(one),
            "period": None if plan.slot is None else one.period,
            "period_key": None if plan.slot is None else self.period_key(self.plan.program.slots[plan.slot]),
            "where": [self.asked(condition.fact, condition.key) for condition in one.conditions],
            "per": [{"fact": self.name(n), "value": self.fact_value(self.facts[n], n)} for n in one.per],
            "paid_by": self.name(one.paid_by) if one.paid_by else None,
            "reaches": reaches,
            "basis": basis,
        }

    def named_of(self, one: Derived) -> Data:
        """What was measured, in words."""
        if one.quantity is None:
            return self.name(one.of)
        layer, quantity = one.quantity
        return {lang: self.named_quantity(layer, quantity, lang) for lang in ("zh", "en")}

    def condition(self, fact: str, key: Words | Range) -> Data:
        value = self.facts.get(fact)
        if isinstance(key, Words):
            accepts = [self.name(word) for word in key.values]
            span, holds = None, value in key.values
        else:
            accepts = [{lang: say_range(key.low, key.high, lang) for lang in ("zh", "en")}]
            span = {"low": key.low, "high": key.high}
            holds = (
                isinstance(value, int)
                and (key.low is None or value >= key.low)
                and (key.high is None or value <= key.high)
            )
        return {
            "fact": self.name(fact),
            "value": None if value is None else self.fact_value(value, fact),
            "accepts": accepts,
            "range": span,
            "holds": holds,
        }

    def asked(self, fact: str, key: object) -> Data:
        """A condition on earlier claims."""
        if isinstance(key, Words):
            return {"fact": self.name(fact), "accepts": [self.name(word) for word in key.values], "range": None}
        low, high = getattr(key, "low", None), getattr(key, "high", None)
        accepts = [{lang: say_range(low, high, lang) for lang in ("zh", "en")}]
        return {"fact": self.name(fact), "accepts": accepts, "range": {"low": low, "high": high}}

    def sum(self, one: Sum, asking: LayerPlan | None = None) -> Data:
        return {
            "name": self.name(one.name),
            "plus": [self.quantity_data(*term, asking) for term in one.plus],
            "minus": [self.quantity_data(*term, asking) for term in one.minus],
            "fen": self.found_fen(None, one.name, asking),
        }

    def own_sums(self, plan: LayerPlan) -> list[Data]:
        """The sums of a floor that the layer's own deductible stands in, as it was before the floor."""
        returned = self.named[plan.returned] if plan.returned else 0
        part = plan.parts.get("deductible")
        deductible = self.named[part] + returned if part else 0
        name = {lang: PART_OF.say(lang, *(self.vocabulary.say(w, lang) for w in OWN_WORDS)) for lang in ("zh", "en")}
        own = {"kind": "quantity", "layer": None, "quantity": "deductible", "name": name, "fen": deductible}

        def terms(of: tuple[tuple[str | None, str], ...]) -> list[Data]:
            return [own if term == OWN_DEDUCTIBLE else self.quantity_data(*term, plan) for term in of]

        return [
            {
                "name": self.name(one.name),
                "plus": terms(one.plus),
                "minus": terms(one.minus),
                "fen": self.named[plan.own_sums[one.name]],
            }
            for one in self.policy.quantities
            if one.name in plan.own_sums
        ]

    def quantity_data(self, layer: str | None, quantity: str, asking: LayerPlan | None = None) -> Data:
        """A quantity and what it was; `asking` is the layer that looks at it."""
        return self.quantity_of(layer, quantity, self.found_fen(layer, quantity, asking))

    def quantity_of(self, layer: str | None, quantity: str, fen: int) -> Data:
        """A quantity that comes to so much."""
        codes = {"total cost": "total", **part_codes(self.policy), **PART_NAMES}
        own = layer is None and quantity not in codes
        return {
            "kind": "sum" if own else "left" if quantity == LEFT else "quantity",
            "layer": layer,
            "quantity": codes.get(quantity, quantity),
            "name": {lang: self.named_quantity(layer, quantity, lang) for lang in ("zh", "en")},
            "fen": fen,
        }
