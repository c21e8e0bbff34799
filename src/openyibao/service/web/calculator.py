"""What would I get? The question, and its answer as a page, a PDF, or a file to check it with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from openyibao.compare.patients import standard_patients
from openyibao.policy.values import yuan
from openyibao.service import clock
from openyibao.service.web import asked as asking
from openyibao.service.web import pages, shelf
from openyibao.service.web.answer import Answer, NoAnswerError, answer, claims_for
from openyibao.service.web.change import Other, changes
from openyibao.service.web.picture import Picture, picture
from openyibao.service.web.plain import layers_said
from openyibao.service.web.question import Asked, Field, Option
from openyibao.service.web.unknown import reason
from openyibao.service.web.words import Words
from openyibao.service.web.year import meters
from openyibao.settlement import Claim
from openyibao.site.library import NO_PLACE, last_day, policy_page
from openyibao.site.say import Say
from openyibao.site.words import first

Data = dict[str, Any]
Line = tuple[str, int, int, int]
MOST_LINES = 14
"""Of more bills than these, the first ones stand in one line."""
DROPPED = ("size", "words", "lang")
"""What an address may say beside the question."""


def show(request: HttpRequest, lang: str) -> HttpResponse:
    """The calculator: a form, and the answer where one is asked for."""
    stated = {name: value for name, value in request.GET.items() if value}
    forming = "HX-Request" in request.headers
    t = pages.words_of(request, lang)
    asked = asking.read(request.GET, t, clock.today(), forming=forming)
    if asked.ready and not asked.patient:
        stated.setdefault("day", asked.day.isoformat())  # the same address shall always give the same answer
    if stated.keys() != request.GET.keys() and not forming:
        return HttpResponseRedirect(f"{request.path}?{urlencode(stated)}")  # and not say what the form left empty
    context: Data = {
        "title": t("ask.title"),
        "asked": asked,
        "cases": cases(asked, t),
        "most": asking.MOST_EARLIER,
        "refused": "",
        "difference": difference,
        "shown": None,
        "notices": [],
        "beside": other_places(asked, t),
        **actions(request, asked),
    }
    if asked.ready:
        try:
            found = answered(asked)
            context["shown"] = shown(found, t)
            context["notices"] = notices(asked, found, t)
        except NoAnswerError as error:
            context["refused"] = error.told(t)
    return pages.page(request, lang, "calculator.html", context, here="calculator")


def answered(asked: Asked) -> Answer:
    """The answer to a question that is ready. Raises NoAnswerError."""
    assert asked.policy is not None
    claims = claims_for(asked)
    return answer(asked.policy, claims, whole=asked.patient is not None and len(claims) > 1)


def cases(asked: Asked, t: Words) -> list[Option]:
    """The standard cases that the chosen scheme knows."""
    scheme = asked.policy.scheme if asked.policy else ""
    chosen = asked.patient.name if asked.patient else ""
    return [
        Option(one.name, t.pick(one.title), one.name == chosen)
        for one in standard_patients()
        if scheme in one.schemes or one.name == chosen
    ]


def shown(found: Answer, t: Words) -> Data:
    """The answer as a page shows it."""
    bills = found.data()
    told = bills if found.whole else bills[-1:]
    partly = bool(found.down_to)
    drawn = picture(told, t, partly=partly)
    say = Say(found.policy, t)
    last = found.claims[-1]
    facts = [
        say.word(value) if isinstance(value, str) else _fact(say, name, value) for name, value in last.facts.items()
    ]
    return {
        "picture": drawn,
        "headline": headline(drawn, t, partly=partly),
        "for_whom": t(
            "show.for_whom", policy=t.pick(found.policy.title), facts=t.list.join(facts), day=t.day(last.settlement)
        ),
        "layers": layers_said(bills[-1], t),
        "several": len(bills) > 1,
        "year": year_lines(bills, found, t),
        "changes": changes(found, t),
        "meters": meters(bills, t),
        "gaps": [gap[t.lang] for gap in bills[-1]["gaps"]],
        "down_to": _down_to(found, say, t),
        "policy_url": f"/{t.lang}/law/{policy_page(found.policy)}",
        "policy": found.policy,
    }


def headline(drawn: Picture, t: Words, *, partly: bool = False) -> str:
    """The answer in one sentence; `partly`: layers further down are not known."""
    key = "show.headline_gathered" if drawn.gathered else "show.headline_partly" if partly else "show.headline"
    return t(key, total=t.money(drawn.total_fen), paid=t.money(drawn.paid_fen), own=t.money(drawn.personal_fen))


def _fact(say: Say, name: str, value: object) -> str:
    fact = say.policy.fact(name)
    told = say.texts.yuan(int(str(value))) if fact.kind in ("money", "signed money") else str(value)
    return f"{say.word(name)}{'' if say.lang == 'zh' else ' '}{told}"


def _down_to(found: Answer, say: Say, t: Words) -> str:
    if not found.down_to or found.why is None:
        return ""
    return t("show.down_to", layer=first(say.word(found.down_to)), why=reason(found.why, t))


def year_lines(bills: Sequence[Data], found: Answer, t: Words) -> list[Line]:
    """The bills of a year, one a line: what it is, cost, paid, own. More than a page holds stand together."""
    if len(bills) < 2:
        return []
    lines: list[Line] = []
    for claim, bill in zip(found.claims, bills, strict=True):
        sums = bill["totals"]
        lines.append((t.day(claim.settlement), sums["total_fen"], sums["paid_fen"], sums["personal_fen"]))
    if len(lines) > MOST_LINES:
        rest, lines = lines[: -(MOST_LINES - 1)], lines[-(MOST_LINES - 1) :]
        lines.insert(0, together(t("show.year_rest", count=len(rest)), rest))
    return [*lines, together(t("show.year_sum"), lines)]


def together(name: str, lines: Sequence[Line]) -> Line:
    return name, sum(line[1] for line in lines), sum(line[2] for line in lines), sum(line[3] for line in lines)


def difference(other: Other, t: Words) -> str:
    """What another value changes, in words."""
    if other.now:
        return t("show.now")
    if other.less_fen > 0:
        return t("show.less", fen=t.money(other.less_fen))
    return t("show.more", fen=t.money(-other.less_fen)) if other.less_fen else t("show.same")


def notices(asked: Asked, found: Answer, t: Words) -> list[str]:
    """What somebody must know who reads the answer."""
    policy, today = found.policy, clock.today()
    told = []
    if policy.region.startswith(NO_PLACE):
        told.append(t("show.example"))
    elif policy.end <= today:
        told.append(t("show.older", end=t.day(last_day(policy))))
    if asked.patient:
        told.append(t("show.made_up", who=t.pick(asked.patient.who)))
    else:
        claim = found.claims[-1]
        if claim.in_scope_fen == claim.total_fen and claim.total_fen:
            told.append(t("show.all_in_scope"))
        told.append(t("show.first_care") if len(found.claims) == 1 else so_far(found, t))
    return told


def so_far(found: Answer, t: Words) -> str:
    """What the bills of the year so far and this one come to."""
    total = sum(bill.claim.total_fen for bill in found.bills)
    own = sum(bill.personal_fen for bill in found.bills)
    sums = {"total": t.money(total), "paid": t.money(total - own), "own": t.money(own)}
    return t("show.so_far", count=len(found.bills) - 1, **sums)


def actions(request: HttpRequest, asked: Asked) -> Data:
    """The addresses of the same question: shared, as a PDF, as a file, under another policy."""
    stated = [(name, value) for name, value in request.GET.items() if value and name not in DROPPED]
    query = urlencode(stated)
    others = [
        (policy, urlencode([*((n, v) for n, v in stated if n != "policy"), ("policy", policy.id)]))
        for policy in asked.others
    ]
    return {"query": query, "stated": stated, "others": others, "changed": lambda pair: urlencode(_with(stated, pair))}


def other_places(asked: Asked, t: Words) -> Field:
    """The other places with which an answer can be compared."""
    options = tuple(Option(one.value, one.label) for one in asked.basics[0].options if one.value != asked.at)
    return Field("with", t("beside.with"), "choice", "", options)


def _with(stated: list[tuple[str, str]], pair: tuple[str, str]) -> list[tuple[str, str]]:
    return [*((name, value) for name, value in stated if name != pair[0]), pair]


# ------------------------------------------------------------ the claims as a file


def claim_file(request: HttpRequest, lang: str) -> HttpResponse:
    """The claims of a question as a file that `yibao settle` takes."""
    t = pages.words_of(request, lang)
    asked = asking.read(request.GET, t, clock.today())
    if not asked.ready or asked.policy is None:
        return HttpResponseRedirect(f"/{lang}/calculator?{request.GET.urlencode()}")
    try:
        text = claims_text(claims_for(asked), asked.policy.id)
    except NoAnswerError:
        return HttpResponseRedirect(f"/{lang}/calculator?{request.GET.urlencode()}")
    return pages.respond(request, text.encode(), "application/yaml; charset=utf-8", name="claim.yaml")


def claims_text(claims: Sequence[Claim], policy: str) -> str:
    """Claims in the form of a claim file. See `settlement.claim_file`."""
    lines = [f"# yibao settle claim.yaml --policy {policy}", "claims:"]
    for claim in claims:
        facts = [f"      {name}: {_value(policy, name, value)}" for name, value in claim.facts.items()]
        lines += [
            f"  - claim id: {claim.id}",
            f"    person: {claim.person}",
            *(f"    {day}: {getattr(claim, day)}" for day in ("admission", "discharge", "settlement")),
            *([f"    enrolment: {claim.enrolment}"] if claim.enrolment else []),
            "    facts:" if facts else "    facts: {}",
            *facts,
            "    money:",
            f"      total cost: {yuan(claim.total_fen)}",
            f"      in-scope cost: {yuan(claim.in_scope_fen)}",
            f"      pre-self-paid cost: {yuan(claim.pre_self_paid_fen)}",
            f"      over-limit cost: {yuan(claim.over_limit_fen)}",
            f"      fully self-paid cost: {yuan(claim.fully_self_paid_fen)}",
        ]
    return "\n".join(lines) + "\n"


def _value(policy: str, name: str, value: object) -> str:
    found = shelf.policy(policy)
    kind = found.fact(name).kind if found else ""
    return yuan(int(str(value))) if kind in ("money", "signed money") else str(value)
