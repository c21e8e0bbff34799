"""The commands with which the platform proves itself. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path | None, typer.Option(help="Where the database is kept; without it, for a while only.")]
Seed = Annotated[int, typer.Option(min=0, help="Of what is drawn.")]
Histories = Annotated[int, typer.Option(min=9, help="Different histories, settled through the platform's own door.")]


def register(app: typer.Typer, bench_app: typer.Typer) -> None:
    """Add the commands to those of `yibao` and `yibao bench`."""
    bench_app.command("fill")(bench_fill)


@contextmanager
def told() -> Iterator[None]:
    """What can't be done is said in a sentence, with the exit code 2; stopped by Ctrl-C, 130."""
    from openyibao.service.postgres import PostgresError
    from openyibao.service.run import RunError

    try:
        yield
    except (RunError, PostgresError) as error:
        print(f"yibao: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("yibao: stopped", file=sys.stderr)
        raise SystemExit(130) from None


def bench_fill(
    settlements: Annotated[int, typer.Option(min=1, help="So many, or a few more.")] = 100_000,
    histories: Histories = 1_000,
    seed: Seed = 1,
    folder: Folder = None,
    lines: Annotated[bool, typer.Option(help="Copy the fee lines too.")] = True,
    check: Annotated[bool, typer.Option(help="Hold all rows against each other afterwards.")] = True,
) -> None:
    """Fill a sandbox's database (DATABASE_URL, or one of our own) with true settlements. The last line is JSON."""
    with told():
        from openyibao.service.bulk.commands import run

        if not run(settlements, histories, seed, folder, lines=lines, check=check):
            raise SystemExit(1)
