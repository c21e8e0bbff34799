"""Both sides as columns of whole numbers: equal texts have equal codes. And the rows matched by number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from openyibao.service.reconciliation.found import Ints
from openyibao.service.reconciliation.rows import MONEY, Malformed

Flags = npt.NDArray[np.bool_]
PERSON, VISIT, TOTAL, DAY = 1, 2, 4, 64
AMOUNTS = 4 + 8 + 16 + 32


class Columns:
    """The columns of both sides. `at` is the place of each stated row's partner, or -1; `bits` what differs of the pair
    (found.FIELDS); `where` the place of ours by the code of its number, or -1."""

    def __init__(self, stated: pa.Table, held: pa.Table, malformed: Sequence[Malformed]) -> None:
        self.stated, self.held = stated, held
        bad = pa.chunked_array([[row.setl_id or None for row in malformed]], pa.string())
        bad_visit = pa.chunked_array([[row.mdtrt_id or None for row in malformed]], pa.string())
        numbers = _codes(stated["setl_id"], held["setl_id"], held["back_id"], bad)
        self.number, self.our_number, self.back, self.bad_number = numbers
        self.visit, self.our_visit, self.bad_visit = _codes(stated["mdtrt_id"], held["mdtrt_id"], bad_visit)
        self.person, self.our_person = _codes(stated["psn_no"], held["psn_no"])
        self.money, self.our_money = _money(stated), _money(held)
        self.line = stated["line"].to_numpy()
        self.day, self.our_day = (one["day"].cast(pa.int32()).fill_null(-1).to_numpy() for one in (stated, held))
        self.flagged = _flags(stated, "reversed")
        self.inside, self.here, self.due, self.reversal = (
            _flags(held, name) for name in ("inside", "here", "due", "reversal")
        )
        self.codes = 1 + max(int(one.max(initial=0)) for one in numbers)
        self.where = np.full(self.codes, -1, np.int64)
        self.where[self.our_number] = np.arange(len(self.our_number))
        self.at = self.where[self.number]
        cash = stated["cash_fen"].is_valid().to_numpy()
        self.cash_known = bool(cash.all())
        self.bits = self._compare(cash)

    def _compare(self, cash: Flags) -> Ints:
        """What differs of each matched pair. Cash that is not stated is taken as ours."""
        rows = np.flatnonzero(self.at >= 0)
        beside = self.at[rows]
        self.money[rows[~cash[rows]], 3] = self.our_money[beside[~cash[rows]], 3]
        bits = np.zeros(len(self.at), np.int64)
        bits[rows] = (self.person[rows] != self.our_person[beside]) * PERSON
        bits[rows] |= (self.visit[rows] != self.our_visit[beside]) * VISIT
        for place in range(len(MONEY)):
            bits[rows] |= (self.money[rows, place] != self.our_money[beside, place]) * (TOTAL << place)
        bits[rows] |= ((self.day[rows] >= 0) & (self.day[rows] != self.our_day[beside])) * DAY
        return bits

    def paid(self, row: int) -> tuple[int, ...]:
        """The amounts of a stated row, without cash where the list does not state it everywhere."""
        return tuple(self.money[row, : self._width].tolist())

    def our_paid(self, place: int) -> tuple[int, ...]:
        """The same of one of ours."""
        return tuple(self.our_money[place, : self._width].tolist())

    @property
    def _width(self) -> int:
        return len(MONEY) if self.cash_known else len(MONEY) - 1

    def setl_id(self, place: int) -> str:
        return str(self.held["setl_id"][place].as_py())

    def stated_id(self, row: int) -> str:
        return str(self.stated["setl_id"][row].as_py())

    def back_id(self, place: int) -> str:
        return str(self.held["back_id"][place].as_py())


def _codes(*columns: pa.ChunkedArray) -> list[Ints]:
    """The same whole number for the same text in all columns; -1 for null."""
    whole = pa.chunked_array([chunk for one in columns for chunk in one.chunks], pa.string()).combine_chunks()
    codes = whole.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return list(np.split(codes, np.cumsum([len(one) for one in columns])[:-1]))


def _flags(table: pa.Table, name: str) -> Flags:
    found: Flags = table.column(name).to_numpy().astype(bool)
    return found


def _money(table: pa.Table) -> Ints:
    return np.stack([table.column(name).fill_null(0).to_numpy() for name in MONEY], axis=1).astype(np.int64)
