"""Policy and claim files as trees of text with places: every value knows its line and column.

Values are kept as the text that stands in the file: an amount or a ratio never passes through binary
floating point, and `no` is the word no. JSON is read by the same parser (JSON is YAML 1.2).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from openyibao.policy.messages import NOTHING, Message, quoted, say, verbatim
from openyibao.policy.model import Bilingual
from openyibao.policy.problems import FileError, Place, Problem
from openyibao.policy.vocabulary import Vocabulary
from openyibao.policy.yaml_errors import explain

MAX_FILE_BYTES = 4_000_000
MAX_DEPTH = 40
TREES_KEPT = 100
HALVES = ("\ud800", "\udfff")
REASONS = {
    "No such file": "没有该文件",
    "Permission denied": "没有读取权限",
    "Is a directory": "这是文件夹",
    "Expecting ',' delimiter": "此处缺少逗号或右括号",
    "Expecting ':' delimiter": "此处缺少冒号",
    "Expecting property name": "此处应为双引号括起的键",
    "Expecting value": "此处缺少值",
    "Unterminated string": "引号未闭合",
    "Extra data": "末尾有多余内容",
    "control character": "文字中有控制字符",
    "special characters": "有不允许的字符",
    "recursion": "层级过多",
}
"""What others say in English, or a part of it."""
ANCHOR = say("a YAML anchor (&) or alias (*)")


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


def parse_file(path: Path) -> Node:
    """The tree of a YAML or JSON file.

    Raises FileError when the file cannot be read, is not YAML 1.2, repeats a key, or uses what these
    files do without (anchors, merge keys, several documents).
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _one(
            str(path),
            "",
            say("no readable file ({reason})", reason=_reason(error.strerror or "")),
            say("a YAML or JSON file"),
        ) from None
    return parse_bytes(data, str(path))


@lru_cache(maxsize=TREES_KEPT)
def parse_bytes(data: bytes, name: str) -> Node:
    """The tree of a YAML or JSON text in UTF-8; `name` stands for the file in messages.

    A tree cannot be changed, so the same one is given for the same text: variations, series and comparisons read
    their files several times, and half of the time of reading is the parser's.
    """
    if len(data) > MAX_FILE_BYTES:
        raise _one(
            name,
            "",
            say("{count} bytes", count=len(data)),
            say("at most {most} bytes", most=MAX_FILE_BYTES),
            say("Split the file."),
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        place = Place(line, 1)
        found, todo = say("bytes that are not UTF-8"), say("Save the file as UTF-8.")
        raise FileError([_problem(name, place, "", found, say("UTF-8 text"), todo)]) from None
    if name.endswith(".json"):
        _check_json(text, name)
        text = text.replace("\t", "  ")  # JSON may indent with tabs, YAML may not
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        line, column, found, todo = explain(error, text)
        expected = say("keys and values, indented with spaces")
        raise FileError([_problem(name, Place(line, column), "", found, expected, todo)]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise _one(
            name,
            "",
            say("text that is not YAML 1.2 ({reason})", reason=_reason(str(error).splitlines()[0])),
            say("one document of keys and values"),
        ) from None
    if root is None:
        raise _one(name, "", say("an empty file"), say("keys and values"))
    problems: list[Problem] = []
    tree = _convert(root, name, "", problems, set(), 0)
    if problems:
        words = Vocabulary(Bilingual(zh, en) for zh, en in own_words(tree))
        raise FileError([_with_words(problem, words) for problem in problems])
    return tree


def own_words(root: Node) -> list[tuple[str, str]]:
    """The policy's words (Chinese, English), read ahead of everything else and leniently.

    A word that lacks one language stands for itself in it: what it lacks is told under `words`, not at each use.
    """
    base = Vocabulary()
    node = next((v for k, v in root if base.english(k.value) == "words"), None) if isinstance(root, Mapping) else None
    words = []
    for item in node if isinstance(node, Sequence) else ():
        pair = {}
        if isinstance(item, Mapping):
            pair = {base.english(k.value): v.value for k, v in item if isinstance(v, Text)}
        half = pair.get("zh") or pair.get("en") or (item.value if isinstance(item, Text) else "")
        if pair.get("zh") and pair.get("en"):
            words.append((pair["zh"], pair["en"]))
        elif half and not base.knows(base.english(half)):
            words.append((half, half))
    return words


def _check_json(text: str, name: str) -> None:
    try:
        json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        place = Place(getattr(error, "lineno", 1), getattr(error, "colno", 1))
        found = say("text that is not JSON ({reason})", reason=_reason(str(error)))
        raise FileError([_problem(name, place, "", found, say("JSON"))]) from None


def _reason(english: str) -> Message:
    """What the operating system or a parser says, in both languages."""
    return Message(next((zh for en, zh in REASONS.items() if en in english), "无法识别"), english)


def _one(file: str, path: str, found: Message, expected: Message, todo: Message = NOTHING) -> FileError:
    return FileError([_problem(file, Place(1, 1), path, found, expected, todo)])


def _problem(file: str, place: Place, path: str, found: Message, expected: Message, todo: Message = NOTHING) -> Problem:
    """A problem told before the words of the file are known: its path stands as it is written."""
    return Problem(file, place, verbatim(path), found, expected, todo)


def _with_words(problem: Problem, words: Vocabulary) -> Problem:
    return replace(problem, path=Message(words.path(problem.path.en, "zh"), words.path(problem.path.en, "en")))


def place_of(node: YamlNode) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _convert(node: YamlNode, file: str, path: str, problems: list[Problem], seen: set[int], depth: int) -> Node:
    place = place_of(node)
    if getattr(node, "anchor", None) or id(node) in seen:
        if not any(problem.found == ANCHOR for problem in problems):
            problems.append(
                _problem(
                    file, place, path, ANCHOR, say("the value itself"), say("Write the value out where it is used.")
                )
            )
        return Text("", place)
    if str(node.tag).startswith("!"):
        problems.append(_problem(file, place, path, say("the tag {tag}", tag=node.tag), say("a value without a tag")))
    seen.add(id(node))
    if depth > MAX_DEPTH:
        problems.append(
            _problem(file, place, path, say("more than {most} levels", most=MAX_DEPTH), say("a flatter file"))
        )
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
    # In text folded with `>` the parser marks with a bell where lines were joined; the mark is no part of the text.
    value = node.value.replace("\a", "") if node.style == ">" else node.value
    text, place = value.strip(), place_of(node)
    half = next((letter for letter in text if HALVES[0] <= letter <= HALVES[1]), "")
    if half:
        found = say("half a character ({code})", code=f"\\u{ord(half):04x}")
        problems.append(_problem(file, place, path, found, say("whole characters"), say("Write the character itself.")))
        text = "".join(letter if not HALVES[0] <= letter <= HALVES[1] else "?" for letter in text)
    return Text(text, place)


def _convert_mapping(
    node: MappingNode, file: str, path: str, problems: list[Problem], seen: set[int], depth: int
) -> Mapping:
    items: list[tuple[Text, Node]] = []
    first_line: dict[str, int] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            problems.append(
                _problem(file, place_of(key_node), path, say("a key that is not plain text"), say("a word"))
            )
            continue
        key = _text(key_node, file, path, problems)
        if key.value in first_line:
            problems.append(
                _problem(
                    file,
                    key.place,
                    f"{path} / {key.value}".strip(" /"),
                    say(
                        "the key {key} a second time (first on line {line})",
                        key=quoted(key.value),
                        line=first_line[key.value],
                    ),
                    say("every key once"),
                    say("Remove one of the two."),
                )
            )
        first_line.setdefault(key.value, key.place.line)
        inner = f"{path} / {key.value}" if path else key.value
        value = _convert(value_node, file, inner, problems, seen, depth + 1)
        items.append((key, Text("", key.place) if value == Text("", value.place) else value))
    return Mapping(tuple(items), place_of(node))
