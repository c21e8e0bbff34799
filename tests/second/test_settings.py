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

seed, policies = int(sys.argv[1]), int(sys.argv[2])
claims = 0
for number in range(policies):
    rng = random.Random(f"{seed}/settings/{number}")
    policy = random_gathering.random_policy(rng)
    histories = random_gathered.random_histories(rng, policy, values, 10)
    found = compare.compare(policy, histories, Tally(), 5)
    assert not found, f"seed {seed}, policy {number}: {found}"
    claims += sum(len(history) for history in histories)
print(claims)
"""


@pytest.mark.parametrize(("setting", "policies"), [("NUMBA_DISABLE_JIT", 30), ("NUMBA_BOUNDSCHECK", 3)])
def test_equal_without_compiler_and_with_bounds_checks(setting: str, policies: int, tmp_path: Path) -> None:
    folders = (str(Path(__file__).parent.parent), *sys.path)
    environment = {**os.environ, setting: "1", "YIBAO_CACHE": str(tmp_path), "PYTHONPATH": os.pathsep.join(folders)}
    command = [sys.executable, "-c", SCRIPT, str(SEED), str(policies)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(f"{setting}: seed {SEED}, {policies} policies, {done.stdout.strip()} claims, all equal")
    assert int(done.stdout) > policies * 10
