"""Fee lines: uploaded, split by the catalogue of the person's region, and given to the claim that settles them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from openyibao.catalogue import FeeLine as Charged
from openyibao.catalogue import LinesError, SplitLine, split_lines
from openyibao.catalogue.numbers import round_fen
from openyibao.policy.divisions import CLASS_C
from openyibao.policy.model import Bilingual, Policy
from openyibao.service.gateway.refusals import Refused
from openyibao.service.settlements.claims import day_of
from openyibao.service.settlements.law import Law
from openyibao.service.settlements.models import FeeLine
from openyibao.settlement import Claim
from openyibao.settlement.claim_facts import facts_on

PARTS = ("fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Parts:
    """The four parts of an amount, in fen."""

    fully_self_paid_fen: int = 0
    over_limit_fen: int = 0
    pre_self_paid_fen: int = 0
    in_scope_fen: int = 0

    @property
    def amount_fen(self) -> int:
        return self.fully_self_paid_fen + self.over_limit_fen + self.pre_self_paid_fen + self.in_scope_fen

    def minus(self, other: Parts) -> Parts:
        return Parts(*(getattr(self, f"{part}_fen") - getattr(other, f"{part}_fen") for part in PARTS))


def parts_of(split: SplitLine) -> Parts:
    return Parts(*(getattr(split, f"{part}_fen") for part in PARTS))


def charged(line: FeeLine) -> Charged:
    """A stored line as the catalogue takes it. Price in fen, exact."""
    return Charged(
        name=line.number,
        day=day_of(line.charged),
        count=Fraction(line.count),
        item=line.item_code,
        price_fen=Fraction(line.price) * 100,
        amount_fen=line.amount_fen,
        refund_of=line.data.get("refund_of"),
    )


def split(law: Law, policy: Policy, claim: Claim, lines: Sequence[Charged]) -> tuple[SplitLine, ...]:
    """The lines in their four parts, refunds taken off what they refund. Raises Refused with every wrong line."""
    try:
        found = split_lines(law.catalogue, lines, facts_on(policy, claim))
    except LinesError as error:
        raise Refused("wrong lines", problems=_problems(error)) from None
    return tuple(_as_stated(one) if one.charge.refunds else one for one in found)


def _as_stated(split: SplitLine) -> SplitLine:
    """A line with refunds, its amount that of the line less those of its refunds, each rounded by itself.

    The interface has it so (each line states its own count x price), where the catalogue's own rule rounds what is
    left once. They differ by fen where prices are finer than a fen; what is left may then be less than nothing.
    """
    price = split.charge.price_fen
    amount = round_fen(split.charge.line.count * price)
    amount -= sum(round_fen(-refund.count * price) for refund in split.charge.refunds)
    if amount == split.amount_fen:
        return split
    if split.version.item_class == CLASS_C:
        return replace(split, amount_fen=amount, fully_self_paid_fen=amount)
    over = max(0, amount - (amount if split.limit_amount_fen is None else split.limit_amount_fen))
    ahead = round_fen(max(0, amount - over) * split.share)
    return replace(split, amount_fen=amount, over_limit_fen=over, pre_self_paid_fen=ahead)


def split_new(
    law: Law, policy: Policy, claim: Claim, before: Iterable[FeeLine], new: Sequence[FeeLine]
) -> dict[str, tuple[Parts, SplitLine]]:
    """What each new line adds, by its number, and the split that says why. `before`: at least the lines that new ones
    refund, with their refunds so far, in order.

    A refund adds what is left of its line less what was there before it, so that the parts of all lines together are
    those of the lines as they remain; its amount is its own count times the price.
    """
    plain = [charged(line) for line in new if not line.data.get("refund_of")]
    splits = {one.charge.line.name: one for one in split(law, policy, claim, plain)} if plain else {}
    found = {name: (parts_of(one), one) for name, one in splits.items()}
    groups: dict[str, list[Charged]] = {}  # each line with its refunds: no split depends on another line
    for one in (*map(charged, before), *plain):
        groups.setdefault(one.refund_of or one.name, []).append(one)
    for line in new:
        refunded = line.data.get("refund_of")
        if refunded:
            group = groups.setdefault(refunded, [])
            if group and refunded not in splits:
                splits[refunded] = split(law, policy, claim, group)[0]
            group.append(charged(line))
            (after,) = split(law, policy, claim, group)
            found[line.number] = (parts_of(after).minus(parts_of(splits[refunded])), after)
            splits[refunded] = after
    return found


def with_parts(line: FeeLine, parts: Parts) -> FeeLine:
    """The line with its amount in four parts, not yet saved."""
    line.amount_fen = parts.amount_fen
    for part in PARTS:
        setattr(line, f"{part}_fen", getattr(parts, f"{part}_fen"))
    return line


def sums(lines: Iterable[FeeLine | SplitLine]) -> Parts:
    """What lines hold together, part by part."""
    lines = tuple(lines)
    return Parts(*(sum(getattr(line, f"{part}_fen") for line in lines) for part in PARTS))


def yuan(fen: int) -> Decimal:
    """Fen as yuan with two decimals, exact."""
    return Decimal(fen).scaleb(-2)


def fen_of(amount: Decimal | None, field: str) -> int | None:
    """Yuan as whole fen. Raises Refused for an amount finer than a fen."""
    if amount is None:
        return None
    fen = amount.scaleb(2)
    if fen != fen.to_integral_value():
        raise Refused("finer than a fen", field=field, found=str(amount))
    return int(fen)


def _problems(error: LinesError) -> Bilingual:
    shown = error.errors[:MOST_PROBLEMS]
    more = len(error.errors) - len(shown)
    zh = "；".join(f"明细{one.line}：{one.found.zh}，应为{one.expected.zh}。{one.todo.zh}" for one in shown)
    en = "; ".join(f"line {one.line}: found {one.found.en}, expected {one.expected.en}. {one.todo.en}" for one in shown)
    return Bilingual(zh + (f"；另有{more}处" if more else ""), en + (f"; and {more} more" if more else ""))
