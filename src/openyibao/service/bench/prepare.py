"""What the load needs beforehand: persons, visits with their lines, and the requests, prebuilt.

A visit of each kind goes through the interface once; the others are copies of it in SQL, of other persons.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from openyibao.service.bench.load import PLACE
from openyibao.service.clock import now
from openyibao.service.institutions.models import Institution
from openyibao.service.people.models import Coverage, Person
from openyibao.service.sandbox.data import persons as documented
from openyibao.service.sandbox.drive import drive
from openyibao.service.sandbox.ready import About, message
from openyibao.service.settlements.models import Visit

KINDS = (
    ("cq-category-1", "H50011200003"),
    ("cq-category-2", "H50011200003"),
    ("cq-child", "H50011200003"),
    ("cq-category-1", "H50011200002"),
    ("cq-child", "H50011200002"),
)
"""Documented persons and where they are treated: two classes of payment, adults and minors, two grades."""
BASKET = tuple(
    ("CQ-DRUG-C" if number % 5 == 4 else "CQ-DRUG-A", str(1 + number % 3), f"{1 + number * 0.37:.2f}")
    for number in range(20)
)
"""Twenty lines: item, count, price."""
ADDRESS = "/fsi/api/rsfComIfsService/callService"
WIDTH = 12


@dataclass(frozen=True)
class Kind:
    """A visit that went through the interface as far as its upload; what its reply said of the sums."""

    visit: Visit
    about: About
    known: Mapping[str, Any]


def number_of(person: int) -> str:
    """The psn_no and the certificate of a person of the benchmark."""
    return f"BENCH{person:0{WIDTH}d}"


def make_persons(count: int) -> None:
    """So many persons, of the kinds in turn, with their coverage."""
    for place, (name, _) in enumerate(KINDS):
        model = _coverage(name)
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH made AS (INSERT INTO people_person (psn_no, certificate_type, certificate, name, sex, ethnicity,"
                " born, card) SELECT 'BENCH' || lpad(n::text, %s, '0'), '01', 'BENCH' || lpad(n::text, %s, '0'),"
                " t.name, t.sex, t.ethnicity, t.born, '' FROM people_person t, generate_series(%s::int, %s, %s) n"
                " WHERE t.id = %s RETURNING id) INSERT INTO people_coverage (person_id, region_id, scheme, insurance,"
                " kind, civil_servant, employer, joined, period, suspended, facts) SELECT made.id, c.region_id,"
                " c.scheme, c.insurance, c.kind, c.civil_servant, c.employer, c.joined, c.period, c.suspended, c.facts"
                " FROM made, people_coverage c WHERE c.id = %s",
                [WIDTH, WIDTH, place, count - 1, len(KINDS), model.person_id, model.pk],
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE people_person, people_coverage")


def _coverage(name: str) -> Coverage:
    documented_name = next(one.name for one in documented() if one.id == name)
    rows = Coverage.objects.select_related("person", "region__body").exclude(person__psn_no__startswith="BENCH")
    found: Coverage = rows.get(person__name=documented_name)
    return found


def kinds(port: int) -> list[Kind]:
    """One uploaded visit of each kind, through the interface. Raises RuntimeError where one is refused."""
    return [_kind(port, place) for place in range(len(KINDS))]


def _kind(port: int, place: int) -> Kind:
    person = Person.objects.get(psn_no=number_of(place))
    coverage = Coverage.objects.select_related("person", "region__body").get(person=person)
    about = _about(coverage, place, "outpatient", BASKET, f"K{now():%H%M%S}{place}")
    known: dict[str, Any] = {}
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(content: dict[str, Any]) -> Mapping[str, Any]:
        if content["infno"] == "2207":
            known.update(content["input"]["data"])
            return {"infcode": -1, "err_msg": ""}  # left for the load
        client.request("POST", ADDRESS, json.dumps(content, ensure_ascii=False).encode())
        reply: Mapping[str, Any] = json.loads(client.getresponse().read(), parse_float=Decimal)
        return reply

    driven = drive(about, send)
    client.close()
    if not known:
        raise RuntimeError(f"{KINDS[place]}: {driven.refused}")
    return Kind(Visit.objects.get(mdtrt_id=known["mdtrt_id"]), about, known)


def about_of(place: int, kind: str, lines: int, serial: str) -> About:
    """A visit of a kind, of the documented person at a place of KINDS, with so many lines."""
    basket = tuple(BASKET[number % len(BASKET)] for number in range(lines))
    return _about(_coverage(KINDS[place][0]), place, kind, basket, serial)


def _about(coverage: Coverage, place: int, kind: str, basket: tuple[tuple[str, str, str], ...], serial: str) -> About:
    institution = Institution.objects.select_related("body").get(code=KINDS[place][1])
    return About(coverage.person, coverage, institution, kind, now(), basket, serial)


def copy_visits(made: Sequence[Kind], first: int, count: int, persons: int) -> None:
    """Visits numbered from `first`, of the persons in turn, each a copy of the visit of its person's kind."""
    with connection.cursor() as cursor:
        for place, kind in enumerate(made):
            cursor.execute(
                "WITH made AS (INSERT INTO settlements_visit (mdtrt_id, kind, state, person_id, coverage_id,"
                " institution_id, med_type, number, disease, begun, ended, data)"
                " SELECT 'B' || lpad(n::text, 19, '0'), v.kind, v.state, p.id, c.id, v.institution_id, v.med_type,"
                " 'B' || n, v.disease, v.begun, v.ended, v.data FROM settlements_visit v, generate_series(%s, %s, %s) n"
                " JOIN people_person p ON p.psn_no = 'BENCH' || lpad((n %% %s)::text, %s, '0')"
                " JOIN people_coverage c ON c.person_id = p.id WHERE v.id = %s RETURNING id)"
                " INSERT INTO settlements_feeline (visit_id, number, batch, charged, item_code, own_code, count, price,"
                " amount_fen, fully_self_paid_fen, over_limit_fen, pre_self_paid_fen, in_scope_fen, reply, data,"
                " split_by) SELECT made.id, f.number, f.batch, f.charged, f.item_code, f.own_code, f.count, f.price,"
                " f.amount_fen, f.fully_self_paid_fen, f.over_limit_fen, f.pre_self_paid_fen, f.in_scope_fen, f.reply,"
                " f.data, f.split_by FROM made, settlements_feeline f WHERE f.visit_id = %s",
                [first + place, first + count - 1, len(made), persons, WIDTH, kind.visit.pk, kind.visit.pk],
            )
        cursor.execute("ANALYZE settlements_visit, settlements_feeline")


def settle_bodies(made: Sequence[Kind], first: int, count: int, persons: int) -> list[tuple[str, bytes]]:
    """The requests that settle copied visits."""
    shapes = [_shape("2207", kind, chrg_bchno=kind.known["chrg_bchno"], **_sums(kind)) for kind in made]
    return [
        ("2207", _filled(shapes[number % len(made)], number, number % persons, f"B{number:019d}".encode()))
        for number in range(first, first + count)
    ]


def flows(made: Sequence[Kind], first: int, count: int, persons: int) -> list[list[tuple[str, bytes]]]:
    """The requests of whole visits."""
    infnos = ("2201", "2203", "2204", "2206", "2207")
    shapes = [[(infno, _shape(infno, kind, **_sums(kind))) for infno in infnos] for kind in made]
    return [
        [
            (infno, _filled(shape, number, number % persons, PLACE).replace(b"MSGID_INFNO", infno.encode()))
            for infno, shape in shapes[number % len(made)]
        ]
        for number in range(first, first + count)
    ]


def _sums(kind: Kind) -> dict[str, Any]:
    names = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "medfee_sumamt")
    return {name: kind.known[name] for name in names}


def _shape(infno: str, kind: Kind, **known: Any) -> bytes:
    """A request with places for what differs from visit to visit."""
    content = message(infno, kind.about, msgid="MSGID_OF_VISIT", mdtrt_id="MDTRT_OF_VISIT", **known)
    text = json.dumps(content, ensure_ascii=False)
    text = text.replace(kind.about.person.psn_no, "PERSON_OF_VISIT").replace(
        kind.about.person.certificate, "PERSON_OF_VISIT"
    )
    batch = str(kind.known["chrg_bchno"])
    if infno != "2207" or "chrg_bchno" not in known:
        text = text.replace(f'"{batch}"', '"NUMBER_OF_VISIT"')
    return text.encode()


def _filled(shape: bytes, number: int, person: int, mdtrt_id: bytes) -> bytes:
    return (
        shape.replace(b"MSGID_OF_VISIT", f"BENCH{number:012d}-MSGID_INFNO".encode())
        .replace(b"MDTRT_OF_VISIT", mdtrt_id)
        .replace(b"PERSON_OF_VISIT", number_of(person).encode())
        .replace(b"NUMBER_OF_VISIT", f"V{number}".encode())
    )
