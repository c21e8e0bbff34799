"""Keys of tables and conditions: values of a fact, ranges of whole numbers, `otherwise`; and what they cover."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection

from openyibao.policy.messages import NOTHING, Message, listed, quoted, say
from openyibao.policy.model import Fact, Key, Otherwise, Range, Words
from openyibao.policy.nodes import Mapping, Text
from openyibao.policy.reading import Reading, describe, join, written
from openyibao.policy.values import FULL_WIDTH, parse_fen, parse_ratio, parse_whole
from openyibao.policy.vocabulary import (
    AND_OVER,
    EACH,
    FROM_TO,
    LEFT_OF,
    MOST_SHOWN,
    PART_OF,
    SHARE_OF,
    UNDER,
    Phrase,
    Vocabulary,
    say_range,
    split_list,
)


def read_key(reading: Reading, text: Text, path: str, fact: Fact, beside: Collection[str] = ()) -> Key | None:
    """A key of a table or condition: values of the fact, a range of whole numbers, or `otherwise`.

    `beside` are other keys that may stand there, and might have been meant.
    """
    if reading.english(text.value) == "otherwise":
        return Otherwise()
    if fact.range is not None:
        return _read_range_key(reading, text, path, fact, beside)
    names: list[str] = []
    readable = True
    for word in split_list(text.value):
        name = reading.english(word)
        if name in names:
            reading.problem(text.place, path, say("{word} twice", word=quoted(word)), say("every value once"))
        elif name not in fact.values and (name in reading.blamed or not fact.values):
            readable = False
        elif name not in fact.values:
            readable = False
            expected = say(
                "a value of {fact} that this policy declares ({words}) or `otherwise`",
                fact=reading.word(fact.name),
                words=reading.some(fact.values),
            )
            if reading.near(word, (*fact.values, *beside)) in beside:
                expected = say("{expected}, or one of the keys {words}", expected=expected, words=reading.some(beside))
            todo = say("Declare it under `facts / {fact}`.", fact=reading.word(fact.name))
            reading.unknown(Text(word, text.place), path, expected, (*fact.values, *beside), todo)
        else:
            names.append(name)
    return Words(tuple(names)) if names and readable else None


def _read_range_key(reading: Reading, text: Text, path: str, fact: Fact, beside: Collection[str]) -> Range | None:
    bounds = parse_range(text.value)
    assert fact.range is not None
    low, high = fact.range.low or 0, fact.range.high or 0
    if bounds is None:
        todo = range_hint(text.value) or reading.did_you_mean(text.value, ("otherwise", *beside))
        expected = say("a range such as `under 18`, `6 to 17`, `18 and over`")
        reading.problem(text.place, path, describe(text), expected, todo)
    elif bounds.low is not None and bounds.high is not None and bounds.low > bounds.high:
        reading.problem(text.place, path, written(text.value), say("a range with the smaller number first"))
        return None
    elif (bounds.low is not None and bounds.low > high) or (bounds.high is not None and bounds.high < low):
        reading.problem(
            text.place,
            path,
            written(text.value),
            say("a range that meets {fact} {low} to {high}", fact=reading.word(fact.name), low=low, high=high),
            say("Remove it, or widen `facts / {fact}`.", fact=reading.word(fact.name)),
        )
        return None
    return bounds


def parse_range(text: str) -> Range | None:
    """`under 18`, `6 to 17`, `18 and over`, `18` in either language, both ends included; None if it is no range.

    >>> parse_range("under 18"), parse_range("6至17")
    (Range(low=None, high=17), Range(low=6, high=17))
    """
    builders: tuple[tuple[Phrase, Callable[[list[int]], Range]], ...] = (
        (UNDER, lambda n: Range(None, n[0] - 1)),
        (AND_OVER, lambda n: Range(n[0], None)),
        (FROM_TO, lambda n: Range(n[0], n[1])),
    )
    for phrase, build in builders:
        parts = phrase.match(text)
        numbers = [parse_whole(part) for part in parts or ()]
        if numbers and None not in numbers:
            return build([number for number in numbers if number is not None])
    number = parse_whole(text)
    return None if number is None else Range(number, number)


def _from(numbers: list[int]) -> Range:
    return Range(numbers[0], None)


def range_hint(text: str) -> Message:
    """How a range written in another way is written in the language, if it is plain what is meant."""
    text = re.sub(r"周?岁|天|日|次|\byears?( old)?\b|\bdays?\b|\btimes?\b", "", text.translate(FULL_WIDTH))
    for pattern, build in WRITTEN_OTHERWISE:
        if found := re.fullmatch(pattern, text.strip(), re.IGNORECASE):
            meant = build([int(number) for number in found.groups()])
            if meant.low is None or meant.high is None or meant.low <= meant.high:
                zh, en = (say_range(meant.low, meant.high, lang) for lang in ("zh", "en"))
                return say("Write {right}.", right=Message(f"“{zh}”", f"`{en}` ({zh})"))
    return NOTHING


WRITTEN_OTHERWISE: tuple[tuple[str, Callable[[list[int]], Range]], ...] = (
    (r"(\d{1,6}) *(?:\+|or more|or over|and more|and above|or above|以上|及以上|and over|or older|and older)", _from),
    (r"(?:>=|=>|≥|at least|from) *(\d{1,6})", _from),
    (r"(?:>|over|more than|above|超过) *(\d{1,6})", lambda n: Range(n[0] + 1, None)),
    (r"(?:<|below|less than|younger than|不满|未满|不足|小于|under) *(\d{1,6})", lambda n: Range(None, n[0] - 1)),
    (r"(?:<=|=<|≤|up to|at most|不超过) *(\d{1,6})", lambda n: Range(None, n[0])),
    (r"(\d{1,6}) *(?:-|–|—|~|〜|\.\.\.?|…|到|至|to|through|and) *(\d{1,6})", lambda n: Range(n[0], n[1])),
)


def reads_as_value(text: str) -> bool:
    """Whether a text could be taken for an amount, a ratio, a range, a list or a phrase, and so cannot be a name."""
    share, part, each = SHARE_OF.match(text), PART_OF.match(text), EACH.match(text)
    phrase = (
        bool(LEFT_OF.match(text))
        or (share is not None and parse_ratio(share[0]) is not None)
        or (part is not None and Vocabulary().knows(Vocabulary().english(part[1])))
        or (each is not None and parse_fen(each[0]) is not None)
    )
    value = parse_fen(text) is not None or parse_ratio(text) is not None or parse_range(text) is not None
    return phrase or value or any(mark in text for mark in ",、，:：/\n")


Atom = str | tuple[int, int]
"""A value of a fact, or an interval of whole numbers."""


def check_cover(
    reading: Reading,
    node: Mapping,
    path: str,
    fact: Fact,
    keys: list[tuple[Key, Text]],
    let_through: Key | None = None,
) -> None:
    """Every value of the fact has exactly one answer; one that the layer does not let through needs none."""
    whole = atoms(fact, [key for key, _ in keys])
    taken: dict[object, Text] = {}
    has_otherwise = False
    for key, text in keys:
        if isinstance(key, Otherwise):
            if has_otherwise:
                reading.problem(
                    text.place, join(path, text.value), say("a second `otherwise`"), say("`otherwise` once")
                )
            has_otherwise = True
            continue
        mine = [atom for atom in whole if covers(key, atom)]
        clash = next((taken[atom] for atom in mine if atom in taken), None)
        if clash is not None:
            reading.problem(
                text.place,
                join(path, text.value),
                say("{text}, which overlaps {clash}", text=quoted(text.value), clash=quoted(clash.value)),
                say("every value in one key only"),
                say("Remove the value from one of the two keys."),
            )
        taken.update(dict.fromkeys(mine, text))
    missing = [atom for atom in whole if atom not in taken]
    asked = missing if let_through is None else [cut for atom in missing for cut in _cut(atom, let_through)]
    if asked and not has_otherwise:
        reading.problem(
            node.place,
            path,
            say(
                "no answer for {fact} {words}",
                fact=reading.word(fact.name),
                words=listed([describe_atom(reading, a) for a in asked[:MOST_SHOWN]], cut=len(asked) > MOST_SHOWN),
            ),
            say("an answer for every {fact}", fact=reading.word(fact.name)),
            say("Add the value, `otherwise:`, or `not known`."),
        )
    if has_otherwise and not missing:
        place = next(text.place for key, text in keys if isinstance(key, Otherwise))
        reading.problem(
            place,
            path,
            say("`otherwise`, but no value is left for it"),
            say("only keys that can answer"),
            say("Remove `otherwise`."),
        )


def atoms(fact: Fact, keys: list[Key]) -> list[Atom]:
    """The pieces a table tells apart: the values of a fact, or the intervals its range keys cut."""
    if fact.range is None:
        return list(fact.values)
    low, high = fact.range.low or 0, fact.range.high or 0
    cuts = {low, high + 1}
    for key in keys:
        if isinstance(key, Range):
            cuts.add(low if key.low is None else key.low)
            cuts.add(high + 1 if key.high is None else key.high + 1)
    inside = sorted(cut for cut in cuts if low <= cut <= high + 1)
    return [(start, end - 1) for start, end in itertools.pairwise(inside)]


def _cut(atom: Atom, key: Key) -> list[Atom]:
    """What of a piece a condition lets through: the piece, a part of it, or nothing."""
    if isinstance(atom, str):
        return [atom] if covers(key, atom) else []
    if not isinstance(key, Range):
        return [atom]
    low = atom[0] if key.low is None else max(atom[0], key.low)
    high = atom[1] if key.high is None else min(atom[1], key.high)
    return [(low, high)] if low <= high else []


def covers(key: Key, atom: Atom) -> bool:
    if isinstance(key, Words):
        return atom in key.values
    if isinstance(key, Range) and isinstance(atom, tuple):
        return (key.low is None or key.low <= atom[0]) and (key.high is None or atom[1] <= key.high)
    return isinstance(key, Otherwise)


def describe_atom(reading: Reading, atom: Atom) -> Message:
    if isinstance(atom, str):
        return reading.word(atom)
    return Message(say_range(*atom, "zh"), say_range(*atom, "en"))
