"""`yibao serve`: the platform as processes of this machine, started together and ended together.

    with Platform(Web(port=8080)) as platform: platform.address     on the database of the environment

The web server (granian) and the worker are children of this process. They end with it, however it ends.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType, TracebackType

from openyibao.service.postgres import end_with_parent
from openyibao.service.temporary import temporary_folder

SETTINGS = "openyibao.service.settings"
READY_SECONDS = 180
STOP_SECONDS = 20
LOCK_SECONDS = 3
"""How long a migration waits for a lock while requests run, before it lets them go on and tries again."""
LOCK_TRIES = 20
PYTHON = (sys.executable, "-P", "-m")
Say = Callable[[str], None]


class RunError(RuntimeError):
    """The platform could not be started, or a part of it ended; says what to do."""


class Stopped(BaseException):
    """Somebody asked this process to end: Ctrl-C, or SIGTERM."""


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Web:
    """Where and how the web server runs. Port 0: any free one."""

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 2
    threads: int = 8


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, Ctrl-C and SIGTERM raise Stopped, once; more of them do not disturb the ending."""

    def stop(number: int, frame: FrameType | None) -> None:
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)
        raise Stopped

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class Platform:
    """The platform on the database of the environment (DATABASE_URL), whose tables are there already."""

    def __init__(self, web: Web, tell: Say = say) -> None:
        self.web, self.say = web, tell
        self.port = web.port or _free_port(web.host)
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.counters = temporary_folder("counters-")

    @property
    def address(self) -> str:
        return f"http://{self.web.host}:{self.port}"

    def __enter__(self) -> Platform:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all parts; ready when this returns. Raises RunError."""
        _check_free(self.web.host, self.port)
        self._child("web server", [*PYTHON, "granian", *self._granian(), "openyibao.service.wsgi:application"])
        self._child("worker", [*PYTHON, "openyibao.service.ledger.worker"])
        self.say("compiling policies ...")
        end = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            self.check()
            if time.monotonic() > end:
                raise RunError(f"not ready after {READY_SECONDS} s; {self.address}/ready says why")
            time.sleep(0.1)

    def renew(self) -> None:
        """Replace all processes by new ones, which read the programs as they are now.

        The web server starts each new process before it ends the old one, whose running requests are answered first.
        The environment stays what it was.
        """
        self.say("renewing all processes ...")
        worker = self.children["worker"]
        worker.terminate()
        try:
            worker.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        self._child("worker", [*PYTHON, "openyibao.service.ledger.worker"])
        self.children["web server"].send_signal(signal.SIGHUP)

    def check(self) -> None:
        """Raise RunError where a part has ended."""
        for name, child in self.children.items():
            if child.poll() is not None:
                raise RunError(f"the {name} ended with exit code {child.returncode}; what it said stands above")

    def wait(self) -> None:
        """Until a part ends (RunError), or this process is stopped (Stopped). SIGHUP renews all processes."""
        asked = threading.Event()
        before = signal.signal(signal.SIGHUP, lambda number, frame: asked.set())
        try:
            while True:
                self.check()
                if asked.is_set():
                    asked.clear()
                    self.renew()
                time.sleep(0.3)
        finally:
            signal.signal(signal.SIGHUP, before)

    def stop(self) -> None:
        """End all parts: requests that run are answered first."""
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        end = time.monotonic() + STOP_SECONDS
        for child in self.children.values():
            try:
                child.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"process {child.pid} does not end; killing it")
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.children.clear()
        shutil.rmtree(self.counters, ignore_errors=True)

    def _granian(self) -> list[str]:
        from django.conf import settings

        options = {
            "interface": "wsgi",
            "host": self.web.host,
            "port": self.port,
            "workers": self.web.workers,
            "blocking-threads": self.web.threads,
            "workers-kill-timeout": 10,
            "respawn-interval": settings.RENEW_S,
            "log-level": "error",
        }
        return ["--no-ws", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]

    def _child(self, name: str, command: list[str]) -> None:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "PROMETHEUS_MULTIPROC_DIR": str(self.counters),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        self.children[name] = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            env=environment,
            preexec_fn=partial(end_with_parent, signal.SIGTERM),  # noqa: PLW1509  (it only asks the kernel for a signal)
            start_new_session=True,  # Ctrl-C is for this process, which then ends them in order
        )

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(self.web.host, self.port, timeout=60)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def _free_port(host: str) -> int:
    with socket.socket() as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


def _check_free(host: str, port: int) -> None:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise RunError(f"{host}:{port} can't be used ({error.strerror}); choose another with --port") from None


def prepare(*, migrate: bool, tell: Say = say) -> None:
    """Set Django up in this process and bring the database's tables up to date, or refuse where they are not."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.db import Error, connections

    from openyibao.service.gateway.rates import limits

    try:
        django.setup()
        limits(settings.RATES)  # a file that can't be used stops the start
    except ImproperlyConfigured as error:
        raise RunError(str(error)) from None
    from django.core.management import call_command

    from openyibao.service.health import unapplied

    try:
        waiting = unapplied()
        if waiting and not migrate:
            raise RunError(
                f"the database lacks {len(waiting)} migrations ({waiting[0]} ...). Make a backup, then start once with"
                " --migrate"
            )
        if waiting:
            tell(f"making tables: {len(waiting)} migrations ...")
            _migrate(lambda: call_command("migrate", verbosity=0, interactive=False), tell)
    except Error as error:
        raise RunError(f"the database can't be used: {str(error).strip()}") from None
    finally:
        connections.close_all()


def _migrate(work: Callable[[], object], tell: Say) -> None:
    """Migrate beside running requests: a lock that is not to be had soon is given up, and asked for again.

    A table that waits for its lock would make every later request wait behind it.
    """
    from django.db import OperationalError, connection
    from psycopg.errors import LockNotAvailable

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_SECONDS}s"])
    for left in reversed(range(LOCK_TRIES)):
        try:
            work()
            return
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable) or not left:
                raise
            tell("a migration waits for its lock; trying again ...")
            time.sleep(1)


def migrate() -> None:
    """Bring the tables of DATABASE_URL up to date and end; the platform may go on meanwhile. Raises RunError."""
    if not os.environ.get("DATABASE_URL"):
        raise RunError("DATABASE_URL is not set. Set it to postgresql://user:password@host/name")
    prepare(migrate=True)
    say("the tables are up to date")


def serve(web: Web, *, migrate: bool) -> None:
    """Serve on DATABASE_URL until stopped. Raises RunError."""
    if not os.environ.get("DATABASE_URL"):
        raise RunError(
            "DATABASE_URL is not set. Set it to postgresql://user:password@host/name; or try the platform without a"
            " database of your own: yibao serve --sandbox"
        )
    with stoppable():
        try:
            prepare(migrate=migrate)
            run(web)
        except Stopped:
            say("ended")


def run(web: Web, *further: str) -> None:
    """Start the platform, print where it is, and wait until it is stopped."""
    with Platform(web) as platform:
        print(f"OpenYibao runs at {platform.address}/", flush=True)
        for line in further:
            print(line.format(address=platform.address), flush=True)
        say("Ctrl-C ends it.")
        platform.wait()
