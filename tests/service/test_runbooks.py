"""docs/runbooks.md, tried: upgrade, keys, a full disk, a lost disk, what killed processes leave."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections

from openyibao.service import temporary
from openyibao.service.postgres import Server
from service.backups import county, settling, there
from service.databases import environment, with_tables
from service.figures import figure
from service.hospitals import at_work, check_kept, more
from service.racing import Desk, ask, check_books, codes, ready
from service.racing import one as one_value
from service.test_run import Started, alive


def test_renewing_all_processes_loses_no_settlement(database: str, tmp_path: Path) -> None:
    started = Started(database, tmp_path / "said", "--port", "0", "--workers", "1", YIBAO_RENEW_S="12")
    try:
        persons, port = county(4), started.port()
        before = started.family()[1:]
        with at_work(port, persons, pause=0.1) as done:  # what is proved needs no load, which would slow the renewal
            more(done, 4)
            with psycopg.connect(database, autocommit=True) as connection:  # as a migration that only adds
                connection.execute("SET lock_timeout = '3s'")
                connection.execute("ALTER TABLE settlements_settlement ADD COLUMN note text NULL")
            more(done, 2)
            renew(started, before)
            more(done, 4)
        assert started.end(signal.SIGTERM) == 0, started.text
    finally:
        started.process.kill()
        started.process.wait()
    assert "renewing" in started.text
    check_kept(done)


@pytest.mark.long
def test_an_upgrade_loses_no_settlement(database: str, tmp_path: Path) -> None:
    started = Started(database, tmp_path / "said", "--port", "0", "--workers", "2")
    persons, port = county(4), started.port()
    before = started.family()[1:]
    with at_work(port, persons) as done:
        more(done, 20)
        command = [sys.executable, "-m", "openyibao", "migrate"]
        migrated = subprocess.run(command, check=False, capture_output=True, text=True, env=environment(database))
        assert migrated.returncode == 0 and "up to date" in migrated.stderr, migrated.stderr
        renew(started, before)
        more(done, 50)
        for number in range(3):
            assert started.end(signal.SIGTERM) == 0, started.text
            started = Started(database, tmp_path / f"again{number}", "--port", str(port), "--workers", "2")
            more(done, 50)
    assert started.end(signal.SIGTERM) == 0, started.text
    check_kept(done)


def renew(started: Started, before: list[int]) -> None:
    """SIGHUP, and wait until all processes below are new but granian's first, which starts the others."""
    started.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 180
    while len(alive(before)) > 1 and time.monotonic() < end:
        time.sleep(0.2)
    assert len(alive(before)) == 1
    assert started.process.poll() is None


def test_a_migration_does_not_hold_up_requests(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives its lock up after a while, lets those who wait behind it go on, and tries again."""
    from django.db import connection

    from openyibao.service import run

    county(1)
    monkeypatch.setattr(run, "LOCK_SECONDS", 1)
    told: list[str] = []

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE settlements_visit ADD COLUMN note text NULL")

    with psycopg.connect(database) as open_long:
        open_long.execute("SELECT count(*) FROM settlements_visit")

        def tell(text: str) -> None:
            told.append(text)
            open_long.rollback()  # the long transaction ends

        run._migrate(work, tell)
    assert told == ["a migration waits for its lock; trying again ..."]
    assert ask("SELECT note FROM settlements_visit") == []


# ---------------------------------------------------------------- keys


def test_keys_are_changed_without_a_gap(database: str, settings_of_platform: Any) -> None:
    """Two keys hold at once; from its last day on the old one proves nothing, and the new one goes on."""
    from openyibao.service.institutions.models import Key
    from service.county import HOSPITAL, build

    settings_of_platform.PRIVATE_LINE = False
    settings_of_platform.CLOCK = "2026-06-01T10:00:00+08:00"
    region = build()
    grow_staff = staff_of(region.body)
    given = {"institution": HOSPITAL, "method": "x-tif", "start": "2026-01-01"}
    secrets = {name: issue(grow_staff, {**given, "identifier": name}) for name in ("OLD", "NEW")}
    assert [signed(name, secrets[name]) for name in ("OLD", "NEW")] == ["ok", "ok"]
    end = {"method": "x-tif", "identifier": "OLD", "day": "2026-07-01"}
    decided(grow_staff, "key.end", end)
    assert signed("OLD", secrets["OLD"]) == "ok", "until its last day"
    settings_of_platform.CLOCK = "2026-07-01T00:00:00+08:00"
    assert [signed(name, secrets[name]) for name in ("OLD", "NEW")] == ["Y2003", "ok"]
    assert Key.objects.count() == 2


def staff_of(body: Any) -> tuple[Any, Any]:
    from service.desks import Desk
    from service.offices import staff

    return Desk(staff("first", "administrator", body)), Desk(staff("second", "administrator", body))


def decided(desks: tuple[Any, Any], action: str, given: dict[str, str]) -> Any:
    made = desks[0].post(f"proposals/{action}", given)
    return desks[1].post(f"proposals/{action}/decide", {"proposal": made["proposal"], "accept": True})


def issue(desks: tuple[Any, Any], given: dict[str, str]) -> str:
    secret: str = decided(desks, "key.issue", given)["once"]["secret"]
    return secret


def signed(identifier: str, secret: str) -> str:
    """What becomes of a request under a key: `ok`, or the code of the refusal."""
    from secrets import token_hex

    from openyibao.service.clock import now
    from openyibao.service.gateway.signatures import tif_signature
    from service.racing import Desk, codes
    from service.test_rates import message

    timestamp, nonce = str(int(now().timestamp())), token_hex(8)
    headers = {
        "x-tif-paasid": identifier,
        "x-tif-timestamp": timestamp,
        "x-tif-nonce": nonce,
        "x-tif-signature": tif_signature(timestamp, secret, nonce),
    }
    desk = Desk()
    path = "/fsi/api/rsfComIfsService/callService"
    answer = desk.client.post(path, message(desk), content_type="application/json", headers=headers)
    (code,) = codes([json.loads(answer.content)])
    return code


def test_sessions_survive_a_new_secret_key(database: str, settings_of_platform: Any) -> None:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.create_user("clerk"))
    assert client.get("/api/me").status_code == 200
    before = settings.SECRET_KEY
    settings_of_platform.SECRET_KEY = "another"
    settings_of_platform.SECRET_KEY_FALLBACKS = [before]
    assert client.get("/api/me").status_code == 200
    settings_of_platform.SECRET_KEY = "a third"
    settings_of_platform.SECRET_KEY_FALLBACKS = []
    assert client.get("/api/me").status_code == 401


# ---------------------------------------------------------------- a full disk, a lost disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill_up(place: Path) -> Path:
    """A file that takes all the room that there is left."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError as error:
            assert error.errno == 28
    return ballast


@contextmanager
def on(url: str) -> Iterator[None]:
    """Inside, Django uses another database."""
    from django.db import connection, connections

    from openyibao.service.settings import database as read

    connections.close_all()
    old = dict(connection.settings_dict)
    connection.settings_dict.update(read(url))
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(old)


@pytest.mark.parametrize("log_too", [False, True], ids=["tables", "tables and log"])
def test_a_full_disk(small_disk: Path, log_too: bool) -> None:
    """What can't be written is refused with 503 and undone; with room again the same requests are carried out."""
    small = {"max_wal_size": "32MB", "min_wal_size": "32MB", "shared_buffers": "4MB", "autovacuum": "off"}
    with with_tables(Server(small_disk / "pg", settings=small)) as own, on(own.url()):
        persons, desk = county(4), Desk()
        given = [ready(desk, persons[number % 4], 5000, account=True) for number in range(24)]
        ids = [desk.msgid() for _ in given]
        ballast = fill_up(small_disk)
        if log_too:
            use_up_the_log(own)
        first = codes([desk.ask("2207", one, msgid) for one, msgid in zip(given, ids, strict=True)])
        assert set(first) <= {"ok", "Y9002"} and "Y9002" in first
        assert own.process is not None and (own.process.poll() is None or log_too)
        ballast.unlink()
        if own.process.poll() is not None:  # it could not write its log, and ended; nobody starts it here but we
            own.start()
        connections.close_all()
        second = [desk.ask("2207", one, msgid) for one, msgid in zip(given, ids, strict=True)]
        assert codes(second) == ["ok"] * len(given)
        assert one_value("SELECT count(*) FROM settlements_settlement") == len(given)
        check_books()
    print(f"full disk: {first.count('Y9002')} of {len(first)} refused with 503, all carried out later")


def use_up_the_log(own: Server) -> None:
    """Write to the log until there is no room for it, which the server does not survive."""
    with pytest.raises(psycopg.Error), psycopg.connect(own.url(), autocommit=True) as connection:
        for _ in range(1000):
            connection.execute("SELECT pg_logical_emit_message(true, 'test', repeat('x', 1000000))")
    time.sleep(1)


@pytest.mark.reliability("T22", "a destroyed disk, the log received as by a synchronous standby", full=True)
def test_a_lost_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The log is received as a synchronous standby would; the server's folder is destroyed; all of it is restored."""
    kept = tmp_path / "backup"
    with with_tables(Server(tmp_path / "pg")) as own:
        url = own.url()
        follower = follow(url, kept)
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'yibao_backup'")
                connection.execute("SELECT pg_reload_conf()")
                row = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchone()
                for _ in range(100):
                    row = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchone()
                    if row == ("sync",):
                        break
                    time.sleep(0.1)
                assert row == ("sync",)
            with on(url):
                persons = county(2)
                with settling(persons, broken=True) as done:
                    more(done, 6)
                    assert own.process is not None
                    shutil.rmtree(own.data, ignore_errors=True)
                    own.process.kill()
            own.process.wait()
        finally:
            follower.terminate()
            follower.wait(30)
    into = tmp_path / "restored"
    command = [sys.executable, "-m", "openyibao", "restore", str(kept), "--into", str(into)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment(url)).stdout
    assert "the seals are right" in said
    assert {one.setl_id for one in done} <= there(into, "yibao", "yibao")
    figure(acknowledged=len(done), lost=0, rto_s=json.loads(said.splitlines()[-1])["rto_s"])


def follow(url: str, kept: Path) -> subprocess.Popen[bytes]:
    """`yibao backup --follow`, once it has made its base and receives the log."""
    said = kept.with_name("follow.txt")
    command = [sys.executable, "-m", "openyibao", "backup", str(kept), "--follow"]
    with said.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=environment(url))
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'").fetchone()
        if "restorable" in said.read_text() and row == (1,):
            return process
        time.sleep(0.1)
    raise AssertionError(said.read_text())


# ---------------------------------------------------------------- what a killed process leaves


def test_folders_of_killed_processes_are_cleaned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own with a short name: a socket's path holds no more than 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="killed-", ignore_cleanup_errors=True) as folder:
        _cleaned_away(Path(folder), monkeypatch)


def _cleaned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    code = """
import os, signal, sys
from openyibao.service.postgres import Server
server = Server(durable=False)
server.start()
print(server.folder, flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code]
    killed = subprocess.run([*command, "killed"], check=False, capture_output=True, text=True)
    left = Path(killed.stdout.strip())
    assert killed.returncode == -signal.SIGKILL and (left / "data" / "PG_VERSION").exists()
    (tmp_path / "yibao-of-somebody").mkdir()
    with subprocess.Popen([*command, "lives"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout is not None
        other = Path(living.stdout.readline().strip())
        end = time.monotonic() + 20
        while left.exists() and time.monotonic() < end:
            temporary.sweep()  # the database server ends a moment after the process that was killed
            time.sleep(0.1)
        assert not left.exists()
        assert (other / "data" / "PG_VERSION").exists() and (tmp_path / "yibao-of-somebody").exists()
        living.kill()
