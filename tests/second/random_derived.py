"""Random policies with sums of quantities and with facts that are worked out, beside all that the others have."""

import random
from typing import Any

from second.floors import OWN_DEDUCTIBLE
from second.random_policies import CLAIM_PARTS, CONDITIONS, OPEN_PARTS, Node
from second.random_time import PER, TimeMaker
from second.random_values import BASIS, SHARES, written_amount

SUMS = (("own burden", "个人负担合计"), ("cost of the stay", "住院费用合计"), ("third sum", "第三合计"))
FACTS = (
    ("size of the burden", "负担大小"),
    ("height of the cost", "费用高低"),
    ("order of the stays", "住院次序"),
    ("order of the visits", "就诊次序"),
    ("since the last stay", "距上次住院"),
    ("length of membership", "参保时长"),
)
VALUES = (("small", "小额"), ("large", "大额"), ("first one", "首次"), ("later one", "再次"), ("middle", "居中"))
FLOOR_SUMS = (("cost behind the deductible", "起付线以上费用"), ("second basis of floors", "第二保底基数"))
FLOOR_SHARES = ("10%", "20%", "45%", "50%", "60%", "12.5%", "1/3", "100%")
WORDS = (*SUMS, *FLOOR_SUMS, *FACTS, *VALUES)
EARLIER = ("earlier claims", "earlier episodes", "days since discharge")
WHOLE = {
    "earlier claims": (1, 1, 2, 2, 3, 5),
    "earlier episodes": (1, 1, 2, 2, 3),
    "days since discharge": (0, 1, 2, 15, 28, 30, 60, 90, 180, 365),
    "months since enrolment": (0, 1, 2, 3, 6, 10, 12, 18),
}


class DerivedMaker(TimeMaker):
    """One random policy; sums and facts of quantities are made as soon as the layers that they name stand above."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.sums: dict[str, dict[str, Any]] = {}
        self.depth: dict[str, int] = {}  # of sums: above which layer, by number, all stand that it names
        self.uneven: list[str] = []  # named amounts that depend on the claim
        self.floor_sums: dict[str, dict[str, Any]] = {}  # with the layer's own deductible
        self.with_sums, self.with_facts = self.often(0.5), self.often(0.65)
        self.apart = random.Random(str(rng.getstate()[1][:4]))  # so that floors leave the rest as it is without them
        self.with_floors = self.apart.random() < 0.5

    def policy(self) -> dict[str, Any]:
        made = super().policy()
        made["words"] += [{"en": en, "zh": zh} for en, zh in WORDS]
        layers = [name for layer in made["layers"] for name in layer]
        for fact in self.derived.values():
            if fact["of"] in EARLIER and self.often(0.3):
                fact["paid by"] = self.rng.choice(layers)
        return made | {
            key: found
            for key, found in (("quantities", self.sums | self.floor_sums), ("derived facts", self.derived))
            if found
        }

    def layer(self, name: str, above: list[str]) -> dict[str, Any]:
        stated = self.facts
        if self.with_sums and self.often(0.6):
            self.add_sum(above)
        if self.with_facts:
            self.add_facts(above)
        shown = {fact: list(dict.fromkeys(words_of(its))) for fact, its in self.derived.items()}
        self.facts = stated | shown
        made = super().layer(name, above)
        if self.with_floors:
            self.rng, self.apart = self.apart, self.rng
            self.add_floor(made, above)
            self.filled[name] |= {"deductible"} if "deductible per claim" in made else set()
            self.rng, self.apart = self.apart, self.rng
        self.facts = stated
        return made

    def conditions(self) -> dict[str, Any]:
        """Now and then one more line, that asks a derived fact."""
        lines = super().conditions()
        more = [name for name in self.derived if name not in lines]
        if more and self.often(0.4):
            name = self.rng.choice(more)
            lines[name] = self.rng.sample(self.facts[name], self.rng.randint(1, len(self.facts[name])))
        return lines

    def named_amounts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        statistics, amounts = super().named_amounts()
        self.uneven = [name for name, made in amounts.items() if {"by", "of"} & set(made)]
        return statistics, amounts

    def own_share(self) -> Node | None:
        """Of facts of which no two have a value in common."""
        facts = self.facts
        worked_out = [name for name in facts if name in self.derived]
        chosen = self.rng.choice([*worked_out, None])
        self.facts = {name: listed for name, listed in facts.items() if name == chosen or name not in worked_out}
        made = super().own_share()
        self.facts = facts
        return made

    # Sums

    def known_quantities(self, above: list[str]) -> list[str]:
        return [*super().known_quantities(above), *self.sums, *self.sums, *self.sums]

    def quantities_above(self, above: list[str]) -> list[str]:
        """What sums and facts may be of: twice what is likely to be more than 0."""
        found = ["total cost", "in-scope cost", *CLAIM_PARTS, *self.sums, *self.sums]
        for layer in above:
            parts = [part for part in OPEN_PARTS if part in self.filled[layer]]
            found += [f"left of {layer}", f"left of {layer}", f"{layer}'s paid", f"{layer}'s base"]
            found += [f"{layer}'s {part}" for part in parts]
        return found

    def add_sum(self, above: list[str]) -> None:
        names = [name for name, _ in SUMS if name not in self.sums]
        if not names:
            return
        known = self.quantities_above(above)
        plus = [self.rng.choice(known) for _ in range(self.rng.choice((1, 2, 2, 3)))]
        minus = [self.rng.choice(known) for _ in range(self.rng.choice((0, 1, 1, 2)))]
        plus, minus = list(dict.fromkeys(plus)), list(dict.fromkeys(minus))
        made: dict[str, Any] = {"of": plus[0] if len(plus) == 1 and self.often(0.5) else plus}
        if minus:
            made["less"] = minus[0] if len(minus) == 1 and self.often(0.5) else minus
        self.sums[names[0]] = made
        self.depth[names[0]] = max(self.depth_of(name, above) for name in (*plus, *minus))

    def add_floor(self, made: dict[str, Any], above: list[str]) -> None:
        """Mostly where there is a deductible; where stays are parted, more of them per claim."""
        if "charge" in self.sorts and "deductible per claim" not in made and self.often(0.6):
            made["deductible per claim"] = self.amount(30, 3000)
        self.add_floor_sum(above)
        if self.often(0.75 if any(key.startswith("deductible") for key in made) else 0.3):
            made["at least"] = self.floor()

    def add_floor_sum(self, above: list[str]) -> None:
        """Mostly some cost less the deductible; now and then the deductible is added, or stands alone."""
        names = [name for name, _ in FLOOR_SUMS if name not in self.floor_sums]
        if not names or (self.floor_sums and self.often(0.5)):
            return
        costs = ["total cost", "total cost", "in-scope cost", *self.quantities_above(above)]
        plus = list(dict.fromkeys(self.rng.choices(costs, k=self.rng.choice((1, 1, 2)))))
        more = [self.rng.choice(costs)] if self.often(0.15) else []
        made: dict[str, Any] = {"of": plus[0] if len(plus) == 1 and self.often(0.5) else plus}
        minus = list(dict.fromkeys([OWN_DEDUCTIBLE, *more]))
        if self.often(0.7):
            made["less"] = minus[0] if len(minus) == 1 and self.often(0.7) else minus
        else:
            made = {"of": OWN_DEDUCTIBLE if self.often(0.2) else [*plus, OWN_DEDUCTIBLE]}
            made |= {"less": more} if more else {}
        self.floor_sums[names[0]] = made

    def floor(self) -> Node:
        """A share of such a sum, or a table with some; beside them shares and amounts of other kinds."""
        if self.facts and self.often(0.4):
            return self.table(lambda: self.floor_share() if self.often(0.75) else self.amount(30, 3000, depth=0), 2)
        return self.floor_share()

    def floor_share(self) -> Node:
        known, shares = self.quantities, self.quantity_shares
        self.quantities, self.quantity_shares = list(self.floor_sums), FLOOR_SHARES
        made = self.share_of_quantity()
        self.quantities, self.quantity_shares = known, shares
        return made

    def depth_of(self, quantity: str, above: list[str]) -> int:
        """How many layers stand above the first one that may look at it."""
        if quantity in self.depth:
            return self.depth[quantity]
        owner = quantity.removeprefix("left of ").partition("'s ")[0]
        return above.index(owner) + 1 if owner in above else 0

    # Facts

    def add_facts(self, above: list[str]) -> None:
        """History first, a quantity when there is one to look at."""
        names = [name for name, _ in FACTS if name not in self.derived]
        count = self.rng.choice((1, 2, 2, 3)) if not above else self.rng.choice((0, 1, 1))
        for name in self.rng.sample(names, min(count, len(names))):
            if above or self.often(0.25):
                self.derived[name] = self.of_quantity(above)
            else:
                self.derived[name] = self.of_number(self.rng.choice(tuple(WHOLE)))

    def of_number(self, kind: str) -> dict[str, Any]:
        made: dict[str, Any] = {"of": kind}
        if kind in ("earlier claims", "earlier episodes") and self.often(0.7):
            made["over"] = self.rng.choice(("a year", "a calendar year", "a calendar year", "a lifetime"))
        if kind in EARLIER and self.facts and self.often(0.5):
            made["where"] = self.where()
        facts = [name for name in (*PER, *self.facts) if name in self.facts or name in self.declared]
        facts = list(dict.fromkeys(name for name in facts if name not in self.derived))
        if kind in EARLIER and facts and self.often(0.45):
            made["per"] = facts[0] if self.often(0.7) else self.rng.sample(facts, min(len(facts), 2))
        edges = sorted(set(self.rng.choices(WHOLE[kind], k=self.rng.choice((1, 1, 2, 3)))))
        nodes: list[Node] = list(edges)
        if self.facts and self.often(0.25):
            n = self.rng.randrange(len(edges))
            near = edges[max(0, n - 1) : n + 1]
            nodes[n] = self.table(lambda: self.rng.choice((*near, edges[n], edges[n] + 1)), 2)
        return made | {"values": self.values(nodes), "basis": BASIS}

    def where(self) -> dict[str, Any]:
        """Lines as in `for`, of facts that claims state, or of the number of the admission."""
        lines: dict[str, Any] = {}
        for fact in self.rng.sample(tuple(self.facts), min(len(self.facts), self.rng.choice((1, 1, 2)))):
            if fact in CONDITIONS:
                lines[fact] = self.rng.choice(CONDITIONS[fact])
            else:
                values = self.facts[fact]
                lines[fact] = self.rng.sample(values, self.rng.randint(1, max(1, len(values) - 1)))
        return lines

    def of_quantity(self, above: list[str]) -> dict[str, Any]:
        """Edges that rise where they are the same for everybody; at most one that depends on the claim."""
        known, seen = self.quantities, self.quantities_above(above)
        quantity = self.rng.choice(seen)
        depth = self.depth_of(quantity, above)
        seen = [name for name in seen if not name.startswith("left of ") and self.depth_of(name, above) <= depth]
        self.quantities = seen
        low, edges = 0, []
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            low += self.fen(50, 2500)
            edges.append((low, None))
        edges += [(fen, name) for name, fen in self.constants.items() if self.often(0.3)]
        edges = sorted({fen: (fen, name) for fen, name in edges}.values(), key=lambda edge: edge[0])
        varied = self.rng.randrange(len(edges)) if self.often(0.5) else -1
        if varied >= 0 and self.often(0.6):  # by itself, so that it cannot fall
            edges, varied = edges[varied : varied + 1], 0
        nodes = [
            self.edge_that_varies([fen, *(low for low, _ in edges[max(0, n - 1) : n])])
            if n == varied
            else name or self.dressed(written_amount(self.rng, fen))
            for n, (fen, name) in enumerate(edges)
        ]
        if not self.sure and self.often(0.15):
            nodes[self.rng.randrange(len(nodes))] = "not known"
        self.quantities = known
        return {"of": quantity, "values": self.values(nodes), "basis": BASIS}

    def edge_that_varies(self, near: list[int]) -> Node:
        """A share of a quantity, a named amount or a share of one, or a table around this edge and the one before."""

        def leaf() -> Node:
            if self.uneven and self.often(0.4):
                name = self.rng.choice(self.uneven)
                return name if self.often(0.5) else f"{self.rng.choice(SHARES)} of {name}"
            if self.often(0.15):
                return self.share_of_quantity()
            more = self.rng.choice((0, 0, 0, 10_000, 50_000, 1, -1))
            fen = max(0, self.rng.choice(near) + more)
            return self.money_amount() or self.dressed(written_amount(self.rng, fen))

        stated = self.facts
        self.facts = {name: listed for name, listed in stated.items() if name not in self.derived}
        kind = self.rng.randrange(4)
        if kind <= 1 and self.uneven:
            made = self.rng.choice(self.uneven)
        else:
            made = self.table(leaf, 2) if kind > 1 and self.facts else self.share_of_quantity()
        self.facts = stated
        return made

    def values(self, edges: list[Node]) -> list[dict[str, Any]]:
        """Two values at least; one may stand twice."""
        words = [en for en, _ in VALUES]
        chosen = self.rng.sample(words, min(len(words), len(edges) + 1))
        while len(chosen) < len(edges) + 1:
            chosen.append(self.rng.choice([word for word in words if word != chosen[-1]]))
        if len(edges) > 1 and self.often(0.3):
            chosen[-1] = chosen[0]
        rows = [
            {self.rng.choice(("below", "up to")): edge, "is": word}
            for edge, word in zip(edges, chosen[:-1], strict=True)
        ]
        return [*rows, {"otherwise": chosen[-1]}]


def words_of(fact: dict[str, Any]) -> list[str]:
    return [row.get("is") or row["otherwise"] for row in fact["values"]]


def random_policy(rng: random.Random) -> dict[str, Any]:
    return DerivedMaker(rng).policy()
