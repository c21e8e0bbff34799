"""How fast tables are settled, and in how much memory: whole processes, from start to exit."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from openyibao.bench.claim_tables import ROW_GROUP, claim_table, options_of, write_csv, write_parquet
from openyibao.bench.claims import MEAN_CLAIMS, Columns, random_columns
from openyibao.policy.model import Policy
from openyibao.tables import Sizes, settle_table
from openyibao.tables.reader import Reader
from openyibao.tables.sources import open_source
from openyibao.tables.targets import open_target

CSV_ROWS = 1_000_000
PARQUET_ROWS = 2_000_000
CHUNK_ROWS = 500_000
SEED = 20231030
Weights = dict[str, list[float]]


@dataclass(frozen=True)
class Process:
    """A run of the command: how long it took, how much memory it had at most, and what it printed."""

    seconds: float
    peak_megabytes: float
    said: str


MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
said = process.stdout.read()
_, status, used = os.wait4(process.pid, 0)
print(said, end="")
print(os.waitstatus_to_exitcode(status), used.ru_maxrss)
"""
"""Runs a command and says its peak memory. A process of its own: a child is charged with the memory of its parent."""


def settle_process(source: Path, policy: str, target: Path) -> Process:
    """`yibao settle` as a person would call it."""
    return measured_process(["settle", str(source), "--policy", policy, "--out", str(target)])


def measured_process(words: list[str]) -> Process:
    """A command of `yibao` as a person would call it. Raises RuntimeError where it does not end well."""
    command = [sys.executable, "-m", "openyibao", *words]
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *command], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    *said, last = done.stdout.splitlines() or [""]
    code, _, peak = last.partition(" ")
    if done.returncode or code not in ("0", "1"):
        raise RuntimeError(done.stdout + done.stderr)
    return Process(seconds, int(peak) / (1e6 if sys.platform == "darwin" else 1e3), "\n".join(said))


def csv_process(policy: Policy, weights: Weights, runs: int = 3) -> list[float]:
    """Claims a second of 1,000,000 claims from CSV to CSV, start of the process included."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "claims.csv", Path(folder) / "bills.csv"
        columns = random_columns(policy, CSV_ROWS // MEAN_CLAIMS + 1000, SEED + 2, weights)
        write_csv(claim_table(policy, columns, ("none",)).slice(0, CSV_ROWS), source)
        return [CSV_ROWS / settle_process(source, policy.id, target).seconds for _ in range(runs)]


@dataclass(frozen=True)
class ParquetFigures:
    """Parquet to Parquet in a running process: rows a second; of the processor's time, what reading and writing take.

    The memory is that of the command on the same table.
    """

    rows_per_second: list[float]
    io_share: list[float]
    peak_megabytes: list[float]


def parquet_rates(policy: Policy, weights: Weights, runs: int = 3) -> ParquetFigures:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "claims.parquet", Path(folder) / "bills.parquet"
        columns = random_columns(policy, PARQUET_ROWS // MEAN_CLAIMS, SEED + 3, weights)
        rows = len(columns["person"])
        write_parquet(claim_table(policy, columns, ("none",)), source)
        settle_table(policy, source, target, sizes=Sizes(threads=2))
        seconds, shares = [], []
        for _ in range(runs):
            used, start = time.process_time(), time.perf_counter()
            settle_table(policy, source, target, sizes=Sizes(threads=2))
            seconds.append(time.perf_counter() - start)
            used = time.process_time() - used
            shares.append(_reading_and_writing(policy, source, target) / used)
        peak = settle_process(source, policy.id, target).peak_megabytes
        return ParquetFigures([rows / second for second in seconds], shares, [peak])


def _reading_and_writing(policy: Policy, source: Path, target: Path) -> float:
    """Seconds of processor time to read a table as settling does, and to write its bills."""
    table = open_source(source)
    reader = Reader(policy, str(source), table.headers)
    bills = pq.read_table(target)
    fen = [pa.array(np.frombuffer(column.combine_chunks().buffers()[1], np.int64)[::2]) for column in bills.columns[2:]]
    ids = [column.combine_chunks() for column in bills.columns[:2]]
    batch = pa.RecordBatch.from_arrays([pa.nulls(len(ids[0])), *ids, *fen], names=["row", *bills.schema.names])
    start = time.process_time()
    _exhaust(table.batches(reader.headers(), reader.few))
    out = open_target(target.with_name("again.parquet"), bills.schema.names)
    for first in range(0, batch.num_rows, ROW_GROUP):
        out.write(batch.slice(first, ROW_GROUP))
    out.close()
    return time.process_time() - start


def _exhaust(batches: Iterator[Any]) -> None:
    for _ in batches:
        pass


@dataclass(frozen=True)
class Large:
    """A large table settled by the command."""

    rows: int
    straight: Process
    sorted: Process


def large_tables(policy: Policy, rows: int, weights: Weights, say: Callable[[str], None]) -> Large:
    """Settle a Parquet table of `rows` rows, once with persons together, once with the rows of all parts mixed."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "claims.parquet", Path(folder) / "bills.parquet"
        runs = []
        for mixed in (False, True):
            say(f"writing {rows:,} rows, {'mixed' if mixed else 'persons together'}")
            write_large(policy, source, rows, weights, mixed=mixed)
            say(f"settling them ({source.stat().st_size / 1e6:,.0f} MB)")
            runs.append(settle_process(source, policy.id, target))
        return Large(rows, *runs)


def write_large(policy: Policy, path: Path, rows: int, weights: Weights, *, mixed: bool) -> None:
    """Write a table chunk by chunk. Mixed: each person has claims in two chunks, and their rows are shuffled."""
    writer, written, chunk = None, 0, 0
    random = np.random.default_rng(SEED)
    while written < rows:
        columns = random_columns(policy, CHUNK_ROWS // MEAN_CLAIMS, SEED + chunk, weights)
        persons = int(columns["person"][-1]) + 1
        columns["person"] += chunk * (persons // 2 if mixed else persons)
        if mixed:
            order = random.permutation(len(columns["person"]))
            columns = {name: column[order] for name, column in columns.items()}
        columns = _first(columns, rows - written)
        table = claim_table(policy, columns, ("none",), first=written)
        writer = writer or pq.ParquetWriter(str(path), table.schema, **options_of(table))
        writer.write_table(table, row_group_size=ROW_GROUP)
        written, chunk = written + table.num_rows, chunk + 1
    if writer is not None:
        writer.close()


def _first(columns: Columns, rows: int) -> Columns:
    return {name: column[:rows] for name, column in columns.items()}
