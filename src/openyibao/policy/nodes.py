"""Policy and claim files as trees of text with places: every value knows its line and column.

Values are kept as the text that stands in the file: an amount or a ratio never passes through binary
floating point, and `no` is the word no. JSON is read by the same parser (JSON is YAML 1.2).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

MAX_FILE_BYTES = 4_000_000
MAX_DEPTH = 40
HALVES = ("\ud800", "\udfff")
ANCHOR = "a YAML anchor (&) or alias (*)"
PARSER_HINT = (
    "Look here and on the line above: is a bracket or quotation mark not closed, a colon full-width (：) or without "
    "a space after it, or a line indented differently?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: 1-based line and column."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar, as written."""

    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order written. `get` finds a key by its text."""

    items: tuple[tuple[Text, Node], ...]
    place: Place

    def __iter__(self) -> Iterator[tuple[Text, Node]]:
        return iter(self.items)

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.items if name.value == key), None)


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    place: Place

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


Node = Text | Mapping | Sequence


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, under which key, what was found, what was expected, what to do."""

    file: str
    place: Place
    path: str
    found: str
    expected: str
    todo: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.place.line}:{self.place.column}"
        key = f" {self.path}:" if self.path else ""
        todo = f" {self.todo}" if self.todo else ""
        return f"{where}:{key} found {self.found}; expected {self.expected}.{todo}"


class FileError(Exception):
    """A file that cannot be used. `problems` holds every problem found, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.place.line, p.place.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def parse_file(path: Path) -> Node:
    """The tree of a YAML or JSON file.

    Raises FileError when the file cannot be read, is not YAML 1.2, repeats a key, or uses what these
    files do without (anchors, merge keys, several documents).
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _one(str(path), "", f"no readable file ({error.strerror})", "a YAML or JSON file") from None
    return parse_bytes(data, str(path))


def parse_bytes(data: bytes, name: str) -> Node:
    """The tree of a YAML or JSON text in UTF-8; `name` stands for the file in messages."""
    if len(data) > MAX_FILE_BYTES:
        raise _one(name, "", f"{len(data)} bytes", f"at most {MAX_FILE_BYTES} bytes", "Split the file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        place = Place(line, 1)
        raise FileError(
            [Problem(name, place, "", "bytes that are not UTF-8", "UTF-8 text", "Save the file as UTF-8.")]
        ) from None
    if name.endswith(".json"):
        _check_json(text, name)
        text = text.replace("\t", "  ")  # JSON may indent with tabs, YAML may not
    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        found = "a tab" if "'\\t'" in str(error.problem) else f"text that is not YAML 1.2 ({error.problem})"
        raise FileError(
            [Problem(name, place, "", found, "keys and values, indented with spaces", PARSER_HINT)]
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise _one(
            name, "", f"text that is not YAML 1.2 ({str(error).splitlines()[0]})", "one document of keys and values"
        ) from None
    if root is None:
        raise _one(name, "", "an empty file", "keys and values")
    problems: list[Problem] = []
    tree = _convert(root, name, "", problems, set(), 0)
    if problems:
        raise FileError(problems)
    return tree


def _check_json(text: str, name: str) -> None:
    try:
        json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        place = Place(getattr(error, "lineno", 1), getattr(error, "colno", 1))
        raise FileError([Problem(name, place, "", f"text that is not JSON ({error})", "JSON")]) from None


def _one(file: str, path: str, found: str, expected: str, todo: str = "") -> FileError:
    return FileError([Problem(file, Place(1, 1), path, found, expected, todo)])


def place_of(node: YamlNode) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _convert(node: YamlNode, file: str, path: str, problems: list[Problem], seen: set[int], depth: int) -> Node:
    place = place_of(node)
    if getattr(node, "anchor", None) or id(node) in seen:
        if not any(problem.found == ANCHOR for problem in problems):
            problems.append(
                Problem(file, place, path, ANCHOR, "the value itself", "Write the value out where it is used.")
            )
        return Text("", place)
    if str(node.tag).startswith("!"):
        problems.append(Problem(file, place, path, f"the tag {node.tag}", "a value without a tag"))
    seen.add(id(node))
    if depth > MAX_DEPTH:
        problems.append(Problem(file, place, path, f"more than {MAX_DEPTH} levels", "a flatter file"))
        return Text("", place)
    if isinstance(node, ScalarNode):
        return _text(node, file, path, problems)
    if isinstance(node, SequenceNode):
        return Sequence(
            tuple(_convert(item, file, path, problems, seen, depth + 1) for item in node.value),
            place,
        )
    assert isinstance(node, MappingNode)
    return _convert_mapping(node, file, path, problems, seen, depth)


def _text(node: ScalarNode, file: str, path: str, problems: list[Problem]) -> Text:
    """The text of a value or key. Half a character (a lone surrogate, as `"\\ud800"`) could never be written out."""
    text, place = node.value.strip(), place_of(node)
    half = next((letter for letter in text if HALVES[0] <= letter <= HALVES[1]), "")
    if half:
        found = f"half a character (\\u{ord(half):04x})"
        problems.append(Problem(file, place, path, found, "whole characters", "Write the character itself."))
        text = "".join(letter if not HALVES[0] <= letter <= HALVES[1] else "?" for letter in text)
    return Text(text, place)


def _convert_mapping(
    node: MappingNode, file: str, path: str, problems: list[Problem], seen: set[int], depth: int
) -> Mapping:
    items: list[tuple[Text, Node]] = []
    first_line: dict[str, int] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            problems.append(Problem(file, place_of(key_node), path, "a key that is not plain text", "a word"))
            continue
        key = _text(key_node, file, path, problems)
        if key.value in first_line:
            problems.append(
                Problem(
                    file,
                    key.place,
                    f"{path} / {key.value}".strip(" /"),
                    f"the key {key.value!r} a second time (first on line {first_line[key.value]})",
                    "every key once",
                    "Remove one of the two.",
                )
            )
        first_line.setdefault(key.value, key.place.line)
        inner = f"{path} / {key.value}" if path else key.value
        value = _convert(value_node, file, inner, problems, seen, depth + 1)
        items.append((key, Text("", key.place) if value == Text("", value.place) else value))
    return Mapping(tuple(items), place_of(node))
