"""The policies that come with the package: found by id, which is their path below `policies/`."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import files
from pathlib import Path


def library_root() -> Path:
    return Path(str(files("openyibao").joinpath("policies")))


class PolicyNotFoundError(LookupError):
    """No policy has this id. `hint` names the nearest."""

    def __init__(self, name: str, hint: str) -> None:
        self.hint = hint
        super().__init__(f"No policy has the id {name!r}, and no such file exists. {hint}")


@cache
def policy_ids() -> tuple[str, ...]:
    """The ids of all policies of the library, sorted.

    >>> "chongqing/resident-2023" in policy_ids()
    True
    """
    root = library_root()
    return tuple(sorted(str(path.relative_to(root).with_suffix("")) for path in root.rglob("*.yaml")))


def find_policy(name: str) -> Path:
    """The file of a policy: an id of the library, or a path to a file of your own.

    Raises PolicyNotFoundError, naming the nearest ids, when there is none.
    """
    path = library_root() / f"{name}.yaml"
    if name in policy_ids():
        return path
    own = Path(name)
    if own.suffix in (".yaml", ".yml", ".json") and own.is_file():
        return own
    near = difflib.get_close_matches(name, policy_ids(), n=3, cutoff=0.4)
    hint = f"Nearest: {', '.join(near)}." if near else "`yibao policy list` lists them."
    raise PolicyNotFoundError(name, hint)
