"""Fee lines, and what is wrong with them: refunds refer to an earlier line and take back no more than it has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from openyibao.catalogue.numbers import SCALE, decimal, price_text, round_fen
from openyibao.policy.messages import NOTHING, Message, quoted, say
from openyibao.policy.reading import dated, written
from openyibao.policy.values import MAX_AMOUNT_FEN, yuan

PRICE_SCALE = 10**6
"""The national interface states unit prices with six decimals; claim files with four."""


@dataclass(frozen=True)
class FeeLine:
    """One charged item: `count` units at `price_fen` each, with at most four decimals of a unit and six of a yuan.

    `amount_fen` is what the line itself states, if so.

    A refund has a negative count and names the line of which it takes back in `refund_of`; what it leaves out (item,
    price) is that of the line. `name` is unique among the lines of a claim.
    """

    name: str
    day: date
    count: Fraction
    item: str = ""
    price_fen: Fraction | None = None
    amount_fen: int | None = None
    refund_of: str | None = None


class LineError(Exception):
    """A fee line that cannot be split. `key` is the key of the line that is wrong, or empty."""

    def __init__(self, line: str, key: str, found: Message, expected: Message, todo: Message = NOTHING) -> None:
        self.line, self.key, self.found, self.expected, self.todo = line, key, found, expected, todo
        super().__init__(f"line {line}: found {found.en}; expected {expected.en}.{f' {todo.en}' if todo else ''}")


class LinesError(Exception):
    """Everything that is wrong with the lines of a claim."""

    def __init__(self, errors: Iterable[LineError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


@dataclass(frozen=True)
class Charge:
    """A line with its refunds: `count` is what remains."""

    line: FeeLine
    refunds: tuple[FeeLine, ...]
    count: Fraction

    @property
    def price_fen(self) -> Fraction:
        assert self.line.price_fen is not None
        return self.line.price_fen


def net(lines: Iterable[FeeLine]) -> tuple[list[Charge], list[LineError]]:
    """The charges of a claim: lines with their refunds taken off, in the order of the lines; and what is wrong."""
    charges: dict[str, FeeLine] = {}
    refunds: dict[str, list[FeeLine]] = {}
    names: set[str] = set()
    errors: list[LineError] = []
    for line in lines:
        if _finer(line.count):
            expected = say("a count with at most four decimals")
            errors.append(LineError(line.name, "count", say("a count of {count}", count=line.count), expected))
        elif line.name in names:
            twice = say("the line {line} a second time", line=quoted(line.name))
            errors.append(LineError(line.name, "line number", twice, say("every line under its own name")))
        elif line.refund_of is None:
            errors += _check_line(line)
            charges[line.name] = line
        else:
            refunded = charges.get(line.refund_of)
            found = _check_refund(line, refunded, refunds.get(line.refund_of, []))
            errors += found
            if not found:
                refunds.setdefault(line.refund_of, []).append(line)
        names.add(line.name)
    return [
        Charge(line, tuple(refunds.get(name, ())), line.count + sum(refund.count for refund in refunds.get(name, ())))
        for name, line in charges.items()
    ], errors


def _check_line(line: FeeLine) -> list[LineError]:
    if line.count < 0:
        todo = say("Say of which line it takes back, with `refund of`.")
        return [
            LineError(
                line.name, "count", say("a count of {count}", count=decimal(line.count)), say("a count above 0"), todo
            )
        ]
    if line.count == 0:
        return [LineError(line.name, "count", say("a count of 0"), say("a count above 0"), say("Leave the line out."))]
    if line.price_fen is None or line.price_fen < 0 or _finer(line.price_fen / 100, PRICE_SCALE):
        expected = say("a unit price that is not negative, with at most six decimals of a yuan")
        return [LineError(line.name, "price", say("the price {price} in fen", price=line.price_fen), expected)]
    return _check_amount(line, line.price_fen)


def _finer(number: Fraction, scale: int = SCALE) -> bool:
    """Whether a count, or a price in yuan, has more decimals than a line may have."""
    return (number * scale).denominator != 1


def _check_refund(line: FeeLine, refunded: FeeLine | None, before: list[FeeLine]) -> list[LineError]:
    if refunded is None:
        found, expected = (
            written(line.refund_of or ""),
            say("the name or number of a line that stands above and is no refund"),
        )
        return [LineError(line.name, "refund of", found, expected)]
    if line.count >= 0:
        todo = say("Without `refund of` the line is a charge.")
        found = say("a count of {count} beside `refund of`", count=decimal(line.count))
        return [LineError(line.name, "count", found, say("a negative count"), todo)]
    errors = []
    if line.item and line.item != refunded.item:
        found, expected = (
            written(line.item),
            say("the item of line {line}, {item}", line=refunded.name, item=quoted(refunded.item)),
        )
        errors.append(LineError(line.name, "item", found, expected, say("It may be left out.")))
    if line.price_fen is not None and line.price_fen != refunded.price_fen:
        assert refunded.price_fen is not None
        found = say("{amount} yuan", amount=price_text(line.price_fen))
        expected = say(
            "the price of line {line}, {price} yuan",
            line=refunded.name,
            price=price_text(refunded.price_fen),
        )
        errors.append(LineError(line.name, "price", found, expected, say("It may be left out.")))
    if line.day < refunded.day:
        expected = say("a day not before that of line {line} ({day})", line=refunded.name, day=refunded.day)
        errors.append(LineError(line.name, "date", dated(line.day), expected))
    left = refunded.count + sum(refund.count for refund in before)
    if -line.count > left:
        found = say("a refund of {count}", count=decimal(-line.count))
        errors.append(
            LineError(
                line.name,
                "count",
                found,
                say("at most {left}, what line {line} has left", left=decimal(left), line=refunded.name),
            )
        )
    if errors or refunded.price_fen is None:
        return errors
    return _check_amount(line, refunded.price_fen)


def _check_amount(line: FeeLine, price_fen: Fraction) -> list[LineError]:
    """The amount that a line states is its own count times the price; that of a refund has the sign of its count."""
    amount = round_fen(abs(line.count) * price_fen)
    if amount > MAX_AMOUNT_FEN:
        found = say("{count} x {price} yuan", count=decimal(abs(line.count)), price=price_text(price_fen))
        return [LineError(line.name, "", found, say("at most {most} yuan", most=yuan(MAX_AMOUNT_FEN)))]
    signed = -amount if line.count < 0 else amount
    if line.amount_fen is None or line.amount_fen == signed:
        return []
    expected = say(
        "{amount} yuan, that is {count} x {price}, rounded half-up to the fen",
        amount=yuan(signed),
        count=decimal(line.count),
        price=price_text(price_fen),
    )
    return [LineError(line.name, "line amount", say("{amount} yuan", amount=yuan(line.amount_fen)), expected)]
