"""The catalogues that come with the package: found by id, which is their path below `catalogues/`."""

from __future__ import annotations

from pathlib import Path

from openyibao.policy.library import NotInLibraryError, find_file, library_ids, library_root
from openyibao.policy.messages import Message, listed, quoted, say, verbatim

FOLDER = "catalogues"


class CatalogueNotFoundError(NotInLibraryError):
    """No catalogue has this id. `hint` names the nearest."""

    def __init__(self, name: str, hint: Message) -> None:
        found = quoted(name)
        text = say("No catalogue has the id {name}, and no such file exists. {hint}", name=found, hint=hint)
        super().__init__(text, hint)


def catalogue_root() -> Path:
    return library_root(FOLDER)


def catalogue_ids() -> tuple[str, ...]:
    """The ids of all catalogues that come with the package, sorted.

    >>> "teaching/willow-county-2026" in catalogue_ids()
    True
    """
    return library_ids(FOLDER)


def find_catalogue(name: str) -> Path:
    """The file of a catalogue: an id, or a path (seen from the folder in which one works) to a file of your own.

    Raises CatalogueNotFoundError, naming the nearest ids, when there is none.
    """
    return find_file(
        name, FOLDER, CatalogueNotFoundError, say("There are: {ids}.", ids=listed(map(verbatim, catalogue_ids())))
    )
