"""Statements, disputes, orders, bank files and the work list of what banks said that does not fit. Money in fen."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.http import HttpResponse

from openyibao.policy.model import Bilingual
from openyibao.service.clearing import batches, confirmations, disputes, orders, statements
from openyibao.service.clearing.models import Batch, Confirmation, Order, Statement
from openyibao.service.clearing.statement_files import lines, statement_file
from openyibao.service.organisation.fields import OneOf, Text, Whole
from openyibao.service.organisation.problems import Problem
from openyibao.service.people.coverage import region_of
from openyibao.service.staff import places
from openyibao.service.staff.routes import Asked, route
from openyibao.service.staff.serve import file_reply

MOST = 500
LONGEST_FILE = 7_000_000
REGION = {"region": Text(12)}
PAGE = {"first": Text(9, optional=True)}
LANG = {"lang": OneOf(("zh", "en"), optional=True)}


def first_of(asked: Asked) -> int:
    """From which line on a listing is asked for. Raises Problem("bad request")."""
    said = asked.given["first"] or "0"
    if not said.isascii() or not said.isdigit():
        raise Problem("bad request", problems=Bilingual("first：应为整数", "first: expected a whole number"))
    return int(said)


def shown(statement: Statement, first: int) -> dict[str, Any]:
    """A statement with its sums, its disputes, and 500 of its lines."""
    found = lines(statement, first, MOST + 1)
    told = [disputes.show(one) for one in statement.disputes.order_by("id")]
    return {**statements.show(statement), "items": found[:MOST], "more": len(found) > MOST, "disputes": told}


@route("GET", "clearing/statements", item="statement.find", place=places.of_region, takes=REGION)
def statement_list(asked: Asked) -> dict[str, Any]:
    """The statements of a region, newest first, at most 500."""
    found = Statement.objects.filter(region=region_of(asked.given["region"])).select_related("institution")
    rows = list(found.prefetch_related("parts").order_by("-id")[: MOST + 1])
    listed = [
        {
            "number": one.number,
            "institution": one.institution.code,
            "through": one.through,
            "closing_fen": sum(part.closing_fen for part in one.parts.all()),
            "ordered_at": one.ordered_at,
        }
        for one in rows[:MOST]
    ]
    return {"statements": listed, "more": len(rows) > MOST}


@route("GET", "clearing/statements/<number>", item="statement.find", place=places.of_statement, takes=PAGE)
def statement(asked: Asked) -> dict[str, Any]:
    """A statement with its sums by fund, what is open now, its disputes, and 500 lines from `first` on."""
    return shown(statements.known_statement(asked.names["number"]), first_of(asked))


@route("GET", "clearing/statements/<number>/file", item="statement.find", place=places.of_statement, takes=LANG)
def statement_as_file(asked: Asked) -> HttpResponse:
    return file_reply(*statement_file(statements.known_statement(asked.names["number"]), asked.given["lang"] or "zh"))


@route(
    "POST",
    "clearing/statements/<number>/disputes",
    item="dispute.raise",
    place=places.of_statement,
    takes=disputes.RAISED,
)
def dispute_for_the_agency(asked: Asked) -> dict[str, Any]:
    """Dispute a line for the agency, as after an audit."""
    found = statements.known_statement(asked.names["number"])
    return disputes.show(disputes.raise_dispute(found, asked.user, "agency", asked.given))


@route("GET", "clearing/orders", item="payment.find", place=places.of_region, takes=REGION)
def order_list(asked: Asked) -> dict[str, Any]:
    """The payment orders of a region, newest first, at most 500."""
    found = Order.objects.filter(region=region_of(asked.given["region"]))
    related = ("statement__institution", "reimbursement")
    rows = [orders.show(one) for one in found.select_related(*related).order_by("-id")[: MOST + 1]]
    return {"orders": rows[:MOST], "more": len(rows) > MOST}


@route("POST", "clearing/orders/<number>/cancel", item="payment.send", place=places.of_order)
def cancel_order(asked: Asked) -> dict[str, Any]:
    """Take back an order that did not go to the bank."""
    return orders.show(orders.cancel(asked.names["number"]))


@route("GET", "clearing/batches", item="payment.find", place=places.of_region, takes=REGION)
def batch_list(asked: Asked) -> dict[str, Any]:
    """The files that went to the bank, newest first, at most 500."""
    found = Batch.objects.filter(region=region_of(asked.given["region"])).select_related("region__body", "made_by")
    return {"batches": [batches.show(one) for one in found.order_by("-id")[:MOST]]}


@route(
    "POST",
    "clearing/batches",
    item="payment.send",
    place=places.of_region,
    takes={**REGION, "format": OneOf(batches.formats_out())},
)
def send_batch(asked: Asked) -> dict[str, Any]:
    """Put all approved transfers of a region that wait into one bank file."""
    return batches.show(batches.send(asked.user, region_of(asked.given["region"]), asked.given["format"]))


@route("GET", "clearing/batches/<number>/file", item="payment.send", place=places.of_batch)
def batch_file(asked: Asked) -> HttpResponse:
    """The bank file; it has whole bank accounts, so every look is logged as any other request is."""
    return file_reply(*batches.content(batches.known_batch(asked.names["number"])))


@route(
    "POST",
    "clearing/confirmations",
    item="payment.send",
    place=places.of_region,
    takes={
        **REGION,
        "name": Text(200),
        "format": OneOf(confirmations.formats_in()),
        "content": Text(LONGEST_FILE),
    },
)
def receive_confirmation(asked: Asked) -> dict[str, Any]:
    """Take in a file of the bank (`content` in base64). It is booked by the proposal confirmation.book."""
    given = asked.given
    try:
        content = base64.b64decode(given["content"], validate=True)
    except binascii.Error:
        raise Problem("bad request", problems=Bilingual("content：应为 base64", "content: expected base64")) from None
    region = region_of(given["region"])
    return confirmations.show(confirmations.receive(asked.user, region, given["name"], given["format"], content))


@route("GET", "clearing/confirmations", item="payment.find", place=places.of_region, takes=REGION)
def confirmation_list(asked: Asked) -> dict[str, Any]:
    """The files of banks, newest first, at most 500."""
    found = Confirmation.objects.filter(region=region_of(asked.given["region"])).order_by("-id")[:MOST]
    listed = [
        {"number": one.number, "name": one.name, "received_at": one.received_at, "booked_at": one.booked_at}
        for one in found
    ]
    return {"confirmations": listed}


@route("GET", "clearing/confirmations/<number>", item="payment.find", place=places.of_confirmation)
def confirmation(asked: Asked) -> dict[str, Any]:
    """A file of a bank, line by line, with what became of each."""
    return confirmations.show(confirmations.known_confirmation(asked.names["number"]))


@route("GET", "clearing/work", item="payment.find", place=places.of_region, takes=REGION)
def work_list(asked: Asked) -> dict[str, Any]:
    """What banks said that was refused and that nobody has closed, oldest first."""
    found = list(confirmations.work_list(region_of(asked.given["region"]))[: MOST + 1])
    return {"items": [confirmations.show_line(one) for one in found[:MOST]], "more": len(found) > MOST}


@route(
    "POST",
    "clearing/work/close",
    item="payment.send",
    place=places.of_work_item,
    takes={"item": Whole(1), "note": Text(500)},
)
def close_work_item(asked: Asked) -> dict[str, Any]:
    """Close an item with a note on what was done. It moves no money."""
    return confirmations.show_line(confirmations.close_item(asked.given["item"], asked.user, asked.given["note"]))
