"""Small policies: the few keys that an example states, under the header and with the bases that every policy needs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from openyibao.constructs.trees import HERE, items, mapping, word
from openyibao.policy import Policy
from openyibao.policy.model import Bilingual
from openyibao.policy.nodes import Mapping, Node, Sequence, Text, parse_bytes
from openyibao.policy.read import read_tree

SOURCE = "the source"
"""What the header calls the one document of a small policy."""
HEADER = """
policy: {id}
title: {title}
region: 999999
scheme: resident
in force: {{from: 1990-01-01, before: 2100-01-01}}
rule of the date of: settlement
words: [{{en: the source, zh: 原始出处}}]
documents:
  the source: {{title: {title}, number: not identified, date: {day}, source: {source}}}
gaps: [{{zh: 只含该例写明的内容, en: Holds only what the example states}}]
"""
BASIS = "{{document: the source, article: not identified, source: {source}, sure: {sure}}}"
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Stated:
    """What the source is: its title, where it was read, its date, how sure it is."""

    title: Bilingual
    source: str
    date: str
    sure: str

    def header(self, policy_id: str) -> Mapping:
        title = json.dumps({"zh": self.title.zh, "en": self.title.en}, ensure_ascii=False)
        day = self.date if DAY.fullmatch(self.date) else "not identified"
        text = HEADER.format(id=json.dumps(policy_id), title=title, day=day, source=_quoted(self.source))
        return mapping(parse_bytes(text.encode(), policy_id))

    def basis(self) -> Node:
        return parse_bytes(BASIS.format(source=_quoted(self.source), sure=self.sure).encode(), SOURCE)


def small_policy(own: Mapping, policy_id: str, stated: Stated) -> Policy:
    """The policy of which `own` holds only some keys.

    The region, the time in force and, where `own` names none, the scheme are the header's, not the source's.
    """
    basis = stated.basis()
    tree = {name.value: value for name, value in stated.header(policy_id)}
    more = {name.value: value for name, value in own}
    if "words" in more:
        more["words"] = Sequence((*items(more["words"]), *items(tree["words"])), HERE)
    for name in {"amounts", "derived facts", "gathering claims"} & set(more):
        more[name] = Mapping(tuple((key, with_basis(value, basis)) for key, value in mapping(more[name])), HERE)
    if "benefit year from" in more:
        more["benefit year from"] = with_basis(more["benefit year from"], basis)
    more["layers"] = Sequence(tuple(_based_layer(item, basis) for item in items(more.get("layers"))), HERE)
    whole = Mapping(tuple((word(name), value) for name, value in (tree | more).items()), own.place)
    return read_tree(whole, f"{policy_id}.yaml")


def with_basis(node: Node, basis: Node) -> Mapping:
    """A value, or keys and values, with a basis where they have none of their own."""
    found = Mapping(((word("is"), node),), node.place) if isinstance(node, Text) else mapping(node)
    return found if found.get("basis") else Mapping((*found.items, (word("basis"), basis)), found.place)


def _based_layer(item: Node, basis: Node) -> Node:
    ((name, layer),) = mapping(item)
    return Mapping(((name, with_basis(layer, basis)),), item.place)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
