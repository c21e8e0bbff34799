"""A month between two regions: what the place that insures owes for its persons' care, row by row, from the books.

    issue(...)      the place of care states what it is owed; the worker sends it until it is answered
    statement(...)  the place that insures compares every row with its own; agreed, or the differences
    pay(...)        it pays what is agreed, both ways set off; the worker tells the place of care, which books it

A settlement belongs to the month of its day at the place that insures: both know that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction

from openyibao.policy.model import Bilingual
from openyibao.service.clock import now, today
from openyibao.service.gateway.refusals import Refused
from openyibao.service.ledger.books import AccountKey, Line, NewEntry, post
from openyibao.service.ledger.months import month_end
from openyibao.service.organisation.models import Region
from openyibao.service.organisation.problems import Problem
from openyibao.service.portability.models import Clearing, Errand, Peer
from openyibao.service.portability.peers import division_of
from openyibao.service.portability.wire import NoAnswer, Said, ask, digest_of

Amounts = dict[str, int]
"""Fen by "scheme fund"."""
Rows = dict[str, Amounts]
"""What each settlement or reversal, by its global id, comes to; fen that the place that insures owes."""
ENTRY = "regional clearing"
MOST_DIFFERENCES = 1000

_BOOKED = """
WITH own AS ({own})
SELECT own.number, a.scheme || ' ' || a.fund, sum(p.fen)::bigint FROM own
JOIN settlements_settlement s ON s.id = own.settlement_id
LEFT JOIN ledger_entry e ON e.reference = s.setl_id AND e.kind IN ('settlement', 'reversal')
LEFT JOIN (ledger_posting p JOIN ledger_account a ON a.id = p.account_id AND a.kind = %(kind)s) ON p.entry_id = e.id
GROUP BY 1, 2 ORDER BY 1, 2
"""
_OWED = (
    "SELECT number, settlement_id FROM portability_errand WHERE state = 'done' AND peer_id = %(peer)s"
    " AND day BETWEEN %(first)s AND %(last)s AND data->>'own' = %(division)s"
)
_OWES = (
    "SELECT d.number, d.settlement_id FROM portability_deed d JOIN settlements_settlement t ON t.id = d.settlement_id"
    " JOIN settlements_history h ON h.id = t.history_id WHERE d.state = 'done' AND d.peer_id = %(peer)s"
    " AND d.day BETWEEN %(first)s AND %(last)s AND h.region_id = %(own)s"
)
SIDES = {"owed": ("receivable from region", _OWED, 1), "owes": ("payable to region", _OWES, -1)}


def booked(side: str, peer: Peer, own: Region, month: date) -> Rows:
    """What the books say of each settlement of a month, as fen that the place that insures owes."""
    kind, sql, sign = SIDES[side]
    values = {"kind": kind, "peer": peer.pk, "own": own.pk, "division": division_of(own)}
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED.format(own=sql), {**values, "first": month, "last": month_end(month)})
        found: Rows = {}
        for number, fund, fen in cursor.fetchall():
            amounts = found.setdefault(number, {})
            if fund is not None and fen:
                amounts[fund] = sign * int(fen)
        return found


def told(side: str, peer: Peer, own: Region, month: date) -> Rows:
    """What the verdicts say of the same: kept apart from the books, so that neither can be changed alone."""
    _, sql, _ = SIDES[side]
    table = "portability_errand" if side == "owed" else "portability_deed"
    values = {"peer": peer.pk, "own": own.pk, "division": division_of(own)}
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH own AS ({sql}) SELECT own.number, kept.verdict, first.verdict FROM own"
            f" JOIN {table} kept ON kept.number = own.number AND kept.peer_id = %(peer)s"
            f" LEFT JOIN {table} first ON first.number = kept.verdict->>'of' AND first.peer_id = %(peer)s",
            {**values, "first": month, "last": month_end(month)},
        )
        return {number: _of_verdict(verdict, first) for number, verdict, first in cursor.fetchall()}


def _of_verdict(verdict: Mapping[str, Any], first: Mapping[str, Any] | None) -> Amounts:
    """A reversal takes back what the first verdict gave."""
    source, sign = (verdict, 1) if first is None else (first, -1)
    return {f"{source['scheme']} {fund}": sign * int(fen) for fund, fen in source["paid"].items() if fen}


def compare(mine: Rows, theirs: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Every row on which two lists differ, with both amounts; [] where they are the same to the fen."""
    found = []
    for number in sorted(mine.keys() | theirs.keys()):
        here, there = mine.get(number), theirs.get(number)
        if here is None or there is None or here != dict(there):
            what = "missing here" if here is None else "missing there" if there is None else "amounts"
            found.append({"number": number, "what": what, "here": here, "there": there})
    return found


def totals_of(rows: Mapping[str, Mapping[str, int]]) -> Amounts:
    totals: Amounts = {}
    for amounts in rows.values():
        for fund, fen in amounts.items():
            totals[fund] = totals.get(fund, 0) + fen
    return dict(sorted(totals.items()))


# -- the place of care


@transaction.atomic
def issue(peer: Peer, own: Region, month: date, day: date) -> Clearing:
    """State what a peer owes for a month. Raises Problem where the month is not over, errands of it are open, the
    books differ from the verdicts, or it is agreed already."""
    month = month.replace(day=1)
    if day <= month_end(month):
        raise Problem("clearing month", month=f"{month:%Y-%m}")
    waiting = Errand.objects.filter(peer=peer, state="asking", begun__date__lte=month_end(month)).count()
    if waiting:
        raise Problem("clearing waits", count=waiting)
    rows = booked("owed", peer, own, month)
    wrong = compare(rows, told("owed", peer, own, month))
    if wrong:
        raise Problem("clearing books", numbers=", ".join(one["number"] for one in wrong[:10]))
    made = _locked("owed", peer, own, month)
    if made is not None and made.state not in ("issued", "differs"):
        raise Problem("clearing state", month=f"{month:%Y-%m}", state=STATES[made.state])
    return _write(made or Clearing(peer=peer, own=own, side="owed", month=month), rows, "issued")


def send(clearing: Clearing) -> Clearing:
    """Send a statement and keep the answer. Raises NoAnswer."""
    own = division_of(clearing.own)
    rows = booked("owed", clearing.peer, clearing.own, clearing.month)
    content = {"month": clearing.month.isoformat(), "rows": rows, "digest": clearing.digest}
    if digest_of(rows) != clearing.digest:
        raise NoAnswer("the books changed since the statement was made")
    said = ask(clearing.peer, "statement", content, own=own)
    if said.get("state") != "done":
        raise NoAnswer(str(said.get("code", "")))
    with transaction.atomic():
        found = Clearing.objects.select_for_update().get(pk=clearing.pk)
        if found.state in ("issued", "differs") and found.digest == clearing.digest:
            found.differences, found.told = said["differences"], True
            found.state = "differs" if said["differences"] else "agreed"
            found.save()
        return found


def paid(peer: Peer, own: Region, said: Said) -> Said:
    """The place that insures has paid: booked here, once."""
    month = date.fromisoformat(str(said["month"]))
    with transaction.atomic():
        found = _locked("owed", peer, own, month)
        if found is None or found.digest != said["digest"] or found.fen != said["fen"]:
            raise Refused("clearing unknown", month=f"{month:%Y-%m}")
        if found.state != "received":
            found.entry = _book(found, "receivable from region", str(peer.region.body.code), -1, today())
            found.state, found.transfer_fen, found.differences = "received", int(said["transfer_fen"]), []
            found.save()
    return {"state": "done"}


# -- the place that insures


def statement(peer: Peer, own: Region, said: Said) -> Said:
    """A peer's statement of a month, compared row by row with what was done here and with our own books."""
    month = date.fromisoformat(str(said["month"]))
    theirs: Rows = said["rows"]
    mine = booked("owes", peer, own, month)
    wrong = compare(mine, theirs)
    own_books = compare(mine, told("owes", peer, own, month))
    wrong += [{**one, "what": "books"} for one in own_books]
    if digest_of(theirs) != said["digest"]:
        raise Refused("clearing unknown", month=f"{month:%Y-%m}")
    with transaction.atomic():
        kept = _locked("owes", peer, own, month)
        if kept is not None and kept.state == "paid":
            agreed = kept.digest == said["digest"]
            return {"state": "done", "differences": [] if agreed else wrong[:MOST_DIFFERENCES]}
        kept = kept or Clearing(peer=peer, own=own, side="owes", month=month)
        _write(kept, theirs, "differs" if wrong else "agreed", wrong[:MOST_DIFFERENCES])
    return {"state": "done", "differences": wrong[:MOST_DIFFERENCES]}


@transaction.atomic
def pay(peer: Peer, own: Region, month: date, day: date) -> Clearing:
    """Pay a month that is agreed, after what the peer owes us for the same month is agreed, too: both are set off.

    The books move each way in full; `transfer_fen` is what the bank is to move. Raises Problem.
    """
    month = month.replace(day=1)
    ours, theirs = _locked("owes", peer, own, month), _locked("owed", peer, own, month)
    for one, fine in ((ours, ("agreed",)), (theirs, ("agreed", "received"))):
        if one is None or one.state not in fine:
            state = STATES[one.state] if one else STATES["none"]
            raise Problem("clearing state", month=f"{month:%Y-%m}", state=state)
    assert ours is not None and theirs is not None
    ours.entry = _book(ours, "payable to region", str(own.body.code), 1, day)
    ours.state, ours.told = "paid", False
    ours.transfer_fen = max(0, ours.fen - theirs.fen)
    ours.save()
    return ours


def tell_paid(clearing: Clearing) -> None:
    """Tell the place of care that a month was paid. Raises NoAnswer."""
    content = {
        "month": clearing.month.isoformat(),
        "digest": clearing.digest,
        "fen": clearing.fen,
        "transfer_fen": clearing.transfer_fen or 0,
    }
    said = ask(clearing.peer, "paid", content, own=division_of(clearing.own))
    if said.get("state") != "done":
        raise NoAnswer(str(said.get("code", "")))
    Clearing.objects.filter(pk=clearing.pk).update(told=True)


# -- both


STATES = {
    "none": Bilingual("没有对账单", "without a statement"),
    "issued": Bilingual("已出具，待对方核对", "issued, not compared yet"),
    "agreed": Bilingual("已核对一致", "agreed"),
    "differs": Bilingual("有差异", "different"),
    "paid": Bilingual("已付款", "paid"),
    "received": Bilingual("已收款", "received"),
}


def _locked(side: str, peer: Peer, own: Region, month: date) -> Clearing | None:
    found: Clearing | None = (
        Clearing.objects.select_for_update(of=("self",))
        .select_related("peer__region__body", "own__body")
        .filter(side=side, peer=peer, own=own, month=month)
        .first()
    )
    return found


def _write(
    clearing: Clearing, rows: Mapping[str, Mapping[str, int]], state: str, differences: Sequence[Any] = ()
) -> Clearing:
    totals = totals_of(rows)
    clearing.rows, clearing.totals, clearing.fen = len(rows), totals, sum(totals.values())
    clearing.digest, clearing.state, clearing.differences = digest_of(rows), state, list(differences)
    clearing.told, clearing.made = clearing.side == "owes", now()
    clearing.save()
    return clearing


def _book(clearing: Clearing, kind: str, region: str, sign: int, day: date) -> int | None:
    """The money against what was owed, fund by fund; no entry where nothing was."""
    other = str(clearing.peer.region.body.code)
    lines: list[Line] = []
    for name, fen in clearing.totals.items():
        scheme, _, fund = name.partition(" ")
        if fen:
            lines.append((AccountKey(kind, region, scheme, fund, other), sign * fen))
            lines.append((AccountKey("fund cash", region, scheme, fund), -sign * fen))
    if not lines:
        return None
    reference = f"{ENTRY} {clearing.peer.division} {clearing.month:%Y-%m}"
    return post(NewEntry(ENTRY, now(), day, reference, tuple(lines)))


def waiting() -> Iterable[Clearing]:
    """What is still to be sent to peers: statements without an answer, payments that the other side does not know."""
    return Clearing.objects.select_related("peer__region__body", "own__body").filter(
        told=False, state__in=("issued", "paid")
    )


def pass_on(clearing: Clearing) -> None:
    """Send one of them. Raises NoAnswer."""
    if clearing.state == "issued":
        send(clearing)
    else:
        tell_paid(clearing)
