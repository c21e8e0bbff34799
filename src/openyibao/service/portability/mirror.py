"""Where the care is given: the settlement of the place that insures, mirrored beside the visit and in the books.

The books keep the money of another region under that region's code, as a set of books of its own: it owes us, as
place of care, what we owe the institution. Nothing of our own funds is touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from openyibao.service.clock import today
from openyibao.service.ledger.books import AccountKey, Line, NewEntry, entry_of, post, reverse
from openyibao.service.ledger.models import ClosedMonth
from openyibao.service.portability.hosts import moment
from openyibao.service.portability.models import Errand
from openyibao.service.settlements import lines, store
from openyibao.service.settlements.models import FeeLine, Settlement, Visit
from openyibao.service.settlements.postings import SETTLEMENT

Said = Mapping[str, Any]
MONEY = ("total", "funds", "hospital", "account", "family", "cash")


def write(errand: Errand, visit: Visit, verdict: Said) -> Settlement:
    """The mirror of a settlement that the place that insures has made. Its day is that of the settlement there."""
    row = store.history_of(visit.person, visit.coverage.region, visit.coverage.scheme, lock=True)
    row.last_number += 1
    row.save(update_fields=["last_number"])
    found = list(FeeLine.objects.filter(pk__in=errand.data["lines"]))
    parts = lines.sums(found)
    setl_id = store.next_id("setl_id", errand.data["own"])
    settled = moment(verdict["moment"])
    made = Settlement.objects.create(
        setl_id=setl_id,
        history=row,
        number=row.last_number,
        visit=visit,
        institution=errand.institution,
        msgid=errand.msgid,
        batch=errand.data["batch"],
        settled=settled,
        day=date.fromisoformat(verdict["day"]),
        policy=verdict["policy"],
        digest=verdict["digest"],
        facts={
            "extra": errand.data["extra"],
            "accounts": {},
            "balance_fen": verdict["balance_fen"],
            "last": errand.data["last"],
            "out of area": {"number": errand.number, "setl_id": verdict["setl_id"]},
        },
        line_ids=errand.data["lines"],
        **_nothing(),
        **{f"{part}_fen": getattr(parts, f"{part}_fen") for part in lines.PARTS},
        **{f"{name}_fen": int(verdict["money"][name]) for name in MONEY},
        reply=_with_own_ids(verdict["reply"], errand, visit, setl_id),
    )
    booked = booked_lines(visit, errand.institution.code, verdict["paid"])
    if booked:
        post(NewEntry(SETTLEMENT, settled, open_day(made.day), setl_id, booked))
    return made


def write_reversal(errand: Errand, visit: Visit, verdict: Said) -> Settlement:
    """The mirror of a reversal there."""
    of = errand.of
    assert of is not None
    row = store.history_of(visit.person, visit.coverage.region, visit.coverage.scheme, lock=True)
    row.last_number += 1
    row.save(update_fields=["last_number"])
    setl_id = store.next_id("setl_id", errand.data["own"])
    settled = moment(verdict["moment"])
    made = Settlement.objects.create(
        setl_id=setl_id,
        history=row,
        number=row.last_number,
        visit=visit,
        reverses_id=of.pk,  # `reverses=` would tell it to the original too: a ring
        institution=errand.institution,
        msgid=errand.msgid,
        batch=of.batch,
        settled=settled,
        day=date.fromisoformat(verdict["day"]),
        policy=of.policy,
        digest=of.digest,
        facts={"out of area": {"number": errand.number, "setl_id": verdict["setl_id"]}},
        **_nothing(),
        **{f"{name}_fen": -getattr(of, f"{name}_fen") for name in (*MONEY, *lines.PARTS)},
        reply=_with_own_ids(verdict["reply"], errand, visit, setl_id),
    )
    entry = entry_of(SETTLEMENT, of.setl_id)
    if entry is not None:
        reverse(entry.id, settled, open_day(made.day), setl_id)
    return made


def booked_lines(visit: Visit, institution: str, paid: Mapping[str, int]) -> tuple[Line, ...]:
    """The other region owes us by fund what we owe the institution."""
    region, scheme = visit.coverage.region.body.code, visit.coverage.scheme
    booked: list[Line] = []
    for fund, fen in paid.items():
        if fen:
            booked.append((AccountKey("receivable from region", region, scheme, fund, region), fen))
            booked.append((AccountKey("payable to institution", region, scheme, fund, institution), -fen))
    return tuple(booked)


def open_day(day: date) -> date:
    """The accounting day: that of the settlement, unless its month was closed before we knew of it."""
    closed = ClosedMonth.objects.order_by("-month").values_list("month", flat=True).first()
    return today() if closed is not None and (day.year, day.month) <= (closed.year, closed.month) else day


def _nothing() -> dict[str, list[Any]]:
    """No claim and no bill: benefits are reckoned at the place that insures, which keeps them."""
    return {"claim": [], "bill": [], "read": [], "added": []}


def _with_own_ids(reply: Said, errand: Errand, visit: Visit, setl_id: str) -> dict[str, Any]:
    """The reply under the numbers that the institution knows."""
    about = {"mdtrt_id": visit.mdtrt_id, "setl_id": setl_id, "medins_setl_id": errand.msgid}
    return {**reply, "setlinfo": {**reply["setlinfo"], **about}}


def tried(reply: Said, visit: Visit, msgid: str) -> dict[str, Any]:
    """The same of a try."""
    return {**reply, "setlinfo": {**reply["setlinfo"], "mdtrt_id": visit.mdtrt_id, "medins_setl_id": msgid}}
