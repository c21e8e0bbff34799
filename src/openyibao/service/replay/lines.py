"""Claims made again from the fee lines that were settled: split by the catalogue, added up, divided by benefit years.

The catalogue is the region's of today: of catalogues no digest is kept with a settlement. Lines that another region
split (care out of area) are taken as that region stated them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from openyibao.catalogue import Catalogue, SplitLine, find_catalogue, read_catalogue
from openyibao.catalogue import FeeLine as Charged
from openyibao.history.data import claim_data
from openyibao.history.state_read import claim_of
from openyibao.policy.model import Policy
from openyibao.service.gateway.refusals import Refused
from openyibao.service.replay.compare import Comparison
from openyibao.service.replay.laws import Laws
from openyibao.service.replay.log import Kept, Log
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.law import Law
from openyibao.service.settlements.lines import PARTS, split
from openyibao.settlement.claim_parts import StayError
from openyibao.settlement.claim_stay import benefit_year, claims_of_stay

if TYPE_CHECKING:
    from openyibao.history import Series

_PARTS = ", ".join(f"{part}_fen" for part in PARTS)
_LINES = f"""
SELECT id, number, charged, item_code, count, price, amount_fen, data ->> 'refund_of', {_PARTS}
FROM settlements_feeline WHERE id = ANY(%s)
"""
_CATALOGUES = """
SELECT h.id, r.catalogue FROM settlements_history h JOIN organisation_region r ON r.id = h.region_id
WHERE h.id = ANY(%s)
"""


def compare_lines(cursor: Any, logs: Sequence[Log], through: Sequence[int], laws: Laws, found: Comparison) -> None:
    """Hold the claims of settlements against what their fee lines make, and their amounts against the lines."""
    cursor.execute(_CATALOGUES, [[log.history for log in logs]])
    catalogues = dict(cursor.fetchall())
    rows = [
        (row, catalogues[log.history])
        for log, end in zip(logs, through, strict=True)
        for row in log.rows[:end]
        if row.reverses is None
    ]
    cursor.execute(_LINES, [[line for row, _ in rows for line in row.lines]])
    lines = {line[0]: line for line in cursor.fetchall()}
    taken_back = {row.reverses for log in logs for row in log.rows if row.reverses is not None}
    for row, catalogue in rows:
        mine = [lines[line] for line in sorted(row.lines) if line in lines]
        if len(mine) != len(row.lines):
            if row.id in taken_back:  # what was taken back may be cancelled
                found.tally.lines_gone += 1
            else:
                found.differs(row.setl_id, "fee lines", f"{len(mine)} kept", f"{len(row.lines)} settled")
            continue
        found.tally.lines += len(mine)
        _compare(row, catalogue, mine, laws, found)


def _compare(row: Kept, catalogue: str, lines: Sequence[tuple[Any, ...]], laws: Laws, found: Comparison) -> None:
    kept = dict(zip(PARTS, (sum(line[8 + place] for line in lines) for place in range(len(PARTS))), strict=True))
    for place, part in enumerate(PARTS, 1):  # `money` begins with the total
        if kept[part] != row.money[place]:
            found.differs(row.setl_id, f"fee lines: {part}_fen", row.money[place], kept[part])
    if not row.claims or row.elsewhere or laws.unknown(row.laws[0]):
        return
    try:
        again = _claims(row, laws.of(row.laws[0]).policy, catalogue, lines)
    except (Refused, StayError) as error:
        found.differs(row.setl_id, "claim from fee lines", "settled", error)
        return
    if len(again) != len(row.claims):
        found.differs(row.setl_id, "claims from fee lines", len(row.claims), len(again))
    for mine, derived in zip(row.claims, again, strict=False):
        for name in mine:
            if mine[name] != derived.get(name):
                found.differs(row.setl_id, f"claim from fee lines: {name}", mine[name], derived.get(name))


def _claims(row: Kept, policy: Policy, catalogue: str, lines: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    first = claim_of(row.claims[0], row.setl_id)
    name = first.id.rsplit(" (", 1)[0] if len(row.claims) > 1 else first.id
    whole = replace(first, id=name, charge=None, last_of_stay=bool(row.claims[-1]["last_of_stay"]))
    law = Law(cast("Series", None), _catalogue(catalogue), "")
    splits: tuple[SplitLine, ...] = split(law, policy, whole, [_charged(line) for line in lines])
    return [claim_data(lined.claim) for lined in claims_of_stay(whole, splits, policy, benefit_year)]


@cache
def _catalogue(name: str) -> Catalogue:
    return read_catalogue(find_catalogue(name))


def _charged(line: tuple[Any, ...]) -> Charged:
    """A stored line as the catalogue takes it, as `settlements.lines.charged`."""
    _, number, charged, item, count, price, amount, refund_of = line[:8]
    moment: datetime = charged
    return Charged(
        name=number,
        day=day_of(moment),
        count=Fraction(count),
        item=item,
        price_fen=Fraction(price) * 100,
        amount_fen=amount,
        refund_of=refund_of,
    )
