"""What the YAML parser complains of, in the words of somebody who writes a policy."""

from __future__ import annotations

import re
from typing import NamedTuple

from ruamel.yaml.error import MarkedYAMLError, StringMark

from openyibao.policy.messages import Message, say

PLAIN = dict(zip("，、；：（）【】｛｝［］％", ",,,:{}[]{}[]%", strict=True))
"""Full-width signs, and the plain ones that have a meaning in a policy."""


DASHES = "－–—-"  # the plain one last, so that it can stand in a class of signs


class Explained(NamedTuple):
    """What is wrong with a text that is not YAML: 1-based line and column, what was found, what to do."""

    line: int
    column: int
    found: Message
    todo: Message


def explain(error: MarkedYAMLError, text: str) -> Explained:
    """What is probably wrong, and where."""
    lines = text.splitlines() or [""]
    mark = _place(error.problem_mark) or _place(error.context_mark) or (1, 1)
    start = _place(error.context_mark) or mark
    problem, context = str(error.problem), str(error.context)
    sign = full_width(lines, mark, start, flow=context.startswith("while parsing a flow"))
    if sign:
        return sign
    if "'\\t'" in problem:
        return Explained(*mark, say("a tab"), say("Indent line {line} with blanks.", line=mark[0]))
    if "quoted scalar" in context and "end of stream" in problem:
        return Explained(
            *start,
            say("a quotation mark that is not closed"),
            say("Close the quotation mark of line {line}.", line=start[0]),
        )
    if context in ("while parsing a flow mapping", "while parsing a flow sequence"):
        return _in_brackets(context, mark, start, cut_off="stream end" in problem)
    if "could not find expected ':'" in problem:
        return Explained(*start, say("a line that is no key with its value"), _colon(start[0]))
    if dash := re.match(rf"\s*[{DASHES}](?=[{{\[]|[^\W\d])", lines[mark[0] - 1]):
        todo = say("Write a plain `-` and a blank at the beginning of line {line}.", line=mark[0])
        return Explained(mark[0], dash.end(), say("a `-` without a blank behind it"), todo)
    if "mapping values are not allowed here" in problem:
        return _second_colon(lines, mark)
    if (
        "expected <block end>" in problem
        and "<scalar>" not in problem
        and not lines[mark[0] - 1][: mark[1] - 1].strip()
    ):
        return Explained(*mark, say("a line that does not fit those above it"), _indentation(lines, mark[0]))
    if "expected <block end>" in problem and "<scalar>" in problem:
        todo = say("Put the whole text into quotation marks of the other kind, or use none.")
        return Explained(*mark, say("text behind a closing quotation mark"), todo)
    if "cannot start any token" in problem or "expected chomping" in problem or "expected alphabetic" in problem:
        at = start if context != "while scanning for the next token" else mark
        return _odd_sign(lines, at)
    if context == "expected a single document in the stream":
        return Explained(*mark, say("a second document"), say("Remove the line `---` or `...`, or write two files."))
    todo = say("Look at line {line}. Is a quotation mark or bracket too many?", line=mark[0])
    return Explained(*mark, say("text that does not fit here"), todo)


def _place(mark: StringMark | None) -> tuple[int, int] | None:
    return (mark.line + 1, mark.column + 1) if mark else None


def _colon(line: int) -> Message:
    return say("Write a `:` and a space after the key of line {line}.", line=line)


def full_width(lines: list[str], mark: tuple[int, int], start: tuple[int, int], *, flow: bool) -> Explained | None:
    """The full-width sign that broke a line: between two entries, for a bracket, or for the colon behind a key."""
    for number, end in ((mark[0], mark[1] - 1), (start[0], None), (mark[0] - 1, None)):
        line = lines[number - 1][:end] if 1 <= number <= len(lines) else ""
        bare = re.sub(r"\"[^\"]*\"|'[^']*'", lambda quoted: " " * len(quoted[0]), line)  # outside quotation marks
        opened = max(bare.find("{"), bare.find("[")) if number == start[0] or not flow else 0
        tail = bare[opened:] if opened >= 0 else ""
        found = [
            re.match(r"\s*(?:- )?[^:：#{}\[\]]*：", bare),  # a key: without a plain colon on its line
            re.search(r"(?:: *|- +)[（｛［]", bare),
            re.search(r"[，；：][^，；：,:{}\[\]]*$", tail) if number == mark[0] and flow else None,
            re.search(r"[）】｝］]\s*$", tail) if number < mark[0] and flow else None,
        ]
        for which, match in enumerate(found):
            if match and not (which == 0 and re.search(r":\s", bare)):
                column = len(bare) - len(tail) if which > 1 else 0
                column += match.end() - 1 if which < 2 else match.start()
                return Explained(number, column + 1, sign_found(line[column]), sign_todo(line[column]))
    return None


def sign_found(sign: str) -> Message:
    return say("the full-width sign {sign}", sign=sign)


def sign_todo(sign: str) -> Message:
    plain = PLAIN[sign]
    if plain in ",:":
        return say("Write the plain sign `{plain}` and a space in place of {sign}.", plain=plain, sign=sign)
    return say("Write the plain sign `{plain}` in place of {sign}.", plain=plain, sign=sign)


def _in_brackets(context: str, mark: tuple[int, int], start: tuple[int, int], *, cut_off: bool) -> Explained:
    what, close = (say("brace"), "}") if "mapping" in context else (say("bracket"), "]")
    if mark[0] > start[0] or cut_off:
        return Explained(
            *start,
            say("a {what} that is not closed", what=what),
            say("Write the `{close}` that closes line {line}.", close=close, line=start[0]),
        )
    return Explained(
        *mark,
        say("two entries without a comma between them"),
        say("Write a comma before this entry, or `{close}`.", close=close),
    )


def _second_colon(lines: list[str], mark: tuple[int, int]) -> Explained:
    """A colon where a value has begun already: on its own line, or on the line above, which this one continues."""
    line = lines[mark[0] - 1]
    above = next((other for other in reversed(lines[: mark[0] - 1]) if other.strip()), "")
    if re.search(r":\s", line[: mark[1] - 1]):
        return Explained(
            *mark, say("a second `:` on the line"), say("Put a text that has a colon into quotation marks.")
        )
    if above and _indent(line) > _indent(above):
        return Explained(
            mark[0], _indent(line) + 1, say("a line that does not fit those above it"), _indentation(lines, mark[0])
        )
    number = next((n for n, other in enumerate(lines, 1) if other == above), mark[0])
    return Explained(
        number, _indent(lines[number - 1]) + 1, say("a line that is no key with its value"), _colon(number)
    )


def _indentation(lines: list[str], number: int) -> Message:
    return say(
        "Line {line}, or one above it, probably has the wrong indentation: it begins with {count} blanks. "
        "Entries of one level begin below each other.",
        line=number,
        count=_indent(lines[number - 1]),
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _odd_sign(lines: list[str], place: tuple[int, int]) -> Explained:
    sign = lines[place[0] - 1][place[1] - 1 : place[1]]
    todo = say("Put the text into quotation marks.")
    if sign == ">":
        todo = say("A range is written `3 and over` (3及以上). Other texts that begin so stand in quotation marks.")
    return Explained(*place, say("a text that begins with `{sign}`", sign=sign), todo)
