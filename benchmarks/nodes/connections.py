"""How many connections a server wants: transactions a second by connections, direct and through PgBouncer.

    .venv/bin/python benchmarks/nodes/connections.py [--seconds 4] [--folder KEPT] [--pgbouncer PROGRAM]

Each transaction has the statements of a settlement: it locks a history, appends a row as long as a settlement's and ten
short ones, and commits durably. Load generator (pgbench) and server share the machine.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from common import columns, filled, finish, say
from writing import prepare

from openyibao.service.postgres import Server

DIRECT = (1, 2, 4, 8, 16, 32, 64, 128)
POOLED = (16, 64, 256, 1000)
POOL = 32
SCRIPT = """\\set h random(1, {histories})
\\set s random(1, {settlements})
BEGIN;
SELECT id FROM rehearsed_history WHERE id = :h FOR UPDATE;
SELECT count(*) FROM settlements_use WHERE history_id = :h;
INSERT INTO rehearsed ({names}) SELECT {names} FROM settlements_settlement WHERE id = :s;
INSERT INTO rehearsed_line (owner, line, fen) SELECT :h, g, g * 100 FROM generate_series(1, 10) g;
UPDATE rehearsed_history SET last_number = last_number + 1 WHERE id = :h;
COMMIT;
"""


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--settlements", type=int, default=5_000)
    asked.add_argument("--seconds", type=int, default=4)
    asked.add_argument("--folder", type=Path, help="keep the server's data here, to be used again")
    asked.add_argument("--pgbouncer", default=shutil.which("pgbouncer") or "")
    given = asked.parse_args()
    with (
        filled(given.settlements, given.folder, max_connections="200") as server,
        tempfile.TemporaryDirectory() as place,
    ):
        script = Path(place) / "settle.sql"
        with psycopg.connect(server.url(), autocommit=True) as connection:
            script.write_text(statements(connection))
        direct = {clients: rate(server, server.sockets, 5432, script, clients, given.seconds) for clients in DIRECT}
        pooled = {}
        if given.pgbouncer:
            with bouncer(server, Path(place), given.pgbouncer) as (sockets, port):
                pooled = {one: rate(server, sockets, port, script, one, given.seconds) for one in POOLED}
        report(direct, pooled)


def statements(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    """The script of one transaction, and the tables that it writes to."""
    prepare(connection)
    connection.execute("DROP TABLE IF EXISTS rehearsed_history, rehearsed_line")
    connection.execute("CREATE TABLE rehearsed_history AS SELECT id, last_number FROM settlements_history")
    connection.execute("ALTER TABLE rehearsed_history ADD PRIMARY KEY (id)")
    connection.execute("CREATE TABLE rehearsed_line (owner bigint, line int, fen bigint)")
    connection.execute("CREATE INDEX ON rehearsed_line (owner, line) INCLUDE (fen)")
    names = ", ".join(f'"{name}"' for name in columns(connection, "settlements_settlement") if name != "id")
    row = connection.execute(
        "SELECT (SELECT count(*) FROM settlements_history), (SELECT count(*) FROM settlements_settlement)"
    ).fetchone()
    assert row is not None
    return SCRIPT.format(histories=row[0], settlements=row[1], names=names)


def rate(server: Server, sockets: Path, port: int, script: Path, clients: int, seconds: int) -> tuple[float, float]:
    """Transactions a second and their mean milliseconds, with so many clients."""
    command = [server.binaries / "pgbench", "-n", "-h", sockets, "-p", str(port), "-U", "yibao", "-f", script]
    command += ["-c", str(clients), "-j", "1", "-T", str(seconds), "yibao"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not found:
        raise SystemExit(done.stderr.strip()[-500:])
    tps = float(found[1])
    say(f"{clients:5} clients  {tps:8.0f} transactions/s")
    return tps, clients / tps * 1000


@contextmanager
def bouncer(server: Server, place: Path, program: str) -> Iterator[tuple[Path, int]]:
    """PgBouncer in front of the server, a connection for the time of a transaction."""
    place.chmod(0o755)
    ini = place / "pgbouncer.ini"
    ini.write_text(
        f"[databases]\nyibao = host={server.sockets} user=yibao\n[pgbouncer]\nunix_socket_dir = {place}\n"
        "listen_port = 6432\n"
        "auth_type = any\npool_mode = transaction\nmax_client_conn = 2000\n"
        f"default_pool_size = {POOL}\nlogfile = {place}/log\npidfile = {place}/pid\n"
    )
    owner = server.data.stat()  # it refuses to run as root, as PostgreSQL does
    as_root = os.geteuid() == 0
    if as_root:
        os.chown(place, owner.st_uid, owner.st_gid)
    who = {"user": owner.st_uid, "group": owner.st_gid} if as_root else {}
    process = subprocess.Popen([program, ini], stderr=subprocess.DEVNULL, **who)  # type: ignore[call-overload]
    try:
        for _ in range(100):
            if (place / ".s.PGSQL.6432").exists():
                break
            time.sleep(0.1)
        yield place, 6432
    finally:
        process.terminate()
        process.wait(10)


def report(direct: dict[int, tuple[float, float]], pooled: dict[int, tuple[float, float]]) -> None:
    print("connections  transactions/s  mean ms")
    for clients, (tps, mean) in direct.items():
        print(f"{clients:11}  {tps:14.0f}  {mean:7.1f}")
    for clients, (tps, mean) in pooled.items():
        print(f"{clients:5} through {POOL:2} {tps:11.0f}  {mean:7.1f}   (PgBouncer, a connection for a transaction)")
    best = max(direct, key=lambda clients: direct[clients][0])
    finish(
        rehearsal="connections",
        best=best,
        direct={str(clients): round(tps) for clients, (tps, _) in direct.items()},
        pooled={str(clients): round(tps) for clients, (tps, _) in pooled.items()},
        pool=POOL,
    )


if __name__ == "__main__":
    main()
