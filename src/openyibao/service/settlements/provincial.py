"""What recorded replies of provincial platforms say of a settlement beyond the national fields, under their names.

How each is read, and how sure that is, stands in docs/national-interface.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.models import Visit

if TYPE_CHECKING:
    from openyibao.service.settlements.door import Outcome

POOLED = "pooled fund"
SAME = {
    "othfund_pay": "oth_pay",
    "psn_pay": "psn_part_amt",
    "inscp_amt": "inscp_scp_amt",
    "cashPayamt": "psn_cash_pay",
    "cash_payamt": "psn_cash_pay",
}
"""Second names of amounts; psn_pay and cash_payamt are the national names in 2103."""
AMOUNTS = (*SAME, "crt_dedc", "ownpay_hosp_part")
"""What a reversal states with the other sign."""
STANDARD = "dedc_std"
BY_AGENCY, AT_WINDOW = "1", "2"
"""SETL_TYPE: reimbursed at the agency, settled where the care was given."""
ABOUT_VISIT = ("registration", "mdtrtinfo", "druginfo")


def about(outcome: Outcome) -> dict[str, Any]:
    """The fields that hold no money."""
    request = outcome.request
    visit = request.visit
    first, last = period_of(visit, day_of(request.moment))
    return {
        "insu_admdvs": visit.coverage.region.body.code[:6],
        "mdtrt_cert_no": request.extra.get("mdtrt_cert_no") or _shown(visit),
        "psn_insu_rlts_id": str(visit.coverage.pk),
        "begndate": first.isoformat(),
        "enddate": last.isoformat(),
        "setl_type": BY_AGENCY if visit.kind == "manual" else AT_WINDOW,
        "invono": request.extra.get("invono"),
    }


def _shown(visit: Visit) -> str | None:
    """The number of the certificate that was shown when the visit began."""
    found = (visit.data.get(name, {}).get("mdtrt_cert_no") for name in ABOUT_VISIT)
    return next((str(number) for number in found if number), None)


def period_of(visit: Visit, settled: date) -> tuple[date, date]:
    """The first and the last day of a visit, as known on the day of its settlement."""
    first = day_of(visit.begun)
    return first, max(first, min(day_of(visit.ended), settled)) if visit.ended else settled


def amounts(national: Mapping[str, str]) -> dict[str, str]:
    """Second names of national amounts. What an institution bears stands in hosp_part_amt, and is no part of cash."""
    return {name: national[other] for name, other in SAME.items()} | {"ownpay_hosp_part": "0.00"}


def reversed_amounts(national: Mapping[str, Any]) -> dict[str, Any]:
    """In a recorded reversal ownpay_hosp_part holds all that the institution bore."""
    return {"ownpay_hosp_part": national["hosp_part_amt"]}


def deductible_fen(bills: Iterable[Mapping[str, Any]], field: str) -> int:
    """Of the deductibles of the pooled fund's layers: what was `taken`, or the `standard` of each, counted once.

    The fields are of basic insurance, so the deductibles of other funds are left out.
    """
    standards: dict[tuple[str, ...], int] = {}
    taken = 0
    for bill in bills:
        for layer, step in _deductibles(bill):
            taken += step["taken_fen"]
            key = (step["group"] or layer, step["period_key"] or "", str(step["per"]))
            standards[key] = max(standards.get(key, 0), step["amount"]["fen"] or 0 if step["belongs_here"] else 0)
    return taken if field == "taken" else sum(standards.values())


def _deductibles(bill: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for layer in bill["layers"]:
        if layer["payer"]["en"] == POOLED:
            for step in layer["reductions"] or ():
                if step["kind"] == "deductible":
                    yield layer["layer"], step
