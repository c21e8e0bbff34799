"""Progress while a table is settled, on standard error: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from openyibao.tables.settle import Progress, silent

STAGES = {
    "sort": ("按参保人排序", "sorting by person"),
    "settle": ("结算", "settling"),
    "write": ("写出", "writing"),
}
STOPPED = 130
"""The exit code of a command that was stopped by a signal."""
SECONDS = 2.0
"""Between two lines."""


@contextmanager
def stoppable(progress: Progress) -> Iterator[Progress]:
    """The same progress, in a run that Ctrl-C and SIGTERM stop: as KeyboardInterrupt, at once or with the next batch.

    At once is not always possible: an exception that is raised while compiled code calls back is lost.
    """
    stopped: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)
        raise KeyboardInterrupt

    def show(stage: str, done: int, rows: int) -> None:
        if stopped:
            raise KeyboardInterrupt
        progress(stage, done, rows)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield show
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_shown(wanted: bool | None, lang: str) -> Iterator[Progress]:
    """A progress to hand to `settle_table`. wanted: None shows it on a terminal only."""
    terminal = sys.stderr.isatty()
    names = {stage: name[0 if lang == "zh" else 1] for stage, name in STAGES.items()}
    if not (terminal if wanted is None else wanted):
        yield silent
    elif terminal:
        with _bars(names) as show:
            yield show
    else:
        yield _lines(names)


@contextmanager
def _bars(names: dict[str, str]) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def show(stage: str, done: int, rows: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(names[stage], total=rows or None)
            bars.update(tasks[stage], completed=done)

        yield show


def _lines(names: dict[str, str]) -> Progress:
    told: dict[str, float] = {}

    def show(stage: str, done: int, rows: int) -> None:
        now = time.monotonic()
        if stage not in told or now - told[stage] >= SECONDS or done == rows:
            told[stage] = now
            print(f"{names[stage]}: {done:,}{f' / {rows:,}' if rows else ''}", file=sys.stderr, flush=True)

    return show
