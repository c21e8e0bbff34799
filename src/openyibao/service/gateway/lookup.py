"""What handlers look up: persons, their coverage, visits, the law of a place, and pages of what was found.

How person queries are guarded: `psn_no` alone opens nothing. An institution may ask about a person who has a visit
there, or whose credential it showed to the platform (1101) not more than ASKED_DAYS days ago. Whoever else asks gets
the same answer as for a person who does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from openyibao.catalogue import Catalogue
from openyibao.policy.model import Policy
from openyibao.service.clock import CHINA
from openyibao.service.gateway.calls import Call
from openyibao.service.gateway.models import Presented
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.spec import transaction
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.models import Region
from openyibao.service.people.models import Coverage, Person
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.law import catalogue_of, law_of
from openyibao.service.settlements.models import Visit

ASKED_DAYS = 30
"""For how long an institution may ask about a person after it asked by their credential."""
MOST_ROWS = 1000
"""How many rows a query without pages answers at most; what finds more is refused, never cut off."""
MOST_PAGE = 1000
EACH_DAY = timedelta(days=1)


def presented(call: Call, person: Person) -> None:
    """Remember that a person's credential was shown. Once a day is enough, so that reading seldom writes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO gateway_presented AS old (institution_id, person_id, seen) VALUES (%s, %s, %s)"
            " ON CONFLICT (institution_id, person_id) DO UPDATE SET seen = excluded.seen"
            " WHERE old.seen < excluded.seen - interval '1 day'",
            [call.institution.pk, person.pk, call.now],
        )


def person_of(call: Call, psn_no: str | None) -> Person:
    """A person by number, as far as the institution may ask. Raises Refused."""
    person: Person | None = Person.objects.filter(psn_no=psn_no or "").first()
    if person is None or not _may_ask(call, person):
        raise Refused("person not here", psn_no=psn_no or "-")
    return person


def _may_ask(call: Call, person: Person) -> bool:
    since = call.now - (ASKED_DAYS + 1) * EACH_DAY  # `seen` may lie up to a day behind
    here = {"institution": call.institution, "person": person}
    asked: bool = Presented.objects.filter(**here, seen__gte=since).exists()
    return asked or bool(Visit.objects.filter(**here).exists())


def coverage_on(person: Person, day: date, insutype: str | None = None) -> Coverage | None:
    """The coverage whose time holds a day, suspended or not; of one kind of insurance, if given."""
    found = Coverage.objects.filter(person=person, period__contains=day).select_related("region__body")
    coverage: Coverage | None = (found.filter(insurance=insutype) if insutype else found).first()
    return coverage


def insured(person: Person, day: date, insutype: str | None = None) -> Coverage:
    """The same, in force. Raises Refused where there is none, or it is suspended."""
    coverage = coverage_on(person, day, insutype)
    if coverage is None:
        raise Refused("not insured", psn_no=person.psn_no, day=day, insurance=insutype or "-")
    if is_suspended(coverage, day):
        about = {"psn_no": person.psn_no, "insurance": coverage.insurance, "day": coverage.suspended}
        raise Refused("coverage suspended", **about)
    return coverage


def is_suspended(coverage: Coverage, day: date) -> bool:
    return coverage.suspended is not None and coverage.suspended <= day


def visit_of(call: Call, mdtrt_id: str | None, psn_no: str | None) -> Visit:
    """A visit of this institution and this person. Raises Refused, whatever of the three does not fit."""
    found = Visit.objects.filter(mdtrt_id=mdtrt_id or "", institution=call.institution, person__psn_no=psn_no or "")
    visit: Visit | None = found.select_related("person", "coverage__region__body", "institution__body").first()
    if visit is None:
        raise Refused("unknown visit", mdtrt_id=mdtrt_id or "-", psn_no=psn_no or "-")
    return visit


def own(call: Call, code: str | None) -> None:
    """Refuse what names another institution than the one that asks."""
    if code and code != call.institution.code:
        raise Refused("other institution", found=code, own=call.institution.code)


def region_of(institution: Institution) -> Region:
    """The pooling region in which an institution lies: the nearest one above it. Raises Refused."""
    codes = [code for code in institution.body.path.split("/") if code]
    regions: dict[str, Region] = {
        region.body.code: region for region in Region.objects.filter(body__code__in=codes).select_related("body")
    }
    for code in reversed(codes):
        if code in regions:
            return regions[code]
    raise Refused("no region", place=institution.body.code)


def lies_in(institution: Institution, region: Region) -> bool:
    """Whether an institution lies in a pooling region, and in none inside it."""
    try:
        return region_of(institution).pk == region.pk
    except Refused:
        return False


def catalogue_here(call: Call) -> tuple[Region, Catalogue]:
    """The region of the institution and its catalogue."""
    region = region_of(call.institution)
    return region, catalogue_of(region)


def policy_on(region: Region, scheme: str, day: date) -> Policy | None:
    """The policy of a scheme that is in force on a day, or None."""
    if not region.policies.get(scheme):
        return None
    return next((one for one in law_of(region, scheme).series.policies if one.start <= day < one.end), None)


def last_day(period: Any) -> date | None:
    """The last day of a period, as the national interface states it; None: no end."""
    return period.upper - EACH_DAY if period.upper else None


def after(day: date) -> date | None:
    """The day after; None, no end, after the last day that a calendar has: 9999-12-31 is how many write `for ever`."""
    return day + EACH_DAY if day < date.max else None


def moment(day: date) -> datetime:
    """The first moment of a day in China."""
    return datetime.combine(day, time(), CHINA)


def as_moment(value: date | datetime) -> datetime:
    """A moment as stated: a date is its first moment; without a time zone it is China's."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=CHINA)
    return moment(value)


def as_day(value: date | datetime) -> date:
    return day_of(as_moment(value)) if isinstance(value, datetime) else value


def between(first: date | datetime, last: date | datetime) -> tuple[datetime, datetime]:
    """Two moments in order; an end without a time of day is the end of its day. Raises Refused."""
    start = as_moment(first)
    end = as_moment(last) if isinstance(last, datetime) else datetime.combine(last, time.max, CHINA)
    if end < start:
        raise Refused("times", first=first, last=last)
    return start, end


def few(rows: Any, most: int = MOST_ROWS) -> list[Any]:
    """All rows of a query, if they are not too many. Raises Refused, so that nobody takes a part for the whole."""
    found = list(rows[: most + 1])
    if len(found) > most:
        raise Refused("too many rows", most=most)
    return found


def page(rows: Sequence[Any], number: Decimal | None, size: Decimal | None) -> tuple[dict[str, Any], list[Any]]:
    """One page of rows, with the counts that paged queries answer. Raises Refused."""
    page_num, page_size = int(number or 0), int(size or 0)
    if page_num < 1 or not 1 <= page_size <= MOST_PAGE:
        raise Refused("page", page=number, size=size, most=MOST_PAGE)
    pages = max(1, -(-len(rows) // page_size))
    start = (page_num - 1) * page_size
    shown = list(rows[start : start + page_size])
    counts = {
        "firstPage": page_num == 1,
        "lastPage": page_num >= pages,
        "size": len(shown),
        "startRow": start + 1 if shown else 0,
        "pageSize": page_size,
        "pageNum": page_num,
        "recordCounts": len(rows),
        "pages": pages,
    }
    return counts, shown


def only(infno: str, node: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a row a node of a transaction's output has a field for."""
    fields = transaction(infno).outputs[node].fields
    return {name: value for name, value in row.items() if name in fields}


def china(text: str) -> datetime:
    """A moment that was kept as text, in China's time."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)
