"""Care out of area: the months between regions, and what waits for another region's answer."""

from __future__ import annotations

from typing import Any

from openyibao.service.organisation.fields import Text
from openyibao.service.people.coverage import region_of
from openyibao.service.portability.models import Clearing, Errand
from openyibao.service.portability.peers import division_of
from openyibao.service.staff import places
from openyibao.service.staff.routes import Asked, route

MOST = 500
FIELDS = ("side", "month", "state", "rows", "fen", "transfer_fen", "totals", "digest", "differences", "entry", "made")


@route("GET", "regional-clearings", item="regional.find", place=places.of_region, takes={"region": Text(12)})
def regional_clearings(asked: Asked) -> dict[str, Any]:
    """The months of a region with others, newest first, at most 500, and how many visits wait for an answer."""
    own = region_of(asked.given["region"])
    found = Clearing.objects.filter(own=own).select_related("peer").order_by("-month", "-id")
    waiting = Errand.objects.filter(state="asking", data__own=division_of(own))
    oldest = waiting.order_by("begun").values_list("begun", flat=True).first()
    return {
        "clearings": [
            {"peer": one.peer.division, **{name: getattr(one, name) for name in FIELDS}} for one in found[:MOST]
        ],
        "waiting": waiting.count(),
        "oldest": oldest,
    }
