"""A YAML file of the lab as nodes that know where they stand, so that every complaint names file, line and key."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

GROUNDS = {"source", "sure", "assumed", "fitted", "note"}
"""Keys that say where the numbers beside and below them come from."""
SURE = ("high", "medium", "low")


class LabFileError(ValueError):
    """A file of the lab that is not written as it must be: what, where, what was expected."""


@dataclass(frozen=True)
class Node:
    """A value of a file. `path` are the keys that lead to it, `line` counts from 1."""

    value: Any
    file: str
    path: tuple[str, ...]
    line: int

    def wrong(self, expected: str) -> LabFileError:
        found = "a mapping" if isinstance(self.value, dict) else repr(self.value)
        return LabFileError(f"{self.file}:{self.line}: {'.'.join(self.path) or 'file'}: {found}; expected {expected}")

    def __iter__(self) -> Iterator[tuple[str, Node]]:
        """Keys and nodes of a mapping, without the grounds."""
        if not isinstance(self.value, dict):
            raise self.wrong("a mapping")
        for key in self.value:
            if key not in GROUNDS:
                yield str(key), self.at(key)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def at(self, key: Any) -> Node:
        """The node under a key; raises LabFileError where it is missing."""
        if not isinstance(self.value, dict):
            raise self.wrong("a mapping")
        if key not in self.value:
            raise LabFileError(
                f"{self.file}:{self.line}: {'.'.join(self.path) or 'file'}: the key {key!r} is missing; it has "
                f"{', '.join(map(str, self.value))}"
            )
        line: Any = self.value
        return Node(self.value[key], self.file, (*self.path, str(key)), line.lc.key(key)[0] + 1)

    def only(self, needed: Sequence[str], free: Sequence[str] = ()) -> None:
        """The mapping has the needed keys and no others than those named."""
        for key, node in self:
            if key not in needed and key not in free:
                raise LabFileError(
                    f"{node.file}:{node.line}: {'.'.join(node.path)}: no such key; expected "
                    f"{', '.join((*needed, *free))}"
                )
        for key in needed:
            self.at(key)

    def _plain(self) -> Node:
        """The value itself, or that under `is:` beside its grounds and nothing else."""
        if not isinstance(self.value, dict):
            return self
        self.only(("is",))
        return self.at("is")

    def number(self, low: float, high: float) -> float:
        """A number, written plainly or as `is:` with its grounds."""
        node = self._plain()
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise node.wrong(f"a number from {low:g} to {high:g}")
        return float(value)

    def whole(self, low: int, high: int) -> int:
        value = self.number(low, high)
        if value != int(value):
            raise self.wrong(f"a whole number from {low} to {high}")
        return int(value)

    def numbers(self, count: int, low: float, high: float) -> tuple[float, ...]:
        """A list of so many numbers, written plainly or as `is:` with its grounds."""
        node = self._plain()
        if not isinstance(node.value, list) or len(node.value) != count:
            raise node.wrong(f"a list of {count} numbers")
        items = [Node(one, node.file, (*node.path, str(i)), node.line) for i, one in enumerate(node.value)]
        return tuple(item.number(low, high) for item in items)

    def by(self, words: Sequence[str], low: float, high: float) -> tuple[float, ...]:
        """One number for each of the words, and nothing else."""
        self.only(words)
        return tuple(self.at(word).number(low, high) for word in words)

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value:
            raise self.wrong("text")
        return str(self.value)

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def words(self) -> tuple[str, ...]:
        if not isinstance(self.value, list) or not self.value or not all(isinstance(w, str) for w in self.value):
            raise self.wrong("a list of words")
        return tuple(str(word) for word in self.value)


def read_node(file: Path) -> Node:
    """The root of a file. Raises LabFileError where it is no YAML mapping (a key written twice is an error)."""
    try:
        found = copy.deepcopy(_loaded(file.read_text(encoding="utf-8")))  # whoever reads may change numbers
    except (YAMLError, UnicodeDecodeError) as error:
        raise LabFileError(f"{file.name}: not readable as YAML: {error}") from None
    if not isinstance(found, dict):
        raise LabFileError(f"{file.name}:1: expected a mapping of keys")
    return Node(found, file.name, (), 1)


@lru_cache(maxsize=16)
def _loaded(text: str) -> Any:
    """A fit reads the same file some fifty times; a copy takes a seventh of the time."""
    return YAML(typ="rt").load(text)


def number_at(root: Node, path: str) -> float:
    """The number at a path of keys with points between them."""
    node = _parent(root, path).at(path.rsplit(".", maxsplit=1)[-1])
    return node.number(-1e18, 1e18)


def change_number(root: Node, path: str, value: float) -> None:
    """Set the number at a path of keys with points between them, where one stands already."""
    number_at(root, path)
    parent, key = _parent(root, path), path.rsplit(".", maxsplit=1)[-1]
    if isinstance(parent.value[key], dict):
        parent.value[key]["is"] = value
    else:
        parent.value[key] = value


def _parent(root: Node, path: str) -> Node:
    node = root
    for key in path.split(".")[:-1]:
        node = node.at(key)
    return node


def check_grounds(node: Node, *, free: Sequence[str] = ()) -> None:
    """Every number stands under a source with `sure`, under `assumed` or under `fitted`; keys in `free` need none."""
    if isinstance(node.value, dict):
        _check_said(node)
        if {"source", "assumed", "fitted"} & set(node.value):
            for _, child in node:
                _check_sure(child)
            return
        for key, child in node:
            if key not in free:
                check_grounds(child, free=free)
    elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
        raise LabFileError(
            f"{node.file}:{node.line}: {'.'.join(node.path)}: the number {node.value} has no grounds; "
            "write source: and sure:, assumed:, or fitted: beside it or above it"
        )
    elif isinstance(node.value, list):
        for one in node.value:
            check_grounds(Node(one, node.file, node.path, node.line), free=free)


def _check_sure(node: Node) -> None:
    """Below grounds, other grounds may stand, and must be whole."""
    if isinstance(node.value, dict):
        _check_said(node)
        for _, child in node:
            _check_sure(child)


def _check_said(node: Node) -> None:
    """Grounds say something, and a source says how sure it is."""
    for key in ("source", "assumed", "fitted"):
        if key in node and not str(node.value[key] or "").strip():
            raise node.at(key).wrong("text")
    if "source" in node and node.at("sure").value not in SURE:
        raise node.at("sure").wrong(", ".join(SURE))
