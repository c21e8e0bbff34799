"""`yibao bench reconcile`: a month of an institution in a database beside a list with faults. Figures, no verdicts.

A process of its own does the reconciliation as 3202 does: unpack and read the list, read the platform's settlements,
compare, keep the work list, write the file of differences. Its time and its memory are what is printed.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from openyibao.service.run import Web, say


@dataclass(frozen=True)
class Measured:
    """Seconds of each step and of this process's processor in it, the largest memory in MB before and at the end, and
    what was found."""

    seconds: dict[str, float]
    processor: dict[str, float]
    before_mb: float
    most_mb: float
    matched: int
    signs: list[Any]


def run(rows: int, faults: int, seed: int) -> bool:
    """Print a table; the last line is one JSON object. Whether all faults were found, and nothing else."""
    from openyibao.service.sandbox.serve import Kept, sandbox

    os.environ.setdefault("YIBAO_LOG_LEVEL", "WARNING")
    with TemporaryDirectory(prefix="yibao-bench-") as folder, sandbox(Path(folder) / "db", Kept(), Web()):
        scope, expected = _prepare(rows, faults, seed, Path(folder))
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            found = pool.submit(_reconcile, asdict(scope), Path(folder)).result()
        size = (Path(folder) / "list.zip").stat().st_size
    missed = Counter(expected) - Counter(found.signs)
    more = Counter(found.signs) - Counter(expected)
    _print(rows, size, len(expected), found, missed.total(), more.total(), seed)
    return not missed and not more


def _prepare(rows: int, faults: int, seed: int, folder: Path) -> tuple[Any, list[Any]]:
    """Fill the database and write the list; the scope and what has to be found."""
    from django.db import connections

    from openyibao.service.reconciliation.faults import DAYS, FIRST, inject, made
    from openyibao.service.reconciliation.fill import fill
    from openyibao.service.reconciliation.lists import text_of, zip_of
    from openyibao.service.reconciliation.scope import Scope
    from openyibao.service.settlements.models import Settlement

    template = Settlement.objects.filter(reverses=None).select_related("visit__coverage__region__body").earliest("id")
    template.visit.kind = "outpatient"
    world = made(rows, seed)
    say(f"filling a database with {world.num_rows:,} settlements ...")
    fill(world, template)
    wrong = inject(world, faults, seed)
    (folder / "list.zip").write_bytes(zip_of(text_of(wrong.stated, wrong.malformed, seed)))
    office = template.visit.coverage.region.body.code[:6]
    last = FIRST + timedelta(days=DAYS - 1)
    connections.close_all()
    return Scope(template.institution_id, office, FIRST, last, "11"), wrong.expected


def _reconcile(fields: dict[str, Any], folder: Path) -> Measured:
    """In a process of its own."""
    import django

    django.setup()
    from django.db import transaction

    from openyibao.service import clock
    from openyibao.service.reconciliation import held, sheet, work, written
    from openyibao.service.reconciliation.compare import compare
    from openyibao.service.reconciliation.faults import sign
    from openyibao.service.reconciliation.scope import Scope

    scope = Scope(**fields)
    before, seconds, processor = _memory(), {}, {}
    since, used = time.perf_counter(), time.process_time()

    def lap(step: str) -> None:
        nonlocal since, used
        seconds[step], since = time.perf_counter() - since, time.perf_counter()
        processor[step], used = time.process_time() - used, time.process_time()

    stated = sheet.read_zip((folder / "list.zip").read_bytes())
    lap("read the list")
    with transaction.atomic():
        ours = held.rows(scope, stated.stated)
        lap("read the settlements")
        found = compare(stated.stated, ours, stated.malformed)
        lap("compare")
        work.record(scope, found, len(stated), "command", clock.now())
        lap("keep the work list")
        with (folder / "differences.txt").open("w", encoding="utf-8") as file:
            file.writelines("\t".join(row) + "\n" for row in written.rows_of(found))
        lap("write the differences")
    most = _memory()
    return Measured(seconds, processor, before, most, found.matched, [sign(one) for one in found.differences()])


def _memory() -> float:
    """The most memory this program has held so far, in MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else 0.0


def _print(rows: int, size: int, faults: int, found: Measured, missed: int, more: int, seed: int) -> None:
    table = Table(
        "step",
        "seconds",
        "of its processor",
        title=f"{rows:,} settlements, a list of {size / 1e6:.1f} MB (zip), seed {seed}",
    )
    for step, seconds in found.seconds.items():
        table.add_row(step, f"{seconds:.2f}", f"{found.processor[step]:.2f}")
    console = Console()
    console.print(table)
    console.print(f"{found.matched:,} rows agree; {faults:,} faults injected, {missed} not found, {more} found falsely")
    line = {
        "bench": "reconcile",
        "rows": rows,
        "faults": faults,
        "missed": missed,
        "false": more,
        "seconds": round(sum(found.seconds.values()), 2),
        "processor_seconds": round(sum(found.processor.values()), 2),
        "memory_before_mb": round(found.before_mb),
        "memory_most_mb": round(found.most_mb),
    }
    print(json.dumps(line))
