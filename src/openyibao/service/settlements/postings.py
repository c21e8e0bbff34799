"""What a settlement and its reversal write into the funds' books."""

from __future__ import annotations

from collections.abc import Iterable

from openyibao.service.direct import Ask
from openyibao.service.ledger.books import NewEntry, entry_of, posting, reverse, settlement_lines
from openyibao.service.people.models import Account
from openyibao.service.settlements.elsewhere import owed_to_region
from openyibao.service.settlements.models import Settlement
from openyibao.service.settlements.payers import Payment

SETTLEMENT = "settlement"


def of_settlement(settlement: Settlement, payment: Payment, accounts: Iterable[Account]) -> list[Ask]:
    """The statement by which it is posted: funds and accounts owe the institution what they bear.

    A settlement that nobody else bears has no entry.
    """
    coverage = settlement.visit.coverage
    numbers = {account.pk: account for account in accounts}
    lines = settlement_lines(
        coverage.region.body.code,
        coverage.scheme,
        settlement.institution.code,
        payment.by_payer(),
        [(numbers[pk].number, numbers[pk].family, fen) for pk, fen in payment.accounts.items()],
    )
    lines = owed_to_region(settlement.visit, lines)
    if not lines:
        return []
    return [posting(NewEntry(SETTLEMENT, settlement.settled, settlement.day, settlement.setl_id, lines))]


def post_reversal(taken_back: Settlement, settlement: Settlement) -> None:
    """The opposite entry; none where the settlement had none."""
    entry = entry_of(SETTLEMENT, settlement.setl_id)
    if entry is not None:
        reverse(entry.id, taken_back.settled, taken_back.day, taken_back.setl_id)
