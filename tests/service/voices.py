"""What the tests of asking and telling share: a county with its two members of staff, questions, and settled visits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from openyibao.service.organisation.models import Body, Region
from openyibao.service.organisation.proposals import decide, propose
from openyibao.service.settlements.check_code import check_code
from openyibao.service.voice import questions
from openyibao.service.voice.models import QUESTIONS, Question
from service.conftest import using
from service.county import add_person, build
from service.offices import NOW, staff
from service.racing import Desk, ready

POLICY = "teaching/willow-county-2026"
SAMPLE = "住院的起付线一年算几次？"
_numbers = count(1)


@dataclass
class Agency:
    """A county, who drafts and who decides."""

    region: Region
    clerk: Any
    reviewer: Any

    @property
    def body(self) -> Body:
        return self.region.body

    def ask(self, text: str = SAMPLE, *, kind: str = "question", policy: str = "", address: str = "") -> Question:
        """A question that waits. Each from another address, unless one is named."""
        number = next(_numbers)
        new = questions.New(kind, self.body, text, f"form {number}", policy)
        return found(questions.ask(new, address or f"address {number}"))

    def done(self, action: str, about: Question, **given: Any) -> Question:
        """Something drafted and decided."""
        self.decided(self.drafted(action, about, **given))
        about.refresh_from_db()
        return about

    def drafted(self, action: str, about: Question, **given: Any) -> int:
        return propose(self.clerk, action, {"question": about.pk, **given}).pk

    def decided(self, number: int) -> Any:
        return decide(self.reviewer, number, accept=True)[0]

    def answered(self, text: str = SAMPLE, answer: str = "每次住院都有起付线。", **more: Any) -> Question:
        return self.done("question.publish", self.ask(text, **more), answer=answer)


def at_work(server: Any) -> Iterator[Agency]:
    """An agency in a database of its own, on a day of 2026."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "CLOCK", NOW)
        for _ in using(server):
            yield agency()


def later(days: int) -> str:
    """So many days after the day of `at_work`, for the platform's clock."""
    return (datetime.fromisoformat(NOW) + timedelta(days)).isoformat()


def agency() -> Agency:
    region = build()
    return Agency(region, staff("x7-clerk", "clerk", region.body), staff("x7-reviewer", "reviewer", region.body))


def found(number: str) -> Question:
    one = questions.by_number(number)
    assert one is not None
    return one


@dataclass
class Bill:
    """A settled visit: its number, its check code, and what would take it back."""

    number: str
    code: str
    given: dict[str, Any]
    settled: dict[str, Any]


def settled(region: Region, desk: Desk, person: Any = None) -> Bill:
    """A visit, settled today."""
    person = person or add_person(region, next(_numbers))
    given = ready(desk, person, 20)
    done = desk.done("2207", given)
    number = done["setlinfo"]["setl_id"]
    return Bill(number, check_code(number), given, done)


def marks(mark: int = 5, **others: int) -> dict[str, int]:
    return {**dict.fromkeys(QUESTIONS, mark), **others}


def token(page: str) -> str:
    match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert match
    return match[1]


class Visitor:
    """Somebody with a browser of their own, whose forms are checked as everybody's are."""

    def __init__(self, address: str = "192.0.2.1") -> None:
        self.client = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1", REMOTE_ADDR=address)

    def get(self, address: str, **stated: str) -> str:
        answer = self.client.get(address, stated)
        assert answer.status_code == 200, answer.status_code
        return answer.content.decode()

    def send(self, address: str, **fields: Any) -> Any:
        """Send a form as it stands on its page, filled in."""
        page = self.get(address)
        once = re.search(r'name="once" value="([^"]+)"', page)
        filled = {"csrfmiddlewaretoken": token(page), **({"once": once[1]} if once else {}), **fields}
        return self.client.post(address, filled, headers={"origin": "http://127.0.0.1"})
