"""The long form of replay: a million settlements derived again, in a fresh database and a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.databases import SOURCE

SETTLEMENTS, SECONDS = 1_000_000, 60


@pytest.mark.long
def test_a_million_settlements_are_derived_again_within_a_minute(tmp_path: Path) -> None:
    """Filling takes about ten minutes on two cores, the replay less than one; 8 GB of disk."""
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"PYTHONPATH": str(SOURCE)}
    asked = ["bench", "replay", "--settlements", str(SETTLEMENTS), "--folder", str(tmp_path / "db")]
    command = [sys.executable, "-m", "openyibao", *asked]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=5_400, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    print(done.stdout)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["settlements"] >= SETTLEMENTS and found["differing"] == found["open"] == 0
    assert found["seconds"] <= SECONDS, found
