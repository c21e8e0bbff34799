"""Writes fitted numbers into a population file, and leaves all else of the file as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openyibao.lab.nodes import Node, read_node


def write_numbers(file: Path, changes: Mapping[str, float]) -> int:
    """Put numbers in their places, digit for digit in the text: how many differ from before.

    Raises LabFileError where a path leads to no number.
    """
    root = read_node(file)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    places = sorted(((*place_of(root, path), value) for path, value in changes.items()), reverse=True)
    changed = 0
    for line, column, value in places:
        text = lines[line]
        end = column
        while end < len(text) and text[end] not in ",}] \n":
            end += 1
        new = f"{value:g}"
        changed += text[column:end] != new
        lines[line] = text[:column] + new + text[end:]
    scratch = file.with_name(f".{file.name}.new")
    try:
        scratch.write_text("".join(lines), encoding="utf-8")
        scratch.replace(file)
    finally:
        scratch.unlink(missing_ok=True)
    return changed


def place_of(root: Node, path: str) -> tuple[int, int]:
    """Line and column (from 0) of the number at a path."""
    keys = path.split(".")
    node = root
    for key in keys[:-1]:
        node = node.at(key)
    found = node.at(keys[-1])
    found.number(-1e18, 1e18)
    marked: Any = found.value if isinstance(found.value, dict) else node.value
    line, column = marked.lc.value("is" if marked is found.value else keys[-1])
    return int(line), int(column)
