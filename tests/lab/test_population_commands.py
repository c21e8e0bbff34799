"""`yibao lab list`, `fit` and `generate`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from openyibao.lab.population_commands import stretch


def yibao(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "openyibao", "lab", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_list() -> None:
    found = yibao("list")
    assert found.returncode == 0 and "xx-district-2013" in found.stdout and "949,921" in found.stdout


def test_generate_then_settle(tmp_path: Path) -> None:
    claims, bills = tmp_path / "claims.parquet", tmp_path / "bills.parquet"
    law = ("--policy", "xx-district/resident-2013")
    made = yibao("generate", "xx-district-2013", "--persons", "0:6000", "--out", str(claims), *law, "--progress")
    assert made.returncode == 0, made.stderr
    assert "claims of persons 0 to 5,999; seed 2013" in made.stdout and "6,000 / 6,000" in made.stderr
    settled = yibao("settle", str(claims), *law, "--out", str(bills))
    assert settled.returncode == 1  # the policy does not know the rate of special diseases
    assert "special diseases" in settled.stdout and bills.exists()


def test_generate_says_what_is_wrong(tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "x.parquet"))
    for arguments, message in (
        (("xx-district-2013", "--persons", "7:3"), "persons '7:3'; expected two numbers"),
        (("atlantis",), "no population 'atlantis'"),
        (("xx-district-2013", "--policy", "chongqing/resident-2023"), "asks for 'class'"),
    ):
        found = yibao("generate", *arguments, *out)
        assert found.returncode == 2 and message in found.stderr and "Traceback" not in found.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("persons", "code"), [("120000", 0), ("12000", 1)])
def test_fit_prints_the_table(persons: str, code: int) -> None:
    """Of 12,000 persons the fund pays more for stays than was published, by more than two errors: exit code 1."""
    found = yibao("fit", "xx-district-2013", "--persons", persons, "--seeds", "1")
    assert found.returncode == code, (found.returncode, found.stdout, found.stderr)
    assert "fitted in" in found.stdout and "held out" in found.stdout, found.stderr
    assert "Worked back from the miss, not found" in found.stdout
    assert "Only held-out figures" in found.stdout or "only held-out figures" in found.stdout


@pytest.mark.parametrize(("text", "wanted"), [("0:10", (0, 10)), ("5:", (5, 99)), (":7", (0, 7))])
def test_stretches(text: str, wanted: tuple[int, int]) -> None:
    assert stretch(text, 99) == wanted


@pytest.mark.parametrize("text", ["10", "a:b", "5:5", "0:100", "-1:5"])
def test_stretches_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="persons"):
        stretch(text, 99)
