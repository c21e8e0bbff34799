"""Messages that change something happen once: the id is taken in the transaction of the change.

The same id with the same content gets the kept reply, byte for byte; with another content it is refused. An id is
taken by a lock of the transaction, for which another call of the same id waits; the row is written once, at the end,
together with the reply.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from openyibao.service.direct import Ask, Statement, given, run, text
from openyibao.service.gateway.calls import Call
from openyibao.service.gateway.refusals import Refused
from openyibao.service.institutions.models import Institution
from openyibao.service.settlements.case import kept as kept_row

LOCK = Statement("lock", "SELECT pg_advisory_xact_lock($1)")
ABOUT = Statement(
    "about",
    "SELECT i.id, i.xmin::text || ' ' || b.xmin::text, EXISTS (SELECT FROM institutions_agreement a"
    " WHERE a.institution_id = i.id AND a.state = 'in force' AND a.period @> $3::date),"
    " m.void, m.digest, m.infno, m.reply FROM institutions_institution i JOIN organisation_body b ON b.id = i.body_id"
    " LEFT JOIN gateway_message m ON m.institution_id = i.id AND m.msgid = $2 WHERE i.code = $1",
)
KEEP = Statement(
    "keep",
    "INSERT INTO gateway_message (institution_id, msgid, infno, digest, reply, received, void, settlement_id, visit_id,"
    " undone_by) VALUES ($1, $2, $3, $4, $5, $6, false, $7, $8, '')",
)

HOLD = Statement(
    "hold",
    "INSERT INTO gateway_message (institution_id, msgid, infno, digest, reply, received, void, undone_by)"
    " VALUES ($1, $2, $3, $4, ''::bytea, $5, false, '') RETURNING id",
)


@dataclass(frozen=True, slots=True)
class About:
    """Who asks: whether an agreement is in force, and the message that is kept under the same id, if there is one."""

    institution: Institution
    agreed: bool
    kept: tuple[bool, str, str, bytes] | None


def digest_of(infno: str, insured: str, content: Mapping[str, Any]) -> str:
    """The SHA-256 of the business content of a request, in hexadecimal: not of when and by whom it was sent."""
    about = {"infno": infno, "insuplc_admdvs": insured, "input": content}
    try:
        text = orjson.dumps(about, default=_told, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # it has whole numbers of more than 64 bits
        text = _sorted(about).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()


def _told(value: Any) -> str:
    """Exact numbers by their digits; a file that came beside the message by its own digest."""
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)


_sorted = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_told).encode


def take(institution: str, msgid: str) -> tuple[int, Ask]:
    """Take a message id until the transaction ends: the number of its lock, and the statement.

    It waits for another call of the same id that is under way.
    """
    name = hashlib.sha256(f"{institution} {msgid}".encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(name[:8], "big", signed=True)
    return number, LOCK(text(number))


def ask(institution: str, msgid: str | None, day: date) -> Ask:
    """Who asks, and what is kept of a message id: to be asked when it is taken."""
    return ABOUT(institution.encode("utf-8", "surrogatepass"), given(msgid), text(day))


def about(institution: str, answer: Any) -> About:
    """The answer to `ask`. Raises Refused where there is no such institution."""
    if not answer.ntuples:
        raise Refused("unknown institution", institution=institution[:12])
    number, version, agreed, void, digest, infno, reply = (answer.get_value(0, place) for place in range(7))
    row = kept_row(
        "institutions", (number, version), lambda: Institution.objects.select_related("body").get(pk=int(number))
    )
    kept = None if void is None else (void == b"t", digest.decode(), infno.decode(), bytes.fromhex(reply[2:].decode()))
    return About(row, agreed == b"t", kept)


def hold(call: Call, digest: str) -> bytes | int:
    """Take an id with a row of its own at once, without a reply, for a call that goes on after this transaction.

    The number of the row, or the reply that is kept for the id. Raises Refused where the id means something else.
    """
    run([take(call.institution.code, call.msgid)[1]])
    found = about(call.institution.code, run([ask(call.institution.code, call.msgid, call.now.date())])[0])
    if found.kept is not None:
        return again(found.kept, call.msgid, digest)
    held = HOLD(text(call.institution.pk), call.msgid.encode(), call.infno.encode(), digest.encode(), text(call.now))
    return int(run([held])[0].get_value(0, 0))


def again(kept: tuple[bool, str, str, bytes], msgid: str, digest: str) -> bytes:
    """The reply that is kept for an id. Raises Refused where the id means something else."""
    void, before, infno, reply = kept
    if void:
        raise Refused("void id", msgid=msgid)
    if before != digest:
        raise Refused("same id, other content", msgid=msgid, infno=infno)
    return reply


def keep(call: Call, digest: str, reply: bytes) -> Ask:
    """The statement that keeps a message with its reply."""
    settlement, visit = call.links.get("settlement"), call.links.get("visit")
    return KEEP(
        text(call.institution.pk),
        call.msgid.encode(),
        call.infno.encode(),
        digest.encode(),
        b"\\x" + reply.hex().encode(),
        text(call.now),
        given(settlement.pk if settlement else None),
        given(visit.pk if visit else None),
    )
