"""Reading a tree of text with places: every wrong thing becomes a `Problem`, and reading goes on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from datetime import date

from openyibao.policy.messages import NOTHING, Message, quoted, say
from openyibao.policy.model import Bilingual
from openyibao.policy.nodes import Mapping, Node, Sequence, Text
from openyibao.policy.problems import Place, Problem
from openyibao.policy.slips import find_slips, quotation, unquoted
from openyibao.policy.values import FULL_WIDTH
from openyibao.policy.vocabulary import Vocabulary, language
from openyibao.policy.yaml_errors import sign_todo

Fields = dict[str, tuple[Place, Node]]
FIRST_YEAR = "1900"
PARTING = "，；：、"
UNKNOWN = ("not identified", "not known")
A_TEXT = say("a text")


class Reading:
    """What is being read, in which vocabulary, and what was found wrong so far."""

    def __init__(self, file: str, vocabulary: Vocabulary, root: Node | None = None) -> None:
        self.file = file
        self.vocabulary = vocabulary
        self.slips = {} if root is None else find_slips(root, vocabulary)
        self.problems: list[Problem] = []
        self.blamed: set[str] = set()  # words already complained of: what follows from them is not told again

    def problem(self, place: Place, path: str, found: Message, expected: Message, todo: Message = NOTHING) -> None:
        todo = self.slips.get(place) or todo
        self.problems.append(Problem(self.file, place, self.path(path), found, expected, todo))

    def path(self, path: str) -> Message:
        """A path of keys with all its words in one language."""
        return Message(self.vocabulary.path(path, "zh"), self.vocabulary.path(path, "en"))

    def word(self, english: str) -> Message:
        """A word of the language, or of this file, in both languages."""
        return self.vocabulary.word(english)

    def named(self, english: str) -> Message:
        """The same, with quotation marks."""
        return self.vocabulary.named(english)

    def written(self, english: str) -> Message:
        """The same, as what was found."""
        return say("{text}", text=self.named(english))

    def some(self, words: Collection[str], near: str = "") -> Message:
        return self.vocabulary.some(words, near)

    def english(self, text: str) -> str:
        return self.vocabulary.english(text)

    def fields(
        self,
        node: Node,
        path: str,
        required: Collection[str],
        optional: Collection[str] = (),
        beside: Collection[str] = (),
    ) -> Fields:
        """The values of a mapping under their English keys, in the order written.

        Keys `beside` these may stand there too, and have been taken out: messages name them.
        """
        if not isinstance(node, Mapping):
            self.problem(
                node.place,
                path,
                describe(node),
                say("keys and values ({words})", words=self.some(required or optional)),
            )
            return {}
        known = {*required, *optional}
        fields: Fields = {}
        meant: set[str] = set()
        for key, value in node:
            name = self.english(key.value)
            if name not in known:
                near = self.near(re.split(f"[{PARTING}]", key.value)[0], {*known, *beside})
                meant.add(near)
                self.problem(
                    key.place,
                    join(path, key.value),
                    say("the key {name}", name=quoted(key.value)),
                    say("one of {words}", words=self.some([*required, *optional, *beside], near)),
                    _slip(key.value) or self.hint(near),
                )
            elif name in fields:
                self.problem(
                    key.place,
                    join(path, key.value),
                    say("the key {key} a second time", key=quoted(key.value)),
                    say("every key once, in one language"),
                    say("Remove one of the two."),
                )
            else:
                fields[name] = (key.place, value)
        for name in required:
            if name not in fields and name not in meant:
                self.problem(
                    node.place,
                    path,
                    say("no key {key}", key=self.named(name)),
                    say("the key {key}", key=self.named(name)),
                    say("Add `{key}:`.", key=self.word(name)),
                )
        return fields

    def text(self, node: Node, path: str, expected: Message = A_TEXT) -> str:
        if not isinstance(node, Text) or not node.value:
            self.problem(node.place, path, describe(node), expected)
            return ""
        inner = unquoted(node.value)
        if self.english(inner) in UNKNOWN:  # as a text it would pass for the name of an article
            self.problem(node.place, path, describe(node), say("a word without quotation marks"), quotation(inner))
            return ""
        return node.value

    def items(self, node: Node, path: str, expected: Message) -> tuple[Node, ...]:
        """The items of a list that holds at least one."""
        if isinstance(node, Sequence) and node.items:
            return node.items
        self.problem(node.place, path, describe(node), say("a list of {items}", items=expected))
        return ()

    def choice(self, node: Node, path: str, choices: Collection[str]) -> str:
        """One of the given English words, written in either language; the first one after a problem."""
        name = self.english(node.value) if isinstance(node, Text) else ""
        if name in choices:
            return name
        expected = say("one of {words}", words=self.some(choices))
        if self.text(node, path, expected):
            self.unknown(node, path, expected, choices)
        return next(iter(choices))

    def date(self, node: Node, path: str) -> date:
        text = self.text(node, path, say("a date such as 2023-01-31"))
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                raise ValueError
            if text < FIRST_YEAR:
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            if text:
                self.problem(
                    node.place,
                    path,
                    written(text),
                    say("a day that exists, from 1900 on, written like 2023-01-31"),
                    _iso(text),
                )
            return date.min

    def near(self, word: str, known: Collection[str]) -> str:
        """The known English word that a word in either language comes nearest to, or nothing."""
        if word.lower().startswith(("not ", "非", "除")):  # the nearest word would be the opposite
            return ""
        meant = language().meant.get(word, "")
        if meant in known:
            return meant
        if self.english(word) in known:
            return self.english(word)
        by_name = {name: name for name in known} | {self.vocabulary.chinese(name): name for name in known}
        strict = 0.6 if word.isascii() else 0.75  # two of four characters in common mean little in Chinese
        near = difflib.get_close_matches(word, list(by_name), n=1, cutoff=strict)
        return by_name[near[0]] if near else ""

    def unknown(
        self, node: Node, path: str, expected: Message, known: Collection[str], otherwise: Message = NOTHING
    ) -> None:
        """A text that is none of the known words: what it probably stands for, or what to do `otherwise`."""
        text = node.value if isinstance(node, Text) else ""
        todo = sign_hint(text) or self.did_you_mean(text, known) or otherwise
        self.problem(node.place, path, describe(node), expected, todo)

    def did_you_mean(self, word: str, known: Collection[str]) -> Message:
        return self.hint(self.near(word, known))

    def hint(self, near: str) -> Message:
        """The word that was probably meant; in English with its Chinese."""
        if not near:
            return NOTHING
        if near == "before":
            return say("Did you mean `before` (早于)? It names the first day after the last.")
        chinese = self.vocabulary.chinese(near)
        both = f"{near!r} ({chinese})" if chinese != near else repr(near)
        return say("Did you mean {word}?", word=Message(self.named(near).zh, both))

    def bilingual(self, node: Node, path: str) -> Bilingual:
        if isinstance(node, Text) and node.value:
            todo = say("Write `{{zh: ..., en: ...}}`, with the text in both languages.")
            self.problem(node.place, path, describe(node), say("keys and values (zh, en)"), todo)
            return Bilingual("", "")
        fields = self.fields(node, path, ("zh", "en"))
        values = {name: self.text(value, join(path, name)) for name, (_, value) in fields.items()}
        return Bilingual(values.get("zh", ""), values.get("en", ""))


def named(reading: Reading, node: Node, path: str, *, said: bool = True) -> list[tuple[str, Text, Node]]:
    """The entries of a mapping whose keys are free names: each once, in one language.

    Names that bills say (`said`) need their Chinese; documents are said by their titles.
    """
    if not isinstance(node, Mapping):
        reading.problem(node.place, path, describe(node), say("{path} by name", path=reading.path(path)))
        return []
    entries: list[tuple[str, Text, Node]] = []
    for key, value in node:
        name = reading.english(key.value)
        if any(name == other for other, _, _ in entries):
            reading.problem(
                key.place,
                join(path, key.value),
                say("the name {key} a second time", key=quoted(key.value)),
                say("every name once"),
            )
        elif said and not reading.vocabulary.knows(name):
            reading.blamed.add(name)
            reading.problem(
                key.place,
                join(path, key.value),
                say("the name {key}", key=quoted(key.value)),
                say("a word declared under `words` (en, zh)"),
                say("Add it to `words`, so that it reads in both languages."),
            )
        entries.append((name, key, value))
    return entries


def _slip(key: str) -> Message:
    """What to do about a key that only a slip of the keyboard can have made."""
    if re.fullmatch(r"\d{3}", key):
        return say("Inside braces a comma separates: write 60000 or 6万.")
    return sign_hint(key)


def sign_hint(text: str) -> Message:
    """Which plain sign to write where a full-width one parts what should be two."""
    return next((sign_todo(sign) for sign in text if sign in PARTING), NOTHING)


def join(path: str, key: str) -> str:
    return f"{path} / {key}" if path else key


def written(text: str) -> Message:
    """A text as it stands in the file, where that is what was found."""
    return say("{text}", text=quoted(text))


def dated(day: object) -> Message:
    """A day as it was read, where that is what was found."""
    return say("{text}", text=str(day))


def describe(node: Node) -> Message:
    """What stands where something else was expected."""
    if isinstance(node, Mapping):
        return say("{what}", what=say("keys and values"))
    if isinstance(node, Sequence):
        return say("{what}", what=say("a list") if node.items else say("an empty list"))
    return written(node.value) if node.value else say("nothing")


def _iso(text: str) -> Message:
    """How a date written in another way should be written, if that is plain."""
    text = text.translate(FULL_WIDTH)
    found = re.fullmatch(r"(\d{4})(?:[年/.-](\d{1,2})[月/.-](\d{1,2})日?|(\d\d)(\d\d))", text)
    try:
        day = date(int(found[1]), int(found[2] or found[4]), int(found[3] or found[5])) if found else None
    except ValueError:
        return NOTHING
    return say("Write {right}.", right=day) if day and str(day) > FIRST_YEAR else NOTHING
