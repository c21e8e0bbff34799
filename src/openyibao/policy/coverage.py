"""How well the values of a policy are known: by confidence, by identified article, and the gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from openyibao.policy.model import (
    NOT_IDENTIFIED,
    Bands,
    Basis,
    Cell,
    Fixed,
    Layer,
    NotKnown,
    Policy,
    StatisticShare,
    Table,
)
from openyibao.policy.worked_out import AmountSum


def coverage(policy: Policy, lang: str = "en") -> str:
    """One line: how many values, how sure, how many with an identified article, how many not known.

    >>> from openyibao.policy import find_policy, read_policy
    >>> willow = read_policy(find_policy("teaching/willow-county-2026"))
    >>> coverage(willow), coverage(willow, "zh")
    ('18 values: 18 high; 18 with article; 0 not known.', '共18项数值：把握高18项；写明条款18项；未知0项。')
    """
    found = list(values(policy))
    sure = Counter(basis.sure for cell, basis in found if basis and not isinstance(cell.value, NotKnown))
    article = sum(1 for _, basis in found if basis and basis.article != NOT_IDENTIFIED)
    unknown = sum(1 for cell, _ in found if isinstance(cell.value, NotKnown))
    if lang == "zh":
        words = {"high": "高", "medium": "中", "low": "低"}
        listed = "、".join(f"{zh}{sure[word]}项" for word, zh in words.items() if sure[word])
        known = f"把握{listed}" if listed else "均无依据"
        return f"共{len(found)}项数值：{known}；写明条款{article}项；未知{unknown}项。"
    listed = ", ".join(f"{sure[word]} {word}" for word in ("high", "medium", "low") if sure[word])
    count = "1 value" if len(found) == 1 else f"{len(found)} values"
    return f"{count}: {listed or 'none with a basis'}; {article} with article; {unknown} not known."


def values(policy: Policy) -> Iterator[tuple[Cell, Basis | None]]:
    """Every value of the layers and statistics with the basis it rests on: its own, its table's, or its layer's."""
    for layer in policy.layers:
        for table in layer_tables(layer):
            for cell in table.cells:
                yield cell, cell.basis or table.basis or layer.basis
    yield from _edges(policy)
    for statistic in policy.statistics:
        for _, cell in statistic.values:
            yield cell, cell.basis
    for amount in policy.amounts:
        if not isinstance(amount.value, StatisticShare) or amount.value.share.by:
            for table in amount_tables(amount.value):
                for cell in table.cells:
                    yield cell, cell.basis or table.basis or amount.value.basis
    for cell in policy.year_start.cells if policy.year_start else ():
        yield cell, cell.basis or (policy.year_start.basis if policy.year_start else None)


def _edges(policy: Policy) -> Iterator[tuple[Cell, Basis | None]]:
    """The edges of derived facts."""
    for derived in policy.derived:
        for reach in derived.reaches:
            for cell in reach.to.cells if reach.to else ():
                yield cell, cell.basis or derived.basis


def layer_tables(layer: Layer) -> list[Table]:
    """Every table of a layer, in the order in which a claim meets them."""
    tables: list[Table] = []
    for step in layer.steps:
        tables += [step.table, *step.table.points]
        tables += [step.kept.annual_maximum] if step.kept.annual_maximum else []
    if isinstance(layer.pays, Bands):
        for band in layer.pays.bands:
            tables += [band.up_to, band.rate] if band.up_to else [band.rate]
            tables += band.rate.points
    elif isinstance(layer.pays, Fixed):
        tables.append(layer.pays.table)
    else:
        tables += [layer.pays, *layer.pays.points]
    if layer.floor is not None:
        tables.append(layer.floor)
    return tables + [cap.table for cap in layer.caps]


def amount_tables(value: Table | StatisticShare | AmountSum) -> list[Table]:
    """Every table of a named amount: its own, that of its shares, or those of the terms and bounds of a sum."""
    if isinstance(value, AmountSum):
        return list(value.tables)
    return [value.share if isinstance(value, StatisticShare) else value]


def derived_tables(policy: Policy) -> list[Table]:
    """Every edge of a derived fact."""
    return [reach.to for one in policy.derived for reach in one.reaches if reach.to]
