"""Where each quantity of a layer stands in the program: the way back from locals to the rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from openyibao.policy.model import Kept, Layer, Term
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.policy.worked_out import Derived
from openyibao.settlement.lowering import TablePlan

MONEY = (0, MAX_AMOUNT_FEN)
"""Every part of a claim is at most its total, which is checked: no part is negative and they add up."""
PART_NAMES = {
    "beyond limit": "beyond_limit",
    "prepaid": "prepaid",
    "deductible": "deductible",
    "over-cap": "over_cap",
    "copay": "copay",
}


@dataclass
class TakePlan:
    """One part taken into a base: which term of the policy, whose part, how much was found and taken."""

    term: Term
    layer: str | None
    part: str
    found: str
    taken: str


@dataclass
class UsePlan:
    """A use that a step, a cap or the bands read and write."""

    slot: int | None  # None: it ends with the claim
    before: str
    after: str
    now: str = ""  # of a group: what the claim has made of it so far
    stored: str = ""  # of a group: what it was before the claim
    group: str = ""


@dataclass
class StepPlan:
    kind: str
    period: str | None
    table: TablePlan
    use: UsePlan | None
    due: str
    taken: str
    kept: Kept = field(default_factory=Kept)
    amount: str = ""  # where the amount stands with what is added to it
    annual: CapPlan | None = None
    counted: UsePlan | None = None


@dataclass
class CapPlan:
    period: str
    table: TablePlan
    use: UsePlan | None
    left: str
    kept: Kept = field(default_factory=Kept)
    amount: str = ""


@dataclass
class BandPlan:
    edge: TablePlan | None
    rate: TablePlan
    cost: str


@dataclass
class DerivedPlan:
    """A derived fact that a layer asks: where its number stands, its edges, and the use it read, if any."""

    derived: Derived
    number: str
    found: str
    edges: list[TablePlan | None] = field(default_factory=list)
    slot: int | None = None


@dataclass
class LayerPlan:
    """Where each quantity of a layer stands in the program."""

    layer: Layer
    name: str
    applies: str
    base: str = ""
    takes: list[TakePlan] = field(default_factory=list)
    steps: list[StepPlan] = field(default_factory=list)
    reimbursable: str = ""
    rate: TablePlan | None = None
    fixed: TablePlan | None = None
    unit: str = ""
    fixed_use: UsePlan | None = None
    bands: list[BandPlan] = field(default_factory=list)
    denominator: int = 1
    position: UsePlan | None = None
    start: str = ""
    reimbursement: str = ""
    floor: TablePlan | None = None
    raised_to: str = ""
    before_caps: str = ""
    returned: str = ""
    caps: list[CapPlan] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    paid: str = ""
    derived: list[DerivedPlan] = field(default_factory=list)
    own_sums: dict[str, str] = field(default_factory=dict)  # sums with this layer's deductible: where they stand
    began: str = ""  # 1 if what it asks of the claim's own facts holds, so that its derived facts are worked out
