"""The room's rows held against the books: what is owed to each institution is what statements and payments leave of it.

python -m openyibao.service.clearing.checks        prints every difference; the exit code is 1 where there is one
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from django.db import connection

from openyibao.policy.values import money

# Owed by the books = what no statement has yet + items - withheld - paid, for each region, fund and institution.
_DIFFERENCES = """
WITH own AS (
    SELECT entry FROM clearing_report WHERE entry IS NOT NULL
    UNION ALL SELECT entry FROM clearing_part WHERE entry IS NOT NULL
), posted AS (
    SELECT a.region, a.scheme, a.fund, a.owner, p.entry_id, -sum(p.fen)::bigint AS fen
    FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id
    WHERE a.kind = 'payable to institution' GROUP BY 1, 2, 3, 4, 5
), stated AS (
    SELECT b.code AS region, i.scheme, i.fund, n.code AS owner, i.entry, i.fen
    FROM clearing_item i JOIN clearing_statement s ON s.id = i.statement_id
    JOIN institutions_institution n ON n.id = s.institution_id
    JOIN organisation_region r ON r.id = s.region_id JOIN organisation_body b ON b.id = r.body_id
), moved AS (
    SELECT b.code AS region, p.scheme, p.fund, n.code AS owner, -p.withheld_fen AS fen
    FROM clearing_part p JOIN clearing_statement s ON s.id = p.statement_id
    JOIN institutions_institution n ON n.id = s.institution_id
    JOIN organisation_region r ON r.id = s.region_id JOIN organisation_body b ON b.id = r.body_id
    UNION ALL
    SELECT b.code, t.scheme, t.fund, n.code, -t.paid_fen
    FROM clearing_transfer t JOIN clearing_order o ON o.id = t.order_id
    JOIN clearing_statement s ON s.id = o.statement_id JOIN institutions_institution n ON n.id = s.institution_id
    JOIN organisation_region r ON r.id = s.region_id JOIN organisation_body b ON b.id = r.body_id
), sides AS (
    SELECT region, scheme, fund, owner, fen AS booked, 0::bigint AS kept FROM posted
    UNION ALL SELECT region, scheme, fund, owner, 0, fen FROM stated
    UNION ALL SELECT region, scheme, fund, owner, 0, fen FROM moved
    UNION ALL  -- what no statement has yet
    SELECT region, scheme, fund, owner, 0, fen FROM posted
    WHERE entry_id NOT IN (SELECT entry FROM own)
      AND NOT EXISTS (SELECT FROM stated s WHERE s.entry = posted.entry_id AND (s.region, s.scheme, s.fund, s.owner)
                      = (posted.region, posted.scheme, posted.fund, posted.owner))
)
SELECT region, scheme, fund, owner, sum(booked)::bigint, sum(kept)::bigint FROM sides
GROUP BY 1, 2, 3, 4 HAVING sum(booked) <> sum(kept) ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the books and this room disagree on what is owed to an institution, in fen."""

    region: str
    scheme: str
    fund: str
    institution: str
    booked: int
    kept: int

    def text(self, lang: str) -> str:
        where = f"{self.region} {self.scheme} {self.fund} {self.institution}"
        if lang == "zh":
            return f"应付与对账不符：{where}，账面 {money(self.booked)}，对账 {money(self.kept)}"
        return f"owed and stated differ: {where}, booked {money(self.booked)}, stated {money(self.kept)}"


def check_clearing() -> list[Difference]:
    """All differences that there are; a list without a row means 0.00 everywhere."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        return [Difference(*row) for row in cursor.fetchall()]


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
    django.setup()
    found = check_clearing()
    for one in found:
        print(one.text("zh"), one.text("en"), sep="\n")
    print(f"应付与对账的差异 / differences between what is owed and what is stated: {len(found)}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
