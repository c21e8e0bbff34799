"""Which national item an institution's own code stands for, from a day on and before another."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from openyibao.policy.model import Bilingual
from openyibao.service.institutions.models import Institution, Mapping
from openyibao.service.organisation.fields import Day, Given, Text
from openyibao.service.organisation.periods import ends, period, shorten
from openyibao.service.organisation.problems import Problem

MAPPING = {
    "own_code": Text(150),
    "own_name": Text(100),
    "item_code": Text(50),
    "kind": Text(3),
    "start": Day(),
    "end": Day(optional=True),
}
ENDING = {"own_code": Text(150), "start": Day(), "end": Day()}


def mapped(institution: Institution, own_code: str, day: date) -> Mapping | None:
    """What an institution's code stands for on a day."""
    found: Mapping | None = Mapping.objects.filter(
        institution=institution, own_code=own_code, period__contains=day
    ).first()
    return found


def add(institution: Institution, given: Given) -> Mapping:
    """Map a code. Raises Problem("mapping overlaps") where it stands for something already."""
    span = period(given["start"], given["end"])
    with transaction.atomic():
        Institution.objects.select_for_update().get(pk=institution.pk)
        own = Mapping.objects.filter(institution=institution, own_code=given["own_code"])
        for one in own.filter(period__overlap=span):
            raise Problem(
                "mapping overlaps",
                own_code=one.own_code,
                item_code=one.item_code,
                start=one.period.lower,
                end=ends(one.period),
            )
        made: Mapping = Mapping.objects.create(
            institution=institution,
            period=span,
            **{name: given[name] for name in ("own_code", "own_name", "item_code", "kind")},
        )
        return made


def end(institution: Institution, given: Given) -> Mapping:
    """End the mapping of a code that began on a day."""
    with transaction.atomic():
        own = Mapping.objects.select_for_update().filter(institution=institution, own_code=given["own_code"])
        found: Mapping | None = own.filter(period__startswith=given["start"]).first()
        if found is None:
            raise Problem("not known", what=Bilingual("此对照", "such mapping"))
        found.period = shorten(found.period, given["end"])
        found.save(update_fields=["period"])
        return found


def listed(institution: Institution) -> list[dict[str, Any]]:
    return [
        {
            "own_code": one.own_code,
            "own_name": one.own_name,
            "item_code": one.item_code,
            "kind": one.kind,
            "start": one.period.lower,
            "end": one.period.upper,
        }
        for one in Mapping.objects.filter(institution=institution).order_by("own_code", "period")
    ]
