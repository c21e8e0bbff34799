"""Databases with settlements of their own, filled once for the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import connection

from openyibao.service.bulk.commands import fill
from openyibao.service.postgres import Server
from service.conftest import using
from service.databases import copy, drop


def template(
    server: Server,
    settlements: int,
    histories: int,
    seed: int,
    only: tuple[str, ...],
    then: Callable[[], object] = bool,
) -> Iterator[str]:
    """The name of a database with so many settlements, to be copied; `then` is done in it last."""
    print("seed", seed)
    for _ in using(server):
        fill(settlements, histories, seed, only=only)
        then()
        made = connection.settings_dict["NAME"]
        connection.close()
        kept = copy(server, made)
    yield kept
    drop(server, kept)
