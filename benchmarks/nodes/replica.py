"""A streaming replica on the same machine: how far it lags while the first server works, and what queries cost there.

.venv/bin/python benchmarks/nodes/replica.py [--settlements 5000] [--seconds 10] [--folder KEPT]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import threading
import time
from pathlib import Path

import psycopg
from common import filled, finish, one, say
from writing import Writer

from openyibao.service.postgres import Server

QUERY = "SELECT institution_id, count(*), sum(funds_fen) FROM settlements_settlement GROUP BY 1"


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--settlements", type=int, default=5_000)
    asked.add_argument("--seconds", type=float, default=10)
    asked.add_argument("--folder", type=Path, help="keep the first server's data here, to be used again")
    given = asked.parse_args()
    with filled(given.settlements, given.folder) as first:
        replica = Server(settings={"hot_standby": "on"})
        try:
            seconds = copy(first, replica)
            replica.start()
            rehearse(first, replica, given.seconds, seconds)
        finally:
            replica.stop()


def copy(first: Server, replica: Server) -> float:
    """The first server's data, set up to follow it; seconds."""
    clock = time.monotonic()
    command = [first.binaries / "pg_basebackup", "-d", first.url(), "-D", replica.data, "-R", "-c", "fast"]
    subprocess.run(command, check=True)
    replica.own(replica.data)
    return time.monotonic() - clock


def rehearse(first: Server, replica: Server, seconds: float, copied: float) -> None:
    lags: list[float] = []
    stop = threading.Event()
    with Writer(first.url()) as writer:
        thread = threading.Thread(target=writer.until, args=(stop,), daemon=True)
        thread.start()
        with psycopg.connect(first.url(), autocommit=True) as a, psycopg.connect(replica.url(), autocommit=True) as b:
            assert one(b, "SELECT pg_is_in_recovery()")
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                lags.append(lag(a, b))
                time.sleep(0.02)
            stop.set()
            thread.join()
            lag(a, b)
            equal = one(a, QUERY_COUNT) == one(b, QUERY_COUNT)
            refused = cannot_write(b)
            clock = time.monotonic()
            b.execute(QUERY).fetchall()
            query = time.monotonic() - clock
    cut = statistics.quantiles(lags, n=100, method="inclusive")
    median, p99 = statistics.median(lags) * 1000, cut[98] * 1000
    say(f"{writer.written:,} transactions in {seconds:.0f} s beside it; {len(lags)} readings")
    print(
        f"copied in {copied:.1f} s; a commit is seen on the replica after {median:.1f} ms (median), {p99:.1f} ms (p99)"
    )
    print(f"same rows on both: {equal}; the replica refuses to write: {refused}")
    print(f"a query over all settlements on the replica: {query:.2f} s")
    finish(
        rehearsal="replica",
        lag_median_ms=round(median, 1),
        lag_p99_ms=round(p99, 1),
        lag_max_ms=round(max(lags) * 1000, 1),
        transactions_per_second=round(writer.written / seconds),
        copied_s=round(copied, 1),
        equal=equal,
    )


QUERY_COUNT = "SELECT count(*) FROM rehearsed"


def lag(a: psycopg.Connection[tuple[object, ...]], b: psycopg.Connection[tuple[object, ...]]) -> float:
    """Seconds until the replica has replayed what was committed by now."""
    place = one(a, "SELECT pg_current_wal_flush_lsn()")
    clock = time.monotonic()
    while not one(b, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", place):
        if time.monotonic() > clock + 60:
            raise SystemExit("the replica does not follow")
    return time.monotonic() - clock


def cannot_write(b: psycopg.Connection[tuple[object, ...]]) -> bool:
    try:
        b.execute("DELETE FROM rehearsed")
    except psycopg.errors.ReadOnlySqlTransaction:
        return True
    return False


if __name__ == "__main__":
    main()
