"""Which role may do which service item, at which level of the tree: data, read from permissions.toml.

Whoever is not allowed by a line of that file is denied; a line without levels denies. A site may name a file of its
own by YIBAO_PERMISSIONS.

    may(user, "coverage.enrol", body, day)
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q

from openyibao.service.organisation.models import Body, Grant
from openyibao.service.organisation.tree import LEVELS, inside


@dataclass(frozen=True, slots=True)
class Named:
    """The Chinese and the English name of a role or of a service item."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Permissions:
    """Roles and service items by name, and the cells (role, item, level) that are allowed. The level is that of the
    body at which the role is held."""

    roles: Mapping[str, Named]
    items: Mapping[str, Named]
    allowed: frozenset[tuple[str, str, str]]


def read(text: str, where: str) -> Permissions:
    """Permissions from TOML. Raises ValueError with the place for an unknown role, item, level or key."""
    data = tomllib.loads(text)
    if unknown := set(data) - {"roles", "items", "permissions"}:
        raise ValueError(f"{where}: unknown table {sorted(unknown)}; expected roles, items, permissions")
    roles = {name: Named(**value) for name, value in data.get("roles", {}).items()}
    items = {name: Named(**value) for name, value in data.get("items", {}).items()}
    allowed = set()
    for role, lines in data.get("permissions", {}).items():
        if role not in roles:
            raise ValueError(f"{where}: permissions.{role}: no such role; there are {', '.join(roles)}")
        for item, levels in lines.items():
            if item not in items:
                raise ValueError(f"{where}: permissions.{role}: no such item {item!r}")
            if not isinstance(levels, list) or (unknown := set(levels) - set(LEVELS)):
                raise ValueError(f"{where}: permissions.{role}.{item!r}: expected a list of levels {', '.join(LEVELS)}")
            allowed |= {(role, item, level) for level in levels}
    return Permissions(roles, items, frozenset(allowed))


@cache
def _of(path: str) -> Permissions:
    if path:
        return read(Path(path).read_text(encoding="utf-8"), path)
    own = files(__package__).joinpath("permissions.toml")
    return read(own.read_text(encoding="utf-8"), "permissions.toml")


def permissions() -> Permissions:
    """The permissions of this site."""
    return _of(settings.PERMISSIONS)


def may(user: Any, item: str, body: Body, day: date) -> bool:
    """Whether a user may do a service item for a body on a day: by a role held there or above, at a level where that
    role may. An unknown item is denied."""
    return any(inside(body, one) for one in held_for(user, item, day))


def held_for(user: Any, item: str, day: date) -> list[Body]:
    """The bodies at which a user holds, on a day, a role that may do an item there and below."""
    if not getattr(user, "is_active", False) or user.pk is None:
        return []
    allowed = permissions().allowed
    grants = Grant.objects.filter(Q(end=None) | Q(end__gt=day), user_id=user.pk, start__lte=day)
    return [one.body for one in grants.select_related("body") if (one.role, item, one.body.level) in allowed]
