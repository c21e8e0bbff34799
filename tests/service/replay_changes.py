"""Changes of the log that a replay must name: each does one, and gives the settlement (or account) and the field."""

from __future__ import annotations

import json
import random

from django.db import connection

SEED = 20261122


def change(sql: str, *values: object) -> None:
    """Change rows that triggers protect, as somebody who owns the database could."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values or None)
        assert cursor.rowcount, sql
        cursor.execute("RESET session_replication_role")


def one(sql: str) -> tuple[object, ...]:
    """A row drawn from a query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) q ORDER BY 1")
        rows = cursor.fetchall()
    assert rows, sql
    return random.Random(SEED).choice(rows)


STANDING = (
    "SELECT s.setl_id, s.id, l.id, l.layer, l.position FROM settlements_settlement s JOIN settlements_layerpaid l"
    " ON l.settlement_id = s.id WHERE s.reverses_id IS NULL AND l.paid_fen > 0"
    " AND NOT EXISTS (SELECT FROM settlements_settlement r WHERE r.reverses_id = s.id)"
)


def paid_more() -> tuple[str, str]:
    setl_id, _, layer, name, _ = one(f"{STANDING} AND l.left_fen > l.paid_fen")
    change("UPDATE settlements_layerpaid SET paid_fen = paid_fen + 1 WHERE id = %s", layer)
    return str(setl_id), f"layer {name}: paid_fen"


def left_more() -> tuple[str, str]:
    setl_id, _, layer, name, _ = one(f"{STANDING} AND l.left_fen IS NOT NULL")
    change("UPDATE settlements_layerpaid SET left_fen = left_fen + 1 WHERE id = %s", layer)
    return str(setl_id), f"layer {name}: left_fen"


def other_payer() -> tuple[str, str]:
    setl_id, settlement, layer, _, position = one(STANDING)
    place = one(
        f"SELECT count(*) FROM settlements_layerpaid WHERE settlement_id = {settlement} AND position <= {position}"
        " AND paid_fen <> 0"
    )[0]
    change("UPDATE settlements_layerpaid SET payer = 'personal account' WHERE id = %s", layer)
    return str(setl_id), f"layer {place}"


def layer_gone() -> tuple[str, str]:
    setl_id, settlement, *_ = one(STANDING)
    change(
        "DELETE FROM settlements_layerpaid WHERE settlement_id = %s AND position ="
        " (SELECT max(position) FROM settlements_layerpaid WHERE settlement_id = %s)",
        settlement,
        settlement,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM settlements_layerpaid WHERE settlement_id = %s", [settlement])
        return str(setl_id), f"layer {cursor.fetchone()[0] + 1}"


def use_changed() -> tuple[str, str]:
    use, history, key = one("SELECT id, history_id, key FROM settlements_use WHERE fen > 0")
    change("UPDATE settlements_use SET fen = fen + 1 WHERE id = %s", use)
    return f"history {history}", f"use {json.loads(str(key))}"


def use_gone() -> tuple[str, str]:
    use, history, key = one("SELECT id, history_id, key FROM settlements_use WHERE fen > 0")
    change("DELETE FROM settlements_use WHERE id = %s", use)
    return f"history {history}", f"use {json.loads(str(key))}"


def use_slipped_in() -> tuple[str, str]:
    (history,) = one("SELECT id FROM settlements_history")
    change("""INSERT INTO settlements_use (history_id, key, fen) VALUES (%s, '["nothing",2025]', 5)""", history)
    return f"history {history}", "use ['nothing', 2025]"


def settlement_gone() -> tuple[str, str]:
    (settlement, history) = one("SELECT id, history_id FROM settlements_settlement WHERE number = 2")
    change("DELETE FROM settlements_settlement WHERE id = %s", settlement)
    return f"history {history}", "settling missing"


def last_settlement_gone() -> tuple[str, str]:
    (settlement, history) = one(
        "SELECT id, history_id FROM settlements_settlement s WHERE number = (SELECT max(number) FROM"
        " settlements_settlement o WHERE o.history_id = s.history_id)"
    )
    change("DELETE FROM settlements_settlement WHERE id = %s", settlement)
    return f"history {history}", "settling missing"


def funds_for_cash() -> tuple[str, str]:
    setl_id, settlement, *_ = one(STANDING)
    change(
        "UPDATE settlements_settlement SET funds_fen = funds_fen + 1, cash_fen = cash_fen - 1 WHERE id = %s", settlement
    )
    return str(setl_id), "funds_fen"


def institution_for_cash() -> tuple[str, str]:
    setl_id, settlement = one("SELECT setl_id, id FROM settlements_settlement WHERE hospital_fen > 100")
    change(
        "UPDATE settlements_settlement SET hospital_fen = hospital_fen - 1, cash_fen = cash_fen + 1 WHERE id = %s",
        settlement,
    )
    return str(setl_id), "hospital_fen"


def account_for_cash() -> tuple[str, str]:
    setl_id, settlement = one(
        "SELECT setl_id, id FROM settlements_settlement WHERE account_fen > 100 AND json_array_length(claim) > 0"
    )
    change(
        "UPDATE settlements_settlement SET account_fen = account_fen - 1, cash_fen = cash_fen + 1 WHERE id = %s",
        settlement,
    )
    return str(setl_id), "account_fen"


def parts_moved() -> tuple[str, str]:
    setl_id, settlement, *_ = one(f"{STANDING} AND s.in_scope_fen > 0")
    change(
        "UPDATE settlements_settlement SET in_scope_fen = in_scope_fen - 1, over_limit_fen = over_limit_fen + 1"
        " WHERE id = %s",
        settlement,
    )
    return str(setl_id), "in_scope_fen"


def claim_changed() -> tuple[str, str]:
    """The grade of the hospital in a claim: its deductible and rates are others then."""
    setl_id, settlement, *_ = one(f'{STANDING} AND s.claim::text LIKE \'%%"grade":"tertiary"%%\'')
    change(
        """UPDATE settlements_settlement SET claim = replace(claim::text, '"tertiary"', '"secondary"')::json"""
        " WHERE id = %s",
        settlement,
    )
    return str(setl_id), ""


def claim_without_a_field() -> tuple[str, str]:
    setl_id, settlement, *_ = one(STANDING)
    change(
        """UPDATE settlements_settlement SET claim = replace(claim::text, '"in_scope_fen"', '"in_scope"')::json"""
        " WHERE id = %s",
        settlement,
    )
    return str(setl_id), "bill"


def claim_with_a_word_for_a_number() -> tuple[str, str]:
    setl_id, settlement, *_ = one(STANDING)
    change(
        "UPDATE settlements_settlement SET claim = regexp_replace(claim::text, '\"pre_self_paid_fen\":[0-9]+',"
        ' \'"pre_self_paid_fen":"much"\')::json WHERE id = %s',
        settlement,
    )
    return str(setl_id), "bill"


def added_changed() -> tuple[str, str]:
    setl_id, settlement, added = one(
        "SELECT setl_id, id, added::text FROM settlements_settlement WHERE json_array_length(added) = 1"
        " AND json_array_length(added -> 0) > 0"
    )
    data = json.loads(str(added))
    data[0][0]["fen"] += 1
    change("UPDATE settlements_settlement SET added = %s WHERE id = %s", json.dumps(data), settlement)
    return str(setl_id), f"added to use {data[0][0]['use']}"


def reversal_changed() -> tuple[str, str]:
    setl_id, settlement = one(
        "SELECT setl_id, id FROM settlements_settlement WHERE reverses_id IS NOT NULL AND funds_fen < 0"
    )
    change(
        "UPDATE settlements_settlement SET funds_fen = funds_fen + 1, cash_fen = cash_fen - 1 WHERE id = %s", settlement
    )
    return str(setl_id), "funds_fen"


def reversed_layer_changed() -> tuple[str, str]:
    setl_id, layer, name = one(
        "SELECT s.setl_id, l.id, l.layer FROM settlements_settlement s JOIN settlements_layerpaid l"
        " ON l.settlement_id = s.id WHERE s.reverses_id IS NOT NULL AND l.paid_fen < 0"
    )
    change("UPDATE settlements_layerpaid SET paid_fen = paid_fen - 1 WHERE id = %s", layer)
    return str(setl_id), f"layer {name}: paid_fen"


def balance_changed() -> tuple[str, str]:
    account, number = one("SELECT id, number FROM people_account")
    change("UPDATE people_account SET balance_fen = balance_fen + 1 WHERE id = %s", account)
    return f"account {number}", "balance_fen"


CHANGES = (
    *(paid_more, left_more, other_payer, layer_gone, use_changed, use_gone, use_slipped_in),
    *(settlement_gone, last_settlement_gone, funds_for_cash, institution_for_cash, account_for_cash),
    *(
        parts_moved,
        claim_changed,
        claim_without_a_field,
        claim_with_a_word_for_a_number,
        added_changed,
        reversal_changed,
        reversed_layer_changed,
        balance_changed,
    ),
)
