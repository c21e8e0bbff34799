"""`yibao bench settle`: how long settling takes, from one claim to columns of them. Figures, no verdicts."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from openyibao.bench.claims import MEAN_CLAIMS, Columns, as_claims, random_columns
from openyibao.bench.tables import Large, csv_process, large_tables, parquet_rates
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Policy
from openyibao.settlement import Rule, Uses
from openyibao.settlement.columns import MONEY, RowRule

POLICY = "chongqing/resident-2023"
SEED = 20231030
WEIGHTS = {  # how often each value comes: like a district, so that branches are taken as they would be
    "grade": [0.50, 0.43, 0.07],
    "tier": [0.95, 0.05],
    "class": [0.90, 0.006, 0.027, 0.01, 0.018, 0.028, 0.011],
    "district": [1.0, 0.0, 0.0],
}
WITHOUT_GAPS = {**WEIGHTS, "class": [0.95, 0, 0, 0, 0, 0.05, 0]}
"""Without classes for which the policy says that a value is not known: every claim is settled."""
EXAMPLE = Path(__file__).parent.parent / "examples" / "cq-01.yaml"


def run(claims: int, rows: int) -> None:
    """Print a table of all figures; the last line is one JSON object with the medians.

    claims: rows of the column benchmark. rows: those of the large tables, or 0 for none.
    """
    policy = read_policy(find_policy(POLICY))
    columns = random_columns(policy, claims // MEAN_CLAIMS, SEED, WEIGHTS)
    count = len(columns["person"])
    parquet = parquet_rates(policy, WITHOUT_GAPS)
    figures = {
        "claim object to checked bill (us)": one_claim(policy),
        "columns, one thread: the loop (M claims/s)": rates(count, loop_seconds(policy, columns, literals=True)),
        "the same, numbers as arguments (M claims/s)": rates(count, loop_seconds(policy, columns, literals=False)),
        "columns, with input checks (M claims/s)": rates(count, checked_seconds(policy, columns)),
        "process: 1,000,000 claims, CSV to CSV (claims/s)": csv_process(policy, WITHOUT_GAPS),
        "Parquet to Parquet, in a running process (rows/s)": parquet.rows_per_second,
        "the same: processor time of reading and writing (share)": parquet.io_share,
        "the same as a process of its own: peak memory (MB)": parquet.peak_megabytes,
        "read, check and compile a policy file (s)": timed(lambda: Rule(read_policy(find_policy(POLICY))), 15),
        "process: yibao policy check (s)": process(["policy", "check", POLICY]),
        "process: yibao settle, one claim (s)": process(["settle", str(EXAMPLE), "--policy", POLICY]),
    }
    print_figures(figures, f"{POLICY}, {count:,} rows in columns, seed {SEED}")
    medians = [statistics.median(values) for values in figures.values()]
    last = {
        "bench": "settle",
        "claim_us_median": round(medians[0], 2),
        "csv_claims_per_second": round(medians[4]),
        "check_seconds": round(medians[8], 4),
        "process_seconds": round(medians[10], 3),
        "column_claims_per_second": round(medians[1] * 1e6),
        "parquet_rows_per_second": round(medians[5]),
        "parquet_io_share": round(medians[6], 2),
        "peak_megabytes": round(medians[7]),
    }
    if rows:
        last |= print_large(large_tables(policy, rows, WITHOUT_GAPS, lambda text: print(text, file=sys.stderr)))
    print(json.dumps(last))


def print_figures(figures: dict[str, list[float]], title: str) -> None:
    table = Table(title=title, title_justify="left")
    for head in ("figure", "median", "min", "max", "runs"):
        table.add_column(head, justify="left" if head == "figure" else "right")
    for name, values in figures.items():
        cells = (
            f"{number:,.3f}" if number < 1000 else f"{number:,.0f}"
            for number in (statistics.median(values), min(values), max(values))
        )
        table.add_row(name, *cells, str(len(values)))
    Console(width=110).print(table)


def print_large(found: Large) -> dict[str, float]:
    """What a large table took, persons together and mixed; the same for the last line."""
    last: dict[str, float] = {"rows": found.rows}
    for name, one in (("straight", found.straight), ("sorted", found.sorted)):
        rate = found.rows / one.seconds
        print(
            f"process: {found.rows:,} rows, Parquet to Parquet, {name}: {one.seconds:,.1f} s, {rate:,.0f} rows/s, "
            f"peak memory {one.peak_megabytes:,.0f} MB"
        )
        last |= {f"{name}_rows_per_second": round(rate), f"{name}_peak_megabytes": round(one.peak_megabytes)}
    return last


def timed(work: Callable[[], object], runs: int) -> list[float]:
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def rates(rows: int, seconds: list[float]) -> list[float]:
    return [rows / second / 1e6 for second in seconds]


def one_claim(policy: Policy, count: int = 20_000) -> list[float]:
    """Microseconds from a Claim object to its checked Bill, each claim on the uses of its person."""
    rule = Rule(policy)
    claims = list(as_claims(policy, random_columns(policy, count // MEAN_CLAIMS, SEED + 1, WITHOUT_GAPS)))
    uses, person, micros = Uses(), "", []
    for claim in claims:
        if claim.person != person:
            uses, person = Uses(), claim.person
        start = time.perf_counter_ns()
        _, uses = rule.settle(uses, claim)
        micros.append((time.perf_counter_ns() - start) / 1000)
    return micros


def loop_seconds(policy: Policy, columns: Columns, *, literals: bool) -> list[float]:
    """The bare loop on prepared columns: what remains when checks and memory are done."""
    rule = RowRule(policy, literals=literals)
    narrow = {"person": np.int64} | {f"{name}": np.int64 for name in MONEY}
    ready = {
        name: column.astype(narrow.get(name, np.int32 if column.max() > 127 else np.int8))
        for name, column in columns.items()
    }
    inputs = rule.inputs(ready, ready["person"])
    fault = np.zeros(len(ready["person"]), np.int32)
    out = [np.zeros(len(fault), np.int64) for _ in rule.outputs]
    return timed(lambda: rule.run(ready["person"], inputs, None, fault, out), 9)


def checked_seconds(policy: Policy, columns: Columns) -> list[float]:
    rule = RowRule(policy)
    return timed(lambda: rule.settle(columns), 5)


def process(arguments: list[str], runs: int = 7) -> list[float]:
    """Whole processes, from start to exit, as a person waits for them, with Python's bytecode kept as is usual."""
    command = [sys.executable, "-m", "openyibao", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return timed(lambda: subprocess.run(command, check=True, capture_output=True, env=environment), runs)
