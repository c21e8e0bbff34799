"""Refusals: every way in which a request is not carried out, with a stable code and a text that says what to do."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CERTIFICATE = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
MOBILE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?!\d)")
HIDDEN = "***"
CODES = frozenset(("psn_no", "mdtrt_id", "setl_id", "infno", "msgid", "omsgid", "institution"))
"""Details that are codes: a client that puts a name there is not told it back."""


def without_numbers(value: object) -> object:
    """A detail without what looks like an identity card's or a mobile telephone's number, in whatever field it was."""
    if not isinstance(value, str) or len(value) < 11:
        return value
    return MOBILE.sub(HIDDEN, CERTIFICATE.sub(HIDDEN, value))


def as_code(text: str, longest: int = 40) -> str:
    """What was stated where a code belongs, for an error or the audit: only if it can be one, and is no number of a
    person's."""
    found = str(without_numbers(text[:longest]))
    return found if found.isascii() else HIDDEN


def _detail(name: str, value: object) -> object:
    return as_code(value) if name in CODES and isinstance(value, str) else without_numbers(value)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for refusing: its stable code, and its texts with {places} for details."""

    name: str
    code: str
    zh: str
    en: str
    status: int = 200


class Refused(Exception):
    """The request is not carried out and nothing of it is written. `details` fill the places of the text.

    A detail that is a Bilingual text stands in each language in its own words.
    """

    def __init__(self, name: str, **details: object) -> None:
        self.reason, self.details = reasons()[name], details
        super().__init__(self.text("en"))

    def text(self, lang: str) -> str:
        """The text in a language, behind the code: `Y2203 ...`."""
        shown = {name: _detail(name, getattr(value, lang, value)) for name, value in self.details.items()}
        return f"{self.reason.code} " + getattr(self.reason, lang).format(**shown)


class RefusedKept(Refused):
    """A refusal that itself is kept, with what the handler wrote before it: a message id that was made void."""


@cache
def reasons() -> dict[str, Reason]:
    """All reasons by name, from refusals.toml. Two reasons never share a code."""
    data = tomllib.loads(files(__package__).joinpath("refusals.toml").read_text(encoding="utf-8"))
    found = {name: Reason(name, **values) for name, values in data.items()}
    if len({reason.code for reason in found.values()}) != len(found):
        raise ValueError("refusals.toml gives one code to two reasons")
    return found
