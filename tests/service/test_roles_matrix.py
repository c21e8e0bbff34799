"""T25: every role, held at every level, at every route, inside its subtree and outside it.

What is expected is worked out here from the lines of permissions.toml and from the order of the levels; the answer
comes from the platform over HTTP. Each cell is rolled back, so all see the same objects.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from openyibao.service.organisation.models import Access, Grant
from openyibao.service.organisation.proposals import ACTIONS, propose
from openyibao.service.organisation.tree import LEVELS
from openyibao.service.people import sensitive
from openyibao.service.staff.routes import OPEN, ROUTES, SIGNED_IN, Route
from openyibao.service.staff.urls import PREFIX
from service.conftest import using
from service.figures import figure
from service.offices import DAY, NOW, Office, furnish, grow, staff
from service.requests_of_staff import ACTION_SAMPLES, ROUTE_SAMPLES, sample

DATA = tomllib.loads(files("openyibao.service.organisation").joinpath("permissions.toml").read_text(encoding="utf-8"))
ROLES = tuple(DATA["roles"])
AT_THE_ROOT = ("month.close", "month.decide")
"""Items of all regions together, which are asked for at the root above the body that a request names."""
OF_INSTITUTIONS = {"own_statements", "own_statement", "own_statement_as_file", "dispute_a_line"}
"""Answered by who speaks for an institution, whatever the role (test_payment.py)."""
ITEM_ROUTES = [one for one in ROUTES.values() if one.item not in (OPEN, SIGNED_IN)]


@dataclass
class World:
    """Offices by tree and level, and the proposals that wait at each."""

    offices: dict[tuple[str, str], Office]
    waiting: dict[tuple[str, str], dict[str, int]]
    clients: dict[tuple[str, str], Client]

    def ask(self, client: Client, route: Route, tree: str, level: str) -> tuple[int, Any]:
        """The status and the answer of the route's request about an office, rolled back."""
        names, given = sample(route.name, self.offices[tree, level], self.waiting[tree, level])
        path = "/" + PREFIX + re.sub(r"<(\w+)>", lambda found: names[found[1]], route.path)
        with transaction.atomic():
            if route.method == "GET":
                answer = client.get(path, given)
            else:
                answer = client.generic(route.method, path, json.dumps(given), content_type="application/json")
            transaction.set_rollback(True)
        return answer.status_code, answer.content


@pytest.fixture(scope="module")
def world(server: Any) -> Iterator[World]:
    """One for all tests of this module: what they ask is rolled back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "CLOCK", NOW)
        for _ in using(server):
            yield made()


def made() -> World:
    proposer, reviewer = staff("proposer"), staff("reviewer")
    offices: dict[tuple[str, str], Office] = {}
    waiting = {}
    for tree in "12":
        for level, body in zip(LEVELS, grow(tree), strict=True):
            offices[tree, level] = office = furnish(body, proposer, reviewer)
            waiting[tree, level] = {name: propose(proposer, name, ACTION_SAMPLES[name](office)).pk for name in ACTIONS}
    clients = {}
    for role in ROLES:
        for level in LEVELS:
            clients[role, level] = Client()
            clients[role, level].force_login(staff(f"{role}-{level}", role, offices["1", level].body))
    return World(offices, waiting, clients)


def expected(role: str, item: str, held: str, tree: str, level: str) -> int:
    """What the data say of a role held at a level of tree 1, about an office of a tree and level."""
    if item in AT_THE_ROOT:
        level = LEVELS[0]
    allowed = held in DATA["permissions"].get(role, {}).get(item, [])
    inside = tree == "1" and LEVELS.index(level) >= LEVELS.index(held)
    return 200 if allowed and inside else 403


PARTS = 5
"""Of which part the ordinary run takes one: every route with every role, at one of the levels, in turn."""


def cells(full: bool) -> list[tuple[Route, str, str, str, str]]:
    """(route, role, level at which it is held, tree and level of the object): all objects; or one inside, by turns at
    the body itself and at the lowest, and where the data allow that also one outside, by turns above and beside.
    """
    found = []
    for number, route in enumerate(ITEM_ROUTES):
        for place, role in enumerate(ROLES):
            for turn, held in enumerate(LEVELS):
                if not full and (number + place + turn) % PARTS:
                    continue
                about = (
                    [(tree, level) for tree in "12" for level in LEVELS]
                    if full
                    else [("1", (held, LEVELS[-1])[turn % 2])]
                )
                if not full and expected(role, route.item, held, *about[0]) == 200:
                    about.append(("1", LEVELS[turn - 1]) if len(found) % 2 and turn else ("2", held))
                found += [(route, role, held, tree, level) for tree, level in about]
    return found


def check(world: World, full: bool) -> None:
    tested: Counter[int] = Counter()
    wrong = []
    every = cells(full)
    for route, role, held, tree, level in every:
        status, answer = world.ask(world.clients[role, held], route, tree, level)
        wanted = expected(role, route.item, held, tree, level)
        tested[wanted] += 1
        if status != wanted:
            wrong.append((route.name, role, held, tree, level, wanted, status, answer.decode()[:300]))
    print(f"{len(every)} cells: {dict(tested)}")
    assert not wrong, wrong[:5]
    seen = {(route.name, role, held) for route, role, held, _, _ in every}
    assert {(name, role) for name, role, _ in seen} == {(route.name, role) for route in ITEM_ROUTES for role in ROLES}
    if full:
        assert len(seen) == len(ITEM_ROUTES) * len(ROLES) * len(LEVELS)
        assert len(every) == len(seen) * 2 * len(LEVELS)
    assert min(tested[200], tested[403]) > len(ITEM_ROUTES) / (1 if full else 2)
    figure(cells=len(every), refused=tested[403], failures=0)


@pytest.mark.reliability("T25", "roles, addresses, bodies by the table of routes")
def test_every_role_at_every_route_inside_and_outside(world: World) -> None:
    check(world, full=False)


def test_nobody_without_a_session_or_with_one_that_was_ended(world: World) -> None:
    nobody, former = Client(), Client()
    user = staff("former", "clerk", world.offices["1", "district"].body)
    former.force_login(user)
    assert world.ask(former, ROUTES["person"], "1", "district")[0] == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    for route in ITEM_ROUTES:
        assert world.ask(nobody, route, "1", "district")[0] == 401, route.name
        assert world.ask(former, route, "1", "district")[0] == 401, route.name


@pytest.mark.reliability("T25", "roles, addresses, bodies by the table of routes")
@pytest.mark.long
def test_every_role_at_every_route_about_every_body(world: World) -> None:
    check(world, full=True)


def test_no_role_no_time_no_line_no_permission(world: World, settings_of_platform: Any, tmp_path: Any) -> None:
    late, early, none = (Client() for _ in range(3))
    late.force_login(ended := staff("ended"))
    early.force_login(coming := staff("coming"))
    none.force_login(staff("none"))
    from datetime import timedelta

    for role in ROLES:
        for level in LEVELS:
            body = world.offices["1", level].body
            Grant.objects.create(user=ended, role=role, body=body, start=DAY - timedelta(30), end=DAY)
            Grant.objects.create(user=coming, role=role, body=body, start=DAY + timedelta(1))
    for client in (late, early, none):
        for route in ITEM_ROUTES:
            assert world.ask(client, route, "1", "district")[0] == 403, route.name
    empty = tmp_path / "permissions.toml"
    lines = ['[roles]\nclerk = { zh = "甲", en = "a" }\n', "[items]"]
    items = sorted({one.item for one in ITEM_ROUTES})
    lines += [f'"{item}" = {{ zh = "甲", en = "a" }}' for item in items]
    lines += ["[permissions.clerk]", *(f'"{item}" = []' for item in items[::2])]
    empty.write_text("\n".join(lines), encoding="utf-8")
    settings_of_platform.PERMISSIONS = str(empty)
    for route in ITEM_ROUTES:
        for level in LEVELS:
            assert world.ask(world.clients["clerk", level], route, "1", level)[0] == 403, route.name


def test_a_user_with_two_grants_has_the_sum_and_no_more(world: World) -> None:
    client = Client()
    user = staff("both", "clerk", world.offices["1", "town"].body)
    Grant.objects.create(user=user, role="auditor", body=world.offices["2", "district"].body, start=DAY)
    client.force_login(user)
    for route in ITEM_ROUTES:
        for tree, level in (("1", "village"), ("2", "village"), ("1", "district"), ("2", "city")):
            here = [expected("clerk", route.item, "town", tree, level)]
            if tree == "2":
                here.append(expected("auditor", route.item, "district", "1", level))
            assert world.ask(client, route, tree, level)[0] == min(here), (route.name, tree, level)


def test_there_is_no_address_beside_the_list() -> None:
    from django.urls import get_resolver

    beside = {
        "health",
        "ready",
        "metrics",
        "region/v1/<slug:what>",
        r"^(?:.*/)?(?:fsi/api|csb|hgs)/.+$",
        "",
        "sandbox/",
    }
    addresses = {str(one.pattern) for one in get_resolver().url_patterns}
    assert addresses - beside == {PREFIX + one.path for one in ROUTES.values()}
    assert {name for name in ROUTES if ROUTES[name].item == OPEN} == {"session", "sign_in"}
    assert {name for name in ROUTES if ROUTES[name].item == SIGNED_IN} == {"sign_out", "me", *OF_INSTITUTIONS}
    for route in ITEM_ROUTES:
        assert route.item in DATA["items"], route.name
    named = {f"{verb} {name}" for name in ACTIONS for verb in ("propose", "decide")}
    assert {one.name for one in ITEM_ROUTES} == {*ROUTE_SAMPLES, *named, "proposal_certificate"} and set(
        ACTION_SAMPLES
    ) == set(ACTIONS)
    used = {one.item for one in ITEM_ROUTES} | {sensitive.ITEM}  # asked within an answer, which is then masked
    assert used == set(DATA["items"]), "an item that no route asks for, or the other way round"


def test_what_was_done_and_denied_is_logged_and_stays(world: World) -> None:
    from django.db import DatabaseError

    office = world.offices["1", "district"]
    reviewer = world.clients["reviewer", "district"]
    number = office.person.psn_no
    before = Access.objects.count()
    assert reviewer.get(f"/api/persons/{number}/certificate").json()["certificate"] == office.person.certificate
    assert world.clients["auditor", "district"].get(f"/api/persons/{number}/certificate").status_code == 403
    last = list(Access.objects.order_by("id")[before:].values_list("user__username", "route", "subject", "status"))
    assert last == [
        ("reviewer-district", "person_certificate", number, 200),
        ("auditor-district", "person_certificate", number, 403),
    ]
    for change in (lambda: Access.objects.update(status=200), lambda: Access.objects.all().delete()):
        with pytest.raises(DatabaseError, match="appended only"), transaction.atomic():
            change()


def test_the_pages_on_roles_are_those_of_the_data() -> None:
    from openyibao.service.staff.document import document

    for lang, name in (("en", "roles.md"), ("zh", "roles.zh.md")):
        page = Path(__file__).parents[2] / "docs" / name
        assert page.read_text(encoding="utf-8") == document(lang), "python -m openyibao.service.staff.document docs"
