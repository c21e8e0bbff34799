"""Why did I pay this? A bill that somebody brings, or one of the platform by its number and check code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

from openyibao.policy.values import money
from openyibao.service import clock
from openyibao.service.web import limit, pages, shelf
from openyibao.service.web.bill_check import MOST_BYTES, NotABillError, findings, read_bills
from openyibao.service.web.calculator import headline, together
from openyibao.service.web.picture import picture
from openyibao.service.web.plain import layers_said
from openyibao.service.web.words import Words
from openyibao.service.web.year import meters
from openyibao.site.library import policy_page
from openyibao.site.words import first

Data = dict[str, Any]
WRONG, MOST_WRONG = "check code", 20
"""After so many wrong codes in an hour, somebody is asked to wait."""
LONGEST_NUMBER, LONGEST_CODE = 30, 20


def show(request: HttpRequest, lang: str) -> HttpResponse:
    """The form; with a bill, its explanation."""
    t = pages.words_of(request, lang)
    context: Data = {
        "title": t("why.title"),
        "refused": "",
        "shown": None,
        "number": "",
        "code": "",
        "text": "",
        "payers": [],
    }
    status = 200
    if request.method == "POST":
        context["number"] = request.POST.get("number", "").strip()[:LONGEST_NUMBER]
        context["code"] = request.POST.get("code", "").strip()[:LONGEST_CODE]
        try:
            bills, context["payers"], notices = _brought(request, context["number"], t)
            context["shown"] = explained(bills, notices, t)
        except NotABillError as error:
            context["refused"], status = t(error.key), 429 if error.key == "why.too_often" else 200
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError, OverflowError):
            if context["number"]:
                raise  # a bill of our own has its form: the fault is ours
            context["refused"] = t("why.not_a_bill")  # it has the mark of a bill, but not its form
    answer = pages.page(request, lang, "why.html", context, here="bill", status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _brought(request: HttpRequest, number: str, t: Words) -> tuple[list[Data], list[tuple[str, int]], list[str]]:
    """The bills that a request brings or asks for, who paid the person's part, and notices. Raises NotABillError."""
    if number:
        return _kept(request, number, t)
    file = request.FILES.get("file")
    if file is not None:
        if file.size > MOST_BYTES:
            raise NotABillError("why.too_large")
        try:
            return read_bills(file.read().decode("utf-8-sig")), [], []
        except UnicodeDecodeError:
            raise NotABillError("why.not_json") from None
    text = request.POST.get("bill", "").strip()
    if not text:
        raise NotABillError("why.nothing")
    return read_bills(text), [], []


def _kept(request: HttpRequest, number: str, t: Words) -> tuple[list[Data], list[tuple[str, int]], list[str]]:
    """The bills of a settlement of the platform. A wrong number and a wrong code are refused with the same words."""
    from openyibao.service.settlements.bills import bills_of
    from openyibao.service.settlements.check_code import holds
    from openyibao.service.settlements.models import Settlement

    caller = limit.caller(request)
    if limit.tried(WRONG, caller) >= MOST_WRONG:
        raise NotABillError("why.too_often")
    right = holds(number, request.POST.get("code", ""))
    found = Settlement.objects.filter(setl_id=number).first() if right else None
    if found is None or found.reverses_id is not None:
        limit.count(WRONG, caller)
        raise NotABillError("why.no_such")
    payers = [
        (t(f"why.{name}"), getattr(found, f"{name}_fen"))
        for name in ("account", "family", "hospital", "cash")
        if getattr(found, f"{name}_fen")
    ]
    taken_back = Settlement.objects.filter(reverses=found).exists()
    return [_without_person(one) for one in bills_of(found)], payers, [t("why.reversed")] if taken_back else []


def _without_person(bill: Data) -> Data:
    return {**bill, "claim": {**bill["claim"], "person": ""}}


def explained(bills: Sequence[Data], notices: Sequence[str], t: Words) -> Data:
    """Bills as a page shows them: all together, then each."""
    policies = {bill["policy"]["id"] for bill in bills}
    together_fit = len(policies) == 1 and len({len(bill["layers"]) for bill in bills}) == 1
    lines = [
        (
            f"{bill['claim']['id']}{t.comma}{bill['claim']['settlement']}",
            *(bill["totals"][key] for key in ("total_fen", "paid_fen", "personal_fen")),
        )
        for bill in bills
    ]
    year = [*lines, together(t("show.year_sum"), lines)] if len(bills) > 1 else []
    drawn = picture(bills, t) if together_fit and len(bills) > 1 else None
    return {
        "all": drawn,
        "headline": headline(drawn, t) if drawn else "",
        "year": year,
        "notices": list(notices),
        "bills": [_one(bill, t) for bill in bills],
        "meters": meters(bills, t) if together_fit else [],
        "made": t.day(clock.today()),
    }


def _one(bill: Data, t: Words) -> Data:
    claim, policy = bill["claim"], bill["policy"]
    drawn = picture([bill], t)
    known = shelf.policy(policy["id"])
    asked = {fact.name for fact in known.facts} if known else None  # what else the platform knows decided nothing
    facts = t.list.join(
        f"{first(one['fact'][t.lang])}{t('why.is')}{_value(one, t)}"
        for one in claim["facts"]
        if asked is None or one["fact"]["en"] in asked
    )
    return {
        "id": claim["id"],
        "policy": policy["title"][t.lang],
        "policy_url": f"/{t.lang}/law/{policy_page(known)}" if known else "",
        "days": t("why.days", admission=claim["admission"], discharge=claim["discharge"], settled=claim["settlement"]),
        "facts": facts,
        "headline": headline(drawn, t),
        "picture": drawn,
        "parts": [
            (t(f"why.{key}"), claim[f"{key}_fen"])
            for key in ("in_scope", "pre_self_paid", "over_limit", "fully_self_paid")
        ],
        "layers": layers_said(bill, t),
        "findings": findings(bill, t),
        "gaps": [gap[t.lang] for gap in bill["gaps"]],
        "total": money(claim["total_fen"]),
    }


def _value(fact: Data, t: Words) -> str:
    return str(fact["value"][t.lang]) if fact["value"] else t("plain.nothing_stated")
