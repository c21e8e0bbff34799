"""Enrolling in basic insurance and ending it (two persons). A person is never covered twice at once."""

from __future__ import annotations

from openyibao.service.institutions.agreements import check_code
from openyibao.service.organisation.fields import Day, Facts, Flag, Given, OneOf, Text
from openyibao.service.organisation.models import Body, Region
from openyibao.service.organisation.periods import ends, period, shorten
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.organisation.tree import inside
from openyibao.service.people.find import known, place_of
from openyibao.service.people.models import Coverage

INSURANCE = {"employee": "310", "resident": "390"}
"""The national code (INSUTYPE) of each scheme."""


def region_of(code: str) -> Region:
    """The pooling region of a body. Raises Problem("not known")."""
    found: Region | None = Region.objects.select_related("body").filter(body__code=code).first()
    if found is None:
        raise Problem("not known", what=code)
    return found


def _place(given: Given) -> Body:
    """The person's own place where it lies in the region, so that their village can enrol them; else the region's."""
    region, own = region_of(given["region"]), place_of(known(given["psn_no"]))
    if own is not None and inside(own, region.body):
        return own
    return region.body


@action(
    "coverage.enrol",
    may="coverage.change",
    decide="coverage.decide",
    takes={
        "psn_no": Text(30),
        "region": Text(12),
        "scheme": OneOf(tuple(INSURANCE)),
        "kind": Text(6),
        "civil_servant": Flag(optional=True),
        "employer": Text(200, optional=True),
        "start": Day(),
        "end": Day(optional=True),
        "joined": Day(optional=True),
        "facts": Facts(optional=True),
    },
    place=_place,
    subject="psn_no",
)
def enrol(given: Given, decision: Decision) -> Done:
    """Cover a person from a day on. `joined` is since when without a gap; the start where it is left out.

    Raises Problem("coverage overlaps") that names what it overlaps.
    """
    person = known(given["psn_no"], lock=True)
    region = region_of(given["region"])
    if not region.policies.get(given["scheme"]):
        raise Problem("no scheme", region=region.body.code, scheme=given["scheme"])
    check_code("PSN_TYPE", given["kind"])
    span = period(given["start"], given["end"])
    joined = given["joined"] or given["start"]
    if joined > given["start"]:
        raise Problem("bad period", start=joined, end=given["start"])
    others = Coverage.objects.filter(person=person, period__overlap=span).select_related("region__body")
    for one in others.order_by("period"):
        raise Problem(
            "coverage overlaps",
            region=one.region.body.code,
            insurance=one.insurance,
            start=one.period.lower,
            end=ends(one.period),
        )
    Coverage.objects.create(
        person=person,
        region=region,
        scheme=given["scheme"],
        insurance=INSURANCE[given["scheme"]],
        kind=given["kind"],
        civil_servant=bool(given["civil_servant"]),
        employer=given["employer"] or "",
        joined=joined,
        period=span,
        facts=given["facts"] or {},
    )
    return Done({"insurance": INSURANCE[given["scheme"]], "start": span.lower, "end": span.upper})


def _place_of_coverage(given: Given) -> Body:
    person, region = known(given["psn_no"]), region_of(given["region"])
    found = Coverage.objects.filter(person=person, region=region, period__contains=given["day"])
    if not found.exists() and place_of(person) is None:
        raise Problem("no coverage", psn_no=person.psn_no, day=given["day"])
    return _place(given)


@action(
    "coverage.end",
    may="coverage.change",
    decide="coverage.decide",
    takes={"psn_no": Text(30), "region": Text(12), "day": Day(), "reason": Text(300)},
    place=_place_of_coverage,
    subject="psn_no",
)
def end(given: Given, decision: Decision) -> Done:
    """End the coverage in a region before a day. Tells which settlements of that day and later stand nevertheless:
    what was paid without coverage is to be recovered."""
    from openyibao.service.settlements.models import Settlement

    person, region = known(given["psn_no"], lock=True), region_of(given["region"])
    found = Coverage.objects.select_for_update().filter(person=person, region=region)
    coverage = found.filter(period__contains=given["day"]).exclude(period__startswith=given["day"]).first()
    if coverage is None:
        raise Problem("no coverage", psn_no=person.psn_no, day=given["day"])
    coverage.period = shorten(coverage.period, given["day"])
    coverage.save(update_fields=["period"])
    later = Settlement.objects.filter(
        visit__coverage=coverage, day__gte=given["day"], reverses=None, reversed_by=None
    ).order_by("number")
    return Done({"end": given["day"], "settled_after": [one.setl_id for one in later]})
