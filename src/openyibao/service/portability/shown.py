"""1101 for an institution elsewhere: a person of ours by what they showed, and how insured."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from openyibao.service.clock import today
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.transactions import persons
from openyibao.service.gateway.visits import person_of, plain
from openyibao.service.organisation.models import Region
from openyibao.service.people.models import Coverage, Person
from openyibao.service.portability.guests import is_mirror
from openyibao.service.portability.wire import Said


def shown(own: Region, said: Said) -> tuple[Person, dict[str, Any]]:
    """The person of a credential (`node` of 1101) or of a number with its certificate (`node` of 2201, 2401), and the
    output of 1101, values as text. Raises Refused, also for whoever was never insured in this region."""
    node = said["node"]
    found = person_of(node) if node.get("psn_no") else persons._found(node)
    insured = Coverage.objects.filter(person=found, region=own)
    if is_mirror(found) or not insured.exists():
        raise Refused("unknown person", field="psn_no" if node.get("psn_no") else "certno")
    if node.get("psn_name") and node["psn_name"] != found.name:
        raise Refused("name differs")
    day = today()
    since = datetime.fromisoformat(node["begntime"]).date() if node.get("begntime") else day
    rows = [
        row
        for coverage in persons._coverages(found, min(since, day), day)
        if coverage.region_id == own.pk
        for row in persons.insurance_rows(coverage, day)
    ]
    output = {"baseinfo": persons._base(found, day), "insuinfo": rows, "idetinfo": persons._identities(found, day)}
    return found, plain(output)
