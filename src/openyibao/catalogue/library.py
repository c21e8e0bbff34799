"""The catalogues that come with the package: found by id, which is their path below `catalogues/`."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import files
from pathlib import Path


class CatalogueNotFoundError(LookupError):
    """No catalogue has this id. `hint` names the nearest."""

    def __init__(self, name: str, hint: str) -> None:
        self.hint = hint
        super().__init__(f"No catalogue has the id {name!r}, and no such file exists. {hint}")


def catalogue_root() -> Path:
    return Path(str(files("openyibao").joinpath("catalogues")))


@cache
def catalogue_ids() -> tuple[str, ...]:
    """The ids of all catalogues that come with the package, sorted.

    >>> "teaching/willow-county-2026" in catalogue_ids()
    True
    """
    root = catalogue_root()
    return tuple(sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml")))


def find_catalogue(name: str) -> Path:
    """The file of a catalogue: an id, or a path (seen from the folder in which one works) to a file of your own.

    Raises CatalogueNotFoundError, naming the nearest ids, when there is none.
    """
    if name in catalogue_ids():
        return catalogue_root() / f"{name}.yaml"
    own = Path(name)
    try:
        if own.suffix in (".yaml", ".yml", ".json") and own.is_file():
            return own
    except (OSError, ValueError):  # a name that no file can have: too long, or with a zero byte
        pass
    near = difflib.get_close_matches(name, catalogue_ids(), n=3, cutoff=0.4)
    hint = f"Nearest: {', '.join(near)}." if near else f"There are: {', '.join(catalogue_ids())}."
    raise CatalogueNotFoundError(name, hint)
