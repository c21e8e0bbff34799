"""Clients that stay connected, shared out evenly: a process that has too many of them asks some to connect again.

    Evenly(folder).one_too_many(port)      whether the connection that is about to be answered shall end

The kernel gives each new connection to one of the processes by chance, and a client may keep it for hours: of twenty
clients, fourteen may have come to one process, where they wait for each other. So each process says in a file how many
clients it has, and ends as many connections as it has more than its share (`Connection: close`, after the reply). Half
of two processes' clients that connect again come back; after a few seconds they are even.
"""

from __future__ import annotations

import os
import socket
import stat
import time
from math import ceil
from pathlib import Path

EVERY_SECONDS = 1.0
PREFIX = "connected-"


class Evenly:
    """What one process knows of itself and of the others that serve the same address. Errors cost nothing but evenness.

    folder: one that all of these processes have, and no others; None where there are no others
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder, self._looked, self._spare = folder, time.monotonic(), 0
        if folder:
            self._tell(folder, 0)  # the others shall know that there is one more, though nobody has come to it yet

    def one_too_many(self, port: int) -> bool:
        """Whether one more connection is to end. Threads may ask at once: one too many or too few is no harm."""
        now = time.monotonic()
        if now - self._looked > EVERY_SECONDS and self._folder:
            self._looked = now
            try:
                self._spare = self._found(self._folder, connected(port))
            except OSError:
                self._spare = 0
        if self._spare <= 0:
            return False
        self._spare -= 1
        return True

    def _tell(self, folder: Path, own: int) -> None:
        (folder / f"{PREFIX}{os.getpid()}").write_text(str(own))

    def _found(self, folder: Path, own: int) -> int:
        """How many more than its share this process has."""
        self._tell(folder, own)
        everybody = []
        for file in folder.glob(f"{PREFIX}*"):
            if not Path("/proc", file.name.removeprefix(PREFIX)).exists():
                file.unlink(missing_ok=True)  # it has ended
                continue
            everybody.append(int(file.read_text() or own))  # empty while it is being written
        return own - ceil(sum(everybody) / len(everybody))


def shared_folder() -> Path | None:
    """The folder in which the web server's processes count together, if there is one."""
    named = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(named) if named else None


def connected(port: int) -> int:
    """How many clients are connected to this process at one of its ports."""
    return sum(_is_client(int(file.name), port) for file in Path("/proc/self/fd").iterdir())


def _is_client(number: int, port: int) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return False
        with socket.socket(fileno=os.dup(number)) as found:
            if found.family not in (socket.AF_INET, socket.AF_INET6):
                return False
            listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            return not listens and found.getsockname()[1] == port
    except OSError:  # closed meanwhile
        return False
