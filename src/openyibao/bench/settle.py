"""`yibao bench settle`: how long settling takes, from one claim to columns of them. Figures, no verdicts."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from openyibao.bench.claims import MEAN_CLAIMS, Columns, as_claims, random_columns
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Policy
from openyibao.settlement import Rule, Uses
from openyibao.settlement.columns import MONEY, RowRule
from openyibao.settlement.tables import settle_csv

POLICY = "chongqing/resident-2023"
SEED = 20231030
CSV_ROWS = 300_000
WEIGHTS = {  # how often each value comes: like a district, so that branches are taken as they would be
    "grade": [0.50, 0.43, 0.07],
    "tier": [0.95, 0.05],
    "class": [0.90, 0.006, 0.027, 0.01, 0.018, 0.028, 0.011],
    "district": [1.0, 0.0, 0.0],
}
EXAMPLE = Path(__file__).parent.parent / "examples" / "cq-01.yaml"


def run(claims: int) -> None:
    """Print a table of all figures; the last line is one JSON object with the medians."""
    policy = read_policy(find_policy(POLICY))
    columns = random_columns(policy, claims // MEAN_CLAIMS, SEED, WEIGHTS)
    rows = len(columns["person"])
    single = one_claim(policy)
    figures = {
        "claim object to checked bill (us)": single,
        "columns, one thread: the loop (M claims/s)": rates(rows, loop_seconds(policy, columns, literals=True)),
        "the same, numbers as arguments (M claims/s)": rates(rows, loop_seconds(policy, columns, literals=False)),
        "columns, with input checks (M claims/s)": rates(rows, checked_seconds(policy, columns)),
        "CSV to CSV, warm (claims/s)": csv_rates(policy),
        "read, check and compile a policy file (s)": timed(lambda: Rule(read_policy(find_policy(POLICY))), 15),
        "process: yibao policy check (s)": process(["policy", "check", POLICY]),
        "process: yibao settle, one claim (s)": process(["settle", str(EXAMPLE), "--policy", POLICY]),
    }
    table = Table(title=f"{POLICY}, {rows:,} rows in columns, seed {SEED}", title_justify="left")
    for head in ("figure", "median", "min", "max", "runs"):
        table.add_column(head, justify="left" if head == "figure" else "right")
    for name, values in figures.items():
        cells = (
            f"{number:,.3f}" if number < 1000 else f"{number:,.0f}"
            for number in (statistics.median(values), min(values), max(values))
        )
        table.add_row(name, *cells, str(len(values)))
    Console(width=100).print(table)
    medians = [statistics.median(values) for values in figures.values()]
    print(
        json.dumps(
            {
                "bench": "settle",
                "claim_us_median": round(medians[0], 2),
                "csv_claims_per_second": round(medians[4]),
                "check_seconds": round(medians[5], 4),
                "process_seconds": round(medians[7], 3),
                "column_claims_per_second": round(medians[1] * 1e6),
            }
        )
    )


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
    weights = {**WEIGHTS, "class": [0.5, 0, 0, 0, 0, 0.5, 0]}  # without claims that meet a gap of the policy
    claims = list(as_claims(policy, random_columns(policy, count // MEAN_CLAIMS, SEED + 1, weights)))
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
    inputs = [rule.column(ready, name, len(ready["person"])) for name in rule.plan.program.inputs]
    fault = np.zeros(len(ready["person"]), np.int32)
    out = [np.zeros(len(fault), np.int64) for _ in rule.outputs]
    return timed(lambda: rule.run(ready["person"], inputs, None, fault, out), 9)


def checked_seconds(policy: Policy, columns: Columns) -> list[float]:
    rule = RowRule(policy)
    return timed(lambda: rule.settle(columns), 5)


def csv_rates(policy: Policy) -> list[float]:
    columns = random_columns(policy, CSV_ROWS // MEAN_CLAIMS, SEED + 2, WEIGHTS)
    rows = len(columns["person"])
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "claims.csv", Path(folder) / "bills.csv"
        write_claims_csv(policy, columns, source)
        return [rows / second for second in timed(lambda: settle_csv(policy, source, target), 5)]


def write_claims_csv(policy: Policy, columns: Columns, target: Path) -> None:
    """The columns as a table of claims that `settle_csv` reads."""
    with target.open("w", encoding="utf-8") as stream:
        facts = [fact.name for fact in policy.facts]
        days = ("admission", "discharge", "settlement")
        stream.write(",".join(["claim_id", "person", *days, *(f"{name}_yuan" for name in MONEY), *facts]) + "\n")
        lists = {name: column.tolist() for name, column in columns.items()}
        words = {fact.name: fact.values for fact in policy.facts}
        for row in range(len(lists["person"])):
            cells = [str(row), f"P{lists['person'][row]}"]
            cells += [f"{n // 10000}-{n // 100 % 100:02d}-{n % 100:02d}" for n in (lists[day][row] for day in days)]
            cells += [f"{n // 100}.{n % 100:02d}" for n in (lists[name][row] for name in MONEY)]
            cells += [words[name][lists[name][row]] if words[name] else str(lists[name][row]) for name in facts]
            stream.write(",".join(cells) + "\n")


def process(arguments: list[str], runs: int = 7) -> list[float]:
    """Whole processes, from start to exit, as a person waits for them, with Python's bytecode kept as is usual."""
    command = [sys.executable, "-m", "openyibao", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return timed(lambda: subprocess.run(command, check=True, capture_output=True, env=environment), runs)
