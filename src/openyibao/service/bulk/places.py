"""The fictional regions that are measured on: their places, institutions with agreements, and funds."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.policy.model import Fact
from openyibao.service.institutions.models import Agreement, Institution
from openyibao.service.organisation.models import Body, Region
from openyibao.service.sandbox import facts as values
from openyibao.service.settlements.law import law_of

ROOT, CATALOGUE = "980000", "teaching/any-year"
LONG_AGO = date(1990, 1, 1)
HOSPITALS = (("1", "02", 5_000), ("1", "05", 0), ("1", "08", 10_000), ("1", "10", 0), ("2", "", 0))
"""Kind, grade, and which share of cost above price limits its agreement lets it bear (1/10000)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A region with the law that it goes by, and when its visits lie."""

    code: str
    scheme: str
    policies: str
    share: int
    start: date
    before: date


@dataclass(frozen=True, slots=True)
class Built:
    """A place with its rows: `asked` are the facts that its law asks, `services` those that it has benefits for."""

    place: Place
    region: Region
    institutions: tuple[Institution, ...]
    asked: dict[str, Fact]
    services: frozenset[str]


@cache
def places() -> tuple[Place, ...]:
    data = tomllib.loads(files(__package__).joinpath("places.toml").read_text(encoding="utf-8"))
    return tuple(
        Place(one["code"], one["scheme"], one["policies"], one["share"], one["from"], one["before"])
        for one in data["region"]
    )


def build(only: Sequence[str] = ()) -> list[Built]:
    """Make all places with their institutions, or those of some codes."""
    root = Body.objects.create(
        code=ROOT, name_zh="测量省（虚构）", name_en="Measured Province (fictional)", level="province", path=f"/{ROOT}/"
    )
    return [_build(place, root) for place in places() if not only or place.code in only]


def _build(place: Place, root: Body) -> Built:
    body = Body.objects.create(
        code=place.code,
        name_zh=f"测量县{place.code[-1]}（虚构）",
        name_en=f"Measured County {place.code[-1]} (fictional)",
        level="district",
        parent=root,
        path=f"{root.path}{place.code}/",
    )
    region = Region.objects.create(body=body, policies={place.scheme: place.policies}, catalogue=CATALOGUE)
    series = law_of(region, place.scheme).series
    asked = values.asked(series.policies)
    made = []
    for number, (kind, grade, share) in enumerate(HOSPITALS):
        one = Institution.objects.create(
            code=f"{'P' if kind == '2' else 'H'}{place.code}{number:05d}",
            name=f"测量机构{place.code}{number}（虚构）",
            credit_code=f"BULK{place.code}{number}",
            kind=kind,
            grade=grade,
            body=body,
            facts=values.of_institution(asked, number, grade, {}),
        )
        Agreement.objects.create(
            institution=one,
            number=f"A-{one.code}",
            state="in force",
            period=DateRange(LONG_AGO, None),
            over_limit_borne_bp=share,
        )
        made.append(one)
    services = frozenset(
        value for policy in series.policies for fact in policy.facts if fact.name == "service" for value in fact.values
    )
    return Built(place, region, tuple(made), asked, services)
