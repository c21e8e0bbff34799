"""Random rates as the law writes them: points, shares of another's own share, lines in a whole number."""

from fractions import Fraction
from typing import Any

from second.random_values import RATES, Node, ValueMaker

LINES = {
    "age": ("20% + 0.5% x age", "95% - 0.5% x age", "75% + 0.2% x age", "60% + 1% x age", "0% + 1% x age"),
    "days": ("90% - 1% x days", "50% + 1.5% x days", "100% - 5% x days"),
    "items": ("50% + 2.5% x items", "90% - 2% x items", "80% + 5% x items"),
    "admission number": ("60% + 10% x admission number", "90% - 5% x admission number"),
}
POINTS = ("+5%", "-10%", "0%", "+2.5%", "+12.5%", "-5%", "+30%")
AGAIN = ("100%",)  # of a share of a share: finer ones often need a denominator that the language refuses; see by hand
OWN = ("80%", "50%", "60%", "25%", "1/2", "120%", "150%")


class RateMaker(ValueMaker):
    """Rates of a policy that may use all forms, if `rates` is among its `sorts`."""

    sorts: set[str]

    def rate(self) -> Node:
        return self.lawful(super().rate())

    def pre_pay(self) -> Node:
        return self.lawful(super().pre_pay())

    def lawful(self, plain: Node) -> Node:
        if "rates" not in self.sorts:
            return plain
        made = plain
        if self.often(0.3):
            made = self.line() or plain
        elif self.facts and self.often(0.35):
            made = self.own_share() or plain
        return self.with_points(made) if self.often(0.4) else made

    # Lines

    def line(self) -> Node | None:
        """A line, with bounds or without, also in a table."""
        names = [name for name in LINES if name in self.facts]
        if not names:
            return None

        def leaf() -> Node:
            line = self.rng.choice(LINES[self.rng.choice(names)])
            low, high = self.rng.choice(("70%", "50%", "60%")), self.rng.choice(("100%", "100%", "90%", "75%"))
            kind = self.rng.randrange(5)
            bounds: dict[str, Any] = {"least": low} if kind in (1, 2) else {}
            bounds |= {"most": high} if kind in (2, 3, 4) else {}
            return {"is": line} | bounds if bounds else line

        return self.table(leaf, 2) if self.often(0.3) else leaf()

    # Shares of another's own share

    def own_share(self) -> Node | None:
        """A table in which one value, or two, bear a share of what another bears."""
        words = [name for name in self.facts if isinstance(self.facts[name], list) and len(self.facts[name]) > 1]
        if not words:
            return None
        fact = self.rng.choice(words)
        others = [name for name in self.facts if name != fact]
        names = self.rng.sample(others, self.rng.randint(0, min(2, len(others))))
        names.insert(self.rng.randint(0, len(names)), fact)
        return {"by": names, **self.own_rows(names, fact)}

    def own_rows(self, names: list[str], fact: str) -> dict[str, Any]:
        def rate() -> Node:
            return self.rng.choice(RATES)

        if names[0] != fact:
            rows = self.rows(names[:1], rate)
            return {key: self.own_rows(names[1:], fact) if not self.often(0.1) else rate() for key in rows}
        values = list(self.facts[fact])
        self.rng.shuffle(values)
        bearer, second, *_ = [*values, None]
        deeper = names[1:]
        made = {value: self.rows(deeper, rate) if deeper and not self.often(0.2) else rate() for value in values}
        made[second] = self.own_cell(bearer)
        if len(values) > 2 and self.often(0.4):
            made[values[2]] = f"{self.rng.choice(AGAIN)} of the own share of {second}"
        if len(values) > 2 and self.often(0.3):
            made["otherwise"] = made.pop(values[-1])
        return made

    def own_cell(self, other: str) -> Node:
        return f"{self.rng.choice(OWN)} of the own share of {other}"

    # Points

    def with_points(self, made: Node) -> Node:
        if made == "not known" or (isinstance(made, dict) and "not known" in made):
            return made
        points = [self.points() for _ in range(self.rng.choice((1, 1, 2)))]
        whole = constant(made)
        fixed = [constant(one) for one in points]
        if whole is not None and None not in fixed and not 0 <= whole + sum(fixed, Fraction(0)) <= 1:
            return made
        written = points[0] if len(points) == 1 else points
        return {**made, "points": written} if isinstance(made, dict) else {"is": made, "points": written}

    def points(self) -> Node:
        def leaf() -> Node:
            return self.dressed(self.rng.choice(POINTS))

        return self.table(leaf, 2) if self.facts and self.often(0.6) else self.rng.choice(POINTS)


def constant(node: Node) -> Fraction | None:
    """The rate of a node that is the same for everybody; None for any other."""
    text = node.get("is") if isinstance(node, dict) else node
    if text is None or " " in str(text):
        return None
    return Fraction(text.rstrip("%")) / (100 if text.endswith("%") else 1)
