"""Files that come with the package, found by id: policies, and for other rooms files of their own kind."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path

from openyibao.policy.messages import Message, quoted, say, verbatim
from openyibao.policy.messages import listed as several


class NotInLibraryError(LookupError):
    """No file of the library has this id. `hint` names the nearest."""

    def __init__(self, text: Message, hint: Message) -> None:
        self.text, self.hint = text, hint
        super().__init__(text.en)


class PolicyNotFoundError(NotInLibraryError):
    """No policy has this id. `hint` names the nearest."""

    def __init__(self, name: str, hint: Message) -> None:
        found = quoted(name)
        text = say("No policy has the id {name}, and no such file exists. {hint}", name=found, hint=hint)
        super().__init__(text, hint)


def library_root(folder: str = "policies") -> Path:
    return Path(str(files("openyibao").joinpath(folder)))


@cache
def library_ids(folder: str) -> tuple[str, ...]:
    """The ids of the files in a folder of the package, sorted: their paths below it."""
    root = library_root(folder)
    return tuple(sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml")))


def find_file(name: str, folder: str, missing: Callable[[str, Message], NotInLibraryError], listed: Message) -> Path:
    """A file of the library by its id, or a file of one's own by its path (seen from the folder in which one works).

    Raises `missing`, naming the nearest ids, or where they are `listed`.
    """
    known = library_ids(folder)
    if name in known:
        return library_root(folder) / f"{name}.yaml"
    own = Path(name)
    try:
        if own.suffix in (".yaml", ".yml", ".json") and own.is_file():
            return own
    except (OSError, ValueError):  # a name that no file can have: too long, or with a zero byte
        pass
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    raise missing(name, say("Nearest: {ids}.", ids=several(map(verbatim, near))) if near else listed)


def policy_ids() -> tuple[str, ...]:
    """The ids of all policies of the library, sorted.

    >>> "chongqing/resident-2023" in policy_ids()
    True
    """
    return library_ids("policies")


def find_policy(name: str) -> Path:
    """The file of a policy: an id of the library, or a path to a file of your own.

    Raises PolicyNotFoundError, naming the nearest ids, when there is none.
    """
    return find_file(name, "policies", PolicyNotFoundError, say("`yibao policy list` lists them."))
