"""The four verbs of the command line: what they print, in which form, and how they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from openyibao.cli import app

TWO = ("xx-district/resident-2007", "xx-district/resident-2013")
DAYS = ("--from", "2007-11-01", "--to", "2013-05-01")


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["policy", *words])


@pytest.mark.parametrize(
    "words",
    [("compare", *TWO), ("diff", "xx-district/resident", *DAYS), ("patients", *TWO), ("standards", *TWO)],
    ids=lambda words: words[0],
)
def test_each_verb_in_each_form(words: tuple[str, ...]) -> None:
    zh, en = (run(*words, "--lang", lang) for lang in ("zh", "en"))
    assert (zh.exit_code, en.exit_code) == (0, 0)
    assert zh.output != en.output
    data = run(*words, "--format", "json")
    assert data.exit_code == 0
    assert json.loads(data.output)


def test_a_table_and_a_chart_of_patients(tmp_path: Path) -> None:
    svg = tmp_path / "birth.svg"
    found = run("patients", *TWO, "--patient", "birth", "--format", "csv", "--svg", str(svg))
    assert found.exit_code == 0
    assert [line.split(",")[1] for line in found.output.splitlines()[1:]] == list(reversed(TWO))
    assert svg.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("compare", "nowhere/at-all"), "nowhere/at-all"),
        (("compare", TWO[0]), "请写出两项以上政策。"),
        (("diff", "xx-district/resident", "--from", "2009-01-01", "--to", "2013-05-01"), "2009-01-01没有文件"),
        (("diff", "xx-district/resident", "--from", "2009", "--to", "2013-05-01"), "“2009”不是日期"),
        (("patients",), "Name the policies, or write --all."),
        (("patients", "--all", "--patient", "nobody"), "no standard patient is named 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_refused(words: tuple[str, ...], says: str) -> None:
    found = run(*words, "--lang", "zh")
    assert found.exit_code == 2
    assert says in found.output
