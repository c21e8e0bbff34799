"""The tree, who holds which role, and the access log."""

from __future__ import annotations

from typing import Any

from openyibao.service.organisation import roles
from openyibao.service.organisation.fields import Text
from openyibao.service.organisation.models import Access
from openyibao.service.organisation.permissions import permissions
from openyibao.service.organisation.tree import below
from openyibao.service.staff.places import of_body
from openyibao.service.staff.routes import Asked, route

MOST = 500
BODY = {"body": Text(12)}


@route("GET", "tree", item="tree.find", place=of_body, takes=BODY)
def tree(asked: Asked) -> dict[str, Any]:
    """A body and the bodies below it, at most 500."""
    found = below(of_body(asked)).select_related("parent").order_by("path")[: MOST + 1]
    bodies = [
        {
            "code": one.code,
            "zh": one.name_zh,
            "en": one.name_en,
            "level": one.level,
            "parent": one.parent.code if one.parent else None,
        }
        for one in found
    ]
    return {"bodies": bodies[:MOST], "more": len(bodies) > MOST}


@route("GET", "roles", item="role.find", place=of_body, takes=BODY)
def role_list(asked: Asked) -> dict[str, Any]:
    """The roles that there are, and who holds one at a body or below it."""
    names = {name: {"zh": one.zh, "en": one.en} for name, one in permissions().roles.items()}
    return {"roles": names, "grants": roles.listed(of_body(asked))}


@route("GET", "audit", item="audit.find", place=of_body, takes={**BODY, "subject": Text(100, optional=True)})
def audit(asked: Asked) -> dict[str, Any]:
    """The last 500 lines of the access log of a body and all below it, newest first."""
    found = Access.objects.filter(body__path__startswith=of_body(asked).path).select_related("user", "body")
    if asked.given["subject"]:
        found = found.filter(subject=asked.given["subject"])
    rows = [
        {
            "at": one.at,
            "user": one.user.get_username() if one.user else None,
            "route": one.route,
            "item": one.item,
            "body": one.body.code if one.body else None,
            "subject": one.subject,
            "status": one.status,
        }
        for one in found.order_by("-id")[:MOST]
    ]
    return {"lines": rows}
