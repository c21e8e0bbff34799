"""The same wrong files in Chinese: `expected-zh.yaml` holds what is said about each of them.

After a change of the messages on purpose, `YIBAO_REWRITE=1 pytest tests/wrong` writes it anew, and fails. A claim that
fails at settlement stands in both languages in `expected.yaml`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from openyibao.catalogue import read_catalogue
from openyibao.policy import FileError, Problem, find_policy, read_policy
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement import read_claims

HERE = Path(__file__).parent
EXPECTED = HERE / "expected-zh.yaml"
REWRITE = os.environ.get("YIBAO_REWRITE") == "1"
FOLDERS = ("policies", "claims", "catalogues")
CASES = [f"{folder}/{path.name}" for folder in FOLDERS for path in sorted((HERE / folder).iterdir())]
HEAD = "# What is said about each wrong file in Chinese. Written by `YIBAO_REWRITE=1 pytest tests/wrong`."


def read_claims_of(path: Path) -> object:
    named = re.match(r"# policy: (\S+)\n", path.read_text(encoding="utf-8"))
    return read_claims(path, read_policy(find_policy(named[1] if named else "teaching/willow-county-2026")))


READERS: dict[str, Callable[[Path], object]] = {
    "policies": read_policy,
    "claims": read_claims_of,
    "catalogues": read_catalogue,
}


@cache
def problems(case: str) -> tuple[Problem, ...]:
    """What is wrong with the file itself; nothing, if a claim fails only when it is settled."""
    try:
        READERS[Path(case).parent.name](HERE / case)
    except FileError as error:
        assert error.told("en") == str(error)
        return error.problems
    return ()


def messages(case: str) -> list[str]:
    """As printed, with the file's name instead of its path."""
    return [problem.text("zh").replace(str(HERE / case), Path(case).name) for problem in problems(case)]


@cache
def expected() -> dict[str, list[str]]:
    read = YAML(typ="safe", pure=True).load(EXPECTED.read_text(encoding="utf-8"))
    return {f"{folder}/{name}": text.splitlines() for folder in FOLDERS for name, text in read[folder].items()}


def test_the_expectations_are_those_of_the_files() -> None:
    if REWRITE:
        lines = [HEAD]
        for folder in FOLDERS:
            lines += ["", f"{folder}:"]
            for case in CASES:
                if case.startswith(f"{folder}/") and messages(case):
                    lines += [f"  {Path(case).name}: |-", *(f"    {line}" for line in messages(case))]
        EXPECTED.write_text("\n".join(lines) + "\n", encoding="utf-8")
        pytest.fail(f"{EXPECTED.name} was written; read the diff, then run again without YIBAO_REWRITE")
    assert sorted(expected()) == sorted(case for case in CASES if problems(case))


@pytest.mark.skipif(REWRITE, reason="the expectations are being rewritten")
@pytest.mark.parametrize("case", CASES)
def test_exactly_this_is_said(case: str) -> None:
    assert messages(case) == expected().get(case, [])


@pytest.mark.parametrize("case", CASES)
def test_a_message_is_chinese(case: str) -> None:
    """Chinese signs, and no English word of the language but what stands in the file, between “ and ”."""
    words = {word for word in Vocabulary().words() if word not in ("en", "zh", "from", "to", "at", "of", "is", "by")}
    for problem in problems(case):
        text = problem.text("zh")
        said = re.sub(r"“[^”]*”", "", text.split("：", 1)[1].replace(problem.path.zh, ""))
        assert "应" in said and re.search(r"[。？]$", text)
        assert not re.search(r"[，。：；] |(?<![a-zA-Z0-9.\"/)'-]), |; ", said), said
        english = set(re.findall(r"[a-z][a-z-]+(?: [a-z-]+)*", said)) & words
        assert not english, f"{english} in: {text}"
