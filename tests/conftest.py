"""For all tests: the files of a folder import each other as `service.NAME`, figures of reliability are kept, and the
processes of a run share what they make once and share the tests among them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # the tests are no package

import pytest
from hypothesis import HealthCheck, settings

import balance
from service import figures
from service.figures import (  # noqa: F401  (hooks)
    pytest_runtest_logreport,
    pytest_runtest_makereport,
    pytest_runtest_protocol,
    pytest_sessionfinish,
)

# A busy machine is no defect: no test fails by the time that an example took. `--hypothesis-profile` goes before.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("busy")


def pytest_configure(config: pytest.Config) -> None:
    from service import databases

    figures.pytest_configure(config)
    if databases.RUN not in os.environ:
        databases.begin_run()
        config.add_cleanup(databases.end_run)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    balance.order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return balance.scheduler(config, log)
