"""A variation: a policy that says what another one says, but for named changes. Reforms and what-ifs are written so."""

from __future__ import annotations

from openyibao.policy.keys import reads_as_value
from openyibao.policy.library import PolicyNotFoundError, find_policy
from openyibao.policy.messages import Message, say
from openyibao.policy.model import Bilingual
from openyibao.policy.nodes import Mapping, Node, Sequence, Text, own_words, parse_file
from openyibao.policy.problems import FileError
from openyibao.policy.reading import Fields, Reading, join, written
from openyibao.policy.vocabulary import Vocabulary

KEYS = ("policy", "variation of", "title", "changes")
WITH_BASIS = ("layers", "amounts", "statistics", "derived facts")
WITHOUT_BASIS = (  # what says how or for whom, not how much: it stands under the basis of its layer
    *("basis", "gaps", "assumption", "note", "payer", "of", "for", "group"),
    *("counted", "over", "for each", "over-cap counted in", "bands"),
)


def is_variation(root: Node) -> bool:
    base = Vocabulary()
    return isinstance(root, Mapping) and any(base.english(key.value) == "variation of" for key, _ in root)


def varied_tree(root: Node, file: str, chain: tuple[str, ...] = ()) -> tuple[Node, str]:
    """The tree with the changes made, and the names of the files it comes from, for messages.

    A variation may vary a variation. A change must name a place that exists, and change it: nothing is done in
    silence. Raises FileError.
    """
    reading = Reading(file, Vocabulary(), root)
    fields = reading.fields(root, "", KEYS, ("words",))
    if reading.problems:
        raise FileError(reading.problems)
    tree, base_file = _base(reading, fields, chain)
    reading.vocabulary = Vocabulary(Bilingual(zh, en) for zh, en in own_words(tree))
    if "words" in fields:
        tree = _add_words(reading, tree, fields["words"][1])
    done: list[list[str]] = []
    for item in reading.items(fields["changes"][1], "changes", say("changes (at, to)")):
        change = reading.fields(item, "changes", ("at", "to"))
        if "at" in change and "to" in change:
            at = change["at"][1]
            keys = [reading.english(part.strip()) for part in reading.text(at, "changes / at").split("/")]
            if keys in done:
                reading.problem(at.place, "changes / at", say("the same place a second time"), say("every place once"))
            done.append(keys)
            _need_basis(reading, keys, change["to"][1])
            tree = _replace(reading, tree, keys, change["to"][1], at, "")
    for name in ("policy", "title"):
        tree = _replace(reading, tree, [name], fields[name][1], root, "")
    if reading.problems:
        raise FileError(reading.problems)
    return tree, f"{file} on {base_file}"


def _base(reading: Reading, fields: Fields, chain: tuple[str, ...]) -> tuple[Node, str]:
    """The tree of the policy that is varied, its own variations made."""
    node = fields["variation of"][1]
    base_id = reading.text(node, "variation of", say("the id of a policy"))
    if base_id in chain or base_id == getattr(fields["policy"][1], "value", None):
        reading.problem(
            node.place, "variation of", written(base_id), say("another policy"), say("A policy cannot vary itself.")
        )
        raise FileError(reading.problems)
    try:
        path = find_policy(base_id)
    except PolicyNotFoundError as error:
        reading.problem(node.place, "variation of", written(base_id), say("the id of a policy"), error.hint)
        raise FileError(reading.problems) from None
    tree = parse_file(path)
    return varied_tree(tree, path.name, (*chain, base_id)) if is_variation(tree) else (tree, path.name)


def _need_basis(reading: Reading, keys: list[str], to: Node) -> None:
    """A changed number of law does not borrow the basis of the number it replaces."""
    terms = keys[0] == "amounts" and keys[-1] == "of" and (not isinstance(to, Text) or reads_as_value(to.value))
    if keys[0] not in WITH_BASIS or (keys[-1] in WITHOUT_BASIS and not terms) or _has(reading, to, "basis"):
        return
    reading.problem(
        to.place,
        "changes / to",
        say("a value without a basis of its own"),
        say("`is` with a `basis` (document, article, source, sure), in place of the whole value"),
        say("Say whose value it is; for a what-if: document and article `not identified`, sure `low`."),
    )


def _add_words(reading: Reading, tree: Node, words: Node) -> Node:
    assert isinstance(tree, Mapping)
    added = reading.items(words, "words", say("words (en, zh)"))
    if not _has(reading, tree, "words"):
        return Mapping((*tree.items, (Text("words", words.place), words)), tree.place)
    return Mapping(
        tuple(
            (key, Sequence((*value.items, *added), value.place))
            if reading.english(key.value) == "words" and isinstance(value, Sequence)
            else (key, value)
            for key, value in tree
        ),
        tree.place,
    )


def _replace(reading: Reading, node: Node, keys: list[str], value: Node, at: Node, path: str) -> Node:
    """The tree with the value at `keys` exchanged; a list of named things is entered by name."""
    if not keys:
        if _says(node) == _says(value):
            reading.problem(
                at.place, "changes / to", say("what stands there already"), say("a change"), say("Remove it.")
            )
        return value
    if isinstance(node, Sequence) and sum(_has(reading, item, keys[0]) for item in node) > 1:
        found = say(
            "{key}, which stands several times under {path}", key=reading.named(keys[0]), path=_whole(reading, path)
        )
        reading.problem(
            at.place, "changes / at", found, say("a place that stands once"), say("Change the list as a whole.")
        )
        return node
    if isinstance(node, Sequence) and any(_has(reading, item, keys[0]) for item in node):
        return Sequence(
            tuple(
                _replace(reading, item, keys, value, at, path) if _has(reading, item, keys[0]) else item
                for item in node
            ),
            node.place,
        )
    if _has(reading, node, keys[0]):
        assert isinstance(node, Mapping)
        return Mapping(
            tuple(
                (key, _replace(reading, child, keys[1:], value, at, join(path, key.value)))
                if reading.english(key.value) == keys[0]
                else (key, child)
                for key, child in node
            ),
            node.place,
        )
    names = _names(reading, node)
    reading.problem(
        at.place,
        "changes / at",
        say("{key}, which is not under {path}", key=reading.named(keys[0]), path=_whole(reading, path)),
        say("one of {words}", words=reading.some(names)),
        reading.did_you_mean(keys[0], names),
    )
    return node


def _whole(reading: Reading, path: str) -> Message:
    if not path:
        return say("'the policy'")
    both = reading.path(path)
    return Message(f"“{both.zh}”", repr(both.en))


def _has(reading: Reading, node: Node, name: str) -> bool:
    return isinstance(node, Mapping) and any(reading.english(key.value) == name for key, _ in node)


def _names(reading: Reading, node: Node) -> list[str]:
    if isinstance(node, Mapping):
        return [reading.english(key.value) for key, _ in node]
    if isinstance(node, Sequence):
        return [name for item in node for name in _names(reading, item)]
    return [node.value]


def _says(node: Node) -> object:
    """What a tree says, without its places."""
    if isinstance(node, Mapping):
        return {key.value: _says(value) for key, value in node}
    return [_says(item) for item in node] if isinstance(node, Sequence) else node.value
