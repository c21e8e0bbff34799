"""Finding persons, and what holds for them on a day.

known(psn_no) -> Person      by_certificate(kind, number) -> Person or None
coverage_on(person, day)     identities_on(person, day)     place_of(person, day)
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.people.certificates import masked, normal
from openyibao.service.people.models import Coverage, Filing, Identity, Person
from openyibao.service.people.sensitive import shown

MOST_FOUND = 100


def known(psn_no: str, lock: bool = False) -> Person:
    """The person with a number. Raises Problem("not known")."""
    asked = Person.objects.select_for_update(of=("self",)) if lock else Person.objects
    found: Person | None = asked.select_related("household__body").filter(psn_no=psn_no).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"人员 {psn_no}", f"person {psn_no}"))
    return found


def by_certificate(kind: str, number: str) -> Person | None:
    """The person with a certificate."""
    asked = Person.objects.select_related("household__body")
    found: Person | None = asked.filter(certificate_type=kind, certificate=normal(kind, number)).first()
    return found


def coverage_on(person: Person, day: date, insurance: str = "") -> Coverage | None:
    """The coverage of a person on a day, of one insurance if that is asked; never more than one holds.

    One that is suspended by then counts as none.
    """
    asked = Coverage.objects.select_related("region__body").filter(
        Q(suspended=None) | Q(suspended__gt=day), person=person, period__contains=day
    )
    found: Coverage | None = (asked.filter(insurance=insurance) if insurance else asked).first()
    return found


def identities_on(person: Person, day: date) -> list[Identity]:
    """The special identities of a person on a day."""
    return list(Identity.objects.filter(person=person, period__contains=day).order_by("code"))


def place_of(person: Person, day: date | None = None) -> Body | None:
    """Where a person belongs: their household's place, else that of the region of their present or last coverage."""
    if person.household is not None:
        return person.household.body
    coverages = Coverage.objects.filter(person=person).select_related("region__body")
    now = coverages.filter(period__contains=day or clock.today()).first()
    last = now or coverages.order_by("-period").first()
    return last.region.body if last else None


def within(body: Body) -> QuerySet[Person]:
    """The persons whose household stands within a body, or who have none and are or were covered there."""
    there = Q(household__body__path__startswith=body.path)
    without = Q(household=None, coverage__region__body__path__startswith=body.path)
    return Person.objects.filter(there | without).select_related("household__body").distinct()


def show(person: Person) -> dict[str, Any]:
    """A person for a listing: the certificate is masked."""
    return {
        "psn_no": person.psn_no,
        "name": person.name,
        "sex": person.sex,
        "ethnicity": person.ethnicity,
        "born": person.born,
        "certificate_type": person.certificate_type,
        "certificate": masked(person.certificate),
        "household": person.household.number if person.household else None,
        "body": person.household.body.code if person.household else None,
    }


def coverages(person: Person) -> list[dict[str, Any]]:
    found = Coverage.objects.filter(person=person).select_related("region__body").order_by("period")
    return [
        {
            "region": one.region.body.code,
            "scheme": one.scheme,
            "insurance": one.insurance,
            "kind": one.kind,
            "civil_servant": one.civil_servant,
            "employer": one.employer,
            "joined": one.joined,
            "start": one.period.lower,
            "end": one.period.upper,
            "suspended": one.suspended,
            "facts": one.facts,
        }
        for one in found
    ]


def identities(person: Person) -> list[dict[str, Any]]:
    found = Identity.objects.filter(person=person).order_by("period", "code")
    return [
        {"code": one.code, "level": one.level, "start": one.period.lower, "end": one.period.upper, "memo": one.memo}
        for one in found
    ]


def filings(person: Person, *, diagnoses: bool) -> list[dict[str, Any]]:
    """The filings of a person. `diagnoses`: whether sensitive ones are shown; how to reach the person never is."""
    found = Filing.objects.filter(person=person).select_related("institution").order_by("period", "id")
    return [_filing(one, diagnoses) for one in found]


def _filing(one: Filing, diagnoses: bool) -> dict[str, Any]:
    code, data = shown(one.code, one.data, full=diagnoses)
    return {
        "number": one.number,
        "kind": one.kind,
        "institution": one.institution.code if one.institution else None,
        "code": code,
        "start": one.period.lower,
        "end": one.period.upper,
        "data": data,
        "cancelled": one.cancelled,
    }
