"""The facts that a claim states: words (also several, with their times), whole numbers, money, any text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from openyibao.policy.messages import NOTHING, say
from openyibao.policy.model import Fact, Policy
from openyibao.policy.nodes import Mapping, Node, Sequence, Text
from openyibao.policy.reading import Fields, Reading, describe, join, written
from openyibao.policy.values import FULL_WIDTH, MAX_AMOUNT_FEN, parse_fen, parse_whole, yuan
from openyibao.policy.vocabulary import language
from openyibao.settlement.claim import Claim, FactValue, Held
from openyibao.settlement.facts import TwoValuesError, held

MONEY, SIGNED_MONEY = "money", "signed money"


def read_facts(reading: Reading, fields: Fields, path: str, lenders: Iterable[Fact]) -> dict[str, FactValue]:
    """The facts of a claim by name. `lenders` are facts as the policy (and a catalogue) declare them.

    Facts that none of them declares are read all the same, and not used.
    """
    if "facts" not in fields:
        return {}
    lenders = tuple(lenders)
    facts: dict[str, FactValue] = {}
    names = dict.fromkeys((*language().facts, *(fact.name for fact in lenders)))
    for name, (_, node) in reading.fields(fields["facts"][1], path, (), tuple(names)).items():
        declared = [fact for fact in lenders if fact.name == name]
        value = _read_fact(reading, node, join(path, name), name, declared)
        if value is not None:
            facts[name] = value
    return facts


def _read_fact(reading: Reading, node: Node, path: str, name: str, declared: list[Fact]) -> FactValue | None:
    kind = declared[0].kind if declared else language().facts[name].kind
    if kind == "number":
        return _read_number(reading, node, path)
    if kind in (MONEY, SIGNED_MONEY):
        return _read_money(reading, node, path, signed=kind == SIGNED_MONEY)
    if kind == "any":
        return reading.text(node, path, say("any text that names the {name}", name=reading.word(name))) or None
    if kind == "admission number":
        reading.problem(
            node.place, path, describe(node), say("no value: it is worked out"), say("Remove it from the claim.")
        )
        return None
    own = [value for fact in declared for value in fact.values]
    known = language().facts.get(name)
    words = tuple(dict.fromkeys((*own, *(known.values if known else ()))))
    if isinstance(node, Text):
        return _read_word(reading, node, path, name, words) or None
    return _read_held(reading, node, path, name, words)


def _read_number(reading: Reading, node: Node, path: str) -> int | None:
    number = parse_whole(node.value) if isinstance(node, Text) else None
    if number is None:
        reading.problem(node.place, path, describe(node), say("a whole number such as 45 (up to 9 digits)"))
    return number


def _read_money(reading: Reading, node: Node, path: str, *, signed: bool) -> int | None:
    text = node.value.translate(FULL_WIDTH) if isinstance(node, Text) else ""
    negative = signed and text.startswith("-")
    fen = parse_fen(text.removeprefix("-") if negative else text)
    if fen is None:
        sign = NOTHING if signed else say(", not negative")
        expected = say("an amount in yuan{sign}, such as 3000 or 8450.50", sign=sign)
        reading.problem(node.place, path, describe(node), expected, say("An amount has at most two decimals."))
    elif fen > MAX_AMOUNT_FEN:
        reading.problem(node.place, path, describe(node), say("at most {most} yuan", most=yuan(MAX_AMOUNT_FEN)))
    else:
        return -fen if negative else fen
    return None


def _read_word(reading: Reading, node: Node, path: str, name: str, words: tuple[str, ...]) -> str:
    """A value in either language. Where nobody lists values, any text: it is not used."""
    value = reading.english(reading.text(node, path, say("a value of {name}", name=reading.word(name))))
    if value and words and value not in words:
        expected = say("a value of {name} ({words})", name=reading.word(name), words=reading.some(words))
        reading.problem(
            node.place, path, written(getattr(node, "value", "")), expected, reading.did_you_mean(value, words)
        )
    return value


def _read_held(reading: Reading, node: Node, path: str, name: str, words: tuple[str, ...]) -> FactValue:
    """Several values, or values with their times: `{is: ..., from: ..., before: ...}`."""
    items = (
        (node,)
        if isinstance(node, Mapping)
        else reading.items(node, path, say("values of {name}", name=reading.word(name)))
    )
    held: list[Held] = []
    for item in items:
        one = _read_one(reading, item, path, name, words)
        if any(one.value == other.value and _overlap(one, other) for other in held if one.value):
            found = say("{one} twice at the same time", one=reading.named(one.value))
            reading.problem(
                item.place, path, found, say("every value once at a time"), say("Remove one, or part their times.")
            )
        held.append(one)
    if len(held) == 1 and held[0].start is None and held[0].end is None:
        return held[0].value
    return tuple(held)


def _read_one(reading: Reading, node: Node, path: str, name: str, words: tuple[str, ...]) -> Held:
    if isinstance(node, Text | Sequence):
        return Held(_read_word(reading, node, path, name, words))
    fields = reading.fields(node, path, ("is",), ("from", "before"))
    value = _read_word(reading, fields["is"][1], join(path, "is"), name, words) if "is" in fields else ""
    days: dict[str, date | None] = dict.fromkeys(("from", "before"))
    for key in days:
        if key in fields:
            days[key] = reading.date(fields[key][1], join(path, key))
    start, end = days["from"], days["before"]
    if start is not None and end is not None and date.min not in (start, end) and start >= end:
        reading.problem(
            node.place,
            path,
            say("from {start} before {end}", start=start, end=end),
            say("a first day that lies before the end"),
        )
    return Held(value, start, end)


def _overlap(one: Held, other: Held) -> bool:
    return (one.end is None or other.start is None or other.start < one.end) and (
        other.end is None or one.start is None or one.start < other.end
    )


def facts_on(policy: Policy, claim: Claim) -> Callable[[date], dict[str, object]]:
    """The facts of a claim as they count on a day, for tables of a catalogue.

    A fact that the policy asks counts as the policy says. Of any other, the values that hold on the day count: one
    value, or several as a tuple. `scheme` is that of the policy.
    """
    fixed: dict[str, object] = {"scheme": policy.scheme}
    for fact in policy.facts:
        try:
            fixed[fact.name] = held(fact, claim)
        except TwoValuesError as error:
            fixed[fact.name] = error.values

    def known(day: date) -> dict[str, object]:
        return {name: _on(value, day) for name, value in claim.facts.items()} | fixed

    return known


def _on(value: FactValue, day: date) -> object:
    if not isinstance(value, tuple):
        return value
    now = [h.value for h in value if (h.start is None or h.start <= day) and (h.end is None or day < h.end)]
    return (now[0] if len(now) == 1 else tuple(now)) if now else None
