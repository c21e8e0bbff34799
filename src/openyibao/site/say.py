"""Saying what a policy holds in one language: names, values, conditions, ranges of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openyibao.policy.derived import LEFT
from openyibao.policy.model import (
    AmountOf,
    Condition,
    Fact,
    ForEach,
    Line,
    Money,
    MonthDay,
    NoLimit,
    NotAllowed,
    NotKnown,
    OwnShareOf,
    Policy,
    Range,
    Ratio,
    ShareOfQuantity,
    StatisticShare,
    Term,
    Words,
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
    Vocabulary,
)
from openyibao.policy.write import YEARS
from openyibao.site.words import Words as Texts

AGE, ADMISSION = "age", "admission number"


class Say:
    """Says one policy's names and values in one language."""

    def __init__(self, policy: Policy, texts: Texts) -> None:
        self.policy, self.texts, self.lang = policy, texts, texts.lang
        self.vocabulary = Vocabulary(policy.words)

    def word(self, english: str) -> str:
        return self.vocabulary.say(english, self.lang)

    def words(self, english: Iterable[str]) -> str:
        return self.texts.list.join(self.word(one) for one in english)

    def value(self, value: Any) -> str:
        """A value of a table, whatever its kind; amounts with thousands and unit."""
        if isinstance(value, Money):
            return self.texts.yuan(value.fen)
        if isinstance(value, Ratio):
            return percent(value.ratio)
        if isinstance(value, NoLimit):
            return self.texts("policy.unlimited")
        if isinstance(value, NotKnown):
            return self.texts("layer.not_known")
        if isinstance(value, NotAllowed):
            return self.texts("layer.not_allowed")
        if isinstance(value, MonthDay):
            return self.texts("layer.month_day", month=value.month, day=value.day)
        if hasattr(value, "number"):
            return str(value.number)
        return self._composed(value)

    def _composed(self, value: Any) -> str:
        """Shares, multiples and lines."""
        if isinstance(value, AmountOf):
            name = self.word(value.name)
            return name if value.share == 1 else SHARE_OF.say(self.lang, percent(value.share), name)
        if isinstance(value, ShareOfQuantity):
            text = SHARE_OF.say(self.lang, percent(value.share), self.quantity(value.layer, value.quantity))
            return text + self.bounds(
                *(None if fen is None else self.texts.yuan(fen) for fen in (value.least_fen, value.most_fen))
            )
        if isinstance(value, ForEach):
            parts = (self.texts.yuan(value.fen), self.word(value.fact), str(value.beyond))
            return (EACH_BEYOND if value.beyond else EACH).say(self.lang, *parts)
        if isinstance(value, OwnShareOf):
            return OWN_SHARE.say(self.lang, percent(value.multiple), self.word(value.value))
        if isinstance(value, Line):
            phrase = LINE_DOWN if value.slope < 0 else LINE_UP
            text = phrase.say(self.lang, percent(value.start), percent(abs(value.slope)), self.word(value.fact))
            return text + self.bounds(*(None if at is None else percent(at) for at in (value.least, value.most)))
        raise TypeError(f"no words for the value {value!r}")

    def bounds(self, least: str | None, most: str | None) -> str:
        told = self.texts("layer.least", amount=least) if least else ""
        return told + (self.texts("layer.most", amount=most) if most else "")

    def points(self, value: Any) -> str:
        """Points added to a rate, with their sign."""
        text = percent(value.ratio).removesuffix("%") if isinstance(value, Ratio) else self.value(value)
        return f"+{text}" if isinstance(value, Ratio) and value.ratio > 0 else text.replace("-", "−")

    def quantity(self, layer: str | None, quantity: str) -> str:
        if (layer, quantity) == (None, "base"):
            layer = "this layer"
        if layer is None:
            return self.word(quantity)
        if quantity == LEFT:
            return LEFT_OF.say(self.lang, self.word(layer))
        return PART_OF.say(self.lang, self.word(layer), self.word(quantity))

    def term(self, term: Term) -> str:
        """A part of what a layer looks at."""
        what = self.quantity(term.layer, term.part or LEFT)
        return what if term.share == 1 else self.texts("layer.share_of", share=percent(term.share), what=what)

    def condition(self, condition: Condition) -> str:
        key = condition.key
        fact = next((one for one in self.policy.facts if one.name == condition.fact), None)
        if isinstance(key, Words):
            values = self.words(key.values)
        else:
            values = self.range(condition.fact, key.low, key.high, fact.range if fact else None)
        return self.texts("layer.condition", fact=self.word(condition.fact), values=values)

    def range(self, fact: str, low: int | None, high: int | None, whole: Range | None = None) -> str:
        """A range of whole numbers of a fact: years of age, numbers of admissions, or plain ones."""
        if whole is not None:
            high = None if high is not None and whole.high is not None and high >= whole.high and low else high
            low = None if low is not None and low <= (whole.low or 0) and high is not None and low == 0 else low
        kind = {AGE: "unit_age", ADMISSION: "unit_admission"}.get(fact, "plain")
        if low is not None and low == high:
            return str(low) if kind == "plain" else self.texts(f"layer.{kind}_one", n=low)
        if high is None:
            return self.texts(f"layer.{kind}_over", n=low or 0)
        if low is None and kind != "unit_admission":
            return self.texts(f"layer.{kind}_under", n=high + 1)
        if kind == "plain":
            return self.texts("policy.range", low=low, high=high)
        return self.texts(f"layer.{kind}_range", low=low or 0, high=high)

    def period(self, period: str | None) -> str:
        return self.texts(f"periods.{period or 'none'}")

    def statistic_share(self, value: StatisticShare) -> str:
        """The rule of an amount that is a share of a published figure."""
        only = value.share.cells[0].value if not value.share.by else None
        return self.texts(
            "layer.statistic_share",
            share=percent(only.ratio) if isinstance(only, Ratio) else self.texts("layer.by_table"),
            statistic=self.word(value.statistic),
            year=self.word(YEARS[value.years_before]),
            rounded=ROUNDING[value.mode].say(self.lang, yuan(value.unit_fen)),
        )

    def fact_values(self, fact: Fact) -> str:
        """The values of a fact that the policy tells apart."""
        if fact.range is not None:
            return self.texts("policy.range", low=fact.range.low, high=fact.range.high)
        return self.words(fact.values) or self.word(fact.kind)
