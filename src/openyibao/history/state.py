"""The histories of many persons, by region and scheme, and the file in which they are kept.

read_state(path) -> State          an error for anything that is not as it was written
save_state(path, state) -> State   at once and whole, or not at all
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from openyibao.history.data import history_data
from openyibao.history.hashes import digest
from openyibao.history.messages import error
from openyibao.history.person import History
from openyibao.history.state_check import StateFileError, Wrong, expect, load_json
from openyibao.history.state_read import history_of

FORMAT, VERSION = "openyibao state", 1
WIDTH, DEPTH, HEAD = 110, 5, 400

Person = tuple[str, str, str]
"""Region, scheme, person."""


@dataclass(frozen=True, slots=True)
class State:
    """Histories by region, scheme and person. `digest` is that of the file it was read from; empty: of none."""

    histories: Mapping[Person, History] = field(default_factory=lambda: MappingProxyType({}))
    digest: str = ""

    def of(self, person: Person) -> History:
        """The history of a person; an empty one for somebody new."""
        return self.histories.get(person) or History(person[2])

    def put(self, person: Person, history: History) -> State:
        """The state with this history in place of the one of that person."""
        return replace(self, histories=MappingProxyType({**self.histories, person: history}))

    def find(self, claim: str, person: str | None = None, scheme: tuple[str, str] | None = None) -> Person:
        """Whose claim it is that counts, among all persons or those named by id, by region and scheme.

        Raises HistoryError when it is nobody's, or when several persons have one of that id.
        """
        asked = {
            key: [entry.claim.id for entry in history.counted()]
            for key, history in self.histories.items()
            if person in (None, key[2]) and scheme in (None, key[:2])
        }
        found = [key for key, claims in asked.items() if claim in claims]
        if len(found) > 1:
            raise error("whose", claim=claim, found=", ".join("/".join(key) for key in found))
        if not found:
            known = [name for claims in asked.values() for name in claims]
            raise error("unknown", claim=claim, found=", ".join(known[:SHOWN]) or "-")
        return found[0]


SHOWN = 20


def state_data(state: State) -> dict[str, Any]:
    """The content of a state file, without its digest."""
    histories = [
        {"region": region, "scheme": scheme, **history_data(state.histories[region, scheme, person])}
        for region, scheme, person in sorted(state.histories)
    ]
    return {"format": FORMAT, "version": VERSION, "histories": histories}


def read_state(path: Path, *, accept_changed: bool = False) -> State:
    """The state of a file.

    Raises StateFileError (file, place, what was found, what was expected) for a file that is no state file of this
    version or does not hang together, HistoryError for one whose content is not what its digest says, unless
    `accept_changed`. Even then the uses must be what the opening and the claims add up to.
    """
    data = load_json(path)
    try:
        fields = expect(data, "", ("format", "version", "digest", "histories"))
        if fields["format"] != FORMAT:
            raise Wrong("format", fields["format"], f'"{FORMAT}"')
        if fields["version"] != VERSION:
            raise Wrong("version", fields["version"], f"{VERSION}")
        written = {name: value for name, value in fields.items() if name != "digest"}
        if digest(written) != fields["digest"] and not accept_changed:
            raise error("changed", file=path)
        if not isinstance(fields["histories"], list):
            raise Wrong("histories", fields["histories"], "list")
    except Wrong as wrong:
        raise StateFileError(path, [wrong]) from None
    return State(MappingProxyType(_histories(path, fields["histories"])), str(fields["digest"]))


def _histories(path: Path, items: list[Any]) -> dict[Person, History]:
    """All histories; of each wrong one the first problem is told."""
    found: dict[Person, History] = {}
    problems = []
    for number, item in enumerate(items):
        place = f"histories[{number}]"
        try:
            person, history = history_of(item, place)
            if person in found:
                raise Wrong(f"{place}.person", person[2], "once")
            found[person] = history
        except Wrong as wrong:
            problems.append(wrong)
    if problems:
        raise StateFileError(path, problems)
    return found


def save_state(path: Path, state: State) -> State:
    """Write a state to a file: whole and durable, or not at all. Gives the state with the digest of the new file.

    Raises HistoryError when the file is not the one that the state was read from any more: another program wrote it.
    """
    data = state_data(state)
    data = {"format": FORMAT, "version": VERSION, "digest": digest(data), "histories": data["histories"]}
    with _alone(path.parent):
        if _digest_now(path) != state.digest:
            raise error("meanwhile", file=path)
        _replace(path, layout(data) + "\n")
    return replace(state, digest=data["digest"])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer in a folder at a time: between the look at the file and its replacement nobody else may write."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest_now(path: Path) -> str:
    """The digest that stands in the file as it is now: near its beginning, where this program writes it."""
    if not path.exists():
        return ""
    with path.open("rb") as stream:
        found = re.search(rb'^ "digest": "([0-9a-f]*)",$', stream.read(HEAD), re.MULTILINE)
    if found:
        return found[1].decode()
    data = load_json(path)
    return str(data.get("digest", "?")) if isinstance(data, dict) else "?"


def _replace(path: Path, text: str) -> None:
    """New files are for their owner only: they hold what persons were treated for. Old ones keep their rights."""
    rights = path.stat().st_mode & 0o777 if path.exists() else 0o600
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as scratch:
        try:
            scratch.write(text)
            scratch.flush()
            os.fsync(scratch.fileno())
            Path(scratch.name).chmod(rights)
            Path(scratch.name).replace(path)
        except BaseException:
            Path(scratch.name).unlink(missing_ok=True)
            raise


def layout(data: Any, depth: int = 0) -> str:
    """JSON with a line for each thing that people look for: what fits on a line, and what lies deep, stands on one.

    >>> print(layout({"use": ["cap", 2023], "fen": 1}))
    {"use": ["cap", 2023], "fen": 1}
    """
    if depth == DEPTH or not data or not isinstance(data, dict | list):
        return json.dumps(data, ensure_ascii=False, allow_nan=False)
    if isinstance(data, dict):
        items = [f"{json.dumps(name, ensure_ascii=False)}: {layout(item, depth + 1)}" for name, item in data.items()]
    else:
        items = [layout(item, depth + 1) for item in data]
    left, right = "{}" if isinstance(data, dict) else "[]"
    if sum(map(len, items)) <= WIDTH and not any("\n" in item for item in items):
        return left + ", ".join(items) + right
    start = "\n" + " " * (depth + 1)
    return f"{left}{start}{f',{start}'.join(items)}{start[:-1]}{right}"
