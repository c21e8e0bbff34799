"""The platform's own child processes: `python -m openyibao.service.child worker`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from importlib.util import find_spec

WORKER = "openyibao.service.ledger.worker"


def has_worker() -> bool:
    return find_spec(WORKER) is not None


def main(arguments: list[str]) -> int:
    """Run the worker until SIGTERM or Ctrl-C."""
    if arguments != ["worker"]:
        print("usage: python -m openyibao.service.child worker", file=sys.stderr)
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
    import django
    from django.conf import settings

    django.setup()
    from importlib import import_module

    from openyibao.service import logs

    logs.configure(level=settings.LOG_LEVEL)
    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda number, frame: stop.set())
    import_module(WORKER).run(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
