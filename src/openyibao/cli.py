"""The command `yibao`: one verb for each job. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from openyibao import commands

app = typer.Typer(
    add_completion=False,
    invoke_without_command=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="OpenYibao (医保): the law of medical security as data, settled to the fen and explained.",
)
policy_app = typer.Typer(no_args_is_help=True, help="List, show and check policies; print their compiled form.")
bench_app = typer.Typer(no_args_is_help=True, help="Measure.")
app.add_typer(policy_app, name="policy")
app.add_typer(bench_app, name="bench")

Lang = Literal["zh", "en"]


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    if version:
        from openyibao import __version__

        print(f"yibao {__version__}")
        raise typer.Exit


PolicyName = Annotated[str, typer.Argument(metavar="ID", help="Id of a policy (`yibao policy list`), or a file.")]


@app.command()
def settle(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Claims: YAML, JSON, CSV; or a shipped example.")],
    policy: Annotated[str, typer.Option(help="Id of a policy, or a policy file.")],
    explain: Annotated[Lang | None, typer.Option(help="Explain every fen, in Chinese or English.")] = None,
    format: Annotated[Literal["text", "json"], typer.Option(help="One page a claim, or the bill's data.")] = "text",
    lang: Annotated[Lang, typer.Option(help="Language of the page.")] = "en",
    out: Annotated[Path | None, typer.Option(help="For a CSV table: where the bills go.")] = None,
) -> None:
    """Settle claims under a policy and print the bills."""
    is_table = file.suffix.lower() == ".csv"
    if is_table and (explain or format == "json"):
        raise typer.BadParameter("a CSV table gives a CSV of bills: leave out --explain and --format")
    if out and not is_table:
        raise typer.BadParameter("--out goes with a CSV table; redirect the output of a single file instead")
    if is_table:
        commands.settle_table(file, policy, out)
    else:
        commands.settle_file(file, policy, explain, format, explain or lang)


@policy_app.command("list")
def policy_list() -> None:
    """All policies: id, dates, title."""
    commands.list_policies()


@policy_app.command("show")
def policy_show(
    policy: PolicyName,
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = "en",
    format: Annotated[Literal["yaml", "json"], typer.Option(help="YAML, or JSON with English keys.")] = "yaml",
) -> None:
    """Print a policy; what is printed reads back to the same policy."""
    commands.show_policy(policy, "json" if format == "json" else lang)


@policy_app.command("check")
def policy_check(
    policies: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="All, if none is named.")] = None,
) -> None:
    """Check policies: every problem with its place, and how well their values are known."""
    commands.check_policies(policies or [])


@policy_app.command("code")
def policy_code(
    policy: PolicyName,
    rows: Annotated[bool, typer.Option("--rows", help="The loop over rows instead of the function.")] = False,
    arguments: Annotated[bool, typer.Option("--arguments", help="Numbers as arguments instead of literals.")] = False,
) -> None:
    """Print what a policy compiles to."""
    commands.print_code(policy, rows, not arguments)


@app.command()
def terms(
    term: Annotated[str | None, typer.Argument(metavar="[TERM]", help="English, Chinese, or a national code.")] = None,
) -> None:
    """The glossary: what a word means, its Chinese, its national code."""
    commands.print_terms(term)


@app.command()
def replicate() -> None:
    """Settle 10,000 stays of XX District 2013 and set the ratios beside the closed forms."""
    from openyibao.evidence.closed_forms import report

    report()


@bench_app.command("settle")
def bench_settle(
    claims: Annotated[int, typer.Option(min=1000, help="Rows of the column benchmark.")] = 4_000_000,
) -> None:
    """How long settling takes: one claim, a CSV, a process, columns. The last line is JSON."""
    from openyibao.bench.settle import run

    run(claims)


@app.command()
def demo() -> None:
    """Settle the official examples and one stay in XX District, and explain the bills."""
    commands.demo()


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test() -> None:
    """Run all checks and tests of a checkout."""


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lint() -> None:
    """Run the checks of a checkout without the tests."""


def main() -> None:
    """The command line. `test` and `lint` read their own arguments."""
    if sys.argv[1:2] in (["test"], ["lint"]):
        from openyibao import devtools

        run = devtools.run_tests if sys.argv[1] == "test" else devtools.run_lint
        sys.exit(run(sys.argv[2:]))
    app(prog_name="yibao")
