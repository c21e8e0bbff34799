"""What is being built while a policy becomes a program, and the names every part of it uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from openyibao.policy.model import Amount, Fact, Policy, Table
from openyibao.policy.values import MAX_AMOUNT_FEN, MAX_DENOMINATOR
from openyibao.policy.worked_out import Derived
from openyibao.settlement.ir import Fail, Fault, Known, Parameter, Slot, Statement, When
from openyibao.settlement.lookup import Dense
from openyibao.settlement.names import Names

CLAIM_PARTS = {
    "fully self-paid cost": "fully_self_paid",
    "over-limit cost": "over_limit",
    "pre-self-paid cost": "pre_self_paid",
    "in-scope cost": "in_scope",
}
FIRST_DAY, LAST_DAY = 19000101, 99991231
MISSING, UNKNOWN = -1, -2
MISSING_MONEY, UNKNOWN_MONEY = -(10**15), -(10**15) - 1
MONEY_INPUTS = ("total", *CLAIM_PARTS.values())
CLAIM_INPUTS = ("period_date", "admission", "discharge", "enrolment", "last_of_stay")
"""What a program asks of a claim only if its policy needs it; dates are yyyymmdd."""
DISCHARGE_DAY = "day of discharge"
"""The period by which claims are kept that others gather over some months."""
PERIOD_KEYS = {
    "claim": "stay",
    "day": "day",
    "episode": "episode",
    "month": "benefit_month",
    "quarter": "benefit_quarter",
    "year": "benefit_year",
    "calendar year": "calendar_year",
    "lifetime": "lifetime",
    DISCHARGE_DAY: "discharge_day",
}
RESERVED = (
    *MONEY_INPUTS,
    *CLAIM_INPUTS,
    *PERIOD_KEYS.values(),
    "rule_date",
    "year_date",
    "p",
    "uses",
    "paid",
    "personal",
    *(f"{part}_left" for part in CLAIM_PARTS.values()),
    "person",
    "who",
    "mine",
    "quotient",
    "remainder",
    "int64",
    "uint64",
    "fault",
    "i",
    "rows",
    "max",
    "min",
    "range",
    "int",
    "numba",
    "carried",
    "earn",
    "carry_left",
    "carry_earn",
    "gathered",
    "cleared",
    "gather_sum",
    "gather_clear",
    "peek",
)


@dataclass
class TablePlan:
    """A table in the program: where its cell and value stand, and what its numbers mean.

    `points` are the tables added to a rate; `final` is where the rate stands that they make.
    """

    table: Table
    dense: Dense
    cell_name: str
    value_name: str
    denominator: int = 1
    what: str = ""
    points: tuple[TablePlan, ...] = ()
    final: str = ""

    @property
    def result(self) -> str:
        return self.final or self.value_name


@dataclass
class SumPlan:
    """The terms and bounds of a named amount that is a sum."""

    plus: tuple[TablePlan, ...]
    minus: tuple[TablePlan, ...]
    least: TablePlan | None = None
    most: TablePlan | None = None

    @property
    def tables(self) -> tuple[TablePlan, ...]:
        return (*self.plus, *self.minus, *(bound for bound in (self.least, self.most) if bound is not None))


@dataclass
class AmountPlan:
    """A named amount: a table, a sum, or a share of a statistic (a constant, or by the cell of a table of shares)."""

    amount: Amount
    name: str
    table: TablePlan | None = None
    share: TablePlan | None = None
    sum: SumPlan | None = None


@dataclass
class Lowering:
    """What is being built: statements go to `out`, everything they refer to into the lists beside it."""

    policy: Policy
    names: Names = field(default_factory=lambda: Names(RESERVED))
    slots: list[Slot] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=lambda: [Fault("ok")])
    parameters: list[Parameter] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    amounts: dict[str, AmountPlan] = field(default_factory=dict)
    shares: dict[tuple[str, Fraction], str] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    known_facts: set[str] = field(default_factory=set)
    quantities: dict[tuple[str | None, str], str] = field(default_factory=dict)
    tables: dict[str, TablePlan] = field(default_factory=dict)
    inputs: dict[str, None] = field(default_factory=dict)
    per_facts: dict[str, None] = field(default_factory=dict)
    claim_groups: dict[str, str] = field(default_factory=dict)
    starts: dict[tuple[str, str], str] = field(default_factory=dict)
    first: list[Statement] = field(default_factory=list)
    last: list[Statement] = field(default_factory=list)
    derived: dict[str, Derived] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)

    def fault(self, kind: str, **where: str) -> int:
        self.faults.append(Fault(kind, **where))
        return len(self.faults) - 1

    def parameter(self, label: str, value: int, kind: str) -> str:
        if kind != "amount" and value > MAX_DENOMINATOR:
            raise ValueError(f"{label}: its ratios have no common denominator up to {MAX_DENOMINATOR}")
        self.parameters.append(Parameter(label, value, kind))
        return f"p[{len(self.parameters) - 1}]"

    def slot(self, slot: Slot) -> int:
        self.slots.append(slot)
        return len(self.slots) - 1

    def need_input(self, name: str) -> str:
        self.inputs[name] = None
        return name

    def fact_name(self, fact: str) -> str:
        return self.names(fact)

    def need_facts(self, facts: tuple[str, ...], layer: str, what: str) -> list[Statement]:
        """Statements that fail the claim if it lacks one of the facts; each fact is asked once on a way."""
        out: list[Statement] = []
        for fact in facts:
            if fact not in self.known_facts and fact not in self.derived:
                self.known_facts.add(fact)
                number = self.fault("fact", layer=layer, what=what, fact=fact)
                name, kind = self.fact_name(fact), self.facts[fact].kind
                lowest = {"money": 0, "signed money": -MAX_AMOUNT_FEN}.get(kind, 0)
                out.append(When(f"{name} < {lowest}", (Fail(number),)))
                if kind in ("money", "signed money"):
                    out.append(Known(name, (lowest, MAX_AMOUNT_FEN)))
        return out

    @property
    def is_split(self) -> bool:
        """Whether claims may be parts of a stay that was split at the turn of the year."""
        return self.policy.year_date == "charge"
