"""How the processes of a run share the tests: by files, those that take longest first.

A file stays in one process, with the servers and databases that its tests share; so do files of one `xdist_group`. The
last files of a run are short ones, so that no process is left alone with a long one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
LONGEST = (
    "second/test_second.py",
    "service/test_backup.py",
    "service/test_runbooks.py",
    "site/test_browser.py",
    "bill/test_bills.py",
    "service/test_web_browser.py",
    "service/test_run.py",
    "service/test_killed.py",
    "service/test_portability.py",
    "settlement/test_two_forms.py",
    "service/test_roles_matrix.py",
    "history/test_commands.py",
    "second/test_settings.py",
    "service/test_replay_bills.py",
    "service/test_models.py",
    "service/test_client_live.py",
    "tables/test_mutated.py",
    "tables/test_command.py",
    "tables/test_settle.py",
    "service/test_out_of_area.py",
    "service/test_regional_clearing.py",
    "service/test_runbook_pages.py",
)
"""The files that take longest, by processor time measured, about longest first; all others come after them. The first
needs no database: two processes would wait for the same tables to be made."""


def order(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; else the order stays."""
    place = {TESTS / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def scheduler(config: pytest.Config, log: Any) -> Any:
    """The scheduler of pytest-xdist for `--dist loadgroup`; nothing, which means its own, for other ways."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            grouped = nodeid.rfind("@") > nodeid.rfind("]")  # pytest-xdist writes the group behind the name
            return nodeid.rpartition("@")[2] if grouped else nodeid.partition("::")[0]

    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False  # it would put those with most tests first
    return ByFile(config, log)
