"""A whole reconciliation: a list beside the platform's settlements. The same function for 3202 and the command line."""

from __future__ import annotations

from openyibao.service.reconciliation import held
from openyibao.service.reconciliation.compare import compare
from openyibao.service.reconciliation.found import Found
from openyibao.service.reconciliation.scope import Scope
from openyibao.service.reconciliation.sheet import Sheet


def reconcile(scope: Scope, sheet: Sheet) -> Found:
    """What differs. Reads within the transaction of the caller. Raises TooManyError."""
    return compare(sheet.stated, held.rows(scope, sheet.stated), sheet.malformed)
