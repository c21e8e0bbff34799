"""Institutions: applications, agreements, keys, mapped codes. Steps of agreements and keys are proposals."""

from __future__ import annotations

from typing import Any

from openyibao.service.institutions import agreements, keys, mappings
from openyibao.service.institutions.doors import known
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.fields import Text
from openyibao.service.organisation.roles import known_body
from openyibao.service.staff import places
from openyibao.service.staff.routes import Asked, route

MOST = 500


@route("GET", "institutions", item="institution.find", place=places.of_body, takes={"body": Text(12)})
def institution_list(asked: Asked) -> dict[str, Any]:
    """The institutions of a body and all below it, at most 500."""
    path = places.of_body(asked).path
    found = Institution.objects.filter(body__path__startswith=path).select_related("body")
    rows = list(found.prefetch_related("agreements").order_by("code")[: MOST + 1])
    return {"institutions": [agreements.show(one, asked.day) for one in rows[:MOST]], "more": len(rows) > MOST}


@route(
    "POST",
    "institutions",
    item="institution.apply",
    place=places.of_body,
    takes={"body": Text(12), **agreements.APPLICATION},
)
def apply_for_agreement(asked: Asked) -> dict[str, Any]:
    """Take in an application: of a new institution, or for a further agreement of a known one."""
    made = agreements.apply_for(asked.given, known_body(asked.given["body"]))
    asked.subject = made.institution.code
    return {"institution": made.institution.code, "number": made.number, "state": made.state}


@route("GET", "institutions/<code>", item="institution.find", place=places.of_institution)
def institution(asked: Asked) -> dict[str, Any]:
    return agreements.show(known(asked.names["code"]), asked.day)


@route("GET", "institutions/<code>/keys", item="key.find", place=places.of_institution)
def key_list(asked: Asked) -> dict[str, Any]:
    """Which keys there are; never a secret."""
    return {"keys": keys.listed(known(asked.names["code"]))}


@route("GET", "institutions/<code>/mappings", item="mapping.find", place=places.of_institution)
def mapping_list(asked: Asked) -> dict[str, Any]:
    return {"mappings": mappings.listed(known(asked.names["code"]))}


@route(
    "POST",
    "institutions/<code>/mappings",
    item="mapping.change",
    place=places.of_institution,
    takes=mappings.MAPPING,
)
def add_mapping(asked: Asked) -> dict[str, Any]:
    made = mappings.add(known(asked.names["code"]), asked.given)
    return {"own_code": made.own_code, "item_code": made.item_code}


@route(
    "POST",
    "institutions/<code>/mappings/end",
    item="mapping.change",
    place=places.of_institution,
    takes=mappings.ENDING,
)
def end_mapping(asked: Asked) -> dict[str, Any]:
    ended = mappings.end(known(asked.names["code"]), asked.given)
    return {"own_code": ended.own_code, "end": ended.period.upper}
