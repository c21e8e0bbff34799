"""Wrong messages made from right ones, by a seeded generator: the same seed makes the same message."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from client.envelope import dumps

Tree = Any
RAW = "\x02raw:"  # text that begins so stands in the message without quotation marks

TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "null",
    "ﾊﾝｶｸ",
    "\u202e\u200b\ufeff",
    "𠮷野家👩‍👩‍👧",
    "e\u0301" * 20,
    "\x00",
    "a\x00b",
    "\ud800",
    "\r\n\t\\\"'",
    "' OR '1'='1",
    "'; DROP TABLE settlement; --",
    "%s%n{0}${7*7}",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "9" * 40,
    "x" * 300,
    "长" * 5000,
    "y" * 100_000,
)
NUMBERS = (
    *("0", "-0", "-1", "1e-7", "0.001", "-0.01", "0.005", "1e400", "-1e400", "1e-400", "NaN", "Infinity", "-Infinity"),
    *(
        "9" * 14 + ".99",
        "9" * 30,
        "-" + "9" * 30,
        "9" * 5000,
        "1." + "0" * 5000,
        "01",
        "1.",
        ".5",
        "+1",
        "0x10",
        "1_000",
    ),
)
DATES = (
    *(
        "2024-02-30",
        "2024-13-01",
        "0000-00-00",
        "9999-12-31",
        "1-1-1",
        "2024/01/01",
        "20240101",
        "2024-01-01T00:00:00Z",
    ),
    *("2024-01-01 25:61:61", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "２０２４-01-01", "2024-01-01 00:00:00.000"),
)
CODES = ("99999", "zz", "00", "-", "01 ", "３１０", "310,390")
LEAVES: tuple[Tree, ...] = (None, True, False, [], {}, [[]], [None], {"": ""}, [1, "a"], {"data": {"data": {}}})
TYPES = (
    *("application/json", "text/plain", "text/html", "application/xml", "application/octet-stream", "", "*/*; q=x"),
    *("application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=zz"),
    *("application/json; charset=gbk", "application/json; charset=utf-16", "application/json; charset=nonsense"),
)


def places(tree: Tree, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a tree."""
    found = [path] if path else []
    if isinstance(tree, dict):
        for key, value in tree.items():
            found += places(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            found += places(value, (*path, index))
    return found


def parent(tree: Tree, path: tuple[Any, ...]) -> Tree:
    for step in path[:-1]:
        tree = tree[step]
    return tree


def at(tree: Tree, path: tuple[Any, ...]) -> Tree:
    return parent(tree, path)[path[-1]]


def put(tree: Tree, path: tuple[Any, ...], value: Tree) -> None:
    parent(tree, path)[path[-1]] = value


def drop(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    del parent(tree, path)[path[-1]]


def text(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    put(tree, path, rng.choice(TEXTS))


def lengthen(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    put(tree, path, str(at(tree, path))[:200] * rng.choice((2, 7, 50)))


def wrong_number(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    put(tree, path, RAW + rng.choice(NUMBERS))


def as_text(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    """Numbers as text, text as a number or in a list."""
    value = at(tree, path)
    if isinstance(value, str):
        put(tree, path, RAW + value if value.isdecimal() and value[0] != "0" else [value])
    elif not isinstance(value, dict | list):
        put(tree, path, dumps(value))


def date(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    put(tree, path, rng.choice(DATES))


def code(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    put(tree, path, rng.choice(CODES))


def leaf(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    put(tree, path, copy.deepcopy(rng.choice(LEAVES)))


def wrap(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    """A list for an object, an object for a list."""
    value = at(tree, path)
    put(tree, path, rng.choice(([value], [value, value], {"data": value}, {"0": value})))


def unwrap(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    value = at(tree, path)
    if isinstance(value, list) and value:
        put(tree, path, value[0])
    elif isinstance(value, dict) and value:
        put(tree, path, list(value.values()))


def deep(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    depth = rng.choice((20, 200, 2000))
    kind = rng.choice((("[", "]"), ('{"data":', "}")))
    put(tree, path, RAW + kind[0] * depth + "1" + kind[1] * depth)


def rename(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    holder = parent(tree, path)
    if isinstance(holder, dict):
        value = holder.pop(path[-1])
        names = (path[-1].upper(), path[-1] + " ", path[-1] + "\x00", "data", "input", "__class__", "mdtrt_id")
        holder[rng.choice(names)] = value


def repeat(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    """A row many times."""
    value = at(tree, path)
    if isinstance(value, list) and value:
        put(tree, path, [*value, *[value[0]] * rng.choice((1, 2, 300))])


def negate(rng: random.Random, tree: Tree, path: tuple[Any, ...]) -> None:
    value = at(tree, path)
    if not isinstance(value, str | dict | list | bool) and value is not None:
        put(tree, path, rng.choice((-value, value * 10**9, Decimal(value) / 3)))


Mutation = Callable[[random.Random, Tree, tuple[Any, ...]], None]
MUTATIONS: tuple[Mutation, ...] = (
    *(drop, drop, drop, text, text, lengthen, wrong_number, wrong_number, as_text, as_text, date),
    *(code, leaf, leaf, wrap, unwrap, deep, rename, repeat, negate),
)


def change(rng: random.Random, envelope: Tree) -> Tree:
    """An envelope with one to three things changed, mostly in its input."""
    tree = copy.deepcopy(envelope)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        everywhere = places(tree)
        inside = [path for path in everywhere if path[0] == "input"]
        if not everywhere:
            break
        path = rng.choice(inside if inside and rng.random() < 0.85 else everywhere)
        try:
            rng.choice(MUTATIONS)(rng, tree, path)
        except (ArithmeticError, KeyError, IndexError, TypeError):  # a change that does not fit leaves the rest
            continue
    return tree


def encode(tree: Tree) -> bytes:
    """JSON of a tree in which raw text stands as it is; lone surrogates stay, as bytes that are no UTF-8."""
    kept: list[str] = []

    def hide(value: Tree) -> Tree:
        if isinstance(value, str) and value.startswith(RAW):
            kept.append(value[len(RAW) :])
            return f"@@{len(kept) - 1}@@"
        if isinstance(value, dict):
            return {key: hide(each) for key, each in value.items()}
        return [hide(each) for each in value] if isinstance(value, list) else value

    written = dumps(hide(tree))
    for index, raw in enumerate(kept):
        written = written.replace(f'"@@{index}@@"', raw)
    return written.encode("utf-8", "surrogatepass")


def spoil(rng: random.Random, body: bytes) -> bytes:
    """Bytes that are no longer the message: cut, in another encoding, with rubbish."""
    cut = rng.randrange(len(body) + 1)
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: body[:cut],
        lambda: b"",
        lambda: body + body,
        lambda: body[:cut] + b"\x00" + body[cut:],
        lambda: body[:cut] + b"\xff\xfe" + body[cut:],
        lambda: b"\xef\xbb\xbf" + body,
        lambda: body.decode("utf-8", "replace").encode("gb18030"),
        lambda: body.decode("utf-8", "replace").encode("utf-16"),
        lambda: b"[" * rng.choice((1000, 100_000)),
        lambda: b'{"input":' * 20_000,
        lambda: b"[" + body + b"]",
        lambda: rng.choice((b"null", b"1", b'"a"', b"[]", b"{}", b"true", b"\x00", b"NaN", b"<xml/>", b"a=1&b=2")),
        lambda: body.replace(b"{", b'{"infno":"1101",', 1),
        lambda: body.replace(b":", b"=", 3),
        lambda: rng.randbytes(200),
    )
    return rng.choice(ways)()
