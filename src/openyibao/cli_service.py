"""The command `yibao serve`: the platform. Heavy parts are imported by the verb that needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def serve(
    sandbox: Annotated[bool, typer.Option("--sandbox", help="A test bed with its own PostgreSQL and persons.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Where the sandbox is kept; without it, among your data.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Empty the sandbox and fill it anew.")] = False,
    policy: Annotated[str, typer.Option(help="A policy by which the sandbox's county settles.")] = "",
    clock: Annotated[str, typer.Option(help="When the sandbox's clock starts, such as 2026-06-01T08:00.")] = "",
    migrate: Annotated[bool, typer.Option("--migrate", help="Bring the tables of DATABASE_URL up to date.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 for any free one.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, help="Processes of the web server.")] = 2,
) -> None:
    """Run the platform: on DATABASE_URL, or as a sandbox for programmers of hospitals."""
    if not sandbox and (folder or reset or policy or clock):
        raise typer.BadParameter("--folder, --reset, --policy and --clock go with --sandbox")
    if sandbox and migrate:
        raise typer.BadParameter("--migrate goes with a database of your own; the sandbox migrates by itself")
    from openyibao.service import run
    from openyibao.service.postgres import PostgresError

    web = run.Web(host, port, workers)
    try:
        if sandbox:
            from openyibao.service.sandbox.serve import Kept, serve_sandbox

            serve_sandbox(web, Kept(folder, policy, clock), reset=reset)
        else:
            run.serve(web, migrate=migrate)
    except (run.RunError, PostgresError) as error:
        print(f"yibao: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def migrate() -> None:
    """Bring the tables of DATABASE_URL up to date; a platform of the version before may go on meanwhile."""
    from openyibao.service import run

    try:
        run.migrate()
    except run.RunError as error:
        print(f"yibao: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def gallery(
    folder: Annotated[Path, typer.Argument(help="Where the pictures go.")] = Path("docs/gallery"),
    only: Annotated[str, typer.Option(help="Pages only whose name holds this.")] = "",
) -> None:
    """Make pictures of the public pages, in both languages, for phone and desk."""
    from openyibao.service.web.gallery import GalleryError, make

    try:
        made = make(folder, only)
    except GalleryError as error:
        print(f"yibao: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    size = sum(path.stat().st_size for path in made) / 1_000_000
    print(f"{len(made)} pictures in {folder}, {size:.1f} MB")


def bench_pages(count: Annotated[int, typer.Option(min=20, help="How many questions.")] = 300) -> None:
    """Answers of the public pages: their time in this process, and what a first visit loads."""
    from openyibao.service.web.bench import run

    print(run(count))
