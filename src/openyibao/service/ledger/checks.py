"""The books held against what they are kept for: each settlement, each fund over all regions, each personal account.

Every check names what differs, with both amounts; a list without a row means that the difference is 0.00 everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from openyibao.policy.values import money
from openyibao.service.ledger.accounts import check_accounts
from openyibao.service.ledger.books import AccountKey, Group, group_of
from openyibao.service.ledger.reports import trial_balance

WORDS = {
    "entry": ("凭证借贷不平", "an entry does not sum to 0"),
    "trial balance": ("试算不平", "the trial balance does not sum to 0"),
    "fund's books": ("某基金的账不平", "the books of a fund do not sum to 0"),
    "settlement": ("结算与凭证金额不符", "a settlement and its entry differ"),
    "settlement entries": ("结算的凭证数不对", "a settlement has not the entries it should"),
    "entry without settlement": ("凭证没有对应的结算", "an entry names a settlement that is not there"),
    "fund of region": ("统筹区基金支付与账面支出不符", "what a fund paid in a region and its books differ"),
    "fund": ("基金支付总额与账面支出总额不符", "what a fund paid in all regions and its books differ"),
    "account": ("个人账户余额与账面不符", "an account's balance and its postings differ"),
    "balance": ("滚存余额与分录合计不符", "a folded balance and its postings differ"),
}

_SETTLED = """
WITH owed AS (
    SELECT e.reference, count(DISTINCT e.id) AS entries,
           -coalesce(sum(p.fen) FILTER (WHERE a.kind IN ('payable to institution', 'payable to region')), 0)::bigint
               AS fen
    FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id
    WHERE e.kind = 'settlement' OR e.kind = 'reversal' AND EXISTS (
        SELECT FROM settlements_settlement r WHERE r.setl_id = e.reference)
    GROUP BY e.reference
)
SELECT coalesce(s.setl_id, owed.reference), s.setl_id IS NULL, coalesce(owed.entries, 0),
       coalesce(s.wanted, 0), coalesce(s.fen, 0), coalesce(owed.fen, 0)
FROM (
    SELECT setl_id, funds_fen + account_fen + family_fen AS fen,
           (funds_fen <> 0 OR account_fen <> 0 OR family_fen <> 0 OR EXISTS (
               SELECT FROM settlements_layerpaid l WHERE l.settlement_id = t.id AND l.paid_fen <> 0))::integer AS wanted
    FROM settlements_settlement t
) s FULL JOIN owed ON owed.reference = s.setl_id
WHERE s.setl_id IS NULL OR coalesce(owed.fen, 0) <> s.fen OR coalesce(owed.entries, 0) <> s.wanted
ORDER BY 1
"""
_FUNDS = """
WITH paid AS (
    SELECT b.code AS region, l.payer AS fund, sum(l.paid_fen)::bigint AS fen
    FROM settlements_layerpaid l JOIN settlements_settlement s ON s.id = l.settlement_id
    JOIN settlements_history h ON h.id = s.history_id JOIN organisation_region r ON r.id = h.region_id
    JOIN organisation_body b ON b.id = r.body_id
    WHERE l.payer NOT IN ('personal account', 'family account') GROUP BY 1, 2
), booked AS (
    SELECT a.region, a.fund, sum(p.fen)::bigint AS fen
    FROM settlements_settlement s
    JOIN ledger_entry e ON e.reference = s.setl_id AND e.kind IN ('settlement', 'reversal')
    JOIN ledger_posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id
    WHERE a.kind = 'fund expenditure' GROUP BY 1, 2
)
SELECT coalesce(paid.region, booked.region), coalesce(paid.fund, booked.fund), coalesce(paid.fen, 0),
       coalesce(booked.fen, 0)
FROM paid FULL JOIN booked ON (paid.region, paid.fund) = (booked.region, booked.fund) ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the books and what they are kept for differ: expected and booked fen (for entries: their number)."""

    what: str
    where: str
    expected: int
    booked: int

    def text(self, lang: str) -> str:
        said = WORDS[self.what][lang != "zh"]
        amounts = (
            (str(self.expected), str(self.booked))
            if self.what == "settlement entries"
            else (money(self.expected), money(self.booked))
        )
        if lang == "zh":
            return f"{said}：{self.where}，应为 {amounts[0]}，账面 {amounts[1]}"
        return f"{said}: {self.where}, expected {amounts[0]}, booked {amounts[1]}"


def check_books() -> list[Difference]:
    """All differences that there are: nightly, and whenever somebody asks."""
    return [*_entries(), *_trial(), *_settlements(), *_funds(), *_accounts(), *_balances()]


def _ask(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[object, ...]] = cursor.fetchall()
        return found


def _entries() -> list[Difference]:
    rows = _ask(
        "SELECT e.id, coalesce(sum(p.fen), 0)::bigint FROM ledger_entry e LEFT JOIN ledger_posting p"
        " ON p.entry_id = e.id GROUP BY e.id HAVING count(p.fen) < 2 OR sum(p.fen) <> 0 ORDER BY 1"
    )
    return [Difference("entry", str(entry), 0, int(str(fen))) for entry, fen in rows]


def _trial() -> list[Difference]:
    """The whole, and the books of each fund by itself."""
    rows, sums = trial_balance(), dict[Group, int]()
    for row in rows:
        group = group_of(AccountKey(row.kind, row.region, row.scheme, row.fund))
        sums[group] = sums.get(group, 0) + row.fen
    whole = sum(sums.values())
    found = [Difference("trial balance", "", 0, whole)] if whole else []
    return found + [Difference("fund's books", " ".join(group), 0, fen) for group, fen in sums.items() if fen]


def _settlements() -> list[Difference]:
    found = []
    for reference, stray, entries, needed, expected, booked in _ask(_SETTLED):
        where, wanted, got = str(reference), int(str(expected)), int(str(booked))
        if stray:
            found.append(Difference("entry without settlement", where, 0, got))
        elif wanted != got:
            found.append(Difference("settlement", where, wanted, got))
        else:
            found.append(Difference("settlement entries", where, int(str(needed)), int(str(entries))))
    return found


def _funds() -> list[Difference]:
    """Each fund in each region, and each fund over all regions."""
    found, totals = [], dict[str, list[int]]()
    for region, fund, paid, booked in _ask(_FUNDS):
        paid_fen, booked_fen = int(str(paid)), int(str(booked))
        total = totals.setdefault(str(fund), [0, 0])
        total[0], total[1] = total[0] + paid_fen, total[1] + booked_fen
        if paid_fen != booked_fen:
            found.append(Difference("fund of region", f"{region} {fund}", paid_fen, booked_fen))
    return found + [Difference("fund", fund, *total) for fund, total in totals.items() if total[0] != total[1]]


def _accounts() -> list[Difference]:
    return [Difference("account", one.number, one.posted, one.balance) for one in check_accounts()]


def _balances() -> list[Difference]:
    rows = _ask(
        "SELECT a.id, coalesce(p.fen, 0), coalesce(b.fen, 0) FROM ledger_account a LEFT JOIN ledger_balance b"
        " ON b.account_id = a.id LEFT JOIN (SELECT account_id, sum(fen)::bigint AS fen FROM ledger_posting"
        " WHERE entry_id <= (SELECT through FROM ledger_fold) GROUP BY 1) p ON p.account_id = a.id"
        " WHERE coalesce(p.fen, 0) <> coalesce(b.fen, 0) ORDER BY 1"
    )
    return [Difference("balance", str(account), int(str(due)), int(str(kept))) for account, due, kept in rows]
