"""The loop's text run by Python itself, and compiled with every index checked, against the second calculator."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SEED = int(os.environ.get("YIBAO_SECOND_SEED", "20260101"))
SCRIPT = """
import random, sys
from second import compare, random_gathered, random_gathering, values
from second.coverage import Tally

seed, first, end = map(int, sys.argv[1:])
claims = 0
for number in range(first, end):
    rng = random.Random(f"{seed}/settings/{number}")
    policy = random_gathering.random_policy(rng)
    histories = random_gathered.random_histories(rng, policy, values, 10)
    found = compare.compare(policy, histories, Tally(), 5)
    assert not found, f"seed {seed}, policy {number}: {found}"
    claims += sum(len(history) for history in histories)
print(claims)
"""


@pytest.mark.parametrize(
    ("setting", "first", "end"),
    [
        ("NUMBA_DISABLE_JIT", 0, 10),
        ("NUMBA_BOUNDSCHECK", 2, 3),
        pytest.param("NUMBA_DISABLE_JIT", 10, 30, marks=pytest.mark.long),
        pytest.param("NUMBA_BOUNDSCHECK", 0, 2, marks=pytest.mark.long),
    ],
)
def test_equal_without_compiler_and_with_bounds_checks(setting: str, first: int, end: int, tmp_path: Path) -> None:
    """On ten policies without the compiler, and on one, of the smaller, with bounds checks; with `--long`, 30 and 3.

    A policy takes up to half a minute to compile with checks. Python checks every index too, there and in
    `test_second`, where the loops of all policies are run by it.
    """
    folders = (str(Path(__file__).parent.parent), *sys.path)
    environment = {**os.environ, setting: "1", "YIBAO_CACHE": str(tmp_path), "PYTHONPATH": os.pathsep.join(folders)}
    command = [sys.executable, "-c", SCRIPT, str(SEED), str(first), str(end)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(f"{setting}: seed {SEED}, {end - first} policies, {done.stdout.strip()} claims, all equal")
    assert int(done.stdout) > (end - first) * 10
