"""A run that is stopped, or breaks, leaves neither bills nor anything else; what was there before stays as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import openyibao
from openyibao.bench.claim_tables import claim_table, write_csv, write_parquet
from openyibao.bench.claims import random_columns
from openyibao.tables import Sizes, settle_table
from tables.making import PLAIN, SEED, left_in, shuffled

POLICY = Path(__file__).with_name("plain.yaml")


class Stop(BaseException):
    """Comes from outside, like the interruption by a person."""


@pytest.mark.parametrize("together", [True, False], ids=["straight", "sorted"])
@pytest.mark.parametrize("stage", ["sort", "settle", "write"])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_stopped_at_any_stage(tmp_path: Path, stage: str, together: bool, suffix: str) -> None:
    table = claim_table(PLAIN, random_columns(PLAIN, 60, SEED, bad_share=0.1))
    write_parquet(table if together else shuffled(table, SEED), tmp_path / "claims.parquet")
    target = tmp_path / f"bills{suffix}"
    target.write_text("of yesterday", encoding="utf-8")
    met = []

    def stop(at: str, done: int, rows: int) -> None:
        met.append(at)
        if at == stage and met.count(at) == 2:
            raise Stop

    try:
        settle_table(PLAIN, tmp_path / "claims.parquet", target, progress=stop, sizes=Sizes(20, 40, 2))
    except Stop:
        assert left_in(tmp_path) == [f"bills{suffix}", "claims.parquet"]
        assert target.read_text(encoding="utf-8") == "of yesterday"
    else:
        assert together and stage != "settle" and stage not in met


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_stops_the_command(tmp_path: Path, number: signal.Signals) -> None:
    """At whatever moment it comes: nothing is left, or all is done."""
    table = claim_table(PLAIN, random_columns(PLAIN, 40_000, SEED))
    write_csv(shuffled(table, SEED), tmp_path / "claims.csv")
    command = [sys.executable, "-m", "openyibao", "settle", str(tmp_path / "claims.csv"), "--policy", str(POLICY)]
    environment = {**os.environ, "PYTHONPATH": str(Path(openyibao.__file__).parent.parent)}
    stopped = 0
    for wait in (0.0, 0.2, 0.5):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        deadline = time.monotonic() + 60
        while process.poll() is None and len(left_in(tmp_path)) == 1 and time.monotonic() < deadline:
            time.sleep(0.01)  # until it has begun: its folder stands beside the claims
        time.sleep(wait)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        if process.returncode == 130:
            stopped += 1
            assert said.endswith("Stopped. No bills were written.\n")
            assert left_in(tmp_path) == ["claims.csv"]
        else:
            assert process.returncode in (0, 1, -number)  # the bills stood already
            (tmp_path / "claims-bills.csv").unlink()
            (tmp_path / "claims-bills.csv-rejects.csv").unlink(missing_ok=True)
    assert stopped
