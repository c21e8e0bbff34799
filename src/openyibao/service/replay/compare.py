"""What was derived held against what is kept: by settlement and field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openyibao.service.replay.derive import SINGLE, Derived, Found
from openyibao.service.replay.log import AMOUNTS, Kept, Log, UseKey
from openyibao.service.replay.periods import Period
from openyibao.service.settlements.payers import OWN, borne_fen

MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a settlement (or of a history, where `setl_id` names one) that is not what the log gives."""

    setl_id: str
    field: str
    kept: str
    derived: str


@dataclass
class Tally:
    """How many settlements were looked at and how their claims were derived; what could not be, by reason.

    `settlements` are those of the period, `reversals` among them; `earlier` those of the same persons before it.
    `lines` are fee lines that were split again; `lines_gone` counts reversed settlements whose lines were cancelled.
    """

    settlements: int = 0
    reversals: int = 0
    earlier: int = 0
    claims: int = 0
    one_by_one: int = 0
    without_claims: int = 0
    uses: int = 0
    lines: int = 0
    lines_gone: int = 0
    open: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    differing: int = 0

    def add(self, other: Tally) -> None:
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("open", "fields"):
            mine: dict[str, int] = getattr(self, name)
            for key, count in getattr(other, name).items():
                mine[key] = mine.get(key, 0) + count


COUNTS = (
    *("settlements", "reversals", "earlier", "claims", "one_by_one", "without_claims", "uses"),
    *("lines", "lines_gone", "differing"),
)
Shares = Mapping[int, Sequence[tuple[date | None, date | None, int]]]
"""By institution: from a day and before another, which share of cost above price limits it bears (1/10000)."""


class Comparison:
    """Holds histories against what was derived of them, and gathers the differences: the first `most` in words."""

    def __init__(self, shares: Shares, period: Period, most: int) -> None:
        self.shares, self.period, self.most = shares, period, most
        self.tally, self.differences = Tally(), list[Difference]()
        self._differing: set[str] = set()

    def differs(self, setl_id: str, name: str, kept: object, derived: object) -> None:
        self.tally.fields[name] = self.tally.fields.get(name, 0) + 1
        if setl_id not in self._differing:
            self._differing.add(setl_id)
            self.tally.differing += 1
        if len(self.differences) < self.most:
            self.differences.append(Difference(setl_id, name, _shown(kept), _shown(derived)))

    def history(self, log: Log, through: int, found: Found) -> None:
        """Hold a history against what was derived of its first `through` rows."""
        self._numbers(log)
        by_id = {row.id: row for row in log.rows}
        for row in log.rows[:through]:
            if self.period.has(row.day):
                self.tally.settlements += 1
                self.tally.reversals += row.reverses is not None
            else:
                self.tally.earlier += 1
            if row.reverses is not None:
                self._reversal(row, by_id.get(row.reverses))
            else:
                self._settlement(row, [found[row.id, number] for number in range(len(row.claims))])
        self._uses(log)

    # ------------------------------------------------------------ the log itself

    def _numbers(self, log: Log) -> None:
        """No settling is missing: their numbers follow one another to the last that the history counted."""
        following = 1
        for row in log.rows:
            if row.number != following:
                self.differs(
                    f"history {log.history}", "settling missing", f"number {row.number}", f"number {following}"
                )
            following = row.number + max(1, len(row.claims))
        if following != log.last_number + 1:
            self.differs(f"history {log.history}", "settling missing", f"{following - 1} settlings", log.last_number)

    def _reversal(self, row: Kept, original: Kept | None) -> None:
        """A reversal has the opposite amounts of what it takes back, and nothing of its own."""
        if original is None or original.reverses is not None:
            self.differs(row.setl_id, "reverses", "-" if original is None else original.setl_id, "a settlement")
            return
        for name, kept, fen in zip(AMOUNTS, row.money, original.money, strict=True):
            if kept != -fen:
                self.differs(row.setl_id, f"{name}_fen", kept, -fen)
        layers = [(layer, payer, -paid, None) for layer, payer, paid, _ in original.layers]
        if row.layers != layers:
            self._layers_differ(row, layers)
        if row.claims or row.added:
            self.differs(row.setl_id, "claim", len(row.claims), "none")

    def _uses(self, log: Log) -> None:
        """The uses kept now are what the settlements that stand have added."""
        taken = {row.reverses for row in log.rows}
        sums: dict[UseKey, int] = {}
        for row in log.rows:
            if row.reverses is None and row.id not in taken:
                for part in row.added:
                    for key, fen in part.items():
                        sums[key] = sums.get(key, 0) + fen
        self.tally.uses += len(log.uses)
        if sums == log.uses:
            return
        for key in sorted(sums.keys() | log.uses.keys(), key=str):
            if sums.get(key, 0) != log.uses.get(key, 0):
                self.differs(f"history {log.history}", f"use {list(key)}", log.uses.get(key, 0), sums.get(key, 0))

    # ------------------------------------------------------------ a settlement

    def _settlement(self, row: Kept, derived: list[Derived]) -> None:
        tally = self.tally
        tally.claims += len(derived)
        tally.without_claims += not derived
        layers: list[tuple[Any, ...]] = []
        for one in derived:
            tally.one_by_one += one.how is SINGLE
            if one.unknown:
                tally.open[one.error] = tally.open.get(one.error, 0) + len(derived)
                return
            if one.error:
                self.differs(row.setl_id, "bill", "settled", one.error)
                return
            assert one.law is not None
            for place, amounts in zip(one.law.layers, one.layers, strict=True):
                layers.append((place.name, place.own, *amounts))
        paid = [one for one in layers if one[2]]
        if [(layer, payer in OWN, *rest) for layer, payer, *rest in row.layers] != paid:
            self._layers_differ(row, [(name, "account" if own else "fund", *rest) for name, own, *rest in paid])
        if row.added != [one.added for one in derived]:
            self._added_differ(row, derived)
        due = self._due(row, layers)
        if row.money != due:
            for name, kept, fen in zip(AMOUNTS, row.money, due, strict=True):
                if kept != fen:
                    self.differs(row.setl_id, f"{name}_fen", kept, fen)

    def _layers_differ(self, row: Kept, derived: Sequence[tuple[Any, ...]]) -> None:
        for place in range(max(len(row.layers), len(derived))):
            kept = row.layers[place] if place < len(row.layers) else None
            due = derived[place] if place < len(derived) else None
            if kept is None or due is None or (kept[0], kept[1] in OWN) != (due[0], due[1] in (*OWN, "account")):
                self.differs(row.setl_id, f"layer {place + 1}", kept, due)
            elif kept[2] != due[2]:
                self.differs(row.setl_id, f"layer {kept[0]}: paid_fen", kept[2], due[2])
            elif kept[3] != due[3]:
                self.differs(row.setl_id, f"layer {kept[0]}: left_fen", kept[3], due[3])

    def _added_differ(self, row: Kept, derived: Sequence[Derived]) -> None:
        for number, one in enumerate(derived):
            kept = row.added[number] if number < len(row.added) else {}
            for key in sorted(kept.keys() | one.added.keys(), key=str):
                if kept.get(key, 0) != one.added.get(key, 0):
                    self.differs(row.setl_id, f"added to use {list(key)}", kept.get(key, 0), one.added.get(key, 0))

    def _due(self, row: Kept, layers: Sequence[tuple[Any, ...]]) -> tuple[int, ...]:
        """The amounts that a settlement should have: its parts are those of the claims; who bears them follows from
        the layers, the agreement and what the account held."""
        total, full, over, pre, scope, _, hospital, account, family, _ = row.money
        if row.claims:
            full = over = pre = scope = 0
            for claim in row.claims:
                full += claim["fully_self_paid_fen"]
                over += claim["over_limit_fen"]
                pre += claim["pre_self_paid_fen"]
                scope += claim["in_scope_fen"]
            total = full + over + pre + scope
        funds = own = 0
        ruled = False
        for _, is_own, paid, _ in layers:
            ruled |= is_own
            own += paid if is_own else 0
            funds += 0 if is_own else paid
        borne = self._hospital(row, over, total - funds - own)
        hospital = hospital if hospital in borne else borne[0]
        left = total - funds - hospital
        due = own if ruled else left
        paid = sum(row.accounts.values()) if row.accounts else 0
        if paid != account + family:
            self.differs(row.setl_id, "accounts", paid, account + family)
        held = row.claims[0]["facts"].get("account balance", 0) if row.claims and not ruled else None
        account = min(due, account if held is None else held)
        if held and row.balance_fen is not None and row.balance_fen != held - account:
            self.differs(row.setl_id, "account balance", row.balance_fen, held - account)
        family = due - account if ruled else min(family, due - account)
        return total, full, over, pre, scope, funds, hospital, account, family, left - account - family

    def _hospital(self, row: Kept, over_limit: int, left: int) -> list[int]:
        """What an institution may bear by the agreements that cover the day; 0 where none does, or at the counter."""
        if row.kind == MANUAL or over_limit <= 0:
            return [0]
        if row.share_bp:
            return [borne_fen(over_limit, row.share_bp, left)]
        shares = [
            share
            for start, end, share in self.shares.get(row.institution, ())
            if (start is None or start <= row.day) and (end is None or row.day < end)
        ]
        return [borne_fen(over_limit, share, left) for share in shares] or [0]


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
