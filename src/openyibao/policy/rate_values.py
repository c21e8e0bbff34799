"""Rates as laws write them: a percentage, a multiple of another group's own share, a line in the age; points added."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from openyibao.policy.messages import NOTHING, Message, quoted, say
from openyibao.policy.model import Line, OwnShareOf, Ratio, Value
from openyibao.policy.nodes import Node, Text
from openyibao.policy.reading import Fields, Reading, describe, join, written
from openyibao.policy.values import FULL_WIDTH, MAX_DENOMINATOR, parse_ratio, percent
from openyibao.policy.vocabulary import LINE_DOWN, LINE_UP, OWN_SHARE

RATE_EXPECTED = say("a ratio from 0% to 100% such as 70%")
LONGEST_LINE = 100  # longer texts are no slip in writing a line
SIGNED = re.compile(r"([+＋-])?(.+)")


def read_rate(reading: Reading, node: Text, path: str, facts: dict[str, bool], values: set[str]) -> Value:
    """A rate. `facts` says of each fact whether it is a whole number, `values` which words the facts have."""
    if parts := OWN_SHARE.match(node.value):
        return _own_share(reading, node, path, parts, values)
    for phrase, sign in ((LINE_UP, 1), (LINE_DOWN, -1)):
        if parts := phrase.match(node.value):
            return _line(reading, node, path, parts, sign, facts)
    ratio = parse_ratio(node.value)
    if ratio is None or ratio > 1 or ratio.denominator > MAX_DENOMINATOR:
        todo = reading.did_you_mean(node.value, ("not known",))
        if re.fullmatch(r"\d+|0?\.\d+", node.value):
            todo = say("Write 70% rather than 0.7 or 70.")
        elif ratio is not None:
            todo = (
                say("Not above 100%.") if ratio > 1 else say("Write a simpler fraction: the denominator is too large.")
            )
        elif "自付" in node.value or "own share" in node.value:
            todo = say("A part of what others bear reads `80% of the own share of active` (在职自付比例的80%).")
        elif len(node.value) < LONGEST_LINE and re.search(r"[+＋－-].+[xX×*＊·]", node.value):
            todo = _line_hint(reading, node.value)
        reading.problem(node.place, path, describe(node), RATE_EXPECTED, todo)
        ratio = Fraction(0)
    return Ratio(ratio)


def _line_hint(reading: Reading, text: str) -> Message:
    """How a rate on a line is written: exactly, where only the signs or the blanks are others."""
    plain = text.translate(FULL_WIDTH)
    parts = re.fullmatch(r"(\S+?)\s*([+-])\s*(\S+?)\s*[xX×*·]\s*(.+)", plain)
    if not parts or None in (parse_ratio(parts[1]), parse_ratio(parts[3])):
        return say("A rate that changes with a fact reads `75% + 0.2% x age` (75%+0.2%×年龄), the blanks in it too.")
    line, fact = LINE_UP if parts[2] == "+" else LINE_DOWN, reading.english(parts[4])
    zh = line.say("zh", parts[1], parts[3], reading.vocabulary.chinese(fact))
    right = Message(f"“{zh}”", f"`{line.say('en', parts[1], parts[3], fact)}` ({zh})")
    return say("Write `x`, not `*`: {right}.", right=right) if "*" in plain else say("Write {right}.", right=right)


def _own_share(reading: Reading, node: Text, path: str, parts: tuple[str, ...], values: set[str]) -> Value:
    multiple, value = parse_ratio(parts[0]), reading.english(parts[1])
    if multiple is None or multiple > 100 or max(multiple.as_integer_ratio()) > MAX_DENOMINATOR:
        reading.problem(node.place, path, written(parts[0]), say("a multiple such as 80%"))
    elif not values:
        found, todo = (
            say("the own share of {value}, outside a table", value=quoted(parts[1])),
            say("Write a table with `by`, or the rate itself."),
        )
        reading.problem(node.place, path, found, say("it in a table over a fact that has this value"), todo)
    elif value not in values:
        expected = say("another value of a fact of this table ({words})", words=reading.some(sorted(values)))
        reading.problem(node.place, path, written(parts[1]), expected, reading.did_you_mean(value, values))
    else:
        return OwnShareOf(value, multiple)
    return Ratio(Fraction(0))


def _line(reading: Reading, node: Text, path: str, parts: tuple[str, ...], sign: int, facts: dict[str, bool]) -> Value:
    start, slope, fact = parse_ratio(parts[0]), parse_ratio(parts[1]), reading.english(parts[2])
    numbers = [name for name, is_number in facts.items() if is_number]
    if start is None or slope is None or max(start.denominator, slope.denominator) > MAX_DENOMINATOR or start > 100:
        reading.problem(node.place, path, written(node.value), say("a line such as `75% + 0.2% x age`"))
    elif slope > 1:
        reading.problem(node.place, path, written(parts[1]), say("a slope of at most 100% for each one"))
    elif fact not in numbers:
        found = say("{fact}, which is no whole number", fact=quoted(parts[2])) if fact in facts else written(parts[2])
        expected = say(
            "a fact of this policy that is a whole number ({words})",
            words=reading.some(numbers) or say("none declared"),
        )
        todo = reading.did_you_mean(fact, numbers) or say("Declare it under `facts`, as in `age: 0 to 130`.")
        reading.problem(node.place, path, found, expected, NOTHING if fact in facts else todo)
    else:
        return Line(start, sign * slope, fact)
    return Ratio(Fraction(0))


def bound_line(reading: Reading, fields: Fields, path: str, line: Line) -> Line:
    """`least` and `most` of a rate on a line."""
    bounds: dict[str, Fraction] = {}
    for name in ("least", "most"):
        if name in fields:
            node = fields[name][1]
            ratio = parse_ratio(node.value) if isinstance(node, Text) else None
            if ratio is None or ratio > 1 or ratio.denominator > MAX_DENOMINATOR:
                reading.problem(node.place, join(path, name), describe(node), RATE_EXPECTED)
            else:
                bounds[name] = ratio
    if "least" in bounds and "most" in bounds and bounds["least"] > bounds["most"]:
        found = say("{most}, below `least` ({least})", most=percent(bounds["most"]), least=percent(bounds["least"]))
        reading.problem(fields["most"][1].place, join(path, "most"), found, say("a `most` that is not below `least`"))
    return replace(line, least=bounds.get("least"), most=bounds.get("most"))


def read_points(reading: Reading, node: Node, path: str) -> Value:
    """Points added to a rate (+5%) or taken from it (-10%)."""
    text = reading.text(node, path, say("points such as +5% or -10%"))
    found = SIGNED.fullmatch(text)
    ratio = parse_ratio(found[2]) if found else None
    if text and (ratio is None or ratio > 1 or ratio.denominator > MAX_DENOMINATOR):
        plain = text.translate(FULL_WIDTH)
        todo = say("Write {plain}, with plain signs.", plain=plain) if plain != text and ratio is None else NOTHING
        todo = say("Write +{text}% rather than {text}.", text=text) if re.fullmatch(r"[0-9.]+", text) else todo
        reading.problem(node.place, path, written(text), say("points such as +5% or -10%, up to 100%"), todo)
        return Ratio(Fraction(0))
    if found and not found[1] and ratio:
        todo = say("Write +{text} if they are added, -{text} if they are taken off.", text=text)
        reading.problem(node.place, path, written(text), say("points with their sign, such as +5% or -10%"), todo)
    sign = -1 if found and found[1] == "-" else 1
    return Ratio(sign * (ratio or Fraction(0)))
