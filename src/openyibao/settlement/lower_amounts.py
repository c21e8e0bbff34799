"""Named amounts, worked out before the layers: tables, shares of published figures, sums."""

from __future__ import annotations

from fractions import Fraction

from openyibao.policy.coverage import amount_tables, derived_tables, layer_tables
from openyibao.policy.model import Amount, AmountOf, Money, Policy, Ratio, StatisticShare, Table
from openyibao.policy.values import MAX_AMOUNT_FEN, percent, round_figure, yuan
from openyibao.policy.worked_out import AmountSum
from openyibao.settlement.ir import Choice, Note, Pick, Set, Statement, When
from openyibao.settlement.lower_tables import basis_text, pick_table, plan_table, round_share, table_facts
from openyibao.settlement.lowering import AmountPlan, Lowering, SumPlan, TablePlan


def named_amounts(low: Lowering) -> list[Statement]:
    """Named amounts, before the layers. -1 stands for one that is not available; a layer that needs it fails."""
    out: list[Statement] = []
    used = sorted({(value.name, value.share) for value in _amounts_used(low.policy) if value.share != 1})
    for amount in low.policy.amounts:
        name = low.names(amount.name)
        if isinstance(amount.value, StatisticShare):
            out += _statistic_amount(low, amount, amount.value, name)
        elif isinstance(amount.value, AmountSum):
            out += _sum_amount(low, amount, amount.value, name)
        else:
            table, found = _table_amount(low, amount.value, low.names(f"{amount.name} / cell"), name, amount.name)
            low.amounts[amount.name] = AmountPlan(amount, name, table)
            out += found
        low.outputs.append(name)
        out += [_share_amount(low, whole, share) for whole, share in used if whole == amount.name]
    return out


def _amounts_used(policy: Policy) -> list[AmountOf]:
    tables = [table for layer in policy.layers for table in layer_tables(layer)]
    tables += derived_tables(policy)
    tables += [table for amount in policy.amounts for table in amount_tables(amount.value)]
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
    share, ratios, found = _shares(low, amount, rule)
    choices = []
    for year in range(first, last + 1):
        of, figure = figure_of(low.policy, rule, year)
        for label, ratio in ratios:
            fen = None if figure is None or ratio is None else round_figure(figure, ratio, rule.mode, rule.unit_fen)
            text = f"{year}: {rule.statistic} of {of}" + (f", {label}" if label else "")
            value = "-1" if fen is None else low.parameter(amount.name, fen, "amount")
            choices.append(Choice(value, text if fen is not None else f"{text} is not known"))
    low.amounts[amount.name] = AmountPlan(amount, name, share=share)
    cell = low.names(f"{amount.name} / year")
    index = f"rule_date // 10000 - {first}"
    note = f"{amount.name}: a share of {rule.statistic}, {rule.mode} to {yuan(rule.unit_fen)} yuan"
    basis = [Note(basis_text(low.policy, rule.basis))] if rule.basis else []
    out: list[Statement] = [Note(note), *basis, *found]
    if share is None or not share.table.by:
        return [*out, Set(cell, index, bound=(0, len(choices) - 1)), Pick(name, cell, tuple(choices))]
    low.outputs.append(share.cell_name)
    place = Set(cell, f"({index}) * {len(ratios)} + {share.cell_name}", bound=(0, len(choices) - 1))
    known = When(f"{share.cell_name} >= 0", (place, Pick(name, cell, tuple(choices))))
    return [*out, Set(name, "-1"), known]


def _shares(
    low: Lowering, amount: Amount, rule: StatisticShare
) -> tuple[TablePlan | None, list[tuple[str, Fraction | None]], list[Statement]]:
    """The share by cell of its table, with the statements that find the cell (-1 where the claim lacks a fact)."""
    cells = rule.share.cells
    ratios = [cell.value.ratio if isinstance(cell.value, Ratio) else None for cell in cells]
    if not rule.share.by:
        return None, [("", ratios[0])], []
    name = low.names(f"{amount.name} / share")
    plan = plan_table(low, rule.share, low.names(f"{amount.name} / share cell"), name, amount.name)
    found = [(plan.dense.label(n), ratios[answer]) for n, answer in enumerate(plan.dense.answers)]
    facts = [low.fact_name(fact) for fact in rule.share.by]
    index = Set(plan.cell_name, plan.dense.index(tuple(facts)), bound=(0, plan.dense.size - 1))
    test = " and ".join(f"{fact} >= 0" for fact in facts)
    return plan, found, [Set(plan.cell_name, "-1"), When(test, (index,))]


def figure_of(policy: Policy, rule: StatisticShare, year: int) -> tuple[int, int | None]:
    """Which year's figure a rule of a year takes, and the figure in fen; None where nobody has published it."""
    figures = {of: cell.value for s in policy.statistics if s.name == rule.statistic for of, cell in s.values}
    known = {of: value.fen for of, value in figures.items() if isinstance(value, Money)}
    if rule.years_before is None:
        of = max((of for of in known if of < year), default=year - 1)
    else:
        of = year - rule.years_before
    return of, known.get(of)


def _table_amount(low: Lowering, table: Table, cell: str, name: str, what: str) -> tuple[TablePlan, list[Statement]]:
    """A table before the layers: -1 where the claim lacks a fact that it, or one of its answers, needs."""
    plan = plan_table(low, table, cell, name, what)
    low.outputs += [cell] if table.by else []
    facts = [low.fact_name(fact) for fact in table_facts(low, table)]
    pick = pick_table(low, plan, "amount")
    if not facts:
        return plan, pick
    found = [Set(cell, "-1")] if table.by else []
    return plan, [Set(name, "-1"), *found, When(" and ".join(f"{fact} >= 0" for fact in facts), tuple(pick))]


def _sum_amount(low: Lowering, amount: Amount, rule: AmountSum, name: str) -> list[Statement]:
    """Terms added and taken off, then the bounds; -1 where one of them is not available."""
    out: list[Statement] = [Note(f"{amount.name} {basis_text(low.policy, rule.basis)}")]
    plans = []
    for number, table in enumerate(rule.tables, 1):
        term = f"{amount.name} / term {number}"
        plan, found = _table_amount(low, table, low.names(f"{term} / cell"), low.names(term), term)
        low.outputs.append(plan.value_name)
        plans.append(plan)
        out += found
    terms = iter(plans)
    plus, minus = (tuple(next(terms) for _ in part) for part in (rule.plus, rule.minus))
    least, most = (None if bound is None else next(terms) for bound in (rule.least, rule.most))
    low.amounts[amount.name] = AmountPlan(amount, name, sum=SumPlan(plus, minus, least, most))
    total = " + ".join(plan.value_name for plan in plus) + "".join(f" - {plan.value_name}" for plan in minus)
    total = f"max({least.value_name if least else 0}, {total})"
    total = f"min({most.value_name if most else MAX_AMOUNT_FEN}, {total})"
    test = " and ".join(f"{plan.value_name} >= 0" for plan in plans)
    return [*out, Set(name, "-1"), When(test, (Set(name, total, bound=(0, MAX_AMOUNT_FEN)),))]
