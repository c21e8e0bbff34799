"""The command `yibao lab`: whole populations. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openyibao import commands

lab_app = typer.Typer(no_args_is_help=True, help="Whole populations: claims in columns, people, calibration, a year.")
Progress = Annotated[bool | None, typer.Option(help="Without it, on a terminal only.")]


@lab_app.command("settle")
def lab_settle(
    claims: Annotated[Path, typer.Argument(metavar="CLAIMS", help="Claims of the lab (.parquet), sorted by person.")],
    policy: Annotated[str, typer.Option(help="Id of a policy (`yibao policy list`), or a file.")],
    out: Annotated[Path, typer.Option(help="Where the bills go (.parquet).")],
    progress: Progress = None,
) -> None:
    """Settle a Parquet table of claims in whole numbers into one of bills."""
    with commands.told():
        from openyibao.lab.commands import settle_claims

        settle_claims(claims, policy, out, progress)
