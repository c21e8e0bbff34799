"""The commands `yibao backup` and `yibao restore`. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

Lang = Annotated[Literal["zh", "en"], typer.Option(help="Language of what is said.")]
BackupFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The backup's folder.")]


def backup(
    folder: BackupFolder,
    sandbox: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Back up the sandbox kept there, instead of DATABASE_URL.")
    ] = None,
    wal_only: Annotated[bool, typer.Option("--wal-only", help="No new base backup: bring the log up to now.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Then go on receiving the log until stopped.")] = False,
    keep: Annotated[
        int | None, typer.Option(metavar="N", help="Afterwards keep the newest N base backups, and the log from there.")
    ] = None,
    lang: Lang = "en",
) -> None:
    """Back up the platform's database server while it works, so that any later moment can be restored."""
    with _told(lang):
        from openyibao.service import run
        from openyibao.service.backup import prune, report, take
        from openyibao.service.backup.folder import Folder
        from openyibao.service.backup.source import address

        kept = Folder(folder)
        if keep is not None:
            prune.check_keep(keep)
        with address(sandbox) as url:
            base = None
            if wal_only:
                take.fetch(url, kept)
            else:
                base = take.base(url, kept, sandbox)
            gone = prune.prune(kept, keep) if keep is not None else None
            print(report.taken(kept, base, lang, gone), flush=True)
            if follow:
                with run.stoppable():
                    try:
                        take.follow(url, kept, run.say)
                    except run.Stopped:
                        print(report.taken(kept, None, lang), flush=True)


def restore(
    folder: BackupFolder,
    to: Annotated[
        str, typer.Option(metavar="TIME", help="A moment of the machine's clock, such as 2026-11-22T21:00:00+08:00.")
    ] = "",
    into: Annotated[
        Path | None, typer.Option(metavar="DATA", help="A new folder; without it, one beside FOLDER.")
    ] = None,
    seals: Annotated[Path | None, typer.Option(help="The file of seals kept outside; else YIBAO_SEAL_FILE.")] = None,
    hashed: Annotated[bool, typer.Option("--hash", help="Also print one hash over all rows.")] = False,
    lang: Lang = "en",
) -> None:
    """Restore a backup as it stood at a moment, check the books, and report. Exit code 1 where they are not right."""
    with _told(lang):
        from openyibao.service import run
        from openyibao.service.backup import report
        from openyibao.service.backup import restore as restoring
        from openyibao.service.backup.folder import Folder

        moment = _moment(to)
        beside = f"{folder.absolute().name}-restored-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        place = into or folder.absolute().with_name(beside)
        outside = seals or (Path(os.environ["YIBAO_SEAL_FILE"]) if os.environ.get("YIBAO_SEAL_FILE") else None)
        with run.stoppable():
            try:
                done = restoring.restore(Folder(folder), restoring.Wish(moment, place, outside, hashed), run.say)
            except run.Stopped:
                raise SystemExit(130) from None
        print(report.restored(done, lang), flush=True)
        if not done.found.right:
            raise SystemExit(1)


def _moment(text: str) -> datetime | None:
    """A moment; without a zone, of China. Raises BackupError."""
    from openyibao.service.backup.folder import BackupError
    from openyibao.service.clock import CHINA

    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BackupError(
            f"--to {text}：应为时刻，例如 2026-11-22T21:00:00+08:00。",
            f"--to {text}: expected a moment such as 2026-11-22T21:00:00+08:00.",
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=CHINA)).astimezone(UTC)


@contextmanager
def _told(lang: str) -> Iterator[None]:
    """Errors that a person can mend are said in a line, with exit code 2."""
    from openyibao.service.backup.folder import BackupError
    from openyibao.service.postgres import PostgresError

    try:
        yield
    except BackupError as error:
        print(f"yibao: {getattr(error.text, lang)}", file=sys.stderr)
        raise SystemExit(2) from None
    except (PostgresError, OSError, RuntimeError) as error:
        print(f"yibao: {error}", file=sys.stderr)
        raise SystemExit(2) from None
