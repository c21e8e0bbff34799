"""A whole reconciliation: a list beside the platform's settlements. The same function for 3202 and the command line."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from openyibao.service.reconciliation import held, work
from openyibao.service.reconciliation.compare import compare
from openyibao.service.reconciliation.found import Found
from openyibao.service.reconciliation.scope import Scope
from openyibao.service.reconciliation.sheet import Sheet


def reconcile(scope: Scope, sheet: Sheet, source: str, at: datetime | None) -> Found:
    """What differs. Kept as a work list, unless `at` is None. Raises TooManyError."""
    with transaction.atomic():
        ours = held.rows(scope, sheet.stated)
        found = compare(sheet.stated, ours, sheet.malformed, work.elsewhere(scope))
        if at is not None:
            work.record(scope, found, len(sheet), source, at)
        return found
