"""Wrong catalogues, and exactly what is said about each of them: `expected-catalogues.yaml` holds the messages.

After a change of the reader on purpose, `YIBAO_REWRITE=1 pytest tests/wrong` writes them anew, and fails.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from openyibao.catalogue import read_catalogue
from openyibao.policy import FileError, Problem

HERE = Path(__file__).parent
EXPECTED = HERE / "expected-catalogues.yaml"
REWRITE = os.environ.get("YIBAO_REWRITE") == "1"
CASES = sorted(path.name for path in (HERE / "catalogues").iterdir())
HEAD = """\
# What is said about each file in `catalogues/`, word for word. Written by `YIBAO_REWRITE=1 pytest tests/wrong`.
"""


@cache
def problems(case: str) -> tuple[Problem, ...]:
    """What is wrong with a file. Anything but a FileError is a crash, and fails the test."""
    with pytest.raises(FileError) as told:
        read_catalogue(HERE / "catalogues" / case)
    assert str(told.value) == "\n".join(map(str, told.value.problems))
    return told.value.problems


def messages(case: str) -> list[str]:
    """As printed, with the file's name instead of its path."""
    return [str(problem).replace(str(HERE / "catalogues") + "/", "") for problem in problems(case)]


@cache
def expected() -> dict[str, list[str]]:
    read = YAML(typ="safe", pure=True).load(EXPECTED.read_text(encoding="utf-8"))
    return {case: text.splitlines() for case, text in read.items()}


def test_the_expectations_are_those_of_the_files() -> None:
    if REWRITE:
        lines = [HEAD]
        for case in CASES:
            lines += [f"{case}: |-", *(f"  {line}" for line in messages(case))]
        EXPECTED.write_text("\n".join(lines) + "\n", encoding="utf-8")
        pytest.fail(f"{EXPECTED.name} was written; read the diff, then run again without YIBAO_REWRITE")
    assert sorted(expected()) == CASES
    assert len(CASES) >= 25


@pytest.mark.skipif(REWRITE, reason="the expectations are being rewritten")
@pytest.mark.parametrize("case", CASES)
def test_exactly_this_is_said(case: str) -> None:
    assert messages(case) == expected()[case]


@pytest.mark.parametrize("case", CASES)
def test_every_message_says_where_what_and_what_instead(case: str) -> None:
    lines = (HERE / "catalogues" / case).read_bytes().splitlines()
    for problem in problems(case):
        assert problem.found
        assert problem.expected
        assert 1 <= problem.place.line <= len(lines) + 1
        assert re.search(rf":{problem.place.line}:{problem.place.column}: .*found .+; expected .+\.", str(problem))
    assert len({str(problem) for problem in problems(case)}) == len(problems(case)), "a message stands twice"
