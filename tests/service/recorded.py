"""Messages recorded from other platforms, and what a reply of ours must have in common with theirs.

They do not come with the project: they lie beside the checkout, or the tests that read them are skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from openyibao.service.gateway.spec import Node

HERE = Path(__file__).parents[2].parent / "shared/reference/national-interface"
SAMPLES = HERE / "samples"
needed = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded messages do not lie beside this checkout")
OUT_OF_LIST = {
    "1161": "local: person by card",
    "3103": "a local transaction under a national number",
    "5261": "local: settlement",
    "5262": "local: settlement with sums by category",
}
"""Transactions of recorded messages that are not of the national list which this platform answers."""
Shape = dict[str, set[str]]
"""The kinds of value by path; a row of a list stands under `[]`."""


def files(word: str) -> Iterator[Path]:
    """The files of requests or responses."""
    return (path for path in sorted(SAMPLES.glob("*.json")) if path.stem.split("_")[1] == word)


def transaction_of(path: Path) -> str:
    return path.stem.split("_")[0]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def kind(value: Any) -> str:
    """What JSON calls a value."""
    if value is None:
        return "null"
    for types, name in (((bool,), "true or false"), ((int, Decimal), "number"), ((str,), "text"), ((dict,), "object")):
        if isinstance(value, types):
            return name
    return "list"


def note(shape: Shape, value: Any, path: str = "") -> None:
    """Note the kinds of a value and of all that it holds."""
    shape.setdefault(path, set()).add(kind(value))
    if isinstance(value, dict):
        for name, inner in value.items():
            note(shape, inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for row in value:
            note(shape, row, f"{path}[]")


def lacks(shape: Shape, ours: Any, path: str = "") -> list[str]:
    """Where a reply of ours differs: a recorded field that it has not, another kind, null where none was recorded.

    A field that is null in every recorded message may hold anything.
    """
    kinds = shape.get(path)
    found = kind(ours)
    wrong = []
    if kinds and kinds != {"null"} and found not in kinds:
        wrong.append(f"{path}: recorded {' or '.join(sorted(kinds))}, ours {found}")
    if isinstance(ours, dict):
        before = f"{path}." if path else ""
        names = {rest[len(before) :] for rest in shape if rest.startswith(before) and rest != path}
        for name in sorted(names):
            if "." in name or "[" in name or not name:
                continue
            if name in ours:
                wrong += lacks(shape, ours[name], before + name)
            else:
                wrong.append(f"{before}{name}: not in ours")
    elif isinstance(ours, list):
        rows_recorded = f"{path}[]" in shape
        if rows_recorded and not ours:
            wrong.append(f"{path}: recorded rows, ours none")
        for row in ours if rows_recorded else ():
            wrong += lacks(shape, row, f"{path}[]")
    return wrong


def names(nodes: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The fields of nodes as the interface's record has them: the last name of the node, and the field."""
    return {(node.rsplit(".")[-1], field["name"]) for node, about in nodes.items() for field in about["fields"]}


def our_names(nodes: Mapping[str, Node]) -> set[tuple[str, str]]:
    """The same of our own specification; a node within a node is a field there as well."""
    found: set[tuple[str, str]] = set()
    for node in nodes.values():
        found |= {(node.name, name) for name in (*node.fields, *node.nodes)}
        found |= our_names(node.nodes)
    return found
