"""Statements: what funds owe an institution up to a day, line by line, and where that stands.

A statement takes in every entry of the books that touches what is owed to the institution, up to its day, and that no
earlier statement has; so an entry that came late is in the next one, and a settlement that was taken back after it was
paid has its line below 0 there. What a manual reimbursement moves to a person is not the institution's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection

from openyibao.policy.model import Bilingual
from openyibao.service import clock
from openyibao.service.clearing import deposits
from openyibao.service.clearing.accounts import is_fund
from openyibao.service.clearing.disputes import undo_deductions
from openyibao.service.clearing.models import Item, Part, Statement
from openyibao.service.clearing.numbers import next_number
from openyibao.service.clearing.outstanding import NOTHING, Key, lock, outstanding
from openyibao.service.institutions.doors import known
from openyibao.service.institutions.models import Institution
from openyibao.service.organisation.fields import Day, Given, Text
from openyibao.service.organisation.models import Body, Region
from openyibao.service.organisation.problems import Problem
from openyibao.service.organisation.proposals import Decision, Done, action
from openyibao.service.people.coverage import region_of

SETTLEMENT = "settlement"

NEW_ITEMS = """
SELECT e.id AS entry, a.id AS account, e.reverses_id AS reverses, a.scheme, a.fund, coalesce(o.kind, e.kind) AS kind,
       e.reference, e.day, -sum(p.fen)::bigint AS fen
FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id JOIN ledger_entry e ON e.id = p.entry_id
LEFT JOIN ledger_entry o ON o.id = e.reverses_id
WHERE a.kind = 'payable to institution' AND a.region = %(region)s AND a.owner = %(institution)s
  AND (e.day <= %(through)s OR coalesce(o.kind, e.kind) = 'deduction')
  AND coalesce(o.kind, e.kind) <> 'manual reimbursement'
  AND NOT EXISTS (SELECT FROM clearing_item i WHERE i.entry = e.id AND i.account = a.id)
  AND NOT EXISTS (SELECT FROM clearing_report r WHERE r.entry = e.id)
  AND NOT EXISTS (SELECT FROM clearing_part w WHERE w.entry = e.id)
  AND NOT EXISTS (
      SELECT FROM settlements_settlement s JOIN settlements_visit v ON v.id = s.visit_id
      WHERE s.setl_id = e.reference AND v.kind = 'manual')
GROUP BY e.id, a.id, o.kind HAVING sum(p.fen) <> 0
"""
"""Entries that no statement has yet: own entries (withheld, paid, come back) and manual reimbursements left out.

Deductions count at once, whatever their day, so that one that is undone stands beside the reversal that undid it."""

_TAKE = f"""
INSERT INTO clearing_item (statement_id, entry, account, reverses, scheme, fund, kind, reference, day, fen)
SELECT %(statement)s, entry, account, reverses, scheme, fund, kind, reference, day, fen FROM ({NEW_ITEMS}) found
ORDER BY entry
"""

_OWED = """
SELECT a.owner FROM ledger_account a WHERE a.kind = 'payable to institution' AND a.region = %s GROUP BY 1 ORDER BY 1
"""


def known_statement(number: str) -> Statement:
    """The statement with a number. Raises Problem("not known")."""
    found: Statement | None = (
        Statement.objects.select_related("institution__body", "region__body").filter(number=number[:40]).first()
    )
    if found is None:
        raise Problem("not known", what=Bilingual(f"对账单 {number[:40]}", f"statement {number[:40]}"))
    return found


def _place(given: Given) -> Body:
    return region_of(given["region"]).body


@action(
    "statement.issue",
    may="statement.issue",
    decide="statement.decide",
    takes={"region": Text(12), "through": Day(), "institution": Text(12, optional=True)},
    place=_place,
    subject="region",
)
def issue(given: Given, decision: Decision) -> Done:
    """Issue the statements of a region up to a day that is over: of one institution, or of all that are owed money.

    An institution that has a statement up to that day or a later one gets none; one that is named is refused.
    """
    region, through = region_of(given["region"]), given["through"]
    if through >= clock.today():
        raise Problem("day not over", day=through)
    named = given["institution"]
    asked = [known(named)] if named else _owed(region)
    lock(*asked)
    made = []
    for institution in asked:
        last = latest(institution, region)
        if last is None or last.through < through:
            one = _make(institution, region, through, last)
            made += [one] if one else []
        elif named:
            raise Problem("statement exists", number=last.number, day=last.through)
    if not made:
        raise Problem("nothing owed", region=region.body.code, day=through)
    numbers = [one.number for one in made]
    closing = sum(part.closing_fen for one in made for part in one.parts.all())
    return Done({"statements": len(made), "first": numbers[0], "last": numbers[-1], "closing_fen": closing})


def _owed(region: Region) -> list[Institution]:
    """The institutions that the books of a region name, by their codes."""
    with connection.cursor() as cursor:
        cursor.execute(_OWED, [region.body.code])
        codes = [row[0] for row in cursor.fetchall()]
    return list(Institution.objects.filter(code__in=codes).order_by("code"))


def latest(institution: Institution, region: Region) -> Statement | None:
    found: Statement | None = (
        Statement.objects.filter(institution=institution, region=region).order_by("-through").first()
    )
    return found


def _make(institution: Institution, region: Region, through: date, last: Statement | None) -> Statement | None:
    """One statement, with what it withholds booked; None where there is nothing to state."""
    undo_deductions(institution, region)
    before = outstanding(institution, region)
    about = {"region": region.body.code, "institution": institution.code, "through": through}
    if not any(one.owed_fen for one in before.values()) and not has_new_items(about):
        return None
    statement: Statement = Statement.objects.create(
        number=next_number("S", region), institution=institution, region=region, through=through, made_at=clock.now()
    )
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {**about, "statement": statement.pk})
    _parts(statement, {key: one.owed_fen for key, one in before.items() if one.owed_fen})
    return statement


def has_new_items(about: Mapping[str, Any]) -> bool:
    """Whether the books have entries that no statement has (region, institution, through: codes and a day)."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({NEW_ITEMS})", about)
        return bool(cursor.fetchone()[0])


def _parts(statement: Statement, brought: Mapping[Key, int]) -> None:
    """The sums by fund, and the deposit that each fund's settlements make the agency withhold."""
    sums: dict[Key, int] = {}
    settled: dict[Key, int] = {}
    rows = Item.objects.filter(statement=statement).values_list("scheme", "fund", "kind", "fen")
    for scheme, fund, kind, fen in rows.iterator(chunk_size=10_000):
        sums[scheme, fund] = sums.get((scheme, fund), 0) + fen
        if kind == SETTLEMENT and is_fund(fund):
            settled[scheme, fund] = settled.get((scheme, fund), 0) + fen
    bp = deposits.share_bp(statement.institution, statement.through)
    region, code = statement.region.body.code, statement.institution.code
    for scheme, fund in sorted({*sums, *brought}):
        key = (region, scheme, fund)
        withheld, entry = 0, None
        if bp and settled.get((scheme, fund)):
            withheld = deposits.to_withhold(settled[scheme, fund], bp, deposits.held_fen(*key, code))
        if withheld:
            entry = deposits.post_withholding(key, code, withheld, statement.number)
        Part.objects.create(
            statement=statement,
            scheme=scheme,
            fund=fund,
            brought_fen=brought.get((scheme, fund), 0),
            items_fen=sums.get((scheme, fund), 0),
            withheld_fen=withheld,
            entry=entry,
        )


def show(statement: Statement) -> dict[str, Any]:
    """A statement with its sums by fund, and what of them is open now."""
    now = outstanding(statement.institution, statement.region)
    newest = latest(statement.institution, statement.region) == statement
    return {
        "number": statement.number,
        "institution": statement.institution.code,
        "region": statement.region.body.code,
        "through": statement.through,
        "made_at": statement.made_at,
        "ordered_at": statement.ordered_at,
        "newest": newest,
        "lines": statement.items.count(),
        "funds": [
            {
                "scheme": one.scheme,
                "fund": one.fund,
                "brought_fen": one.brought_fen,
                "items_fen": one.items_fen,
                "withheld_fen": one.withheld_fen,
                "closing_fen": one.closing_fen,
                **(_now(now.get((one.scheme, one.fund), NOTHING)) if newest else {}),
            }
            for one in statement.parts.order_by("scheme", "fund")
        ],
    }


def _now(one: Any) -> dict[str, int]:
    return {
        "owed_now_fen": one.owed_fen,
        "under_way_fen": one.under_way_fen,
        "held_fen": one.held_fen,
        "available_fen": one.available_fen,
    }
