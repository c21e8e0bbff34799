"""The platform's settlements of an institution, and what of them counts in a period.

What counts in a period: the settlements of its days that were not taken back by its last day, and the reversals of its
days of what was settled before it. A settlement and its reversal that both lie in the period may both be left out or
both be stated. A reversal that was undone (2601), and the settlement that undid it, are nothing: the first one stands.
Reimbursements at the agency's counter are not the institution's and never count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from openyibao.service.settlements.replies import CLEARING

MOST_ROWS = 2_000_000


class TooManyError(ValueError):
    """The period has more than MOST_ROWS settlements: more than are compared at once."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is compared: an institution's settlements of some days, with one office ("": with all), of a clearing
    category, of an insurance (None: of any)."""

    institution: int
    office: str
    first: date
    last: date
    clearing: str | None = None
    insurance: str | None = None

    def values(self) -> dict[str, Any]:
        kinds = [kind for kind, code in CLEARING.items() if kind != "manual" and self.clearing in (None, code)]
        return {
            "institution": self.institution,
            "office": self.office,
            "first": self.first,
            "last": self.last,
            "kinds": kinds,
            "insurance": self.insurance,
        }


SETTLED = """
    SELECT s.setl_id, v.mdtrt_id, p.psn_no, s.total_fen, s.funds_fen, s.account_fen + s.family_fen AS account_fen,
           s.cash_fen, s.day, s.day BETWEEN %(first)s AND %(last)s AS inside,
           left(b.code, length(%(office)s)) = %(office)s AND v.kind = ANY(%(kinds)s)
               AND (%(insurance)s::text IS NULL OR c.insurance = %(insurance)s) AS here,
           CASE WHEN s.reverses_id IS NULL THEN back.day IS NULL OR back.day > %(last)s
                ELSE first.day < %(first)s END AS due,
           s.reverses_id IS NOT NULL AS reversal,
           CASE WHEN back.day <= %(last)s THEN back.setl_id END AS back_id
    FROM settlements_settlement s
    JOIN settlements_visit v ON v.id = s.visit_id
    JOIN people_person p ON p.id = v.person_id
    JOIN people_coverage c ON c.id = v.coverage_id
    JOIN organisation_region r ON r.id = c.region_id
    JOIN organisation_body b ON b.id = r.body_id
    LEFT JOIN (SELECT coalesce(taken.original_id, taken.id) AS of_id, own.setl_id, own.day
               FROM settlements_settlement own
               JOIN settlements_settlement taken ON taken.id = own.reverses_id
               WHERE own.institution_id = %(institution)s
                   AND NOT EXISTS (SELECT FROM settlements_settlement again WHERE again.undoes_id = own.id)
              ) AS back ON back.of_id = s.id
    LEFT JOIN settlements_settlement taken ON taken.id = s.reverses_id
    LEFT JOIN settlements_settlement first ON first.id = coalesce(taken.original_id, taken.id)
    WHERE s.institution_id = %(institution)s AND s.undoes_id IS NULL
        AND NOT EXISTS (SELECT FROM settlements_settlement again WHERE again.undoes_id = s.id)
"""
"""Undone reversals are left out by NOT EXISTS: for an outer join that must find nothing the planner guesses one row,
and then it joins by nested loops."""
PERIOD = f"{SETTLED} AND s.day BETWEEN %(first)s AND %(last)s"
TOTALS = f"""
    SELECT count(*), coalesce(sum(total_fen), 0)::bigint, coalesce(sum(funds_fen), 0)::bigint,
           coalesce(sum(account_fen), 0)::bigint, coalesce(sum(cash_fen), 0)::bigint
    FROM ({PERIOD}) AS ours WHERE here AND (%(all)s OR due)
"""


def totals(scope: Scope, *, with_reversals: bool) -> tuple[int, dict[str, int]]:
    """How many settlements of the platform count, and their sums in fen by the fields of 3201.

    `with_reversals`: every settlement and every reversal of the period, each as one.
    """
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, {**scope.values(), "all": with_reversals})
        count, total, funds, account, cash = cursor.fetchone()
    return count, {"medfee_sumamt": total, "fund_pay_sumamt": funds, "acct_pay": account, "cash_payamt": cash}
