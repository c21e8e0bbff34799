"""The ledger's worker: seals what was posted, writes the heads outside, folds balances; until it is told to end.

    python -m openyibao.service.ledger.worker      SIGTERM or SIGINT ends it; beside it runs portability.worker

It asks the database five times a second. Being told by NOTIFY would cost more: every transaction that notifies takes
one lock for all when it commits, so settlements would wait for each other. Several workers may run: one at a time
seals. What it has to say goes to the log, without anything of a person.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.db import Error, connection

from openyibao.service import logs
from openyibao.service.ledger.fold import fold
from openyibao.service.ledger.seal import Sealer, SealError, export

POLL_SECONDS = 0.2
FOLD_SECONDS = 1.0
LOST_SECONDS = 1.0
"""How long to wait before the next attempt when the database cannot be reached."""
LATE_SECONDS = 10.0
"""How long entries may wait for older transactions before the worker says so."""


class Worker:
    """What a worker remembers between rounds."""

    def __init__(self) -> None:
        self.sealer = Sealer()
        self.folded_at = self.warned_at = 0.0
        self.exported = False
        self.file_fault = ""

    def round(self) -> bool:
        """One round; whether more is waiting."""
        sealed = self.sealer.step()
        if sealed:
            logs.write("sealed", why=f"{sealed} entries")
        if sealed or not self.exported:
            self._export()
        self._warn()
        folded = 0
        if time.monotonic() - self.folded_at >= FOLD_SECONDS:
            folded = fold()
            self.folded_at = time.monotonic() if not folded else 0.0
        return sealed == self.sealer.most or folded > 0

    def _export(self) -> None:
        """Write the heads outside. Sealing goes on where that fails: what is said once is said until it is mended."""
        self.exported = True
        if not settings.SEAL_FILE:
            return
        try:
            export(Path(settings.SEAL_FILE))
            fault = ""
        except (SealError, OSError) as error:
            self.exported, fault = False, str(error)
        if fault != self.file_fault:
            logs.write("seal file", logging.ERROR if fault else logging.INFO, why=fault or "is right again")
        self.file_fault = fault

    def _warn(self) -> None:
        waiting = self.sealer.waiting()
        if waiting > LATE_SECONDS and time.monotonic() - self.warned_at > LATE_SECONDS:
            logs.write("sealing waits", logging.WARNING, why=f"an older transaction is open, {waiting:.0f} s by now")
            self.warned_at = time.monotonic()


def run(stop: threading.Event | None = None, poll: float = POLL_SECONDS) -> None:
    """Work until `stop` is set. A lost database is waited for."""
    stop = stop or threading.Event()
    worker, lost = Worker(), False
    logs.write("worker begins")
    while not stop.is_set():
        try:
            busy = worker.round()
            if lost:
                logs.write("database found again")
            lost = False
        except Error as error:
            if not lost:
                logs.write("database lost", logging.ERROR, error)
            lost, busy, worker = True, False, Worker()
            connection.close()
        stop.wait(LOST_SECONDS if lost else 0 if busy else poll)
    connection.close()
    logs.write("worker ends")


def main() -> None:
    """Run in this process until SIGTERM or SIGINT."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
    django.setup()
    logs.configure(level=settings.LOG_LEVEL)
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    from openyibao.service.portability.worker import run as ask_regions  # its models need Django set up

    regions = threading.Thread(target=ask_regions, args=(stop,), name="regions")
    regions.start()
    try:
        run(stop)
    finally:
        stop.set()
        regions.join()


if __name__ == "__main__":
    main()
