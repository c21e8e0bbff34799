"""What people do with a difference: explain it, name what corrected it, write it off (two persons)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, Sum
from django.db.models.functions import Abs, Coalesce

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.organisation.fields import Given, Text, Whole
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.reconciliation.models import Item, Step
from openyibao.service.settlements.models import Settlement

STANDING = ("open", "explained")
STATE_NAMES = {
    "open": Bilingual("未处理", "open"),
    "explained": Bilingual("已说明", "explained"),
    "corrected": Bilingual("已更正", "corrected"),
    "written off": Bilingual("已核销", "written off"),
}


def known_item(number: int | str, *, lock: bool = False) -> Item:
    """The difference with a number. Raises Problem("not known")."""
    rows = Item.objects.select_related("period__institution__body", "opened")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    exact = int(number) if str(number).isdecimal() and len(str(number)) < 19 else 0
    found: Item | None = rows.filter(pk=exact).first()
    if found is None:
        raise Problem("not known", what=Bilingual(f"对账差异 {str(number)[:20]}", f"difference {str(number)[:20]}"))
    return found


def place_of_item(number: int | str) -> Body:
    return known_item(number).period.institution.body


def _standing(number: int | str) -> Item:
    """The difference, locked, if somebody can still do something with it. Raises Problem("difference state")."""
    found = known_item(number, lock=True)
    if found.state not in STANDING:
        raise Problem("difference state", number=found.pk, state=STATE_NAMES[found.state])
    return found


def explain(user: Any, number: int | str, note: str) -> Item:
    """Say why a difference is there. It stays on the list until it is gone or written off."""
    with transaction.atomic():
        found = _standing(number)
        return _step(found, "explained", note, user)


def correct(user: Any, number: int | str, reference: str, note: str) -> Item:
    """Name the settlement or reversal (2208, 2305, 2601) that corrected a difference.

    Raises Problem unless it is the institution's and was made after the difference was found.
    """
    with transaction.atomic():
        found = _standing(number)
        since = Settlement.objects.filter(
            setl_id=reference, institution=found.period.institution_id, settled__gte=found.opened.made
        )
        if not since.exists():
            raise Problem("not a correction", reference=reference, number=found.pk)
        found.reference = reference
        return _step(found, "corrected", note, user)


def _step(item: Item, state: str, note: str, user: Any, second: Any = None) -> Item:
    item.state = state
    item.save(update_fields=["state", "reference"])
    Step.objects.create(item=item, at=clock.now(), state=state, user=user, second=second, note=note)
    return item


@action(
    "difference.write_off",
    may="difference.propose",
    decide="difference.decide",
    takes={"number": Whole(1), "reason": Text(300)},
    place=lambda given: place_of_item(given["number"]),
    subject="number",
)
def write_off(given: Given, decision: Decision) -> Done:
    """Accept a difference as it is, for good. The books are not touched: what is owed follows the settlements."""
    found = _standing(given["number"])
    if decision.proposal is not None:
        _step(found, "written off", given["reason"], decision.proposal.proposed_by, decision.user)
    return Done({"number": found.pk, "state": "written off"})


def of_month(month: date) -> Q:
    """The items of periods that end in a month."""
    return Q(period__last__year=month.year, period__last__month=month.month)


def summary(body: Body, month: date | None) -> list[dict[str, Any]]:
    """Per institution at a body or below, and month: how many differences stand, how old the oldest is, and by how much
    totals and funds differ in fen (without signs)."""
    rows = Item.objects.filter(period__institution__body__path__startswith=body.path, state__in=STANDING)
    rows = rows.filter(of_month(month)) if month else rows
    found = rows.values(
        institution=F("period__institution__code"), year=F("period__last__year"), month=F("period__last__month")
    ).annotate(
        open=Count("id", filter=Q(state="open")),
        explained=Count("id", filter=Q(state="explained")),
        oldest=Min("opened__made"),
        last=Max("last__made"),
        total_fen=Sum(Abs(Coalesce("stated_total_fen", 0) - Coalesce("total_fen", 0))),
        funds_fen=Sum(Abs(Coalesce("stated_funds_fen", 0) - Coalesce("funds_fen", 0))),
    )
    today = clock.today()
    return [
        {
            "institution": row["institution"],
            "month": f"{row['year']:04d}-{row['month']:02d}",
            "open": row["open"],
            "explained": row["explained"],
            "oldest_days": (today - row["oldest"].astimezone(clock.CHINA).date()).days,
            "last_compared": row["last"],
            "total_fen": row["total_fen"],
            "funds_fen": row["funds_fen"],
        }
        for row in found.order_by("institution", "year", "month")
    ]


def standing_in(month: date) -> dict[str, int]:
    """How many differences of a month and earlier ones stand, of how many institutions: what a closing should know."""
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    rows = Item.objects.filter(state__in=STANDING, period__last__lt=after)
    found: dict[str, int] = rows.aggregate(
        differences=Count("id"), institutions=Count("period__institution_id", distinct=True)
    )
    return found
