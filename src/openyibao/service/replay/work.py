"""Replay of a period: blocks of histories, derived and compared by several processes that all see one snapshot."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection

from openyibao.service.bulk.progress import Progress, silent
from openyibao.service.ledger.accounts import check_accounts
from openyibao.service.replay.chains import chains_of
from openyibao.service.replay.compare import Comparison, Difference, Shares, Tally
from openyibao.service.replay.derive import derive
from openyibao.service.replay.laws import Key, Laws
from openyibao.service.replay.lines import compare_lines
from openyibao.service.replay.log import read
from openyibao.service.replay.periods import Period

BLOCK_ROWS = 8_000
"""Settlements of a block, about: what one process has in memory at a time."""
MOST_SHOWN = 20
CHOSEN = ("host", "port", "dbname", "user", "password")


@dataclass
class Replayed:
    """What a replay found: the tally, the first differences, and how long it took.

    `elsewhere`: mirrors of what another region's platform settled for its insured. They have no claims here.
    """

    period: Period
    tally: Tally = field(default_factory=Tally)
    differences: list[Difference] = field(default_factory=list)
    histories: int = 0
    elsewhere: int = 0
    accounts: int | None = None
    seconds: float = 0.0
    compile_seconds: float = 0.0

    @property
    def right(self) -> bool:
        """Whether all was derived, and nothing differs."""
        return not (self.tally.differing or self.tally.open or self.accounts)


@dataclass(frozen=True)
class Job:
    """What a process needs to take its part: how to reach the snapshot, and what holds for all blocks."""

    reach: dict[str, Any]
    snapshot: str
    period: Period
    shares: Shares
    most: int
    laws: Laws
    from_lines: bool


def replay(
    period: Period,
    *,
    processes: int = 2,
    progress: Progress = silent,
    most: int = MOST_SHOWN,
    block: int = BLOCK_ROWS,
    from_lines: bool = False,
) -> Replayed:
    """Derive all settlements of a period again, with what they rest on, and compare. `processes` 0: in this one.

    Of all days, the balances of accounts are held against their postings too. `from_lines`: claims are made again from
    the fee lines first.
    """
    start = time.perf_counter()
    done = Replayed(period)
    with _snapshot() as (cursor, name):
        blocks, rows, met = _blocks(cursor, period, block)
        job = Job(_reach(), name, period, _shares(cursor), most, Laws(_texts(cursor)), from_lines)
        compiling = time.perf_counter()
        for number, key in enumerate(met, 1):
            job.laws.prepare(key)
            progress("政策 policies", number, len(met))
        done.compile_seconds = time.perf_counter() - compiling
        done.histories = sum(map(len, blocks))
        cursor.execute(_ELSEWHERE, {"first": period.first, "last": period.last})
        done.elsewhere = int(cursor.fetchone()[0])
        through = 0
        for count, tally, differences in _results(job, blocks, processes):
            done.tally.add(tally)
            done.differences += differences[: most - len(done.differences)]
            through += count
            progress("重放 replay", through, max(rows, through))
        if period.last is None:
            differing = check_accounts()
            done.accounts = len(differing)
            shown = differing[: most - len(done.differences)]
            done.differences += [
                Difference(f"account {one.number}", "balance_fen", str(one.balance), str(one.posted)) for one in shown
            ]
    done.seconds = time.perf_counter() - start
    return done


def _reach() -> dict[str, Any]:
    given = connection.get_connection_params()
    return {name: given[name] for name in CHOSEN if given.get(name)}


@contextmanager
def _snapshot() -> Iterator[tuple[Any, str]]:
    """A transaction that sees one moment, and the name by which others see the same."""
    with psycopg.connect(**_reach()) as own, own.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        row = cursor.fetchone()
        assert row is not None
        yield cursor, str(row[0])


_HISTORIES = """
SELECT history_id, policy, digest, count(*),
       bool_or((%(first)s::date IS NULL OR day >= %(first)s) AND (%(last)s::date IS NULL OR day <= %(last)s))
FROM settlements_settlement WHERE history_id NOT IN (SELECT h.id FROM settlements_history h
    JOIN portability_peer p ON p.region_id = h.region_id)
GROUP BY 1, 2, 3 ORDER BY 1
"""
_ELSEWHERE = """
SELECT count(*) FROM settlements_settlement s JOIN settlements_history h ON h.id = s.history_id
JOIN portability_peer p ON p.region_id = h.region_id
WHERE (%(first)s::date IS NULL OR s.day >= %(first)s) AND (%(last)s::date IS NULL OR s.day <= %(last)s)
"""


def _blocks(cursor: Any, period: Period, size: int) -> tuple[list[list[int]], int, list[Key]]:
    """Histories with a settlement in the period, in blocks of about so many rows; all their rows, and their laws."""
    counts: dict[int, int] = {}
    laws: dict[int, set[Key]] = {}
    asked: set[int] = set()
    cursor.execute(_HISTORIES, {"first": period.first, "last": period.last})
    for history, policy, digest, count, within in cursor:
        counts[history] = counts.get(history, 0) + int(count)
        laws.setdefault(history, set()).add((policy, digest))
        if within:
            asked.add(history)
    blocks: list[list[int]] = []
    met: set[Key] = set()
    here = 0
    for history, count in counts.items():
        if history not in asked:
            continue
        if not blocks or here >= size:
            blocks.append([])
            here = 0
        blocks[-1].append(history)
        here += count
        met |= laws[history]
    return blocks, sum(counts[history] for history in asked), sorted(key for key in met if key[0])


def _texts(cursor: Any) -> dict[str, str]:
    """The texts of policies that are kept beside settlements, by their digests."""
    cursor.execute("SELECT digest, text FROM settlements_law")
    return dict(cursor.fetchall())


def _shares(cursor: Any) -> Shares:
    """What agreements say, whatever became of them since."""
    cursor.execute(
        "SELECT institution_id, lower(period), upper(period), over_limit_borne_bp FROM institutions_agreement"
        " ORDER BY id"
    )
    found: dict[int, list[tuple[Any, Any, int]]] = {}
    for institution, first, before, share in cursor.fetchall():
        found.setdefault(institution, []).append((first, before, share))
    return found


# ---------------------------------------------------------------- blocks

Result = tuple[int, Tally, list[Difference]]


def _results(job: Job, blocks: Sequence[Sequence[int]], processes: int) -> Iterator[Result]:
    if processes < 1 or len(blocks) < 2:
        worker = _Worker(job)
        try:
            yield from map(worker.block, blocks)
        finally:
            worker.close()
        return
    context = multiprocessing.get_context("fork")  # they have the compiled policies of this one
    pool = ProcessPoolExecutor(min(processes, len(blocks)), context, _begin, (job,))
    try:
        waiting = {pool.submit(_block, block) for block in blocks}
        while waiting:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in ready)
    except BaseException:
        _end(pool)
        raise
    pool.shutdown()


def _end(pool: ProcessPoolExecutor) -> None:
    """End a pool at once: what it works on is only read."""
    running = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in running:
        process.terminate()


class _Worker:
    """A process's part: its connection on the common snapshot, and the laws that it has met."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.own = psycopg.connect(**job.reach)
        self.cursor = self.own.cursor()
        self.cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        self.cursor.execute(f"SET TRANSACTION SNAPSHOT '{job.snapshot}'")  # a name that the database itself gave

    def close(self) -> None:
        self.own.close()

    def block(self, histories: Sequence[int]) -> Result:
        """Derive and compare some histories."""
        job = self.job
        comparison = Comparison(job.shares, job.period, job.most)
        logs = read(self.cursor, histories)
        through = [_through(log.rows, job.period) for log in logs]
        chains = [chain for log, end in zip(logs, through, strict=True) for chain in chains_of(log.rows[:end])]
        if job.from_lines:
            compare_lines(self.cursor, logs, through, job.laws, comparison)
        found = derive(chains, job.laws)
        for log, end in zip(logs, through, strict=True):
            comparison.history(log, end, found)
        return sum(len(log.rows) for log in logs), comparison.tally, comparison.differences


def _through(rows: Sequence[Any], period: Period) -> int:
    """How many rows of a history lead to its last one of the period."""
    return max((place for place, row in enumerate(rows, 1) if period.has(row.day)), default=0)


_own: list[_Worker] = []
"""Of a process of the pool: what it works with."""


def _begin(job: Job) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asked ends this one
    gc.disable()  # rows of a block refer to each other in one direction only: nothing waits for it
    _own[:] = [_Worker(job)]


def _block(histories: Sequence[int]) -> Result:
    return _own[0].block(histories)
