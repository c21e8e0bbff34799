"""Writing the values of a policy in one language: amounts, rates, phrases, tables over facts."""

from __future__ import annotations

from typing import Any

from openyibao.policy.model import (
    AmountOf,
    Cell,
    Count,
    ForEach,
    Key,
    Line,
    Money,
    MonthDay,
    NoLimit,
    NotAllowed,
    NotKnown,
    Otherwise,
    OwnShareOf,
    Ratio,
    ShareOfQuantity,
    Table,
    Value,
    Words,
)
from openyibao.policy.values import percent, yuan
from openyibao.policy.vocabulary import (
    EACH,
    EACH_BEYOND,
    LINE_DOWN,
    LINE_UP,
    LIST_SEPARATOR,
    OWN_SHARE,
    SHARE_OF,
    say_range,
)
from openyibao.policy.write_words import WordWriter


class ValueWriter(WordWriter):
    """Writes the values of one policy in one language."""

    def value(self, value: Value) -> Any:
        if isinstance(value, Money):
            unit = "元" if self.lang == "zh" else " yuan"
            return value.fen // 100 if value.fen % 100 == 0 else yuan(value.fen) + unit
        if isinstance(value, Count):
            return value.number
        if isinstance(value, Ratio):
            return "+" * (self.signed and value.ratio > 0) + percent(value.ratio)
        if isinstance(value, NoLimit):
            return self.say("no limit")
        if isinstance(value, AmountOf):
            name = self.say(value.name)
            return name if value.share == 1 else SHARE_OF.say(self.lang, percent(value.share), name)
        if isinstance(value, ShareOfQuantity):
            return SHARE_OF.say(self.lang, percent(value.share), self.quantity(value))
        if isinstance(value, ForEach):
            parts = (str(self.value(Money(value.fen))), self.say(value.fact), str(value.beyond))
            return (EACH_BEYOND if value.beyond else EACH).say(self.lang, *parts)
        if isinstance(value, OwnShareOf):
            return OWN_SHARE.say(self.lang, percent(value.multiple), self.say(value.value))
        if isinstance(value, Line):
            phrase = LINE_DOWN if value.slope < 0 else LINE_UP
            return phrase.say(self.lang, percent(value.start), percent(abs(value.slope)), self.say(value.fact))
        if isinstance(value, MonthDay):
            return f"{value.month:02d}-{value.day:02d}"
        return self.say("not known")

    def quantity(self, value: ShareOfQuantity) -> str:
        return self.named(
            "this layer" if (value.layer, value.quantity) == (None, "base") else value.layer, value.quantity
        )

    def leaf(self, cell: Cell) -> Any:
        value = cell.value
        why = value.why if isinstance(value, NotKnown | NotAllowed) and value.why.zh else None
        least, most = self.bounds(value)
        if all(extra is None for extra in (cell.basis, cell.assumption, why, least, most)):
            return self.value(value)
        return self.tree(
            (self.reason(value), self.bilingual(why)) if why else ("is", self.value(value)),
            ("least", least),
            ("most", most),
            ("basis", self.basis(cell.basis)),
            ("assumption", self.bilingual(cell.assumption)),
        )

    def reason(self, value: Value) -> str:
        """The key of an answer that has a reason in place of a value."""
        return "not allowed" if isinstance(value, NotAllowed) else "not known"

    def bounds(self, value: Value) -> tuple[Any, Any]:
        """`least` and `most` of a share of a quantity or of a line."""
        if isinstance(value, ShareOfQuantity):
            fen = (value.least_fen, value.most_fen)
            return tuple(None if bound is None else self.value(Money(bound)) for bound in fen)  # type: ignore[return-value]
        if isinstance(value, Line):
            return tuple(None if bound is None else percent(bound) for bound in (value.least, value.most))  # type: ignore[return-value]
        return None, None

    def table(self, table: Table) -> Any:
        tree = self.plain_table(table)
        if not table.points:
            return tree
        tree = tree if isinstance(tree, dict) else {self.say("is"): tree}
        return tree | {self.say("points"): [self.points(points) for points in table.points]}

    def points(self, table: Table) -> Any:
        """A table of points, each with its sign."""
        self.signed = True
        tree = self.table(table)
        self.signed = False
        return tree

    def plain_table(self, table: Table) -> Any:
        if not table.by:
            return self.leaf(table.cells[0])
        tree = self.tree(("by", self.say(table.by[0]) if len(table.by) == 1 else [self.say(f) for f in table.by]))
        for cell in table.cells:
            level = tree
            keys = [self.key(key) for key in cell.keys]
            for key in keys[:-1]:
                level = level.setdefault(key, {})
            level[keys[-1]] = self.leaf(cell)
        tree.update(self.tree(("basis", self.basis(table.basis)), ("note", self.bilingual(table.note))))
        return tree

    def key(self, key: Key) -> str:
        if isinstance(key, Otherwise):
            return self.say("otherwise")
        if isinstance(key, Words):
            return LIST_SEPARATOR[self.lang].join(self.say(value) for value in key.values)
        return say_range(key.low, key.high, self.lang)
