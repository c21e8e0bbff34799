"""What the sandbox is filled with, read from places.toml and persons.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

YEAR = 2026
"""The year for which the persons are written."""


@dataclass(frozen=True)
class Place:
    code: str
    zh: str
    en: str
    level: str
    parent: str = ""


@dataclass(frozen=True)
class Area:
    """A pooling region with its law."""

    body: str
    catalogue: str
    policies: Mapping[str, str]


@dataclass(frozen=True)
class Hospital:
    """An institution. `agreement`: the state of its agreement."""

    code: str
    zh: str
    en: str
    kind: str
    grade: str
    body: str
    agreement: str = "in force"
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Somebody:
    """A person of the sandbox, with what to expect; see persons.toml."""

    id: str
    region: str
    name: str
    sex: str
    kind: str
    zh: str
    en: str
    expect_zh: str
    expect_en: str
    born: date | None = None
    born_days_ago: int | None = None
    identities: tuple[Mapping[str, Any], ...] = ()
    filings: tuple[Mapping[str, Any], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    moved_from: str = ""
    moved_days_ago: int = 0
    suspended_days_ago: int | None = None
    ended_days_ago: int | None = None
    earlier_stay: Mapping[str, Any] | None = None
    employer: str = ""
    civil_servant: bool = False
    account_yuan: str = ""
    family: tuple[str, ...] = ()
    family_yuan: str = ""
    inpatient: Mapping[str, str] | None = None
    outpatient: Mapping[str, str] | None = None

    @property
    def is_employee(self) -> bool:
        return self.kind.startswith(("11", "12"))

    @property
    def is_minor(self) -> bool:
        return self.kind.startswith("14")


def _read(name: str) -> Any:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


@cache
def places() -> tuple[Place, ...]:
    return tuple(Place(**one) for one in _read("places.toml")["body"])


@cache
def areas() -> tuple[Area, ...]:
    return tuple(Area(**one) for one in _read("places.toml")["region"])


@cache
def hospitals() -> tuple[Hospital, ...]:
    return tuple(Hospital(**one) for one in _read("places.toml")["institution"])


@cache
def persons() -> tuple[Somebody, ...]:
    found = []
    for one in _read("persons.toml")["person"]:
        lists = {name: tuple(one[name]) for name in ("identities", "filings", "family") if name in one}
        found.append(Somebody(**{**one, **lists}))
    return tuple(found)
