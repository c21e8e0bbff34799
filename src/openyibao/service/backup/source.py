"""Which server is backed up: that of DATABASE_URL, or the one of a sandbox, which is started if it does not run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from openyibao.service.backup.folder import SANDBOX, BackupError
from openyibao.service.postgres import Server


@contextmanager
def address(sandbox: Path | None) -> Iterator[str]:
    """The address of the database to back up. Raises BackupError, PostgresError."""
    if sandbox is None:
        url = os.environ.get("DATABASE_URL", "")
        if not url.startswith(("postgresql://", "postgres://")):
            raise BackupError(
                "没有设置 DATABASE_URL。请设为 postgresql://用户:口令@主机/库名，或用 --sandbox 指明沙箱的文件夹。",
                "DATABASE_URL is not set. Set it to postgresql://user:password@host/name, or name a sandbox's folder"
                " with --sandbox.",
            )
        yield url
        return
    if not (sandbox / SANDBOX).exists() or not (sandbox / "data").exists():
        raise BackupError(
            f"{sandbox} 里没有沙箱。请给出 yibao serve --sandbox --folder 所用的文件夹。",
            f"There is no sandbox in {sandbox}. Name the folder of yibao serve --sandbox --folder.",
        )
    server = Server(sandbox)
    if _answers(server.url()):
        yield server.url()
        return
    with server:
        yield server.url()


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
