"""The layers of a policy in plain words, with their tables: one view for each layer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openyibao.policy.claim_parts import gathering_of
from openyibao.policy.model import Bands, Fixed, Kept, Layer, Policy, StatisticShare, Table
from openyibao.policy.worked_out import AmountSum
from openyibao.site.grid import NO_CONDITIONS
from openyibao.site.say import Say
from openyibao.site.view import CellView, Item, Notes, Tables, TableView


@dataclass(frozen=True)
class LayerView:
    """One layer: who pays, for whom, of what, after which reductions, how much, up to which cap."""

    number: int
    name: str
    anchor: str
    payer: str
    whom: tuple[str, ...]
    of: tuple[Item, ...]
    notes: tuple[int, ...]
    steps: tuple[Item, ...]
    pays: tuple[Item, ...]
    caps: tuple[Item, ...]
    more: tuple[str, ...]
    assumption: str
    gaps: tuple[str, ...]


class Layers:
    """Says the layers of one policy in one language."""

    def __init__(self, policy: Policy, say: Say, notes: Notes) -> None:
        self.policy, self.say, self.texts, self.notes = policy, say, say.texts, notes
        self.tables = Tables(policy, say, notes)

    def views(self) -> list[LayerView]:
        found = []
        for number, layer in enumerate(self.policy.layers, 1):
            self.tables.within = {condition.fact: condition.key for condition in layer.conditions}
            found.append(self.view(number, layer))
        self.tables.within = NO_CONDITIONS
        return found

    def view(self, number: int, layer: Layer) -> LayerView:
        notes = self.notes.of(layer.basis)
        floor = [self.tables.item(self.texts("layer.floor"), layer.floor)] if layer.floor else []
        return LayerView(
            number=number,
            name=self.say.word(layer.name),
            anchor=f"layer-{number}",
            payer=self.say.word(layer.payer),
            whom=(*(self.say.condition(one) for one in layer.conditions), *self.gathers(layer)),
            of=tuple(
                Item(
                    self.say.term(term),
                    notes=self.notes.of(term.basis)
                    + self.notes.text(term.assumption, self.texts("examples.assumption")),
                )
                for term in layer.base
            ),
            notes=notes,
            steps=tuple(
                item for step in layer.steps for item in self.step(step.kind, step.period, step.table, step.kept)
            ),
            pays=(*self.pays(layer), *floor),
            caps=tuple(item for cap in layer.caps for item in self.step("cap", cap.period, cap.table, cap.kept)),
            more=(self.texts("layer.cut_in_fees"),) if layer.cut_in_fees else (),
            assumption=self.texts.pick(layer.assumption) if layer.assumption else "",
            gaps=tuple(self.texts.pick(gap) for gap in layer.gaps),
        )

    def step(self, kind: str, period: str | None, table: Table, kept: Kept) -> list[Item]:
        """A limit, deductible, pre-pay or cap; the yearly maximum of deductibles stands beside it."""
        label = self.texts(f"steps.{kind}", period=self.say.period(period))
        items = [self.tables.item(label[:1].upper() + label[1:], table, self.kept(kept))]
        items += [self.points(points) for points in table.points]
        if kept.annual_maximum is not None:
            items.append(self.tables.item(self.texts("layer.annual_maximum"), kept.annual_maximum))
        return items

    def kept(self, kept: Kept) -> tuple[str, ...]:
        """How the use is kept, where that is not as usual."""
        told = [self.texts("layer.plus", fact=self.say.word(kept.plus))] if kept.plus else []
        told += [self.texts("layer.per", facts=self.say.words(kept.per))] if kept.per else []
        told += [self.texts("layer.group")] if kept.group else []
        told += [self.texts(f"layer.carry_{kept.carry}")] if kept.carry else []
        return tuple(told)

    def points(self, table: Table) -> Item:
        return self.tables.item(self.texts("layer.points"), table, points=True)

    def pays(self, layer: Layer) -> list[Item]:
        pays = layer.pays
        if isinstance(pays, Bands):
            return self.bands(pays)
        if isinstance(pays, Fixed):
            unit = self.say.word(pays.unit)
            label = "layer.fixed_claim" if pays.unit == "claim" else "layer.fixed_unit"
            return [self.tables.item(self.texts(label, unit=unit), pays.table)]
        return [self.tables.item(self.texts("layer.rate_of"), pays), *(self.points(one) for one in pays.points)]

    def bands(self, bands: Bands) -> list[Item]:
        """Rates by slices of cost: one table if every edge and rate is one value, else a table for each band."""
        counted = "layer.bands_from_zero" if bands.counted == "from zero" else "layer.bands_from_threshold"
        label = self.texts(counted, period=self.say.period(bands.period))
        label = label[:1].upper() + label[1:]
        edges = [self.tables.item("", band.up_to) if band.up_to else None for band in bands.bands]
        rates = [self.tables.item(self.texts("layer.rate_of"), band.rate) for band in bands.bands]
        names = [
            self.slice(n, [edge.text if edge and not edge.table else f"({n + 1})" if edge else "" for edge in edges])
            for n in range(len(edges))
        ]
        points = list(dict.fromkeys(points for band in bands.bands for points in band.rate.points))
        notes = self.notes.of(bands.basis)
        if all(rate.table is None for rate in rates) and all(edge is None or edge.table is None for edge in edges):
            lines = tuple(
                (
                    CellView(name, "row", notes=edge.notes if edge else ()),
                    CellView(rate.text, notes=rate.notes, kind="number"),
                )
                for name, edge, rate in zip(names, edges, rates, strict=True)
            )
            heads = ((CellView(self.texts("layer.band"), "col"), CellView(self.texts("layer.rate_of"), "col")),)
            return [Item(label, "", notes, TableView(label, heads, lines)), *(self.points(one) for one in points)]
        items = [Item(label, "", notes)]
        for name, edge, rate in zip(names, edges, rates, strict=True):
            if edge and edge.table:
                items.append(replace(edge, label=name, table=replace(edge.table, caption=name)))
            caption = f"{name}{self.texts.comma}{self.texts('layer.rate_of')}"
            items.append(replace(rate, label=name, table=replace(rate.table, caption=caption) if rate.table else None))
        return [*items, *(self.points(one) for one in points)]

    def slice(self, number: int, edges: list[str]) -> str:
        """The name of a band by its edges."""
        low = edges[number - 1] if number else ""
        high = edges[number]
        if high:
            return (
                self.texts("layer.band_between", low=low, high=high) if low else self.texts("layer.band_to", edge=high)
            )
        return self.texts("layer.band_above", edge=low) if low else self.texts("layer.band_all")

    def amounts(self) -> list[Item]:
        """The named amounts."""
        items = []
        for amount in self.policy.amounts:
            name = self.say.word(amount.name)
            if isinstance(amount.value, StatisticShare):
                share = amount.value
                notes = self.notes.of(share.basis)
                items.append(Item(name, self.say.statistic_share(share), notes))
                if share.share.by:
                    items.append(self.tables.item(f"{name}：" if self.say.lang == "zh" else f"{name}: ", share.share))
            elif isinstance(amount.value, AmountSum):
                items += self.amount_sum(name, amount.value)
            else:
                items.append(self.tables.item(name, amount.value))
        return items

    def amount_sum(self, name: str, one: AmountSum) -> list[Item]:
        """A sum of amounts; what of it is a table stands below."""

        def said(table: Table) -> str:
            if table.by:
                return self.texts("layer.amount_by", facts=self.say.words(table.by))
            return self.say.value(table.cells[0].value)

        text = " + ".join(map(said, one.plus)) + "".join(f" − {said(term)}" for term in one.minus)
        text += self.say.bounds(*(None if bound is None else said(bound) for bound in (one.least, one.most)))
        below = [self.tables.item(f"{name}{self.texts.comma}{said(table)}", table) for table in one.tables if table.by]
        return [Item(name, text, self.notes.of(one.basis)), *below]

    def statistics(self) -> TableView | None:
        """The published figures by year."""
        lines = []
        for one in self.policy.statistics:
            for n, (year, cell) in enumerate(one.values):
                head = CellView(self.say.word(one.name), "rowgroup", len(one.values))
                value = CellView(self.tables.value(cell), kind="number", notes=self.notes.cell(cell))
                lines.append((*((head,) if n == 0 else ()), CellView(str(year), "row"), value))
        if not lines:
            return None
        heads = tuple(CellView(self.texts(f"policy.{key}"), "col") for key in ("name", "year", "figure"))
        return TableView(self.texts("policy.statistics"), (heads,), tuple(lines))

    def derived(self) -> list[Item]:
        """Facts that are worked out, each with its edges."""
        items = []
        for one in self.policy.derived:
            told = []
            for reach in one.reaches:
                value = self.say.word(reach.value)
                if reach.to is None:
                    edge = self.texts("layer.derived_otherwise")
                else:
                    at = str(reach.to) if isinstance(reach.to, int) else self._edge(reach.to)
                    edge = self.texts("layer.derived_up_to" if reach.included else "layer.derived_below", edge=at)
                told.append(f"{edge}{self.texts.comma if self.say.lang == 'zh' else ': '}{value}")
            what = self.say.word(one.of) if one.quantity is None else self.say.quantity(*one.quantity)
            told += [self.texts("layer.derived_of", what=what), *(self.say.condition(c) for c in one.conditions)]
            items.append(Item(self.say.word(one.name), "", self.notes.of(one.basis), None, tuple(told)))
        return items

    def gathers(self, layer: Layer) -> list[str]:
        """Whose money a layer looks at that runs on claims that gather."""
        gathering = gathering_of(self.policy, layer)
        if gathering is None:
            return []
        window = "layer.gathers_year" if gathering.months is None else "layer.gathers_months"
        told = self.texts(window, months=gathering.months)
        return [self.texts.comma.join([told, *(self.say.condition(one) for one in gathering.conditions)])]

    def divided(self) -> list[Item]:
        """Parts of the claim that are divided."""
        return [
            Item(self.say.word(one.part), self.texts("layer.divided", parts=self.say.words(one.names)))
            for one in self.policy.divisions
        ]

    def _edge(self, table: Table) -> str:
        return self.texts.list.join(dict.fromkeys(self.say.value(cell.value) for cell in table.cells))

    def sums(self) -> list[Item]:
        """Sums of quantities."""
        items = []
        for one in self.policy.quantities:
            text = " + ".join(self.say.quantity(*term) for term in one.plus)
            less = self.texts.list.join(self.say.quantity(*term) for term in one.minus)
            text += self.texts("layer.sum_less", what=less) if less else ""
            items.append(Item(self.say.word(one.name), text))
        return items
