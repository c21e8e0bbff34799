"""Filling the sandbox, and emptying it.

    fill(policy=None)     all places, institutions and persons into an empty, migrated database
    reset(policy=None)    the database emptied, migrated and filled anew

With the id of a policy the fictional county settles by that policy, and every fact that it asks has a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.catalogue import find_catalogue, read_catalogue
from openyibao.catalogue.model import Item
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Policy
from openyibao.service.clock import CHINA, now
from openyibao.service.gateway import sm2
from openyibao.service.institutions.models import Agreement, Institution, Key, Mapping
from openyibao.service.ledger.books import ACCOUNTS, NewEntry, post
from openyibao.service.ledger.treasury import Fund, opening_lines
from openyibao.service.organisation.models import Body, Region
from openyibao.service.people.models import Person
from openyibao.service.sandbox import facts as values
from openyibao.service.sandbox.data import Area, Hospital, Somebody, areas, hospitals, persons, places
from openyibao.service.sandbox.month import open_bank_accounts
from openyibao.service.sandbox.population import COUNTY, Persons, fen
from openyibao.service.sandbox.voices import fill_voices
from openyibao.service.settlements.claims import word
from openyibao.service.settlements.law import funds_of, law_of

ANY_YEAR = "teaching/any-year"
LONG_AGO = date(1990, 1, 1)
LIST_TYPES = {"drug": "101", "medical service": "201", "medical consumable": "301"}
OPENING_FEN = 1_000_000_000


@dataclass(frozen=True)
class Filled:
    """What was filled, for the person at the terminal."""

    persons: int
    institutions: int
    policies: tuple[str, ...]


def is_empty() -> bool:
    return not Body.objects.exists()


def reset(policy: str | None = None) -> Filled:
    """Empty the database wholly and fill it again. Only in a sandbox: raises RuntimeError elsewhere."""
    from django.conf import settings
    from django.core.management import call_command

    if not settings.SANDBOX:
        raise RuntimeError("this database is no sandbox; it is not emptied")
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0, interactive=False)
    return fill(policy)


@transaction.atomic
def fill(policy: str | None = None) -> Filled:
    """Fill an empty database. Raises PolicyNotFoundError, or RuntimeError where it is not empty."""
    if not is_empty():
        raise RuntimeError("the sandbox is not empty; reset it")
    today = now().date()
    laws = {area.body: area for area in areas()}
    if policy:
        scheme = read_policy(find_policy(policy)).scheme
        laws[COUNTY] = Area(COUNTY, ANY_YEAR, {scheme: policy})
    bodies = _bodies()
    regions = {
        area.body: Region.objects.create(body=bodies[area.body], policies=dict(area.policies), catalogue=area.catalogue)
        for area in laws.values()
    }
    asked = {code: _policies(region) for code, region in regions.items()}
    known = _institutions(bodies, asked)
    funds = {region: _open_funds(region) for region in regions.values()}
    open_bank_accounts(known, funds)
    people = Persons(today, regions, {code: tuple(found) for code, found in asked.items()}, bodies)
    people.add_all(persons() if not policy else [*persons(), *people.further()])
    for somebody in persons():
        if somebody.earlier_stay:
            _settle_earlier(somebody, people.made[somebody.id], today)
    fill_voices(bodies[COUNTY])
    names = tuple(name for area in laws.values() for name in area.policies.values())
    return Filled(len(people.made), len(known), names)


def _policies(region: Region) -> list[Policy]:
    return [policy for scheme in region.policies for policy in law_of(region, scheme).series.policies]


def _open_funds(region: Region) -> set[tuple[str, str]]:
    """Money in every fund that the region's policies name, as an opening balance; how much is made up.

    All that pay, by scheme and fund: those funds, and what pays for persons' accounts.
    """
    moment, found = now(), set()
    for scheme in region.policies:
        for fund in sorted(funds_of(region, scheme)):
            lines = opening_lines(Fund(region.body.code, scheme, fund), OPENING_FEN)
            post(NewEntry("opening", moment, moment.date(), f"sandbox {scheme} {fund}"[:40], lines))
            found.add((scheme, fund))
        found |= {(scheme, account) for account in ACCOUNTS}
    return found


def _bodies() -> dict[str, Body]:
    made: dict[str, Body] = {}
    for place in places():
        above = made.get(place.parent)
        made[place.code] = Body.objects.create(
            code=place.code,
            name_zh=place.zh,
            name_en=place.en,
            level=place.level,
            parent=above,
            path=f"{above.path if above else '/'}{place.code}/",
        )
    return made


# ---------------------------------------------------------------- institutions


def _institutions(bodies: dict[str, Body], asked: dict[str, list[Policy]]) -> list[Institution]:
    """All institutions, and one more for each value that the county's policy asks of institutions and none has."""
    made: list[Institution] = []
    county = values.asked(asked[COUNTY])
    every = [*hospitals()]
    stated = []
    for number, hospital in enumerate(every):
        law = county if hospital.body.startswith("99") else values.asked(asked["500000"])
        found = {**hospital.facts, **values.of_institution(law, number, hospital.grade, hospital.facts)}
        stated.append((hospital, found))
    for name in values.OF_INSTITUTIONS:
        have = {found.get(name) or (word("grade", one.grade) if name == "grade" else "") for one, found in stated}
        for value in values.missing(county, name, have):
            number = sum(1 for one, _ in stated if one.code.startswith("H999999")) + 1
            more = Hospital(
                f"H999999{number:05d}",
                f"柳县示例医院（{value}）",
                f"Willow example hospital ({value})",
                "1",
                "05",
                COUNTY,
            )
            stated.append((more, {**values.of_institution(county, number, "05", {}), name: value}))
    for hospital, found in stated:
        made.append(_institution(hospital, found, bodies))
    return made


def _institution(hospital: Hospital, found: dict[str, object], bodies: dict[str, Body]) -> Institution:
    made: Institution = Institution.objects.create(
        code=hospital.code,
        name=hospital.zh,
        credit_code=f"SANDBOX{hospital.code[1:]}",
        kind=hospital.kind,
        grade=hospital.grade,
        body=bodies[hospital.body],
        facts=found,
    )
    always = DateRange(LONG_AGO, None)
    Agreement.objects.create(
        institution=made, number=f"A-{hospital.code}", state=hospital.agreement, period=always, over_limit_borne_bp=0
    )
    for method in ("x-tif", "api"):
        Key.objects.create(
            institution=made,
            method=method,
            identifier=f"{method}-{hospital.code}",
            secret=f"sandbox-{hospital.code}",
            period=always,
        )
    Key.objects.create(
        institution=made,
        method="sm2",
        identifier=f"sm2-{hospital.code}",
        secret=sm2.public_of(sm2_private(hospital.code)).hex(),
        period=always,
    )
    rows = [
        Mapping(
            institution=made,
            own_code=f"OWN-{code}",
            own_name=item.title.zh[:100],
            item_code=code,
            kind=LIST_TYPES.get(item.kind, "105"),
            period=always,
        )
        for code, item in _items().items()
    ]
    Mapping.objects.bulk_create(rows)
    return made


def sm2_private(institution: str) -> bytes:
    """An institution's private key in the sandbox, which everybody may know: the SM3 of `sandbox-` and its code."""
    return sm2.sm3(f"sandbox-{institution}".encode())


@cache
def _items() -> dict[str, Item]:
    """All items of the sandbox's catalogues, by code: each institution has mapped them all."""
    found: dict[str, Item] = {}
    for name in dict.fromkeys([*(area.catalogue for area in areas()), ANY_YEAR]):
        found |= read_catalogue(find_catalogue(name)).items
    return found


def _settle_earlier(one: Somebody, person: Person, today: date) -> None:
    """Settle a stay of the past, as the door does; where the law does not settle it, the person has had none."""
    from openyibao.service.gateway.refusals import Refused
    from openyibao.service.sandbox.past import settle_stay

    assert one.earlier_stay is not None
    start = datetime.combine(today - timedelta(days=int(one.earlier_stay["days_ago"])), time(9), CHINA)
    try:
        with transaction.atomic():
            settle_stay(person, str(one.earlier_stay["institution"]), fen(str(one.earlier_stay["yuan"])), start)
    except Refused:
        return
