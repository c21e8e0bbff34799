"""Histories settled by the platform itself: persons of several regions, their visits, and what was taken back of them.

Every text by which a row is known holds a mark that stands for the original (`MARK`), so that copies can be told apart
by another number in its place.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.service.bulk.places import Built, build
from openyibao.service.bulk.progress import Progress, silent
from openyibao.service.clock import CHINA
from openyibao.service.gateway.refusals import Refused
from openyibao.service.ledger.accounts import credit
from openyibao.service.people.models import Account, Coverage, Identity, Person
from openyibao.service.sandbox import facts as values
from openyibao.service.settlements import door, lines, store
from openyibao.service.settlements.claims import claim_of, day_of, with_ordinary
from openyibao.service.settlements.law import law_of
from openyibao.service.settlements.models import FeeLine, Settlement, Visit
from openyibao.service.settlements.store import settled_lines
from openyibao.settlement import ClaimError

MARK, BLOCK = "BULK000000", 70_000_000_000_000
"""What stands in texts of the originals, and where the platform's own numbers (14 digits: 70, copy, six digits) begin
for them."""
SEQUENCES = ("settlements_setl_id", "settlements_mdtrt_id")
ITEMS = {"D-001": ("1.00", 400), "D-002": ("10.00", 60), "D-003": ("5.00", 10), "S-001": ("40.00", 14)}
ITEMS |= {"S-002": ("480.50", 3), "M-001": ("45000.00", 1)}
"""Price and the most of it that is charged at once."""
CLASSES = ("2304", "2303", "2306", "2305")
EMPLOYED, RETIRED, ADULT = "1101", "1201", "1501"
JOINED = date(2010, 1, 1)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was settled: histories, rows of settlements (reversals among them), and visits that the law refused."""

    histories: int
    settlements: int
    refused: int
    regions: int


def seed(histories: int, number: int, progress: Progress = silent, only: Sequence[str] = ()) -> Seeded:
    """Settle so many histories, drawn from a seed; in the places of these codes `only`, if any are named.

    Raises RuntimeError where the database has such already."""
    if Person.objects.filter(psn_no__startswith=MARK[:4]).exists():
        raise RuntimeError("the database holds histories for measuring already; take a new one")
    if histories > 900_000:
        raise ValueError(f"{histories} histories; at most 900,000 can be settled as originals")
    draw = random.Random(number)
    refused = 0
    with numbers_of_originals():
        built = build(only)
        with transaction.atomic():
            persons = _persons(built, histories, draw)
        for place, (one, coverage) in enumerate(persons, 1):
            refused += _history(draw, one, coverage, place)
            progress("结算 settle", place, histories)
    return Seeded(histories, Settlement.objects.count(), refused, len(built))


def seeded_before() -> Seeded | None:
    """What a database holds of originals; None where it has none. How many visits were refused is not known then."""
    persons = Person.objects.filter(psn_no__startswith=MARK)
    if not persons.exists():
        return None
    settlements = Settlement.objects.filter(history__person__in=persons)
    regions = settlements.values("history__region").distinct().count()
    return Seeded(persons.count(), settlements.count(), 0, regions)


@contextmanager
def numbers_of_originals() -> Iterator[None]:
    """Inside, the platform's numbers come from a block of their own; afterwards from where they were."""
    with connection.cursor() as cursor:
        before = {}
        for name in SEQUENCES:
            cursor.execute(f"SELECT last_value, is_called FROM {name}")
            before[name] = cursor.fetchone()
            cursor.execute("SELECT setval(%s, %s)", [name, BLOCK])
        cursor.execute("SET synchronous_commit = off")
        yield
        for name, (last, called) in before.items():
            cursor.execute("SELECT setval(%s, %s, %s)", [name, last, called])
        cursor.execute("RESET synchronous_commit")


def _persons(built: list[Built], histories: int, draw: random.Random) -> list[tuple[Built, Coverage]]:
    found: list[tuple[Built, Coverage]] = []
    shares = [one.place.share for one in built]
    for number in range(histories):
        one = built[number] if number < len(built) else draw.choices(built, shares)[0]
        found.append((one, _person(one, number, draw)))
    return found


def _person(one: Built, number: int, draw: random.Random) -> Coverage:
    born = date(draw.randint(1935, 2008), draw.randint(1, 12), draw.randint(1, 28))
    name = f"{MARK}{number:06d}"
    person = Person.objects.create(
        psn_no=name, certificate=name, name=f"测量{number}", sex=draw.choice("12"), born=born, card=f"{name}C"
    )
    employee = one.place.scheme == "employee"
    kind = ADULT if not employee else RETIRED if one.place.start.year - born.year >= 60 else EMPLOYED
    held = draw.choices(CLASSES)[:1] if not employee and draw.random() < 0.25 else []
    for code in held:
        start = one.place.start + timedelta(days=draw.randint(-400, 200))
        end = start + timedelta(days=draw.randint(200, 900)) if draw.random() < 0.4 else None
        Identity.objects.create(person=person, code=code, period=DateRange(start, end))
    coverage = Coverage.objects.create(
        person=person,
        region=one.region,
        scheme=one.place.scheme,
        insurance="310" if employee else "390",
        kind=kind,
        joined=JOINED,
        period=DateRange(JOINED, None),
        facts=values.of_person(one.asked, draw.randint(0, 10_000), kind, held, {}),
    )
    if employee or draw.random() < 0.15:
        _account(coverage, f"{name}A", draw.randint(0, 8_000) * 100 + 1)
    return coverage


def _account(coverage: Coverage, number: str, fen: int) -> None:
    family = number.endswith("0A")
    account = Account.objects.create(number=number, region=coverage.region, owner=coverage.person, family=family)
    if family:
        account.members.add(coverage.person)
    moment = datetime(2012, 12, 31, 9, tzinfo=CHINA)
    credit({number: fen}, moment, moment.date(), number, coverage.scheme)


def _history(draw: random.Random, one: Built, coverage: Coverage, number: int) -> int:
    """The visits of a person, one after the other; how many were refused."""
    days = (one.place.before - one.place.start).days
    visits = min(1 + int(draw.expovariate(0.3)), 24)
    starts = sorted(draw.randint(0, days - 40) for _ in range(visits))
    refused = 0
    again: Settlement | None = None
    for place, start in enumerate(starts):
        begun = datetime.combine(one.place.start + timedelta(days=start), time(8, draw.randint(0, 59)), CHINA)
        try:
            last = _visit(draw, one, coverage, begun, f"{MARK}{number:06d}V{place:02d}")
        except (Refused, ClaimError):
            refused += 1
            continue
        again = _take_back(draw, last, again)
    return refused


def _visit(draw: random.Random, one: Built, coverage: Coverage, begun: datetime, name: str) -> list[Settlement]:
    """A visit with one or two settlements. Raises Refused."""
    outpatient = 62 if "outpatient" in one.services else 0
    kind = draw.choices(("outpatient", "inpatient", "pharmacy", "manual"), (outpatient, 24, 6, 6))[0]
    stayed = kind == "inpatient" or (kind == "manual" and (not outpatient or draw.random() < 0.5))
    ended = begun + timedelta(days=draw.randint(2, 24), hours=2) if stayed else begun + timedelta(hours=1)
    hospital = one.institutions[-1] if kind == "pharmacy" else draw.choice(one.institutions[:-1])
    with transaction.atomic():
        visit = Visit.objects.create(
            mdtrt_id=store.next_id("mdtrt_id", one.place.code),
            kind=kind,
            state="discharged" if stayed else "open",
            person=coverage.person,
            coverage=coverage,
            institution=hospital,
            med_type=_care(draw, one, kind, stayed),
            number=name,
            disease=draw.choice(("", "I10", "E11.900")),
            begun=begun,
            ended=ended if stayed or kind == "manual" else None,
        )
        parts = 2 if kind == "inpatient" and draw.random() < 0.12 else 1
        made = []
        for part in range(parts):
            last = part == parts - 1
            moment = (ended if last else begun + (ended - begun) / 2) + timedelta(minutes=5)
            _charge(draw, visit, moment, f"B{part}", stayed)
            use = draw.random() < 0.5 and kind != "manual"
            asked = door.Request(visit, moment, f"{name}S{part}", batch=f"B{part}", use_account=use, last=last)
            settlement = door.settle(asked).settlement
            assert settlement is not None
            made.append(settlement)
    return made


def _care(draw: random.Random, one: Built, kind: str, stayed: bool) -> str:
    if kind == "pharmacy":
        return "41"
    if stayed:
        return "21"
    return "14" if "chronic outpatient" in one.services and draw.random() < 0.2 else "11"


def _charge(draw: random.Random, visit: Visit, moment: datetime, batch: str, stayed: bool) -> None:
    """Some fee lines, a refund among them now and then, split as an upload splits them."""
    law = law_of(visit.coverage.region, visit.coverage.scheme)
    new: list[FeeLine] = []
    for item in draw.sample(sorted(ITEMS), draw.randint(1, 3)):
        price, most = ITEMS[item]
        count = draw.randint(1, most * (6 if stayed else 1))
        charged = visit.begun + (moment - visit.begun) * (draw.random() if stayed else 0.5)
        new.append(_line(visit, charged, f"{batch}-{len(new)}", item, Decimal(price), count, batch))
        if count > 2 and draw.random() < 0.05:
            new.append(_line(visit, charged, f"{batch}-{len(new)}", item, Decimal(price), -1, batch))
            new[-1].data = {"refund_of": new[-2].number}
    draft = claim_of(visit, visit.mdtrt_id, day_of(moment), first=True, last=True, balance_fen=0)
    policy = law.series.rule_for(draft).policy
    before = FeeLine.objects.filter(visit=visit).exclude(pk__in=settled_lines(visit)).order_by("id")
    found = lines.split_new(law, policy, with_ordinary(draft, policy), before, new)
    FeeLine.objects.bulk_create(lines.with_parts(line, found[line.number][0]) for line in new)


def _line(visit: Visit, charged: datetime, number: str, item: str, price: Decimal, count: int, batch: str) -> FeeLine:
    amount = int(price * 100 * count)
    return FeeLine(
        visit=visit,
        number=number,
        batch=batch,
        charged=charged,
        item_code=item,
        own_code=f"OWN-{item}",
        count=Decimal(count),
        price=price,
        amount_fen=amount,
    )


def _take_back(draw: random.Random, made: list[Settlement], older: Settlement | None) -> Settlement | None:
    """Now and then: the last settlement taken back, that undone, or an older one taken back.

    Gives the settlement that may be taken back later.
    """
    last, chance = made[-1], draw.random()
    moment = last.settled + timedelta(minutes=10)
    name = last.msgid
    if chance < 0.06:
        taken = _reversed(last, moment, f"{name}R")
        if taken is not None and draw.random() < 0.4:
            with transaction.atomic():
                door.reinstate(taken, moment + timedelta(minutes=10), f"{name}U")
        return older
    if chance < 0.10 and older is not None:
        _reversed(older, moment, f"{older.msgid}R")
        return None
    return last if len(made) == 1 else older


def _reversed(settlement: Settlement, moment: datetime, msgid: str) -> Settlement | None:
    """The reversal; None where a later settlement depends on what it would take back."""
    try:
        with transaction.atomic():
            return door.reverse(settlement, moment, msgid)
    except Refused:
        return None
