"""Writing a policy: as YAML in English or Chinese, or as JSON. What is written reads back to the same policy."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

from ruamel.yaml import YAML

from openyibao.policy.derived import OVER as PERIODS_OF_HISTORY
from openyibao.policy.model import (
    Amount,
    Bands,
    Fixed,
    Kept,
    Layer,
    Policy,
    StatisticShare,
    Step,
    Table,
    Term,
)
from openyibao.policy.rates import OVER
from openyibao.policy.values import percent, yuan
from openyibao.policy.vocabulary import (
    LEFT_OF,
    PART_OF,
    ROUNDING,
)
from openyibao.policy.worked_out import AmountSum, Derived, Reach
from openyibao.policy.write_values import ValueWriter
from openyibao.policy.write_words import Tree

YEARS = {0: "the same year", 1: "the year before", 2: "two years before", None: "the last published"}


def write_policy(policy: Policy, form: str = "en") -> str:
    """The policy as text: `en` or `zh` for YAML in that language, `json` for JSON with English keys.

    >>> from openyibao.policy import find_policy, read_policy, read_policy_text
    >>> policy = read_policy(find_policy("teaching/willow-county-2026"))
    >>> read_policy_text(write_policy(policy, "zh")) == policy
    True
    """
    tree = Writer(policy, "zh" if form == "zh" else "en").policy_tree()
    if form == "json":
        return json.dumps(tree, ensure_ascii=False, indent=2, default=str) + "\n"
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 120
    yaml.default_flow_style = False
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(tree, stream)
    return stream.getvalue()


class Writer(ValueWriter):
    """Builds the tree of one policy in one language."""

    def policy_tree(self) -> Tree:
        p = self.policy
        return self.tree(
            ("policy", p.id),
            ("title", self.bilingual(p.title)),
            ("region", int(p.region) if not p.region.startswith("0") else p.region),
            ("scheme", self.say(p.scheme)),
            ("in force", self.tree(("from", p.start), ("before", p.end))),
            ("rule of the date of", self.say(p.rule_date)),
            ("period of the date of", None if p.period_date == "settlement" else self.say(p.period_date)),
            ("year of the date of", self.say(p.year_date)),
            ("benefit year from", None if p.year_start is None else self.table(p.year_start)),
            ("amounts per claim in", self.say("the later year") if p.per_claim_later else None),
            ("words", [self.tree(("en", word.en), ("zh", word.zh)) for word in p.words]),
            (
                "documents",
                {
                    self.say(d.name): self.tree(
                        ("title", self.bilingual(d.title)),
                        ("number", self.say(d.number)),
                        ("date", _date(self.say(d.date))),
                        ("source", d.source),
                    )
                    for d in p.documents
                },
            ),
            ("facts", {self.say(fact.name): self.fact(fact) for fact in p.facts}),
            (
                "statistics",
                {self.say(s.name): {year: self.leaf(cell) for year, cell in s.values} for s in p.statistics},
            ),
            ("amounts", {self.say(amount.name): self.amount(amount) for amount in p.amounts}),
            ("divided parts", {self.say(one.part): self.division(one) for one in p.divisions}),
            ("gathering claims", {self.say(one.service): self.gathering(one) for one in p.gatherings}),
            ("quantities", {self.say(one.name): self.sum(one) for one in p.quantities}),
            ("derived facts", {self.say(one.name): self.derived(one) for one in p.derived}),
            ("layers", [{self.say(layer.name): self.layer(layer)} for layer in p.layers]),
            ("gaps", [self.bilingual(gap) for gap in p.gaps]),
        )

    def amount(self, amount: Amount) -> Any:
        value = amount.value
        if isinstance(value, StatisticShare):
            return self.tree(
                ("share", self.table(value.share)),
                ("of", self.say(value.statistic)),
                ("year", self.say(YEARS[value.years_before])),
                ("rounded", ROUNDING[value.mode].say(self.lang, yuan(value.unit_fen))),
                ("basis", self.basis(value.basis)),
            )
        if isinstance(value, AmountSum):
            bounds = (("least", value.least), ("most", value.most))
            return self.tree(
                ("of", [self.table(term) for term in value.plus]),
                ("less", [self.table(term) for term in value.minus]),
                *((name, None if bound is None else self.table(bound)) for name, bound in bounds),
                ("basis", self.basis(value.basis)),
            )
        return self.table(value)

    def derived(self, one: Derived) -> Tree:
        over = next(word for word, period in PERIODS_OF_HISTORY.items() if period == one.period)
        return self.tree(
            ("of", self.say(one.of) if one.quantity is None else self.named(*one.quantity)),
            ("over", None if one.period == "lifetime" else self.say(over)),
            ("where", {self.say(c.fact): self.condition(c) for c in one.conditions}),
            ("per", [self.say(fact) for fact in one.per]),
            ("paid by", None if one.paid_by is None else self.say(one.paid_by)),
            ("values", [self.reach(reach) for reach in one.reaches]),
            ("basis", self.basis(one.basis)),
        )

    def reach(self, reach: Reach) -> Tree:
        if reach.to is None:
            return self.tree(("otherwise", self.say(reach.value)))
        return self.tree(("up to" if reach.included else "below", self.table(reach.to)), ("is", self.say(reach.value)))

    def layer(self, layer: Layer) -> Tree:
        return self.tree(
            ("payer", self.say(layer.payer)),
            ("for", {self.say(c.fact): self.condition(c) for c in layer.conditions}),
            ("of", [self.term(term) for term in layer.base]),
            *((self.step_key(step), self.kept(step.table, step.kept)) for step in layer.steps),
            self.pays(layer.pays),
            ("at least", None if layer.floor is None else self.table(layer.floor)),
            *((f"at most per {cap.period}", self.kept(cap.table, cap.kept)) for cap in layer.caps),
            ("over-cap counted in", self.say("fees") if layer.cut_in_fees else None),
            ("assumption", self.bilingual(layer.assumption)),
            ("gaps", [self.bilingual(gap) for gap in layer.gaps]),
            ("basis", self.basis(layer.basis)),
        )

    def pays(self, pays: Table | Bands | Fixed) -> tuple[str, Any]:
        if isinstance(pays, Bands):
            return "pays in bands", self.bands(pays)
        if isinstance(pays, Fixed):
            return "pays fixed", self.with_keys(
                pays.table, {} if pays.unit == "claim" else {self.say("for each"): self.say(pays.unit)}
            )
        return "pays", self.table(pays)

    def kept(self, table: Table, kept: Kept) -> Any:
        """An amount with how its use is kept beside it."""
        word = {"group": kept.group, "carry over": kept.carry, "plus": kept.plus}
        if kept.earned_from != "first claim":
            word["earned from"] = kept.earned_from
        extra: Tree = {self.say(key): self.say(value) for key, value in word.items() if value is not None}
        if kept.per:
            extra[self.say("per")] = [self.say(fact) for fact in kept.per]
        if kept.annual_maximum is not None:
            extra[self.say("annual maximum")] = self.table(kept.annual_maximum)
        return self.with_keys(table, extra)

    def with_keys(self, table: Table, extra: Tree) -> Any:
        """A table with more keys beside its own."""
        tree = self.table(table)
        if not extra:
            return tree
        return tree | extra if isinstance(tree, dict) else {self.say("is"): tree} | extra

    def step_key(self, step: Step) -> str:
        return f"{step.kind} per {step.period}" if step.period else step.kind

    def term(self, term: Term) -> Any:
        text = self.part(term)
        if term.share == 1 and term.basis is None and term.assumption is None:
            return text
        return self.tree(
            ("take", text),
            ("share", percent(term.share)),
            ("basis", self.basis(term.basis)),
            ("assumption", self.bilingual(term.assumption)),
        )

    def part(self, term: Term) -> str:
        if term.layer is None:
            return self.say(term.part or "")
        if term.part is None:
            return LEFT_OF.say(self.lang, self.say(term.layer))
        return PART_OF.say(self.lang, self.say(term.layer), self.say(term.part))

    def bands(self, bands: Bands) -> Tree:
        over = next(word for word, period in OVER.items() if period == bands.period)
        return self.tree(
            ("counted", self.say(bands.counted)),
            ("over", self.say(over)),
            (
                "bands",
                [
                    self.tree(("above", self.table(band.rate)))
                    if band.up_to is None
                    else self.tree(("up to", self.table(band.up_to)), ("pays", self.table(band.rate)))
                    for band in bands.bands
                ],
            ),
            ("group", None if bands.group is None else self.say(bands.group)),
            ("basis", self.basis(bands.basis)),
        )


def _date(text: str) -> Any:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text
