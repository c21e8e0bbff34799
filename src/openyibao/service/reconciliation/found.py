"""What a comparison found, kept in columns: a million differences need little more room than none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from openyibao.service.reconciliation.kinds import kinds
from openyibao.service.reconciliation.rows import MONEY, Difference, Malformed

Ints = npt.NDArray[np.int64]
FIELDS = ("psn_no", "mdtrt_id", *MONEY, "day")
"""What is compared of a matched pair, in the order of the bits."""
BATCH = 10_000


@dataclass(frozen=True)
class Found:
    """What a comparison found. `matched` rows agree in everything; the differences come in the order of their kinds."""

    matched: int
    stated: pa.Table
    held: pa.Table
    malformed: Sequence[Malformed]
    kind: Ints
    at: Ints
    beside: Ints
    fields: Ints
    other: dict[int, str]
    balanced: dict[int, str]
    sums_agree: bool
    """Whether count and amounts of both sides add up to the same, whatever the rows say."""

    def __len__(self) -> int:
        return len(self.kind) + len(self.malformed)

    def counts(self) -> dict[str, int]:
        """How many differences there are of each kind that there is."""
        names = list(kinds())
        found = {names[place]: int(count) for place, count in enumerate(np.bincount(self.kind)) if count}
        return {**found, **({"malformed": len(self.malformed)} if self.malformed else {})}

    def differences(self) -> Iterator[Difference]:
        """One after the other: by kind, then by line, then by number."""
        names = list(kinds())
        for start in range(0, len(self.kind), BATCH):
            part = slice(start, start + BATCH)
            stated, held = _taken(self.stated, self.at[part]), _taken(self.held, self.beside[part])
            for place, (mine, ours) in enumerate(zip(stated, held, strict=True), start):
                bits = int(self.fields[place])
                fields = tuple(name for bit, name in enumerate(FIELDS) if bits >> bit & 1)
                name = names[int(self.kind[place])]
                other, balanced = self.other.get(place, ""), self.balanced.get(place, "")
                yield Difference(name, mine, ours, fields, other, balanced)
        for row in self.malformed:
            yield Difference("malformed", None, None, malformed=row)


def _taken(table: pa.Table, places: Ints) -> list[dict[str, Any] | None]:
    """Rows at places; None where the place is -1."""
    rows = iter(table.take(pa.array(places[places >= 0])).to_pylist())
    return [next(rows) if place >= 0 else None for place in places]
