"""The parts of the claim as the layers find them: the four, or the sub-parts that a policy divides them into."""

from __future__ import annotations

from openyibao.policy.model import Policy
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.settlement.ir import Fail, Known, Note, Set, Statement, When
from openyibao.settlement.lowering import CLAIM_PARTS, MISSING_MONEY, Lowering


def part_codes(policy: Policy) -> dict[str, str]:
    """How bills name the parts of a claim: `in_scope`, and a sub-part as `in_scope.class A cost`."""
    subs = {name: f"{CLAIM_PARTS[one.part]}.{name}" for one in policy.divisions for name in one.names}
    return CLAIM_PARTS | subs


def claim_parts(low: Lowering) -> dict[str, str]:
    """What the layers find at first: each part that is not divided, each sub-part of one that is; with its local."""
    found: dict[str, str] = {}
    for part, local in CLAIM_PARTS.items():
        subs = low.policy.sub_parts(part)
        found |= {part: local} if subs == (part,) else {name: low.fact_name(name) for name in subs}
    return found


def divided(low: Lowering, gathers: str) -> list[Statement]:
    """The sub-parts that a claim states add up to their part. A claim that gathers need not state them."""
    out: list[Statement] = []
    for division in low.policy.divisions:
        names = [low.fact_name(name) for name in division.names]
        out.append(Note(f"{division.part}, divided"))
        if gathers:
            out += [When(f"({gathers}) and {name} == {MISSING_MONEY}", (Set(name, "0"),)) for name in names]
        for fact, name in zip(division.names, names, strict=True):
            low.known_facts.add(fact)
            number = low.fault("sub-part", what=division.part, fact=fact)
            out += [When(f"{name} < 0", (Fail(number),)), Known(name, (0, MAX_AMOUNT_FEN))]
        number = low.fault("division", what=division.part)
        out.append(When(f"{' + '.join(names)} != {CLAIM_PARTS[division.part]}", (Fail(number),)))
    return out
