"""From a policy to the intermediate form: the layers of `docs/benefit-layers.md`, statement by statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from openyibao.policy.coverage import layer_tables
from openyibao.policy.model import (
    NOT_IDENTIFIED,
    Amount,
    AmountOf,
    Basis,
    Fact,
    Money,
    NoLimit,
    NotKnown,
    Policy,
    Ratio,
    ShareOfQuantity,
    StatisticShare,
    Table,
)
from openyibao.policy.values import MAX_AMOUNT_FEN, MAX_DENOMINATOR, percent, round_figure, yuan
from openyibao.settlement.ir import (
    Choice,
    Fail,
    Fault,
    Known,
    Note,
    Parameter,
    Pick,
    Program,
    Set,
    Slot,
    Statement,
    When,
)
from openyibao.settlement.lookup import Dense, lay_out
from openyibao.settlement.names import Names

CLAIM_PARTS = {
    "fully self-paid cost": "fully_self_paid",
    "over-limit cost": "over_limit",
    "pre-self-paid cost": "pre_self_paid",
    "in-scope cost": "in_scope",
}
FIRST_DAY, LAST_DAY = 19000101, 99991231
MONEY_INPUTS = ("total", *CLAIM_PARTS.values())
PERIOD_KEYS = {
    "year": ("benefit_year", "year_date // 10000"),
    "month": ("benefit_month", "year_date // 10000 * 12 + year_date // 100 % 100 - 1"),
    "quarter": ("benefit_quarter", "year_date // 10000 * 4 + (year_date // 100 % 100 - 1) // 3"),
    "lifetime": ("lifetime", "0"),
}
RESERVED = (
    *MONEY_INPUTS,
    *(name for name, _ in PERIOD_KEYS.values()),
    "rule_date",
    "year_date",
    "p",
    "uses",
    "paid",
    "personal",
    *(f"{part}_left" for part in CLAIM_PARTS.values()),
    "person",
    "who",
    "now",
    "state",
    "fault",
    "i",
    "rows",
    "max",
    "min",
    "range",
    "int",
)


@dataclass
class TablePlan:
    """A table in the program: where its cell and value stand, and what its numbers mean."""

    table: Table
    dense: Dense
    cell_name: str
    value_name: str
    denominator: int = 1
    what: str = ""


@dataclass
class AmountPlan:
    """A named amount: by cell of a table, or by the year of the rule's date from a statistic."""

    amount: Amount
    name: str
    table: TablePlan | None = None


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

    def fault(self, kind: str, **where: str) -> int:
        self.faults.append(Fault(kind, **where))
        return len(self.faults) - 1

    def parameter(self, label: str, value: int, kind: str) -> str:
        if kind != "amount" and value > MAX_DENOMINATOR:
            raise ValueError(f"{label}: its ratios have no common denominator up to {MAX_DENOMINATOR}")
        self.parameters.append(Parameter(label, value, kind))
        return f"p[{len(self.parameters) - 1}]"

    def fact_name(self, fact: str) -> str:
        return self.names(fact)

    def need_facts(self, facts: tuple[str, ...], layer: str, what: str) -> list[Statement]:
        """Statements that fail the claim if it lacks one of the facts; each fact is asked once on a way."""
        out: list[Statement] = []
        for fact in facts:
            if fact not in self.known_facts:
                self.known_facts.add(fact)
                number = self.fault("fact", layer=layer, what=what, fact=fact)
                out.append(When(f"{self.fact_name(fact)} < 0", (Fail(number),)))
        return out


def lower(policy: Policy, plan_layers: Callable[[Lowering], list[Statement]]) -> tuple[Lowering, Program]:
    """The program of a policy. `plan_layers` appends the statements of each layer."""
    low = Lowering(policy)
    low.facts = {fact.name: fact for fact in policy.facts}
    low.quantities[None, "total cost"] = "total"
    low.quantities |= {(None, part): name for part, name in CLAIM_PARTS.items()}
    fact_names = tuple(low.fact_name(fact.name) for fact in policy.facts)
    statements = _check_claim(low)
    used_periods: list[Statement] = []
    body = [*_amounts(low), *plan_layers(low)]
    for name, expression in PERIOD_KEYS.values():
        if any(slot.key == name for slot in low.slots):
            used_periods.append(Set(name, expression, bound=(0, 200_000)))
            low.outputs.insert(0, name)
    program = Program(
        inputs=("rule_date", "year_date", *MONEY_INPUTS, *fact_names),
        statements=(*statements, *used_periods, *body),
        outputs=tuple(low.outputs),
        slots=tuple(low.slots),
        faults=tuple(low.faults),
        parameters=tuple(low.parameters),
        most={low.fact_name(f.name): f.range.high or 0 if f.range else len(f.values) for f in policy.facts},
    )
    return low, program


def _day(value: object) -> int:
    return int(str(value).replace("-", ""))


def _check_claim(low: Lowering) -> list[Statement]:
    parts = tuple(CLAIM_PARTS.values())
    start, end = _day(low.policy.start), _day(low.policy.end)
    return [
        Note(f"in force: {low.policy.rule_date} from {low.policy.start} and before {low.policy.end}"),
        When(f"rule_date < {start} or rule_date >= {end}", (Fail(low.fault("date")),)),
        Known("rule_date", (start, end)),
        When(f"year_date < {FIRST_DAY} or year_date > {LAST_DAY}", (Fail(low.fault("day")),)),
        Known("year_date", (FIRST_DAY, LAST_DAY)),
        Note("the claim: four parts, none negative, adding up to the total (fen)"),
        When(" or ".join(f"{part} < 0" for part in parts), (Fail(low.fault("negative")),)),
        When(" or ".join(f"{part} > {MAX_AMOUNT_FEN}" for part in parts), (Fail(low.fault("large")),)),
        *(Known(part, (0, MAX_AMOUNT_FEN)) for part in parts),
        When(f"{' + '.join(parts)} != total", (Fail(low.fault("sum")),)),
        When(f"total > {MAX_AMOUNT_FEN}", (Fail(low.fault("large")),)),
        Known("total", (0, MAX_AMOUNT_FEN)),
    ]


def basis_text(policy: Policy, basis: Basis) -> str:
    """One line that says where a rule stands."""
    document = policy.document(basis.document)
    known = document is not None and document.number != NOT_IDENTIFIED
    name = f"{basis.document} {document.number}" if document and known else basis.document
    article = "article not identified" if basis.article == NOT_IDENTIFIED else basis.article
    return f"[{name}; {article}; sure: {basis.sure}]"


def _amounts(low: Lowering) -> list[Statement]:
    """Named amounts, before the layers. -1 stands for one that is not available; a layer that needs it fails."""
    out: list[Statement] = []
    for amount in low.policy.amounts:
        name = low.names(amount.name)
        if isinstance(amount.value, StatisticShare):
            out += _statistic_amount(low, amount, amount.value, name)
        else:
            table = plan_table(low, amount.value, low.names(f"{amount.name} / cell"), name, amount.name)
            low.amounts[amount.name] = AmountPlan(amount, name, table)
            out += _table_amount(low, table)
            low.outputs += [table.cell_name] if table.table.by else []
        low.outputs.append(name)
    for amount_name, share in sorted({(v.name, v.share) for v in _amounts_used(low.policy) if v.share != 1}):
        out.append(_share_amount(low, amount_name, share))
    return out


def _amounts_used(policy: Policy) -> list[AmountOf]:
    tables = [table for layer in policy.layers for table in layer_tables(layer)]
    tables += [amount.value for amount in policy.amounts if isinstance(amount.value, Table)]
    return [cell.value for table in tables for cell in table.cells if isinstance(cell.value, AmountOf)]


def _share_amount(low: Lowering, amount: str, share: Fraction) -> Set:
    whole = low.amounts[amount].name
    name = low.names(f"{whole} x {share.numerator} of {share.denominator}")
    low.shares[amount, share] = name
    low.outputs.append(name)
    top = low.parameter(f"share of {amount}", share.numerator, "top")
    bottom = low.parameter(f"share of {amount}", share.denominator, "bottom")
    return Set(name, f"{round_share(whole, top, bottom)} if {whole} >= 0 else -1", f"{percent(share)} of {amount}")


def _statistic_amount(low: Lowering, amount: Amount, rule: StatisticShare, name: str) -> list[Statement]:
    """The amount by the year of the rule's date, worked out from the published figure once and for all."""
    first, last = low.policy.start.year, low.policy.end.year
    figures = {year: cell.value for s in low.policy.statistics if s.name == rule.statistic for year, cell in s.values}
    choices = []
    for year in range(first, last + 1):
        figure = figures.get(year - rule.years_before)
        value = round_figure(figure.fen, rule.share, rule.mode, rule.unit_fen) if isinstance(figure, Money) else None
        label = f"{year}: {rule.statistic} of {year - rule.years_before}"
        choices.append(
            Choice(
                "-1" if value is None else low.parameter(amount.name, value, "amount"),
                label + (" is not known" if value is None else ""),
            )
        )
    low.amounts[amount.name] = AmountPlan(amount, name)
    cell = low.names(f"{amount.name} / cell")
    note = (
        f"{amount.name}: {percent(rule.share)} of {rule.statistic}, {rule.years_before} years before, {rule.mode} to "
    )
    basis = [Note(basis_text(low.policy, rule.basis))] if rule.basis else []
    return [
        Note(f"{note}{yuan(rule.unit_fen)} yuan"),
        *basis,
        Set(cell, f"rule_date // 10000 - {first}", bound=(0, len(choices) - 1)),
        Pick(name, cell, tuple(choices)),
    ]


def _table_amount(low: Lowering, plan: TablePlan) -> list[Statement]:
    facts = [low.fact_name(fact) for fact in plan.table.by]
    pick = pick_table(low, plan, "amount")
    if not facts:
        return pick
    test = " and ".join(f"{fact} >= 0" for fact in facts)
    return [Set(plan.value_name, "-1"), Set(plan.cell_name, "-1"), When(test, tuple(pick))]


def plan_table(low: Lowering, table: Table, cell: str, value: str, what: str, denominator: int = 1) -> TablePlan:
    """Lay a table out and remember it; its ratios are written over the given denominator."""
    plan = TablePlan(table, lay_out(table, low.facts), cell, value, denominator, what)
    low.tables[value] = plan
    return plan


def pick_table(low: Lowering, plan: TablePlan, kind: str) -> list[Statement]:
    """The value a table answers with, and the number of the cell that answered."""
    by_cell = [_choice(low, plan, answer, kind) for answer in range(len(plan.table.cells))]
    choices = tuple(Choice(by_cell[answer], plan.dense.label(n)) for n, answer in enumerate(plan.dense.answers))
    notes: list[Statement] = [Note(basis_text(low.policy, plan.table.basis))] if plan.table.basis else []
    if not plan.table.by:
        return [*notes, Set(plan.value_name, choices[0].expression)]
    index = plan.dense.index(tuple(low.fact_name(fact) for fact in plan.table.by))
    return [
        *notes,
        Set(plan.cell_name, index, bound=(0, plan.dense.size - 1)),
        Pick(plan.value_name, plan.cell_name, choices),
    ]


def _choice(low: Lowering, plan: TablePlan, answer: int, kind: str) -> str:
    value = plan.table.cells[answer].value
    if isinstance(value, NotKnown):
        return "-1"
    if isinstance(value, NoLimit):
        return "NO_LIMIT"
    if isinstance(value, AmountOf):
        return low.amounts[value.name].name if value.share == 1 else low.shares[value.name, value.share]
    if isinstance(value, ShareOfQuantity):
        return _quantity_share(low, plan.what, value)
    if isinstance(value, Ratio):
        return low.parameter(plan.what, int(value.ratio * plan.denominator), "top")
    return low.parameter(plan.what, value.fen, kind)


def _quantity_share(low: Lowering, what: str, value: ShareOfQuantity) -> str:
    """A rounded share of a quantity, raised to its least and then cut to its most."""
    top = low.parameter(what, value.share.numerator, "top")
    bottom = low.parameter(what, value.share.denominator, "bottom")
    expression = round_share(low.quantities[value.layer, value.quantity], top, bottom)
    if value.least_fen is not None:
        expression = f"max({low.parameter(f'{what}, least', value.least_fen, 'amount')}, {expression})"
    if value.most_fen is not None:
        expression = f"min({low.parameter(f'{what}, most', value.most_fen, 'amount')}, {expression})"
    return expression


def may_fail(plan: TablePlan) -> bool:
    """Whether the table has an answer that is not available for every claim (a gap, or a named amount)."""
    return any(isinstance(cell.value, NotKnown | AmountOf) for cell in plan.table.cells)


def round_share(amount: str, top: str, bottom: str) -> str:
    """Half-up of amount x top / bottom, for an amount that is not negative."""
    return f"(2 * {amount} * {top} + {bottom}) // (2 * {bottom})"
