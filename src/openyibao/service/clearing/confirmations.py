"""What the bank says: taken in by one person, booked when another one decides; each file once, each line whole.

A line that does not fit (unknown, told before, another amount ...) is refused by itself, moves nothing, and stands in
the work list until somebody closes it with a note. Money is booked on the day of the decision, which lies in an open
month; the bank's own day stands in the line and in the entry's memo.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from django.db.models import Q, QuerySet

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.clearing import bank_files, iso20022, orders
from openyibao.service.clearing.models import Confirmation, Report, Transfer
from openyibao.service.clearing.numbers import next_number
from openyibao.service.ledger.books import AccountKey, Line, NewEntry, post, reverse
from openyibao.service.organisation.fields import Given, Text
from openyibao.service.organisation.models import Body, Region
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action

PAYMENT = "payment"
PROBLEMS = {
    "unknown": Bilingual("没有这笔支付", "there is no such transfer"),
    "not sent": Bilingual("这笔支付没有发给银行", "the transfer did not go to the bank"),
    "duplicate": Bilingual("同样的结果已经入账", "the same was booked before"),
    "nothing under way": Bilingual("这笔支付已经办结", "nothing of the transfer is under way"),
    "amount": Bilingual("金额与支付单不符", "the amount is not that of the transfer"),
    "day": Bilingual("日期晚于今天", "the day lies ahead"),
}
"""Why a line is refused."""


def formats_in() -> tuple[str, ...]:
    return (*bank_files.formats(), iso20022.STATUS, iso20022.BOOKED)


def receive(user: Any, region: Region, name: str, form: str, content: bytes) -> Confirmation:
    """Take a file in; nothing is booked. The same bytes again give what was taken in before. Raises Problem."""
    digest = hashlib.sha256(content).hexdigest()
    known: Confirmation | None = Confirmation.objects.filter(region=region, digest=digest).first()
    if known is not None:
        return known
    own = bank_files.formats().get(form)
    told = bank_files.read(own, content) if own else iso20022.read(form, content)
    about = {"name": name, "format": form, "received_at": clock.now(), "received_by": user}
    made, new = Confirmation.objects.get_or_create(
        region=region, digest=digest, defaults={"number": next_number("C", region), **about}
    )
    if new:
        Report.objects.bulk_create(
            Report(
                confirmation=made,
                line=one.line,
                transfer=one.number,
                what=one.what,
                fen=one.fen,
                day=one.day,
                bank_reference=one.reference,
                reason=one.reason,
            )
            for one in told
        )
    return made


def known_confirmation(number: str) -> Confirmation:
    """The confirmation with a number. Raises Problem("not known")."""
    found: Confirmation | None = Confirmation.objects.select_related("region__body").filter(number=number[:30]).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"回盘 {number[:30]}", f"confirmation {number[:30]}"))
    return found


def _place(given: Given) -> Body:
    return known_confirmation(given["confirmation"]).region.body


@action(
    "confirmation.book",
    may="payment.propose",
    decide="payment.decide",
    takes={"confirmation": Text(30)},
    place=_place,
    subject="confirmation",
)
def book(given: Given, decision: Decision) -> Done:
    """Book every line of a confirmation that fits, and put the others on the work list."""
    number = known_confirmation(given["confirmation"]).number
    confirmation = Confirmation.objects.select_for_update(of=("self",)).get(number=number)
    if confirmation.booked_at is not None:
        raise Problem("booked already", number=number)
    confirmation.booked_at = decision.at
    confirmation.save(update_fields=["booked_at"])
    reports = list(confirmation.reports.order_by("line"))
    transfers = _locked(confirmation.region, {one.transfer for one in reports})
    count, fen = Counter[str](), Counter[str]()
    touched = {}
    for one in reports:
        transfer = transfers.get(one.transfer)
        what = _apply(one, transfer, decision)
        count[what] += 1
        fen[what] += one.fen
        if transfer is not None and what != "refused" and transfer.order.reimbursement_id is not None:
            touched[transfer.order_id] = transfer.order
    for order in touched.values():
        orders.follow_reimbursement(order.reimbursement, order, decision.at)
    words = (*(name for name, _ in Report.WHATS), "refused")
    return Done({word: {"lines": count[word], "fen": fen[word]} for word in words if count[word]})


def _locked(region: Region, numbers: set[str]) -> dict[str, Transfer]:
    """The transfers of a region by number, with their payees locked, as they are then."""
    asked = Transfer.objects.filter(number__in=numbers, order__region=region)
    orders.lock_payees({one.order for one in asked.select_related("order__statement__institution")})
    related = ("order__region__body", "order__statement__institution", "order__reimbursement__person")
    again = asked.select_for_update(of=("self",)).select_related(*related).order_by("pk")
    return {one.number: one for one in again}


def _apply(one: Report, transfer: Transfer | None, decision: Decision) -> str:
    """Book a line, or refuse it; what it was booked as, or `refused`."""
    one.problem = _problem(one, transfer)
    if one.problem or transfer is None:
        one.save(update_fields=["problem"])
        return "refused"
    if one.what in ("paid", "partly"):
        lines = _lines(transfer, one.fen)
        memo = f"{one.bank_reference} {one.day}".strip()
        entry = NewEntry(PAYMENT, decision.at, decision.at.date(), transfer.number, lines, memo=memo)
        one.entry = post(entry)
        transfer.paid_fen += one.fen
    elif one.what == "returned" and (paid := _paid_line(one)) is not None:
        assert paid.entry is not None
        memo = f"{one.bank_reference} {one.day} {one.reason}".strip()
        one.entry = reverse(paid.entry, decision.at, decision.at.date(), transfer.number, memo[:500])
        one.undoes = paid
        transfer.paid_fen -= one.fen
        transfer.rejected_fen += one.fen
    else:
        transfer.rejected_fen += one.fen
    one.save(update_fields=["problem", "entry", "undoes"])
    transfer.save(update_fields=["paid_fen", "rejected_fen"])
    return one.what


def _lines(transfer: Transfer, fen: int) -> tuple[Line, ...]:
    """What is owed to the payee goes down, and so does the fund's cash."""
    order = transfer.order
    key = (order.region.body.code, transfer.scheme, transfer.fund)
    if order.statement is not None:
        owed = AccountKey("payable to institution", *key, order.statement.institution.code)
    else:
        assert order.reimbursement is not None
        owed = AccountKey("payable to person", *key, order.reimbursement.person.psn_no)
    return ((owed, fen), (AccountKey("fund cash", *key), -fen))


def _problem(one: Report, transfer: Transfer | None) -> str:
    """Why a line can't be booked; empty where it can."""
    if transfer is None:
        return "unknown"
    if transfer.batch_id is None:
        return "not sent"
    if one.day > clock.today():
        return "day"
    same = {"transfer": one.transfer, "what": one.what, "fen": one.fen, "bank_reference": one.bank_reference}
    if _booked(one, **same).exists():
        return "duplicate"
    left = transfer.under_way_fen
    if one.what == "returned":
        return "" if _paid_line(one) is not None or (one.fen == left and not transfer.paid_fen) else "amount"
    if not left:
        return "nothing under way"
    fits = 0 < one.fen < left if one.what == "partly" else one.fen == left
    return "" if fits else "amount"


def _paid_line(one: Report) -> Report | None:
    """The newest booked payment of the same amount that did not come back."""
    found = _booked(one, transfer=one.transfer, what__in=["paid", "partly"], fen=one.fen, entry__isnull=False)
    return found.filter(undone_by=None).order_by("-id").first()


def _booked(one: Report, **about: Any) -> QuerySet[Report]:
    """Lines that were booked before this one: of files that were booked, and the earlier ones of its own file."""
    earlier = Q(confirmation=one.confirmation_id, line__lt=one.line) | ~Q(confirmation=one.confirmation_id)
    return Report.objects.filter(earlier, problem="", confirmation__booked_at__isnull=False, **about)


def close_item(report: int, user: Any, note: str) -> Report:
    """Close an item of the work list with a note on what was done. Raises Problem where there is no such open item."""
    found: Report | None = (
        Report.objects.select_for_update().filter(pk=report, closed_at=None).exclude(problem="").first()
    )
    if found is None:
        raise Problem("not known", what=Bilingual(f"待办 {report}", f"open item {report}"))
    found.closed_by, found.closed_at, found.note = user, clock.now(), note
    found.save(update_fields=["closed_by", "closed_at", "note"])
    return found


def work_list(region: Region) -> QuerySet[Report]:
    """The open items of a region, oldest first."""
    asked = Report.objects.filter(confirmation__region=region, confirmation__booked_at__isnull=False, closed_at=None)
    return asked.exclude(problem="").select_related("confirmation").order_by("id")


def show_line(one: Report) -> dict[str, Any]:
    said = PROBLEMS.get(one.problem)
    return {
        "item": one.pk,
        "confirmation": one.confirmation.number,
        "line": one.line,
        "transfer": one.transfer,
        "what": one.what,
        "fen": one.fen,
        "day": one.day,
        "bank_reference": one.bank_reference,
        "reason": one.reason,
        "problem": {"code": one.problem, "zh": said.zh, "en": said.en} if said else None,
        "entry": one.entry,
        "closed_at": one.closed_at,
        "note": one.note,
    }


def show(confirmation: Confirmation) -> dict[str, Any]:
    """A confirmation with its lines."""
    return {
        "number": confirmation.number,
        "region": confirmation.region.body.code,
        "name": confirmation.name,
        "format": confirmation.format,
        "sha256": confirmation.digest,
        "received_at": confirmation.received_at,
        "received_by": confirmation.received_by.get_username(),
        "booked_at": confirmation.booked_at,
        "lines": [show_line(one) for one in confirmation.reports.select_related("confirmation").order_by("line")],
    }
