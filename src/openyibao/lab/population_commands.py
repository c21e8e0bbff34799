"""What `yibao lab list`, `fit` and `generate` do. Exit code 1: a fitted figure does not hold; 2: not usable."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from openyibao.lab.batches import write_claims
from openyibao.lab.bridge import Bridge
from openyibao.lab.calibrate import Fit, FitError, Level, band, closing_shift, errors_hold, fit
from openyibao.lab.generate import Generator
from openyibao.lab.measure import Figure, measure
from openyibao.lab.population import find_population, population_names
from openyibao.lab.population_read import read_population
from openyibao.lab.targets import Targets, find_targets, read_targets
from openyibao.lab.write_fit import write_numbers
from openyibao.policy import find_policy, read_policy
from openyibao.tables.progress import STOPPED, progress_shown, stoppable

WIDTH = 150


def list_populations() -> None:
    """Name, year, persons, title of each shipped population."""
    for name in population_names():
        one = read_population(name)
        print(f"{name:30} {one.year}  {one.persons:>13,}  {one.title[1]}  {one.title[0]}")


def generate(
    name: str, persons: str, out: Path, seed: int | None, policy: str | None, sample: int | None, progress: bool | None
) -> None:
    """Claims of a stretch of persons into a Parquet file. Raises ValueError for a stretch that is none."""
    population = read_population(name)
    generator = Generator(population, seed, sample)
    first, last = stretch(persons, generator.persons)
    bridge = Bridge(population, read_policy(find_policy(policy))) if policy else None
    try:
        with progress_shown(progress, "en") as show, stoppable(show) as watched:
            rows = write_claims(generator, first, last, out, bridge, watched)
    except KeyboardInterrupt:
        print("Stopped. No claims were written.", file=sys.stderr, flush=True)
        os._exit(STOPPED)
    left = f"; {policy} does not know {', '.join(bridge.left_out)}: left out" if bridge and bridge.left_out else ""
    print(
        f"{out}: {rows:,} claims of persons {first:,} to {last - 1:,}; seed {generator.seed}, "
        f"tables {generator.tables.digest}{left}"
    )


def stretch(text: str, persons: int) -> tuple[int, int]:
    """A:B as the persons from A on, before B; either may be left out.

    >>> stretch("100:200", 1000), stretch(":", 1000)
    ((100, 200), (0, 1000))
    """
    low, colon, high = text.partition(":")
    if not colon or not (low or "0").isdigit() or not (high or "0").isdigit():
        raise ValueError(f"persons {text!r}; expected A:B, such as 0:10000, or : for all")
    first, last = int(low or 0), int(high or persons)
    if not first < last <= persons:
        raise ValueError(f"persons {text!r}; expected two numbers from 0 to {persons:,}, the first the smaller")
    return first, last


def show_fit(name: str, write: bool, seeds: int, wide: bool, persons: int | None) -> None:
    """Fit, print all figures, with further seeds and what was held out; write the fitted numbers if asked."""
    if write and persons is not None:
        raise ValueError("--write goes without --persons: what is fitted to a sample is not put into the file")
    targets = read_targets(find_targets(name))
    done = fit(name, targets, persons=persons, tell=_tell)
    population = read_population(name, done.changes)
    generator = Generator(population, persons=persons)
    print(f"{name}: {generator.persons:,} persons, seed {generator.seed}, tables {generator.tables.digest}")
    print(
        f"fitted in {done.rounds} rounds: " + (", ".join(f"{k} = {v:g}" for k, v in done.changes.items()) or "nothing")
    )
    held = measure(generator, targets.of("held out"))
    others = []
    for number in range(1, seeds + 1):
        _tell(f"seed {generator.seed + number}, not fitted again")
        others.append(measure(Generator(population, generator.seed + number, persons), targets.figures))
    figures = [*done.figures, *held]
    print_figures(figures, [{one.target.name: one for one in other} for other in others])
    print_shifts(name, targets, done, held, persons)
    if wide:
        print_band(band(name, targets, persons=persons, tell=_tell), targets)
    if not errors_hold(done.figures):
        far = ", ".join(f"{one.target.name} (z {one.z:+.2f})" for one in done.figures if not errors_hold((one,)))
        print(f"Too far from what it was fitted to or states: {far}.{' Nothing was written.' if write else ''}")
        raise SystemExit(1)
    if write:
        file = find_population(name)
        print(f"{file}: {write_numbers(file, done.changes)} numbers changed")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def print_figures(figures: Sequence[Figure], others: Sequence[dict[str, Figure]]) -> None:
    """A line for each figure: published, simulated, Monte-Carlo error, z, and the mean and range of other seeds."""
    table = Table(title_justify="left")
    for head in ("figure", "role", "published", "simulated", "error", "z", "unit", "other seeds: mean (range)"):
        table.add_column(head, justify="left" if head in ("figure", "role", "unit") else "right")
    for one in figures:
        also = [other[one.target.name].value for other in others]
        spread = f"{sum(also) / len(also):,.2f} ({min(also):,.2f} .. {max(also):,.2f})" if also else ""
        note = f" ({one.left_out:.1%} left out)" if one.left_out else ""
        numbers = (f"{one.target.value:,.2f}", f"{one.value:,.2f}", f"{one.error:,.2f}", f"{one.z:+.2f}")
        table.add_row(one.target.name + note, one.target.role, *numbers, one.target.unit, spread)
    Console(width=WIDTH).print(table)
    print("z: distance from the published figure in units of its rounding and the Monte-Carlo error together.")
    print("Fitted figures agree because numbers were moved until they did; only held-out figures are evidence.")


def print_shifts(name: str, targets: Targets, done: Fit, held: Sequence[Figure], persons: int | None) -> None:
    """For held-out figures under other rules that miss: the shift of in-scope shares that would close the gap."""
    paths = [target.moves for target in targets.figures if target.moves and ".in scope." in target.moves]
    for one in held:
        if one.target.scenario.policy == targets.figures[0].scenario.policy or abs(one.z) < 2 or not paths:
            continue
        _tell(f"what would close the gap of: {one.target.name}")
        try:
            shift = closing_shift(name, one.target, paths, changes=done.changes, persons=persons)
        except FitError as error:
            print(error)
            continue
        shares = ", ".join(f"{path.rsplit('.', 1)[-1]} {share:.1%}" for path, share in shift.shares.items())
        print(
            f"{one.target.name}: misses by {one.value - one.target.value:+.2f}. Worked back from the "
            f"miss, not found: a shift of {shift.logit:+.2f} of the logits of in-scope shares (to {shares}) closes it."
        )


def print_band(levels: Sequence[Level], targets: Targets) -> None:
    """What each cost level would mean."""
    mix = targets.mix
    if mix is None:
        return
    grades = [grade for grade, _ in mix.by_grade]
    print("The figures fix the mix of grades only up to the cost level; level 1 is taken, not chosen by a fit:")
    for one in levels:
        events = ", ".join(
            f"{grade} {count / sum(one.events):.1%}" for grade, count in zip(grades, one.events, strict=True)
        )
        shares = ", ".join(f"{share:.1%}" for share in one.shares) if one.shares else f"not possible: {one.why_not}"
        print(f"  costs x {one.level:g}: events {events}; in-scope shares {shares}")
