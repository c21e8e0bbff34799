"""Which other regions' platforms there are, and with which keys they sign: two persons each."""

from __future__ import annotations

import re

from openyibao.service.organisation.fields import Day, Given, Text
from openyibao.service.organisation.models import Body, Region
from openyibao.service.organisation.periods import period, shorten
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.people.coverage import region_of
from openyibao.service.portability.clearing_actions import known_peer
from openyibao.service.portability.models import Peer, PeerKey
from openyibao.service.portability.peers import add_peer, forget

ADDRESS = re.compile(r"https?://[\w.:\[\]-]+(/[\w./-]*)?", re.ASCII)
PUBLIC_KEY = re.compile(r"(04)?[0-9A-Fa-f]{128}")
KEY = {"region": Text(12), "peer": Text(6), "identifier": Text(100)}


def _place(given: Given) -> Body:
    return region_of(given["region"]).body


@action(
    "peer.join",
    may="peer.change",
    decide="peer.decide",
    takes={"region": Text(12), "peer": Text(6), "name_zh": Text(100), "name_en": Text(100), "address": Text(200)},
    place=_place,
    subject="peer",
)
def join(given: Given, decision: Decision) -> Done:
    """Know another platform's region by its six-digit division, or its new address."""
    if not re.fullmatch(r"[0-9]{6}", given["peer"]) or not ADDRESS.fullmatch(given["address"]):
        raise Problem("bad request", problems="peer: 6 位区划 / 6 digits; address: http(s)://...")
    known = Peer.objects.filter(division=given["peer"])
    if known.exists():
        known.update(address=given["address"])
        forget()
    elif Region.objects.filter(body__code__startswith=given["peer"]).exists():
        raise Problem("own region", region=given["peer"])
    else:
        add_peer(given["peer"], given["name_zh"], given["name_en"], given["address"], _place(given))
    return Done({"peer": given["peer"]})


@action(
    "peer.key",
    may="peer.change",
    decide="peer.decide",
    takes={**KEY, "public_key": Text(130), "start": Day(), "end": Day(optional=True)},
    place=_place,
    subject="peer",
)
def add_key(given: Given, decision: Decision) -> Done:
    """A public SM2 key with which a peer signs from a day on."""
    if not PUBLIC_KEY.fullmatch(given["public_key"]):
        raise Problem("bad request", problems="public_key: 128 位十六进制 / 128 hex digits")
    peer = known_peer(given)
    if PeerKey.objects.filter(peer=peer, identifier=given["identifier"]).exists():
        raise Problem("key exists", method="sm2", identifier=given["identifier"])
    span = period(given["start"], given["end"])
    peer.keys.create(identifier=given["identifier"], public_key=given["public_key"], period=span)
    return Done({"identifier": given["identifier"]})


@action(
    "peer.key-end",
    may="peer.change",
    decide="peer.decide",
    takes={**KEY, "day": Day()},
    place=_place,
    subject="peer",
)
def end_key(given: Given, decision: Decision) -> Done:
    """End a peer's key before a day."""
    found = PeerKey.objects.select_for_update().filter(peer=known_peer(given), identifier=given["identifier"]).first()
    if found is None:
        raise Problem("not known", what=given["identifier"])
    found.period = shorten(found.period, given["day"])
    found.save(update_fields=["period"])
    return Done({"end": given["day"]})
