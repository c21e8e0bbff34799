"""The commands with which the platform proves itself. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

Folder = Annotated[Path | None, typer.Option(help="Where the database is kept; without it, for a while only.")]
Seed = Annotated[int, typer.Option(min=0, help="Of what is drawn.")]
Histories = Annotated[int, typer.Option(min=9, help="Different histories, settled through the platform's own door.")]


def register(app: typer.Typer, bench_app: typer.Typer) -> None:
    """Add the commands to those of `yibao` and `yibao bench`."""
    bench_app.command("fill")(bench_fill)
    bench_app.command("replay")(bench_replay)
    app.command()(replay)
    app.command()(verify)
    app.command()(fund_statement)


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


def replay(
    day: Annotated[str, typer.Option(help="What was settled on this day, such as 2026-06-30.")] = "",
    year: Annotated[int, typer.Option(min=0, max=9999, help="What was settled in this year.")] = 0,
    from_lines: Annotated[bool, typer.Option("--from-lines", help="Split the fee lines again too.")] = False,
    processes: Annotated[int, typer.Option(min=1, max=64, help="At work at once.")] = 2,
    most: Annotated[int, typer.Option(min=1, help="Differences shown in words.")] = 20,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language of the report.")] = "en",
) -> None:
    """Derive every bill and use of DATABASE_URL again from the log, and compare. The last line is JSON.

    Without --day and --year: everything. Exit code 1 where anything differs or cannot be derived.
    """
    with told():
        from openyibao.service.replay.commands import asked_period, run

        if not run(asked_period(day, year), lang=lang, processes=processes, most=most, from_lines=from_lines):
            raise SystemExit(1)


def verify(
    file: Annotated[Path | None, typer.Option(help="The exported seals; without it, those of YIBAO_SEAL_FILE.")] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="A file with fewer seals than the books is wrong too.")
    ] = False,
    books: Annotated[
        bool, typer.Option("--books", help="Hold settlements, funds and accounts against them too.")
    ] = False,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language of the report.")] = "en",
) -> None:
    """Verify the sealed chain of the books of DATABASE_URL against the exported heads. The last line is JSON.

    Exit code 1 where anything differs: the first broken place is named.
    """
    with told():
        from openyibao.service.ledger.commands import run

        if not run(file, lang, whole=whole, books=books):
            raise SystemExit(1)


def fund_statement(
    region: Annotated[str, typer.Argument(metavar="REGION", help="Code of the pooling region's place.")],
    year: Annotated[int, typer.Option(min=0, max=9999, help="All of this year.")] = 0,
    start: Annotated[str, typer.Option("--from", help="The first day, such as 2026-01-01.")] = "",
    end: Annotated[str, typer.Option("--to", help="The last day; both are in it.")] = "",
    scheme: Annotated[Literal["", "employee", "resident"], typer.Option(help="Without it, both.")] = "",
    fund: Annotated[str, typer.Option(help="Such as `pooled fund` or 统筹基金; without it, all.")] = "",
    unit: Annotated[Literal["yuan", "wan yuan", "million yuan"], typer.Option(help="Of money.")] = "yuan",
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language of the statements.")] = "en",
) -> None:
    """What a region's funds took in, spent, owed and really paid (DATABASE_URL). The last line is JSON, in fen."""
    with told():
        from openyibao.service.ledger import statement

        days = statement.period(year, start, end)
        statement.run(statement.Asked(region, scheme, fund, *days, unit, lang))


def bench_replay(
    settlements: Annotated[int, typer.Option(min=1, help="So many, or a few more.")] = 1_000_000,
    histories: Histories = 1_000,
    seed: Seed = 1,
    folder: Folder = None,
    from_lines: Annotated[bool, typer.Option("--from-lines", help="Measure this too.")] = False,
) -> None:
    """How long it takes to derive all settlements of a database again. The last line is JSON.

    A database that holds settlements already is taken as it is.
    """
    with told():
        from openyibao.service.replay.commands import bench

        if not bench(settlements, histories, seed, folder, from_lines=from_lines):
            raise SystemExit(1)
