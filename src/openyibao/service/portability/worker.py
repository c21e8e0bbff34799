"""The worker of care out of area: asks after every errand whose answer was lost, until it has the verdict.

    python -m openyibao.service.portability      SIGTERM or SIGINT ends it; `yibao serve` has it in its own worker

A peer that does not answer is left alone for a while, so that thousands of open errands cost it, and us, one question
each time. Several workers may run: each verdict is kept once.
"""

from __future__ import annotations

import logging
import threading
import time

from django.db import Error, connection

from openyibao.service import logs
from openyibao.service.clock import now
from openyibao.service.portability import clearing
from openyibao.service.portability.errands import postpone, resolve
from openyibao.service.portability.models import Errand
from openyibao.service.portability.peers import peers
from openyibao.service.portability.wire import NoAnswer

POLL_SECONDS = 0.5
IDLE_SECONDS = 5.0
"""How often a platform without peers looks whether it has one."""
PAUSE_SECONDS = 2.0
"""For how long a peer that did not answer is left alone."""
LOST_SECONDS = 1.0
MOST = 200


class Worker:
    """What a worker remembers between rounds: until when it leaves a peer alone."""

    def __init__(self) -> None:
        self.quiet: dict[int, float] = {}

    def round(self) -> int:
        """Ask after what is due; how many verdicts were had."""
        away = [peer for peer, until in self.quiet.items() if time.monotonic() < until]
        due = Errand.objects.select_related("peer").filter(state="asking", due__lte=now()).exclude(peer__in=away)
        had = 0
        for errand in due.order_by("due", "id")[:MOST]:
            if time.monotonic() < self.quiet.get(errand.peer_id, 0.0):
                continue
            try:
                resolve(errand)
                had += 1
            except NoAnswer as error:
                postpone(errand)
                self.quiet[errand.peer_id] = time.monotonic() + PAUSE_SECONDS
                logs.write("region silent", logging.WARNING, why=f"{errand.peer.division} {error}")
            except Error:
                raise
            except Exception as error:  # of one errand: the others go on
                postpone(errand)
                logs.write("errand failed", logging.ERROR, error)
        return had + self._clear()

    def _clear(self) -> int:
        """Pass on what is to be told of clearings."""
        had = 0
        for one in clearing.waiting():
            if time.monotonic() < self.quiet.get(one.peer_id, 0.0):
                continue
            try:
                clearing.pass_on(one)
                had += 1
            except NoAnswer as error:
                self.quiet[one.peer_id] = time.monotonic() + PAUSE_SECONDS
                logs.write("region silent", logging.WARNING, why=f"{one.peer.division} {error}")
        return had


def run(stop: threading.Event, poll: float = POLL_SECONDS) -> None:
    """Work until `stop` is set. A lost database is waited for."""
    worker, lost = Worker(), False
    while not stop.is_set():
        wait = poll
        try:
            if not peers():
                wait = IDLE_SECONDS
            elif worker.round() >= MOST:
                wait = 0.0
            lost = False
        except Error as error:
            if not lost:
                logs.write("regions wait", logging.ERROR, error)
            lost, wait = True, LOST_SECONDS
            connection.close()
        stop.wait(wait)
    connection.close()
