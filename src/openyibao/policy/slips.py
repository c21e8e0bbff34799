"""Slips of the keyboard that are no error of YAML: signs that became a part of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openyibao.policy.messages import NOTHING, Message, say
from openyibao.policy.nodes import Mapping, Node, Text
from openyibao.policy.problems import Place
from openyibao.policy.vocabulary import Vocabulary, split_list
from openyibao.policy.yaml_errors import DASHES

QUOTES = {"“": "”", "‘": "’", "「": "」", "『": "』", "＂": "＂", "”": "”", "’": "’"}
"""Quotation marks that are no marks of YAML; a keyboard may well write the closing one twice."""
BRACKETS = {"｛": "｝", "［": "］", "【": "】"}
TO_PLAIN = str.maketrans({"｛": "{", "｝": "}", "［": "[", "］": "]", "【": "[", "】": "]", "：": ": ", "，": ", "})


def find_slips(root: Node, vocabulary: Vocabulary) -> dict[Place, Message]:
    """What to do about texts that only a slip can have made, by place; said where something is wrong there."""
    found = {text.place: _slip(text.value, vocabulary) for text in _texts(root)}
    return {place: todo for place, todo in found.items() if todo}


def _texts(node: Node) -> Iterator[Text]:
    """All texts of a tree; a key after its value, as an empty value has the place of its key."""
    if isinstance(node, Text):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node:
            yield from _texts(value)
            yield key
    else:
        for item in node:
            yield from _texts(item)


def unquoted(text: str) -> str:
    """What stands between quotation marks that YAML takes for a part of the text, or nothing.

    >>> unquoted("“未查明”"), unquoted("“甲”和“乙”")
    ('未查明', '')
    """
    if len(text) < 3 or QUOTES.get(text[0]) != text[-1]:
        return ""
    inner = text[1:-1].strip()
    return "" if set(inner) & {*QUOTES, *QUOTES.values()} else inner


def _slip(text: str, vocabulary: Vocabulary) -> Message:
    if inner := unquoted(text):
        known = all(vocabulary.knows(vocabulary.english(word)) for word in split_list(inner))
        number = re.match(r"[+-]?\d", inner)
        return quotation(inner) if known or number else NOTHING
    if text[:1] in BRACKETS and text[-1:] == BRACKETS[text[0]]:
        return say("Write plain signs: {right}.", right=_shown(text.translate(TO_PLAIN).replace("  ", " ")))
    if re.match(rf"[{DASHES}] *[^\d\s{DASHES}]", text):
        return say("Write a `-` and a blank before an entry: {right}.", right=_shown(f"- {text[1:].strip()}"))
    return NOTHING


def quotation(inner: str) -> Message:
    """What to do about quotation marks around a word."""
    return say("Quotation marks are no part of a word: write {right}.", right=Message(inner, f"`{inner}`"))


def _shown(right: str) -> Message:
    return Message(f"“{right}”", f"`{right}`")
