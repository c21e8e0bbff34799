"""Persons: find, register, coverage, identities, accounts, filings. What needs two persons is a proposal."""

from __future__ import annotations

from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.organisation.fields import Text
from openyibao.service.organisation.permissions import may
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.roles import known_body
from openyibao.service.people import accounts, certificates, filings, find, register, sensitive
from openyibao.service.staff import places
from openyibao.service.staff.routes import Asked, route

FINDING = {
    "body": Text(12),
    "psn_no": Text(30, optional=True),
    "household": Text(30, optional=True),
    "certificate_type": Text(2, optional=True),
    "certificate": Text(50, optional=True),
}


@route("POST", "persons/find", item="person.find", place=places.of_body, takes=FINDING)
def find_persons(asked: Asked) -> dict[str, Any]:
    """Persons of a body and all below it, by number, household or certificate; at most 100.

    A POST, so that no certificate stands in an address. Certificates are masked in the answer.
    """
    given = asked.given
    found = find.within(known_body(given["body"]))
    if given["certificate"]:
        kind = given["certificate_type"] or certificates.RESIDENT_CARD
        found = found.filter(certificate_type=kind, certificate=certificates.normal(kind, given["certificate"]))
    if given["psn_no"]:
        found = found.filter(psn_no=given["psn_no"])
    if given["household"]:
        found = found.filter(household__number=given["household"])
    if not (given["certificate"] or given["psn_no"] or given["household"]):
        todo = Bilingual("应给出 certificate、psn_no 或 household", "give certificate, psn_no or household")
        raise Problem("bad request", problems=todo)
    rows = list(found.order_by("psn_no")[: find.MOST_FOUND])
    asked.subject = ",".join(one.psn_no for one in rows) or given["body"]
    return {"persons": [find.show(one) for one in rows]}


@route("POST", "persons", item="person.register", place=places.of_household, takes=register.PERSON)
def register_person(asked: Asked) -> dict[str, Any]:
    made = register.register(asked.given)
    asked.subject = made.psn_no
    return find.show(made)


@route("GET", "persons/<psn_no>", item="person.find", place=places.of_person)
def person(asked: Asked) -> dict[str, Any]:
    return find.show(find.known(asked.names["psn_no"]))


@route("GET", "persons/<psn_no>/certificate", item="person.certificate", place=places.of_person)
def person_certificate(asked: Asked) -> dict[str, Any]:
    """The certificate in full. Every such look stands in the access log."""
    found = find.known(asked.names["psn_no"])
    return {"certificate_type": found.certificate_type, "certificate": found.certificate}


@route("POST", "households", item="person.register", place=places.of_body, takes={"body": Text(12)})
def register_household(asked: Asked) -> dict[str, Any]:
    made = register.found_household(known_body(asked.given["body"]))
    asked.subject = made.number
    return {"household": made.number, "body": made.body.code}


@route(
    "POST",
    "persons/<psn_no>/household",
    item="person.register",
    place=places.of_person,
    takes={"household": Text(30)},
)
def move_person(asked: Asked) -> dict[str, Any]:
    """Let a person belong to another household; both places must be one's own."""
    asked.require(places.of_household(asked))
    moved = find.known(asked.names["psn_no"], lock=True)
    register.move(moved, register.household(asked.given["household"]))
    return find.show(moved)


@route("GET", "persons/<psn_no>/coverage", item="coverage.find", place=places.of_person)
def coverage(asked: Asked) -> dict[str, Any]:
    return {"coverage": find.coverages(find.known(asked.names["psn_no"]))}


@route("GET", "persons/<psn_no>/identities", item="identity.find", place=places.of_person)
def identities(asked: Asked) -> dict[str, Any]:
    return {"identities": find.identities(find.known(asked.names["psn_no"]))}


@route("GET", "persons/<psn_no>/accounts", item="account.find", place=places.of_person)
def account_list(asked: Asked) -> dict[str, Any]:
    return {"accounts": accounts.listed(find.known(asked.names["psn_no"]))}


@route("POST", "persons/<psn_no>/accounts", item="account.open", place=places.of_person, takes=accounts.OPENING)
def open_account(asked: Asked) -> dict[str, Any]:
    return {"number": accounts.open_account(find.known(asked.names["psn_no"]), asked.given).number}


@route("POST", "accounts/<number>/members", item="account.open", place=places.of_account, takes=accounts.MEMBER)
def account_members(asked: Asked) -> dict[str, Any]:
    """Let a person draw on a family account, or no longer."""
    changed = accounts.change_member(asked.names["number"], asked.given)
    return {"number": changed.number, "members": sorted(changed.members.values_list("psn_no", flat=True))}


@route("GET", "persons/<psn_no>/filings", item="filing.find", place=places.of_person)
def filing_list(asked: Asked) -> dict[str, Any]:
    """The filings of a person. A sensitive diagnosis is shown to those only who may do `diagnosis.sensitive` there."""
    full = may(asked.user, sensitive.ITEM, places.of_person(asked), asked.day)
    return {"filings": find.filings(find.known(asked.names["psn_no"]), diagnoses=full)}


@route("POST", "persons/<psn_no>/filings", item="filing.make", place=places.of_person, takes=filings.FILING)
def make_filing(asked: Asked) -> dict[str, Any]:
    return {"number": filings.file(find.known(asked.names["psn_no"], lock=True), asked.given).number}


@route("POST", "filings/<number>/cancel", item="filing.make", place=places.of_filing)
def cancel_filing(asked: Asked) -> dict[str, Any]:
    found = filings.cancel(asked.names["number"])
    return {"number": found.number, "cancelled": found.cancelled}
