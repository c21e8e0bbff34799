"""Whether a fund can pay: its cash, less what orders have under way. Asked last, behind what would take the cash."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Sum

from openyibao.service.clearing.models import Transfer
from openyibao.service.ledger.books import balance
from openyibao.service.ledger.treasury import Fund, lock, opened
from openyibao.service.organisation.problems import Problem


def check_cash(funds: Iterable[Fund]) -> None:
    """Refuse what was just ordered or booked where a fund has not the cash for it. Raises Problem("fund short").

    A fund whose opening balance was never booked has its cash elsewhere: nothing is known of it, and it may pay. Money
    of persons' accounts is such: no more of it can be owed than was credited. Two who order out of one fund wait for
    each other.
    """
    kept = [fund for fund in funds if opened(fund)]
    lock(*kept)
    for fund in kept:
        waits = under_way(fund)  # first: what is paid between the two then counts twice against the order, not for it
        cash = balance(fund.account("fund cash"))
        if cash < waits:
            raise Problem("fund short", fund=fund.said, cash=cash, under_way=waits, short=waits - cash)


def under_way(fund: Fund) -> int:
    """What orders pay out of a fund and the bank has not answered, in fen."""
    found = Transfer.objects.filter(order__region__body__code=fund.region, scheme=fund.scheme, fund=fund.name)
    found = found.filter(fen__gt=F("paid_fen") + F("rejected_fen"))
    open_fen = F("fen") - F("paid_fen") - F("rejected_fen")
    return int(found.aggregate(fen=Sum(open_fen))["fen"] or 0)
