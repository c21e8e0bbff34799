"""What is left to pay an institution out of each fund of a region, from the room's own rows.

owed = items of statements - what they withheld - what was paid; of it is under way, and is held by disputes; the
rest can be ordered. Whoever changes any of it locks the institution's row first (`lock`).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.models import Region

Key = tuple[str, str]
"""Scheme and fund."""

# A line in dispute is held until its reversal is in a statement, too: then both count, and add up to nothing. What was
# deducted is held until the entry that deducts it is in a statement.
_OPEN = """
WITH moves AS (
    SELECT p.scheme, p.fund, p.items_fen - p.withheld_fen AS owed, 0::bigint AS under_way, 0::bigint AS held
    FROM clearing_part p JOIN clearing_statement s ON s.id = p.statement_id
    WHERE s.institution_id = %(institution)s AND s.region_id = %(region)s
    UNION ALL
    SELECT t.scheme, t.fund, -t.paid_fen, t.fen - t.paid_fen - t.rejected_fen, 0
    FROM clearing_transfer t JOIN clearing_order o ON o.id = t.order_id
    JOIN clearing_statement s ON s.id = o.statement_id
    WHERE s.institution_id = %(institution)s AND s.region_id = %(region)s
    UNION ALL
    SELECT i.scheme, i.fund, 0, 0, i.fen
    FROM clearing_dispute d JOIN clearing_statement s ON s.id = d.statement_id
    JOIN clearing_item i ON i.statement_id = s.id AND i.entry = d.item_entry
    WHERE s.institution_id = %(institution)s AND s.region_id = %(region)s AND i.fen > 0
      AND d.holds AND d.entry IS NULL AND d.state <> 'rejected'
      AND NOT EXISTS (SELECT FROM clearing_item r WHERE r.reverses = i.entry)
    UNION ALL
    SELECT n.scheme, n.fund, 0, 0, n.fen
    FROM clearing_dispute d JOIN clearing_statement s ON s.id = d.statement_id
    JOIN clearing_deduction n ON n.dispute_id = d.id
    WHERE s.institution_id = %(institution)s AND s.region_id = %(region)s AND d.entry IS NOT NULL
      AND NOT EXISTS (SELECT FROM clearing_item x WHERE x.entry = d.entry)
)
SELECT scheme, fund, sum(owed)::bigint, sum(under_way)::bigint, sum(held)::bigint FROM moves GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Open:
    """One fund's part, in fen. `available_fen` below 0: more was paid than is owed; it is carried forward."""

    owed_fen: int
    under_way_fen: int
    held_fen: int

    @property
    def available_fen(self) -> int:
        return self.owed_fen - self.under_way_fen - self.held_fen


NOTHING = Open(0, 0, 0)


def outstanding(institution: Institution, region: Region) -> dict[Key, Open]:
    """What is open by scheme and fund."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"institution": institution.pk, "region": region.pk})
        return {(row[0], row[1]): Open(*row[2:]) for row in cursor.fetchall()}


def lock(*institutions: Institution) -> None:
    """Wait for everybody else who changes what is open for these institutions, until the transaction ends.

    Always in the order of their ids. Settlements go on meanwhile: they refer to the rows and do not change them.
    """
    asked = Institution.objects.select_for_update(no_key=True).filter(pk__in={one.pk for one in institutions})
    list(asked.order_by("pk"))
