"""The sub-parts of a claim with fee lines: each line's money goes to the first whose conditions it meets."""

from __future__ import annotations

from collections.abc import Iterable

from openyibao.catalogue import SplitLine
from openyibao.policy.claim_parts import Division
from openyibao.policy.divisions import CLASS, DAYS_BEFORE, ITEM, KIND
from openyibao.policy.messages import NOTHING, Message, quoted, say, verbatim
from openyibao.policy.model import Condition, Policy, Words
from openyibao.policy.values import yuan
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement.claim import Claim
from openyibao.settlement.lowering import CLAIM_PARTS


class StayError(Exception):
    """The lines of a stay do not say how it is settled: of which benefit year it is, of which sub-part a line."""

    def __init__(self, found: Message, expected: Message, todo: Message = NOTHING) -> None:
        self.found, self.expected, self.todo = found, expected, todo
        super().__init__(f"{found.en}; expected {expected.en}")


def sub_parts(policy: Policy, claim: Claim, lines: Iterable[SplitLine]) -> dict[str, int]:
    """The sub-parts that a policy tells apart by fee lines, in fen by name. Raises StayError."""
    found: dict[str, int] = {}
    lines = tuple(lines)
    for division in policy.divisions:
        if any(one.lines is None for one in division.into):
            continue  # claims state them
        stated = [name for name in division.names if name in claim.facts]
        if stated:
            words = Vocabulary(policy.words)
            what = say("{name} among `facts`, beside `lines`", name=words.named(stated[0]))
            raise StayError(what, say("what the lines add up to only"), say("Remove it."))
        found |= dict.fromkeys(division.names, 0)
        for line in lines:
            if fen := _fen(line, division):
                found[_belongs(policy, division, claim, line)] += fen
    return found


def _fen(line: SplitLine, division: Division) -> int:
    """What a line has in a divided part."""
    fen: int = getattr(line, f"{CLAIM_PARTS[division.part]}_fen")
    return fen


def _belongs(policy: Policy, division: Division, claim: Claim, line: SplitLine) -> str:
    for one in division.into:
        if all(_holds(condition, claim, line) for condition in one.lines or ()):
            return one.name
    words = Vocabulary(policy.words)
    found = say(
        "line {line} ({item}), of which {fen} yuan of {part} belong to no sub-part",
        line=verbatim(line.charge.line.name),
        item=quoted(line.item.code),
        fen=yuan(_fen(line, division)),
        part=words.named(division.part),
    )
    expected = say("a line of one of {words}", words=words.some(division.names))
    raise StayError(found, expected, say("See `divided parts` of the policy."))


def _holds(condition: Condition, claim: Claim, line: SplitLine) -> bool:
    """Whether a line meets a condition."""
    asked: dict[str, str | int] = {
        CLASS: str(line.version.item_class),
        KIND: line.item.kind,
        ITEM: line.item.code,
        DAYS_BEFORE: max(0, (claim.admission - line.day).days),
    }
    value, key = asked[condition.fact], condition.key
    if isinstance(key, Words):
        return value in key.values
    assert isinstance(value, int)
    return (key.low is None or value >= key.low) and (key.high is None or value <= key.high)
