"""The worker of care out of area as a process: see `worker`."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType


def main() -> None:
    """Run in this process until SIGTERM or SIGINT."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
    django.setup()
    from django.conf import settings

    from openyibao.service import logs
    from openyibao.service.portability.worker import run

    logs.configure(level=settings.LOG_LEVEL)
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    run(stop)


if __name__ == "__main__":
    main()
