"""A policy laid out as a list of items: every value under a path of words, so that policies can be aligned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from openyibao.compare.words import Words, both
from openyibao.policy.claim_parts import Gathering
from openyibao.policy.derived import OVER as PERIODS_OF_HISTORY
from openyibao.policy.model import (
    Amount,
    Bands,
    Basis,
    Bilingual,
    Cell,
    Condition,
    Fixed,
    Kept,
    Layer,
    Money,
    Policy,
    Ratio,
    StatisticShare,
    Table,
    Term,
)
from openyibao.policy.rates import OVER
from openyibao.policy.values import percent, round_figure, yuan
from openyibao.policy.vocabulary import LIST_SEPARATOR, MONTHS_BEFORE, ROUNDING
from openyibao.policy.worked_out import AmountSum, Derived
from openyibao.policy.write import YEARS
from openyibao.settlement.lower_amounts import figure_of

LAYERS = "layers"
ORDER = Bilingual("先后次序", "order")
BAND = ("第{0}段{1}", "band {0} {1}")
APPLIES = ("适用的{0}", "for {0}")


@dataclass(frozen=True)
class Item:
    """One value of a policy, or one table of values.

    `path` says where it stands, in English words; `label` the same in both languages, without the section. Either
    `text` or `table` is there. `within` are the conditions of its layer: other values of these facts do not matter.
    """

    path: tuple[str, ...]
    label: tuple[Bilingual, ...]
    text: Bilingual | None = None
    table: Table | None = None
    basis: Basis | None = None
    within: tuple[Condition, ...] = field(default=())


class Layout:
    """Lays one policy out."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.words = policy, Words(policy)

    def items(self) -> Iterator[Item]:
        yield from self.head()
        for layer in self.policy.layers:
            for item in self.layer(layer):
                path, label = (LAYERS, layer.name, *item.path), (self.words.say(layer.name), *item.label)
                yield Item(path, label, item.text, item.table, item.basis or layer.basis, layer.conditions)

    def item(self, key: str, text: Bilingual | None, basis: Basis | None = None) -> Item:
        return Item((key,), (self.words.say(key),), text, basis=basis)

    def amount_of(self, key: str, table: Table, basis: Basis | None = None) -> Iterator[Item]:
        yield Item((key,), (self.words.say(key),), table=table, basis=table.basis or basis)

    def head(self) -> Iterator[Item]:
        """What stands outside the layers."""
        p, say = self.policy, self.words.say
        for key, value in (
            ("rule of the date of", p.rule_date),
            ("year of the date of", p.year_date),
            ("period of the date of", p.period_date),
            ("amounts per claim in", "the later year" if p.per_claim_later else "the earlier year"),
        ):
            yield self.item(key, say(value))
        if p.year_start is not None:
            yield from self.amount_of("benefit year from", p.year_start)
        for fact in p.facts:
            yield Item(("facts", fact.name), (say("facts"), say(fact.name)), self.words.fact(fact))
        for statistic in p.statistics:
            for year, cell in statistic.values:
                label = (say("statistics"), say(statistic.name), Bilingual(f"{year}年", str(year)))
                table = Table((), (cell,))
                yield Item(("statistics", statistic.name, str(year)), label, table=table, basis=cell.basis)
        for amount in p.amounts:
            yield from self.under("amounts", amount.name, self.amount(amount))
        for division in p.divisions:
            names = self.words.listed(division.names)
            yield Item(("divided parts", division.part), (say("divided parts"), say(division.part)), names)
        for gathering in p.gatherings:
            yield from self.under("gathering claims", gathering.service, self.gathering(gathering))
        for one in p.quantities:
            less = self.words.sums(one.minus, "-")
            text = self.words.sums(one.plus)
            if one.minus:
                text = Bilingual(f"{text.zh} - {less.zh}", f"{text.en} - {less.en}")
            yield Item(("quantities", one.name), (say("quantities"), say(one.name)), text)
        for derived in p.derived:
            yield from self.under("derived facts", derived.name, self.derived(derived))
        yield Item((LAYERS, "order"), (say(LAYERS), ORDER), self.words.listed(layer.name for layer in p.layers))

    def gathering(self, gathering: Gathering) -> Iterator[Item]:
        """Which claims a service gathers."""
        months = gathering.months
        window = both(lambda lang: MONTHS_BEFORE.say(lang, str(months)))
        yield self.item("of", self.words.say("the year before") if months is None else window, gathering.basis)
        for condition in gathering.conditions:
            label = (self.words.say("where"), self.words.say(condition.fact))
            yield Item(("where", condition.fact), label, self.words.condition(condition), basis=gathering.basis)

    def under(self, section: str, name: str, items: Iterator[Item]) -> Iterator[Item]:
        for item in items:
            label = (self.words.say(section), self.words.say(name), *item.label)
            yield Item((section, name, *item.path), label, item.text, item.table, item.basis)

    def amount(self, amount: Amount) -> Iterator[Item]:
        """A share of a published figure stands as what it comes to in the first year, and then as its parts."""
        value = amount.value
        if isinstance(value, AmountSum):
            bounds = [(key, (one,)) for key, one in (("least", value.least), ("most", value.most)) if one is not None]
            for key, tables in [("of", value.plus), ("less", value.minus), *bounds]:
                for n, table in enumerate(tables, 1):
                    yield Item((key, str(n)), (self.words.say(key),), table=table, basis=table.basis or value.basis)
            return
        if not isinstance(value, StatisticShare):
            yield Item((), (), table=value, basis=value.basis)
            return
        _, figure = figure_of(self.policy, value, self.policy.start.year)
        share = value.share.cells[0].value
        if figure is not None and not value.share.by and isinstance(share, Ratio):
            fen = round_figure(figure, share.ratio, value.mode, value.unit_fen)
            yield Item((), (), table=Table((), (Cell((), Money(fen)),)), basis=value.basis)
        yield from self.amount_of("share", value.share, value.basis)
        yield self.item("of", self.words.say(value.statistic), value.basis)
        yield self.item("year", self.words.say(YEARS[value.years_before]), value.basis)
        rounded = both(lambda lang: ROUNDING[value.mode].say(lang, yuan(value.unit_fen)))
        yield self.item("rounded", rounded, value.basis)

    def derived(self, one: Derived) -> Iterator[Item]:
        yield self.item(
            "of", self.words.say(one.of) if one.quantity is None else self.words.sums([one.quantity]), one.basis
        )
        over = next(word for word, period in PERIODS_OF_HISTORY.items() if period == one.period)
        yield self.item("over", self.words.say(over), one.basis)
        for condition in one.conditions:
            label = (self.words.say("where"), self.words.say(condition.fact))
            yield Item(("where", condition.fact), label, self.words.condition(condition), basis=one.basis)
        if one.per:
            yield self.item("per", self.words.listed(one.per), one.basis)
        if one.paid_by:
            yield self.item("paid by", self.words.say(one.paid_by), one.basis)
        for number, reach in enumerate(one.reaches):
            again = sum(1 for other in one.reaches[:number] if other.value == reach.value)
            key = "otherwise" if reach.to is None else "up to" if reach.included else "below"
            path, label = (
                ("values", reach.value, key, *("again",) * again),
                (self.words.say(reach.value), self.words.say(key)),
            )
            if reach.to is not None:
                yield Item(path, label, table=reach.to, basis=reach.to.basis or one.basis)
            else:
                yield Item(path, label, Bilingual("-", "-"), basis=one.basis)

    def layer(self, layer: Layer) -> Iterator[Item]:
        words = self.words
        yield self.item("payer", words.say(layer.payer))
        for condition in layer.conditions:
            fact = words.say(condition.fact)
            label = Bilingual(APPLIES[0].format(fact.zh), APPLIES[1].format(fact.en))
            yield Item(("for", condition.fact), (label,), words.condition(condition))
        yield self.item("of", self.base(layer.base))
        if len(layer.steps) > 1:
            names = [self.step_key(step.kind, step.period) for step in layer.steps]
            yield Item(("order",), (ORDER,), words.listed(names))
        for step in layer.steps:
            yield from self.kept(self.step_key(step.kind, step.period), step.table, step.kept, layer.basis)
        yield from self.pays(layer)
        if layer.floor is not None:
            yield from self.amount_of("at least", layer.floor, layer.basis)
        for cap in layer.caps:
            yield from self.kept(f"at most per {cap.period}", cap.table, cap.kept, layer.basis)
        if layer.cut_in_fees:
            yield self.item("over-cap counted in", words.say("fees"))

    def step_key(self, kind: str, period: str | None) -> str:
        return f"{kind} per {period}" if period else kind

    def base(self, terms: tuple[Term, ...]) -> Bilingual:
        def said(lang: str) -> str:
            writer = self.words.writers[lang]
            parts = [writer.part(term) + (f"×{percent(term.share)}" if term.share != 1 else "") for term in terms]
            return LIST_SEPARATOR[lang].join(parts)

        return both(said)

    def kept(self, key: str, table: Table, kept: Kept, basis: Basis) -> Iterator[Item]:
        """An amount, and how its use is kept."""
        yield from self.amount_of(key, table, basis)
        beside = {"group": kept.group, "carry over": kept.carry, "plus": kept.plus}
        if kept.carry:
            beside["earned from"] = kept.earned_from
        told = [(word, self.words.say(value)) for word, value in beside.items() if value is not None]
        if kept.per:
            told.append(("per", self.words.listed(kept.per)))
        for word, text in told:
            yield Item((key, word), (self.words.say(key), self.words.say(word)), text)
        if kept.annual_maximum is not None:
            label = (self.words.say(key), self.words.say("annual maximum"))
            yield Item((key, "annual maximum"), label, table=kept.annual_maximum, basis=kept.annual_maximum.basis)

    def pays(self, layer: Layer) -> Iterator[Item]:
        pays = layer.pays
        if isinstance(pays, Bands):
            yield from self.bands(pays, pays.basis or layer.basis)
        elif isinstance(pays, Fixed):
            yield from self.amount_of("pays fixed", pays.table, layer.basis)
            label = (self.words.say("pays fixed"), self.words.say("for each"))
            yield Item(("pays fixed", "for each"), label, self.words.say(pays.unit))
        else:
            yield from self.amount_of("pays", pays, layer.basis)

    def bands(self, bands: Bands, basis: Basis) -> Iterator[Item]:
        head = "pays in bands"
        over = next(word for word, period in OVER.items() if period == bands.period)
        for key, value in (("counted", bands.counted), ("over", over)):
            label = (self.words.say(head), self.words.say(key))
            yield Item((head, key), label, self.words.say(value), basis=basis)
        if bands.group is not None:
            label = (self.words.say(head), self.words.say("group"))
            yield Item((head, "group"), label, self.words.say(bands.group), basis=basis)
        for number, band in enumerate(bands.bands, 1):
            tables = [("up to", band.up_to)] if band.up_to is not None else []
            for key, table in [*tables, ("pays", band.rate)]:
                told = self.band(number, self.words.say(key))
                yield Item((head, f"band {number}", key), (told,), table=table, basis=table.basis or basis)

    def band(self, number: int, word: Bilingual) -> Bilingual:
        return Bilingual(BAND[0].format(number, word.zh), BAND[1].format(number, word.en))
