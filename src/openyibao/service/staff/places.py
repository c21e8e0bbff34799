"""At which body a route asks for its item: found from the address or the fields of a request."""

from __future__ import annotations

from openyibao.policy.model import Bilingual
from openyibao.service.clearing.batches import known_batch
from openyibao.service.clearing.confirmations import known_confirmation
from openyibao.service.clearing.models import Report
from openyibao.service.clearing.orders import known_order
from openyibao.service.clearing.statements import known_statement
from openyibao.service.institutions.doors import known as known_institution
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.roles import known_body
from openyibao.service.people.accounts import place_of_account
from openyibao.service.people.coverage import region_of
from openyibao.service.people.filings import place_of_filing
from openyibao.service.people.find import known, place_of
from openyibao.service.people.register import household
from openyibao.service.reimbursements.entry import known_reimbursement
from openyibao.service.staff.routes import Asked


def of_body(asked: Asked) -> Body:
    """The body that a listing names."""
    asked.subject = asked.given["body"]
    return known_body(asked.given["body"])


def of_region(asked: Asked) -> Body:
    asked.subject = asked.given["region"]
    return region_of(asked.given["region"]).body


def of_person(asked: Asked) -> Body:
    """Where the person of the address or of the fields belongs."""
    asked.subject = asked.names.get("psn_no") or asked.given["psn_no"]
    found = place_of(known(asked.subject), asked.day)
    if found is None:
        raise Problem("not known", what=Bilingual("此人的所属机构", "body to which the person belongs"))
    return found


def of_household(asked: Asked) -> Body:
    return household(asked.given["household"]).body


def of_account(asked: Asked) -> Body:
    return place_of_account(asked.names["number"])


def of_filing(asked: Asked) -> Body:
    return place_of_filing(asked.names["number"])


def of_institution(asked: Asked) -> Body:
    return known_institution(asked.names["code"]).body


def of_reimbursement(asked: Asked) -> Body:
    return known_reimbursement(asked.names["number"]).body


def of_statement(asked: Asked) -> Body:
    return known_statement(asked.names["number"]).region.body


def of_order(asked: Asked) -> Body:
    return known_order(asked.names["number"]).region.body


def of_batch(asked: Asked) -> Body:
    return known_batch(asked.names["number"]).region.body


def of_confirmation(asked: Asked) -> Body:
    return known_confirmation(asked.names["number"]).region.body


def of_work_item(asked: Asked) -> Body:
    found = Report.objects.select_related("confirmation__region__body").filter(pk=asked.given["item"]).first()
    if found is None:
        raise Problem("not known", what=Bilingual("此待办", "such item"))
    return found.confirmation.region.body
