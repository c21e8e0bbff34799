"""Tables without some of the rows that the conditions of their layer shut out: those are never asked."""

import json
import random
from typing import Any

from second.values import BESIDE, REFUSED, listed, matches

Node = Any
LEAF = {"is", "not known", REFUSED}
WITHIN = ("annual maximum", "points")  # stands beside the rows, and may be a table itself


def without_some(rng: random.Random, policy: dict[str, Any]) -> dict[str, Any]:
    """The policy, where in some layers rows that nobody needs are left out."""
    layers = []
    for name, keys in (pair for layer in policy["layers"] for pair in layer.items()):
        lines = {fact: one for fact, one in keys.get("for", {}).items() if fact in policy["facts"]}
        lines.pop("admission number", None)  # no claim states it
        leaving = Leaving(rng, policy["facts"], lines)
        kept = {key: node if key == "for" else leaving.node(node) for key, node in keys.items()}
        layers.append({name: kept if lines and rng.random() < 0.6 else keys})
    return policy | {"layers": layers}


class Leaving:
    """What becomes of the tables of a layer with these lines on stated facts."""

    def __init__(self, rng: random.Random, facts: dict[str, Any], lines: dict[str, Any]) -> None:
        self.rng, self.facts = rng, facts
        self.lines = {fact: one if isinstance(one, list) else [one] for fact, one in lines.items()}

    def node(self, node: Node) -> Node:
        """An amount that layers share and carry over is the same table in all of them; an own share needs its row."""
        if isinstance(node, list):
            return [self.node(child) for child in node]
        if not isinstance(node, dict) or {"group", "carry over"} <= set(node):
            return node
        if "by" not in node:
            return {key: self.node(child) for key, child in node.items()}
        beside = {key: self.node(child) if key in WITHIN else child for key, child in node.items() if key in BESIDE}
        rows = {key: child for key, child in node.items() if key not in BESIDE}
        if "own share" in json.dumps(rows):
            return node | beside
        names = [node["by"]] if isinstance(node["by"], str) else node["by"]
        return beside | self.rows(names, rows)

    def rows(self, names: list[str], rows: dict[str, Node]) -> dict[str, Node]:
        fact, found = names[0], {}
        for key, child in rows.items():
            if self.shut_out(fact, key, rows) and self.rng.random() < 0.7:
                continue
            deeper = isinstance(child, dict) and not LEAF & set(child)
            found[self.shorter(fact, key)] = self.rows(names[1:], child) if deeper else child
        return found

    def shut_out(self, fact: str, key: str, rows: dict[str, Node]) -> bool:
        """Whether no value for which the row answers is let through."""
        if fact not in self.lines:
            return False
        others = [other for other in rows if other != "otherwise"] if key == "otherwise" else []
        return not any(
            not any(matches(other, value) for other in others)
            for value in self.values(fact)
            if (key == "otherwise" or matches(key, value)) and self.let_through(fact, value)
        )

    def values(self, fact: str) -> list[Any]:
        declared = self.facts[fact]
        if isinstance(declared, str):
            low, _, high = declared.partition(" to ")
            return [*range(int(low), int(high) + 1)]
        if isinstance(declared, dict):
            declared = next(declared[key] for key in ("order", "values") if key in declared)
        return list(declared)

    def let_through(self, fact: str, value: Any) -> bool:
        return any(matches(choice, value) for choice in self.lines[fact])

    def shorter(self, fact: str, key: str) -> str:
        """A list of words, now and then without those that are shut out."""
        words = listed(key)
        if fact not in self.lines or len(words) < 2 or isinstance(self.facts[fact], str) or self.rng.random() < 0.5:
            return key
        return ", ".join([word for word in words if self.let_through(fact, word)] or words)
