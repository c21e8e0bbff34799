"""Splitting fee lines: each becomes over-limit, pre-self-paid, fully self-paid and in-scope cost, to the fen.

    amount          = round(count x price)                     count: what refunds leave
    over limit      = max(0, amount - round(price limit x count))
    pre-self-paid   = round((amount - over limit) x pre-pay share)
    fully self-paid = all of it, if the item is class C
    in scope        = the rest

round() is half-up to the fen of an exact number >= 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache

from openyibao.catalogue.lines import Charge, FeeLine, LineError, LinesError, net
from openyibao.catalogue.model import SLICES, Bands, Catalogue, FactTable, Item, Version
from openyibao.catalogue.numbers import price_text, round_fen
from openyibao.catalogue.tables import Answer, FactNeededError, ask
from openyibao.policy.divisions import CLASS_C
from openyibao.policy.messages import NOTHING, Message, listed, quoted, say
from openyibao.policy.model import Bilingual, Fact, NotKnown
from openyibao.policy.reading import written
from openyibao.policy.vocabulary import Vocabulary

Facts = Mapping[str, object]


@dataclass(frozen=True)
class Slice:
    """The part of a unit price that lies in a band, and the share that holds there. Fen; `end_fen` None: no edge."""

    start_fen: Fraction
    end_fen: Fraction | None
    width_fen: Fraction
    answer: Answer


@dataclass(frozen=True)
class SplitLine:
    """A fee line in its parts (fen), and all that decided them. The four parts add up to `amount_fen`.

    `share` is the exact share that was prepaid. It is 0, the `answer` of a table, or comes from bands: then `slices`
    holds the bands that counted (one, if the whole price decides), cut at the lesser of price and limit.
    """

    charge: Charge
    item: Item
    version: Version
    amount_fen: int
    limit: Answer | None = None
    limit_amount_fen: int | None = None
    over_limit_fen: int = 0
    answer: Answer | None = None
    decided_by: str | None = None
    slices: tuple[Slice, ...] = ()
    share: Fraction = Fraction(0)
    pre_self_paid_fen: int = 0
    fully_self_paid_fen: int = 0

    @property
    def in_scope_fen(self) -> int:
        """The rest: never rounded by itself, so that the parts add up."""
        return self.amount_fen - self.over_limit_fen - self.pre_self_paid_fen - self.fully_self_paid_fen

    @property
    def day(self) -> date:
        return self.charge.line.day


def split_lines(
    catalogue: Catalogue, lines: Iterable[FeeLine], facts_on: Callable[[date], Facts]
) -> tuple[SplitLine, ...]:
    """Split the lines of a claim, in their order; refunds are taken off the lines they name.

    `facts_on` gives the facts of the claim as they hold on the day of a line. Raises LinesError with everything that
    is wrong: lines that contradict themselves, items that no version covers, facts and values that are missing.
    """
    charges, errors = net(lines)
    declared = {fact.name: fact for fact in catalogue.facts}
    wrong = {error.line for error in errors}
    facts_of_day = cache(facts_on)
    done = []
    for charge in charges:
        if charge.line.name in wrong:
            continue
        try:
            done.append(_split(catalogue, charge, declared, facts_of_day(charge.line.day)))
        except LineError as error:
            errors.append(error)
    if errors:
        raise LinesError(errors)
    return tuple(done)


def _split(catalogue: Catalogue, charge: Charge, declared: Mapping[str, Fact], facts: Facts) -> SplitLine:
    item, version = find_version(catalogue, charge.line)
    asked = _Asked(charge.line, item, declared, facts, catalogue)
    whole = SplitLine(charge, item, version, round_fen(charge.count * charge.price_fen))
    if isinstance(version.item_class, NotKnown):
        raise asked.gap(asked.words.word("catalogue class"), version.item_class)
    if version.item_class == CLASS_C:
        return replace(whole, fully_self_paid_fen=whole.amount_fen)
    if version.limit is not None:
        whole = _over_limit(whole, asked.answer(version.limit, "price limit"))
    return whole if version.share is None else _prepaid(whole, asked, version.share)


def _over_limit(split: SplitLine, limit: Answer) -> SplitLine:
    limit_fen = limit.value
    if not isinstance(limit_fen, Fraction):  # the table says that there is none
        return replace(split, limit=limit)
    within = round_fen(limit_fen * split.charge.count)
    over = max(0, split.amount_fen - within)
    return replace(split, limit=limit, limit_amount_fen=within, over_limit_fen=over)


def _prepaid(split: SplitLine, asked: _Asked, share: FactTable | Bands) -> SplitLine:
    if isinstance(share, Bands):
        limit_fen = split.limit.value if split.limit else None
        price_fen = split.charge.price_fen
        price_fen = min(price_fen, limit_fen) if isinstance(limit_fen, Fraction) else price_fen
        slices, ratio = _share_by_price(asked, share, price_fen)
        split = replace(split, decided_by=share.decided_by, slices=slices, share=ratio)
    else:
        answer = asked.answer(share, "pre-pay share")
        split = replace(split, answer=answer, share=_ratio(answer))
    return replace(split, pre_self_paid_fen=round_fen((split.amount_fen - split.over_limit_fen) * split.share))


def find_version(catalogue: Catalogue, line: FeeLine) -> tuple[Item, Version]:
    """The item of a line and its version in force on the day of the line. Raises LineError."""
    item = catalogue.items.get(line.item)
    if item is None:
        expected = say(
            "an item of the catalogue {catalogue} ({words})",
            catalogue=catalogue.id,
            words=Vocabulary().some(sorted(catalogue.items), _nearest(line.item, catalogue)),
        )
        raise LineError(line.name, "item", written(line.item), expected, _hint(line.item, catalogue))
    version = item.version(line.day)
    if version is None:
        found = say(
            "{day}, a day on which no version of {code} ({title}) is in force",
            day=line.day,
            code=item.code,
            title=item.title,
        )
        known = listed(map(_times, item.versions))
        todo = say("{code} is in {catalogue} {times}.", code=item.code, catalogue=catalogue.id, times=known)
        raise LineError(line.name, "date", found, say("a day that the catalogue covers"), todo)
    return item, version


def _times(version: Version) -> Message:
    if version.end is None:
        return say("from {start}", start=version.start)
    return say("from {start} before {end}", start=version.start, end=version.end)


def _nearest(code: str, catalogue: Catalogue) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(code, catalogue.items, n=1, cutoff=0.75)), "")


def _hint(code: str, catalogue: Catalogue) -> Message:
    near = _nearest(code, catalogue)
    if not near:
        return NOTHING
    return say("Did you mean {code} ({title})?", code=quoted(near), title=catalogue.items[near].title)


@dataclass(frozen=True)
class _Asked:
    """The tables of an item, asked for one line: whatever they lack is an error of that line."""

    line: FeeLine
    item: Item
    declared: Mapping[str, Fact]
    facts: Facts
    catalogue: Catalogue

    @property
    def words(self) -> Vocabulary:
        """Made where something is wrong: it takes longer than to split a line."""
        return Vocabulary(self.catalogue.words)

    def answer(self, table: FactTable, key: str) -> Answer:
        try:
            answer = ask(table, self.declared, self.facts)
        except FactNeededError as error:
            found = say("the fact {fact}: {found}", fact=self.words.named(error.name), found=error.found)
            expected = say(
                "one of {words} (the {what} of {code} asks)",
                words=error.expected(self.words),
                what=self.words.word(key),
                code=self.item.code,
            )
            raise LineError(self.line.name, "", found, expected, say("Add it to the facts, or correct it.")) from None
        if isinstance(answer.value, NotKnown):
            raise self.gap(self.words.word(key), answer.value, answer.facts)
        return answer

    def gap(self, what: Message, value: NotKnown, facts: tuple[tuple[str, str | int], ...] = ()) -> LineError:
        why = say(": {why}", why=value.why) if value.why != Bilingual("", "") else NOTHING
        values = listed(self.words.word(str(fact)) for _, fact in facts)
        where = say(" for {values}", values=values) if facts else NOTHING
        found = say(
            "a {what} of {code} ({title}) that is not known{where} on {day}{why}",
            what=what,
            code=self.item.code,
            title=self.item.title,
            where=where,
            day=self.line.day,
            why=why,
        )
        todo = say("The line can be split once the catalogue states it.")
        return LineError(self.line.name, "", found, say("a {what} that the catalogue states", what=what), todo)


def _ratio(answer: Answer) -> Fraction:
    assert isinstance(answer.value, Fraction)
    return answer.value


def _share_by_price(asked: _Asked, bands: Bands, price_fen: Fraction) -> tuple[tuple[Slice, ...], Fraction]:
    """The bands that count for a unit price, and the share they come to. An edge belongs to the band below it."""
    slices: list[Slice] = []
    start = Fraction(0)
    for band in bands.bands:
        end = band.up_to_fen
        if isinstance(end, NotKnown):
            raise asked.gap(say("band above {price} yuan", price=price_text(start)), end)
        last = end is None or price_fen <= end
        if bands.decided_by == SLICES or last:
            width = (price_fen if end is None or last else end) - start
            slices.append(Slice(start, end, width, asked.answer(band.share, "pre-pay share")))
        if last:
            break
        assert end is not None
        start = end
    if bands.decided_by == SLICES:
        total = sum((piece.width_fen * _ratio(piece.answer) for piece in slices), Fraction(0))
        return tuple(slices), total / price_fen if price_fen else _ratio(slices[0].answer)
    return tuple(slices), _ratio(slices[0].answer)
