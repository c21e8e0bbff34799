"""`yibao serve --sandbox`: a sandbox kept in a folder, with its own PostgreSQL server, its law and its clock."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from openyibao.history import load_series
from openyibao.policy import FileError, Policy, PolicyNotFoundError
from openyibao.service.postgres import Server
from openyibao.service.run import RunError, Say, Stopped, Web, prepare, run, say, stoppable

CHINA = timezone(timedelta(hours=8))
KEPT = "sandbox.json"
DEFAULT = "teaching/willow-county-2026"
LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Kept:
    """Where a sandbox is kept, by which policy its county settles, when its clock started. All may be left out."""

    folder: Path | None = None
    policy: str = ""
    clock: str = ""


def own_folder() -> Path:
    """Where the sandbox is kept unless told otherwise."""
    from platformdirs import user_data_path

    return user_data_path("openyibao", appauthor=False) / "sandbox"


def serve_sandbox(web: Web, kept: Kept, *, reset: bool) -> None:
    """Serve a sandbox until stopped. Raises RunError, PostgresError."""
    os.environ.setdefault("YIBAO_WARM_PAGES", "1")
    with stoppable():
        try:
            with sandbox(kept.folder or own_folder(), kept, web, reset=reset):
                run(web, "the sandbox's own page: {address}/sandbox/", "counters: {address}/metrics")
        except Stopped:
            say("ended")


@contextmanager
def sandbox(folder: Path | None, kept: Kept, web: Web, *, reset: bool = False, tell: Say = say) -> Iterator[Server]:
    """A sandbox's database, running and filled, with the environment set for the platform's processes.

    Without a folder it is a temporary one.
    """
    about = _about(folder, kept, reset)
    if reset and folder is not None and (folder / "data").exists():
        shutil.rmtree(folder / "data")
    tell(f"starting PostgreSQL {'for a while' if folder is None else f'in {folder}'} ...")
    with Server(folder, durable=folder is not None) as server:
        _environment(server, about, web)
        prepare(migrate=True, tell=tell)
        _fill(about, tell)
        if folder is not None:
            (folder / KEPT).write_text(json.dumps(about, indent=1), encoding="utf-8")
        yield server


def _about(folder: Path | None, kept: Kept, reset: bool) -> dict[str, str]:
    """What holds for the sandbox: that of its folder, unless it is new or reset. Raises RunError."""
    path = folder / KEPT if folder is not None else None
    if folder is not None and folder.exists() and any(folder.iterdir()) and not (folder / "data").exists():
        raise RunError(f"{folder} holds something else; choose an empty folder for the sandbox")
    known = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() and not reset else None
    if known is None:
        return {"policy": kept.policy, "offset": offset(kept.policy, kept.clock), "secret": secrets.token_urlsafe(32)}
    if kept.policy and kept.policy != known["policy"]:
        raise RunError(
            f"the sandbox in {folder} settles by {known['policy'] or DEFAULT}; for {kept.policy} fill it anew with"
            " --reset, or take another --folder"
        )
    return {**known, **({"offset": offset(known["policy"], kept.clock)} if kept.clock else {})}


def offset(policy: str, clock: str) -> str:
    """By how many seconds the sandbox's clock differs, or "": as asked, else so that the policy is in force.

    Raises RunError.
    """
    real = datetime.now(UTC)
    if clock:
        try:
            moment = datetime.fromisoformat(clock)
        except ValueError:
            raise RunError(f"--clock {clock}: expected a moment such as 2026-06-01T08:00") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
        return f"{(moment - real).total_seconds():+.0f}"
    try:
        found = load_series([policy or DEFAULT]).policies[0]
    except (PolicyNotFoundError, FileError) as error:
        raise RunError(str(error)) from None
    day = day_for(found, real.astimezone(CHINA).date())
    days = (day - real.astimezone(CHINA).date()).days
    return f"{days * 86_400:+d}" if days else ""


def day_for(policy: Policy, today: date) -> date:
    """Today if the policy is in force, else the day in the middle of its time."""
    return today if policy.start <= today < policy.end else policy.start + (policy.end - policy.start) // 2


def _environment(server: Server, about: dict[str, str], web: Web) -> None:
    os.environ["DATABASE_URL"] = server.url()
    os.environ["YIBAO_SANDBOX"] = "1"
    os.environ["YIBAO_SECRET_KEY"] = about["secret"]
    os.environ["YIBAO_SANDBOX_POLICY"] = about["policy"]
    os.environ["YIBAO_CLOCK"] = about["offset"]
    # whoever can reach this machine's own address needs no key; from anywhere else, keys are needed
    os.environ["YIBAO_PRIVATE_LINE"] = "1" if web.host in LOCAL else "0"
    if web.host not in LOCAL and "YIBAO_HOSTS" not in os.environ:
        os.environ["YIBAO_HOSTS"] = f"127.0.0.1 localhost {web.host}"


def _fill(about: dict[str, str], tell: Say) -> None:
    from django.db import connections

    from openyibao.service.clock import now
    from openyibao.service.sandbox.fill import fill, is_empty

    try:
        if is_empty():
            tell("filling the sandbox ...")
            filled = fill(about["policy"] or None)
            tell(f"{filled.persons} persons, {filled.institutions} institutions; law: {', '.join(filled.policies)}")
        if about["offset"]:
            tell(f"the sandbox's clock stands at {now():%Y-%m-%d %H:%M}, in the time of the policy")
    finally:
        connections.close_all()
