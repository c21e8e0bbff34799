"""Granting and ending special identities, such as that of a recipient of medical assistance (two persons)."""

from __future__ import annotations

from openyibao.service.institutions.agreements import check_code
from openyibao.service.organisation.fields import Day, Given, Text
from openyibao.service.organisation.periods import ends, period, shorten
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.people.find import known
from openyibao.service.people.models import Identity
from openyibao.service.people.register import place_of_person


@action(
    "identity.grant",
    may="identity.change",
    decide="identity.decide",
    takes={
        "psn_no": Text(30),
        "code": Text(6),
        "level": Text(3, optional=True),
        "start": Day(),
        "end": Day(optional=True),
        "memo": Text(500, optional=True),
    },
    place=place_of_person,
    subject="psn_no",
)
def grant(given: Given, decision: Decision) -> Done:
    """An identity from a day on. Raises Problem("identity overlaps") where the person has it already."""
    person = known(given["psn_no"], lock=True)
    check_code("PSN_IDET_TYPE", given["code"])
    span = period(given["start"], given["end"])
    for one in Identity.objects.filter(person=person, code=given["code"], period__overlap=span).order_by("period"):
        raise Problem("identity overlaps", code=one.code, start=one.period.lower, end=ends(one.period))
    Identity.objects.create(
        person=person, code=given["code"], level=given["level"] or "", period=span, memo=given["memo"] or ""
    )
    return Done({"start": span.lower, "end": span.upper})


@action(
    "identity.end",
    may="identity.change",
    decide="identity.decide",
    takes={"psn_no": Text(30), "code": Text(6), "day": Day(), "reason": Text(300)},
    place=place_of_person,
    subject="psn_no",
)
def end(given: Given, decision: Decision) -> Done:
    """End an identity before a day."""
    person = known(given["psn_no"], lock=True)
    held = Identity.objects.select_for_update().filter(person=person, code=given["code"])
    one = held.filter(period__contains=given["day"]).exclude(period__startswith=given["day"]).first()
    if one is None:
        raise Problem("no identity", psn_no=person.psn_no, day=given["day"], code=given["code"])
    one.period = shorten(one.period, given["day"])
    one.save(update_fields=["period"])
    return Done({"end": given["day"]})
