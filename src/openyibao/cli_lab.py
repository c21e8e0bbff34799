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


@lab_app.command("list")
def lab_list() -> None:
    """The populations that come with the project."""
    with commands.told():
        from openyibao.lab.population_commands import list_populations

        list_populations()


PopulationName = Annotated[str, typer.Argument(metavar="POPULATION", help="Name (`yibao lab list`), or a .yaml file.")]


@lab_app.command("fit")
def lab_fit(
    population: PopulationName,
    write: Annotated[bool, typer.Option("--write", help="Put the fitted numbers into the file.")] = False,
    seeds: Annotated[int, typer.Option(min=0, help="So many further seeds, without fitting again.")] = 4,
    band: Annotated[bool, typer.Option("--band", help="Also fit at other cost levels: the possible band.")] = False,
    persons: Annotated[int | None, typer.Option(min=1200, help="A sample of so many; without it, all.")] = None,
) -> None:
    """Fit a population to its target table and set every figure beside it, fitted and held out."""
    with commands.told():
        from openyibao.lab.population_commands import show_fit

        show_fit(population, write, seeds, band, persons)


@lab_app.command("generate")
def lab_generate(
    population: PopulationName,
    out: Annotated[Path, typer.Option(help="Where the claims go (.parquet).")],
    persons: Annotated[str, typer.Option(help="A:B, the persons from A on, before B.")] = ":",
    seed: Annotated[int | None, typer.Option(help="Without it, that of the file.")] = None,
    policy: Annotated[str | None, typer.Option(help="Facts in the words of this policy, for `lab settle`.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Draw so many persons for the whole population.")] = None,
    progress: Progress = None,
) -> None:
    """Draw the claims of a population into a Parquet file, the same on every machine."""
    with commands.told():
        from openyibao.lab.population_commands import generate

        generate(population, persons, out, seed, policy, sample, progress)
