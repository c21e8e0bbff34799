"""The command `yibao`: one verb for each job. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from openyibao import cli_proof, cli_reconcile, commands
from openyibao.cli_backup import backup, restore
from openyibao.cli_lab import lab_app
from openyibao.cli_service import bench_pages, gallery, migrate, serve

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
app.add_typer(lab_app, name="lab")
app.command()(serve)
app.command()(migrate)
app.command()(backup)
app.command()(restore)
app.command()(gallery)
bench_app.command("pages")(bench_pages)
history_app = typer.Typer(no_args_is_help=True, help="What a state file holds of persons: show, reverse, re-settle.")
app.add_typer(history_app, name="history")
cli_proof.register(app, bench_app)
cli_reconcile.register(app, bench_app)

Lang = Literal["zh", "en"]
PageLang = Annotated[
    Lang | None,
    typer.Option(help="Language; without it English, but what is wrong with a file is said in the file's language."),
]


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    if version:
        from openyibao import __version__

        print(f"yibao {__version__}")
        raise typer.Exit


TIME_HELP = "Time for the log, such as 2026-08-01T10:00:00+08:00; without it, now."
AcceptChanged = Annotated[
    bool, typer.Option("--accept-changed", help="Read the state file though it was changed by hand.")
]
StateFile = Annotated[Path, typer.Argument(metavar="STATE", help="A state file, as `yibao settle --state` makes it.")]
PolicyName = Annotated[str, typer.Argument(metavar="ID", help="Id of a policy (`yibao policy list`), or a file.")]


@app.command()
def settle(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Claims: YAML, JSON; a table; or a shipped example.")],
    policy: Annotated[list[str], typer.Option(help="Id of a policy, a file, or a folder; several make a series.")],
    explain: Annotated[Lang | None, typer.Option(help="Explain every fen, in Chinese or English.")] = None,
    format: Annotated[Literal["text", "json"], typer.Option(help="One page a claim, or the bill's data.")] = "text",
    lang: PageLang = None,
    out: Annotated[Path | None, typer.Option(help="For a table (.csv, .xlsx, .parquet): where the bills go.")] = None,
    progress: Annotated[bool | None, typer.Option(help="For a table; without it, on a terminal only.")] = None,
    state: Annotated[Path | None, typer.Option(help="What the persons have used so far: a state file.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep the outcome in the state file.")] = False,
    time: Annotated[str | None, typer.Option(help=TIME_HELP)] = None,
    accept_changed: AcceptChanged = False,
) -> None:
    """Settle claims under a policy, or a series of them, and print the bills."""
    is_table = file.suffix.lower() in commands.TABLES
    if is_table and (explain or format == "json"):
        raise typer.BadParameter("a table of claims gives a table of bills: leave out --explain and --format")
    if not is_table and (out or progress is not None):
        raise typer.BadParameter("--out and --progress go with a table; redirect the output of a single file instead")
    if is_table and (state or len(policy) > 1):
        raise typer.BadParameter("a table is settled under one policy and without a state")
    if save and not state:
        raise typer.BadParameter("--save goes with --state")
    if is_table:
        commands.settle_table(file, policy[0], out, lang, progress)
    else:
        kept = commands.KeptIn(state, save, time, accept_changed) if state else None
        commands.settle_file(file, policy, explain, format, lang, kept)


@policy_app.command("list")
def policy_list() -> None:
    """All policies: id, dates, title."""
    commands.list_policies()


@policy_app.command("show")
def policy_show(
    policy: PolicyName,
    lang: Annotated[Lang | None, typer.Option(help="Language of the text; without it, English.")] = None,
    format: Annotated[Literal["yaml", "json"], typer.Option(help="YAML, or JSON with English keys.")] = "yaml",
) -> None:
    """Print a policy; what is printed reads back to the same policy."""
    commands.show_policy(policy, "json" if format == "json" else lang or "en", lang)


@policy_app.command("check")
def policy_check(
    policies: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="All, if none is named.")] = None,
    lang: Annotated[Lang | None, typer.Option(help="Language; without it, that of each file.")] = None,
) -> None:
    """Check policies: every problem with its place, and how well their values are known."""
    commands.check_policies(policies or [], lang)


@policy_app.command("lint")
def policy_lint(
    policies: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Policies, or files.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All policies of the library.")] = False,
    format: Annotated[Literal["text", "json", "sarif"], typer.Option(help="How to print it.")] = "text",
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = "en",
    departs: Annotated[bool, typer.Option("--departs", help="Exit code 1 if a policy departs.")] = False,
) -> None:
    """Hold local policies against the national rules of their time."""
    commands.lint_policies(policies or [], all_, format, lang, departs)


@policy_app.command("compare")
def policy_compare(
    policies: Annotated[list[str], typer.Argument(metavar="ID ID...", help="Policies, or files.")],
    format: Annotated[Literal["text", "json"], typer.Option(help="How to print it.")] = "text",
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = "en",
) -> None:
    """Policies side by side, value by value, with the basis of what differs."""
    commands.compare_policies(policies, format, lang)


@policy_app.command("diff")
def policy_diff(
    place: Annotated[str, typer.Argument(metavar="ID", help="What ids begin with, such as chongqing/resident.")],
    from_: Annotated[str, typer.Option("--from", help="A day, such as 2012-06-01.")],
    to: Annotated[str, typer.Option("--to", help="A later day.")],
    format: Annotated[Literal["text", "json"], typer.Option(help="How to print it.")] = "text",
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = "en",
) -> None:
    """What changed in a place from one day to another, one sentence a change."""
    commands.diff_policies(place, from_, to, format, lang)


@policy_app.command("patients")
def policy_patients(
    policies: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Policies, or files.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All policies of the library.")] = False,
    patient: Annotated[str | None, typer.Option(help="Only this patient.")] = None,
    format: Annotated[Literal["text", "json", "csv"], typer.Option(help="How to print it.")] = "text",
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = "en",
    svg: Annotated[Path | None, typer.Option(help="Also write a chart to this file.")] = None,
) -> None:
    """What standard patients bear under each policy, and how far places lie apart."""
    commands.settle_patients(policies or [], all_, patient, format, lang, svg)


@policy_app.command("standards")
def policy_standards(
    policies: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="All, if none is named.")] = None,
    format: Annotated[Literal["text", "json"], typer.Option(help="How to print it.")] = "text",
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = "en",
) -> None:
    """Lowest and highest standards of assistance, beside a published table."""
    commands.assistance_standards(policies or [], format, lang)


@policy_app.command("code")
def policy_code(
    policy: PolicyName,
    rows: Annotated[bool, typer.Option("--rows", help="The loop over rows instead of the function.")] = False,
    arguments: Annotated[bool, typer.Option("--arguments", help="Numbers as arguments instead of literals.")] = False,
) -> None:
    """Print what a policy compiles to."""
    commands.print_code(policy, rows, not arguments)


@policy_app.command("schema")
def policy_schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    from openyibao.policy.schema import schema_text

    print(schema_text(), end="")


@policy_app.command("publish")
def policy_publish(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder, or an earlier site.")],
    day: Annotated[
        str | None, typer.Option("--date", help="Day of making, such as 2026-01-31; without it, today.")
    ] = None,
    policies: Annotated[Path | None, typer.Option(help="A folder of policies of your own.", hidden=True)] = None,
) -> None:
    """Write all policies as a web site in Chinese and English: tables, worked bills, grounds, gaps."""
    commands.publish_site(folder, day, policies)


@history_app.command("show")
def history_show(
    state: StateFile,
    person: Annotated[str | None, typer.Option(help="Only this person.")] = None,
    claim: Annotated[str | None, typer.Option(help="The bill of this claim, explained.")] = None,
    log: Annotated[bool, typer.Option("--log", help="Also all that happened, one line each.")] = False,
    lang: PageLang = None,
    accept_changed: AcceptChanged = False,
) -> None:
    """Claims that count, uses, and the log."""
    with commands.told(lang):
        from openyibao.history.commands import show

        show(state, person, claim, log, lang or "en", accept_changed)


@history_app.command("reverse")
def history_reverse(
    state: StateFile,
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="Id of the claim.")],
    reason: Annotated[str, typer.Option(help="Why; stands in the log.")],
    person: Annotated[str | None, typer.Option(help="Whose claim, if several have one of that id.")] = None,
    time: Annotated[str | None, typer.Option(help=TIME_HELP)] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep the outcome in the state file.")] = False,
    lang: PageLang = None,
    accept_changed: AcceptChanged = False,
) -> None:
    """Take back a claim, if no later one depends on it."""
    with commands.told(lang):
        from openyibao.history.commands import reverse_claim

        reverse_claim(state, claim, person, reason, time, save, lang or "en", accept_changed)


@history_app.command("resettle")
def history_resettle(
    state: StateFile,
    policy: Annotated[list[str], typer.Option(help="Id of a policy, a file, or a folder; several make a series.")],
    reason: Annotated[str, typer.Option(help="Why; stands in the log.")],
    without: Annotated[list[str] | None, typer.Option(help="Id of a claim to take back.")] = None,
    claims: Annotated[Path | None, typer.Option(help="Claims as they should have been: YAML or JSON.")] = None,
    time: Annotated[str | None, typer.Option(help=TIME_HELP)] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep the outcome in the state file.")] = False,
    amended: Annotated[bool, typer.Option("--amended", help="Settle again though the policy's text changed.")] = False,
    lang: PageLang = None,
    accept_changed: AcceptChanged = False,
) -> None:
    """Take back or correct claims, and settle again what depends on them."""
    with commands.told(lang):
        from openyibao.history.commands import resettle_claims

        resettle_claims(
            state,
            policy,
            without or [],
            claims,
            reason,
            time,
            save,
            lang or "en",
            accept=accept_changed,
            amended=amended,
        )


@app.command()
def terms(
    term: Annotated[str | None, typer.Argument(metavar="[TERM]", help="English, Chinese, or a national code.")] = None,
) -> None:
    """The glossary: what a word means, its Chinese, its national code."""
    commands.print_terms(term)


@app.command()
def replicate(
    table: Annotated[
        str | None, typer.Argument(metavar="[TABLE]", help="A table, a document, or `closed-forms`; all without it.")
    ] = None,
    format: Annotated[Literal["text", "json", "csv"], typer.Option(help="How to print it.")] = "text",
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = "en",
) -> None:
    """Every number of the published tables beside what the system makes of it. The last line of text is JSON."""
    with commands.told(lang):
        from openyibao.evidence.commands import run

        run(table, format, lang)


@bench_app.command("platform")
def bench_platform(
    seconds: Annotated[float, typer.Option(min=1, max=600, help="For how long, each phase.")] = 20,
    clients: Annotated[int, typer.Option(min=1, max=256, help="Clients at once.")] = 16,
    persons: Annotated[int, typer.Option(min=100, help="Insured persons.")] = 100_000,
    workers: Annotated[int, typer.Option(min=1, help="Processes of the web server.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each of these.")] = 10,
    stored: Annotated[int, typer.Option(min=0, help="Measure again with so many settlements stored.")] = 0,
    folder: Annotated[
        Path | None, typer.Option(help="Where the database stands; else the folder for temporary files.")
    ] = None,
) -> None:
    """Settlements and whole visits over HTTP, with clients, server and database on this machine. Last line: JSON."""
    from openyibao.service.bench import run

    run(seconds, clients, persons, workers, threads, stored, folder)


@bench_app.command("stays")
def bench_stays(
    lines: Annotated[int, typer.Option(min=1, help="Fee lines of each stay.")] = 3_000,
    upload: Annotated[int, typer.Option(min=1, max=100, help="Lines of each upload.")] = 100,
    refunds: Annotated[int, typer.Option(min=0, help="Lines that are refunded.")] = 30,
    stays: Annotated[int, typer.Option(min=1, help="How many stays.")] = 5,
) -> None:
    """Long stays over HTTP: uploads, try, settlement, reversal, each in milliseconds. The last line is JSON."""
    from openyibao.service.bench.stays import run

    run(lines, upload, min(refunds, lines), stays)


@bench_app.command("settle")
def bench_settle(
    claims: Annotated[int, typer.Option(min=1000, help="Rows of the column benchmark.")] = 4_000_000,
    rows: Annotated[int, typer.Option(min=0, help="Also settle a large Parquet table of so many rows.")] = 0,
) -> None:
    """How long settling takes, and how much memory: one claim, columns, tables. The last line is JSON."""
    from openyibao.bench.settle import run

    run(claims, rows)


@bench_app.command("columns")
def bench_columns(
    claims: Annotated[int, typer.Option(min=1000, help="Claims in memory.")] = 4_000_000,
    rows: Annotated[list[int] | None, typer.Option(min=1000, help="Rows of a Parquet table; may be repeated.")] = None,
) -> None:
    """Claims in columns: in memory, Parquet to Parquet, a fresh process. The last line is JSON."""
    from openyibao.bench.columns import run

    run(claims, rows or [20_000_000])


@bench_app.command("generate")
def bench_generate(
    population: Annotated[str, typer.Option(help="Name (`yibao lab list`), or a .yaml file.")] = "xx-district-2013",
    persons: Annotated[int, typer.Option(min=60_000, help="Persons drawn in each run.")] = 300_000,
    busier: Annotated[float, typer.Option(help="Multiply all rates: claims a person decide the speed.")] = 1.0,
) -> None:
    """How fast a population's claims are drawn, and drawn and settled. The last line is JSON."""
    from openyibao.bench.generate import run

    run(population, persons, busier)


@bench_app.command("lint")
def bench_lint() -> None:
    """How long it takes to hold the library against national law. The last line is JSON."""
    from openyibao.bench.lint import run

    run()


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the platform running until Ctrl-C.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Of the platform; 0 for any free one.")] = 0,
) -> None:
    """Settle the official examples, then start the platform and settle two visits over the national interface."""
    commands.demo(keep, port)


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
