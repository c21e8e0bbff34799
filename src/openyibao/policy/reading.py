"""Reading a tree of text with places: every wrong thing becomes a `Problem`, and reading goes on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from datetime import date

from openyibao.policy.model import Bilingual
from openyibao.policy.nodes import Mapping, Node, Place, Problem, Sequence, Text
from openyibao.policy.vocabulary import Vocabulary, language

Fields = dict[str, tuple[Place, Node]]


class Reading:
    """What is being read, in which vocabulary, and what was found wrong so far."""

    def __init__(self, file: str, vocabulary: Vocabulary) -> None:
        self.file = file
        self.vocabulary = vocabulary
        self.problems: list[Problem] = []
        self.blamed: set[str] = set()  # words already complained of: what follows from them is not told again

    def problem(self, place: Place, path: str, found: str, expected: str, todo: str = "") -> None:
        self.problems.append(Problem(self.file, place, path, found, expected, todo))

    def english(self, text: str) -> str:
        return self.vocabulary.english(text)

    def fields(self, node: Node, path: str, required: Collection[str], optional: Collection[str] = ()) -> Fields:
        """The values of a mapping under their English keys, in the order written."""
        if not isinstance(node, Mapping):
            self.problem(node.place, path, describe(node), f"keys and values ({some(required or optional)})")
            return {}
        known = {*required, *optional}
        fields: Fields = {}
        meant: set[str] = set()
        for key, value in node:
            name = self.english(key.value)
            if name not in known:
                near = self.near(key.value, known)
                slip = _slip(key.value)
                meant.add(near)
                self.problem(
                    key.place,
                    join(path, key.value),
                    f"the key {key.value!r}",
                    f"one of {some([*required, *optional], 4 if near else 40)}",
                    slip or self.hint(near),
                )
            elif name in fields:
                self.problem(
                    key.place,
                    join(path, key.value),
                    f"the key {key.value!r} a second time",
                    "every key once, in one language",
                    "Remove one of the two.",
                )
            else:
                fields[name] = (key.place, value)
        for name in required:
            if name not in fields and name not in meant:
                self.problem(node.place, path, f"no key {name!r}", f"the key {name!r}", f"Add `{name}:`.")
        return fields

    def text(self, node: Node, path: str, expected: str = "a text") -> str:
        if isinstance(node, Text) and node.value:
            return node.value
        self.problem(node.place, path, describe(node), expected)
        return ""

    def items(self, node: Node, path: str, expected: str) -> tuple[Node, ...]:
        """The items of a list that holds at least one."""
        if isinstance(node, Sequence) and node.items:
            return node.items
        self.problem(node.place, path, describe(node), f"a list of {expected}")
        return ()

    def choice(self, node: Node, path: str, choices: Collection[str]) -> str:
        """One of the given English words, written in either language; the first one after a problem."""
        text = self.text(node, path, f"one of {some(choices)}")
        name = self.english(text)
        if text and name not in choices:
            self.problem(node.place, path, repr(text), f"one of {some(choices)}", self.did_you_mean(text, choices))
        return name if name in choices else next(iter(choices))

    def date(self, node: Node, path: str) -> date:
        text = self.text(node, path, "a date such as 2023-01-31")
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                raise ValueError
            if text < "1900":
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            if text:
                self.problem(
                    node.place, path, repr(text), "a day that exists, from 1900 on, written like 2023-01-31", _iso(text)
                )
            return date.min

    def near(self, word: str, known: Collection[str]) -> str:
        """The known English word that a word in either language comes nearest to, or nothing."""
        if word.lower().startswith(("not ", "非", "除")):  # the nearest word would be the opposite
            return ""
        meant = language().meant.get(word, "")
        if meant in known:
            return meant
        by_name = {name: name for name in known} | {self.vocabulary.chinese(name): name for name in known}
        strict = 0.6 if word.isascii() else 0.75  # two of four characters in common mean little in Chinese
        near = difflib.get_close_matches(word, list(by_name), n=1, cutoff=strict)
        return by_name[near[0]] if near else ""

    def did_you_mean(self, word: str, known: Collection[str]) -> str:
        return self.hint(self.near(word, known))

    def hint(self, near: str) -> str:
        """The word that was probably meant, in both languages."""
        chinese = self.vocabulary.chinese(near)
        both = f"{near!r} ({chinese})" if chinese != near else repr(near)
        more = " It names the first day after the last." if near == "before" else ""
        return f"Did you mean {both}?{more}" if near else ""

    def bilingual(self, node: Node, path: str) -> Bilingual:
        fields = self.fields(node, path, ("zh", "en"))
        values = {name: self.text(value, join(path, name)) for name, (_, value) in fields.items()}
        return Bilingual(values.get("zh", ""), values.get("en", ""))


def named(reading: Reading, node: Node, path: str, *, said: bool = True) -> list[tuple[str, Text, Node]]:
    """The entries of a mapping whose keys are free names: each once, in one language.

    Names that bills say (`said`) need their Chinese; documents are said by their titles.
    """
    if not isinstance(node, Mapping):
        reading.problem(node.place, path, describe(node), f"{path} by name")
        return []
    entries: list[tuple[str, Text, Node]] = []
    for key, value in node:
        name = reading.english(key.value)
        if any(name == other for other, _, _ in entries):
            reading.problem(
                key.place, join(path, key.value), f"the name {key.value!r} a second time", "every name once"
            )
        elif said and not reading.vocabulary.knows(name):
            reading.blamed.add(name)
            reading.problem(
                key.place,
                join(path, key.value),
                f"the name {key.value!r}",
                "a word declared under `words` (en, zh)",
                "Add it to `words`, so that it reads in both languages.",
            )
        entries.append((name, key, value))
    return entries


def _slip(key: str) -> str:
    """What to do about a key that only a slip of the keyboard can have made."""
    if re.fullmatch(r"\d{3}", key):
        return "Inside braces a comma separates: write 60000 or 6万."
    return "After the key stand a plain `:` and a space." if "：" in key else ""


def join(path: str, key: str) -> str:
    return f"{path} / {key}" if path else key


def describe(node: Node) -> str:
    if isinstance(node, Mapping):
        return "keys and values"
    if isinstance(node, Sequence):
        return "a list" if node.items else "an empty list"
    return repr(node.value) if node.value else "nothing"


def some(words: Collection[str], most: int = 14) -> str:
    listed = list(words)
    return ", ".join(listed[:most]) + (" ..." if len(listed) > most else "")


def _iso(text: str) -> str:
    """How a date written in another way should be written, if that is plain."""
    found = re.fullmatch(r"(\d{4})([年/.])(\d{1,2})[月/.](\d{1,2})日?", text)
    return f"Write {found[1]}-{int(found[3]):02d}-{int(found[4]):02d}." if found else ""
