"""The verbs about histories as a person uses them: whole processes, both languages, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

import openyibao
from openyibao.history import History, State, load_series, read_series_claims, read_state, save_state, settle_all

PACKAGE = Path(openyibao.__file__).parent
WILLOW = ("--policy", "teaching/willow-county-2026")
TIME = ("--time", "2026-12-01T10:00:00+08:00")


def yibao(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "openyibao", *(str(argument) for argument in arguments)]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, check=False, timeout=120
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the state that `yibao settle willow-year --state state.json --save` makes."""
    series = load_series(["teaching/willow-county-2026"])
    claims = [lined.claim for lined in read_series_claims(PACKAGE / "examples" / "willow-year.yaml", series)]
    history = settle_all(History("example-4"), series, claims, datetime.fromisoformat(TIME[1]))
    save_state(tmp_path / "state.json", State({("999999", "resident", "example-4"): history}))
    return tmp_path


def test_settling_into_a_state_file(folder: Path, tmp_path: Path) -> None:
    done = yibao(tmp_path, "settle", "willow-year", *WILLOW, "--state", "mine.json", "--save", *TIME)
    assert done.returncode == 0 and done.stdout.count("borne by the person") == 3, done.stderr
    assert (tmp_path / "mine.json").read_bytes() == (folder / "state.json").read_bytes()


@pytest.mark.parametrize(
    ("lang", "same", "other", "nothing"),
    [
        ("en", "claim W-1 was settled before", "claims.yaml: claim W-3 was settled already", "Nothing changed"),
        ("zh", "单据W-1此前已结算", "claims.yaml: 单据W-3已于", "没有变化，未保存"),
    ],
)
def test_settling_the_same_claims_twice(folder: Path, lang: str, same: str, other: str, nothing: str) -> None:
    before = (folder / "state.json").stat()
    arguments = (*WILLOW, "--state", "state.json", "--save", "--lang", lang)
    done = yibao(folder, "settle", "willow-year", *arguments)
    assert done.returncode == 0 and done.stderr.count("W-1") == 1 and same in done.stderr
    assert nothing in done.stderr and "state.json" not in done.stderr
    text = (PACKAGE / "examples" / "willow-year.yaml").read_text(encoding="utf-8")
    (folder / "claims.yaml").write_text(text.replace("secondary", "primary", 1), encoding="utf-8")
    done = yibao(folder, "settle", "claims.yaml", *arguments)
    assert done.returncode == 1 and other in done.stderr and nothing in done.stderr
    after = (folder / "state.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def digest(folder: Path) -> str:
    return read_state(folder / "state.json").digest


def test_a_trial_keeps_nothing(tmp_path: Path) -> None:
    done = yibao(tmp_path, "settle", "willow-year", *WILLOW, "--state", "state.json")
    assert done.returncode == 0 and "nothing is saved" in done.stderr
    assert not (tmp_path / "state.json").exists()


def test_the_same_claims_are_not_counted_twice(folder: Path) -> None:
    before = digest(folder)
    arguments = ("settle", "willow-year", *WILLOW, "--state", "state.json", "--save")
    done = yibao(folder, *arguments, "--format", "json", "--lang", "zh")
    assert done.returncode == 0 and done.stderr.count("不再重复计入") == 3
    assert [bill["claim"]["id"] for bill in json.loads(done.stdout)] == ["W-1", "W-2", "W-3"]
    assert digest(folder) == before


def test_a_claim_that_has_changed_is_to_be_resettled(folder: Path) -> None:
    text = (PACKAGE / "examples" / "willow-year.yaml").read_text(encoding="utf-8")
    (folder / "other.yaml").write_text(
        text.replace("total cost: 60000, in-scope cost: 50000", "total cost: 60001, in-scope cost: 50001"),
        encoding="utf-8",
    )
    before = digest(folder)
    done = yibao(folder, "settle", "other.yaml", *WILLOW, "--state", "state.json", "--save")
    assert done.returncode == 1 and "claim W-1 was settled already, on 2026-12-01" in done.stderr
    assert digest(folder) == before


def test_show_in_both_languages(folder: Path) -> None:
    english, chinese = (
        yibao(folder, "history", "show", "state.json", "--log", "--lang", lang) for lang in ("en", "zh")
    )
    assert english.returncode == chinese.returncode == 0
    for word in (
        "person example-4",
        "medical assistance / limit per year (2026)",
        "60,000.00",
        "settled",
        "state hash",
    ):
        assert word in english.stdout
    for word in ("参保人 example-4", "医疗救助 / 年度费用限额（2026）", "60,000.00", "结算", "状态摘要"):
        assert word in chinese.stdout
    bill = yibao(folder, "history", "show", "state.json", "--claim", "W-2", "--lang", "zh")
    assert bill.returncode == 0 and "41,828.00" in bill.stdout and "柳县" in bill.stdout
    nobody = yibao(folder, "history", "show", "state.json", "--person", "B", "--lang", "zh")
    assert nobody.returncode == 2 and "没有参保人B的记录" in nobody.stderr


def test_reverse(folder: Path) -> None:
    before = digest(folder)
    for lang, words in (("en", ("cannot be reversed at once", "resettle")), ("zh", ("不能直接冲正", "重新结算"))):
        done = yibao(folder, "history", "reverse", "state.json", "W-1", "--reason", "x", "--save", "--lang", lang)
        assert done.returncode == 1 and not done.stdout
        assert all(word in done.stderr for word in (*words, "W-2", "W-3"))
    assert digest(folder) == before
    for claim in ("W-3", "W-2", "W-1"):
        done = yibao(folder, "history", "reverse", "state.json", claim, "--reason", "x", "--save", *TIME)
        assert done.returncode == 0, done.stderr
    history = next(iter(read_state(folder / "state.json").histories.values()))
    assert not history.uses.values and not history.standing and len(history.events) == 6


def test_resettle(folder: Path) -> None:
    arguments = ("history", "resettle", "state.json", *WILLOW, "--reason", "错人", *TIME)
    trial = yibao(folder, *arguments, "--without", "W-1", "--without", "W-3")
    assert trial.returncode == 0 and "nothing is saved" in trial.stderr
    assert "W-1" in trial.stdout and "W-2" in trial.stdout and "The person gets" in trial.stdout
    for rest, word in (((), "no claim to take back"), (("--without", "W-9"), "There are: W-1, W-2, W-3")):
        done = yibao(folder, *arguments, *rest)
        assert done.returncode == 2 and word in done.stderr
    done = yibao(folder, *arguments, "--without", "W-2", "--save", "--lang", "zh")
    assert done.returncode == 0 and "应退还个人50,552.17元" in done.stdout
    log = yibao(folder, "history", "show", "state.json", "--log").stdout
    assert "settled again" in log and "错人 (because of 4)" in log


def test_a_file_changed_by_hand(folder: Path) -> None:
    file = folder / "state.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"reason": ""', '"reason": "-"'), encoding="utf-8")
    refused = yibao(folder, "history", "show", "state.json", "--lang", "zh")
    assert refused.returncode == 2 and "手工改动" in refused.stderr
    assert yibao(folder, "history", "show", "state.json", "--accept-changed").returncode == 0
    file.write_text("{}", encoding="utf-8")
    done = yibao(folder, "history", "show", "state.json")
    assert done.returncode == 2 and "state.json: format: found nothing" in done.stderr
    assert "Traceback" not in done.stderr


def test_problems_are_said_plainly(folder: Path) -> None:
    overlap = yibao(
        folder,
        *("settle", "cq-01", "--policy", "chongqing/resident-2023"),
        "--policy",
        "chongqing/resident-2023-as-published",
    )
    assert overlap.returncode == 2 and "in force on the same days" in overlap.stderr
    for arguments, word in (
        (("settle", "cq-01", "--policy", "chongqing/resident-2023", "--save"), "--save goes with --state"),
        (("history", "show", "none.json"), "none.json: found"),
        (("history", "reverse", "state.json", "W-3", "--reason", "x", "--time", "yesterday"), "the time yesterday"),
    ):
        done = yibao(folder, *arguments)
        assert done.returncode == 2 and word in done.stderr, (arguments, done.stderr)
        assert "Traceback" not in done.stderr


def test_a_csv_table_has_one_policy_and_no_state(folder: Path) -> None:
    (folder / "claims.csv").write_text("claim_id\n", encoding="utf-8")
    for more in (("--state", "state.json"), ("--policy", "chongqing/resident-2023")):
        done = yibao(folder, "settle", "claims.csv", *WILLOW, *more)
        assert done.returncode == 2 and "one policy and without a state" in done.stderr.replace("\n", " ").replace(
            "│ ", ""
        )
