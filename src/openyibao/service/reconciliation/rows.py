"""The columns of both sides, in Arrow: what an institution states and what the platform holds. Money in fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from openyibao.policy.model import Bilingual

MONEY = ("total_fen", "funds_fen", "account_fen", "cash_fen")
NAMES = ("setl_id", "mdtrt_id", "psn_no")
STATED = pa.schema(
    [
        ("line", pa.int64()),
        *((name, pa.string()) for name in NAMES),
        *((name, pa.int64()) for name in MONEY),  # cash null where the list does not state it
        ("reversed", pa.bool_()),  # stated as taken back (refd_setl_flag)
        ("day", pa.date32()),  # null where the list does not state it
    ]
)
HELD = pa.schema(
    [
        *((name, pa.string()) for name in NAMES),
        *((name, pa.int64()) for name in MONEY),
        ("day", pa.date32()),
        ("inside", pa.bool_()),  # of the days that are compared
        ("here", pa.bool_()),  # of the office and the category that are compared
        ("due", pa.bool_()),  # has to be stated: it stands, or takes back what was settled before the period
        ("reversal", pa.bool_()),
        ("back_id", pa.string()),  # the reversal that took it back by the last day, or null
    ]
)


@dataclass(frozen=True, slots=True)
class Malformed:
    """A row of the list that can't be read: why, and its number and visit where those can."""

    line: int
    why: Bilingual
    setl_id: str = ""
    mdtrt_id: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the row of either side (fields of STATED and HELD; None where a side has none).

    `fields` are those that differ; `other` the number of the settlement (or the row) that belongs to it, and
    `balanced` says how the amounts make up for each other: "" (they don't), "row" or "other row".
    """

    kind: str
    stated: dict[str, Any] | None
    held: dict[str, Any] | None
    fields: tuple[str, ...] = ()
    other: str = ""
    balanced: str = ""
    malformed: Malformed | None = None

    @property
    def line(self) -> int | None:
        if self.malformed is not None:
            return self.malformed.line
        return self.stated["line"] if self.stated else None

    def text(self, name: str) -> str:
        """A name of the row (setl_id, mdtrt_id, psn_no): as stated, else as held here."""
        if self.malformed is not None:
            return str(getattr(self.malformed, name, ""))
        row = self.stated or self.held or {}
        return str(row.get(name) or "")

    @property
    def day(self) -> date | None:
        """The day here."""
        return self.held["day"] if self.held else None
