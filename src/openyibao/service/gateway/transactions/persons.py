"""Persons and institutions: 1101 who somebody is and how insured, 1201 institutions, 2001 what funds pay for whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

from openyibao.policy.model import Bilingual, Condition, Layer, Policy, Words
from openyibao.service.gateway import lookup
from openyibao.service.gateway.calls import Call, Node, Output, answers
from openyibao.service.gateway.refusals import Refused, as_code
from openyibao.service.institutions.models import Institution
from openyibao.service.people.certificates import normal
from openyibao.service.people.find import by_certificate
from openyibao.service.people.models import Account, Coverage, Filing, Identity, Person
from openyibao.service.settlements.claims import age_on, day_of, service_of, word
from openyibao.service.settlements.lines import yuan
from openyibao.service.settlements.payers import OWN, fund_code
from openyibao.tables.names import empty_word

CREDENTIAL, ID_CARD, CARD = "01", "02", "03"
IDENTITY_NUMBER = "01"
NORMAL, SUSPENDED, ENDED = "1", "2", "4"
LARGE_AMOUNT = "330"
LARGE_AMOUNT_FUND = "330100"
CHRONIC = "14"
CHECK_FUND = "01"
MOST_COVERAGES = 50


@answers("1101")
def person(call: Call) -> Output:
    """A person by certificate or card, with the coverage in force (or since `begntime`) and identities in force.

    The platform keeps no codes of electronic credentials (01): there the certificate beside it says who it is.
    """
    node = call.node()
    found = _found(node)
    if node.get("psn_name") and node["psn_name"] != found.name:
        raise Refused("name differs")
    lookup.presented(call, found)
    today = day_of(call.now)
    since = lookup.as_day(node["begntime"]) if node.get("begntime") else today
    rows = [row for coverage in _coverages(found, min(since, today), today) for row in insurance_rows(coverage, today)]
    return {"baseinfo": _base(found, today), "insuinfo": rows, "idetinfo": _identities(found, today)}


def _found(node: Node) -> Person:
    """The person whom the credential names. Raises Refused; two numbers that name different persons name nobody.

    The interface's first text knew no kinds of credentials: without one, the certificate says who it is.
    """
    kind, number = node.get("mdtrt_cert_type") or ID_CARD, node.get("mdtrt_cert_no") or ""
    certificate = node.get("psn_cert_type") or IDENTITY_NUMBER
    found: Person | None
    if kind == CARD:
        if not number or not node.get("card_sn"):
            raise Refused(
                "credential",
                why=Bilingual("社会保障卡须有卡号和卡识别码 card_sn", "a card needs its number and card_sn"),
            )
        found = Person.objects.filter(card=number).first()
        field = "mdtrt_cert_no"
    elif kind == CREDENTIAL:
        if not node.get("certno"):
            why = Bilingual("电子凭证须同时给出证件号码 certno", "an electronic credential needs certno beside it")
            raise Refused("credential", why=why)
        found, field = by_certificate(certificate, node["certno"]), "certno"
    elif kind == ID_CARD:
        found, field = by_certificate(certificate, number or node.get("certno") or ""), "certno"
    else:
        why = Bilingual(
            f"不受理就诊凭证类型 {as_code(kind)}；可用 01、02、03",
            f"mdtrt_cert_type {as_code(kind)} is not taken; 01, 02, 03 are",
        )
        raise Refused("credential", why=why)
    if found is None or normal(found.certificate_type, node.get("certno") or "") not in ("", found.certificate):
        raise Refused("unknown person", field=field)
    return found


def _base(found: Person, today: date) -> Node:
    return {
        "psn_no": found.psn_no,
        "psn_cert_type": found.certificate_type,
        "certno": found.certificate,
        "psn_name": found.name,
        "gend": found.sex,
        "naty": found.ethnicity,
        "brdy": found.born,
        "age": Decimal(age_on(found.born, today)),
        "exp_content": None,
    }


def _coverages(found: Person, since: date, today: date) -> list[Coverage]:
    """Coverage at some time from `since` to today; without any, the last one that ended before."""
    mine = Coverage.objects.filter(person=found).select_related("region__body").order_by("-period")
    rows = list(mine.filter(period__overlap=DateRange(since, today + lookup.EACH_DAY))[:MOST_COVERAGES])
    return rows or list(mine.filter(period__endswith__lte=today)[:1])


def insurance_rows(coverage: Coverage, today: date) -> list[Node]:
    """The row of the basic scheme, and one for the employees' large-amount fund where the policy in force has one.

    The balance of the personal account stands in the row of the basic scheme.
    """
    ended = coverage.period.upper is not None and coverage.period.upper <= today
    suspended = lookup.is_suspended(coverage, today)
    account = Account.objects.filter(owner=coverage.person, region=coverage.region, family=False).first()
    row = {
        "balc": yuan(account.balance_fen if account else 0),
        "insutype": coverage.insurance,
        "psn_type": coverage.kind,
        "psn_insu_stas": ENDED if ended else SUSPENDED if suspended else NORMAL,
        "psn_insu_date": coverage.joined,
        "paus_insu_date": coverage.suspended or (coverage.period.upper if ended else None),
        "cvlserv_flag": "1" if coverage.civil_servant else "0",
        "insuplc_admdvs": coverage.region.body.code[:6],
        "emp_name": coverage.employer or None,
    }
    policy = lookup.policy_on(coverage.region, coverage.scheme, today)
    funds = {fund_code(layer.payer, coverage.scheme) for layer in policy.layers} if policy else set()
    if coverage.scheme == "employee" and LARGE_AMOUNT_FUND in funds:
        return [row, {**row, "insutype": LARGE_AMOUNT, "balc": yuan(0)}]
    return [row]


def _identities(found: Person, today: date) -> list[Node]:
    rows = Identity.objects.filter(person=found, period__contains=today).order_by("code")
    return [
        {
            "psn_idet_type": one.code,
            "psn_type_lv": one.level or None,
            "memo": one.memo or None,
            "begntime": lookup.moment(one.period.lower) if one.period.lower else lookup.moment(found.born),
            "endtime": lookup.moment(one.period.upper) if one.period.upper else None,
        }
        for one in lookup.few(rows)
    ]


@answers("1201")
def institution(call: Call) -> Output:
    """The institution of a code or with a part of a name; without either, the one that asks. The reply has one row."""
    node = call.node("medinsinfo")
    asked = Q(kind=node["fixmedins_type"]) if node.get("fixmedins_type") else Q()
    if node.get("fixmedins_code"):
        asked &= Q(code=node["fixmedins_code"])
    if node.get("fixmedins_name"):
        asked &= Q(name__icontains=node["fixmedins_name"])
    if not node.get("fixmedins_code") and not node.get("fixmedins_name"):
        asked &= Q(pk=call.institution.pk)
    found = [
        {
            "fixmedins_code": one.code,
            "fixmedins_name": one.name,
            "uscc": one.credit_code,
            "fixmedins_type": one.kind,
            "hosp_lv": one.grade or None,
            "exp_content": None,
        }
        for one in lookup.few(Institution.objects.filter(asked).order_by("code"), 1)
    ]
    if not found:
        raise Refused(
            "unknown institution", institution=node.get("fixmedins_code") or node.get("fixmedins_name") or "-"
        )
    return {"medinsinfo": found[0]}


@answers("2001")
def entitlement(call: Call) -> Output:
    """Which funds of the policy in force on `begntime` pay for such a visit, and why others do not.

    A layer's condition that the question does not decide (a tier, a grade asked per claim) does not deny it. Care for
    a chronic or special disease (14) needs its filing.
    """
    node = call.node()
    lookup.own(call, node["fixmedins_code"])
    found = lookup.person_of(call, node["psn_no"])
    day, scheme_of = lookup.as_day(node["begntime"]), {"310": "employee", "390": "resident"}
    coverage = lookup.coverage_on(found, day, node["insutype"])
    policy = lookup.policy_on(coverage.region, coverage.scheme, day) if coverage else None
    why = _no_right(found, coverage, policy, day, node)
    if coverage is None or policy is None:
        scheme = coverage.scheme if coverage else scheme_of.get(node["insutype"], "resident")
        return {"trtinfo": [_right(found, fund_code("pooled fund", scheme), day, None, why)]}
    facts = _facts(call, found, coverage, node["med_type"], day)
    first = max(policy.start, coverage.period.lower or policy.start)
    last = min(filter(None, (policy.end - lookup.EACH_DAY, lookup.last_day(coverage.period))))
    rows: dict[str, list[str]] = {}
    for layer in policy.layers:
        if layer.payer not in OWN:
            rows.setdefault(fund_code(layer.payer, coverage.scheme), []).append(why or _denied(layer, facts))
    return {
        "trtinfo": [
            _right(found, code, first, last, "" if "" in whys else "；".join(dict.fromkeys(whys)))
            for code, whys in rows.items()
        ]
    }


def _right(found: Person, code: str, first: date, last: date | None, why: str) -> Node:
    return {
        "psn_no": found.psn_no,
        "trt_chk_type": CHECK_FUND,
        "fund_pay_type": code,
        "trt_enjymnt_flag": "0" if why else "1",
        "begndate": first,
        "enddate": last,
        "trt_chk_rslt": why[:500] or None,
    }


def _no_right(found: Person, coverage: Coverage | None, policy: Policy | None, day: date, node: Node) -> str:
    """Why no fund pays at all, or ""."""
    if coverage is None:
        return f"{day} 没有险种 {node['insutype']} 的有效参保"
    if lookup.is_suspended(coverage, day):
        return f"自 {coverage.suspended} 起暂停参保"
    if policy is None:
        return f"参保地 {coverage.region.body.code} 在 {day} 没有生效的政策"
    if node["med_type"] == CHRONIC:
        filed = Filing.objects.filter(person=found, kind="chronic disease", cancelled=None, period__contains=day)
        if not (filed.filter(code=node["dise_codg"]) if node.get("dise_codg") else filed).exists():
            return f"{day} 没有生效的慢特病备案（2503）" + (f"：{node['dise_codg']}" if node.get("dise_codg") else "")
    return ""


def _facts(call: Call, found: Person, coverage: Coverage, med_type: str, day: date) -> Mapping[str, frozenset[Any]]:
    """What is known before a visit, each fact with all values that hold."""
    held = Identity.objects.filter(person=found, period__contains=day).values_list("code", flat=True)
    classes = frozenset(word("class", code) for code in held) or frozenset([empty_word("class")])
    facts: dict[str, frozenset[Any]] = {
        "service": frozenset([service_of(med_type)]),
        "class": classes,
        "status": frozenset([word("status", coverage.kind)]),
        "age": frozenset([age_on(found.born, day)]),
    }
    if call.institution.grade:
        facts["grade"] = frozenset([word("grade", call.institution.grade)])
    return facts | {name: frozenset([value]) for name, value in coverage.facts.items()}


def _denied(layer: Layer, facts: Mapping[str, frozenset[Any]]) -> str:
    """Why a layer does not pay, or ""."""
    failed = [one for one in layer.conditions if one.fact in facts and not _meets(one, facts[one.fact])]
    return "；".join(
        f"{layer.name}：条件 {one.fact} 不符（{'、'.join(sorted(map(str, facts[one.fact])))}）" for one in failed
    )


def _meets(condition: Condition, values: frozenset[Any]) -> bool:
    key = condition.key
    if isinstance(key, Words):
        return not values.isdisjoint(key.values)
    return any(
        isinstance(value, int) and (key.low is None or key.low <= value) and (key.high is None or value <= key.high)
        for value in values
    )
