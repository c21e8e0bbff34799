"""Problems: every way in which a staff member's request is not carried out, with a stable code and what to do."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its stable code, its HTTP status, and its texts with {places} for details."""

    code: str
    status: int
    zh: str
    en: str


class Problem(Exception):
    """The request is not carried out and nothing of it is written. `details` fill the places of the text.

    A detail with `zh` and `en` (such as a Bilingual text) stands in each language in its own words.
    """

    def __init__(self, name: str, **details: object) -> None:
        self.name, self.kind, self.details = name, kinds()[name], details
        super().__init__(self.text("en"))

    def text(self, lang: str) -> str:
        """The text in a language (`zh`, `en`), behind the code."""
        shown = {name: getattr(value, lang, value) for name, value in self.details.items()}
        return f"{self.kind.code} " + str(getattr(self.kind, lang)).format(**shown)


@cache
def kinds() -> dict[str, Kind]:
    """All kinds by name, from problems.toml. Two never share a code."""
    data = tomllib.loads(files(__package__).joinpath("problems.toml").read_text(encoding="utf-8"))
    found = {name: Kind(**values) for name, values in data.items()}
    if len({kind.code for kind in found.values()}) != len(found):
        raise ValueError("problems.toml gives one code to two kinds")
    return found
