"""`yibao bench columns`: claims in columns at full speed, in memory and from Parquet to Parquet."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from openyibao.bench.claim_batches import lives, write_claims
from openyibao.bench.claims import MEAN_CLAIMS, Columns, random_columns
from openyibao.bench.settle import POLICY, SEED, WITHOUT_GAPS, print_figures, rates, timed
from openyibao.bench.tables import Process, measured_process
from openyibao.lab.parquet import Sizes, settle_parquet
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Policy
from openyibao.settlement.columns import MONEY, RowRule

RUNS = 9
PARTS = 4
FIRST_RESULT = (
    "from openyibao.policy import find_policy, read_policy\n"
    "from openyibao.settlement.columns import RowRule\n"
    "import numpy as np, sys\n"
    "columns = dict(np.load(sys.argv[2]))\n"
    "print(int(RowRule(read_policy(find_policy(sys.argv[1]))).settle(columns).outputs['paid'].sum()))\n"
)


def run(claims: int, rows: list[int]) -> None:
    """Print a table of all figures; the last line is one JSON object with the medians.

    claims: rows in memory. rows: sizes of the Parquet tables.
    """
    policy = read_policy(find_policy(POLICY))
    drawn = random_columns(policy, claims // MEAN_CLAIMS, SEED, WITHOUT_GAPS)
    columns = narrow(lives(policy, drawn, SEED, WITHOUT_GAPS))
    count = len(columns["person"])
    one, two = loop_seconds(policy, columns)
    checked_one, checked_two = checked_seconds(policy, columns)
    figures = {
        "the loop, one thread (M claims/s)": rates(count, one),
        "the loop, two threads (M claims/s)": rates(count, two),
        "with all checks of the columns, one thread (M claims/s)": rates(count, checked_one),
        "with all checks of the columns, two threads (M claims/s)": rates(count, checked_two),
        "fresh process to its first result, nothing compiled (s)": first_result(policy, kept=False),
        "fresh process to its first result, compiled before (s)": first_result(policy, kept=True),
    }
    print_figures(figures, f"{POLICY}, {count:,} claims in columns, seed {SEED}")
    last: dict[str, float | str] = {
        "bench": "columns",
        "claims_per_second_1": round(statistics.median(figures["the loop, one thread (M claims/s)"]) * 1e6),
        "claims_per_second_2": round(statistics.median(figures["the loop, two threads (M claims/s)"]) * 1e6),
    }
    print(json.dumps(last | parquet(policy, rows)))


def narrow(columns: Columns) -> dict[str, Any]:
    """The same columns as a lab keeps them: money in 64 bits, days in 32, words in 8."""
    wide = {"person", *MONEY}
    small = {name: np.int32 if column.max() > np.iinfo(np.int8).max else np.int8 for name, column in columns.items()}
    return {name: column if name in wide else column.astype(small[name]) for name, column in columns.items()}


def loop_seconds(policy: Policy, columns: dict[str, Any]) -> tuple[list[float], list[float]]:
    """The bare loop on columns that are ready, by one thread and by two."""
    rule = RowRule(policy)
    person = columns["person"]
    inputs = rule.inputs(columns, person)
    fault = np.zeros(len(person), np.int32)
    out = [np.zeros(len(person), np.int64) for _ in rule.outputs]
    with ThreadPoolExecutor(2) as pool:
        one = timed(lambda: rule.run(person, inputs, None, fault, out), RUNS)
        two = timed(lambda: rule.run_parts(pool, PARTS, person, inputs, None, fault, out), RUNS)
    return one, two


def checked_seconds(policy: Policy, columns: dict[str, Any]) -> tuple[list[float], list[float]]:
    """As a caller settles: the order of the claims and the range of every fact checked, bills in new columns."""
    rule = RowRule(policy)
    with ThreadPoolExecutor(2) as pool:
        return timed(lambda: rule.settle(columns), RUNS), timed(lambda: rule.settle(columns, pool=pool), RUNS)


def first_result(policy: Policy, *, kept: bool, runs: int = 3) -> list[float]:
    """Seconds of a whole process that settles 1,000 claims, with or without machine code kept from before."""
    with tempfile.TemporaryDirectory() as folder:
        claims = Path(folder) / "claims.npz"
        drawn: dict[str, Any] = dict(random_columns(policy, 1000 // MEAN_CLAIMS, SEED, WITHOUT_GAPS))
        np.savez(claims, **drawn)
        command = [sys.executable, "-c", FIRST_RESULT, policy.id, str(claims)]
        return [
            seconds_of(command, Path(folder) / ("kept" if kept else str(number))) for number in range(-int(kept), runs)
        ][int(kept) :]


def seconds_of(command: list[str], cache: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "YIBAO_CACHE": str(cache)})
    return time.perf_counter() - start


def parquet(policy: Policy, sizes: list[int]) -> dict[str, float]:
    """Tables from Parquet to Parquet: in a running process, and as a process of its own with its peak of memory."""
    found: dict[str, float] = {}
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "claims.parquet", Path(folder) / "bills.parquet"
            print(f"writing {rows:,} claims", file=sys.stderr)
            write_claims(policy, source, rows, SEED, WITHOUT_GAPS)
            size = source.stat().st_size / 1e6
            seconds = _running(policy, source, target) if rows <= max(sizes[0], 0) else []
            process = settle_process(policy, source, target)
            own = f", in a running process {rows / statistics.median(seconds):,.0f} rows/s" if seconds else ""
            print(
                f"Parquet to Parquet, {rows:,} rows ({size:,.0f} MB in, {target.stat().st_size / 1e6:,.0f} MB out): "
                f"process {process.seconds:,.1f} s, {rows / process.seconds:,.0f} rows/s{own}, "
                f"peak memory {process.peak_megabytes / 1.048576:,.0f} MiB"
            )
            if seconds:
                found["parquet_rows_per_second"] = round(rows / statistics.median(seconds))
            found[f"process_rows_per_second_{rows}"] = round(rows / process.seconds)
            found["peak_rss_mib"] = max(found.get("peak_rss_mib", 0), round(process.peak_megabytes / 1.048576))
    return found


def _running(policy: Policy, source: Path, target: Path, runs: int = 3) -> list[float]:
    work: Callable[[], object] = lambda: settle_parquet(policy, source, target, sizes=Sizes(threads=2))  # noqa: E731
    return timed(work, runs)


def settle_process(policy: Policy, source: Path, target: Path) -> Process:
    """`yibao lab settle` as a person would call it."""
    return measured_process(["lab", "settle", str(source), "--policy", policy.id, "--out", str(target)])
