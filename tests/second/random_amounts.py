"""Random policies with amounts for each one of a number, and named amounts that are sums with a least and a most."""

from typing import Any

from second.random_derived import DerivedMaker
from second.random_policies import Node
from second.random_values import BASIS, NUMBERS, SHARES
from second.values import Desk, Stop

SUMS = (("sum of lines", "标准合计"), ("reward", "奖励额"), ("cap of the person", "个人封顶线"))
BEYOND = {"age": (0, 18, 60, 69), "days": (1, 2, 5, 7), "items": (0, 1, 2), "admission number": (1, 2)}
YEARS = (1, 2, 4)


class AmountsMaker(DerivedMaker):
    """One random policy; `with_each` tells whether amounts for each one stand outside `amounts` too."""

    def __init__(self, rng: Any) -> None:
        super().__init__(rng)
        self.with_each = self.often(0.35)

    def policy(self) -> dict[str, Any]:
        made = super().policy()
        made["words"] += [{"en": en, "zh": zh} for en, zh in SUMS]
        return made

    # For each one

    def numbers(self) -> list[str]:
        return [name for name in self.facts if name in NUMBERS]

    def each(self, low: int, high: int) -> Node | None:
        """About as much as the bounds say, for a few; nothing, where the policy has no number."""
        names = self.numbers()
        if not names:
            return None
        name = self.rng.choice(names)
        few = 40 if name == "age" else 4
        made = f"{self.plain(max(1, low // few), max(1, high // few))} x {name}"
        return f"{made} beyond {self.rng.choice(BEYOND.get(name, YEARS))}" if self.often(0.45) else made

    def plain(self, low: int, high: int) -> Node:
        """An amount in yuan, without a sign between thousands."""
        fen = self.fen(low, high)
        return f"{fen // 100}.{fen % 100:02}" if fen % 100 else self.rng.choice((f"{fen // 100}", f"{fen // 100} yuan"))

    def written(self, low: int, high: int) -> Node:
        found = self.each(low, high) if self.with_each and self.often(0.4) else None
        return found or super().written(low, high)

    def some_maximum(self) -> Node:
        found = self.each(40, 2000) if self.with_each and self.often(0.4) else None
        return found or super().some_maximum()

    def varied_edge(self, fen: int) -> Node:
        found = self.each(50, 2500) if self.with_each and self.often(0.4) else None
        return found or super().varied_edge(fen)

    def edge_that_varies(self, near: list[int]) -> Node:
        found = self.each(50, 2500) if self.with_each and self.often(0.4) else None
        return found or super().edge_that_varies(near)

    # Named amounts

    def named_amounts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        statistics, amounts = super().named_amounts()
        if self.often(0.2) and self.numbers():
            amounts["reward"] = {"is": self.each(30, 3000), "basis": BASIS}
            self.note("reward", amounts)
        for name, _ in self.rng.sample(SUMS, self.rng.choice((0, 0, 1, 1, 2, 3))):
            if name not in amounts:
                amounts[name] = self.sum_of_amounts()
                self.note(name, amounts)
        return statistics, amounts

    def note(self, name: str, amounts: dict[str, Any]) -> None:
        """A later amount may name it; whether it is the same for everybody, shows without a claim."""
        self.names = [*self.names, name]
        known = {one: amounts[one] for one in amounts if one == name or one not in self.uneven}
        try:
            fen = Desk({"amounts": known, "facts": {}}, {"facts": {}}, 0).named(name)
        except (Stop, ValueError, KeyError):
            self.uneven.append(name)
        else:
            self.constants[name] = fen

    def sum_of_amounts(self) -> dict[str, Any]:
        rng = self.rng
        plus = [self.term_of_sum(30, 2000) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
        minus = [self.term_of_sum(10, 800) for _ in range(rng.choice((0, 0, 1, 2)))]
        made: dict[str, Any] = {"of": plus[0] if len(plus) == 1 and self.often(0.5) else plus}
        if minus:
            made["less"] = minus[0] if len(minus) == 1 and self.often(0.5) else minus
        made |= {"least": self.term_of_sum(30, 1500)} if self.often(0.35) else {}
        made |= {"most": self.term_of_sum(100, 2000)} if self.often(0.4) else {}
        return made | {"basis": BASIS}

    def term_of_sum(self, low: int, high: int) -> Node:
        """In yuan, a name from above or a share of one, for each one, or a table of these."""

        def leaf() -> Node:
            kind = self.rng.randrange(4)
            if kind == 0 and self.names:
                name = self.rng.choice(self.names)
                return self.dressed(name if self.often(0.5) else f"{self.rng.choice(SHARES)} of {name}")
            found = self.each(low, high) if kind in (1, 2) else None
            return self.dressed(found or self.plain(low, high))

        return self.table(leaf, 2) if self.facts and self.often(0.25) else leaf()
