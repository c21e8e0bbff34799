"""Entering a manual reimbursement: its invoices, the institution, and the fee lines, split by the catalogue.

A reimbursement has a visit of its own (kind `manual`); what the visit's settlement pays is owed to the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import transaction

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.institutions.agreements import check_code
from openyibao.service.institutions.doors import known as known_institution
from openyibao.service.institutions.mappings import mapped
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.fields import Day, Facts, Given, Listed, Number, Text, Whole
from openyibao.service.organisation.models import Body, Region
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.tree import inside
from openyibao.service.people.find import coverage_on, known
from openyibao.service.people.models import Person
from openyibao.service.people.register import next_number, place_of_person
from openyibao.service.reimbursements.models import Invoice, Reimbursement
from openyibao.service.settlements import lines, store
from openyibao.service.settlements.claims import claim_of, with_ordinary
from openyibao.service.settlements.law import law_of
from openyibao.service.settlements.models import FeeLine, Visit
from openyibao.settlement import ClaimError

INVOICE = {
    "code": Text(20, optional=True),
    "number": Text(30),
    "issuer": Text(50),
    "day": Day(),
    "amount_fen": Whole(1),
}
LINE = {
    "day": Day(),
    "item_code": Text(50, optional=True),
    "own_code": Text(150, optional=True),
    "count": Number(4),
    "price": Number(4),
    "amount_fen": Whole(0),
}
"""`item_code` is the national code; where it is left out, `own_code` must be mapped by the institution."""
REIMBURSEMENT = {
    "psn_no": Text(30),
    "institution": Text(12),
    "name": Text(200, optional=True),
    "grade": Text(6, optional=True),
    "med_type": Text(6),
    "disease": Text(30, optional=True),
    "begun": Day(),
    "ended": Day(),
    "facts": Facts(optional=True),
    "bank_account": Text(50),
    "invoices": Listed(INVOICE, 100),
    "lines": Listed(LINE),
}
"""`name` and `grade` make an institution known that lies elsewhere and has no agreement here."""

STATES = {
    "entered": Bilingual("已受理", "entered"),
    "settled": Bilingual("已结算", "settled"),
    "paid": Bilingual("已支付", "paid"),
    "withdrawn": Bilingual("已撤回", "withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Entered:
    """A reimbursement with its visit and the sums of its lines."""

    reimbursement: Reimbursement
    parts: lines.Parts


def place(given: Given) -> Body:
    return place_of_person(given)


def enter(user: Any, given: Given) -> Entered:
    """Take in a reimbursement. Raises Problem or Refused with nothing written, such as for an invoice that is known."""
    if given["ended"] < given["begun"] or given["ended"] > clock.today():
        raise Problem("bad period", start=given["begun"], end=given["ended"])
    check_code("MED_TYPE", given["med_type"])
    _check_amounts(given)
    with transaction.atomic():
        person = known(given["psn_no"], lock=True)
        coverage = coverage_on(person, given["begun"])
        if coverage is None:
            raise Problem("no coverage", psn_no=person.psn_no, day=given["begun"])
        institution = _institution(given, coverage.region)
        number = next_number(coverage.region.body)
        visit = Visit.objects.create(
            mdtrt_id=store.next_id("mdtrt_id", coverage.region.body.code),
            kind="manual",
            state="discharged",
            person=person,
            coverage=coverage,
            institution=institution,
            med_type=given["med_type"],
            number=number,
            disease=given["disease"] or "",
            begun=_moment(given["begun"]),
            ended=_moment(given["ended"]),
            data={"facts": given["facts"]} if given["facts"] else {},
        )
        made = _made(user, number, person, visit, given)
        parts = _write_lines(visit, given["lines"])
        return Entered(made, parts)


def _check_amounts(given: Given) -> None:
    """The lines must add up to the invoices."""
    invoices = sum(one["amount_fen"] for one in given["invoices"])
    total = sum(one["amount_fen"] for one in given["lines"])
    if invoices != total:
        raise Problem("amounts differ", lines=total, invoices=invoices)


def _made(user: Any, number: str, person: Person, visit: Visit, given: Given) -> Reimbursement:
    made: Reimbursement = Reimbursement.objects.create(
        number=number,
        person=person,
        body=place(given),
        visit=visit,
        bank_account=given["bank_account"],
        entered_by=user,
        entered_at=clock.now(),
    )
    for one in given["invoices"]:
        about = {"code": one["code"] or "", "number": one["number"], "issuer": one["issuer"]}
        known_one = Invoice.objects.filter(void=False, **about).select_related("reimbursement").first()
        if known_one is not None:
            raise _taken(about, known_one.reimbursement.number)
        _, new = Invoice.objects.get_or_create(
            void=False,
            **about,
            defaults={"reimbursement": made, "day": one["day"], "amount_fen": one["amount_fen"]},
        )
        if not new:  # somebody entered it since we looked
            raise _taken(about, "-")
    return made


def _taken(about: dict[str, str], reimbursement: str) -> Problem:
    return Problem("invoice taken", code=about["code"] or "-", number=about["number"], reimbursement=reimbursement)


def _moment(day: date) -> datetime:
    return datetime.combine(day, time.min, clock.CHINA)


def _institution(given: Given, region: Region) -> Institution:
    """The institution: a known one, or one that lies elsewhere, which is then known without an agreement.

    The latter stands at the root of the tree, so it is local to no region.
    """
    found: Institution | None = Institution.objects.select_related("body").filter(code=given["institution"]).first()
    if found is not None:
        return found
    if not given["name"] or not given["grade"]:
        return known_institution(given["institution"])  # raises
    check_code("HOSP_LV", given["grade"])
    root = Body.objects.get(code=str(region.body.path).split("/")[1])
    if inside(root, region.body):
        raise Problem("bad request", problems=Bilingual("统筹区没有上级", "the region has no body above it"))
    made: Institution = Institution.objects.create(
        code=given["institution"],
        name=given["name"],
        credit_code="",
        kind="1",
        grade=given["grade"],
        body=root,
    )
    return made


def _write_lines(visit: Visit, given: list[Given]) -> lines.Parts:
    """Split the lines by the catalogue of the person's region and keep them with the visit."""
    law = law_of(visit.coverage.region, visit.coverage.scheme)
    new = [_line(visit, place, one) for place, one in enumerate(given, 1)]
    claim = claim_of(visit, visit.mdtrt_id, clock.today(), first=True, last=True, balance_fen=0)
    try:
        policy = law.series.rule_for(claim).policy
    except ClaimError as error:
        raise Problem("refused", text=error.text) from None
    splits = lines.split_new(law, policy, with_ordinary(claim, policy), (), new)
    for line in new:
        lines.with_parts(line, splits[line.number][0]).save()
    return lines.sums(new)


def _line(visit: Visit, place: int, one: Given) -> FeeLine:
    code = one["item_code"]
    if not code:
        own = one["own_code"]
        found = mapped(visit.institution, own, one["day"]) if own else None
        if found is None:
            wrong = Bilingual(
                f"明细 {place}：没有国家编码，也没有对照", f"line {place}: no national code and no mapping"
            )
            raise Problem("bad request", problems=wrong)
        code = found.item_code
    return FeeLine(
        visit=visit,
        number=str(place),
        charged=_moment(one["day"]),
        item_code=code,
        own_code=one["own_code"] or "",
        count=Decimal(one["count"]),
        price=Decimal(one["price"]),
        amount_fen=one["amount_fen"],
    )


def known_reimbursement(number: str, lock: bool = False) -> Reimbursement:
    """The reimbursement with a number. Raises Problem("not known")."""
    asked = Reimbursement.objects.select_for_update(of=("self",)) if lock else Reimbursement.objects
    found: Reimbursement | None = (
        asked.select_related("body", "person", "visit__coverage__region__body", "visit__institution")
        .filter(number=number)
        .first()
    )
    if found is None:
        raise Problem("not known", what=Bilingual(f"报销 {number}", f"reimbursement {number}"))
    return found


def withdraw(number: str) -> Reimbursement:
    """Withdraw what was not settled; its invoices may then be entered again."""
    with transaction.atomic():
        found = known_reimbursement(number, lock=True)
        if found.state != "entered":
            raise Problem("reimbursement state", number=number, state=STATES[found.state])
        found.state = "withdrawn"
        found.save(update_fields=["state"])
        found.invoices.update(void=True)
        found.visit.state = "cancelled"
        found.visit.save(update_fields=["state"])
        return found
