"""Machine code that is kept is not used for another text, wherever the text changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

OTHER = """
from openyibao.settlement.compiled import uncounted

STEP = {step}


@uncounted
def more(number):
    return number + {more}
"""
OWN = """
import other
from openyibao.settlement.compiled import uncounted, written_with


@uncounted
@written_with(other)
def all_of_it(number):
    return other.more(number) * STEP


STEP = other.STEP
if __name__ == "__main__":
    print(all_of_it(1))
"""


def run(folder: Path) -> int:
    environment = {**os.environ, "YIBAO_CACHE": str(folder / "kept"), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # Python itself takes texts of one size and one second for the same
    done = subprocess.run(
        [sys.executable, "own.py"], cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    return int(done.stdout)


def test_another_file_changed(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    other = tmp_path / "other.py"
    other.write_text(OTHER.format(step=10, more=1), encoding="utf-8")
    assert run(tmp_path) == 20
    kept = set((tmp_path / "kept").rglob("*.nbc"))
    assert kept
    assert run(tmp_path) == 20
    assert set((tmp_path / "kept").rglob("*.nbc")) == kept, "what was kept is used"
    other.write_text(OTHER.format(step=100, more=1), encoding="utf-8")
    assert run(tmp_path) == 200, "a constant"
    other.write_text(OTHER.format(step=100, more=2), encoding="utf-8")
    assert run(tmp_path) == 300, "a compiled function"
