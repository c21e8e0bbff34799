"""Settlements of care in another region: lines were split there, by its catalogue; benefits are those of the person.

On the platform that insures, a visit says so in its data (`out of area`): which region, and what its agreement with
the institution says. The rest is settled as ever. Protocol: docs/out-of-area.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from openyibao.catalogue import SplitLine
from openyibao.catalogue.lines import Charge
from openyibao.catalogue.lines import FeeLine as Charged
from openyibao.catalogue.model import Item, Version
from openyibao.policy.model import Basis, Bilingual
from openyibao.service.ledger.books import Line
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.models import FeeLine, Visit

MARK = "out of area"
NOTHING = Bilingual("", "")
STATED = Basis("", "", "", "low")
"""What another region states has no document here."""


def given_there(visit: Visit) -> Mapping[str, Any] | None:
    """What another region said of a visit at one of its institutions; None of a visit at our own."""
    found: Mapping[str, Any] | None = visit.data.get(MARK)
    return found


def share_bp(visit: Visit) -> int | None:
    """Which share of cost above price limits an institution elsewhere bears by its agreement, in 1/10000; or None."""
    said = given_there(visit)
    return None if said is None else int(said["over_limit_borne_bp"])


def splits(found: Iterable[FeeLine]) -> tuple[SplitLine, ...]:
    """Lines as another region split them: their parts are taken as stated."""
    return tuple(_split(line) for line in found)


def _split(line: FeeLine) -> SplitLine:
    day, count = day_of(line.charged), Fraction(line.count)
    version = Version(day, None, line.data["class"], None, None, STATED)
    charge = Charge(Charged(line.number, day, count, line.item_code, Fraction(line.price) * 100), (), count)
    return SplitLine(
        charge,
        Item(line.item_code, NOTHING, line.data["kind"], NOTHING, (version,)),
        version,
        line.amount_fen,
        over_limit_fen=line.over_limit_fen,
        pre_self_paid_fen=line.pre_self_paid_fen,
        fully_self_paid_fen=line.fully_self_paid_fen,
    )


def owed_to_region(visit: Visit, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines of a settlement's entry: of care elsewhere the region of care is owed, not its institution."""
    said = given_there(visit)
    if said is None:
        return lines
    return tuple(
        (replace(key, kind="payable to region", owner=said["region"]), fen)
        if key.kind == "payable to institution"
        else (key, fen)
        for key, fen in lines
    )
