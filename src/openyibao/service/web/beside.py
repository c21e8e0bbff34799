"""The same cost in two places, side by side: what each pays and leaves, and why the two may not be comparable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse

from openyibao.service import clock
from openyibao.service.web import asked as asking
from openyibao.service.web import calculator, pages, shelf
from openyibao.service.web.answer import NoAnswerError
from openyibao.service.web.question import Asked, Field, Option, slug
from openyibao.service.web.words import Words

Data = dict[str, Any]
Query = dict[str, str]
EARLIER = re.compile(r"e\d+-")
OF_PLACE = ("at", "with", "day", "policy")
"""What belongs to the first place only; facts of the second one stand behind `w-`."""


def show(request: HttpRequest, lang: str) -> HttpResponse:
    """Two places and one question; the answers where both places have what they need."""
    t, today = pages.words_of(request, lang), clock.today()
    query = {name: value for name, value in request.GET.items() if value and not EARLIER.match(name)}
    wanted = bool(query.get("total") or query.get("case"))
    first = asking.read(_first(query), t, today, forming=not wanted)
    second = asking.read(_second(query, today), t, today, forming=not wanted)
    errors = dict(first.errors)
    errors |= {f"w-{name}": text for name, text in second.errors.items() if f"w-{name}" in _own(first, second, query)}
    errors |= {"with": second.errors["at"]} if "at" in second.errors else {}
    sides = [_side(one, t) for one in (first, second)] if first.ready and second.ready else []
    context = {
        "title": t("beside.title"),
        "asked": first,
        "other": second,
        "with_field": _with(query.get("with", ""), second, t),
        "facts": _open(first.facts, first, query),
        "own": _open(_own(first, second, query).values(), first, query),
        "errors": errors,
        "case": first.patient,
        "sides": sides,
        "headline": _headline(sides, t),
        "notices": _notices(first, second, t) if sides else [],
    }
    return pages.page(request, lang, "beside.html", context, here="beside")


def _open(fields: Iterable[Field], first: Asked, query: Query) -> list[Field]:
    """The fields to show; of a standard case, which states its facts itself, those that it leaves open."""
    return [one for one in fields if not first.patient or one.error or one.name in query]


def _first(query: Query) -> Query:
    return {name: value for name, value in query.items() if not name.startswith("w-")}


def _second(query: Query, today: date) -> Query:
    """The question for the second place: the same cost, and those facts that its policy asks with that value."""
    stated = {name[2:]: value for name, value in query.items() if name.startswith("w-")}
    policies = shelf.shelf_of(query.get("with", ""))
    usual = shelf.usual_day(policies, today) if policies else today
    held = _on(policies, stated.get("day", ""), usual)
    shared = {name: value for name, value in _first(query).items() if name not in OF_PLACE}
    if held:
        offers = {f"f-{slug(fact.name)}": fact for fact in asking.asked_facts(held[0])}
        shared = {
            name: value
            for name, value in shared.items()
            if not name.startswith("f-")
            or (name in offers and (not offers[name].values or value in map(slug, offers[name].values)))
        }
    return {**shared, "at": query.get("with", ""), **stated}


def _on(policies: tuple[Any, ...], text: str, usual: date) -> tuple[Any, ...]:
    try:
        day = date.fromisoformat(text) if text else usual
    except ValueError:
        day = usual
    return shelf.on_day(policies, day)


def _own(first: Asked, second: Asked, query: Query) -> Mapping[str, Field]:
    """The fields that the second place asks for itself: its day, and facts that the first does not settle."""
    fields = [second.basics[1], *second.facts] if second.policy or second.at else []
    asked = {one.name: one for one in first.facts}
    shared = {one.name for one in second.facts if one.name in asked and _same(asked[one.name], one)}
    return {
        f"w-{one.name}": replace(one, name=f"w-{one.name}")
        for one in fields
        if one.name not in shared or one.error or f"w-{one.name}" in query
    }


def _same(one: Field, other: Field) -> bool:
    """Whether what is stated for one place can be stated for the other: the value, or any where none is chosen."""
    offered = {option.value for option in other.options}
    return one.value in offered if one.value else {option.value for option in one.options} == offered


def _with(value: str, second: Asked, t: Words) -> Field:
    at = second.basics[0]
    options = tuple(Option(one.value, one.label, one.value == value) for one in at.options)
    return Field("with", t("beside.with"), "choice", value, options, error=at.error)


def _side(asked: Asked, t: Words) -> Data:
    """One place: its answer, or why there is none."""
    assert asked.policy is not None
    about: Data = {
        "place": t.place(asked.policy.region),
        "policy": t.pick(asked.policy.title),
        "shown": None,
        "notices": [],
        "refused": "",
        "own_fen": None,
        "partly": False,
    }
    try:
        found = calculator.answered(asked)
    except NoAnswerError as error:
        return {**about, "refused": error.told(t)}
    told = calculator.shown(found, t)
    own, partly = told["picture"].personal_fen, bool(told["down_to"])
    more = [told["down_to"]] if partly else []
    notices = [*calculator.notices(asked, found, t), *more]
    return {**about, "shown": told, "notices": notices, "own_fen": own, "partly": partly}


def _headline(sides: list[Data], t: Words) -> str:
    """Both sums in one sentence, where both are known."""
    if not sides or any(side["own_fen"] is None for side in sides):
        return ""
    one, two = sides
    sums = [t.money(side["own_fen"]) for side in sides]
    told = [t("show.at_most", fen=fen) if side["partly"] else fen for fen, side in zip(sums, sides, strict=True)]
    apart = abs(one["own_fen"] - two["own_fen"])
    key = "same" if not apart else "partly" if one["partly"] or two["partly"] else "apart"
    places = {"one": one["place"], "two": two["place"], "own": told[0], "other": told[1]}
    return t(f"beside.{key}", **places, fen=t.money(apart))


def _notices(first: Asked, second: Asked, t: Words) -> list[str]:
    """Why the two sums are not simply comparable."""
    one, two = first.policy, second.policy
    assert one is not None and two is not None
    told = []
    if (one.start, one.end) != (two.start, two.end):
        spans = [t("policy.time_short", start=t.day(p.start), end=t.day(shelf.last_day(p))) for p in (one, two)]
        told.append(t("beside.years", one=spans[0], two=spans[1]))
    if [layer.name for layer in one.layers] != [layer.name for layer in two.layers]:
        told.append(t("beside.layers"))
    return told
