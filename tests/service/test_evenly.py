"""Clients that stay connected are shared out evenly among the processes that serve them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from openyibao.service.evenly import Evenly, connected

DEAD = 2**22 + 1
"""No process has this number: it is above what the kernel gives."""


@pytest.fixture
def clients() -> Iterator[int]:
    """Eight clients connected to this process; the port that they came to."""
    with ExitStack() as open_, socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        for _ in range(8):
            open_.enter_context(socket.create_connection(("127.0.0.1", port)))
            open_.enter_context(listening.accept()[0])
        yield port


def asked(evenly: Evenly, port: int, times: int = 20) -> int:
    """How many of so many connections are ended, a second after it was last looked."""
    evenly._looked -= 2
    return sum(evenly.one_too_many(port) for _ in range(times))


def test_only_clients_of_the_port_count(clients: int) -> None:
    assert connected(clients) == 8
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert connected(other.getsockname()[1]) == 0


@pytest.mark.parametrize(
    ("others", "ended"),
    [
        pytest.param({}, 0, id="alone"),
        pytest.param({os.getppid(): "2"}, 3, id="eight and two: three too many"),
        pytest.param({os.getppid(): "7"}, 0, id="eight and seven: even"),
        pytest.param({os.getppid(): "20"}, 0, id="the other has too many"),
        pytest.param({os.getppid(): "0", 1: "0"}, 5, id="three processes"),
        pytest.param({DEAD: "0"}, 0, id="the other has ended"),
        pytest.param({os.getppid(): ""}, 0, id="the other is just writing"),
    ],
)
def test_as_many_end_as_are_too_many(clients: int, others: dict[int, str], ended: int, tmp_path: Path) -> None:
    for pid, told in others.items():
        (tmp_path / f"connected-{pid}").write_text(told)
    evenly = Evenly(tmp_path)
    assert (tmp_path / f"connected-{os.getpid()}").read_text() == "0"
    assert asked(evenly, clients) == ended
    assert (tmp_path / f"connected-{os.getpid()}").read_text() == "8"
    assert not (tmp_path / f"connected-{DEAD}").exists()


def test_it_looks_once_a_second(clients: int, tmp_path: Path) -> None:
    (tmp_path / f"connected-{os.getppid()}").write_text("2")
    evenly = Evenly(tmp_path)
    assert not any(evenly.one_too_many(clients) for _ in range(20)), "it has just been made"
    assert asked(evenly, clients) == 3
    assert not any(evenly.one_too_many(clients) for _ in range(20))


def test_nothing_ends_without_a_folder_or_when_it_is_gone(clients: int, tmp_path: Path) -> None:
    assert asked(Evenly(None), clients) == 0
    folder = tmp_path / "shared"
    folder.mkdir()
    evenly = Evenly(folder)
    (folder / f"connected-{os.getppid()}").write_text("0")
    assert asked(evenly, clients, 1) == 1
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert asked(evenly, clients) == 0
