"""What a question can be about: a policy, a place, or medical security in general; and who of the agency answers.

In an address it is written `policy:chongqing/resident-2023`, `place:500000` or nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from openyibao.policy.model import Policy
from openyibao.service.organisation.models import Body
from openyibao.service.voice import questions
from openyibao.service.voice.models import Question
from openyibao.service.web import shelf
from openyibao.service.web.words import Words
from openyibao.site.library import policy_page, region_page

LONGEST = 120


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about. `body` answers; None where no office of this platform does."""

    token: str
    label: str
    body: Body | None
    policy: str = ""
    general: bool = False
    address: str = ""


def subject(token: str, t: Words) -> Subject | None:
    """The subject that an address names; None where there is no such."""
    token = token[:LONGEST]
    if not token:
        return Subject("", t("question.general"), questions.root(), general=True)
    kind, _, name = token.partition(":")
    body = {one.code: one for one in questions.offices()}
    if kind == "policy":
        found = shelf.policy(name)
        if found is None:
            return None
        address = f"/{t.lang}/law/{policy_page(found)}"
        return Subject(token, t.pick(found.title), body.get(found.region), policy=name, address=address)
    if kind == "place" and name in body:
        known = name in shelf.library().regions
        address = f"/{t.lang}/law/{region_page(name)}" if known else ""
        return Subject(token, place(body[name], t), body[name], address=address)
    return None


def of_question(one: Question, t: Words) -> tuple[str, str]:
    """What a question was about, and the address of it; a policy that is no longer there is named by its id."""
    if one.general:
        return t("question.general"), ""
    if not one.policy:
        known = one.body.code in shelf.library().regions
        return place(one.body, t), f"/{t.lang}/law/{region_page(one.body.code)}" if known else ""
    found = shelf.policy(one.policy)
    return (t.pick(found.title), f"/{t.lang}/law/{policy_page(found)}") if found else (str(one.policy), "")


def of_page(path: str) -> str:
    """The subject of a page of the law, as an address names it; empty for a page about neither policy nor place."""
    for policy in shelf.library().policies:
        if path == policy_page(policy):
            return f"policy:{policy.id}"
    return next((f"place:{code}" for code in shelf.library().regions if path == region_page(code)), "")


def choices(t: Words) -> list[tuple[str, list[tuple[str, str]]]]:
    """All subjects, by place: (place, [(token, label)])."""
    found = []
    for body in questions.offices():
        policies = [one for one in shelf.library().policies if one.region == body.code]
        rows = [(f"place:{body.code}", t("question.place", place=place(body, t)))]
        rows += [(f"policy:{one.id}", t.pick(one.title)) for one in sorted(policies, key=_newest)]
        found.append((place(body, t), rows))
    return found


def _newest(policy: Policy) -> tuple[int, str]:
    return (-policy.start.toordinal(), policy.id)


def place(body: Body, t: Words) -> str:
    return str(body.name_zh if t.lang == "zh" else body.name_en)
