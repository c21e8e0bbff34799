"""A variation: a policy that says what another one says, but for named changes. Reforms and what-ifs are written so."""

from __future__ import annotations

from openyibao.policy.model import Policy
from openyibao.policy.nodes import FileError, Mapping, Node, Sequence, Text, parse_file
from openyibao.policy.reading import Reading, did_you_mean, join, some
from openyibao.policy.vocabulary import Vocabulary

KEYS = ("policy", "variation of", "title", "changes")


def is_variation(root: Node) -> bool:
    base = Vocabulary()
    return isinstance(root, Mapping) and any(base.english(key.value) == "variation of" for key, _ in root)


def apply_variation(root: Node, file: str) -> Policy:
    """The policy with the changes made. A change must name a place that exists: nothing is changed in silence."""
    from openyibao.policy.library import find_policy
    from openyibao.policy.read import _own_words, read_tree

    reading = Reading(file, Vocabulary())
    fields = reading.fields(root, "", KEYS, ("region", "words"))
    if reading.problems:
        raise FileError(reading.problems)
    base_id = reading.text(fields["variation of"][1], "variation of")
    try:
        path = find_policy(base_id)
    except LookupError as error:
        reading.problem(fields["variation of"][1].place, "variation of", repr(base_id), "the id of a policy", str(error))
        raise FileError(reading.problems) from None
    tree = parse_file(path)
    reading.vocabulary = Vocabulary(_own_words(tree))
    for item in reading.items(fields["changes"][1], "changes", "changes (at, to)"):
        change = reading.fields(item, "changes", ("at", "to"))
        if "at" in change and "to" in change:
            at = change["at"][1]
            keys = [reading.english(part.strip()) for part in reading.text(at, "changes / at").split("/")]
            tree = _replace(reading, tree, keys, change["to"][1], at, "")
    for name in ("policy", "title"):
        tree = _replace(reading, tree, [name], fields[name][1], root, "")
    if reading.problems:
        raise FileError(reading.problems)
    return read_tree(tree, file)


def _replace(reading: Reading, node: Node, keys: list[str], value: Node, at: Node, path: str) -> Node:
    """The tree with the value at `keys` exchanged; a list of named things is entered by name."""
    if not keys:
        return value
    if isinstance(node, Sequence):
        items = tuple(_replace(reading, item, keys, value, at, path) if _has(reading, item, keys[0]) else item
                      for item in node)
        if items != node.items:
            return Sequence(items, node.place)
    elif isinstance(node, Mapping) and _has(reading, node, keys[0]):
        return Mapping(tuple(
            (key, _replace(reading, child, keys[1:], value, at, join(path, key.value)))
            if reading.english(key.value) == keys[0] else (key, child)
            for key, child in node), node.place)
    names = _names(reading, node)
    reading.problem(at.place, "changes / at", f"{keys[0]!r}, which is not under {path or 'the policy'!r}",
                    f"one of {some(names)}", did_you_mean(keys[0], names))
    return node


def _has(reading: Reading, node: Node, name: str) -> bool:
    return isinstance(node, Mapping) and any(reading.english(key.value) == name for key, _ in node)


def _names(reading: Reading, node: Node) -> list[str]:
    if isinstance(node, Mapping):
        return [reading.english(key.value) for key, _ in node]
    if isinstance(node, Sequence):
        return [name for item in node for name in _names(reading, item)]
    return [node.value] if isinstance(node, Text) else []
