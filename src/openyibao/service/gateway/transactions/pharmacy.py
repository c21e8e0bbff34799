"""A purchase at a designated pharmacy: tried or settled in one message with its lines (2101, 2102)."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from openyibao.service.gateway.calls import Call, Output, answers
from openyibao.service.gateway.fees import upload
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.spec import transaction as specification
from openyibao.service.gateway.visits import answered, china, coverage_of, person_of, plain, request_of, set_disease
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.models import Visit
from openyibao.service.settlements.store import next_id

PURCHASE = "41"


@answers("2101")
def try_it(call: Call) -> Output:
    """A try does all that the settlement does and takes it back, so that both give the same."""
    with transaction.atomic():
        output = _sell(call)
        transaction.set_rollback(True)
    call.links.clear()
    output["setlinfo"]["setl_id"] = None
    return output


@answers("2102", writes=True)
def settle_it(call: Call) -> Output:
    return _sell(call)


def _sell(call: Call) -> dict[str, Any]:
    node, rows = call.node("druginfo"), call.rows("drugdetail")
    if not rows:
        raise Refused("no lines", mdtrt_id="-", batch="-")
    person = person_of(node)
    begun = china(node["begntime"], "begntime", call.now)
    coverage = coverage_of(person, node["insutype"], day_of(begun))
    visit = Visit(
        mdtrt_id=next_id("mdtrt_id", coverage.region.body.code[:6]),
        kind="pharmacy",
        person=person,
        coverage=coverage,
        institution=call.institution,
        med_type=node["med_type"] or PURCHASE,
        number=call.msgid[-30:],
        begun=begun,
        data={"druginfo": plain(node)},
    )
    set_disease(visit, node)
    visit.save()
    call.links["visit"] = visit
    lines = upload(call, visit, rows)
    output = answered(call, request_of(call, visit, node, batch=None), keep=True)
    fields = specification(call.infno).outputs["detlcutinfo"].fields
    return {**output, "detlcutinfo": [{name: row.get(name) for name in fields} for row in lines]}
