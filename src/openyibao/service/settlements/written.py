"""What a settlement writes, as statements that can be sent together (see `service.direct`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from openyibao.service.direct import Ask, Statement, as_json, given, numbers, text, texts
from openyibao.service.settlements.models import History, Settlement
from openyibao.service.settlements.payers import Layer
from openyibao.service.settlements.store import key_text
from openyibao.settlement.claim import UseKey

PLAIN = (
    *("id", "setl_id", "history_id", "number", "visit_id", "reverses_id", "undoes_id", "original_id"),
    *("institution_id", "msgid", "batch", "settled", "day", "policy", "digest"),
)
JSON = ("claim", "bill", "read", "added", "facts", "reply")
FEN = (
    *("total_fen", "fully_self_paid_fen", "over_limit_fen", "pre_self_paid_fen", "in_scope_fen", "funds_fen"),
    *("hospital_fen", "account_fen", "family_fen", "cash_fen"),
)
COLUMNS = (*PLAIN, *FEN, *JSON, "line_ids")
PLACES = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 1))

SETTLEMENT = Statement("settlement", f"INSERT INTO settlements_settlement ({', '.join(COLUMNS)}) VALUES ({PLACES})")
NUMBER = Statement("history", "UPDATE settlements_history SET last_number = $2 WHERE id = $1")
USES = Statement(
    "uses",
    "INSERT INTO settlements_use (history_id, key, fen) SELECT $1, * FROM unnest($2::text[], $3::bigint[])"
    " ON CONFLICT (history_id, key) DO UPDATE SET fen = excluded.fen",
)
GONE = Statement("gone", "DELETE FROM settlements_use WHERE history_id = $1 AND key = ANY($2::text[])")
LAYERS = Statement(
    "layers",
    "INSERT INTO settlements_layerpaid (settlement_id, position, layer, payer, field, paid_fen, left_fen)"
    " SELECT $1, g.*"
    " FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]) AS g",
)
MOVE = Statement("account", "UPDATE people_account SET balance_fen = balance_fen + $2 WHERE id = $1")


def settlement(row: Settlement) -> Iterable[Ask]:
    plain = [given(getattr(row, name)) for name in PLAIN]
    fen = [text(getattr(row, name)) for name in FEN]
    yield SETTLEMENT(*plain, *fen, *(as_json(getattr(row, name)) for name in JSON), numbers(row.line_ids))


def history(row: History) -> Ask:
    return NUMBER(text(row.pk), text(row.last_number))


def uses(row: History, before: Mapping[UseKey, int], after: Mapping[UseKey, int]) -> Iterable[Ask]:
    """The uses that changed; one that is none any more is deleted."""
    changed = {key_text(key): fen for key, fen in after.items() if before.get(key, 0) != fen}
    gone = [key_text(key) for key in before.keys() - after.keys()]
    if changed:
        yield USES(text(row.pk), texts(list(changed)), numbers(list(changed.values())))
    if gone:
        yield GONE(text(row.pk), texts(gone))


def layers(row: Settlement, paid: Iterable[Layer]) -> Iterable[Ask]:
    """Those that paid something, each with its place among all."""
    rows = [(place, one) for place, one in enumerate(paid, 1) if one.paid_fen]
    if rows:
        left = ",".join("NULL" if one.left_fen is None else str(one.left_fen) for _, one in rows)
        yield LAYERS(
            text(row.pk),
            numbers([place for place, _ in rows]),
            texts([one.name for _, one in rows]),
            texts([one.payer for _, one in rows]),
            texts([one.field for _, one in rows]),
            numbers([one.paid_fen for _, one in rows]),
            f"{{{left}}}".encode(),
        )


def accounts(taken: Mapping[int, int], times: int) -> Iterable[Ask]:
    """Take from accounts (times -1) or give back (times 1). The rows are locked already."""
    for account, fen in sorted(taken.items()):
        yield MOVE(text(account), text(times * fen))
