"""What is wrong with a file: each problem with its place, in English and Chinese."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from openyibao.policy.messages import NOTHING, Message

KEY = re.compile(
    r"(?:^|[{,\[])[ \t]*(?:- +)*[\"']?([^\s\"'{}\[\],:：#-][^\"'{}\[\],:：#\n]*)[\"']?[ \t]*(?::(?=\s|$)|：)",
    re.MULTILINE,
)
COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: 1-based line and column."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, under which key, what was found, what was expected, what to do."""

    file: str
    place: Place
    path: Message
    found: Message
    expected: Message
    todo: Message = NOTHING

    def __str__(self) -> str:
        return self.text("en")

    def text(self, lang: str) -> str:
        """The problem as a sentence, in Chinese (`zh`) or English."""
        line, column = self.place.line, self.place.column
        if lang == "zh":
            key = f"，{self.path.zh}" if self.path else ""
            expected = self.expected.zh if self.expected.zh.startswith("应") else f"应为{self.expected.zh}"
            file = re.sub(r"^(.*) on (.*)$", r"\1（变更自\2）", self.file)  # a variation
            return f"{file}第{line}行第{column}列{key}：{self.found.zh}；{expected}。{self.todo.zh}"
        key = f" {self.path.en}:" if self.path else ""
        todo = f" {self.todo.en}" if self.todo else ""
        return f"{self.file}:{line}:{column}:{key} found {self.found.en}; expected {self.expected.en}.{todo}"


class FileError(Exception):
    """A file that cannot be used. `problems` holds every problem found, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.place.line, p.place.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def told(self, lang: str | None = None) -> str:
        """All problems, one a line: in this language, or each in the one that its file is written in."""
        return "\n".join(problem.text(lang or language_of(problem.file)) for problem in self.problems)


def language_of(file: str) -> str:
    """The language that most keys of a file are written in: `zh` or `en`; `en` where it cannot be read.

    A variation names the policy that it varies as well (`mine.yaml on theirs.yaml`): its own file counts.
    """
    try:
        return keys_language(Path(file.split(" on ", maxsplit=1)[0]).read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return "en"


@cache
def keys_language(text: str) -> str:
    """The language of most keys of a text, also where it is not YAML.

    >>> keys_language("政策: a"), keys_language("title: {zh: 甲, en: b}")
    ('zh', 'en')
    """
    keys = KEY.findall(COMMENT.sub("", text))
    chinese = sum(bool(CHINESE.search(key)) for key in keys)
    return "zh" if 2 * chinese > len(keys) else "en"
