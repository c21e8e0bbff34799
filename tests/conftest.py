"""For all tests: the files of a folder import each other as `service.NAME`, and figures of reliability are kept."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the tests are no package

from service.figures import (  # noqa: F401  (hooks)
    pytest_configure,
    pytest_runtest_logreport,
    pytest_runtest_makereport,
    pytest_runtest_protocol,
    pytest_sessionfinish,
)
