"""The part of a policy that a construct needs, as YAML in either language: no header, and no basis that it brings."""

from __future__ import annotations

import io
from datetime import date
from typing import Any
from unicodedata import east_asian_width

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from openyibao.constructs.case import Part
from openyibao.constructs.header import DAY, SOURCE
from openyibao.constructs.trees import plain
from openyibao.policy import Policy
from openyibao.policy.vocabulary import Vocabulary
from openyibao.policy.write import Writer

WIDTH = 46
"""Letters of a line on a phone, a Chinese one counted twice: what fits stands on one line."""
ITEM_WIDTH = 60
"""The same for the items of a list of keys and values, which look alike: all on one line each, or none."""
LISTS_OF_ONE = ("of", "less", "per", "points")
"""Keys whose list may be one value instead."""
WIDEST = 4096
"""Lines are broken between parts only."""


def policy_text(policy: Policy, part: Part, lang: str) -> str:
    """What a part states of its policy, in one language."""
    writer = Writer(policy, lang)
    stated = {writer.say(name.value) for name, _ in part.policy}
    tree = {name: value for name, value in writer.policy_tree().items() if name in stated}
    words = writer.say("words")
    if words in tree:
        tree[words] = [one for one in tree[words] if SOURCE not in one.values()]
    return _dumped(_Shorter(writer).tree(tree))


def catalogue_text(policy: Policy, part: Part, lang: str) -> str:
    """The items of a part's catalogue in one language; their titles stand in both, as in the file."""
    vocabulary = Vocabulary(policy.words)

    def said(value: Any) -> Any:
        if isinstance(value, dict):
            told = set(value) == {"zh", "en"}  # a text in both languages stays as it is
            return {vocabulary.say(name, lang): one if told else said(one) for name, one in value.items()}
        if isinstance(value, list):
            return [said(item) for item in value]
        if DAY.fullmatch(value):
            return date.fromisoformat(value)
        return int(value) if value.isdecimal() else vocabulary.say(value, lang)

    return _dumped(said(plain(part.catalogue)))


class _Shorter:
    """Leaves out of a written policy what the header brings, and writes lists of one as that one."""

    def __init__(self, writer: Writer) -> None:
        self.basis, self.document, self.is_ = writer.say("basis"), writer.say("document"), writer.say("is")
        self.source = writer.say(SOURCE)
        self.where = writer.say("for")
        self.lists = {writer.say(name) for name in LISTS_OF_ONE}

    def tree(self, value: Any, key: str = "", parent: str = "") -> Any:
        if isinstance(value, dict):
            kept = {
                name: self.tree(inside, name, key) for name, inside in value.items() if not self.brought(name, inside)
            }
            return kept[self.is_] if list(kept) == [self.is_] else kept
        if isinstance(value, list):
            found = [self.tree(item, "", key) for item in value]
            return found[0] if len(found) == 1 and (key in self.lists or parent == self.where) else found
        return value

    def brought(self, name: str, value: Any) -> bool:
        """Whether this is a basis that only names the header's document."""
        return name == self.basis and bool(value[self.document] == self.source)


def _dumped(tree: Any) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.width = WIDEST
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(CommentedMap((name, _styled(one, 2, _width(name) + 2)) for name, one in tree.items()), stream)
    return stream.getvalue()


def _styled(value: Any, indent: int, beside: int) -> Any:
    """The tree with each part on one line if it fits beside what stands there, else on lines of its own."""
    if not isinstance(value, dict | list):
        return value
    flow = beside + _width(value) <= WIDTH
    out: Any
    if isinstance(value, dict):
        parts = ((n, _styled(one, indent + 2, indent + _width(n) + 2)) for n, one in value.items())
        out = CommentedMap((int(n) if str(n).isdecimal() else n, one) for n, one in parts)  # a number needs no quotes
    else:
        out = CommentedSeq(_styled(one, indent + 4, indent + 2) for one in value)
        several = [one for one in out if isinstance(one, CommentedMap)]
        if several:
            flow = False
            if all(indent + 2 + _width(one) <= ITEM_WIDTH for one in value):
                for one in several:
                    one.fa.set_flow_style()
    if flow:
        out.fa.set_flow_style()
    else:
        out.fa.set_block_style()
    return out


def _width(value: Any) -> int:
    """How many letters wide a value is on one line."""
    if isinstance(value, dict):
        return sum(_width(name) + _width(inside) + 4 for name, inside in value.items()) or 2
    if isinstance(value, list):
        return sum(_width(item) + 2 for item in value) or 2
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in str(value))
