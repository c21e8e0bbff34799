"""Agreements of designated institutions: applied for, assessed, in force, suspended, ended.

The application is taken in by one person; every further step is proposed by one and decided by another.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from openyibao.policy.model import Bilingual
from openyibao.service.institutions.doors import STATES, holds, known
from openyibao.service.institutions.models import Agreement, Institution
from openyibao.service.organisation.fields import Day, Given, OneOf, Text, Whole
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.periods import ends, period, shorten
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.terms import dictionary

STEPS: dict[str, tuple[str, ...]] = {
    "applied": ("assessed", "ended"),
    "assessed": ("in force", "ended"),
    "in force": ("suspended", "ended"),
    "suspended": ("in force", "ended"),
    "ended": (),
}
"""What an agreement of each state may become."""
HOLDING = ("in force", "suspended")


def known_agreement(number: str, lock: bool = False) -> Agreement:
    """The agreement with a number. Raises Problem("not known")."""
    asked = Agreement.objects.select_related("institution__body")
    found: Agreement | None = (asked.select_for_update(of=("self",)) if lock else asked).filter(number=number).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"协议 {number}", f"agreement {number}"))
    return found


APPLICATION = {
    "code": Text(12),
    "name": Text(200),
    "credit_code": Text(50),
    "kind": Text(6),
    "grade": Text(6, optional=True),
    "number": Text(50),
    "start": Day(),
    "end": Day(),
    "over_limit_borne_bp": Whole(0, 10_000),
}
"""Fields of an application: the institution, and the agreement's number, period, and the share of cost above a price
limit that the institution bears, in 1/10000."""


def check_code(name: str, code: str) -> str:
    """A code of a national dictionary. Raises Problem("unknown code")."""
    if code not in dictionary(name):
        raise Problem("unknown code", dictionary=name, code=code)
    return code


def apply_for(given: Given, body: Body) -> Agreement:
    """Take in an application, of a new institution or for a further agreement of one that is known at this body."""
    check_code("FIXMEDINS_TYPE", given["kind"])
    if given["grade"]:
        check_code("HOSP_LV", given["grade"])
    with transaction.atomic():
        institution, new = Institution.objects.get_or_create(
            code=given["code"],
            defaults={
                "name": given["name"],
                "credit_code": given["credit_code"],
                "kind": given["kind"],
                "grade": given["grade"] or "",
                "body": body,
            },
        )
        same = all(getattr(institution, name) == given[name] for name in ("name", "credit_code", "kind"))
        if not new and (institution.body_id != body.pk or not same):
            raise Problem("institution exists", code=given["code"])
        if Agreement.objects.filter(number=given["number"]).exists():
            raise Problem("institution exists", code=given["number"])
        made: Agreement = Agreement.objects.create(
            institution=institution,
            number=given["number"],
            state="applied",
            period=period(given["start"], given["end"]),
            over_limit_borne_bp=given["over_limit_borne_bp"],
        )
        return made


def _place_of_agreement(given: Given) -> Body:
    return known_agreement(given["number"]).institution.body


def place_of_institution(given: Given) -> Body:
    return known(given["institution"]).body


@action(
    "agreement.step",
    may="agreement.change",
    decide="agreement.decide",
    takes={"number": Text(50), "to": OneOf(tuple(STATES)), "day": Day(optional=True), "reason": Text(300)},
    place=_place_of_agreement,
    subject="number",
)
def step(given: Given, decision: Decision) -> Done:
    """Bring an agreement to its next state. What ends from a later day on stays in force until then."""
    agreement = known_agreement(given["number"], lock=True)
    to, today = given["to"], decision.at.date()
    if to not in STEPS[agreement.state]:
        may = [STATES[one] for one in STEPS[agreement.state]]
        listed = Bilingual("、".join(one.zh for one in may) or "无", ", ".join(one.en for one in may) or "nothing")
        raise Problem(
            "agreement step", number=agreement.number, state=STATES[agreement.state], to=STATES[to], may=listed
        )
    if to == "in force":
        _no_overlap(agreement)
    if to == "ended" and agreement.state in HOLDING:
        end = given["day"] or today
        agreement.period = shorten(agreement.period, end)
        to = agreement.state if end > today else to
    agreement.state = to
    agreement.save(update_fields=["state", "period"])
    return Done({"state": agreement.state, "start": agreement.period.lower, "end": agreement.period.upper})


def _no_overlap(agreement: Agreement) -> None:
    others = Agreement.objects.filter(
        institution=agreement.institution, state__in=HOLDING, period__overlap=agreement.period
    ).exclude(pk=agreement.pk)
    for one in others:
        raise Problem("agreement overlaps", number=one.number, start=one.period.lower, end=ends(one.period))


@action(
    "institution.grade",
    may="agreement.change",
    decide="agreement.decide",
    takes={"institution": Text(12), "grade": Text(6), "reason": Text(300)},
    place=place_of_institution,
    subject="institution",
)
def grade(given: Given, decision: Decision) -> Done:
    """Change an institution's grade: it holds for what is settled from now on."""
    check_code("HOSP_LV", given["grade"])
    institution = Institution.objects.select_for_update().get(pk=known(given["institution"]).pk)
    before, institution.grade = institution.grade, given["grade"]
    institution.save(update_fields=["grade"])
    return Done({"before": before, "grade": institution.grade})


def show(institution: Institution, day: date) -> dict[str, Any]:
    """An institution for a listing, with its agreements."""
    agreements = sorted(institution.agreements.all(), key=lambda one: one.pk)
    return {
        "code": institution.code,
        "name": institution.name,
        "kind": institution.kind,
        "grade": institution.grade,
        "body": institution.body.code,
        "in_force": any(one.state == "in force" and holds(one, day) for one in agreements),
        "agreements": [
            {
                "number": one.number,
                "state": one.state,
                "start": one.period.lower,
                "end": one.period.upper,
                "over_limit_borne_bp": one.over_limit_borne_bp,
            }
            for one in agreements
        ],
    }
