"""Writing what a policy says in words: facts, conditions, bases, names of quantities, how claims are divided."""

from __future__ import annotations

from typing import Any

from openyibao.policy.claim_parts import Division, Gathering
from openyibao.policy.derived import LEFT
from openyibao.policy.model import Basis, Bilingual, Condition, Fact, Policy, Range
from openyibao.policy.vocabulary import (
    FROM_TO,
    LEFT_OF,
    MONTHS_BEFORE,
    PART_OF,
    Vocabulary,
    chinese_kind,
    say_range,
)
from openyibao.policy.worked_out import OWN_DEDUCTIBLE, Sum

Tree = dict[str, Any]
NEVER_LEFT_OUT = ("documents", "facts")


class WordWriter:
    """Says the words of one policy in one language."""

    def __init__(self, policy: Policy, lang: str) -> None:
        self.policy = policy
        self.lang = lang
        self.vocabulary = Vocabulary(policy.words)
        self.signed = False

    def say(self, word: str) -> str:
        return self.vocabulary.say(word, self.lang)

    def tree(self, *pairs: tuple[str, Any]) -> Tree:
        """A mapping with its keys in the language; what is empty is left out."""
        return {
            self.say(key): value
            for key, value in pairs
            if key in NEVER_LEFT_OUT or (value is not None and value != [] and value != {})
        }

    def bilingual(self, text: Bilingual | None) -> Tree | None:
        return None if text is None else self.tree(("zh", text.zh), ("en", text.en))

    def basis(self, basis: Basis | None) -> Tree | None:
        return (
            None
            if basis is None
            else self.tree(
                ("document", self.say(basis.document)),
                ("article", self.say(basis.article)),
                ("source", basis.source),
                ("sure", self.say(basis.sure)),
                ("note", self.bilingual(basis.note)),
            )
        )

    def fact(self, fact: Fact) -> Any:
        if fact.kind in ("money", "signed money", "any"):
            return chinese_kind(fact.kind) if self.lang == "zh" else fact.kind
        if fact.order or fact.as_of != "settlement":
            values = [self.say(value) for value in fact.values]
            return self.tree(("order" if fact.order else "values", values), ("as of", self.say(fact.as_of)))
        if fact.range is not None:
            return FROM_TO.say(self.lang, str(fact.range.low), str(fact.range.high))
        return [self.say(value) for value in fact.values]

    def named(self, layer: str | None, quantity: str) -> str:
        """A quantity by its name."""
        if (layer, quantity) == OWN_DEDUCTIBLE:
            layer = "this layer"
        if layer is None:
            return self.say(quantity)
        if quantity == LEFT:
            return LEFT_OF.say(self.lang, self.say(layer))
        return PART_OF.say(self.lang, self.say(layer), self.say(quantity))

    def condition(self, condition: Condition) -> Any:
        if isinstance(condition.key, Range):
            return say_range(condition.key.low, condition.key.high, self.lang)
        return [self.say(value) for value in condition.key.values]

    def division(self, division: Division) -> Any:
        if all(one.lines is None for one in division.into):
            return [self.say(name) for name in division.names]
        return {
            self.say(one.name): {self.say(c.fact): self.condition(c) for c in one.lines}
            if one.lines
            else self.say("otherwise")
            for one in division.into
        }

    def gathering(self, gathering: Gathering) -> Tree:
        months = gathering.months
        return self.tree(
            ("of", self.say("the year before") if months is None else MONTHS_BEFORE.say(self.lang, str(months))),
            ("where", {self.say(c.fact): self.condition(c) for c in gathering.conditions}),
            ("basis", self.basis(gathering.basis)),
        )

    def sum(self, one: Sum) -> Tree:
        return self.tree(
            ("of", [self.named(*term) for term in one.plus]), ("less", [self.named(*term) for term in one.minus])
        )
