"""The work list: a reconciliation opens what is new, keeps what is still there, and closes what is gone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

from openyibao.service.reconciliation.found import Found
from openyibao.service.reconciliation.models import Item, Period, Run
from openyibao.service.reconciliation.rows import MONEY
from openyibao.service.reconciliation.scope import Scope
from openyibao.service.reconciliation.written import fields_of

MOST_ITEMS = 100_000
"""More differences than these are not listed: the list is of another period or institution."""
ABOUT = ("key", "content", "kind", "setl_id", "mdtrt_id", "psn_no", "fields", "other", "line", "day")
AMOUNTS = tuple(prefix + name for name in MONEY for prefix in ("stated_", ""))
SHOWN = f"""
    CREATE TEMPORARY TABLE shown (key text, content text, kind text, setl_id text, mdtrt_id text, psn_no text,
        fields text, other text, line int, day date, {", ".join(f"{name} bigint" for name in AMOUNTS)}) ON COMMIT DROP
"""
GONE = """
    UPDATE reconciliation_item item SET state = 'corrected', last_id = %(run)s, reference = coalesce((
        SELECT trim(coalesce(m.infno, '') || ' ' || back.setl_id)
        FROM settlements_settlement first
        JOIN settlements_settlement back ON back.reverses_id = first.id
        LEFT JOIN gateway_message m ON m.settlement_id = back.id
        WHERE first.setl_id = item.setl_id AND back.settled >= (
            SELECT made FROM reconciliation_run run WHERE run.id = item.opened_id) LIMIT 1), '')
    WHERE period_id = %(period)s AND state IN ('open', 'explained', 'written off')
        AND NOT EXISTS (SELECT FROM shown WHERE shown.key = item.key AND shown.content = item.content)
        AND (state <> 'written off' OR EXISTS (SELECT FROM shown WHERE shown.key = item.key))
    RETURNING id
"""
"""What was written off stays so, unless it is shown again with other values: then it is a new difference."""
STEPS = """
    INSERT INTO reconciliation_step (item_id, at, state, run_id, note)
    SELECT id, %(at)s, 'corrected', %(run)s, '' FROM unnest(%(ids)s::bigint[]) AS id
"""
STILL = """
    UPDATE reconciliation_item item SET last_id = %(run)s, line = shown.line FROM shown
    WHERE item.period_id = %(period)s AND state IN ('open', 'explained', 'written off') AND shown.key = item.key
"""
NEW = f"""
    INSERT INTO reconciliation_item (period_id, state, reference, opened_id, last_id, {", ".join(ABOUT + AMOUNTS)})
    SELECT %(period)s, 'open', '', %(run)s, %(run)s, {", ".join(f"shown.{name}" for name in ABOUT + AMOUNTS)} FROM shown
    WHERE NOT EXISTS (SELECT FROM reconciliation_item item WHERE item.period_id = %(period)s
        AND state IN ('open', 'explained', 'written off') AND item.key = shown.key)
    ORDER BY shown.line NULLS LAST, shown.setl_id
"""


def elsewhere(scope: Scope) -> frozenset[str]:
    """The numbers that the institution stated in lists of other days, though they are not of those days."""
    found = Item.objects.filter(
        period__institution_id=scope.institution,
        kind="day",
        stated_total_fen__isnull=False,
        state__in=("open", "explained"),
    ).exclude(period__first=scope.first, period__last=scope.last)
    return frozenset(found.values_list("setl_id", flat=True))


def record(scope: Scope, found: Found, rows: int, source: str, at: datetime) -> Run:
    """Keep what a reconciliation of `rows` stated rows found, in the transaction of the caller."""
    period, _ = Period.objects.get_or_create(
        institution_id=scope.institution,
        office=scope.office,
        clearing=scope.clearing or "",
        first=scope.first,
        last=scope.last,
    )
    Period.objects.select_for_update().get(pk=period.pk)  # one at a time
    run: Run = Run.objects.create(
        period=period,
        made=at,
        source=source,
        rows=rows,
        matched=found.matched,
        counts=found.counts(),
        sums_agree=found.sums_agree,
        listed=len(found) <= MOST_ITEMS,
    )
    if run.listed:
        _list(run, found, at)
    return run


def _list(run: Run, found: Found, at: datetime) -> None:
    names: dict[str, Any] = {"run": run.pk, "period": run.period_id, "at": at}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS shown")
        cursor.execute(SHOWN)
        with cursor.copy(f"COPY shown ({', '.join(ABOUT + AMOUNTS)}) FROM STDIN") as copy:
            for row in _rows(found):
                copy.write_row(row)
        cursor.execute("CREATE INDEX ON shown (key)")
        cursor.execute("ANALYZE shown")
        cursor.execute(GONE, names)
        cursor.execute(STEPS, {**names, "ids": [number for (number,) in cursor.fetchall()]})
        cursor.execute(STILL, names)
        cursor.execute(NEW, names)


def _rows(found: Found) -> Iterator[tuple[Any, ...]]:
    """The differences by ABOUT and AMOUNTS."""
    seen: Counter[str] = Counter()
    for one in found.differences():
        name = f"{one.kind} {one.text('setl_id') or f'line {one.line}'}"
        seen[name] += 1
        key = name if seen[name] == 1 else f"{name} {seen[name]}"
        amounts = [row[field] if row else None for field in MONEY for row in (one.stated, one.held)]
        about = (one.kind, *(one.text(field) for field in ("setl_id", "mdtrt_id", "psn_no")))
        fields = ",".join(fields_of(one))
        content = hashlib.md5(repr((about, fields, one.other, amounts)).encode(), usedforsecurity=False).hexdigest()
        yield (key, content, *about, fields, one.other, one.line, one.day, *amounts)
