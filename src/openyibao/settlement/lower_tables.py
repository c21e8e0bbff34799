"""Tables in a program: what they answer, and rates as laws write them."""

from __future__ import annotations

from fractions import Fraction

from openyibao.policy.answers import rate
from openyibao.policy.model import (
    NOT_IDENTIFIED,
    AmountOf,
    Basis,
    Bilingual,
    Count,
    ForEach,
    Line,
    Money,
    NoLimit,
    NotAllowed,
    NotKnown,
    OwnShareOf,
    Policy,
    Ratio,
    ShareOfQuantity,
    Table,
    Value,
)
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.settlement.ir import Choice, Note, Pick, Set, Statement
from openyibao.settlement.lookup import SHUT_OUT, lay_out
from openyibao.settlement.lowering import Lowering, TablePlan

GAP_RATE_NAME = "NO_RATE"
"""A rate that nobody knows: far below any that a line or points can come to."""

SHUT_OUT_VALUE = NotKnown(Bilingual("", ""))
"""What a cell without an answer holds: read against all conditions, it would fail the claim, and pay nothing."""


def basis_text(policy: Policy, basis: Basis) -> str:
    """One line that says where a rule stands."""
    document = policy.document(basis.document)
    known = document is not None and document.number != NOT_IDENTIFIED
    name = f"{basis.document} {document.number}" if document and known else basis.document
    article = "article not identified" if basis.article == NOT_IDENTIFIED else basis.article
    return f"[{name}; {article}; sure: {basis.sure}]"


def plan_table(low: Lowering, table: Table, cell: str, value: str, what: str, denominator: int = 1) -> TablePlan:
    """Lay a table out and remember it; its ratios are written over the given denominator."""
    plan = TablePlan(table, lay_out(table, low.facts), cell, value, denominator, what)
    low.tables[value] = plan
    return plan


def table_facts(low: Lowering, table: Table) -> tuple[str, ...]:
    """The facts that a table needs: those it is by, and those that its answers name."""
    named = list(table.by)
    for cell in table.cells:
        if isinstance(cell.value, Line | ForEach):
            named.append(cell.value.fact)
        elif isinstance(cell.value, AmountOf) and cell.value.name in low.facts:
            named.append(cell.value.name)
    return tuple(dict.fromkeys(named))


def pick_table(low: Lowering, plan: TablePlan, kind: str) -> list[Statement]:
    """The value a table answers with, and the number of the cell that answered."""
    made: dict[Value, str] = {}
    choices = []
    for number, answer in enumerate(plan.dense.answers):
        value = SHUT_OUT_VALUE if answer == SHUT_OUT else plan.table.cells[answer].value
        if isinstance(value, OwnShareOf):
            known = tuple(low.facts[fact].values for fact in plan.table.by)
            value = rate(plan.table, known, plan.dense.values(number))
        if value not in made:
            made[value] = _choice(low, plan, value, kind)
        choices.append(Choice(made[value], plan.dense.label(number)))
    notes: list[Statement] = [Note(basis_text(low.policy, plan.table.basis))] if plan.table.basis else []
    if not plan.table.by:
        return [*notes, Set(plan.value_name, choices[0].expression)]
    index = plan.dense.index(tuple(low.fact_name(fact) for fact in plan.table.by))
    return [
        *notes,
        Set(plan.cell_name, index, bound=(0, plan.dense.size - 1)),
        Pick(plan.value_name, plan.cell_name, tuple(choices)),
    ]


def _choice(low: Lowering, plan: TablePlan, value: Value, kind: str) -> str:
    if isinstance(value, NotKnown):
        return GAP_RATE_NAME if kind == "ratio" else "-1"
    if isinstance(value, NotAllowed):
        return f"{GAP_RATE_NAME} - 1" if kind == "ratio" else "-2"
    if isinstance(value, NoLimit):
        return "NO_LIMIT"
    if isinstance(value, AmountOf):
        return _amount_of(low, value)
    if isinstance(value, ShareOfQuantity):
        return _quantity_share(low, plan.what, value)
    if isinstance(value, ForEach):
        return _for_each(low, plan, value)
    if isinstance(value, Line):
        return _line(low, plan, value)
    if isinstance(value, Ratio):
        return _ratio(low, plan, value.ratio)
    if isinstance(value, Count):
        return low.parameter(plan.what, value.number, kind)
    assert isinstance(value, Money)
    return low.parameter(plan.what, value.fen, kind)


def _ratio(low: Lowering, plan: TablePlan, ratio: Fraction) -> str:
    exact = abs(ratio) * plan.denominator
    if exact.denominator != 1:  # never cut in silence
        raise ValueError(f"{plan.what}: {ratio} is no whole number of {plan.denominator}ths")
    top = low.parameter(plan.what, exact.numerator, "top")
    return f"-{top}" if ratio < 0 else top


def _line(low: Lowering, plan: TablePlan, line: Line) -> str:
    """A rate on a line in a fact, not below its least, not above its most."""
    sign, fact = "-" if line.slope < 0 else "+", low.fact_name(line.fact)
    expression = f"{_ratio(low, plan, line.start)} {sign} {fact} * {_ratio(low, plan, abs(line.slope))}"
    if line.least is not None:
        expression = f"max({_ratio(low, plan, line.least)}, {expression})"
    if line.most is not None:
        expression = f"min({_ratio(low, plan, line.most)}, {expression})"
    return expression


def _for_each(low: Lowering, plan: TablePlan, value: ForEach) -> str:
    """An amount for each one of a number beyond another; no amount is larger than the largest there is."""
    number = low.fact_name(value.fact)
    number = f"max(0, {number} - {value.beyond})" if value.beyond else number
    return f"min({MAX_AMOUNT_FEN}, {low.parameter(plan.what, value.fen, 'amount')} * {number})"


def _amount_of(low: Lowering, value: AmountOf) -> str:
    """A named amount, or a fact that is money, or a share of either."""
    if value.name not in low.facts:
        return low.amounts[value.name].name if value.share == 1 else low.shares[value.name, value.share]
    whole = low.fact_name(value.name)
    if value.share == 1:
        return whole
    top = low.parameter(f"share of {value.name}", value.share.numerator, "top")
    return round_share(whole, top, low.parameter(f"share of {value.name}", value.share.denominator, "bottom"))


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


def gap_test(low: Lowering, plan: TablePlan) -> str:
    """What holds if the table has answered that nobody knows the value; empty if it always has one."""
    values = [cell.value for cell in plan.table.cells]
    if any(isinstance(value, AmountOf) and value.name not in low.facts for value in values):
        return f"{plan.value_name} < 0"
    if SHUT_OUT not in plan.dense.answers and not any(isinstance(value, NotKnown) for value in values):
        return ""
    return f"{plan.value_name} <= {GAP_RATE_NAME}" if _is_rate(plan) else f"{plan.value_name} < 0"


def refusal_test(plan: TablePlan) -> str:
    """What holds if the table has answered that the policy does not allow the case; empty if it never does."""
    if not any(isinstance(cell.value, NotAllowed) for cell in plan.table.cells):
        return ""
    return f"{plan.value_name} == " + (f"{GAP_RATE_NAME} - 1" if _is_rate(plan) else "-2")


def _is_rate(plan: TablePlan) -> bool:
    return any(isinstance(c.value, Ratio | Line | OwnShareOf) for c in plan.table.cells) or plan.denominator > 1


def may_leave(table: Table) -> bool:
    """Whether a table of rates can come to a rate outside 0..1."""
    return bool(table.points) or any(isinstance(cell.value, Line | OwnShareOf) for cell in table.cells)


def round_share(amount: str, top: str, bottom: str) -> str:
    """Half-up of amount x top / bottom, for an amount that is not negative."""
    return f"(2 * {amount} * {top} + {bottom}) // (2 * {bottom})"
