"""Claims that gather what is still open of earlier ones: what each claim leaves for them, and what they find.

What a claim leaves is a use like any other, one for each part and quantity that layers of the service name, kept by
the benefit year or by the day of discharge. A gathering claim finds the sum of a window of them, and empties them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from openyibao.policy.claim_parts import Gathering, gathering_of, sub_parts
from openyibao.policy.gathering import named_parts
from openyibao.policy.model import Layer
from openyibao.policy.values import MAX_AMOUNT_FEN
from openyibao.settlement.claim import EMPTIED, MAX_USE_FEN, OPEN
from openyibao.settlement.ir import Clear, Fail, Gather, Note, ReadUse, Set, Slot, Statement, When, WriteUse
from openyibao.settlement.layer_plan import LayerPlan
from openyibao.settlement.lower_derived import where
from openyibao.settlement.lower_tables import basis_text
from openyibao.settlement.lowering import DISCHARGE_DAY, PERIOD_KEYS, Lowering

Quantity = tuple[str | None, str]
MONTH_OF_DAYS = 100
"""Days are numbered so that the same day of the month before is 100 less: see `lower_periods.period_number`."""


@dataclass(frozen=True)
class Found:
    """A sum that a gathering claim finds: its local, its slot, and what a claim leaves to it, as an expression."""

    local: str
    slot: int
    left: str


@dataclass
class GatherPlan:
    """Where the sums of a gathering stand in the program; a part has its `Found` by layer and part."""

    gathering: Gathering
    test: str
    total: str
    first: str
    last: str
    parts: dict[Quantity, Found] = field(default_factory=dict)
    quantities: dict[Quantity, Found] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)  # sums with quantities of gathering layers, as these see them


class GatheredQuantities(dict[Quantity, str]):
    """The quantities as layers of a gathering service see them: those of the gathered claims are sums."""

    def __init__(self, gatherer: Gatherer, ordinary: dict[Quantity, str]) -> None:
        super().__init__(ordinary)
        self._gatherer, self._ordinary = gatherer, dict(ordinary)

    def __setitem__(self, key: Quantity, local: str) -> None:
        self._ordinary.pop(key, None)
        super().__setitem__(key, local)

    def __getitem__(self, key: Quantity) -> str:
        if key not in self._ordinary:
            return super().__getitem__(key)
        return self._gatherer.quantity(key, self._ordinary[key])


class Gatherer:
    """One gathering of a policy, while its program is written."""

    def __init__(self, low: Lowering, gathering: Gathering) -> None:
        self.low = low
        total, first, last = (self._local(f"{gathering.service} / {what}") for what in ("gathered", "from", "to"))
        self.plan = GatherPlan(gathering, service_test(low, gathering), total, first, last)
        self.period = "year" if gathering.months is None else DISCHARGE_DAY
        self.quantities = GatheredQuantities(self, low.quantities)

    def _local(self, what: str) -> str:
        local = self.low.names(what)
        self.low.outputs.append(local)
        return local

    def _slot(self, label: str) -> int:
        return self.low.slot(Slot(f"{label}{OPEN}", self.period, PERIOD_KEYS[self.period]))

    def quantity(self, key: Quantity, left: str) -> str:
        """The local of the sum of a quantity over the gathered claims."""
        if key not in self.plan.quantities:
            label = f"{self.plan.gathering.service} / {key[0] or 'claim'} / {key[1]}"
            self.plan.quantities[key] = Found(self._local(f"{label} / gathered"), self._slot(label), left)
        return self.plan.quantities[key].local

    def parts(self, layer: Layer, plans: dict[str, LayerPlan], claim_left: dict[str, str]) -> None:
        """Every part of other claims that the layer names."""
        for term in layer.base:
            if term.layer is not None and gathering_of(self.low.policy, plans[term.layer].layer):
                continue  # a layer above that runs on the same claim
            for name, part in named_parts(term, self.low.policy.layers):
                for sub in sub_parts(self.low.policy, part) if name is None else (part,):
                    self._part(name, sub, claim_left[sub] if name is None else plans[name].left[sub])

    def _part(self, layer: str | None, part: str, left: str) -> None:
        if (layer, part) not in self.plan.parts:
            label = f"{self.plan.gathering.service} / {layer or 'claim'} / left in {part}"
            self.plan.parts[layer, part] = Found(self._local(f"{label} / gathered"), self._slot(label), left)

    def find(self) -> list[Statement]:
        """What the gathering claim finds, in the parts where its layers look for it."""
        low, plan = self.low, self.plan
        key = PERIOD_KEYS[self.period]
        months = plan.gathering.months
        span = ("1", "1") if months is None else (str(MONTH_OF_DAYS * months), "0")
        large = low.fault("gathered", what=plan.gathering.service)
        inside: list[Statement] = [
            Set(plan.first, f"{key} - {span[0]}"),
            Set(plan.last, f"{key} - {span[1]}"),
        ]
        everything = [*plan.parts.values(), *plan.quantities.values()]
        for found in everything:
            sum_ = low.names(f"{found.local} / sum")
            inside += [
                Gather(sum_, found.slot, plan.first, plan.last, mark_of(plan.gathering)),
                When(f"{sum_} > {MAX_AMOUNT_FEN}", (Fail(large),)),
                Set(found.local, sum_, bound=(0, MAX_AMOUNT_FEN)),
            ]
        total = " + ".join(found.local for found in plan.parts.values())
        inside.append(When(f"{total} > {MAX_AMOUNT_FEN}", (Fail(large),)))
        inside.append(Set(plan.total, total, bound=(0, MAX_AMOUNT_FEN)))
        inside += [Set(found.left, found.local, bound=(0, MAX_AMOUNT_FEN)) for found in plan.parts.values()]
        nothing = [plan.total, plan.first, plan.last, *(found.local for found in plan.parts.values())]
        return [
            Note(""),
            Note(f"what claims of {plan.gathering.service} gather"),
            Note(basis_text(low.policy, plan.gathering.basis)),
            *(Set(name, "0") for name in nothing),
            *(Set(found.local, found.left, "of any other claim its own") for found in plan.quantities.values()),
            When(plan.test, tuple(inside)),
        ]

    def leave(self) -> tuple[list[Statement], list[Statement]]:
        """What a claim leaves to be gathered: checks before anything is written, and what is written."""
        low, plan = self.low, self.plan
        tests = [service_test(low, one, "!=") for one in low.policy.gatherings]
        tests += [f"({where(low, plan.gathering.conditions)})"] if plan.gathering.conditions else []
        test = " and ".join(tests)
        read: list[Statement] = []
        write: list[Statement] = []
        clear: list[Statement] = []
        for found in (*plan.parts.values(), *plan.quantities.values()):
            after = low.names(f"{found.local} / after")
            full = low.fault("use", what=plan.gathering.service)
            read += [
                ReadUse(found.slot, after, quiet=True),
                Set(after, f"{after} + {found.left}"),
                When(f"{after} > {MAX_USE_FEN}", (Fail(full),)),
            ]
            write.append(WriteUse(found.slot, after))
            clear.append(Clear(found.slot, plan.first, plan.last, mark_of(plan.gathering)))
        return [When(test, tuple(read))], [When(test, tuple(write)), When(plan.test, tuple(clear))]


def mark_of(gathering: Gathering) -> str:
    """The group of uses that says which periods were emptied: who looks at them again depends on who emptied them."""
    return f"{gathering.service}{EMPTIED}"


def without_money(low: Lowering) -> list[Statement]:
    """A claim that gathers has no money of its own."""
    return [
        When(f"{service_test(low, one)} and total != 0", (Fail(low.fault("gathering money", what=one.service)),))
        for one in low.policy.gatherings
    ]


def gathers(low: Lowering) -> str:
    """The test that a claim gathers; empty where none does."""
    return " or ".join(service_test(low, one) for one in low.policy.gatherings)


def service_test(low: Lowering, gathering: Gathering, sign: str = "==") -> str:
    """The test that a claim is of the service of a gathering (with `!=`: is not)."""
    return f"{low.fact_name('service')} {sign} {low.facts['service'].values.index(gathering.service)}"
