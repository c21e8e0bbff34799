"""Payment orders: proposed with their amounts by one person, approved by another.

What an order pays is worked out anew at the approval; an amount that is not the proposed one any more is refused. Each
fund pays its own part by a transfer of its own. A fund of which nothing is left, or to which the institution owes
money, has none: that is carried forward to the next statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.clearing import accounts, statements
from openyibao.service.clearing.cash import check_cash
from openyibao.service.clearing.models import BankAccount, Order, Report, Statement, Transfer
from openyibao.service.clearing.numbers import next_number
from openyibao.service.clearing.outstanding import Key, lock, outstanding
from openyibao.service.ledger.treasury import Fund
from openyibao.service.organisation.fields import Given, Listed, Text, Whole
from openyibao.service.organisation.models import Body, Region
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.people.certificates import masked
from openyibao.service.people.coverage import region_of
from openyibao.service.reimbursements.entry import STATES, known_reimbursement
from openyibao.service.reimbursements.models import Reimbursement
from openyibao.service.reimbursements.settle import REVERSED, owed
from openyibao.service.settlements.models import Settlement

PAYEE = {"number": Text(40), "fen": Whole(1)}
MOST = 500


def _place(given: Given) -> Body:
    return region_of(given["region"]).body


@action(
    "order.institutions",
    may="payment.propose",
    decide="payment.decide",
    takes={"region": Text(12), "statements": Listed(PAYEE, MOST)},
    place=_place,
    subject="region",
)
def order_institutions(given: Given, decision: Decision) -> Done:
    """Order what statements left open, each with its amount; all of them or none."""
    region = region_of(given["region"])
    asked = [(statements.known_statement(one["number"]), one["fen"]) for one in _sorted(given["statements"])]
    lock(*(statement.institution for statement, _ in asked))
    return _done(region, [_order_statement(region, statement, fen, decision) for statement, fen in asked])


def _sorted(payees: list[Given]) -> list[Given]:
    """In one order, so that two who approve cannot wait for each other. Raises Problem for one named twice."""
    found = {one["number"]: one for one in payees}
    if len(found) != len(payees):
        raise Problem(
            "ordered already", number=next(one["number"] for one in payees if found[one["number"]] is not one)
        )
    return [found[number] for number in sorted(found)]


def _done(region: Region, made: list[Order]) -> Done:
    """What orders came to. Raises Problem("fund short") where a fund has not the cash for them."""
    transfers = [transfer for one in made for transfer in one.transfers.all()]
    check_cash({Fund(region.body.code, one.scheme, one.fund) for one in transfers})
    return Done({"orders": [one.number for one in made], "fen": sum(one.fen for one in transfers)})


def _order_statement(region: Region, statement: Statement, fen: int, decision: Decision) -> Order:
    number = statement.number
    if statement.region != region:
        raise Problem("not known", what=Bilingual(f"对账单 {number}", f"statement {number}"))
    institution = statement.institution
    newest = statements.latest(institution, region)
    if newest is None or newest.pk != statement.pk:
        raise Problem("newer statement", number=number, newer=newest.number if newest else "")
    parts = {key: one.available_fen for key, one in outstanding(institution, region).items() if one.available_fen > 0}
    _check_amount(number, fen, sum(parts.values()))
    account = accounts.payee_of(institution)
    made = _make(region, parts, decision, statement=statement, **_payee(account))
    Statement.objects.filter(pk=statement.pk).update(ordered_at=decision.at)
    return made


def _check_amount(number: str, given: int, found: int) -> None:
    if given != found:
        raise Problem("order amount", number=number, given=given, found=found)


def _payee(account: BankAccount) -> dict[str, str]:
    return {"payee": account.holder, "payee_bank": account.bank, "payee_account": account.number}


def _make(region: Region, parts: dict[Key, int], decision: Decision, **payee: Any) -> Order:
    payers = accounts.payers_of(region)
    order: Order = Order.objects.create(
        number=next_number("O", region),
        region=region,
        approved_at=decision.at,
        proposal=decision.proposal,
        **payee,
    )
    for (scheme, fund), fen in sorted(parts.items()):
        Transfer.objects.create(
            number=next_number("T", region),
            order=order,
            scheme=scheme,
            fund=fund,
            fen=fen,
            payer=accounts.payer_of(payers, region, scheme, fund),
        )
    return order


@action(
    "order.persons",
    may="payment.propose",
    decide="payment.decide",
    takes={"region": Text(12), "reimbursements": Listed(PAYEE, MOST)},
    place=_place,
    subject="region",
)
def order_persons(given: Given, decision: Decision) -> Done:
    """Order what manual reimbursements owe to persons, each with its amount; all of them or none."""
    region = region_of(given["region"])
    made = [
        _order_reimbursement(region, one["number"], one["fen"], decision) for one in _sorted(given["reimbursements"])
    ]
    return _done(region, made)


def _order_reimbursement(region: Region, number: str, fen: int, decision: Decision) -> Order:
    found = known_reimbursement(number, lock=True)
    if found.state != "settled" or found.settlement is None:
        raise Problem("reimbursement state", number=number, state=STATES[found.state])
    if Settlement.objects.filter(reverses=found.settlement).exists():
        raise Problem("reimbursement state", number=number, state=REVERSED)
    parts: dict[Key, int] = {}
    for key, owed_fen in owed(found.settlement):
        if key.region != region.body.code:
            raise Problem("not known", what=Bilingual(f"报销 {number}", f"reimbursement {number}"))
        parts[key.scheme, key.fund] = parts.get((key.scheme, key.fund), 0) + owed_fen
    for one in Transfer.objects.filter(order__reimbursement=found):
        if one.under_way_fen:
            raise Problem("ordered already", number=number)
        parts[one.scheme, one.fund] = parts.get((one.scheme, one.fund), 0) - one.paid_fen
    parts = {key: left for key, left in parts.items() if left > 0}
    _check_amount(number, fen, sum(parts.values()))
    payee = {"payee": found.person.name, "payee_account": found.bank_account}
    made = _make(region, parts, decision, reimbursement=found, **payee)
    found.payment = made.number
    found.save(update_fields=["payment"])
    return made


def follow_reimbursement(found: Reimbursement, order: Order, at: datetime) -> None:
    """Bring a reimbursement to where its transfers are: paid, still ordered, or to be ordered again."""
    transfers = list(Transfer.objects.filter(order__reimbursement=found))
    paid = sum(one.paid_fen for one in transfers)
    under_way = sum(one.under_way_fen for one in transfers)
    due = sum(fen for _, fen in owed(found.settlement)) if found.settlement else 0
    found.state = "paid" if paid == due else "settled"
    found.paid_at = at if paid == due else None
    found.payment = order.number if paid or under_way else ""
    found.save(update_fields=["state", "paid_at", "payment"])


def known_order(number: str) -> Order:
    """The order with a number. Raises Problem("not known")."""
    found: Order | None = Order.objects.select_related("region__body").filter(number=number[:30]).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"支付单 {number[:30]}", f"order {number[:30]}"))
    return found


def lock_payees(orders: Iterable[Order]) -> None:
    """Wait for everybody else who changes what is open for the payees of orders: institutions first, then persons."""
    found = list(orders)
    lock(*(one.statement.institution for one in found if one.statement is not None))
    asked = Reimbursement.objects.select_for_update(of=("self",)).filter(pk__in={one.reimbursement_id for one in found})
    list(asked.order_by("number"))


def cancel(number: str) -> Order:
    """Take back an order that did not go to the bank: what it would have paid is open again. Moves no money."""
    order = known_order(number)
    lock_payees([order])
    order = known_order(number)
    transfers = list(Transfer.objects.select_for_update().filter(order=order))
    if order.cancelled_at or any(one.batch_id for one in transfers):
        raise Problem("order sent", number=number)
    for one in transfers:
        one.rejected_fen = one.fen
        one.save(update_fields=["rejected_fen"])
    order.cancelled_at = clock.now()
    order.save(update_fields=["cancelled_at"])
    if order.statement_id is not None:
        if not Order.objects.filter(statement_id=order.statement_id, cancelled_at=None).exists():
            Statement.objects.filter(pk=order.statement_id).update(ordered_at=None)
    else:
        follow_reimbursement(Reimbursement.objects.get(pk=order.reimbursement_id), order, order.cancelled_at)
    return order


def state_of(one: Transfer) -> str:
    """approved, sent, paid, partly paid, rejected; of an order that was cancelled: cancelled."""
    if one.order.cancelled_at:
        return "cancelled"
    if one.under_way_fen:
        return "sent" if one.batch_id else "approved"
    if one.paid_fen == one.fen:
        return "paid"
    return "partly paid" if one.paid_fen else "rejected"


def show(order: Order) -> dict[str, Any]:
    """An order for a listing, with what the bank said; of the payee's account only the ends."""
    told: dict[str, list[dict[str, Any]]] = {}
    numbers = [one.number for one in order.transfers.all()]
    for line in Report.objects.filter(transfer__in=numbers, problem="", confirmation__booked_at__isnull=False).order_by(
        "id"
    ):
        said = {"what": line.what, "fen": line.fen, "day": line.day, "reason": line.reason}
        told.setdefault(line.transfer, []).append(said)
    return {
        "number": order.number,
        "statement": order.statement.number if order.statement else None,
        "reimbursement": order.reimbursement.number if order.reimbursement else None,
        "institution": order.statement.institution.code if order.statement else None,
        "payee_account": masked(order.payee_account),
        "approved_at": order.approved_at,
        "cancelled_at": order.cancelled_at,
        "transfers": [
            {
                "number": one.number,
                "scheme": one.scheme,
                "fund": one.fund,
                "fen": one.fen,
                "paid_fen": one.paid_fen,
                "rejected_fen": one.rejected_fen,
                "batch": one.batch.number if one.batch else None,
                "state": state_of(one),
                "told": told.get(one.number, []),
            }
            for one in order.transfers.select_related("batch", "order").order_by("id")
        ],
    }
