"""The race: the same protocol for all who take part; needs numpy only.

Each process settles one person's claims first (timed from its own start: imports, making the rules, the first bills),
then all claims several times. Of these only the settling is timed: what is made of the columns beforehand (sorting,
entities, inputs) is the time of preparation, told apart, and turning results into fen afterwards is not timed.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

LEAST_SECONDS, MOST_RUNS = 1.0, 100
"""Work of some milliseconds is repeated until it comes to this, so that a median means something."""

Columns = dict[str, npt.NDArray[np.int64]]
Bills = npt.NDArray[np.int64]
"""What each layer pays and what the person bears, in fen: one row a claim (or, of yearly totals, a person)."""
Work = tuple[Callable[[], Any], Callable[[Any], Bills]]
"""The work that is timed, and what makes bills in fen of its result, which is not."""
Prepare = Callable[[Columns], Work]


def add_arguments(parser: argparse.ArgumentParser, variants: tuple[str, ...]) -> None:
    parser.add_argument("variant", choices=variants)
    parser.add_argument("--folder", type=Path, required=True, help="where claims.npz, first.npz and numbers.json are")
    parser.add_argument("--out", type=Path, required=True, help="where the bills go")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--started", type=float, default=time.monotonic(), help="time.monotonic() when started")


def race(given: argparse.Namespace, make: Callable[[], Prepare]) -> None:
    """Settle one person, then all claims at least `runs` times; print the times, write the last bills.

    make: makes the rules, once; what it returns prepares columns and gives back the work that is timed.
    """
    prepare = make()
    work, finish = prepare(load(given.folder / "first.npz"))
    finish(work())
    first = time.monotonic() - given.started
    columns = load(given.folder / "claims.npz")
    settling: list[float] = []
    preparing: list[float] = []
    processor: list[float] = []
    while len(settling) < given.runs or (sum(settling) < LEAST_SECONDS and len(settling) < MOST_RUNS):
        start = time.perf_counter()
        work, finish = prepare(columns)
        ready = time.perf_counter()
        busy = time.process_time()
        settled = work()
        processor.append(time.process_time() - busy)
        settling.append(time.perf_counter() - ready)
        preparing.append(ready - start)
        bills = finish(settled)
        del work, finish, settled
    np.savez(given.out, bills=bills)
    figures = {
        "first_result_seconds": first,
        "prepare_seconds": preparing,
        "settle_seconds": settling,
        "processor_seconds": processor,
        "peak_megabytes": peak_megabytes(),
    }
    print(json.dumps(figures))


def load(path: Path) -> Columns:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def save(path: Path, columns: Columns) -> None:
    np.savez(path, allow_pickle=False, **columns)


def peak_megabytes() -> float:
    """The most memory this process ever held: kilobytes on Linux, bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6)
