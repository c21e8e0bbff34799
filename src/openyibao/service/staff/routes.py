"""The one list of what the staff API answers: each route with the service item that it takes to be allowed.

    @route("GET", "persons/<psn_no>", item="person.find", place=of_person)
    def person(asked: Asked) -> Answer: ...

The addresses, the documentation and the test of every role at every route come from here. A route asks for its item at
the body that `place` finds; without an item it is `OPEN` to all, or to all who are `SIGNED_IN`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openyibao.policy.model import Bilingual
from openyibao.service.organisation.fields import Given, Kind
from openyibao.service.organisation.models import Body
from openyibao.service.organisation.permissions import may, permissions
from openyibao.service.organisation.problems import Problem

OPEN, SIGNED_IN = "(open)", "(signed in)"
METHODS = ("GET", "POST", "DELETE")


@dataclass(slots=True)
class Asked:
    """A request: who asks on which day, the names in the address, and the fields given. `subject` names the object
    for the access log; a view may set it."""

    request: Any
    user: Any
    day: date
    names: Mapping[str, str]
    given: Given = field(default_factory=dict)
    item: str = ""
    subject: str = ""

    def require(self, body: Body) -> None:
        """Raise Problem("not allowed") unless the item may be done at a further body, too."""
        if not may(self.user, self.item, body, self.day):
            raise denied(self.item)


def denied(item: str) -> Problem:
    """The answer to all that is not allowed; the same whether the object lies elsewhere or is nowhere."""
    named = permissions().items.get(item)
    return Problem("not allowed", item=Bilingual(named.zh, named.en) if named else item)


View = Callable[[Asked], Any]
Place = Callable[[Asked], Body]


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    method: str
    path: str
    item: str
    takes: Mapping[str, Kind]
    place: Place | None
    view: View


ROUTES: dict[str, Route] = {}


def add(new: Route) -> None:
    """Put a route on the list. Raises ValueError for one that is there, or whose item or place is missing."""
    if new.name in ROUTES or any((one.method, one.path) == (new.method, new.path) for one in ROUTES.values()):
        raise ValueError(f"two routes {new.name} or {new.method} {new.path}")
    if new.method not in METHODS:
        raise ValueError(f"{new.name}: method {new.method}")
    if not new.item or (new.place is None) != (new.item in (OPEN, SIGNED_IN)):
        raise ValueError(f"{new.name}: an item and a place, or {OPEN} or {SIGNED_IN} and none")
    ROUTES[new.name] = new


def route(
    method: str, path: str, *, item: str, place: Place | None = None, takes: Mapping[str, Kind] | None = None
) -> Callable[[View], View]:
    """Put a view on the list, under its own name."""

    def register(view: View) -> View:
        add(Route(view.__name__, method, path, item, takes or {}, place, view))
        return view

    return register
