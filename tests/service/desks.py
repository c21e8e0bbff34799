"""A member of staff at the API, and a district with one of each role."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from openyibao.service.organisation.models import Region
from openyibao.service.people import register
from service.offices import grow, person_at, staff

POLICY = {"resident": "teaching/willow-county-2026"}


class Desk:
    """A member of staff at the API."""

    def __init__(self, user: User) -> None:
        self.user, self.client = user, Client()
        self.client.force_login(user)

    def get(self, path: str, **given: str) -> Any:
        answer = self.client.get(f"/api/{path}", given)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    def post(self, path: str, given: Any = None, status: int = 200) -> Any:
        answer = self.client.post(f"/api/{path}", json.dumps(given or {}), content_type="application/json")
        assert answer.status_code == status, answer.content.decode()
        return answer.json() if status == 200 else answer.json()["error"]


class Place:
    def __init__(self) -> None:
        self.bodies = grow("1")
        self.district, self.town = self.bodies[3], self.bodies[4]
        self.region = Region.objects.create(
            body=self.district, policies=POLICY, catalogue="teaching/willow-county-2026"
        )
        for role in ("clerk", "reviewer", "manager", "administrator", "auditor"):
            setattr(self, role, Desk(staff(role, role, self.district)))
        self.second = Desk(staff("second", "administrator", self.district))
        self.household = register.found_household(self.bodies[5])
        self.person = person_at(self.household, self.region)
