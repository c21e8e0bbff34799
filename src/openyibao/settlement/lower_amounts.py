"""Named amounts, worked out before the layers: tables, and shares of published figures."""

from __future__ import annotations

from fractions import Fraction

from openyibao.policy.coverage import derived_tables, layer_tables
from openyibao.policy.model import Amount, AmountOf, Money, Policy, Ratio, StatisticShare, Table
from openyibao.policy.values import percent, round_figure, yuan
from openyibao.settlement.ir import Choice, Note, Pick, Set, Statement, When
from openyibao.settlement.lower_tables import basis_text, pick_table, plan_table, round_share
from openyibao.settlement.lowering import AmountPlan, Lowering, TablePlan


def named_amounts(low: Lowering) -> list[Statement]:
    """Named amounts, before the layers. -1 stands for one that is not available; a layer that needs it fails."""
    out: list[Statement] = []
    used = sorted({(value.name, value.share) for value in _amounts_used(low.policy) if value.share != 1})
    for amount in low.policy.amounts:
        name = low.names(amount.name)
        if isinstance(amount.value, StatisticShare):
            out += _statistic_amount(low, amount, amount.value, name)
        else:
            table = plan_table(low, amount.value, low.names(f"{amount.name} / cell"), name, amount.name)
            low.amounts[amount.name] = AmountPlan(amount, name, table)
            out += _table_amount(low, table, "amount")
            low.outputs += [table.cell_name] if table.table.by else []
        low.outputs.append(name)
        out += [_share_amount(low, whole, share) for whole, share in used if whole == amount.name]
    return out


def _amounts_used(policy: Policy) -> list[AmountOf]:
    tables = [table for layer in policy.layers for table in layer_tables(layer)]
    tables += derived_tables(policy)
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


def _table_amount(low: Lowering, plan: TablePlan, kind: str) -> list[Statement]:
    facts = [low.fact_name(fact) for fact in plan.table.by]
    pick = pick_table(low, plan, kind)
    if not facts:
        return pick
    test = " and ".join(f"{fact} >= 0" for fact in facts)
    return [Set(plan.value_name, "-1"), Set(plan.cell_name, "-1"), When(test, tuple(pick))]
