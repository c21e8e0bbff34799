"""The command `yibao lab`: whole populations. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from openyibao import commands

lab_app = typer.Typer(
    no_args_is_help=True, help="Whole populations: claims in columns, people, calibration, a year; data of your own."
)
Lang = Literal["zh", "en"]
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


@lab_app.command("year")
def lab_year(
    populations: Annotated[list[str], typer.Argument(metavar="POPULATION...", help="Names, or files.")],
    share: Annotated[float, typer.Option(min=1e-7, max=1.0, help="Share of the persons to draw.")] = 1.0,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Of the first, one more for the next ...; else those of the files."),
    ] = None,
    state: Annotated[Path | None, typer.Option(help="Keep what is done in this file, and go on from it.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Blocks settled at a time.")] = 2,
    progress: Annotated[bool, typer.Option(help="Lines on standard error.")] = True,
) -> None:
    """Generate and settle a year of whole populations without storing it; totals beside those published."""
    with commands.told():
        from openyibao.lab.year_commands import year

        year(populations, share, seed, state, threads, progress)


@lab_app.command("claims")
def lab_claims(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Claims: .csv, .xlsx or .parquet.")],
    policy: Annotated[str, typer.Option(help="Id of a policy, or a file: its facts and words are read.")],
    out: Annotated[Path, typer.Option(help="Where the columns go (.parquet).")],
    lang: Annotated[Lang, typer.Option(help="Language of the summary.")] = "en",
    progress: Progress = None,
) -> None:
    """Bring a table of claims to the lab, with what was paid."""
    with commands.told(lang):
        from openyibao.lab.bring.commands import bring_table

        bring_table(commands.load(policy), file, out, lang, progress)


@lab_app.command("survey")
def lab_survey(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Stata, SPSS, SAS, CSV, Excel or Parquet.")],
    mapping: Annotated[str, typer.Option(help="charls, cfps, or a mapping file (.yaml).")],
    out: Annotated[Path, typer.Option(help="Where the people go (.parquet).")],
    wave: Annotated[str, typer.Option(help="A wave of the mapping; without it, the mapping's own.")] = "",
    weight: Annotated[str, typer.Option(help="A field to take as weight instead of the mapping's.")] = "",
    claims: Annotated[Path | None, typer.Option(help="Also make claims of the stays and visits (.parquet).")] = None,
    year: Annotated[int | None, typer.Option(help="The year of those claims; without it, that of the wave.")] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the report.")] = "en",
) -> None:
    """Bring survey microdata to the lab through a mapping file, with a report."""
    with commands.told(lang):
        from openyibao.lab.bring.commands import bring_survey

        bring_survey(file, mapping, out, wave, weight, claims, year, lang)


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
