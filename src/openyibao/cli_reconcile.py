"""The commands `yibao reconcile` and `yibao bench reconcile`. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from openyibao.cli_proof import told


def register(app: typer.Typer, bench_app: typer.Typer) -> None:
    """Add the commands to those of `yibao` and `yibao bench`."""
    app.command("reconcile")(reconcile)
    bench_app.command("reconcile")(bench_reconcile)


def reconcile(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list: a zip with a text, or the text itself.")],
    institution: Annotated[str, typer.Option(help="Code of the institution.")],
    month: Annotated[str, typer.Option(help="Month of settlement, such as 2026-03.")],
    office: Annotated[str, typer.Option(help="Division of the office that insures; all without it.")] = "",
    clearing: Annotated[str, typer.Option(help="Clearing category, such as 11; all without it.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the differences to this file.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep them in the work list, too.")] = False,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language of what is said.")] = "en",
) -> None:
    """Compare an institution's list of settlements with the platform (DATABASE_URL). The last line is JSON."""
    from openyibao.service.reconciliation import command
    from openyibao.service.reconciliation.sheet_rows import SheetError

    with told():
        try:
            flat = command.run(command.Asked(file, institution, month, office, clearing, out, keep, lang))
        except (command.ReconcileError, SheetError) as error:
            print(f"yibao: {getattr(error.text, lang)}", file=sys.stderr)
            raise SystemExit(2) from None
        except OSError as error:
            print(f"yibao: {error.filename}: {error.strerror}", file=sys.stderr)
            raise SystemExit(2) from None
    if not flat:
        raise SystemExit(1)


def bench_reconcile(
    rows: Annotated[int, typer.Option(min=1_000, help="Settlements in the database.")] = 1_000_000,
    faults: Annotated[int, typer.Option(min=1, help="Faults of each sort in the list.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn.")] = 1,
) -> None:
    """An institution's list with faults beside the platform's settlements. The last line is JSON."""
    with told():
        from openyibao.service.reconciliation.bench import run

        if not run(rows, faults, seed):
            raise SystemExit(1)
