"""Calls that come at the same moment are carried out in one database transaction.

A commit waits for the disk and wakes many processes; under load several calls share one. The first that comes leads:
it begins at once, alone. Those that come meanwhile wait; when it is done, the first of them leads all that wait. So a
call on an idle platform waits for nobody, and the more wait the less each costs.

    QUEUE.carry_out(part)      the reply of a part: what it asks first, and how it answers

A part is carried out by its leader, on the leader's connection. Each has a `Share` of the transaction; what they write
goes to the database at the end, and nobody is answered before the commit. Whoever is refused, or can't share because it
needs what another of the same transaction changes, is left out: the others begin again without it. After an error of
the database each goes alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import Error

from openyibao.service.direct import Ask, Key, NotSharedError, Share, Statement, Transaction, let_go
from openyibao.service.lending import borrow_again, hand_back
from openyibao.service.metrics import writes

MOST = 6
"""Calls of one transaction: more cost little less each, and all wait for the last."""
LEADERS, ENOUGH = 2, 4
"""Transactions of a process at the same time; how many calls the second of them is worth."""
PATIENCE_SECONDS = 0.1
"""How long a call waits for its turn before it goes alone."""
LOCK_SECONDS = 0.2
"""How long calls that share wait for a lock. Each of them alone may wait longer."""
SOON = Statement("soon", f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


@dataclass(slots=True, eq=False)
class Part:
    """A call: the lock it takes, what it asks when it has it, its answer of the results, which writes by a Share; and
    how it is carried out alone.

    `order` is that of the locks: the same for all, so that no two wait for each other.
    """

    order: int
    lock: Ask
    asks: Sequence[Ask]
    answer: Callable[[Sequence[Any], Share], bytes]
    alone: Callable[[], bytes]
    held: threading.Lock = field(default_factory=threading.Lock)
    """Held while it waits: let go by its leader, or by whoever makes it one."""
    leads: bool = False
    reply: bytes | None = None
    error: Exception | None = None

    def outcome(self) -> bytes:
        """The reply after its turn, or what went wrong; alone if neither is there."""
        error, self.error = self.error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # else it holds all of its transaction's parts, which hold it
        if self.reply is not None:
            return self.reply
        writes("left out").inc()
        return self.alone()


class Queue:
    """The calls of this process that want to write."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: deque[Part] = deque()
        self.leaders = 0

    def carry_out(self, part: Part) -> bytes:
        """The reply, which is committed. Raises what its answer raised, or the database."""
        with self.lock:
            part.leads = self._wanted()
            if part.leads:
                self.leaders += 1
            else:
                part.held.acquire()
                self.waiting.append(part)
        if not part.leads:
            hand_back()
            self._wait(part)
            if part.reply is None:
                borrow_again()
        if part.leads:
            return self._lead(part)
        return part.outcome()

    def _wanted(self) -> bool:
        """Whether another leader has enough to do."""
        return not self.leaders or (self.leaders < LEADERS and len(self.waiting) + 1 >= ENOUGH)

    def _wait(self, part: Part) -> None:
        if part.held.acquire(timeout=PATIENCE_SECONDS):
            return
        with self.lock:
            if part in self.waiting:
                self.waiting.remove(part)
                return
        part.held.acquire()  # somebody carries it out just now

    def _lead(self, part: Part) -> bytes:
        with self.lock:
            others = [self.waiting.popleft() for _ in range(min(MOST - 1, len(self.waiting)))]
        try:
            if not others:
                writes("own").inc()
                return part.alone()
            together([part, *others])
        finally:
            with self.lock:
                self.leaders -= 1
                following = self.waiting.popleft() if self.waiting and self._wanted() else None
                if following is not None:
                    following.leads = True
                    self.leaders += 1
            for one in (following, *others):
                if one is not None:
                    one.held.release()
        return part.outcome()


class _AgainError(Exception):
    """Somebody did not fit in: the others begin again."""


def together(parts: Sequence[Part]) -> None:
    """Carry parts out in one transaction. Afterwards each has its reply, its error, or neither: it is to go alone.

    Whoever is refused or can't share takes nothing with it: the transaction is undone, and the others begin again.
    """
    left = sorted(parts, key=lambda part: part.order)
    while len(left) > 1:
        fitting: list[tuple[Part, bytes]] = []
        try:
            with Transaction() as work:
                fitting = _answered(work, left)
                if len(fitting) < len(left):
                    raise _AgainError
        except _AgainError:
            left = [part for part, _ in fitting]
        except Error as error:
            let_go(error)
            return
        else:
            for part, reply in fitting:
                part.reply = reply
            writes("shared").inc(len(fitting))
            return


def _answered(work: Transaction, parts: Sequence[Part]) -> list[tuple[Part, bytes]]:
    """Those that could be answered, whose writing is then kept back for the end of the transaction."""
    taken: set[Key] = set()
    fitting: list[tuple[Part, bytes]] = []
    asks = [SOON(), *(part.lock for part in parts), *(ask for part in parts for ask in part.asks)]
    found = iter(work.first(asks)[1 + len(parts) :])
    for part in parts:
        share, results = Share(taken), [next(found) for _ in part.asks]
        try:
            fitting.append((part, part.answer(results, share)))
        except NotSharedError:
            continue
        except Error:
            raise
        except Exception as error:
            part.error = error
        else:
            work.later(*share.kept)
    return fitting


QUEUE = Queue()
