"""Taking apart the trees of files that hold a case: each function says what it expects, and where it was not found."""

from __future__ import annotations

import re
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.policy.nodes import Mapping, Node, Sequence, Text
from openyibao.policy.problems import Place
from openyibao.policy.values import parse_fen

LETTERS = re.compile(r"[A-Za-z]{2}")
HERE = Place(1, 1)
"""The place of what stands in no file."""


class CaseError(ValueError):
    """A case that is not written as it must be."""


def mapping(node: Node | None) -> Mapping:
    if not isinstance(node, Mapping):
        raise _expected("keys and values", node)
    return node


def items(node: Node | None) -> tuple[Node, ...]:
    if not isinstance(node, Sequence):
        raise _expected("a list", node)
    return node.items


def text(node: Node | None) -> str:
    if not isinstance(node, Text):
        raise _expected("a text", node)
    return node.value


def fen(node: Node | None) -> int:
    """An amount in fen; below 0 where a claim lowers what the person bore."""
    said = text(node)
    amount = parse_fen(said.removeprefix("-"))
    if amount is None:
        raise _expected("an amount", node)
    return -amount if said.startswith("-") else amount


def plain(node: Node | None) -> Any:
    """The tree as dicts, lists and strings."""
    if isinstance(node, Mapping):
        return {key.value: plain(value) for key, value in node}
    return [plain(item) for item in node] if isinstance(node, Sequence) else text(node)


def both(node: Node | None) -> Bilingual:
    """A text in both languages: `{zh: ..., en: ...}`."""
    found = mapping(node)
    if {key.value for key, _ in found} != {"zh", "en"}:
        raise _expected("zh and en", node)
    told = Bilingual(text(found.get("zh")), text(found.get("en")))
    if not (told.zh and told.en):
        raise _expected("a text in each language", node)
    return told


def both_or_one(node: Node | None) -> Bilingual:
    """A text in both languages, or one that serves both: names, numbers, sums."""
    return Bilingual(node.value, node.value) if isinstance(node, Text) else both(node)


def sums_or_both(node: Node | None) -> Bilingual:
    """A text in both languages; without words, as sums are, one serves both.

    >>> sums_or_both(Text("2 x 3 = 6", HERE)).zh
    '2 x 3 = 6'
    """
    if isinstance(node, Text) and LETTERS.search(node.value):
        raise _expected("words in both languages", node)
    return both_or_one(node)


def word(value: str) -> Text:
    """A key or a text that stands in no file."""
    return Text(value, HERE)


def _expected(what: str, node: Node | None) -> CaseError:
    where = "nothing there" if node is None else f"line {node.place.line}"
    return CaseError(f"{where}: expected {what}")
