"""Wrong policies and wrong claims, and exactly what is said about each of them.

`expected.yaml` holds the messages. After a change of the reader on purpose:

    YIBAO_REWRITE=1 pytest tests/wrong     writes them anew, and fails; read the diff as a policy officer would
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from openyibao.policy import FileError, Problem, find_policy, read_policy
from openyibao.settlement import ClaimError, Rule, Uses, read_claims

HERE = Path(__file__).parent
EXPECTED = HERE / "expected.yaml"
REWRITE = os.environ.get("YIBAO_REWRITE") == "1"
FOLDERS = {"policies": 75, "claims": 40}  # and how many there are at least
JSON_POLICY = "teaching/willow-county-2026"  # a YAML claim names its policy in its first line; JSON has no comments
CASES = [f"{folder}/{path.name}" for folder in FOLDERS for path in sorted((HERE / folder).iterdir())]
HEAD = """\
# What is said about each wrong file of this folder, word for word. A claim that fails at settlement: Chinese, English.
# Written by `YIBAO_REWRITE=1 pytest tests/wrong`; every change of a message shows here.
"""


@cache
def rule(policy: str) -> Rule:
    return Rule(read_policy(find_policy(policy)))


def policy_of(path: Path) -> str:
    if path.suffix == ".json":
        return JSON_POLICY
    named = re.match(r"# policy: (\S+)\n", path.read_text(encoding="utf-8"))
    assert named, f"{path.name}: the first line names the policy, as in `# policy: {JSON_POLICY}`"
    return named[1]


@cache
def faults(case: str) -> tuple[Problem | ClaimError, ...]:
    """What is wrong with a file. Anything but a FileError or a ClaimError is a crash, and fails the test."""
    path = HERE / case
    try:
        if path.parent.name == "policies":
            read_policy(path)
            return ()
        compiled = rule(policy_of(path))
        claims = read_claims(path, compiled.policy)
    except FileError as error:
        assert str(error) == "\n".join(map(str, error.problems))
        return error.problems
    errors = []
    uses: dict[str, Uses] = {}
    for claim in claims:
        try:
            _, uses[claim.person] = compiled.settle(uses.get(claim.person, Uses()), claim)
        except ClaimError as error:
            errors.append(error)
    return tuple(errors)


def messages(case: str) -> list[str]:
    """As printed, with the file's name instead of its path."""
    lines: list[str] = []
    for fault in faults(case):
        if isinstance(fault, ClaimError):
            assert str(fault) == f"claim {fault.claim}: {fault.text.en}"
            lines += [f"claim {fault.claim}: {fault.text.zh}", str(fault)]
        else:
            lines.append(str(fault).replace(str(HERE / case), Path(case).name))
    return lines


@cache
def expected() -> dict[str, list[str]]:
    data = YAML(typ="safe", pure=True).load(EXPECTED.read_text(encoding="utf-8"))
    return {f"{folder}/{name}": text.splitlines() for folder in FOLDERS for name, text in data[folder].items()}


def rewritten() -> str:
    lines = [HEAD.rstrip()]
    for folder in FOLDERS:
        lines += ["", f"{folder}:"]
        for case in CASES:
            if case.startswith(f"{folder}/"):
                lines += [f"  {Path(case).name}: |-", *(f"    {line}" for line in messages(case))]
    return "\n".join(lines) + "\n"


def test_every_file_has_an_expectation_and_every_expectation_a_file() -> None:
    if REWRITE:
        EXPECTED.write_text(rewritten(), encoding="utf-8")
        pytest.fail(f"{EXPECTED.name} was rewritten: read the diff, then run again without YIBAO_REWRITE")
    assert sorted(expected()) == sorted(CASES)


@pytest.mark.parametrize("folder", FOLDERS)
def test_there_are_enough(folder: str) -> None:
    assert sum(case.startswith(f"{folder}/") for case in CASES) >= FOLDERS[folder]


@pytest.mark.skipif(REWRITE, reason="the expectations are being rewritten")
@pytest.mark.parametrize("case", CASES)
def test_exactly_this_is_said(case: str) -> None:
    assert case in expected(), "no expectation: run with YIBAO_REWRITE=1 and read what it writes"
    assert messages(case) == expected()[case]


@pytest.mark.parametrize("case", CASES)
def test_every_message_says_where_what_and_what_instead(case: str) -> None:
    found = faults(case)
    assert found, "nothing is wrong with this file"
    for fault in found:
        if isinstance(fault, ClaimError):
            assert re.search(r"[\u4e00-\u9fff]", fault.text.zh)
            assert fault.text.zh.endswith("。")
            assert fault.text.en.endswith(".")
            continue
        assert fault.file.split(" on ")[0] == str(HERE / case)  # a variation names the policy it varies as well
        assert fault.found
        assert fault.expected
        lines = (HERE / case).read_bytes().splitlines() or [b""]
        assert 1 <= fault.place.line <= len(lines) + 1  # the end of a file is the place of what is cut off
        assert re.search(rf":{fault.place.line}:{fault.place.column}: .*found .+; expected .+\.", str(fault))
    texts = [str(fault) for fault in found]
    assert len(set(texts)) == len(texts), "a message stands twice"
