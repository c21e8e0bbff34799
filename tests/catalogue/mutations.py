"""Valid files, changed at random: on the parsed tree, which is fast, and on the text.

Every change comes from one `random.Random`, so a seed gives the same files again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

from openyibao.policy.nodes import Mapping, Node, Place, Sequence, Text
from openyibao.policy.vocabulary import language

MAX_DEPTH = 40  # as the parser allows
ODD = (
    *(
        "",
        " ",
        "-",
        "~",
        "null",
        "true",
        "no",
        "0",
        "-0",
        "1e9",
        "00",
        "0x1F",
        "1_000",
        "½",
        "²",
        "٣",
        "１２",
        "〇",
        "௧",
    ),
    *(
        "\x00",
        "\u202e",
        "\ufeff",
        "\u2028",
        "\u0085",
        "\u00a0",
        "𠮷",
        "e\u0301",
        "😀" * 50,
        "a" * 3000,
        "9" * 5000,
    ),
    *("70%", "101%", "-5%", "1/0", "1/3", "999999999/999999998", "+5%", "50% of critical line", "%", "0.7", "7/7"),
    *("300", "-300", "0.005", "1,300", "8万", "0.0478", "1.23456", "1000000000", "1000000001", "99999999999999999999"),
    *("under 0", "5 to 3", "0 to 130", "18 and over", "0 to 999999999", "未满18", "6至17", "18及以上", "under 18, 19"),
    *(
        "2026-01-01",
        "2026-02-30",
        "0001-01-01",
        "1899-12-31",
        "9999-12-31",
        "2026-13-01",
        "2026年1月1日",
        "02-29",
        "13-01",
    ),
    *(
        "no limit",
        "not known",
        "otherwise",
        "不封顶",
        "未知",
        "any",
        "yes",
        "left of basic insurance",
        "left of nobody",
    ),
    *(
        "basic insurance's paid",
        "this layer's base",
        "45% of this layer's base",
        "本层的支付基数的45%",
        "'s",
        "的",
        "of",
    ),
    *(
        "80% of the own share of active",
        "75% + 0.2% x age",
        "75% - 9% x age",
        "money",
        "signed money",
        "down to 0 yuan",
    ),
    *("{}", "[]", "a: b", "a, b", "、", ":", "#", "%s", "{0}", "\\", "'", '"', "up to 1 yuan", "half-up to 1e9 yuan"),
)
WORDS = tuple(language().words) + tuple(language().words.values())


def nodes(tree: Node, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Node]]:
    """Every node with its path: numbers of entries from the outside in."""
    yield path, tree
    if isinstance(tree, Mapping):
        for number, (_, value) in enumerate(tree.items):
            yield from nodes(value, (*path, number))
    elif isinstance(tree, Sequence):
        for number, item in enumerate(tree.items):
            yield from nodes(item, (*path, number))


def put(tree: Node, path: tuple[int, ...], change: Callable[[Node], Node]) -> Node:
    """The tree with one of its nodes changed."""
    if not path:
        return change(tree)
    at, rest = path[0], path[1:]
    if isinstance(tree, Mapping):
        items = list(tree.items)
        key, value = items[at]
        items[at] = (key, put(value, rest, change))
        return Mapping(tuple(items), tree.place)
    assert isinstance(tree, Sequence)
    inner = list(tree.items)
    inner[at] = put(inner[at], rest, change)
    return Sequence(tuple(inner), tree.place)


def mutated_tree(tree: Node, rng: random.Random) -> Node:
    """The tree after one to three changes."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        found = list(nodes(tree))
        path, _ = rng.choice(found)
        tree = put(tree, path, lambda old, found=found: _changed(old, rng, found))  # type: ignore[misc]
    return tree if _depth(tree) <= MAX_DEPTH else Text("", tree.place)


def _depth(tree: Node) -> int:
    return max(len(path) for path, _ in nodes(tree))


def _changed(node: Node, rng: random.Random, found: list[tuple[tuple[int, ...], Node]]) -> Node:
    other = rng.choice(found)[1]
    kind = rng.randrange(10)
    if kind == 0:
        return other  # a value of another place, of whatever type
    if kind == 1:
        return _wrapped(node, rng)
    if isinstance(node, Text):
        return Text(_text(node.value, rng), node.place)
    items: list[object] = list(node.items)
    if not items:
        return other
    at = rng.randrange(len(items))
    if kind in (2, 3):
        del items[at]
    elif kind == 4:
        items.insert(rng.randrange(len(items) + 1), items[at])
    elif kind == 5:
        rng.shuffle(items)
    elif kind == 6:
        items = items[:at]
    elif isinstance(node, Mapping):
        return _changed_keys(node, at, rng)
    else:
        items.append(other)
    if isinstance(node, Mapping):
        return Mapping(tuple(items), node.place)  # type: ignore[arg-type]
    return Sequence(tuple(items), node.place)  # type: ignore[arg-type]


def _changed_keys(node: Mapping, at: int, rng: random.Random) -> Node:
    """Another key, or the values of two keys exchanged. The parser lets no key stand twice."""
    items = list(node.items)
    key, value = items[at]
    if rng.random() < 0.5:
        to = rng.randrange(len(items))
        items[at], items[to] = (key, items[to][1]), (items[to][0], value)
    else:
        items[at] = (Text(_text(key.value, rng), key.place), value)
    seen: dict[str, tuple[Text, Node]] = {}
    for entry in items:
        seen.setdefault(entry[0].value, entry)
    return Mapping(tuple(seen.values()), node.place)


def _wrapped(node: Node, rng: random.Random) -> Node:
    place = node.place
    for _ in range(rng.choice((1, 1, 2, 30))):
        if rng.random() < 0.5:
            node = Sequence((node,), place)
        else:
            node = Mapping(
                ((Text(rng.choice(("is", "by", "not known", "basis", rng.choice(WORDS))), place), node),), place
            )
    return node


def _text(text: str, rng: random.Random) -> str:
    kind = rng.randrange(6)
    if kind < 2:
        return rng.choice(ODD).strip()
    if kind == 2:
        return rng.choice(WORDS)
    at = rng.randrange(len(text) + 1)
    if kind == 3:
        return text[:at] + rng.choice(ODD)[:20] + text[at:]
    if kind == 4:
        return text[:at] + text[at + 1 :]
    return text[:at] + chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x4E00, 0x9FFF)))) + text[at + 1 :]


def mutated_text(text: str, rng: random.Random) -> str:
    """The text after one to three changes of lines or characters."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        lines = text.split("\n")
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        kind = rng.randrange(9)
        if kind == 0:
            del lines[one]
        elif kind == 1:
            lines.insert(other, lines[one])
        elif kind == 2:
            lines[one], lines[other] = lines[other], lines[one]
        elif kind == 3:
            return text[: rng.randrange(len(text) + 1)]
        elif kind == 4:
            lines[one] = rng.choice("  \t-") * rng.randrange(1, 4) + lines[one]
        elif kind == 5:
            opening, closing = rng.choice((("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("[", "")))
            times = rng.choice((3, 45, 2000))
            lines[one] += opening * times + closing * times
        elif kind == 6:
            lines[one] += rng.choice((" &a", " *a", " !!int 3", " <<: {}", " |", " >", ' "', " %", "---", "...", "\r"))
        else:
            lines[one] = _text(lines[one], rng)
        text = "\n".join(lines)
    return text


# ---------------------------------------------------------------- what failed, as small as it can be


def smallest(tree: Node, fails: Callable[[Node], bool]) -> Node:
    """The tree with everything taken out that is not needed to fail."""
    shrunk = True
    while shrunk:
        shrunk = False
        for path, node in sorted(nodes(tree), key=lambda entry: len(entry[0])):
            for smaller in _smaller(node):
                candidate = put(tree, path, lambda _, smaller=smaller: smaller)  # type: ignore[misc]
                if fails(candidate):
                    tree, shrunk = candidate, True
                    break
            if shrunk:
                break
    return tree


def _smaller(node: Node) -> Iterator[Node]:
    if isinstance(node, Text):
        if len(node.value) > 1:
            yield Text(node.value[: len(node.value) // 2], node.place)
        return
    for number in range(len(node.items)):
        rest = node.items[:number] + node.items[number + 1 :]
        yield Mapping(rest, node.place) if isinstance(node, Mapping) else Sequence(rest, node.place)  # type: ignore[arg-type]


def as_json(tree: Node) -> str:
    """A tree as text that reads back to it."""
    return json.dumps(_plain(tree), ensure_ascii=True)


def _plain(node: Node) -> object:
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Mapping):
        return {key.value: _plain(value) for key, value in node}
    return [_plain(item) for item in node]


def placed(tree: Node) -> Node:
    """The tree with one place for all, so that equal parts are equal."""
    place = Place(1, 1)
    if isinstance(tree, Text):
        return Text(tree.value, place)
    if isinstance(tree, Mapping):
        return Mapping(tuple((Text(key.value, place), placed(value)) for key, value in tree), place)
    return Sequence(tuple(placed(item) for item in tree), place)
