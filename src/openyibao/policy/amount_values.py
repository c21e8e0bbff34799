"""Amounts as laws write them: in yuan, by name, as a share of another amount or of a quantity, so much for each one."""

from __future__ import annotations

import re
from fractions import Fraction

from openyibao.policy.basis import Scope
from openyibao.policy.facts import MAX_NUMBER
from openyibao.policy.messages import NOTHING, Message, quoted, say
from openyibao.policy.model import AmountOf, ForEach, Money, NoLimit, ShareOfQuantity, Value
from openyibao.policy.nodes import Text
from openyibao.policy.reading import Reading, describe, written
from openyibao.policy.values import MAX_AMOUNT_FEN, MAX_DENOMINATOR, parse_fen, parse_ratio, parse_whole, yuan
from openyibao.policy.vocabulary import EACH, EACH_BEYOND, PART_OF, SHARE_OF

AMOUNT_EXPECTED = say("an amount in yuan such as 300 or 8450.50, or a named amount such as `50% of critical line`")
LIMIT_EXPECTED = say("an amount in yuan such as 80000, a named amount, or `no limit`")
EACH_SIGNS = re.compile(r"(.+?)\s*[xX×*＊·]\s*(.+)")
SUM = re.compile(r"(.+?)\s*[+＋]\s*(.+[xX×*＊·].+)")


def read_amount(reading: Reading, node: Text, path: str, scope: Scope, *, is_limit: bool) -> Value:
    """An amount, or `no limit` where it may be absent; after a problem, an amount of 0."""
    text = reading.english(node.value)
    if text == "no limit" and is_limit:
        return NoLimit()
    if text in scope.amounts | scope.money:
        return AmountOf(text, Fraction(1))
    if (fen := parse_fen(text)) is not None:
        if fen > MAX_AMOUNT_FEN:
            reading.problem(node.place, path, written(text), say("at most {most} yuan", most=yuan(MAX_AMOUNT_FEN)))
        return Money(min(fen, MAX_AMOUNT_FEN))
    if (found := _read_each(reading, node, path, scope)) is not None:
        return found
    if parts := SHARE_OF.match(text):
        return _read_share_of(reading, node, path, parts, scope)
    if text not in reading.blamed:
        expected = LIMIT_EXPECTED if is_limit else AMOUNT_EXPECTED
        reading.problem(node.place, path, describe(node), expected, _hint(reading, text, scope, is_limit=is_limit))
    return Money(0)


def _hint(reading: Reading, text: str, scope: Scope, *, is_limit: bool) -> Message:
    if parse_ratio(text) is not None:
        return say("Say of which amount, as in `50% of AMOUNT`, where AMOUNT stands under `amounts`.")
    if text == "no limit":
        return say("Only limits and caps can be `no limit`.")
    if text.startswith("-"):
        return say("An amount is not negative.")
    if re.fullmatch(r"[\d,]+\.\d{3,}.*", text):
        return say("An amount has at most two decimals.")
    if parts := SUM.fullmatch(text):
        return say("Write a sum under `amounts`: `of: [{one}, {other}]`.", one=parts[1], other=parts[2])
    if (parts := EACH_SIGNS.fullmatch(text)) and parse_fen(parts[1]) is not None:
        fact = reading.english(parts[2])
        zh, en = EACH.say("zh", parts[1], reading.vocabulary.chinese(fact)), EACH.say("en", parts[1], fact)
        return say("Write {right}.", right=Message(f"“{zh}”", f"`{en}` ({zh})"))
    words = ("not known", "no limit") if is_limit else ("not known",)
    return reading.did_you_mean(text, [*scope.amounts, *words])


def _read_each(reading: Reading, node: Text, path: str, scope: Scope) -> Value | None:
    """So much for each one of a whole number: `3000 x zero-claim years`; None if the text is no such phrase."""
    parts = EACH_BEYOND.match(node.value) or EACH.match(node.value)
    fen = parse_fen(parts[0]) if parts else None
    if parts is None or fen is None:
        return None
    fact, beyond = reading.english(parts[1]), parse_whole(parts[2]) if len(parts) > 2 else 0
    numbers = [name for name, one in scope.facts.items() if one.range is not None]
    if fen > MAX_AMOUNT_FEN:
        reading.problem(node.place, path, written(parts[0]), say("at most {most} yuan", most=yuan(MAX_AMOUNT_FEN)))
    elif beyond is None or beyond > MAX_NUMBER:
        expected = say("a whole number such as 15, up to 100000")
        reading.problem(node.place, path, written(parts[2]), expected)
    elif fact not in numbers:
        is_fact = fact in scope.facts
        found = say("{fact}, which is no whole number", fact=quoted(parts[1])) if is_fact else written(parts[1])
        known = reading.some(numbers) or say("none declared")
        expected = say("a fact of this policy that is a whole number ({words})", words=known)
        todo = reading.did_you_mean(fact, numbers) or say("Declare it under `facts`, as in `age: 0 to 130`.")
        if fact not in reading.blamed:
            reading.problem(node.place, path, found, expected, NOTHING if is_fact else todo)
    else:
        return ForEach(fen, fact, beyond)
    return Money(0)


def _read_share_of(reading: Reading, node: Text, path: str, parts: tuple[str, ...], scope: Scope) -> Value:
    # The zh phrase has its gaps in the other order, but their numbers say which is which.
    share, name = parse_ratio(parts[0]), reading.english(parts[1])
    if share is None or share > 100 or max(share.as_integer_ratio()) > MAX_DENOMINATOR:
        reading.problem(node.place, path, written(parts[0]), say("a share such as 50%"))
    elif name in reading.blamed:
        pass
    elif quantity := _find_quantity(reading, parts[1], scope):
        return ShareOfQuantity(*quantity, share)
    elif name not in scope.amounts | scope.money:
        known = reading.some([*sorted(scope.amounts | scope.money), *scope.quantities]) or say("none declared")
        reading.problem(
            node.place,
            path,
            say("the amount {name}", name=quoted(parts[1])),
            say("an amount declared under `amounts`, or a quantity ({words})", words=known),
            reading.did_you_mean(name, [*scope.amounts, *scope.quantities]),
        )
    else:
        return AmountOf(name, share)
    return Money(0)


def _find_quantity(reading: Reading, text: str, scope: Scope) -> tuple[str | None, str] | None:
    """A named quantity: `in-scope cost`, `this layer's base`, `basic insurance's paid`; None if it is none."""
    name = reading.english(text)
    if name in scope.quantities:
        return scope.quantities[name]
    parts = PART_OF.match(text)
    return scope.quantities.get(f"{reading.english(parts[0])}'s {reading.english(parts[1])}") if parts else None
