"""The sandbox's own page: who and what is in it, ready requests, and every way in which a request is refused."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from openyibao.policy import find_policy, read_policy
from openyibao.policy.values import money
from openyibao.service.clock import now
from openyibao.service.gateway.calls import HANDLERS
from openyibao.service.gateway.refusals import reasons
from openyibao.service.gateway.spec import transaction, transactions
from openyibao.service.institutions.models import Institution, Key
from openyibao.service.organisation.models import Region
from openyibao.service.people.models import Account, Coverage, Filing, Identity, Person
from openyibao.service.sandbox.data import Somebody, hospitals, persons
from openyibao.service.sandbox.failures import HEADER
from openyibao.service.sandbox.fill import sm2_private
from openyibao.service.sandbox.ready import FLOWS, About, message
from openyibao.service.settlements.check_code import check_code
from openyibao.service.settlements.models import Settlement

ADDRESS = "/fsi/api/rsfComIfsService/callService"
DEFAULT_POLICY = "teaching/willow-county-2026"
MOST_BILLS = 5
FIRST = (*FLOWS["outpatient"], *FLOWS["inpatient"], "2101", "2102", "2208", "2305", "2601")


def show(request: HttpRequest) -> HttpResponse:
    """The page for a person and an institution, in Chinese or English (`?lang=en`)."""
    lang = "en" if request.GET.get("lang") == "en" else "zh"
    people = _people(lang)
    chosen = _chosen(request, people)
    places = list(Institution.objects.select_related("body").order_by("code"))
    code = request.GET.get("institution") or (chosen.get("at") if chosen else "")
    place = next((one for one in places if one.code == code), places[0] if places else None)
    about = {
        "lang": lang,
        "other": "en" if lang == "zh" else "zh",
        "now": now(),
        "regions": _regions(lang),
        "policy": settings.SANDBOX_POLICY,
        "people": people,
        "chosen": chosen,
        "places": _places(places, lang),
        "place": place,
        "requests": _requests(request, chosen, place, lang) if chosen and place else [],
        "bills": _bills(lang),
        "refusals": sorted(reasons().values(), key=lambda one: one.code),
        "header": HEADER,
        "address": request.build_absolute_uri(ADDRESS),
        "private": settings.PRIVATE_LINE,
    }
    return render(request, "sandbox/page.html", about)


def _regions(lang: str) -> list[dict[str, Any]]:
    found = []
    for region in Region.objects.select_related("body").order_by("body__code"):
        names = [one for several in region.policies.values() for one in several.split()]
        found.append(
            {
                "code": region.body.code,
                "name": getattr(region.body, f"name_{lang}"),
                "policies": [(name, _title(name, lang)) for name in names],
                "catalogue": region.catalogue,
            }
        )
    return found


def _title(name: str, lang: str) -> str:
    """The title of a policy; of a series of them there is none."""
    try:
        return str(getattr(read_policy(find_policy(name)).title, lang))
    except LookupError:
        return ""


def _people(lang: str) -> list[dict[str, Any]]:
    """All persons with what is written about them; those that a chosen policy added are told by their facts."""
    written = {one.name: one for one in persons()}
    coverages: dict[int, list[Coverage]] = {}
    for coverage in Coverage.objects.select_related("region__body").order_by("period"):
        coverages.setdefault(coverage.person_id, []).append(coverage)
    found = []
    for person in Person.objects.order_by("id"):
        own = coverages.get(person.pk, [])
        found.append(_person(person, own, written.get(person.name), lang))
    return found


def _person(person: Person, own: list[Coverage], about: Somebody | None, lang: str) -> dict[str, Any]:
    default = not settings.SANDBOX_POLICY or (about is not None and about.region != "999999")
    facts = [f"{name}: {value}" for coverage in own[-1:] for name, value in coverage.facts.items()]
    return {
        "row": person,
        "coverages": own,
        "coverage": own[-1] if own else None,
        "text": getattr(about, lang) if about else " ".join(facts),
        "expect": getattr(about, f"expect_{lang}") if about and default else "",
        "facts": facts,
        "identities": list(Identity.objects.filter(person=person)),
        "filings": list(Filing.objects.filter(person=person)),
        "accounts": list(Account.objects.filter(owner=person)),
        "at": about.inpatient["institution"] if about and about.inpatient else "",
    }


def _chosen(request: HttpRequest, people: list[dict[str, Any]]) -> dict[str, Any] | None:
    number = request.GET.get("person")
    covered = [one for one in people if one["coverage"] is not None]
    return next((one for one in covered if one["row"].psn_no == number), covered[0] if covered else None)


def _places(places: list[Institution], lang: str) -> list[dict[str, Any]]:
    english = {one.code: one.en for one in hospitals()}
    keys: dict[int, list[dict[str, str]]] = {}
    for key in Key.objects.select_related("institution").order_by("method"):
        told = sm2_private(key.institution.code).hex() if key.method == "sm2" else key.secret
        row = {"method": key.method, "identifier": key.identifier, "told": told}
        keys.setdefault(key.institution_id, []).append(row)
    return [
        {
            "row": one,
            "name": english.get(one.code, one.name) if lang == "en" else one.name,
            "keys": keys.get(one.pk, []),
            "agreement": one.agreements.order_by("-id").first(),
            "facts": [f"{name}: {value}" for name, value in one.facts.items()],
        }
        for one in places
    ]


def _bills(lang: str) -> list[dict[str, str]]:
    """The last settlements, each with the check code under which anybody may look at it on the public pages."""
    newest = Settlement.objects.filter(reverses=None, total_fen__gt=0).select_related("visit__person", "institution")
    return [
        {
            "number": one.setl_id,
            "code": check_code(one.setl_id),
            "person": one.visit.person.name,
            "total": f"{money(one.total_fen)}{'元' if lang == 'zh' else ' yuan'}",
        }
        for one in newest.order_by("-id")[:MOST_BILLS]
    ]


def _requests(request: HttpRequest, chosen: dict[str, Any], place: Institution, lang: str) -> list[dict[str, Any]]:
    """A ready request for each transaction that the platform answers: visits first, in their order."""
    order = [one for one in FIRST if one in HANDLERS] + sorted(one for one in HANDLERS if one not in FIRST)
    found = []
    for infno in order:
        if infno not in transactions():
            continue
        spec = transaction(infno)
        kind = next((kind for kind, flow in FLOWS.items() if infno in flow), _kind(infno))
        about = About(chosen["row"], chosen["coverage"], place, kind, now())
        text = json.dumps(message(infno, about), ensure_ascii=False)
        found.append({"infno": infno, "name": getattr(spec, lang), "json": text, "curl": _curl(request, text)})
    return found


def _kind(infno: str) -> str:
    return "pharmacy" if infno.startswith("21") else "inpatient" if infno.startswith(("23", "24")) else "outpatient"


def _curl(request: HttpRequest, text: str) -> str:
    """One line for a shell; the message stands between single quotes, of which it has none."""
    address = request.build_absolute_uri(ADDRESS)
    quoted = text.replace("'", "'\\''")
    return f"curl -sS {address} -H 'Content-Type: application/json' -d '{quoted}'"
