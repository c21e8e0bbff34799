"""A policy as a program: all layers in order, the final check, and what has to be kept for the next claim."""

from __future__ import annotations

from dataclasses import dataclass

from openyibao.policy.model import Policy
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.settlement.ir import Fail, Note, Program, Set, Statement, When
from openyibao.settlement.layer_plan import LayerPlan
from openyibao.settlement.lower import lower
from openyibao.settlement.lower_derived import sums
from openyibao.settlement.lower_layer import LayerBuilder
from openyibao.settlement.lowering import CLAIM_PARTS, Lowering


@dataclass(frozen=True)
class Plan:
    """A program with the table that leads from its locals back to the policy."""

    policy: Policy
    program: Program
    low: Lowering
    layers: tuple[LayerPlan, ...]
    claim_left: dict[str, str]


def plan_policy(policy: Policy) -> Plan:
    """The program of a policy. Raises ValueError where two quantities would have one name."""
    plans: dict[str, LayerPlan] = {}
    claim_left = {part: f"{name}_left" for part, name in CLAIM_PARTS.items()}

    def all_layers(low: Lowering) -> list[Statement]:
        out: list[Statement] = [Note("the parts of the claim that nobody has taken yet")]
        out += [Set(left, CLAIM_PARTS[part], bound=(0, MAX_AMOUNT_FEN)) for part, left in claim_left.items()]
        low.outputs += claim_left.values()
        commits: list[Statement] = []
        waiting = list(policy.quantities)
        for layer in policy.layers:
            out += sums(low, waiting)
            builder = LayerBuilder(low, layer, plans, claim_left)
            out += builder.build()
            commits += builder.commits
        out += sums(low, waiting)
        return [*out, *_final_check(low, plans, claim_left), Note("what the next claim will find"), *commits, *low.last]

    low, program = lower(policy, all_layers)
    if len(set(program.outputs)) != len(program.outputs):  # names that only a policy's own words can make clash
        twice = sorted({name for name in program.outputs if program.outputs.count(name) > 1})
        raise ValueError(f"policy {policy.id}: {', '.join(twice)} would stand for two quantities; rename a layer")
    return Plan(policy, program, low, tuple(plans.values()), claim_left)


def _final_check(low: Lowering, plans: dict[str, LayerPlan], claim_left: dict[str, str]) -> list[Statement]:
    open_parts = [left for plan in plans.values() for left in plan.left.values()]
    paid = [plan.paid for plan in plans.values()]
    low.outputs += ["paid", "personal"]
    number = low.fault("conservation")
    everything = [*claim_left.values(), *open_parts]
    return [
        Note(""),
        Note("every fen is in exactly one place"),
        Set("paid", " + ".join(paid) or "0"),
        Set("personal", " + ".join(everything)),
        When("paid + personal != total or " + " or ".join(f"{name} < 0" for name in everything), (Fail(number),)),
    ]
