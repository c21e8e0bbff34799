"""Two trees of bodies for tests, from the nation to the village, each body with persons, institutions and cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.service import clock
from openyibao.service.institutions.models import Agreement, Institution, Key, Mapping
from openyibao.service.organisation.fields import take
from openyibao.service.organisation.models import Body, Grant, Region
from openyibao.service.organisation.proposals import Decision
from openyibao.service.organisation.tree import LEVELS, plant
from openyibao.service.people import accounts, filings, register
from openyibao.service.people.certificates import check_character
from openyibao.service.people.models import Coverage, Household, Identity, Person
from openyibao.service.reconciliation.models import Item, Period, Run
from openyibao.service.reimbursements import entry, settle
from openyibao.service.reimbursements.models import Reimbursement

NOW = "2026-06-01T09:00:00+08:00"
DAY = date(2026, 6, 1)
YEAR = DateRange(date(2026, 1, 1), date(2027, 1, 1))
CODES = ("00000", "90000", "99900", "99999", "99999001", "99999001001")
"""Codes of the levels, behind the digit of the tree."""
_numbers = count(1)


def certificate() -> str:
    """An identity number of nobody, that was not given before; of a man."""
    number = next(_numbers)
    first = f"999999{1940 + number // 500}0101{2 * (number % 500) + 1:03d}"
    return first + check_character(first)


def grow(tree: str) -> list[Body]:
    """A chain of bodies, one of each level."""
    bodies: list[Body] = []
    for level, code in zip(LEVELS, CODES, strict=True):
        parent = bodies[-1] if bodies else None
        bodies.append(plant(tree + code, f"机构{tree}{level}", f"{level} {tree}", level, parent))
    return bodies


def staff(name: str, role: str = "", body: Body | None = None, start: date = date(2026, 1, 1), end: date | None = None):
    """A user, who holds a role if one is named. Nobody signs in with the password."""
    user = User.objects.create(username=name)
    if role:
        Grant.objects.create(user=user, role=role, body=body, start=start, end=end)
    return user


def person_at(household: Household, region: Region | None) -> Person:
    values = {
        "certificate_type": "01",
        "certificate": certificate(),
        "name": "测试",
        "ethnicity": "01",
        "household": household.number,
    }
    made = register.register(take(values, register.PERSON))
    if region is not None:
        Coverage.objects.create(
            person=made,
            region=region,
            scheme="resident",
            insurance="390",
            kind="1501",
            joined=date(2020, 1, 1),
            period=YEAR,
        )
    return made


def bill(person: Person, institution: str, **more: Any) -> dict[str, Any]:
    """A manual reimbursement of a stay: 1,000 yuan of which all is in scope."""
    return {
        "psn_no": person.psn_no,
        "institution": institution,
        "med_type": "21",
        "begun": "2026-03-02",
        "ended": "2026-03-09",
        "bank_account": "6222000011112222",
        "invoices": [
            {"number": f"{next(_numbers):08d}", "issuer": "91TEST", "day": "2026-03-09", "amount_fen": 100_000}
        ],
        "lines": [{"day": "2026-03-02", "item_code": "D-001", "count": "1000", "price": "1.00", "amount_fen": 100_000}],
        **more,
    }


@dataclass
class Office:
    """What there is at one body."""

    body: Body
    region: Region
    household: Household
    other_household: Household
    person: Person
    spare: Person
    institution: Institution
    applied: str
    key: str
    mapping: Mapping
    family: str
    account: str
    filing: str
    entered: str
    settled: str
    grant: int
    difference: int
    correction: str


def furnish(body: Body, clerk: User, reviewer: User, policy: str = "teaching/willow-county-2026") -> Office:
    """Objects of every kind at a body."""
    catalogue = "teaching/willow-county-2026"
    region = Region.objects.create(body=body, policies={"resident": policy}, catalogue=catalogue)
    household, other = register.found_household(body), register.found_household(body)
    person, spare = person_at(household, region), person_at(household, None)
    Identity.objects.create(person=person, code="2303", period=YEAR)
    institution = Institution.objects.create(
        code=f"H{body.code[:11]}", name="医院", credit_code="91", kind="1", grade="05", body=body
    )
    Agreement.objects.create(institution=institution, number=f"I-{body.code}", state="in force", period=YEAR)
    later = DateRange(date(2027, 1, 1), date(2028, 1, 1))
    applied = Agreement.objects.create(institution=institution, number=f"N-{body.code}", state="applied", period=later)
    key = Key.objects.create(
        institution=institution, method="x-tif", identifier=f"K-{body.code}", secret="x", period=YEAR
    )
    mapping = Mapping.objects.create(
        institution=institution, own_code="own", own_name="甲片", item_code="D-001", kind="101", period=YEAR
    )
    family = accounts.open_account(person, {"region": body.code, "family": True})
    own = accounts.open_account(person, {"region": body.code, "family": False})
    values = {"kind": "out of area", "start": "2026-05-01", "end": "2026-12-31"}
    filing = filings.file(person, take(values, filings.FILING))
    entered, settled = (
        entry.enter(clerk, take(bill(person, institution.code), entry.REIMBURSEMENT)).reimbursement.number
        for _ in range(2)
    )
    with transaction.atomic():
        settle.settle({"number": settled}, Decision(reviewer, clock.now(), None))
    holder = User.objects.create(username=f"holder-{body.code}")
    grant = Grant.objects.create(user=holder, role="clerk", body=body, start=date(2026, 1, 1))
    return Office(
        body,
        region,
        household,
        other,
        person,
        spare,
        institution,
        applied.number,
        key.identifier,
        mapping,
        family.number,
        own.number,
        filing.number,
        entered,
        settled,
        grant.pk,
        *difference_at(institution, settled),
    )


def difference_at(institution: Institution, number: str) -> tuple[int, str]:
    """A difference of an institution, and a settlement of it that came later: their numbers."""
    settlement = Reimbursement.objects.get(number=number).settlement
    period = Period.objects.create(institution=institution, first=date(2026, 5, 1), last=date(2026, 5, 31))
    made = settlement.settled - timedelta(minutes=1)
    run = Run.objects.create(
        period=period, made=made, source="command", rows=1, matched=0, sums_agree=False, listed=True
    )
    about = {"setl_id": "X1", "stated_total_fen": 100, "total_fen": 200, "fields": "medfee_sumamt"}
    item = Item.objects.create(period=period, key="amount X1", kind="amount", opened=run, last=run, **about)
    return item.pk, settlement.setl_id
