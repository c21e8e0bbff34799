"""The tree of bodies: province, city, district, town and village point."""

from __future__ import annotations

from django.db.models import QuerySet

from openyibao.service.organisation.models import Body

LEVELS = ("nation", "province", "city", "district", "town", "village")
"""From the root down. A body may leave levels out: a municipality's district stands under its city directly."""


def inside(body: Body, ancestor: Body) -> bool:
    """Whether a body is `ancestor` or lies below it."""
    return str(body.path).startswith(str(ancestor.path))


def below(ancestor: Body) -> QuerySet[Body]:
    """A body and all below it."""
    return Body.objects.filter(path__startswith=ancestor.path)


def plant(code: str, name_zh: str, name_en: str, level: str, parent: Body | None = None) -> Body:
    """A new body below its parent. Raises ValueError where its level is not below the parent's."""
    if parent is not None and LEVELS.index(level) <= LEVELS.index(parent.level):
        raise ValueError(f"a {level} ({code}) can't stand below a {parent.level} ({parent.code})")
    path = f"{parent.path if parent else '/'}{code}/"
    made: Body = Body.objects.create(code=code, name_zh=name_zh, name_en=name_en, level=level, parent=parent, path=path)
    return made
