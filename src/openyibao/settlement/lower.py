"""From a policy to the intermediate form: the layers of `docs/benefit-layers.md`, statement by statement."""

from __future__ import annotations

from collections.abc import Callable

from openyibao.policy.model import Fact, Policy
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.settlement.ir import Fail, Known, Note, Program, Statement, When
from openyibao.settlement.lower_amounts import named_amounts
from openyibao.settlement.lower_gathering import gathers, without_money
from openyibao.settlement.lower_parts import claim_parts, divided
from openyibao.settlement.lower_periods import admission_number, periods
from openyibao.settlement.lowering import (
    CLAIM_PARTS,
    FIRST_DAY,
    LAST_DAY,
    MONEY_INPUTS,
    UNKNOWN,
    UNKNOWN_MONEY,
    Lowering,
)

DAYS = {"enrolment": (-1, LAST_DAY), "admission": (0, LAST_DAY), "discharge": (0, LAST_DAY)}


def lower(policy: Policy, plan_layers: Callable[[Lowering], list[Statement]]) -> tuple[Lowering, Program]:
    """The program of a policy. `plan_layers` appends the statements of each layer."""
    low = Lowering(policy)
    low.derived = {one.name: one for one in policy.derived}
    low.facts = {fact.name: fact for fact in (*policy.facts, *(one.fact for one in policy.derived))}
    low.quantities[None, "total cost"] = "total"
    low.quantities |= {(None, part): name for part, name in CLAIM_PARTS.items()}
    stated = [fact for fact in policy.facts if fact.kind != "admission number"]
    fact_names = tuple(low.fact_name(fact.name) for fact in stated)
    checks = [*_check_claim(low), *without_money(low), *divided(low, gathers(low))]
    low.quantities |= {(None, name): local for name, local in claim_parts(low).items()}
    number, keep = admission_number(low)
    body = [*number, *named_amounts(low), *plan_layers(low), *keep]
    statements = (*checks, *periods(low), *low.first, *body)
    texts = [name for name in ("episode", "stay") if any(name in slot.place for slot in low.slots)]
    by_name = {low.fact_name(fact.name): fact for fact in policy.facts}
    return low, Program(
        inputs=("rule_date", "year_date", *low.inputs, *MONEY_INPUTS, *fact_names),
        statements=statements,
        outputs=tuple(low.outputs),
        slots=tuple(low.slots),
        faults=tuple(low.faults),
        parameters=tuple(low.parameters),
        spans={name: _span(fact) for name, fact in by_name.items()}
        | {"enrolment": (-1, LAST_DAY), "admission": (0, LAST_DAY), "discharge": (0, LAST_DAY)},
        texts=tuple(texts),
        sizes={name: _size(by_name[name]) if name in by_name else None for name in low.per_facts},
        keyed=tuple(name for name in low.per_facts if name in by_name and by_name[name].kind in ("words", "any")),
    )


def _span(fact: Fact) -> tuple[int, int]:
    """The numbers that stand for the values of a fact, and for a missing or unknown one."""
    if fact.kind in ("money", "signed money"):
        return UNKNOWN_MONEY, MAX_AMOUNT_FEN
    if fact.kind == "any":
        return UNKNOWN, MAX_AMOUNT_FEN
    return UNKNOWN, fact.range.high or 0 if fact.range else len(fact.values)


def _size(fact: Fact) -> int | None:
    """How many numbers stand for values of a fact; None where that depends on the claims."""
    if fact.kind == "any":
        return None
    return (fact.range.high or 0) + 1 if fact.range else len(fact.values)


def _day(value: object) -> int:
    return int(str(value).replace("-", ""))


def _check_claim(low: Lowering) -> list[Statement]:
    parts = tuple(CLAIM_PARTS.values())
    start, end = _day(low.policy.start), _day(low.policy.end)
    return [
        Note(f"in force: {low.policy.rule_date} from {low.policy.start} and before {low.policy.end}"),
        When(f"rule_date < {start} or rule_date >= {end}", (Fail(low.fault("date")),)),
        Known("rule_date", (start, end)),
        When(f"year_date < {FIRST_DAY} or year_date > {LAST_DAY}", (Fail(low.fault("day")),)),
        Known("year_date", (FIRST_DAY, LAST_DAY)),
        Note("the claim: four parts, none negative, adding up to the total (fen)"),
        When(" or ".join(f"{part} < 0" for part in parts), (Fail(low.fault("negative")),)),
        When(" or ".join(f"{part} > {MAX_AMOUNT_FEN}" for part in parts), (Fail(low.fault("large")),)),
        *(Known(part, (0, MAX_AMOUNT_FEN)) for part in parts),
        When(f"{' + '.join(parts)} != total", (Fail(low.fault("sum")),)),
        When(f"total > {MAX_AMOUNT_FEN}", (Fail(low.fault("large")),)),
        Known("total", (0, MAX_AMOUNT_FEN)),
    ]
