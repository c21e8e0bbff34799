"""The commands `yibao reconcile` and `yibao bench reconcile`. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

from typing import Annotated

import typer

from openyibao.cli_proof import told


def register(app: typer.Typer, bench_app: typer.Typer) -> None:
    """Add the commands to those of `yibao` and `yibao bench`."""
    bench_app.command("reconcile")(bench_reconcile)


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
