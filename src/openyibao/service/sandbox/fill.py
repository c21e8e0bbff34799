"""Filling the sandbox, and emptying it.

    fill(policy=None)     all places, institutions and persons into an empty, migrated database
    reset(policy=None)    the database emptied, migrated and filled anew

With the id of a policy the fictional county settles by that policy, and every fact that it asks has a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.catalogue import find_catalogue, read_catalogue
from openyibao.catalogue.model import Item
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Fact, Policy
from openyibao.service.clock import CHINA, now
from openyibao.service.gateway import sm2
from openyibao.service.institutions.models import Agreement, Institution, Key, Mapping
from openyibao.service.ledger.accounts import credit
from openyibao.service.organisation.models import Body, Region
from openyibao.service.people.certificates import check_character
from openyibao.service.people.models import Account, Coverage, Filing, Household, Identity, Person
from openyibao.service.sandbox import facts as values
from openyibao.service.sandbox.data import YEAR, Area, Hospital, Somebody, areas, hospitals, persons, places
from openyibao.service.settlements.claims import word
from openyibao.service.settlements.law import law_of
from openyibao.service.settlements.lines import fen_of

COUNTY = "999999"
ANY_YEAR = "teaching/any-year"
LONG_AGO = date(1990, 1, 1)
LIST_TYPES = {"drug": "101", "medical service": "201", "medical consumable": "301"}
ADULT, EMPLOYED, RETIRED = "1501", "1101", "1201"
RETIRED_FROM = 60


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
    people = _Persons(today, regions, {code: tuple(found) for code, found in asked.items()}, bodies)
    people.add_all(persons() if not policy else [*persons(), *people.further()])
    for somebody in persons():
        if somebody.earlier_stay:
            _settle_earlier(somebody, people.made[somebody.id], today)
    names = tuple(name for area in laws.values() for name in area.policies.values())
    return Filled(len(people.made), len(known), names)


def _policies(region: Region) -> list[Policy]:
    return [policy for scheme in region.policies for policy in law_of(region, scheme).series.policies]


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


# ---------------------------------------------------------------- persons


class _Persons:
    """Makes the persons; `made` holds them by their id in persons.toml."""

    def __init__(
        self,
        today: date,
        regions: dict[str, Region],
        asked: dict[str, tuple[Policy, ...]],
        bodies: dict[str, Body],
    ) -> None:
        self.today, self.regions, self.bodies = today, regions, bodies
        self.asked = {code: values.asked(policies) for code, policies in asked.items()}
        self.made: dict[str, Person] = {}
        self.number = 0

    def further(self) -> list[Somebody]:
        """One more adult for each value that the county's policy asks of persons and nobody has."""
        found: list[Somebody] = []
        county = self.asked[COUNTY]
        for name, fact in county.items():
            if name in values.OF_INSTITUTIONS or not fact.values:
                continue
            have = set()
            for number, one in enumerate(one for one in persons() if one.region == COUNTY):
                have.add(self._facts(county, number, one, self._kind(one)).get(name))
            if name == "class":
                have |= {word("class", each["code"]) for one in persons() for each in one.identities} | {"ordinary"}
            if name == "status":
                have |= {word("status", self._kind(one)) for one in persons()}
            for value in values.missing(county, name, have):
                found.append(_example(len(found), name, value))
        return found

    def add_all(self, every: Iterable[Somebody]) -> None:
        for somebody in every:
            self.made[somebody.id] = self._add(somebody)
        for somebody in every:
            if somebody.family:
                self._family(somebody)

    def _add(self, one: Somebody) -> Person:
        self.number += 1
        born = self._born(one)
        home = self.bodies["999999100" if one.region == COUNTY else "500112999"]
        person: Person = Person.objects.create(
            psn_no=f"{one.region}9{self.number:011d}",
            certificate=certificate(born, self.number, one.sex),
            name=one.name,
            sex=one.sex,
            born=born,
            household=Household.objects.create(number=f"{one.region}93{self.number:010d}", body=home),
            card=f"SB{self.number:08d}",
        )
        for each in one.identities:
            ended = each.get("ended_days_ago")
            end = self._ago(ended) if ended is not None else None
            Identity.objects.create(person=person, code=each["code"], period=DateRange(self._ago(700), end))
        self._cover(one, person, born)
        for number, each in enumerate(one.filings, 1):
            hospital = each.get("institution")
            Filing.objects.create(
                number=f"{one.region}92{self.number:08d}{number:02d}",
                kind=each["kind"],
                person=person,
                institution=Institution.objects.get(code=hospital) if hospital else None,
                code=each.get("code", ""),
                period=DateRange(self._ago(300), None),
                data=dict(each.get("data", {})),
            )
        return person

    def _cover(self, one: Somebody, person: Person, born: date) -> None:
        joined = born if one.born_days_ago is not None else max(born, date(self.today.year - 6, 1, 1))
        start = joined
        if one.moved_from:
            moved = self._ago(one.moved_days_ago)
            self._coverage(one, person, one.moved_from, joined, DateRange(joined, moved))
            start = moved
        end = self._ago(one.ended_days_ago) if one.ended_days_ago is not None else None
        made = self._coverage(one, person, one.region, joined, DateRange(start, end))
        if made is not None and (one.account_yuan or made.scheme == "employee"):
            yuan = one.account_yuan or "2000.00"
            account = Account.objects.create(
                number=f"{one.region}91{self.number:010d}", region=made.region, owner=person, balance_fen=0
            )
            _credit(account, made.scheme, fen(yuan))

    def _coverage(self, one: Somebody, person: Person, region: str, joined: date, period: DateRange) -> Coverage | None:
        """A coverage under a scheme of the region; none where it has no scheme for the person."""
        where, kind = self.regions[region], self._kind(one, region)
        scheme = "employee" if kind.startswith(("11", "12")) else "resident"
        if scheme not in where.policies:
            return None
        suspended = self._ago(one.suspended_days_ago) if one.suspended_days_ago is not None else None
        made: Coverage = Coverage.objects.create(
            person=person,
            region=where,
            scheme=scheme,
            insurance="310" if scheme == "employee" else "390",
            kind=kind,
            civil_servant=one.civil_servant,
            employer=one.employer,
            joined=joined,
            period=period,
            suspended=suspended,
            facts=self._facts(self.asked[region], self.number - 1, one, kind),
        )
        return made

    def _kind(self, one: Somebody, region: str = COUNTY) -> str:
        """The kind of insured person; where the county's policy is for employees, its adults are employees."""
        only = set(self.regions[region].policies)
        if region != COUNTY or only != {"employee"} or one.is_minor or one.is_employee:
            return one.kind
        return RETIRED if self.today.year - self._born(one).year >= RETIRED_FROM else EMPLOYED

    def _facts(self, asked: dict[str, Fact], number: int, one: Somebody, kind: str) -> dict[str, object]:
        held = [each["code"] for each in one.identities if "ended_days_ago" not in each]
        return values.of_person(asked, number, kind, held, one.facts)

    def _born(self, one: Somebody) -> date:
        if one.born_days_ago is not None:
            return self._ago(one.born_days_ago)
        assert one.born is not None
        shifted = one.born.year + self.today.year - YEAR
        return one.born.replace(year=shifted, day=min(one.born.day, 28) if one.born.month == 2 else one.born.day)

    def _ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def _family(self, one: Somebody) -> None:
        owner = self.made[one.id]
        coverage = Coverage.objects.filter(person=owner).order_by("-id").first()
        if coverage is None:
            return
        account = Account.objects.create(
            number=f"{one.region}94{owner.pk:010d}", region=coverage.region, owner=owner, family=True, balance_fen=0
        )
        account.members.add(owner, *(self.made[member] for member in one.family))
        _credit(account, coverage.scheme, fen(one.family_yuan))


def _example(number: int, name: str, value: str) -> Somebody:
    """A further adult who has one value of one fact."""
    return Somebody(
        id=f"{name}: {value}",
        region=COUNTY,
        name=f"柳例{number + 1}",
        sex="12"[number % 2],
        born=date(1970 + number % 20, 1 + number % 12, 3),
        kind=ADULT,
        facts={name: value},
        zh=f"政策所问的“{name}”为“{value}”的人。",
        en=f"A person whose {name} is `{value}`, as the policy asks.",
        expect_zh="按所选政策结算。",
        expect_en="Settled by the chosen policy.",
    )


def certificate(born: date, number: int, sex: str) -> str:
    """An identity number of nobody: division 999999, a valid check character; the order is odd for men."""
    order = 2 * number + (1 if sex == "1" else 0)
    first = f"{COUNTY}{born:%Y%m%d}{order:03d}"
    return first + check_character(first)


def fen(yuan: str) -> int:
    from decimal import Decimal

    found = fen_of(Decimal(yuan), "yuan")
    assert found is not None
    return found


def _credit(account: Account, scheme: str, amount: int) -> None:
    """Money on an account, from the pooled fund, in the books and on the account alike."""
    moment = now()
    credit({account.number: amount}, moment, moment.date(), f"sandbox {account.number}", scheme)
    account.refresh_from_db(fields=["balance_fen"])


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
