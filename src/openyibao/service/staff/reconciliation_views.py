"""The work list of reconciliation: differences by institution and month with their ages, and what is done with them."""

from __future__ import annotations

from datetime import date
from typing import Any

from openyibao.service import clock
from openyibao.service.organisation.fields import Day, OneOf, Text
from openyibao.service.organisation.models import Body
from openyibao.service.reconciliation.items import correct, explain, known_item, of_month, place_of_item, summary
from openyibao.service.reconciliation.kinds import kinds
from openyibao.service.reconciliation.models import STATES, Item, Run
from openyibao.service.staff import places
from openyibao.service.staff.routes import Asked, route

MOST = 500
LISTING = {
    "body": Text(12),
    "institution": Text(12, optional=True),
    "month": Day(optional=True),
    "state": OneOf(optional=True, values=STATES),
}
AMOUNTS = ("total_fen", "funds_fen", "account_fen", "cash_fen")


def _place(asked: Asked) -> Body:
    asked.subject = asked.names["number"]
    return place_of_item(asked.names["number"])


@route("GET", "reconciliation/differences", item="difference.find", place=places.of_body, takes=LISTING)
def difference_list(asked: Asked) -> dict[str, Any]:
    """The differences of the institutions of a body and below, oldest first, at most 500; `month`: any day of it."""
    given = asked.given
    found = Item.objects.filter(period__institution__body__path__startswith=places.of_body(asked).path)
    found = found.filter(period__institution__code=given["institution"]) if given["institution"] else found
    found = found.filter(state=given["state"]) if given["state"] else found
    found = found.filter(of_month(given["month"])) if given["month"] else found
    rows = list(
        found.select_related("period__institution", "opened", "last").order_by("opened__made", "id")[: MOST + 1]
    )
    return {"differences": [_show(one, asked.day) for one in rows[:MOST]], "more": len(rows) > MOST}


@route("GET", "reconciliation/differences/<number>", item="difference.find", place=_place)
def difference(asked: Asked) -> dict[str, Any]:
    """A difference with what was done with it."""
    return _with_steps(known_item(asked.names["number"]), asked.day)


@route(
    "POST",
    "reconciliation/differences/<number>/explain",
    item="difference.explain",
    place=_place,
    takes={"note": Text(500)},
)
def explain_difference(asked: Asked) -> dict[str, Any]:
    return _with_steps(explain(asked.user, asked.names["number"], asked.given["note"]), asked.day)


@route(
    "POST",
    "reconciliation/differences/<number>/correct",
    item="difference.explain",
    place=_place,
    takes={"reference": Text(30), "note": Text(500)},
)
def correct_difference(asked: Asked) -> dict[str, Any]:
    """Name the settlement or reversal that corrected it."""
    given = asked.given
    return _with_steps(correct(asked.user, asked.names["number"], given["reference"], given["note"]), asked.day)


@route(
    "GET",
    "reconciliation/summary",
    item="difference.find",
    place=places.of_body,
    takes={"body": Text(12), "month": Day(optional=True)},
)
def difference_summary(asked: Asked) -> dict[str, Any]:
    """What stands, per institution and month, with the age of the oldest."""
    return {"rows": summary(places.of_body(asked), asked.given["month"])}


@route(
    "GET",
    "reconciliation/runs",
    item="difference.find",
    place=places.of_body,
    takes={"body": Text(12), "institution": Text(12, optional=True)},
)
def reconciliation_list(asked: Asked) -> dict[str, Any]:
    """The reconciliations of the institutions of a body and below, newest first, at most 500."""
    found = Run.objects.filter(period__institution__body__path__startswith=places.of_body(asked).path)
    code = asked.given["institution"]
    found = found.filter(period__institution__code=code) if code else found
    rows = list(found.select_related("period__institution").order_by("-id")[: MOST + 1])
    return {"runs": [_show_run(one) for one in rows[:MOST]], "more": len(rows) > MOST}


def _show_run(one: Run) -> dict[str, Any]:
    return {
        "institution": one.period.institution.code,
        "first": one.period.first,
        "last": one.period.last,
        "office": one.period.office,
        "clearing": one.period.clearing,
        "made": one.made,
        "source": one.source,
        "rows": one.rows,
        "matched": one.matched,
        "counts": one.counts,
        "sums_agree": one.sums_agree,
        "listed": one.listed,
    }


def _show(one: Item, today: date) -> dict[str, Any]:
    kind = kinds()[one.kind]
    opened = one.opened.made.astimezone(clock.CHINA).date()
    return {
        "number": one.pk,
        "institution": one.period.institution.code,
        "first": one.period.first,
        "last": one.period.last,
        "state": one.state,
        "kind": one.kind,
        "zh": kind.zh,
        "en": kind.en,
        "setl_id": one.setl_id,
        "mdtrt_id": one.mdtrt_id,
        "psn_no": one.psn_no,
        "fields": one.fields.split(",") if one.fields else [],
        "other": one.other,
        "line": one.line,
        "day": one.day,
        "stated": {name: getattr(one, f"stated_{name}") for name in AMOUNTS},
        "here": {name: getattr(one, name) for name in AMOUNTS},
        "opened": opened,
        "age_days": (today - opened).days,
        "reference": one.reference,
    }


def _with_steps(one: Item, today: date) -> dict[str, Any]:
    steps = one.steps.select_related("user", "second", "run").order_by("id")
    shown = [
        {
            "at": step.at,
            "state": step.state,
            "user": step.user.get_username() if step.user else None,
            "second": step.second.get_username() if step.second else None,
            "run": step.run.made if step.run else None,
            "note": step.note,
        }
        for step in steps
    ]
    return {**_show(one, today), "steps": shown}
