"""One PostgreSQL server for all tests of a process; each test that asks gets a database of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))  # the tests are no package: `service.NAME`, `client.NAME`

from openyibao.service.sandbox.serve import offset
from service.databases import copy, drop, migrated

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@/none?host=/nowhere")  # each test sets its own below
os.environ.setdefault("YIBAO_SANDBOX", "1")
os.environ.setdefault("YIBAO_PRIVATE_LINE", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
os.environ.setdefault("YIBAO_CLOCK", offset("", ""))  # today, while the law of the tests is in force

import django

django.setup()  # before any test module imports a model

from openyibao.service.postgres import Server  # noqa: E402


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with migrated() as server:
        yield server


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The address of an empty database, which Django uses for the time of the test."""
    yield from using(server)


def using(server: Server, template: str = "yibao", tablespace: str = "") -> Iterator[str]:
    """Let Django use a copy of a database for a while."""
    from django.db import connection, connections

    connections.close_all()
    name = copy(server, template, tablespace)
    url = server.url(name)
    from openyibao.service.settings import database as read

    old = dict(connection.settings_dict)
    connection.settings_dict.update(read(url))
    yield url
    connections.close_all()
    connection.settings_dict.update(old)
    drop(server, name)


@pytest.fixture
def settings_of_platform(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The platform's settings, to change for the time of a test."""
    return Settings(monkeypatch)


class Settings:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        object.__setattr__(self, "_patch", monkeypatch)

    def __setattr__(self, name: str, value: object) -> None:
        from django.conf import settings

        self._patch.setattr(settings, name, value)
