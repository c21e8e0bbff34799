"""Where the care is given: what is asked of the place that insures, durable before it is sent, until the verdict.

    begin(...)     message, visit and errand in one transaction: the visit takes no other change from now on
    carry(...)     ask; the verdict, if it comes, is kept with all that follows from it
    resolve(...)   ask what became of it, for whoever lost the answer; what had not arrived can't happen any more

Which of the two sides decides: the one that insures. Here its verdict is only written down.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from openyibao.service.clock import now
from openyibao.service.gateway import messages
from openyibao.service.gateway.calls import Call
from openyibao.service.gateway.models import Message
from openyibao.service.gateway.refusals import Reason, Refused
from openyibao.service.gateway.spec import transaction as specification
from openyibao.service.gateway.visits import nodes
from openyibao.service.gateway.writer import write_reply
from openyibao.service.portability import mirror
from openyibao.service.portability.models import Errand, Peer
from openyibao.service.portability.peers import own_division
from openyibao.service.portability.wire import NoAnswer, NotSent, Said, ask
from openyibao.service.settlements.models import Settlement, Visit

PENDING = "pending"
"""The key in a visit's data under which the errand stands that it waits for."""
GRACE_S = 5
"""How much longer than one that waits for the answer the worker waits before it asks."""
MOST_WAIT_S = 10


class RefusedElsewhere(Refused):
    """What the place that insures refused, in its words and under its code."""

    def __init__(self, verdict: Mapping[str, Any]) -> None:
        self.reason = Reason("elsewhere", str(verdict["code"]), str(verdict["zh"]), str(verdict["en"]))
        self.details = {}
        Exception.__init__(self, self.reason.en)

    def text(self, lang: str) -> str:
        return f"{self.reason.code} {getattr(self.reason, lang)}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an institution wants of the place that insures: the visit (locked), and what is sent and kept."""

    what: str
    visit: Visit
    content: Said
    data: Said = field(default_factory=dict)
    of: Settlement | None = None
    undoes: str = ""


def begin(call: Call, peer: Peer, digest: str, want: Callable[[], Wanted]) -> tuple[Errand, Said] | Errand | bytes:
    """A new errand with what is to be sent; one under way for this very message; or the reply that is kept for it."""
    with transaction.atomic():
        taken = messages.hold(call, digest)
        if isinstance(taken, bytes):
            return taken or _last(call)
        wanted = want()
        visit, moment, own = wanted.visit, now(), own_division(call.institution)
        errand = Errand.objects.create(
            peer=peer,
            number=f"{own}-{secrets.token_hex(16)}",
            what=wanted.what,
            institution=call.institution,
            msgid=call.msgid,
            infno=call.infno,
            visit=visit,
            of=wanted.of,
            undoes=wanted.undoes,
            data={**wanted.data, "own": own},
            begun=moment,
            due=moment + timedelta(seconds=settings.REGION_TIMEOUT_S + GRACE_S),
        )
        visit.data[PENDING] = errand.number
        visit.save(update_fields=["data"])
        Message.objects.filter(pk=taken).update(visit=visit)
        return errand, {**wanted.content, "number": errand.number}


def _last(call: Call) -> Errand:
    """The errand of a message that has no reply yet. It may have its verdict by now; asking again does no harm."""
    found: Errand = (
        Errand.objects.select_related("peer").filter(institution=call.institution, msgid=call.msgid).latest("id")
    )
    return found


def carry(call: Call, errand: Errand, content: Said) -> bytes:
    """Ask the place that insures; the reply to the institution. Raises Refused, also where the verdict is not known."""
    try:
        verdict = ask(errand.peer, errand.what, content, own=errand.data["own"])
    except NotSent:
        conclude(errand, {"state": "void"})  # nothing was sent: it did not happen
        raise Refused("elsewhere away", region=errand.peer.division) from None
    except NoAnswer:
        raise pending(errand) from None
    return told(conclude(errand, verdict))


def resolve(errand: Errand) -> Errand:
    """The errand with its verdict, asked for again. Raises NoAnswer."""
    verdict = ask(errand.peer, "outcome", {"number": errand.number}, own=errand.data["own"])
    return conclude(errand, verdict)


def postpone(errand: Errand) -> None:
    """Ask again later, and later each time, but never much."""
    wait = timedelta(seconds=min(MOST_WAIT_S, 2 ** min(errand.tries, 8)))
    Errand.objects.filter(pk=errand.pk, state="asking").update(tries=errand.tries + 1, due=now() + wait)


def conclude(errand: Errand, verdict: Said) -> Errand:
    """Keep a verdict and all that follows from it, once. A verdict is final, so whoever brings it brings the same."""
    if verdict.get("state") not in ("done", "refused", "void"):
        raise NoAnswer("no verdict")
    with transaction.atomic():
        errand = Errand.objects.select_for_update(of=("self",)).select_related("peer").get(pk=errand.pk)
        if errand.state != "asking":
            return errand
        visit = (
            Visit.objects.select_for_update(of=("self",))
            .select_related("person", "coverage__region__body", "institution__body")
            .get(pk=errand.visit_id)
        )
        visit.data.pop(PENDING, None)
        visit.save(update_fields=["data"])
        errand.state, errand.ended = verdict["state"], now()
        setattr(errand, "verdict", dict(verdict))  # noqa: B010  (the field's own type is that of its column)
        message = Message.objects.filter(institution=errand.institution, msgid=errand.msgid, reply=b"", void=False)
        if errand.state == "done":
            _write(errand, visit, verdict)
            message.update(reply=_reply(errand), settlement=errand.settlement, visit=visit)
        else:
            message.delete()  # as of any request that was refused
        errand.save()
        return errand


def _write(errand: Errand, visit: Visit, verdict: Said) -> None:
    make = mirror.write if errand.what == "settle" else mirror.write_reversal
    errand.settlement = make(errand, visit, verdict)
    errand.day = errand.settlement.day
    if errand.undoes:
        Message.objects.filter(institution=errand.institution, msgid=errand.undoes).update(undone_by=errand.msgid)


def _reply(errand: Errand) -> bytes:
    assert errand.settlement is not None
    output = None if errand.undoes else nodes(errand.infno, errand.settlement.reply)
    return written(errand.infno, output, errand.data["own"])


def written(infno: str, output: Mapping[str, Any] | None, division: str) -> bytes:
    """A reply of the national interface."""
    moment = now()
    serial = secrets.randbelow(10**10)
    return write_reply(specification(infno), output, received=moment, now=moment, division=division, serial=serial)


def told(errand: Errand) -> bytes:
    """What the institution is told of an errand that has its verdict. Raises Refused."""
    if errand.state == "refused":
        raise RefusedElsewhere(errand.verdict)
    if errand.state == "void":
        raise Refused("not done elsewhere", region=errand.peer.division)
    kept = Message.objects.get(institution=errand.institution, msgid=errand.msgid)
    return bytes(kept.reply)


def pending(errand: Errand) -> Refused:
    return Refused("pending elsewhere", msgid=errand.msgid, region=errand.peer.division)
