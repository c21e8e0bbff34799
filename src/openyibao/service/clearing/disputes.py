"""Disputes: a line of a statement with which the institution, or the agency, does not agree.

Raised before the statement is ordered, it holds the line out of the order; raised later, it is corrected by the next
statement. Two persons of the agency decide: rejected (the line is paid), accepted with a deduction (booked at once),
or accepted to be corrected (the line stays held until the settlement is taken back and settled anew).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.clearing.accounts import is_fund
from openyibao.service.clearing.deposits import PAYABLE
from openyibao.service.clearing.models import Deduction, Dispute, Item, Statement
from openyibao.service.clearing.outstanding import Key, lock
from openyibao.service.institutions.models import Institution
from openyibao.service.ledger.books import AccountKey, NewEntry, post, reverse
from openyibao.service.ledger.models import Entry
from openyibao.service.organisation.fields import Given, Listed, OneOf, Text, Whole
from openyibao.service.organisation.models import Body, Region
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action

PURPOSE = "care"
RAISED = {"reference": Text(60), "reason": Text(500)}
"""`reference` is the settlement's number (setl_id), or the reference of another line."""
STATES = {
    "open": Bilingual("待处理", "open"),
    "accepted": Bilingual("已采纳", "accepted"),
    "rejected": Bilingual("未采纳", "rejected"),
}
DEDUCTION = {"scheme": Text(10), "fund": Text(100), "fen": Whole(1)}


def raise_dispute(statement: Statement, user: Any, side: str, given: Given) -> Dispute:
    """Dispute a line of a statement. Raises Problem where it has no such line, or the line is disputed already."""
    lock(statement.institution)
    item = Item.objects.filter(statement=statement, reference=given["reference"]).order_by("entry").first()
    if item is None:
        what = Bilingual(f"对账单中的 {given['reference']}", f"line {given['reference']} of the statement")
        raise Problem("not known", what=what)
    earlier = Dispute.objects.filter(item_entry=item.entry).exclude(state="rejected").first()
    if earlier is not None:
        raise Problem("disputed already", reference=item.reference, state=STATES[earlier.state])
    made: Dispute = Dispute.objects.create(
        statement=statement,
        item_entry=item.entry,
        reference=item.reference,
        side=side,
        reason=given["reason"],
        raised_by=user,
        raised_at=clock.now(),
        holds=not _was_ordered(statement),
    )
    return made


def _was_ordered(statement: Statement) -> bool:
    """Whether an order took in the statement, or a later one to which it was carried."""
    asked = Statement.objects.filter(institution=statement.institution_id, region=statement.region_id)
    return asked.filter(through__gte=statement.through, ordered_at__isnull=False).exists()


def _known(number: int) -> Dispute:
    found: Dispute | None = (
        Dispute.objects.select_related("statement__institution", "statement__region__body").filter(pk=number).first()
    )
    if found is None:
        raise Problem("not known", what=Bilingual(f"异议 {number}", f"dispute {number}"))
    return found


def _place(given: Given) -> Body:
    return _known(given["dispute"]).statement.region.body


@action(
    "dispute.settle",
    may="dispute.change",
    decide="dispute.decide",
    takes={
        "dispute": Whole(1),
        "outcome": OneOf(("accepted", "rejected")),
        "deductions": Listed(DEDUCTION, 100, optional=True),
        "note": Text(500),
    },
    place=_place,
    subject="dispute",
)
def settle(given: Given, decision: Decision) -> Done:
    """Reject a dispute, accept it with deductions by fund, or accept it to be corrected by taking the line back.

    One that waits to be corrected can be decided anew, so that a line is not held for ever.
    """
    lock(_known(given["dispute"]).statement.institution)
    dispute = _known(given["dispute"])
    deductions = {(one["scheme"], one["fund"]): one["fen"] for one in given["deductions"] or ()}
    if dispute.state == "rejected" or dispute.entry is not None:
        raise Problem("disputed already", reference=dispute.reference, state=STATES[dispute.state])
    if (deductions and given["outcome"] == "rejected") or len(deductions) != len(given["deductions"] or ()):
        raise Problem("deduction", reference=dispute.reference, fen=sum(deductions.values()))
    dispute.state, dispute.decided_at, dispute.note = given["outcome"], decision.at, given["note"]
    if deductions:
        _check(dispute, deductions)
        dispute.entry = _deduct(dispute, deductions, decision)
        for (scheme, fund), fen in deductions.items():
            Deduction.objects.create(dispute=dispute, scheme=scheme, fund=fund, fen=fen)
    dispute.save(update_fields=["state", "decided_at", "note", "entry"])
    return Done({"state": dispute.state, "deducted_fen": sum(deductions.values())})


def _check(dispute: Dispute, deductions: Mapping[Key, int]) -> None:
    """A fund's part of the line can't lose more than it is; what persons' accounts paid is corrected by reversal."""
    items = Item.objects.filter(statement=dispute.statement, entry=dispute.item_entry)
    parts = {(one.scheme, one.fund): one.fen for one in items if is_fund(one.fund)}
    taken_back = Entry.objects.filter(reverses=dispute.item_entry).exists()
    for key, fen in deductions.items():
        if taken_back or fen > parts.get(key, 0):
            raise Problem("deduction", reference=dispute.reference, fen=fen)


def _deduct(dispute: Dispute, deductions: Mapping[Key, int], decision: Decision) -> int:
    """Lower what is owed and the fund's expenditure; the entry's number. It is a line of the next statement."""
    region, code = dispute.statement.region.body.code, dispute.statement.institution.code
    lines = []
    for key, fen in sorted(deductions.items()):
        lines.append((AccountKey(PAYABLE, region, *key, code), fen))
        lines.append((AccountKey("fund expenditure", region, *key, PURPOSE), -fen))
    return post(NewEntry("deduction", decision.at, decision.at.date(), f"dispute {dispute.pk}", tuple(lines)))


def undo_deductions(institution: Institution, region: Region) -> None:
    """Reverse the deductions from lines whose settlements were taken back: nobody pays for them twice."""
    asked = Dispute.objects.filter(statement__institution=institution, statement__region=region, entry__isnull=False)
    now = clock.now()
    for one in asked.order_by("id"):
        undone = set(Entry.objects.filter(reverses__in=[one.item_entry, one.entry]).values_list("reverses", flat=True))
        if undone == {one.item_entry}:
            reverse(one.entry, now, now.date(), f"dispute {one.pk}")


def show(one: Dispute) -> dict[str, Any]:
    return {
        "dispute": one.pk,
        "reference": one.reference,
        "side": one.side,
        "reason": one.reason,
        "raised_at": one.raised_at,
        "holds": one.holds,
        "state": one.state,
        "decided_at": one.decided_at,
        "note": one.note,
        "deductions": [
            {"scheme": part.scheme, "fund": part.fund, "fen": part.fen} for part in one.deductions.order_by("id")
        ],
    }
