"""Where the care is given: persons of other regions, mirrored for as long as their visits stand here.

A mirror is a person whose kind of certificate is the division that insures them, so that it never stands for one of our
own persons. What it holds is what that region told last; benefits are never reckoned from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.catalogue import Catalogue
from openyibao.policy.model import Policy
from openyibao.service.gateway.lookup import region_of
from openyibao.service.gateway.refusals import Refused
from openyibao.service.people.models import Coverage, Filing, Identity, Person
from openyibao.service.portability.models import Guest, Peer
from openyibao.service.portability.peers import division_of, peers
from openyibao.service.settlements.law import Law, catalogue_of
from openyibao.service.settlements.models import Visit

Said = Mapping[str, Any]


def is_mirror(person: Person) -> bool:
    return person.certificate_type in peers()


def certificate_type(person: Person) -> str:
    """The kind of a person's certificate, as the interface states it."""
    if not is_mirror(person):
        return str(person.certificate_type)
    return str(Guest.objects.get(person=person).certificate_type)


def peer_of(visit: Visit) -> Peer | None:
    """The peer that insures the person of a visit here; None of our own insured."""
    return peers().get(division_of(visit.coverage.region))


def write(peer: Peer, said: Said) -> Person:
    """Mirror a person as their region describes them now. Raises Refused where the number is one of our own persons."""
    found = Person.objects.filter(psn_no=said["psn_no"]).first()
    if found is not None and found.certificate_type != peer.division:
        raise Refused("not elsewhere", psn_no=said["psn_no"])
    about = {name: said[name] for name in ("certificate", "name", "sex", "ethnicity")}
    about |= {"certificate_type": peer.division, "born": date.fromisoformat(said["born"])}
    person, _ = Person.objects.update_or_create(psn_no=said["psn_no"], defaults=about)
    Guest.objects.update_or_create(person=person, defaults={"certificate_type": said["certificate_type"]})
    for row in said["coverages"]:
        _cover(peer, person, row)
    _identify(person, said["identities"])
    _file(person, said["filings"])
    return person


def _cover(peer: Peer, person: Person, row: Said) -> None:
    """A coverage by the day on which it begins: visits refer to it."""
    names = ("scheme", "insurance", "kind", "civil_servant", "facts")
    period, suspended = _period(row["period"]), row["suspended"]
    about = {
        **{name: row[name] for name in names},
        "region": peer.region,
        "joined": date.fromisoformat(row["joined"]),
        "period": period,
        "suspended": date.fromisoformat(suspended) if suspended else None,
    }
    Coverage.objects.update_or_create(person=person, period__startswith=period.lower, defaults=about)


def _identify(person: Person, rows: list[Said]) -> None:
    wanted = {(row["code"], row["level"], *row["period"]) for row in rows}
    held = Identity.objects.filter(person=person)
    if {(one.code, one.level, _text(one.period.lower), _text(one.period.upper)) for one in held} != wanted:
        held.delete()
        Identity.objects.bulk_create(
            Identity(person=person, code=row["code"], level=row["level"], period=_period(row["period"])) for row in rows
        )


def _file(person: Person, rows: list[Said]) -> None:
    """Filings, under numbers that are none of ours: they decide whether the care counts as filed."""
    Filing.objects.filter(person=person).delete()
    Filing.objects.bulk_create(
        Filing(
            number=f"{person.certificate_type}-{row['number']}"[:30],
            kind=row["kind"],
            code=row["code"],
            person=person,
            period=_period(row["period"]),
            data={"word": row["word"]} if row["word"] else {},
        )
        for row in rows
    )


def _period(days: list[str | None]) -> DateRange:
    lower, upper = (date.fromisoformat(day) if day else None for day in days)
    return DateRange(lower, upper)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


@dataclass(frozen=True, slots=True)
class PlaceLaw:
    """The law of the place of care for a person from elsewhere: its catalogue, and no benefits. Splits by it are not
    compared with later ones.
    """

    catalogue: Catalogue
    catalogue_digest: str = ""


@dataclass(frozen=True, slots=True)
class NoPolicy:
    """Stands for the policy of the place that insures where only its scheme counts; it declares no facts."""

    scheme: str
    facts: tuple[Any, ...] = ()


def catalogue_for(visit: Visit) -> Catalogue:
    """The catalogue by which the lines of a visit are split."""
    here = law_here(visit)
    return here[0].catalogue if here is not None else catalogue_of(visit.coverage.region)


def law_here(visit: Visit) -> tuple[Law, Policy] | None:
    """By what the lines of a person from elsewhere are split: the catalogue of the place. None of our own insured."""
    if peer_of(visit) is None:
        return None
    law = PlaceLaw(catalogue_of(region_of(visit.institution)))
    return cast(Law, law), cast(Policy, NoPolicy(visit.coverage.scheme))
