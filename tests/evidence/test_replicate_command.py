"""`yibao replicate`: text in both languages, JSON, CSV, and what it says to a wrong name."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from openyibao.cli import app
from openyibao.evidence.report import COLUMNS
from openyibao.evidence.tables_read import library, words

ROWS = len(library().rows())


def printed(*arguments: str) -> str:
    run = CliRunner().invoke(app, ["replicate", *arguments])
    assert run.exit_code == 0, run.output
    return run.output


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_text_ends_with_a_summary(lang: str) -> None:
    text = printed("--lang", lang)
    summary = json.loads(text.splitlines()[-1])
    assert summary["rows"] == ROWS == sum(summary["kinds"].values())
    for table in library().tables():
        assert f"[{table.name}]" in text
    for kind in words()["kinds"].values():
        assert f"{kind[lang]} " in text


def test_chinese_has_no_english_words_but_names() -> None:
    text = printed("district-fund", "--lang", "zh")
    assert "订正为 322.84" in text and "1.10 不能判定" in text and "百万元" in text
    assert not any(word in text for word in ("yuan", "persons", "towards", "sum of parts"))


def test_a_slip_is_told_whole() -> None:
    text = printed("assistance-funds")
    assert "sum of parts: 492 + 1,152 + 216" in text
    assert "corrected: 1,860" in text
    assert "0.3 error:" in text
    assert "both readings kept: 616 million as printed, 620.0378" in text
    assert "where the print comes from: 2.1366 = 37,620 / 1,760,765" in text


def test_json_is_exact() -> None:
    data = json.loads(printed("--format", "json"))
    rows = {f"{table['table']}/{row['row']}": row for table in data["tables"] for row in table["rows"]}
    assert len(rows) == data["summary"]["rows"] == ROWS
    share = rows["assistance-funds/enrolment.heads.share.other"]
    assert Fraction(share["computed"]) == Fraction(100 * 573_800, 1_610_900)
    assert share["inputs"] == [f"assistance-funds/enrolment.heads.{one}" for one in ("of.other", "total")]
    assert rows["district-use/ratio.2007"]["role"] == "held out"
    assert rows["district-use/ratio.2007"]["standard_error"] > 0
    assert rows["assistance-people/sex.male.n"].get("rule") is None


def test_csv_has_a_line_a_row() -> None:
    lines = list(csv.DictReader(io.StringIO(printed("--format", "csv"))))
    assert len(lines) == ROWS and tuple(lines[0]) == COLUMNS
    line = next(one for one in lines if one["row"] == "raised.total")
    assert (line["read"], line["computed"], line["difference"]) == ("1806", "1860", "54")
    assert line["findings"] == "0.3"


def test_closed_forms_are_still_there() -> None:
    assert "closed form = rate x (in scope - deductible / mean)" in printed("closed-forms")


@pytest.mark.parametrize("arguments", [("nothing",), ("closed-forms", "--format", "csv")])
def test_a_wrong_name_is_told(arguments: tuple[str, ...]) -> None:
    run = CliRunner().invoke(app, ["replicate", *arguments])
    assert run.exit_code == 2
    assert "Traceback" not in run.output and ("there are assistance" in run.output or "text only" in run.output)
