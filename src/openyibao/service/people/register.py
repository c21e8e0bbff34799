"""Registering persons and households, and changing what identifies a person (two persons)."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.institutions.agreements import check_code
from openyibao.service.organisation.fields import Day, Given, Text
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.people import certificates
from openyibao.service.people.find import by_certificate, known, place_of
from openyibao.service.people.models import Household, Person

PERSON = {
    "certificate_type": Text(2),
    "certificate": Text(50),
    "name": Text(50),
    "sex": Text(1, optional=True),
    "born": Day(optional=True),
    "ethnicity": Text(2),
    "household": Text(30),
}
"""Fields of a person. A resident card gives sex and day of birth; they may be left out, and must agree if stated."""


def next_number(body: Body) -> str:
    """A new number of the platform: the body's division and twelve digits that are never used again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('people_number')")
        return f"{body.code[:6]}{cursor.fetchone()[0]:012d}"


def household(number: str) -> Household:
    """The household with a number. Raises Problem("not known")."""
    found: Household | None = Household.objects.select_related("body").filter(number=number).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"家庭 {number}", f"household {number}"))
    return found


def found_household(body: Body) -> Household:
    """A new household at a place."""
    made: Household = Household.objects.create(number=next_number(body), body=body)
    return made


def register(given: Given) -> Person:
    """A new person. Raises Problem where the certificate is wrong or registered already."""
    at = household(given["household"])
    sex, born = identified(given, clock.today())
    check_code("NATY", given["ethnicity"])
    with transaction.atomic():
        _refuse_taken(given)
        made: Person = Person.objects.create(
            psn_no=next_number(at.body),
            certificate_type=given["certificate_type"],
            certificate=certificates.normal(given["certificate_type"], given["certificate"]),
            name=given["name"],
            sex=sex,
            ethnicity=given["ethnicity"],
            born=born,
            household=at,
        )
        return made


def identified(given: Given, today: date) -> tuple[str, date]:
    """Sex and day of birth: what the certificate says, which what is stated must not contradict."""
    kind, sex, born = given["certificate_type"], given["sex"], given["born"]
    check_code("PSN_CERT_TYPE", kind)
    if kind == certificates.RESIDENT_CARD:
        says = certificates.read(certificates.normal(kind, given["certificate"]), today)
        for name, stated, read in (("性别/sex", sex, says.sex), ("出生日期/born", born, says.born)):
            if stated is not None and stated != read:
                raise Problem("bad certificate", why=Bilingual(f"与所填{name}不符", f"it contradicts {name}"))
        return says.sex, says.born
    if sex is None or born is None:
        raise Problem("bad request", problems=Bilingual("此类证件应填 sex 和 born", "this certificate needs sex, born"))
    check_code("GEND", sex)
    if born > today:
        raise Problem("bad request", problems=Bilingual("born 在今天之后", "born: after today"))
    return sex, born


def _refuse_taken(given: Given, but: Person | None = None) -> None:
    found = by_certificate(given["certificate_type"], given["certificate"])
    if found is not None and (but is None or found.pk != but.pk):
        raise Problem("certificate taken", psn_no=found.psn_no)


def move(person: Person, to: Household) -> None:
    """Let a person belong to another household."""
    person.household = to
    person.save(update_fields=["household"])


def place_of_person(given: Given) -> Body:
    """Where the person of a request belongs. Raises Problem("not known") for somebody who belongs nowhere."""
    found = place_of(known(given["psn_no"]))
    if found is None:
        raise Problem("not known", what=Bilingual("此人的所属机构", "body to which the person belongs"))
    return found


@action(
    "person.change",
    may="person.change",
    decide="person.decide",
    takes={"psn_no": Text(30), **{name: kind for name, kind in PERSON.items() if name != "household"}},
    place=place_of_person,
    subject="psn_no",
)
def change(given: Given, decision: Decision) -> Done:
    """Change what identifies a person: certificate, name, sex, day of birth, ethnicity. The number stays."""
    person = known(given["psn_no"], lock=True)
    sex, born = identified(given, decision.at.date())
    check_code("NATY", given["ethnicity"])
    _refuse_taken(given, but=person)
    person.certificate_type = given["certificate_type"]
    person.certificate = certificates.normal(given["certificate_type"], given["certificate"])
    person.name, person.sex, person.born, person.ethnicity = given["name"], sex, born, given["ethnicity"]
    fields = ["certificate_type", "certificate", "name", "sex", "born", "ethnicity"]
    changed = Person.objects.values(*fields).get(pk=person.pk)
    names = [name for name in fields if changed[name] != getattr(person, name)]
    person.save(update_fields=fields)
    return Done({"changed": names})
