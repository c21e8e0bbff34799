"""A bill: what every layer did with a claim, to the fen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openyibao.settlement.claim import Claim, UseKey

if TYPE_CHECKING:
    from openyibao.settlement.program import Plan


class Bill:
    """The checked result of one claim. Amounts are fen; `data()` is the whole bill as versioned plain data.

    A bill keeps the numbers that the compiled policy returned, and names them only when somebody asks.
    """

    __slots__ = ("_named", "before", "claim", "plan", "values")

    def __init__(self, plan: Plan, claim: Claim, values: tuple[int, ...], before: Mapping[UseKey, int]) -> None:
        self.plan, self.claim, self.values, self.before = plan, claim, values, before
        self._named: dict[str, int] | None = None

    @property
    def named(self) -> dict[str, int]:
        """Every quantity of the bill under the name it has in `yibao policy code`."""
        if self._named is None:
            self._named = dict(zip(self.plan.program.outputs, self.values, strict=True))
        return self._named

    @property
    def paid_fen(self) -> int:
        """What all layers paid together."""
        return self.values[-2]

    @property
    def personal_fen(self) -> int:
        """What is left to the person."""
        return self.values[-1]

    def paid_by_layer_fen(self) -> dict[str, int]:
        """What each layer paid, in the order of the policy."""
        return {layer.layer.name: self.named[layer.paid] for layer in self.plan.layers}

    def data(self) -> dict[str, Any]:
        """The bill as plain data, by `docs/bill.schema.json`: enough to redo every sum."""
        from openyibao.settlement.bill_data import bill_data

        return bill_data(self)

    def outline(self) -> list[dict[str, Any]]:
        """The layers of `data()` as far as paying needs them: whole where they paid something."""
        from openyibao.settlement.bill_data import outline

        return outline(self)

    def to_json(self) -> str:
        return json.dumps(self.data(), ensure_ascii=False, indent=2) + "\n"

    def __repr__(self) -> str:
        return f"<Bill of claim {self.claim.id}: paid {self.paid_fen}, personal {self.personal_fen} fen>"
