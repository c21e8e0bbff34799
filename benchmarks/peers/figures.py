"""The table of the comparison: speed, memory, and how far the bills are from the exact ones; runs in `.venv`.

figures.py FOLDER   reads claims.npz, exact.npz, results.json and each contestant's bills; the last line is JSON
"""

from __future__ import annotations

import json
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

Bills = npt.NDArray[np.int64]
OURS = "OpenYibao checked"
HEADS = (
    "contestant",
    "k claims/s",
    "x time",
    "x cpu",
    "prep",
    "first",
    "again",
    "MB",
    "off",
    "most",
    "sum",
)
LEGEND = f"""\
k claims/s: thousand claims settled a second (median). x time: the time of that against {OURS!r};
x cpu: the same in processor time, which other work on the machine disturbs less (all here use one thread).
prep: seconds before, untimed. first, again: seconds from the start of a process to one person's bills.
MB: peak memory of the process. off: persons with an amount that is off by a fen or more. most: the largest
difference of one amount (fen). sum: what all layers pay too much, or too little if negative (fen)."""


@dataclass(frozen=True)
class Distance:
    """How far bills are from the exact ones.

    persons_off: with at least one amount that is off by a fen or more; most_fen: the largest difference of one amount;
    sum_fen: what all layers together pay too much (or, negative, too little) over all claims.
    """

    persons_off: int
    most_fen: int
    sum_fen: int


def distance(exact: Bills, found: Bills, person: npt.NDArray[np.int64]) -> Distance:
    """Compare bills of claims; or totals of persons, where `found` has one row a person.

    exact, found: what each layer pays, and in the last column what the person bears. Raises ValueError where the
    bills are neither one a claim nor one a person.
    """
    persons, number = np.unique(person, return_inverse=True)
    if len(found) != len(exact):
        totals = np.zeros((len(persons), exact.shape[1]), np.int64)
        np.add.at(totals, number, exact)
        exact, person = totals, persons
    if found.shape != exact.shape:
        raise ValueError(f"{found.shape} bills; expected {exact.shape}, or one row for each of {len(persons)} persons")
    off = np.abs(found - exact)
    return Distance(
        persons_off=len(np.unique(person[off.max(axis=1) > 0])),
        most_fen=int(off.max()),
        sum_fen=int((found - exact)[:, :-1].sum()),
    )


def summary(processes: list[dict[str, Any]], claims: int, apart: Distance) -> dict[str, Any]:
    """The figures of one contestant from all its processes: medians of the repeated runs, the first results as such.

    processes: what `clock.race` printed, in the order of the rounds.
    """
    settling = [seconds for process in processes for seconds in process["settle_seconds"]]
    processor = [seconds for process in processes for seconds in process["processor_seconds"]]
    preparing = [seconds for process in processes for seconds in process["prepare_seconds"]]
    again = [process["first_result_seconds"] for process in processes[1:]]
    return {
        "claims_per_second": round(claims / statistics.median(settling)),
        "settle_seconds": statistics.median(settling),
        "processor_seconds": statistics.median(processor),
        "prepare_seconds": round(statistics.median(preparing), 4),
        "first_result_seconds": round(processes[0]["first_result_seconds"], 3),
        "first_result_again_seconds": round(statistics.median(again), 3) if again else None,
        "peak_megabytes": round(max(process["peak_megabytes"] for process in processes)),
        **asdict(apart),
    }


def print_table(figures: dict[str, dict[str, Any]], title: str) -> None:
    """One row a contestant; what the columns mean stands below the table."""
    table = Table(title=title, title_justify="left")
    for head in HEADS:
        table.add_column(head, justify="left" if head == "contestant" else "right", no_wrap=True)
    ours, ours_processor = figures[OURS]["settle_seconds"], figures[OURS]["processor_seconds"]
    for name, one in figures.items():
        again = one["first_result_again_seconds"]
        table.add_row(
            name,
            f"{one['claims_per_second'] / 1000:,.0f}",
            f"{one['settle_seconds'] / ours:,.1f}",
            f"{one['processor_seconds'] / ours_processor:,.1f}",
            f"{one['prepare_seconds']:.3f}",
            f"{one['first_result_seconds']:.2f}",
            "" if again is None else f"{again:.2f}",
            f"{one['peak_megabytes']:,}",
            f"{one['persons_off']:,}",
            f"{one['most_fen']:,}",
            f"{one['sum_fen']:,}",
        )
    Console(width=120).print(table)
    print(LEGEND)


def report(folder: Path) -> None:
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    with np.load(folder / "claims.npz") as file:
        person = file["person"]
    with np.load(folder / "exact.npz") as file:
        exact = file["bills"]
    figures = {}
    for name, one in results.items():
        with np.load(folder / one["bills"]) as file:
            apart = distance(exact, file["bills"], person)
        figures[name] = summary(one["processes"], len(person), apart)
    persons, ours = len(np.unique(person)), figures[OURS]
    print_table(figures, f"{len(person):,} claims of {persons:,} persons")
    for one in figures.values():
        one["times_ours"] = round(one["settle_seconds"] / ours["settle_seconds"], 2)
        one["processor_times_ours"] = round(one["processor_seconds"] / ours["processor_seconds"], 2)
    for one in figures.values():
        one |= {name: round(one[name], 5) for name in ("settle_seconds", "processor_seconds")}
    print(json.dumps({"bench": "peers", "claims": len(person), "persons": persons, "contestants": figures}))


if __name__ == "__main__":
    report(Path(sys.argv[1]))
