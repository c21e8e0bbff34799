"""Messages that change something happen once: the id is taken in the transaction of the change.

The same id with the same content gets the kept reply, byte for byte; with another content it is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import connection

from openyibao.service.gateway.calls import Call
from openyibao.service.gateway.models import Message
from openyibao.service.gateway.refusals import Refused


def digest_of(infno: str, insured: str, content: Mapping[str, Any]) -> str:
    """The SHA-256 of the business content of a request, in hexadecimal: not of when and by whom it was sent."""
    about = {"infno": infno, "insuplc_admdvs": insured, "input": content}
    text = json.dumps(about, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_told)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _told(value: Any) -> str:
    """Exact numbers by their digits; a file that came beside the message by its own digest."""
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)


def take(call: Call, digest: str) -> bytes | int:
    """Take the message id for this call: the number of its new row; or the reply that is kept for it.

    Waits for another call of the same id that is under way. Raises Refused where the id means something else.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO gateway_message (institution_id, msgid, infno, digest, reply, received, void, undone_by)"
            " VALUES (%s, %s, %s, %s, ''::bytea, %s, false, '') ON CONFLICT DO NOTHING RETURNING id",
            [call.institution.pk, call.msgid, call.infno, digest, call.now],
        )
        row = cursor.fetchone()
    if row:
        return int(row[0])
    kept = Message.objects.get(institution=call.institution, msgid=call.msgid)
    if kept.void:
        raise Refused("void id", msgid=call.msgid)
    if kept.digest != digest:
        raise Refused("same id, other content", msgid=call.msgid, infno=kept.infno)
    return bytes(kept.reply)


def keep(number: int, reply: bytes, links: Mapping[str, Any]) -> None:
    """Keep the reply beside its message."""
    Message.objects.filter(pk=number).update(reply=reply, **links)
