"""The kinds of differences with their words, from kinds.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CENTRE_HAS_MORE, INSTITUTION_HAS_MORE, DATA_DIFFER = 101, 102, 103


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of difference: its place in kinds.toml, its words, and its result code where it has one of its own."""

    name: str
    place: int
    zh: str
    en: str
    result: int | None = None

    def code(self, *, stated: bool, held: bool) -> int:
        """STMT_RSLT of a difference, by which side has a row."""
        if self.result is not None:
            return self.result
        if stated and held:
            return DATA_DIFFER
        return INSTITUTION_HAS_MORE if stated else CENTRE_HAS_MORE


@cache
def kinds() -> dict[str, Kind]:
    """All kinds by name, in the order of the file."""
    data = tomllib.loads(files(__package__).joinpath("kinds.toml").read_text(encoding="utf-8"))
    return {name: Kind(name, place, **words) for place, (name, words) in enumerate(data.items())}
