"""What the platform that insures answers to a place of care: who, try, settle, reverse, outcome; clearing besides.

A change is carried out at most once for each global id, and its verdict is kept in the same transaction: done, or
refused and why. Both are final. `outcome` makes an id void that had not arrived, so that it is final, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from django.db import IntegrityError, connection, transaction

from openyibao.service.clock import now
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.visits import plain
from openyibao.service.organisation.models import Region
from openyibao.service.people.models import Coverage, Filing, Identity, Person
from openyibao.service.portability import clearing, hosts
from openyibao.service.portability.models import Deed, Glimpse, Peer
from openyibao.service.portability.peers import own_region
from openyibao.service.portability.shown import shown
from openyibao.service.portability.wire import Said, digest_of
from openyibao.service.settlements import replies
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.door import Outcome, reverse, settle, try_settle
from openyibao.service.settlements.models import Settlement, Visit

Answer = Callable[[Peer, Region, Said], Said]
VARYING = ("nonce", "version")


def answer(peer: Peer, what: str, said: Said) -> Said:
    """The answer to a question of a peer. A refusal of what changes nothing is an answer, too."""
    try:
        own = own_region(str(said.get("to", "")))
        return ANSWERS[what](peer, own, said)
    except Refused as refused:
        return refusal(refused)


def refusal(refused: Refused) -> Said:
    """A refusal as it is told: its reason by name and code, and its text in both languages."""
    texts = {lang: refused.text(lang).partition(" ")[2] for lang in ("zh", "en")}
    return {"state": "refused", "code": refused.reason.code, **texts}


# -- who somebody is


def who(peer: Peer, own: Region, said: Said) -> Said:
    """A person by what they showed, or by number and certificate, with what the place of care has to know."""
    try:
        found, output = shown(own, said)
    except Refused as refused:
        _glimpsed(peer, said, "-", refused.reason.code)
        raise
    _glimpsed(peer, said, found.psn_no, "")
    return {"state": "done", "output": output, "person": described(found, own)}


def _glimpsed(peer: Peer, said: Said, psn_no: str, code: str) -> None:
    institution = str(said.get("institution", ""))[:12]
    Glimpse.objects.create(peer=peer, institution=institution, psn_no=psn_no, code=code, at=now())


def described(person: Person, own: Region) -> Said:
    """What the place of care keeps of a person while they are treated there."""
    coverages = Coverage.objects.filter(person=person, region=own).order_by("period")
    return {
        "psn_no": person.psn_no,
        "certificate_type": person.certificate_type,
        "certificate": person.certificate,
        "name": person.name,
        "sex": person.sex,
        "ethnicity": person.ethnicity,
        "born": person.born.isoformat(),
        "coverages": [
            {
                **{name: getattr(one, name) for name in ("scheme", "insurance", "kind", "civil_servant", "facts")},
                "joined": one.joined.isoformat(),
                "suspended": one.suspended.isoformat() if one.suspended else None,
                "period": _period(one.period),
            }
            for one in coverages
        ],
        "identities": [
            {"code": one.code, "level": one.level, "period": _period(one.period)}
            for one in Identity.objects.filter(person=person).order_by("id")
        ],
        "filings": [
            {
                **{name: getattr(one, name) for name in ("number", "kind", "code")},
                "word": str(one.data.get("word", "")),
                "period": _period(one.period),
            }
            for one in Filing.objects.filter(person=person, cancelled=None).order_by("id")
        ],
    }


def _period(period: Any) -> list[str | None]:
    return [day.isoformat() if day else None for day in (period.lower, period.upper)]


# -- what changes nothing


class _TakenBack(Exception):
    pass


def try_it(peer: Peer, own: Region, said: Said) -> Said:
    """What settling would give now. The rows that it needs are taken back."""
    found: Said = {}
    try:
        with transaction.atomic():
            request = hosts.request_of(peer, own, said, "try", now())
            found = verdict_of(try_settle(request))
            raise _TakenBack
    except _TakenBack:
        return found


def verdict_of(outcome: Outcome) -> Said:
    """Who bears what, as the place of care books it."""
    payment, visit = outcome.payment, outcome.request.visit
    kinds = {False: payment.account_fen, True: payment.family_fen}
    accounts = {("family account" if family else "personal account"): fen for family, fen in kinds.items() if fen}
    names = ("funds", "hospital", "account", "family", "cash")
    settlement = outcome.settlement
    return {
        "state": "done",
        "scheme": visit.coverage.scheme,
        "paid": {**payment.by_payer(), **accounts},
        "money": {name: getattr(payment, f"{name}_fen") for name in names} | {"total": payment.total_fen},
        "reply": plain(settlement.reply if settlement else replies.reply_of(outcome)),
        "balance_fen": outcome.balance_fen,
        "policy": outcome.entries[0].policy if outcome.entries else "",
        "digest": outcome.entries[0].digest if outcome.entries else "",
    }


# -- what changes something, once


def settle_it(peer: Peer, own: Region, said: Said) -> Said:
    def do() -> tuple[Settlement, Said]:
        moment = now()
        outcome = settle(hosts.request_of(peer, own, said, str(said["number"]), moment))
        assert outcome.settlement is not None
        return outcome.settlement, verdict_of(outcome)

    return _once(peer, "settle", said, do)


def reverse_it(peer: Peer, own: Region, said: Said) -> Said:
    """Take back what was settled for the peer under the global id `of`."""

    def do() -> tuple[Settlement, Said]:
        of = Deed.objects.filter(peer=peer, number=str(said["of"]), what="settle", state="done").first()
        if of is None:
            raise Refused("unknown settlement", psn_no="-", setl_id=str(said["of"]))
        settled = Settlement.objects.select_related("visit__coverage__region__body", "institution").get(
            pk=of.settlement_id
        )
        Visit.objects.select_for_update().get(pk=settled.visit_id)
        back = reverse(settled, now(), str(said["number"]))
        return back, {"state": "done", "of": of.number, "reply": plain(back.reply)}

    return _once(peer, "reverse", said, do)


def _once(peer: Peer, what: str, said: Said, do: Callable[[], tuple[Settlement, Said]]) -> Said:
    """Carry something out for a global id, or give the verdict that is kept for it."""
    number = str(said["number"])
    digest = digest_of({name: value for name, value in said.items() if name not in VARYING})
    with transaction.atomic():
        taken = _take(peer, number, what, digest)
        if isinstance(taken, Deed):
            if taken.state != "void" and taken.digest != digest:
                raise ValueError("an id came with two contents")  # no verdict: whoever does so is told nothing
            return verdict_kept(taken)
        try:  # a block of its own: what is refused is undone, and the verdict kept
            with transaction.atomic():
                settlement, verdict = do()
        except Refused as refused:
            return _keep(taken, refusal(refused))
        except IntegrityError as error:
            return _keep(taken, refusal(as_refusal(error)))
        told = {"setl_id": settlement.setl_id, "day": settlement.day.isoformat()}
        return _keep(taken, {**verdict, **told, "moment": settlement.settled.isoformat()}, settlement)


def _take(peer: Peer, number: str, what: str, digest: str) -> int | Deed:
    """Take an id as void: the number of its new row; or the row that has it. Waits for a request under way."""
    moment = now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO portability_deed (peer_id, number, what, digest, state, day, verdict, at)"
            " VALUES (%s, %s, %s, %s, 'void', %s, '{}', %s) ON CONFLICT DO NOTHING RETURNING id",
            [peer.pk, number, what, digest, day_of(moment), moment],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else Deed.objects.get(peer=peer, number=number)


def _keep(row: int, verdict: Said, settlement: Settlement | None = None) -> Said:
    day = {"day": settlement.day} if settlement else {}
    Deed.objects.filter(pk=row).update(state=verdict["state"], verdict=verdict, settlement=settlement, **day)
    return verdict


def as_refusal(error: IntegrityError) -> Refused:
    """What a constraint refused; one that means an error of ours is raised as it is."""
    cause = error.__cause__
    name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
    if name == "visit_one_admission":
        return Refused("in hospital")
    raise error


def verdict_kept(deed: Deed) -> Said:
    return {"state": "void"} if deed.state == "void" else dict(deed.verdict)


def outcome(peer: Peer, own: Region, said: Said) -> Said:
    """What became of an id. One that is not known becomes void: whatever was sent under it, if it still comes, is
    not carried out."""
    with transaction.atomic():
        taken = _take(peer, str(said["number"]), "outcome", "")
        return verdict_kept(taken) if isinstance(taken, Deed) else {"state": "void"}


ANSWERS: dict[str, Answer] = {
    "who": who,
    "try": try_it,
    "settle": settle_it,
    "reverse": reverse_it,
    "outcome": outcome,
    "statement": clearing.statement,
    "paid": clearing.paid,
}
