"""A policy as a program: all layers in order, the final check, and what has to be kept for the next claim."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from openyibao.policy.claim_parts import gathering_of
from openyibao.policy.model import Layer, Policy
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.policy.vocabulary import Vocabulary
from openyibao.policy.worked_out import Sum
from openyibao.settlement.ir import Fail, Note, Program, Set, Statement, When
from openyibao.settlement.layer_plan import LayerPlan
from openyibao.settlement.lower import lower
from openyibao.settlement.lower_derived import sums
from openyibao.settlement.lower_gathering import Gatherer, GatherPlan
from openyibao.settlement.lower_layer import LayerBuilder
from openyibao.settlement.lower_parts import claim_parts
from openyibao.settlement.lowering import CLAIM_PARTS, Lowering


@dataclass(frozen=True)
class Plan:
    """A program with the table that leads from its locals back to the policy."""

    policy: Policy
    program: Program
    low: Lowering
    layers: tuple[LayerPlan, ...]
    claim_left: dict[str, str]
    gathers: tuple[GatherPlan, ...]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the policy in both languages, for all its bills."""
        return Vocabulary(self.policy.words)

    def gather_of(self, layer: Layer) -> GatherPlan | None:
        """Where the sums stand that a layer finds on claims that gather; None for other layers."""
        mine = gathering_of(self.policy, layer)
        return next((plan for plan in self.gathers if plan.gathering is mine), None)


def plan_policy(policy: Policy) -> Plan:
    """The program of a policy. Raises ValueError where two quantities would have one name."""
    writer = _Writer(policy)
    low, program = lower(policy, writer.layers)
    if len(set(program.outputs)) != len(program.outputs):  # names that only a policy's own words can make clash
        twice = sorted({name for name in program.outputs if program.outputs.count(name) > 1})
        raise ValueError(f"policy {policy.id}: {', '.join(twice)} would stand for two quantities; rename a layer")
    gathers = tuple(gatherer.plan for gatherer in writer.gatherers.values())
    return Plan(policy, program, low, tuple(writer.plans.values()), writer.claim_left, gathers)


class _Writer:
    """Writes the statements of all layers, one after the other."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.plans: dict[str, LayerPlan] = {}
        self.claim_left: dict[str, str] = {}
        self.gatherers: dict[str, Gatherer] = {}
        self.commits: list[Statement] = []
        self.waiting = list(policy.quantities)

    def layers(self, low: Lowering) -> list[Statement]:
        """All statements between the checks of the claim and the end."""
        out: list[Statement] = [Note("the parts of the claim that nobody has taken yet")]
        for part, local in claim_parts(low).items():
            self.claim_left[part] = f"{local}_left" if part in CLAIM_PARTS else low.names(f"{part} / left")
            out.append(Set(self.claim_left[part], local, bound=(0, MAX_AMOUNT_FEN)))
        low.outputs += self.claim_left.values()
        ordinary = [layer for layer in self.policy.layers if not gathering_of(self.policy, layer)]
        for layer in ordinary:
            out += self._layer(low, layer, self.waiting)
        out += sums(low, self.waiting)
        checks, writes = self._gathering(low, out)
        end = Note("what the next claim will find")
        return [*out, *self._final_check(low), *checks, end, *self.commits, *writes, *low.last]

    def _layer(self, low: Lowering, layer: Layer, waiting: list[Sum], seen_by: str = "") -> list[Statement]:
        out = sums(low, waiting, seen_by)
        builder = LayerBuilder(low, layer, self.plans, self.claim_left)
        out += builder.build()
        self.commits += builder.commits
        return out

    def _gathering(self, low: Lowering, out: list[Statement]) -> tuple[list[Statement], list[Statement]]:
        """The layers on claims that gather; what all other claims leave to them: checked, and written."""
        served = [gathering_of(self.policy, layer) for layer in self.policy.layers]
        plain = low.quantities
        self.gatherers = {one.service: Gatherer(low, one) for one in self.policy.gatherings if one in served}
        waiting = {service: list(self.waiting) for service in self.gatherers}
        body: list[Statement] = []
        for layer in self.policy.layers:
            gathering = gathering_of(self.policy, layer)
            if gathering is None:
                continue
            gatherer, mine = self.gatherers[gathering.service], waiting[gathering.service]
            low.quantities = gatherer.quantities
            gatherer.parts(layer, self.plans, self.claim_left)
            body += self._layer(low, layer, mine, gathering.service)
            found = {key: local for key, local in gatherer.quantities.items() if key[0] == layer.name}
            for other in (plain, *(one.quantities for one in self.gatherers.values())):
                other |= {key: local for key, local in found.items() if key not in other}
        for service, gatherer in self.gatherers.items():
            low.quantities = gatherer.quantities
            body += sums(low, waiting[service], service)
            gatherer.plan.sums |= {
                one.name: gatherer.quantities[None, one.name] for one in self.waiting if not one.is_own
            }
            plain |= {(None, name): local for name, local in gatherer.plan.sums.items() if (None, name) not in plain}
        low.quantities = plain
        checks: list[Statement] = []
        writes: list[Statement] = []
        for gatherer in self.gatherers.values():
            out += gatherer.find()
            read, write = gatherer.leave()
            checks += read
            writes += write
        out += body
        return checks, writes

    def _final_check(self, low: Lowering) -> list[Statement]:
        open_parts = [left for plan in self.plans.values() for left in plan.left.values()]
        paid = [plan.paid for plan in self.plans.values()]
        low.outputs += ["paid", "personal"]
        number = low.fault("conservation")
        everything = [*self.claim_left.values(), *open_parts]
        gathered = "".join(f" - {gatherer.plan.total}" for gatherer in self.gatherers.values())
        return [
            Note(""),
            Note("every fen is in exactly one place" + ", what was gathered no longer in its claims" * bool(gathered)),
            Set("paid", " + ".join(paid) or "0"),
            Set("personal", " + ".join(everything) + gathered),
            When("paid + personal != total or " + " or ".join(f"{name} < 0" for name in everything), (Fail(number),)),
        ]
