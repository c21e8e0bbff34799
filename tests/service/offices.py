"""Two trees of bodies for tests, from the nation to the village, each body with persons, institutions and cases."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.service import clock
from openyibao.service.clearing import batches, confirmations, disputes, orders, statements
from openyibao.service.clearing.models import DepositShare, Speaker, Transfer
from openyibao.service.institutions.models import Agreement, Institution, Key, Mapping
from openyibao.service.ledger.books import NewEntry, post, settlement_lines
from openyibao.service.ledger.treasury import Fund, received_lines
from openyibao.service.organisation.fields import take
from openyibao.service.organisation.models import Body, Grant, Region
from openyibao.service.organisation.proposals import Decision
from openyibao.service.organisation.tree import LEVELS, plant
from openyibao.service.people import accounts, filings, register
from openyibao.service.people.certificates import check_character
from openyibao.service.people.models import Coverage, Household, Identity, Person
from openyibao.service.portability.models import Clearing
from openyibao.service.portability.peers import add_peer
from openyibao.service.reconciliation.models import Item, Period, Run
from openyibao.service.reimbursements import entry, settle
from openyibao.service.reimbursements.models import Reimbursement
from openyibao.service.voice import moderation, questions

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
class Payment:
    """What the room that pays has at one body: one order at the bank, one that waits, and an open statement."""

    statement: str
    available: int
    dispute: int
    waiting: str
    batch: str
    told: str
    confirmation: str
    refused: int


def pay_at(region: Region, institution: Institution, clerk: User, reviewer: User) -> Payment:
    """Three statements of made-up settlements: at the bank, ordered, and open with a dispute."""
    from service.paying import confirmation, open_accounts

    code, decision = region.body.code, Decision(reviewer, clock.now(), None)
    open_accounts(region, [institution])
    agreement = institution.agreements.get(state="in force")
    DepositShare.objects.create(agreement=agreement, share_bp=500, source="测试", since=clock.now())
    speaker, _ = User.objects.get_or_create(username="speaker")
    Speaker.objects.create(user=speaker, institution=institution, start=date(2026, 1, 1))

    def settled(day: date, reference: str) -> None:
        lines = settlement_lines(code, "resident", institution.code, {"pooled fund": 10_000})
        post(NewEntry("settlement", clock.now(), day, f"{reference}-{code}", lines))

    def stated(day: date, *references: str) -> str:
        for reference in references:
            settled(day, reference)
        given = {"region": code, "through": day, "institution": institution.code}
        return str(statements.issue(given, decision).result["first"])

    def ordered(number: str, fen: int) -> str:
        given = {"region": code, "statements": [{"number": number, "fen": fen}]}
        return str(orders.order_institutions(given, decision).result["orders"][0])

    with transaction.atomic():
        sent = Transfer.objects.get(order__number=ordered(stated(date(2026, 3, 31), "A"), 9_500)).number
        batch = batches.send(clerk, region, "plain").number
        waiting = ordered(stated(date(2026, 4, 30), "C"), 9_500)
        open_one = stated(date(2026, 5, 20), "B", "D")
        said = {"reference": f"D-{code}", "reason": "金额不符"}
        dispute = disputes.raise_dispute(statements.known_statement(open_one), clerk, "agency", said)
        stray = confirmations.receive(clerk, region, "stray", "plain", confirmation([("T0", "paid", 1)]))
        confirmations.book({"confirmation": stray.number}, decision)
        good = confirmations.receive(clerk, region, "good", "plain", confirmation([(sent, "paid", 9_500)]))
        settled(date(2026, 5, 25), "E")
    told = base64.b64encode(confirmation([(sent, "rejected", 9_500)])).decode()
    return Payment(open_one, 9_000, dispute.pk, waiting, batch, told, good.number, stray.reports.get().pk)


def neighbour(region: Region) -> str:
    """Another platform's region, with a month both ways that is agreed."""
    division = f"7{next(_numbers):05d}"
    peer = add_peer(division, "邻市", "Next City", "http://127.0.0.1:9")
    peer.keys.create(identifier="K1", public_key="cd" * 64, period=DateRange(date(2026, 1, 1), None))
    about = {"state": "agreed", "rows": 0, "fen": 0, "totals": {}, "digest": "", "made": clock.now()}
    for side in ("owed", "owes"):
        Clearing.objects.create(peer=peer, own=region, side=side, month=date(2026, 4, 1), **about)
    return division


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
    payment: Payment
    difference: int
    correction: str
    peer: str
    asked: int
    answered: int
    income: int


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
        pay_at(region, institution, clerk, reviewer),
        *difference_at(institution, settled),
        neighbour(region),
        asked(body),
        asked(body, answered=True),
        income_at(region),
    )


def income_at(region: Region) -> int:
    """The number of the entry that books what came into the pooled fund."""
    fund = Fund(region.body.code, "resident", "pooled fund")
    lines = received_lines(fund, {"individual contributions": 100_000_000})
    return post(NewEntry("income", clock.now(), clock.today(), f"REC-{region.body.code}", lines))


def asked(body: Body, *, answered: bool = False) -> int:
    """The number of a question to a body, that waits or is answered."""
    told = questions.ask(questions.New("question", body, "门诊能报多少？", f"{body.code} {answered}"), body.code)
    made = questions.by_number(told)
    if answered:
        with transaction.atomic():
            about = {"question": made.pk, "answer": "请在“算一算”中查询。", "text": None}
            moderation.publish(about, Decision(User.objects.first(), clock.now(), None))
    return made.pk


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
