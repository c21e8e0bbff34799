"""The persons of the sandbox: made from persons.toml, and one more for each value that a policy asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.policy.model import Fact, Policy
from openyibao.service.clock import now
from openyibao.service.institutions.models import Institution
from openyibao.service.ledger.accounts import credit
from openyibao.service.organisation.models import Body, Region
from openyibao.service.people.certificates import check_character
from openyibao.service.people.models import Account, Coverage, Filing, Household, Identity, Person
from openyibao.service.sandbox import facts as values
from openyibao.service.sandbox.data import YEAR, Somebody, persons
from openyibao.service.settlements.claims import word
from openyibao.service.settlements.lines import fen_of

COUNTY = "999999"
ADULT, EMPLOYED, RETIRED = "1501", "1101", "1201"
RETIRED_FROM = 60


class Persons:
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
