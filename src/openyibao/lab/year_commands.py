"""`yibao lab year`: populations generated, settled and set beside what is published of them."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from openyibao.lab.generate import Generator
from openyibao.lab.measure import BATCHES, Figure
from openyibao.lab.population import PERSONS_OF_A_CLUSTER, find_population
from openyibao.lab.population_read import read_population
from openyibao.lab.targets import Targets, find_targets, read_targets
from openyibao.lab.year import Part, Year, digest_of
from openyibao.lab.year_figures import year_figures
from openyibao.policy import find_policy, read_policy
from openyibao.tables.progress import STOPPED

LINE_SECONDS = 5.0
FEWEST = BATCHES * PERSONS_OF_A_CLUSTER
"""So that every batch has whole households."""
NOTHING = 1e-9
"""What is left of a sum of floating-point numbers that is 0."""


def year(names: list[str], share: float, seed: int | None, state: Path | None, threads: int, progress: bool) -> None:
    """Generate and settle a share of the persons of populations; print their totals beside the published ones."""
    if len(set(names)) < len(names):
        raise ValueError(f"{', '.join(names)}: a population is named twice")
    targets = [read_targets(find_targets(name)) for name in names]
    parts = [part_of(name, share, None if seed is None else seed + number) for number, name in enumerate(names)]
    run = Year(parts)
    if state is not None and state.exists():
        run.resume(state)
        print(f"{state}: going on after {run.persons_done:,} of {run.persons:,} persons", file=sys.stderr)
    elif state is not None:
        run.save(state)  # so that a folder that is not there is known at once
    stop = _Stop()
    if progress:
        print(f"{run.persons:,} persons in {len(run.blocks):,} blocks; Ctrl-C stops", file=sys.stderr, flush=True)
    started, before = time.perf_counter(), run.claims_done
    told = _progress(started) if progress else None
    try:
        with ThreadPoolExecutor(threads) as pool:
            run.run(pool, stop.watch(told), state)
    except KeyboardInterrupt:
        kept = f"What is done is in {state}: the same command goes on." if state else "Nothing was kept (see --state)."
        print(f"Stopped after {run.persons_done:,} of {run.persons:,} persons. {kept}", file=sys.stderr)
        raise SystemExit(STOPPED) from None
    finally:
        stop.release()
    seconds = time.perf_counter() - started
    for number, part in enumerate(parts):
        print_part(part, run, number, targets[number])
    print_speed(run, run.claims_done - before, seconds, share)


def part_of(name: str, share: float, seed: int | None) -> Part:
    """A population under the policy that its file names."""
    population = read_population(name)
    if population.policy is None:
        raise ValueError(f"population {population.name} names no policy: add `policy:` to its file")
    persons = round(population.persons * share)
    if persons < FEWEST:
        raise ValueError(f"--share {share:g} of {population.name} is {persons} persons; expected {FEWEST:,} or more")
    files = [find_population(name), find_policy(population.policy)]
    digest = digest_of(*(Path(str(file)).read_text(encoding="utf-8") for file in files))
    return Part(Generator(population, seed, persons), read_policy(files[1]), digest)


class _Stop:
    """Ctrl-C and SIGTERM end the run at the next block, whose sums are whole."""

    def __init__(self) -> None:
        self.asked = False
        self.before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}

    def _ask(self, number: int, frame: Any) -> None:
        if self.asked:  # asked twice: at once
            os._exit(STOPPED)
        self.asked = True

    def watch(self, told: Callable[[int, int, int], None] | None) -> Callable[[int, int, int], None]:
        def watch(done: int, persons: int, claims: int) -> None:
            if told is not None:
                told(done, persons, claims)
            if self.asked and done < persons:
                raise KeyboardInterrupt

        return watch

    def release(self) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)


def _progress(started: float) -> Callable[[int, int, int], None]:
    last = [started]
    first: list[int] = []

    def told(done: int, persons: int, claims: int) -> None:
        now = time.perf_counter()
        first.append(done) if not first else None
        if now - last[0] >= LINE_SECONDS or done == persons:
            last[0] = now
            rate = (done - first[0]) / max(now - started, 1e-9)
            left = f", about {(persons - done) / rate:,.0f} s left" if rate else ""
            print(
                f"{done:,} of {persons:,} persons ({done / persons:.1%}), {claims:,} claims{left}",
                file=sys.stderr,
                flush=True,
            )

    return told


def print_part(part: Part, run: Year, number: int, targets: Targets) -> None:
    population, sums = part.generator.population, run.sums[number]
    done, whole = int(sums.persons.sum()), population.persons
    title = (
        f"{population.title[1]}\npolicy {part.policy.id}, seed {part.generator.seed}: {done:,} persons drawn for "
        f"{whole:,} (weight {whole / done:,.4g})"
    )
    table = Table(title=title, title_justify="left")
    for head in ("figure", "unit", "role", "published", "simulated", "error", "miss", "z"):
        table.add_column(head, justify="left" if head in ("figure", "unit", "role") else "right")
    found = year_figures(part, sums, targets)
    for figure in found.figures:
        table.add_row(*cells(figure))
    Console(width=150).print(table)
    if found.beyond:
        print(f"Not in these sums (see `yibao lab fit`): {'; '.join(found.beyond)}.")


def cells(figure: Figure) -> list[str]:
    """A row: the error is the Monte-Carlo standard error; the miss is relative to the published value."""
    target = figure.target
    miss = f"{figure.value / target.value - 1:+.2%}" if target.value else ""
    return [
        target.name + (f" ({figure.left_out:.1%} not settled)" if figure.left_out else ""),
        target.unit,
        target.role,
        number(target.value),
        number(figure.value),
        number(figure.error),
        miss,
        f"{figure.z:+.1f}",
    ]


def number(value: float) -> str:
    """Six digits that count, or all before the point.

    >>> number(962944000.4), number(0.20689123), number(68.1), number(0)
    ('962,944,000', '0.206891', '68.1000', '0')
    """
    if abs(value) < NOTHING:
        return "0"
    return f"{value:,.{max(0, 5 - math.floor(math.log10(abs(value))))}f}"


def print_speed(run: Year, claims: int, seconds: float, share: float) -> None:
    rate = claims / seconds if seconds else 0.0
    gaps = run.claims_done - run.settled_done
    left = f" Of all {run.claims_done:,} claims {gaps:,} could not be settled: the policy has a gap." if gaps else ""
    print(f"{claims:,} claims generated and put to the policy in {seconds:,.1f} s: {rate / 1e6:,.2f} M claims/s.{left}")
    line = {
        "year": [part.name for part in run.parts],
        "share": share,
        "persons": run.persons_done,
        "claims": run.claims_done,
        "seconds": round(seconds, 1),
        "claims_per_second": round(rate),
    }
    print(json.dumps(line))
