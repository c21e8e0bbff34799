"""Filings at the agency: care out of area and referrals."""

from __future__ import annotations

from django.db import transaction

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.institutions.doors import known as known_institution
from openyibao.service.organisation.fields import Day, Facts, Given, OneOf, Text
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.periods import period
from openyibao.service.organisation.problems import Problem
from openyibao.service.people.find import coverage_on, place_of
from openyibao.service.people.models import Filing, Person
from openyibao.service.people.register import next_number

FILING = {
    "kind": OneOf(("out of area", "referral")),
    "institution": Text(12, optional=True),
    "code": Text(30, optional=True),
    "start": Day(),
    "end": Day(optional=True),
    "data": Facts(optional=True),
}
"""`code` is where to: a division, or a national code of the kind of filing; `data` the national fields."""


def file(person: Person, given: Given) -> Filing:
    """A new filing. Raises Problem("no coverage") where the person is not covered on its first day."""
    span = period(given["start"], given["end"])
    coverage = coverage_on(person, given["start"])
    if coverage is None:
        raise Problem("no coverage", psn_no=person.psn_no, day=given["start"])
    made: Filing = Filing.objects.create(
        number=next_number(coverage.region.body),
        kind=given["kind"],
        person=person,
        institution=known_institution(given["institution"]) if given["institution"] else None,
        code=given["code"] or "",
        period=span,
        data=given["data"] or {},
    )
    return made


def known_filing(number: str, lock: bool = False) -> Filing:
    """The filing with a number. Raises Problem("not known")."""
    asked = Filing.objects.select_for_update(of=("self",)) if lock else Filing.objects
    found: Filing | None = asked.select_related("person__household__body").filter(number=number).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"备案 {number}", f"filing {number}"))
    return found


def place_of_filing(number: str) -> Body:
    found = place_of(known_filing(number).person)
    if found is None:
        raise Problem("not known", what=Bilingual("此人的所属机构", "body to which the person belongs"))
    return found


def cancel(number: str) -> Filing:
    """Cancel a filing: it no longer counts, for any day. Raises Problem where it was cancelled."""
    with transaction.atomic():
        found = known_filing(number, lock=True)
        if found.cancelled is not None:
            raise Problem("filing cancelled", number=number)
        found.cancelled = clock.now()
        found.save(update_fields=["cancelled"])
        return found
