"""On the platform that insures: a person of ours treated elsewhere, as rows that the door of settlement settles.

The institution elsewhere stands here as an institution at the peer's place, without an agreement: it can ask nothing
of this platform itself. A visit is kept under a number of our own, beside the number that it has there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from openyibao.service.clock import CHINA
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.visits import coverage_of, set_disease
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.models import Region
from openyibao.service.people.models import Person
from openyibao.service.portability.models import Care, Glimpse, Peer
from openyibao.service.portability.peers import division_of
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.door import Request
from openyibao.service.settlements.elsewhere import MARK
from openyibao.service.settlements.lines import PARTS
from openyibao.service.settlements.models import FeeLine, Visit
from openyibao.service.settlements.store import next_id, settled_lines

Said = Mapping[str, Any]
KINDS = ("outpatient", "inpatient")


def request_of(peer: Peer, own: Region, said: Said, number: str, now: datetime) -> Request:
    """What a peer asks to try or settle, with its visit and its lines written and locked. Raises Refused."""
    about = said["visit"]
    person = person_of(str(said["psn_no"]))
    if not Glimpse.objects.filter(peer=peer, psn_no=person.psn_no, code="").exists():
        raise Refused("person not here", psn_no=person.psn_no)
    begun = moment(about["begun"])
    if about["kind"] not in KINDS or day_of(begun) > day_of(now):
        raise Refused("bad moment", field="begun", found=about["begun"])
    coverage = coverage_of(person, str(said["insutype"]), day_of(begun))
    if coverage.region_id != own.pk:
        raise Refused("not insured", psn_no=person.psn_no, day=day_of(begun), insurance=said["insutype"])
    care = Care.objects.filter(peer=peer, mdtrt_id=about["mdtrt_id"]).first()
    visit = (
        Visit.objects.select_for_update().get(pk=care.visit_id)
        if care
        else Visit(mdtrt_id=next_id("mdtrt_id", division_of(own)), number=about["mdtrt_id"], kind=about["kind"])
    )
    if care and visit.person_id != person.pk:
        raise Refused("unknown visit", psn_no=person.psn_no, mdtrt_id=about["mdtrt_id"])
    visit.person, visit.coverage, visit.institution = person, coverage, institution_of(peer, said["institution"])
    visit.med_type, visit.state = about["med_type"], about["state"]
    visit.begun, visit.ended = begun, moment(about["ended"]) if about["ended"] else None
    visit.data = {
        MARK: {
            "region": division_code(peer),
            "mdtrt_id": about["mdtrt_id"],
            "over_limit_borne_bp": int(said["institution"]["over_limit_borne_bp"]),
        }
    }
    set_disease(visit, {"dise_codg": about["disease"], "dise_name": about["disease_name"]})
    visit.save()
    if care is None:
        Care.objects.create(peer=peer, mdtrt_id=about["mdtrt_id"], visit=visit)
    lines = write_lines(visit, said["lines"])
    return Request(
        visit=visit,
        moment=now,
        msgid=number,
        only=frozenset(line.pk for line in lines),
        use_account=bool(said["use_account"]),
        last=bool(said["last"]),
        extra={str(name): value for name, value in said["extra"].items()},
    )


def division_code(peer: Peer) -> str:
    """The code under which the books know a peer's region."""
    return str(peer.region.body.code)


def person_of(psn_no: str) -> Person:
    """One of our persons; those who are only mirrored here are none. Raises Refused."""
    from openyibao.service.portability.guests import is_mirror

    found: Person | None = Person.objects.filter(psn_no=psn_no).first()
    if found is None or is_mirror(found):
        raise Refused("unknown person", field="psn_no")
    return found


def institution_of(peer: Peer, said: Said) -> Institution:
    """The institution elsewhere, as its platform describes it now. Raises Refused where the code is one of ours."""
    about = {
        "name": str(said["name"])[:200],
        "credit_code": str(said["credit_code"])[:50],
        "kind": str(said["kind"]),
        "grade": str(said["grade"]),
        "facts": dict(said["facts"]),
    }
    found, new = Institution.objects.select_related("body").get_or_create(
        code=str(said["code"]), defaults={**about, "body": peer.region.body}
    )
    if found.body_id != peer.region.body_id:
        raise Refused("other institution", found=found.code, own=peer.division)
    if not new and any(getattr(found, name) != value for name, value in about.items()):
        Institution.objects.filter(pk=found.pk).update(**about)
        found = Institution.objects.select_related("body").get(pk=found.pk)
    return found


def write_lines(visit: Visit, said: Sequence[Said]) -> list[FeeLine]:
    """The lines as they were split there. What an earlier try or a settlement that was reversed left is replaced."""
    FeeLine.objects.filter(visit=visit).exclude(pk__in=settled_lines(visit)).delete()
    lines = [_line(visit, row) for row in said]
    return FeeLine.objects.bulk_create(lines)


def _line(visit: Visit, row: Said) -> FeeLine:
    parts = {f"{part}_fen": int(row[f"{part}_fen"]) for part in PARTS}
    return FeeLine(
        visit=visit,
        number=row["number"],
        batch=row["batch"],
        charged=moment(row["charged"]),
        item_code=row["item"],
        own_code=row["own_code"],
        count=Decimal(row["count"]),
        price=Decimal(row["price"]),
        amount_fen=int(row["amount_fen"]),
        data={"class": row["class"], "kind": row["kind"]},
        **parts,
    )


def moment(text: str) -> datetime:
    """A moment as platforms tell each other: ISO 8601 with its time zone, or China's."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=CHINA)
