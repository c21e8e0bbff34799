"""Fee lines, and what is wrong with them: refunds refer to an earlier line and take back no more than it has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from openyibao.catalogue.numbers import SCALE, decimal, price_text, round_fen
from openyibao.policy.values import MAX_AMOUNT_FEN, yuan


@dataclass(frozen=True)
class FeeLine:
    """One charged item: `count` units at `price_fen` each, with at most four decimals of a unit and of a yuan.

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

    def __init__(self, line: str, key: str, found: str, expected: str, todo: str = "") -> None:
        self.line, self.key, self.found, self.expected, self.todo = line, key, found, expected, todo
        super().__init__(f"line {line}: found {found}; expected {expected}.{f' {todo}' if todo else ''}")


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
            expected = "a count with at most four decimals"
            errors.append(LineError(line.name, "count", f"a count of {line.count}", expected))
        elif line.name in names:
            twice = f"the line {line.name!r} a second time"
            errors.append(LineError(line.name, "line number", twice, "every line under its own name"))
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
        todo = "Say of which line it takes back, with `refund of`."
        return [LineError(line.name, "count", f"a count of {decimal(line.count)}", "a count above 0", todo)]
    if line.count == 0:
        return [LineError(line.name, "count", "a count of 0", "a count above 0", "Leave the line out.")]
    if line.price_fen is None or line.price_fen < 0 or _finer(line.price_fen / 100):
        expected = "a unit price that is not negative, with at most four decimals of a yuan"
        return [LineError(line.name, "price", f"the price {line.price_fen} in fen", expected)]
    return _check_amount(line, line.price_fen)


def _finer(number: Fraction) -> bool:
    """Whether a count, or a price in yuan, has more decimals than a line may have."""
    return (number * SCALE).denominator != 1


def _check_refund(line: FeeLine, refunded: FeeLine | None, before: list[FeeLine]) -> list[LineError]:
    if refunded is None:
        found, expected = f"{line.refund_of!r}", "the name or number of a line that stands above and is no refund"
        return [LineError(line.name, "refund of", found, expected)]
    if line.count >= 0:
        todo = "Without `refund of` the line is a charge."
        found = f"a count of {decimal(line.count)} beside `refund of`"
        return [LineError(line.name, "count", found, "a negative count", todo)]
    errors = []
    if line.item and line.item != refunded.item:
        found, expected = repr(line.item), f"the item of line {refunded.name}, {refunded.item!r}"
        errors.append(LineError(line.name, "item", found, expected, "It may be left out."))
    if line.price_fen is not None and line.price_fen != refunded.price_fen:
        assert refunded.price_fen is not None
        found = f"{price_text(line.price_fen)} yuan"
        expected = f"the price of line {refunded.name}, {price_text(refunded.price_fen)} yuan"
        errors.append(LineError(line.name, "price", found, expected, "It may be left out."))
    if line.day < refunded.day:
        expected = f"a day not before that of line {refunded.name} ({refunded.day})"
        errors.append(LineError(line.name, "date", str(line.day), expected))
    left = refunded.count + sum(refund.count for refund in before)
    if -line.count > left:
        found = f"a refund of {decimal(-line.count)}"
        errors.append(
            LineError(line.name, "count", found, f"at most {decimal(left)}, what line {refunded.name} has left")
        )
    if errors or refunded.price_fen is None:
        return errors
    return _check_amount(line, refunded.price_fen)


def _check_amount(line: FeeLine, price_fen: Fraction) -> list[LineError]:
    """The amount that a line states is its own count times the price; that of a refund has the sign of its count."""
    amount = round_fen(abs(line.count) * price_fen)
    if amount > MAX_AMOUNT_FEN:
        found = f"{decimal(abs(line.count))} x {price_text(price_fen)} yuan"
        return [LineError(line.name, "", found, f"at most {yuan(MAX_AMOUNT_FEN)} yuan")]
    signed = -amount if line.count < 0 else amount
    if line.amount_fen is None or line.amount_fen == signed:
        return []
    expected = (
        f"{yuan(signed)} yuan, that is {decimal(line.count)} x {price_text(price_fen)}, rounded half-up to the fen"
    )
    return [LineError(line.name, "line amount", f"{yuan(line.amount_fen)} yuan", expected)]
