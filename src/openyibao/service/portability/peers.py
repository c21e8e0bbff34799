"""Which regions other platforms keep: looked up at each call of an institution, so kept for a moment in the process."""

from __future__ import annotations

import time
from collections.abc import Mapping

from django.db import connection

from openyibao.service.gateway.lookup import region_of
from openyibao.service.gateway.refusals import Refused
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.models import Body, Region
from openyibao.service.portability.models import Peer

DIVISION = 6
KEPT_SECONDS = 2.0
"""For how long a process may not yet know a new peer. Keys are looked up each time."""
_known: dict[str, tuple[float, Mapping[str, Peer]]] = {}


def peers() -> Mapping[str, Peer]:
    """All peers by their division."""
    database = str(connection.settings_dict["NAME"])
    until, found = _known.get(database, (0.0, {}))
    if time.monotonic() >= until:
        found = {one.division: one for one in Peer.objects.select_related("region__body")}
        _known[database] = time.monotonic() + KEPT_SECONDS, found
    return found


def forget() -> None:
    """Look all peers up anew: for whoever has just added one."""
    _known.clear()


def division_of(region: Region) -> str:
    return str(region.body.code)[:DIVISION]


def own_division(institution: Institution) -> str:
    """The division of our region in which an institution lies. Raises Refused."""
    return division_of(region_of(institution))


def own_region(division: str) -> Region:
    """Our own region of a division. Raises Refused for one that we do not insure."""
    found: Region | None = None
    if division not in peers() and len(division) == DIVISION:
        rows = Region.objects.select_related("body").filter(body__code__startswith=division)
        found = next((one for one in rows if division_of(one) == division), None)
    if found is None:
        raise Refused("unknown office", office=division[:12] or "-")
    return found


def add_peer(division: str, zh: str, en: str, address: str, beside: Body | None = None) -> Peer:
    """Know a region of another platform: its place (beside one of ours, below the same parent) unless it stands in the
    tree already, and a region without policies, which stands for it here."""
    parent = beside.parent if beside is not None else None
    path = f"{parent.path if parent else '/'}{division}/"
    body, _ = Body.objects.get_or_create(
        code=division,
        defaults={"name_zh": zh, "name_en": en, "level": "district", "path": path, "parent": parent},
    )
    region = Region.objects.create(body=body, policies={}, catalogue="")
    made: Peer = Peer.objects.create(region=region, division=division, address=address)
    forget()
    return made
