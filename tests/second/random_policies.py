"""Random policies in the documented language, as the data of a JSON file: valid, and fond of thresholds.

`random_policy(random.Random(seed))` gives a dictionary; `json.dumps` of it is a policy file. What the reader refuses
is not made: money that a layer above has taken whole, parts that no rule fills, constant edges that fall, a group with
two periods or twice in a layer, fees for a fixed payment.
"""

import random
from abc import ABC, abstractmethod
from typing import Any

from second import random_values
from second.random_values import ASSUMPTION, BASIS, DATES, SHARES, WORDS, written_amount

LAYERS = ("basic insurance", "critical illness insurance", "medical assistance", "tilt assistance", "civil servants")
PAYERS = ("pooled fund", "critical illness fund", "medical assistance fund", "civil fund")
CLAIM_PARTS = ("in-scope cost", "pre-self-paid cost", "over-limit cost", "fully self-paid cost")
OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")
PERIODS = ("claim", "month", "quarter", "year", "lifetime")
FILLS = {"limit": "beyond limit", "pre-pay": "prepaid", "deductible": "deductible", "at most": "over-cap"}
CONDITIONS = {
    "age": ("under 70", "6 and over", "6 to 69", "18 and over"),
    "days": ("under 15", "1 and over", "2 to 30"),
    "items": ("under 5", "1 and over", "1 to 3"),
    "admission number": ("under 3", "1 and over", "1 to 2", "2 and over"),
    "continuous enrolment years": ("under 5", "1 and over", "2 to 7"),
    "zero-claim years": ("under 3", "1 and over", "1 to 5"),
}

Node = Any


class PolicyMaker(random_values.ValueMaker, ABC):
    """One random policy."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.filled: dict[str, set[str]] = {}  # by layer: the open parts that its rules can fill
        self.whole: list[tuple[dict[str, Any], str]] = []  # claim parts taken whole, and under which conditions

    def policy(self) -> dict[str, Any]:
        rng = self.rng
        self.make_facts()
        statistics, amounts = self.named_amounts()
        policy = {
            "policy": "second/random",
            "title": {"zh": "随机政策（虚构）", "en": "A random policy (fictional)"},
            "region": 999999,
            "scheme": rng.choice(("resident", "employee")),
            "in force": {
                "from": rng.choice(("2025-01-01", "2025-01-01", "2025-02-15")),
                "before": rng.choice(("2027-01-01", "2027-01-01", "2026-12-01")),
            },
            "rule of the date of": rng.choice(DATES),
            "year of the date of": rng.choice(DATES),
            "words": [{"en": en, "zh": zh} for en, zh in WORDS],
            "documents": {
                "county rule": {
                    "title": {"zh": "办法（虚构）", "en": "Rule (fictional)"},
                    "number": "not identified",
                    "date": "2024-12-01",
                    "source": "made up",
                }
            },
            "facts": self.facts,
            "statistics": statistics,
            "amounts": amounts,
            "layers": self.layers(),
        }
        for key in ("statistics", "amounts"):
            if not policy[key]:
                del policy[key]
        if self.often(0.3):
            del policy["year of the date of"]
        return policy

    # Layers

    def layers(self) -> list[dict[str, Any]]:
        names = list(self.rng.sample(LAYERS, self.rng.choice((1, 2, 2, 3, 3, 4))))
        return [{name: self.layer(name, names[:n])} for n, name in enumerate(names)]

    def lines(self) -> dict[str, Any]:
        """What stands under `for`; nothing, if the layer always applies."""
        return self.conditions() if self.facts and self.often(0.4) else {}

    def layer(self, name: str, above: list[str]) -> dict[str, Any]:
        rng = self.rng
        self.quantities = self.known_quantities(above)
        made: dict[str, Any] = {"payer": rng.choice(PAYERS)}
        lines = self.lines()
        made |= {"for": lines} if lines else {}
        made["of"] = self.of(above, lines)
        steps = self.steps()
        rng.shuffle(steps)
        made |= dict(steps) | self.pays()
        if self.often(0.3):
            made["at least"] = self.amount(30, 3000)
        high = {"claim": 3000, "month": 5000, "quarter": 8000}
        made |= self.ruled("at most", PERIODS, (0, 1, 1, 2, 3), lambda period: (100, high.get(period, 10_000), 0.12))
        if "pays in bands" in made and self.often(0.15):
            made |= self.cut_at_an_edge()
        if "pays fixed" not in made and any(key.startswith("at most") for key in made) and self.often(0.5):
            made["over-cap counted in"] = rng.choice(("fees", "fees", "payments"))
        if self.often(0.1):
            made["assumption"] = ASSUMPTION
        kinds = {key.split(" per ")[0] for key in made}
        self.filled[name] = {part for kind, part in FILLS.items() if kind in kinds} | {"copay"}
        return made | {"basis": BASIS}

    def cut_at_an_edge(self) -> dict[str, Any]:
        """Bands with one that pays nothing, and a cap that is met exactly where that one begins."""
        first = self.rng.choice((100, 300, 500, 1000))
        bands = [{"up to": first, "pays": "50%"}, {"up to": 2 * first, "pays": "0%"}, {"above": "70%"}]
        return {
            "pays in bands": {"counted": "from the threshold", "over": "claim", "bands": bands},
            "at most per claim": first // 2,
        }

    def known_quantities(self, above: list[str]) -> list[str]:
        """What shares may be taken of; twice what is likely to be more than 0."""
        found = ["total cost", *CLAIM_PARTS, "in-scope cost", "this layer's base", "this layer's base"]
        for layer in above:
            found += [
                f"{layer}'s base",
                f"{layer}'s paid",
                *(f"{layer}'s {part}" for part in sorted(self.filled[layer])),
            ]
        return found

    def pays(self) -> dict[str, Any]:
        kind = self.rng.choice(("pays", "pays", "pays in bands", "pays in bands", "pays fixed"))
        if kind == "pays fixed":
            return {kind: self.fixed()}
        return {kind: self.rate() if kind == "pays" else self.bands()}

    def fixed(self) -> Node:
        units = [name for name in ("days", "items") if name in self.facts]
        unit = self.rng.choice((None, "claim", *units, *units))
        node = self.amount(10, 200) if unit in units else self.amount(50, 3000)
        return with_key(node, "for each", unit) if unit else node

    @abstractmethod
    def ruled(self, kind: str, periods: Any, counts: Any, bounds: Any) -> dict[str, Any]:
        """Rules of one kind, each for a period of its own: see `random_time.py`."""

    def conditions(self) -> dict[str, Any]:
        rng, lines = self.rng, {}
        for fact in rng.sample(tuple(self.facts), min(len(self.facts), rng.choice((1, 1, 2)))):
            if fact in CONDITIONS:
                lines[fact] = rng.choice(CONDITIONS[fact])
                continue
            chosen = rng.sample(self.facts[fact], rng.randint(max(1, len(self.facts[fact]) - 2), len(self.facts[fact])))
            lines[fact] = chosen[0] if len(chosen) == 1 and self.often(0.5) else chosen
        return lines

    def of(self, above: list[str], lines: dict[str, Any]) -> Node:
        """Parts of the claim and of the layers above, none twice, and none that is always gone."""
        rng = self.rng
        names = ["in-scope cost"] if not above or self.often(0.3) else []
        names += [part for part in CLAIM_PARTS[1:] if self.often(0.2)]
        gone = {part for its_lines, part in self.whole if wider(its_lines, lines)}
        names = [name for name in names if name not in gone]
        for layer in above:
            if self.often(0.55):
                names.append(f"left of {layer}")
            else:
                filled = [part for part in OPEN_PARTS if part in self.filled[layer]]
                parts = rng.sample(filled, min(len(filled), rng.choice((0, 1, 2, 3))))
                names += [f"{layer}'s {part}" for part in parts]
        names = names or [f"left of {above[-1]}"]
        rng.shuffle(names)
        items = [self.term(name) for name in names]
        self.whole += [(lines, name) for name, item in zip(names, items, strict=True) if takes_whole(item)]
        return items[0] if len(items) == 1 and self.often(0.5) else items

    def term(self, name: str) -> Node:
        chance = 0.1 if name == "in-scope cost" else 0.5
        if name.startswith("left of ") or not self.often(chance):
            return {"take": name, "basis": BASIS} if self.often(0.05) else name
        more = {"assumption": ASSUMPTION} if self.often(0.2) else {}
        return {"take": name, "share": self.rng.choice(SHARES)} | more

    def steps(self) -> list[tuple[str, Node]]:
        periods = PERIODS[:-1]
        high = {"claim": 6000, "month": 8000}
        found = self.ruled("limit", periods, (0, 0, 1, 1, 2), lambda period: (300, high.get(period, 15_000), 0.1))
        if self.often(0.35):
            found["pre-pay"] = self.pre_pay()
        return [*(found | self.ruled("deductible", periods, (0, 1, 1, 1, 2), lambda _: (30, 3000, 0.0))).items()]

    def pre_pay(self) -> Node:
        return self.table(self.share, 2) if self.facts and self.often(0.4) else self.share()

    def share(self) -> Node:
        return self.dressed(self.rng.choice(("10%", "5%", "12.5%", "1/3", "50%", "20%", "0%")))

    def bands(self) -> dict[str, Any]:
        rng = self.rng
        low, edges = 0, []
        for n in range(rng.choice((1, 2, 2, 3))):
            low += self.fen(50, 2500) if n == 0 or not self.often(0.1) else 0
            edges.append((low, None))
        edges += [(fen, name) for name, fen in self.constants.items() if self.often(0.2)]
        edges = sorted(edges, key=lambda edge: edge[0])
        varied = rng.randrange(len(edges)) if self.often(0.5) else -1
        made = [
            {"up to": self.varied_edge(fen) if n == varied else name or written_amount(rng, fen), "pays": self.slope()}
            for n, (fen, name) in enumerate(edges)
        ]
        return {
            "counted": rng.choice(("from zero", "from the threshold")),
            "over": rng.choice(("claim", "month", "quarter", "a year", "a year")),
            "bands": [*made, {"above": "0%" if self.often(0.15) else self.slope()}],
        } | ({"basis": BASIS} if self.often(0.2) else {})

    def slope(self) -> Node:
        return "0%" if self.often(0.12) else self.rate()

    def varied_edge(self, fen: int) -> Node:
        """A share of a quantity, or a table around an amount: it may fall below the edge before."""

        def leaf() -> Node:
            if self.often(0.2):
                return self.share_of_quantity()
            if self.names and self.often(0.25):
                return self.rng.choice(self.names)
            if self.names and self.often(0.25):
                return f"{self.rng.choice(SHARES)} of {self.rng.choice(self.names)}"
            return self.dressed(written_amount(self.rng, max(0, fen + self.rng.choice((0, 0, 10_000, -10_000, 1)))))

        return self.table(leaf, 2) if self.facts and self.often(0.6) else self.share_of_quantity()


def with_key(node: Node, key: str, word: str) -> dict[str, Any]:
    """A value or a table with one more key beside it."""
    return {**node, key: word} if isinstance(node, dict) else {"is": node, key: word}


def takes_whole(item: Node) -> bool:
    name = item["take"] if isinstance(item, dict) else item
    return name in CLAIM_PARTS and not (isinstance(item, dict) and "share" in item)


def wider(its: dict[str, Any], mine: dict[str, Any]) -> bool:
    """Whether a layer with these conditions applies wherever mine does, as far as the words say so."""
    sets = [{fact: set(here) if isinstance(here, list) else {here} for fact, here in x.items()} for x in (its, mine)]
    return all(fact in sets[1] and sets[1][fact] <= words for fact, words in sets[0].items())
