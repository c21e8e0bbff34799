"""Keys that institutions prove themselves with. A secret is told once, to the person who decides, and never again."""

from __future__ import annotations

import secrets
from typing import Any

from openyibao.service.institutions.agreements import place_of_institution
from openyibao.service.institutions.doors import known
from openyibao.service.institutions.models import Institution, Key
from openyibao.service.organisation.fields import Day, Given, OneOf, Text
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.periods import period, shorten
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action

SECRET_BYTES = 32
METHODS = tuple(name for name, _ in Key.METHODS)


@action(
    "key.issue",
    may="key.change",
    decide="key.decide",
    takes={
        "institution": Text(12),
        "method": OneOf(METHODS),
        "identifier": Text(100),
        "public_key": Text(300, optional=True),
        "start": Day(),
        "end": Day(optional=True),
    },
    place=place_of_institution,
    subject="identifier",
)
def issue(given: Given, decision: Decision) -> Done:
    """A new key: for `sm2` the institution's own public key, else a secret that is made here."""
    institution = known(given["institution"])
    if (given["method"] == "sm2") != bool(given["public_key"]):
        raise Problem("bad request", problems="public_key: 仅用于 sm2 / for sm2, and only for it")
    if Key.objects.filter(method=given["method"], identifier=given["identifier"]).exists():
        raise Problem("key exists", method=given["method"], identifier=given["identifier"])
    secret = given["public_key"] or secrets.token_urlsafe(SECRET_BYTES)
    Key.objects.create(
        institution=institution,
        method=given["method"],
        identifier=given["identifier"],
        secret=secret,
        period=period(given["start"], given["end"]),
    )
    return Done({"identifier": given["identifier"]}, {} if given["public_key"] else {"secret": secret})


def _known_key(given: Given, lock: bool = False) -> Key:
    asked = Key.objects.select_for_update(of=("self",)) if lock else Key.objects
    found: Key | None = (
        asked.select_related("institution__body").filter(method=given["method"], identifier=given["identifier"]).first()
    )
    if found is None:
        raise Problem("not known", what=f"{given['method']} {given['identifier']}")
    return found


def _place_of_key(given: Given) -> Body:
    return _known_key(given).institution.body


@action(
    "key.end",
    may="key.change",
    decide="key.decide",
    takes={"method": OneOf(METHODS), "identifier": Text(100), "day": Day()},
    place=_place_of_key,
    subject="identifier",
)
def end(given: Given, decision: Decision) -> Done:
    """End a key before a day; it proves nothing from that day on."""
    key = _known_key(given, lock=True)
    key.period = shorten(key.period, given["day"])
    key.save(update_fields=["period"])
    return Done({"end": given["day"]})


def listed(institution: Institution) -> list[dict[str, Any]]:
    """The keys of an institution, without their secrets."""
    return [
        {"method": one.method, "identifier": one.identifier, "start": one.period.lower, "end": one.period.upper}
        for one in institution.keys.order_by("id")
    ]
