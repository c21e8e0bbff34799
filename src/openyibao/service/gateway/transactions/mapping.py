"""Which national item an institution's own code stands for: 3301 maps codes, 3302 ends a mapping."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from openyibao.service.gateway import items, lookup
from openyibao.service.gateway.calls import Call, Node, Output, answers
from openyibao.service.gateway.refusals import Refused
from openyibao.service.institutions.models import Institution, Mapping
from openyibao.service.settlements.claims import day_of

MOST_ROWS = 1000
KEPT = ("aprvno", "dosform", "exct_cont", "item_cont", "prcunt", "spec", "pacspec", "memo")


@answers("3301", writes=True)
def map_codes(call: Call) -> Output:
    """Map codes to items of the region's catalogue: all rows, or none.

    The item must be in the catalogue on the first day of its mapping, and of the list that the row states. The same
    mapping sent again is no second one.
    """
    rows = call.rows("data")
    if not 1 <= len(rows) <= MOST_ROWS:
        raise Refused("no mappings", most=MOST_ROWS)
    Institution.objects.select_for_update().get(pk=call.institution.pk)
    _, catalogue = lookup.catalogue_here(call)
    for row in rows:
        code, first, last = row.get("med_list_codg") or "", row["begndate"], row["enddate"]
        if last < first:
            raise Refused("times", first=first, last=last)
        item = catalogue.items.get(code)
        if item is None or item.version(first) is None:
            raise Refused("not in catalogue", catalogue=catalogue.id, day=first, item=code or "-")
        kind = items.LIST_TYPES.get(item.kind, items.OTHER_LIST)
        if row["list_type"] != kind:
            raise Refused("list type", item=code, expected=kind, found=row["list_type"])
        _map(call, row, kind, DateRange(first, lookup.after(last)))
    return None


def _map(call: Call, row: Node, kind: str, period: Any) -> None:
    own_code = row["fixmedins_hilist_id"]
    before = Mapping.objects.filter(institution=call.institution, own_code=own_code, period__overlap=period).first()
    if before is not None:
        if before.item_code == row["med_list_codg"] and before.period == period:
            return
        last = lookup.last_day(before.period) or "-"
        raise Refused("mapping overlaps", own=own_code, item=before.item_code, first=before.period.lower, last=last)
    Mapping.objects.create(
        institution=call.institution,
        own_code=own_code,
        own_name=row["fixmedins_hilist_name"][:100],
        item_code=row["med_list_codg"],
        kind=kind,
        period=period,
        data={name: row[name] for name in KEPT if row.get(name)},
    )


@answers("3302", writes=True)
def unmap(call: Call) -> Output:
    """End a mapping today. One that has not begun before today is deleted: it never counted on a day that is over."""
    node, today = call.node(), day_of(call.now)
    lookup.own(call, node["fixmedins_code"])
    about = {"own_code": node["fixmedins_hilist_id"], "item_code": node["med_list_codg"], "kind": node["list_type"]}
    rows = Mapping.objects.select_for_update().filter(institution=call.institution, **about)
    found = rows.filter(period__overlap=DateRange(today, None)).order_by("period").first()
    if found is None:
        raise Refused("unknown mapping", own=about["own_code"], item=about["item_code"])
    if found.period.lower >= today:
        found.delete()
    else:
        found.period = DateRange(found.period.lower, today)
        found.save(update_fields=["period"])
    return None
