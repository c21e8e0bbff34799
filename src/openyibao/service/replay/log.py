"""The log as it is kept: the settlements of some histories with their claims, layers, uses and accounts.

Rows are read by id on one connection, in the order of each history; what is not needed to derive a bill again (its
explanation, its reply) is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from json import JSONDecoder, loads
from typing import Any

Claimed = dict[str, Any]
"""A claim as the log keeps it, `history.data.claim_data`: dates in ISO form, money in fen."""
UseKey = tuple[str | int, ...]
MONEY = ("total", "fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
BORNE = ("funds", "hospital", "account", "family", "cash")
AMOUNTS = (*MONEY, *BORNE)
SETTLEMENTS = f"""
SELECT s.id, s.setl_id, s.history_id, s.number, s.reverses_id, s.policy, s.digest, s.day, v.kind, s.institution_id,
       s.claim::text, s.added::text, s.facts ->> 'accounts', (s.facts ->> 'balance_fen')::bigint,
       (v.data -> 'out of area' ->> 'over_limit_borne_bp')::integer, s.line_ids,
       {", ".join(f"s.{name}_fen" for name in AMOUNTS)}
FROM settlements_settlement s JOIN settlements_visit v ON v.id = s.visit_id
WHERE s.history_id = ANY(%s) ORDER BY s.history_id, s.number
"""
LAWS = """
SELECT s.id, (SELECT json_agg(CASE json_typeof(one -> 'policy') WHEN 'string'
                  THEN json_build_array(one ->> 'policy', one ->> 'digest')
                  ELSE json_build_array(one -> 'policy' ->> 'id', one -> 'policy' ->> 'digest') END)
              FROM json_array_elements(s.bill) AS one)::text
FROM settlements_settlement s WHERE s.id = ANY(%s)
"""
LAYERS = """
SELECT settlement_id, position, layer, payer, paid_fen, left_fen FROM settlements_layerpaid
WHERE settlement_id = ANY(%s) AND paid_fen <> 0 ORDER BY settlement_id, position
"""
USES = "SELECT history_id, key, fen FROM settlements_use WHERE history_id = ANY(%s)"
HISTORIES = "SELECT id, last_number FROM settlements_history WHERE id = ANY(%s)"


class LogError(ValueError):
    """A row of the log that can't be read as one."""


@dataclass(slots=True)
class Kept:
    """A settlement as it is kept. `laws` are id and digest of the policy of each claim; `layers` are (layer, payer,
    paid, left) of those that paid something, in order; `accounts` what each account pays, by its id; `money` the
    amounts of `AMOUNTS`. `share_bp`: what an institution in another region bears, as that region stated."""

    id: int
    setl_id: str
    history: int
    number: int
    reverses: int | None
    day: Any
    kind: str
    institution: int
    claims: list[Claimed]
    laws: list[tuple[str, str]]
    added: list[dict[UseKey, int]]
    accounts: dict[str, int] | None
    balance_fen: int | None
    share_bp: int | None
    lines: list[int]
    money: tuple[int, ...]
    layers: list[tuple[str, str, int, int | None]] = field(default_factory=list)

    @property
    def elsewhere(self) -> bool:
        """Whether another region split the lines (care out of area)."""
        return self.share_bp is not None


@dataclass(slots=True)
class Log:
    """A history: its settlements in the order of their numbers, the uses kept now, how many settlings were counted."""

    history: int
    rows: list[Kept]
    uses: dict[UseKey, int]
    last_number: int


def read(cursor: Any, histories: Sequence[int]) -> list[Log]:
    """The logs of histories, whole. Raises LogError."""
    asked = [list(histories)]
    cursor.execute(HISTORIES, asked)
    found = {history: Log(history, [], {}, last) for history, last in cursor.fetchall()}
    cursor.execute(SETTLEMENTS, asked)
    by_id: dict[int, Kept] = {}
    several: list[int] = []
    for row in cursor.fetchall():
        try:
            one = _kept(row)
        except (TypeError, ValueError, KeyError) as error:
            raise LogError(f"settlement {row[1]}: {error}") from None
        found[one.history].rows.append(one)
        by_id[one.id] = one
        if len(one.claims) > 1:
            several.append(one.id)
    cursor.execute(LAWS, [several])
    for settlement, laws in cursor.fetchall():
        known = [(policy, digest) for policy, digest in loads(laws or "[]")]
        if len(known) == len(by_id[settlement].claims):
            by_id[settlement].laws = known
    cursor.execute(LAYERS, [list(by_id)])
    for settlement, _, *layer in cursor.fetchall():
        by_id[settlement].layers.append(tuple(layer))
    cursor.execute(USES, asked)
    for history, key, fen in cursor.fetchall():
        found[history].uses[_key(key)] = fen
    return list(found.values())


@lru_cache(maxsize=10_000)
def _key(text: str) -> UseKey:
    return tuple(loads(text))


_scan: Callable[[str, int], tuple[Any, int]] = JSONDecoder().scan_once  # type: ignore[attr-defined]
"""Reads JSON that the database has checked already: without a look at what stands around it, half the time."""


def _kept(row: tuple[Any, ...]) -> Kept:
    id_, setl_id, history, number, reverses, policy, digest, day, kind, place, claim, added, accounts, balance = row[
        :14
    ]
    claims = _scan(claim, 0)[0]
    return Kept(
        id_,
        setl_id,
        history,
        number,
        reverses,
        day,
        kind,
        place,
        claims,
        [(policy, digest)] * len(claims),
        [{tuple(one["use"]): one["fen"] for one in part} for part in _scan(added, 0)[0]],
        None if accounts is None else {} if accounts == "{}" else loads(accounts),
        balance,
        row[14],
        row[15],
        row[16:],
    )
