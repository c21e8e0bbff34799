"""Fee lines (5204), medication for chronic diseases (5205), and what a person has used up (5206).

Codes of 5206. Sums of settlements less reversals stand by the month of settling, so that a year is the sum of its
months: C0000 settlements, F0000 total, S0000 in scope, Q0000 deductibles, D and the fund in its pool-area form
(D390101; D310201 the account, D999996 what institutions bore). What a deductible, limit or cap of the policy has used
has no national code: it stands under `U_` and the name of the use in the policy, with the values it is kept for, in
the month up to which it is known; a use of a year or a lifetime therefore stands in the present month.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from openyibao.catalogue import Catalogue
from openyibao.service.gateway import items, lookup
from openyibao.service.gateway.calls import ROOT, Call, Node, Output, answers
from openyibao.service.gateway.fees import NO_LIMIT, answer_of
from openyibao.service.gateway.refusals import Refused
from openyibao.service.people.models import Person
from openyibao.service.portability.guests import catalogue_for
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.lines import yuan
from openyibao.service.settlements.models import FeeLine, LayerPaid, Settlement, Use, Visit
from openyibao.service.settlements.payers import HOSPITAL, OWN, fund_code
from openyibao.service.settlements.store import settled_lines

MOST_LINES = 10_000
CHRONIC = ("14", "16")
DRUGS = ("101", "102", "103", "104", "106")
UPLOADED = (
    *("sin_dos_dscr", "used_frqu_dscr", "medc_way_dscr", "prodname", "bilg_dept_codg", "bilg_dept_name"),
    *("bilg_dr_codg", "bilg_dr_name", "acord_dept_codg", "acord_dept_name", "orders_dr_code", "orders_dr_name"),
    *("hosp_prep_flag", "hosp_appr_flag", "tcmdrug_used_way", "prodplac_type", "etip_flag", "etip_hosp_code"),
    *("dscg_tkdrug_flag", "matn_fee_flag", "memo", "opter_id", "opter_name"),
)
ANSWERED = ("bas_medn_flag", "hi_nego_drug_flag", "chld_medc_flag", "list_sp_item_flag", "drt_reim_flag")
UNKNOWN = "-"
"""Stands for what a reply must state and nobody said: a form, a name of the institution's own list."""
MONTH = re.compile(r"\d{4}(0[1-9]|1[0-2])", re.ASCII)


@answers("5204")
def lines(call: Call) -> Output:
    """The fee lines of a visit, or of one of its settlements. A line that is not settled has no `setl_id`."""
    node = call.node()
    visit = lookup.visit_of(call, node["mdtrt_id"], node["psn_no"])
    rows = visit.lines.all()  # each of them knows this visit, without reading it again
    if node.get("setl_id"):
        found = Settlement.objects.filter(setl_id=node["setl_id"], visit=visit).first()
        if found is None:
            raise Refused("unknown settlement", setl_id=node["setl_id"], psn_no=node["psn_no"])
        kept = found.reverses or found
        rows = rows.filter(pk__in=kept.line_ids)
    catalogue, numbers = catalogue_for(visit), _numbers(visit)
    return {
        ROOT: [_line(one, catalogue, numbers.get(one.pk, "")) for one in lookup.few(rows.order_by("id"), MOST_LINES)]
    }


def _numbers(visit: Visit) -> dict[int, str]:
    """The number of the settlement that each settled line of a visit is part of, as its institution knows it."""
    settled = settled_lines(visit)
    rows = Settlement.objects.filter(pk__in=set(settled.values())).select_related("original")
    known = {one.pk: (one.original or one).setl_id for one in rows}
    return {line: known[settlement] for line, settlement in settled.items()}


def _common(line: FeeLine, catalogue: Catalogue) -> Node:
    """What 5204 and 5205 state alike. What the catalogue knows of the item counts before what was uploaded."""
    item, data, answer = catalogue.items.get(line.item_code), line.data, answer_of(line)
    kind = items.LIST_TYPES.get(item.kind, items.OTHER_LIST) if item else items.OTHER_LIST
    name = item.title.zh if item else line.item_code
    return {
        **{field: _text(data.get(field)) for field in UPLOADED},
        **{field: _text(answer.get(field)) for field in ANSWERED},
        "feedetl_sn": line.number,
        "rx_drord_no": _text(data.get("rxno") or data.get("drord_no") or data.get("rx_drord_no")),
        "med_type": line.visit.med_type,
        "fee_ocur_time": line.charged,
        "cnt": line.count,
        "pric": line.price,
        "chrgitm_lv": answer.get("chrgitm_lv") or items.level_on(item, day_of(line.charged)),
        "hilist_code": line.item_code,
        "hilist_name": name,
        "list_type": kind,
        "med_list_codg": line.item_code,
        "medins_list_codg": line.own_code,
        "medins_list_name": _text(data.get("medins_list_name")) or name[:100],
        "med_chrgitm_type": answer.get("med_chrgitm_type") or items.CHARGE_TYPES.get(kind, items.OTHER_CHARGE),
        "spec": _text(data.get("spec")) or (item.unit.zh if item else UNKNOWN),
        "dosform_name": _text(data.get("dosform_name")) or UNKNOWN,
        "lmt_used_flag": _text(answer.get("lmt_used_flag")) or "0",
    }


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _line(line: FeeLine, catalogue: Catalogue, setl_id: str) -> Node:
    answer = line.reply
    days = line.data.get("prd_days")
    return {
        **lookup.only("5204", ROOT, _common(line, catalogue)),
        "mdtrt_id": line.visit.mdtrt_id,
        "setl_id": setl_id,
        "prd_days": None if days in (None, "") else Decimal(str(days)),
        "det_item_fee_sumamt": yuan(line.amount_fen),
        "pric_uplmt_amt": Decimal(str(answer.get("pric_uplmt_amt") or NO_LIMIT)),
        "selfpay_prop": None if answer.get("selfpay_prop") in (None, "") else Decimal(str(answer["selfpay_prop"])),
        "fulamt_ownpay_amt": yuan(line.fully_self_paid_fen),
        "overlmt_amt": yuan(line.over_limit_fen),
        "preselfpay_amt": yuan(line.pre_self_paid_fen),
        "inscp_scp_amt": yuan(line.in_scope_fen),
    }


@answers("5205")
def medication(call: Call) -> Output:
    """The drugs of a person's visits here for chronic or special diseases, charged in a time; until now without end."""
    node = call.node()
    person = lookup.person_of(call, node["psn_no"])
    start, end = lookup.between(node["begntime"], node.get("endtime") or call.now)
    rows = FeeLine.objects.filter(
        visit__institution=call.institution, visit__person=person, charged__range=(start, end)
    )
    rows = rows.filter(visit__med_type__in=CHRONIC).exclude(visit__state="cancelled")
    found = rows.select_related("visit__coverage__region").order_by("charged", "id")
    common = (
        {
            **lookup.only("5205", "feedetail", _common(line, catalogue_for(line.visit))),
            "fixmedins_code": call.institution.code,
            "fixmedins_name": call.institution.name,
            "psn_no": person.psn_no,
        }
        for line in lookup.few(found, MOST_LINES)
    )
    return {"feedetail": [row for row in common if row["list_type"] in DRUGS]}


@answers("5206")
def accumulators(call: Call) -> Output:
    """What a person's settlements add up to by month, and what their uses are now; of one month, if given."""
    node = call.node()
    person = lookup.person_of(call, node["psn_no"])
    asked = node.get("cum_ym") or ""
    if asked and not MONTH.fullmatch(asked):
        raise Refused("month", found=asked)
    rows = Settlement.objects.filter(history__person=person).select_related("visit__coverage")
    if asked:
        rows = rows.filter(day__year=int(asked[:4]), day__month=int(asked[4:]))
    sums: dict[tuple[str, str, str], Decimal] = {}
    for one in lookup.few(rows.order_by("id"), MOST_LINES):
        month = f"{one.day:%Y%m}"
        for code, value in _added(one).items():
            key = (one.visit.coverage.insurance, month, code)
            sums[key] = sums.get(key, Decimal(0)) + value
    for (insurance, month, code), fen in _paid(rows).items():
        sums[insurance, month, code] = sums.get((insurance, month, code), Decimal(0)) + yuan(fen)
    found = [_cum(insurance, month, code, value) for (insurance, month, code), value in sorted(sums.items())]
    return {"cuminfo": [row for row in found if row["cum"]] + _uses(person, asked, f"{call.now:%Y%m}")}


def _cum(insurance: str, month: str, code: str, value: Decimal) -> Node:
    return {"insutype": insurance, "year": month[:4], "cum_ym": month, "cum_type_code": code, "cum": value}


def _added(one: Settlement) -> dict[str, Decimal]:
    deductible = (one.reply.get("setlinfo") or {}).get("crt_dedc") or 0
    scheme = one.visit.coverage.scheme
    return {
        "C0000": Decimal(-1 if one.reverses_id else 1),
        "F0000": yuan(one.total_fen),
        "S0000": yuan(one.in_scope_fen),
        "Q0000": Decimal(str(deductible)),
        _fund(OWN[0], scheme): yuan(one.account_fen + one.family_fen),
        _fund(HOSPITAL, scheme): yuan(one.hospital_fen),
    }


def _paid(rows: QuerySet[Settlement]) -> Mapping[tuple[str, str, str], int]:
    """What funds paid, by insurance, month and code, in fen."""
    layers = LayerPaid.objects.filter(settlement__in=rows).exclude(payer__in=OWN)
    values = ("payer", "paid_fen", "settlement__day", "settlement__history__scheme")
    found: dict[tuple[str, str, str], int] = {}
    for payer, fen, day, scheme, insurance in layers.values_list(*values, "settlement__visit__coverage__insurance"):
        key = (insurance, f"{day:%Y%m}", _fund(payer, scheme))
        found[key] = found.get(key, 0) + fen
    return found


def _fund(payer: str, scheme: str) -> str:
    """D and a fund type in its pool-area form, which ends in 1 where the national one ends in 0 (dictionary)."""
    code = fund_code(payer, scheme)
    return f"D{code[:-1]}1" if code.endswith("0") else f"D{code}"


INSURANCES = {"employee": "310", "resident": "390"}
NO_MONEY = ("episodes admitted", "admission number", "first claim / ")
"""Uses that count or remember something, instead of money."""


def _uses(person: Person, asked: str, now: str) -> list[Node]:
    """The uses of a person as they are now, of the month that was asked or of all."""
    found = []
    rows = Use.objects.filter(history__person=person).select_related("history").order_by("key")
    for one in lookup.few(rows, MOST_LINES):
        group, period, *per = json.loads(one.key)
        at = None if group.startswith(NO_MONEY) else _period(period, now)
        if at is not None and asked in ("", at[1]):
            code = "_".join(["U", group, *map(str, per)])
            row = _cum(INSURANCES[one.history.scheme], at[1], code, yuan(one.fen))
            found.append({**row, "year": at[0]})
    return found


def _period(number: int | str, now: str) -> tuple[str, str] | None:
    """The year and month at which a use stands, by the number of its period as the engine counts it.

    A quarter is year x 4 and a month year x 12 plus those before it; 0 is a lifetime. None: a day, an episode or a
    stay, which is no accumulation.
    """
    if not isinstance(number, int):
        return None
    if number == 0:
        return now[:4], now
    if FIRST_YEAR <= number <= LAST_YEAR:
        return str(number), now if str(number) == now[:4] else f"{number}12"
    if FIRST_YEAR * 4 <= number < (LAST_YEAR + 1) * 4:
        return str(number // 4), f"{number // 4}{number % 4 * 3 + 3:02d}"
    if FIRST_YEAR * 12 <= number < (LAST_YEAR + 1) * 12:
        return str(number // 12), f"{number // 12}{number % 12 + 1:02d}"
    return None


FIRST_YEAR, LAST_YEAR = 1950, 2149
"""Years, quarters and months of these are never mistaken for one another."""
