"""The fee lines of a claim file: read, split by the catalogue, every problem with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from openyibao.catalogue import Catalogue, FeeLine, LinesError, SplitLine, split_lines
from openyibao.catalogue.numbers import DECIMALS, parse_count
from openyibao.catalogue.tables import read_price
from openyibao.policy.messages import NOTHING, quoted, say
from openyibao.policy.model import Policy
from openyibao.policy.nodes import Mapping, Node, Text
from openyibao.policy.problems import Place
from openyibao.policy.reading import Fields, Reading, dated, describe, join
from openyibao.policy.values import FULL_WIDTH, MAX_AMOUNT_FEN, parse_fen, yuan
from openyibao.settlement.claim import Claim
from openyibao.settlement.claim_facts import facts_on

CHARGE_KEYS = ("date", "item", "count", "price")
REFUND_KEYS = ("date", "count", "refund of")
KEYS = ("date", "item", "count", "price", "line number", "line amount", "refund of")


@dataclass
class Lines:
    """The fee lines of a claim, each with where it stands; and the names of those that could not be read."""

    read: list[tuple[FeeLine, Node, Fields, str]] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def read_lines(reading: Reading, node: Node, path: str, discharge: date) -> Lines:
    """The lines as they stand; one that cannot be read is left out, and its problems told."""
    lines = Lines()
    names: set[str] = set()
    for number, item in enumerate(reading.items(node, path, say("fee lines (date, item, count, price)")), 1):
        told = len(reading.problems)
        where = f"{path}[{number}]"
        refund = isinstance(item, Mapping) and any(reading.english(key.value) == "refund of" for key, _ in item)
        required = REFUND_KEYS if refund else CHARGE_KEYS
        fields = reading.fields(item, where, required, [key for key in KEYS if key not in required])
        line = _read_line(reading, fields, where, number)
        if line.name in names:
            place = fields["line number"][1].place if "line number" in fields else item.place
            found = say("the line {line} a second time", line=quoted(line.name))
            reading.problem(place, join(where, "line number"), found, say("every line under its own name or number"))
        names.add(line.name)
        if "date" in fields and line.day > discharge:
            expected = say("a day not after discharge ({discharge})", discharge=discharge)
            reading.problem(fields["date"][1].place, join(where, "date"), dated(line.day), expected)
        if len(reading.problems) == told:
            lines.read.append((line, item, fields, where))
        else:
            lines.unread.add(line.name)
    return lines


def _read_line(reading: Reading, fields: Fields, path: str, number: int) -> FeeLine:
    def text(key: str) -> str:
        return reading.text(fields[key][1], join(path, key)) if key in fields else ""

    def amount(key: str) -> int | None:
        return _read_amount(reading, fields[key][1], join(path, key)) if key in fields else None

    return FeeLine(
        name=text("line number") or str(number),
        day=reading.date(fields["date"][1], join(path, "date")) if "date" in fields else date.min,
        count=_read_count(reading, fields["count"][1], join(path, "count")) if "count" in fields else Fraction(0),
        item=text("item"),
        price_fen=read_price(reading, fields["price"][1], join(path, "price")) if "price" in fields else None,
        amount_fen=amount("line amount"),
        refund_of=text("refund of") or None,
    )


def _read_count(reading: Reading, node: Node, path: str) -> Fraction:
    count = parse_count(node.value) if isinstance(node, Text) else None
    if count is None:
        text = node.value if isinstance(node, Text) else ""
        whole, _, decimals = text.removeprefix("-").partition(".")
        fine = whole.isdecimal() and decimals.isdecimal() and len(decimals) > DECIMALS
        todo = say("A count has at most four decimals.") if fine else NOTHING
        reading.problem(node.place, path, describe(node), say("a count such as 2 or 0.5 (a refund: -2)"), todo)
    return count or Fraction(0)


def _read_amount(reading: Reading, node: Node, path: str) -> int | None:
    """The amount that a line states: yuan to the fen, negative for a refund."""
    text = node.value.translate(FULL_WIDTH) if isinstance(node, Text) else ""
    fen = parse_fen(text.removeprefix("-"))
    if fen is None or fen > MAX_AMOUNT_FEN:
        expected = say("an amount in yuan such as 54.55, at most {most}", most=yuan(MAX_AMOUNT_FEN))
        reading.problem(node.place, path, describe(node), expected)
        return None
    return -fen if text.startswith("-") else fen


def split_claim(
    reading: Reading, lines: Lines, catalogue: Catalogue, policy: Policy, claim: Claim
) -> tuple[SplitLine, ...]:
    """The lines split by the catalogue, whose tables may ask the facts as they hold on the day of a line.

    What is wrong is told with its place; then no line comes back.
    """
    read = {line.name: (node, fields, path) for line, node, fields, path in lines.read}
    known = [line for line, *_ in lines.read if line.refund_of not in lines.unread]
    try:
        return split_lines(catalogue, known, facts_on(policy, claim))
    except LinesError as error:
        for wrong in error.errors:
            node, fields, path = read[wrong.line]
            place: Place = fields[wrong.key][1].place if wrong.key in fields else node.place
            where = join(path, wrong.key) if wrong.key else path
            reading.problem(place, where, wrong.found, wrong.expected, wrong.todo)
        return ()
