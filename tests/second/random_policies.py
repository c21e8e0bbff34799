"""Random policies in the documented language, as the data of a JSON file: valid, and fond of thresholds.

`random_policy(random.Random(seed))` gives a dictionary; `json.dumps` of it is a policy file. Amounts come from a
small pool, so that claims (see `random_claims.py`) can meet thresholds, edges and caps exactly.
"""

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

Node = Any
Leaf = Callable[[], Node]

BASIS = {"document": "county rule", "article": "not identified", "source": "made up", "sure": "low"}
ASSUMPTION = {"zh": "假设如此。", "en": "Assumed to be so."}
WHY = {"zh": "未写明", "en": "not stated"}
WORDS = (
    ("county rule", "某县办法"),
    ("income per head", "人均收入"),
    ("wage", "平均工资"),
    ("first line", "第一标准"),
    ("second line", "第二标准"),
    ("third line", "第三标准"),
    ("North", "北区"),
    ("South", "南区"),
    ("civil servants", "公务员补助"),
    ("civil fund", "公务员补助资金"),
)
LAYERS = ("basic insurance", "critical illness insurance", "medical assistance", "tilt assistance", "civil servants")
PAYERS = ("pooled fund", "critical illness fund", "medical assistance fund", "civil fund")
CLAIM_PARTS = ("in-scope cost", "pre-self-paid cost", "over-limit cost", "fully self-paid cost")
OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")
FACTS = {
    "service": ("outpatient", "chronic outpatient", "inpatient"),
    "grade": ("primary", "secondary", "tertiary", "ungraded"),
    "tier": ("cat 1", "cat 2"),
    "class": ("ordinary", "destitute", "minimum living allowance", "back in poverty", "monitored", "low-income edge"),
    "locality": ("local", "filed", "referred", "emergency", "unfiled"),
    "district": ("North", "South", "elsewhere"),
    "status": ("active", "retired"),
}
RATES = ("50%", "12.5%", "60%", "70%", "66.5%", "1/3", "2/3", "85%", "100%", "0%", "37.5%", "1/8")
SHARES = ("50%", "12.5%", "1/3", "25%", "99.9%", "30%", "2/3")
DATES = ("settlement", "discharge", "admission")
YEARS = ("the same year", "the year before", "two years before")
ROUNDED = (
    None,
    "down to 1 yuan",
    "up to 1 yuan",
    "half-up to 1 yuan",
    "down to 100 yuan",
    "up to 100 yuan",
    "half-up to 10 yuan",
    "half-up to 0.01 yuan",
)


def written_amount(rng: random.Random, fen: int) -> Node:
    """An amount in one of the forms in which it may be written."""
    yuan, rest = divmod(fen, 100)
    if rest:
        return rng.choice([f"{yuan}.{rest:02}", f"{yuan}.{rest:02} yuan", f"{yuan}.{rest:02}元"])
    forms = [yuan, yuan, f"{yuan}", f"{yuan} yuan", f"{yuan}元", f"{yuan:,}"]
    return rng.choice([*forms, f"{yuan // 10_000}万元"] if yuan and yuan % 10_000 == 0 else forms)


class PolicyMaker:
    """One random policy. `facts` are those it declares; `names` the named amounts with a typical value in fen."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.facts: dict[str, Any] = {}
        self.names: list[str] = []
        self.filled: dict[str, set[str]] = {}  # by layer: the open parts that its rules can fill
        self.sure = rng.random() < 0.4  # no gaps in this one, so that histories run to their end

    def often(self, chance: float) -> bool:
        return self.rng.random() < chance

    def policy(self) -> dict[str, Any]:
        rng = self.rng
        self.make_facts()
        statistics, amounts = self.named_amounts()
        layers = list(rng.sample(LAYERS, rng.choice((1, 2, 2, 3, 3, 4))))
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
            "layers": [{name: self.layer(name, layers[:n])} for n, name in enumerate(layers)],
        }
        for key in ("statistics", "amounts"):
            if not policy[key]:
                del policy[key]
        if self.often(0.3):
            del policy["year of the date of"]
        return policy

    def make_facts(self) -> None:
        rng = self.rng
        for name in rng.sample(tuple(FACTS), rng.choice((0, 1, 2, 2, 3, 3, 4))):
            values = FACTS[name]
            self.facts[name] = rng.sample(values, rng.randint(min(2, len(values)), len(values)))
        if self.often(0.45):
            self.facts["age"] = rng.choice(("0 to 130", "0 to 99", "0 to 120"))

    def named_amounts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        rng, amounts, statistics = self.rng, {}, {}
        names = rng.sample(("first line", "second line", "third line"), rng.choice((0, 1, 2, 3)))
        for figure in ("income per head", "wage"):
            years = [year for year in range(2023, 2027) if self.sure or self.often(0.9)]
            statistics[figure] = {
                str(year): {"is": written_amount(rng, rng.choice((2_000_500, 3_380_350, 999_999))), "basis": BASIS}
                for year in years or [2024]
            }
        for name in names:
            kind = rng.choice(("constant", "table", "statistic", "statistic"))
            if kind == "statistic":
                made = {
                    "share": rng.choice(("5%", "1/3", "12.5%", "50%", "0.5%", "120%")),
                    "of": rng.choice(tuple(statistics)),
                    "year": rng.choice(YEARS),
                }
                rounded = rng.choice(ROUNDED)
                made |= {"rounded": rounded} if rounded else {}
            else:
                leaf: Leaf = lambda: written_amount(rng, self.fen(30, 3000))  # noqa: E731
                made = self.table(leaf, 2) if kind == "table" and self.facts else {"is": leaf()}
            amounts[name] = made | {"basis": BASIS}
        self.names = names
        used = {made.get("of") for made in amounts.values()}
        return {name: rows for name, rows in statistics.items() if name in used}, amounts

    # Values

    def fen(self, low: int, high: int) -> int:
        """An amount from a small pool between two amounts in yuan."""
        rng, steps = self.rng, (1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 80, 100, 200, 300, 500)
        pool = [step * low for step in steps if low <= step * low <= high] or [low]
        return rng.choice(pool) * 100 + (rng.choice((1, 50, 25, 99)) if self.often(0.1) else 0)

    def dressed(self, node: Node) -> Node:
        """A value, now and then with more to say, or a gap in its place."""
        if not self.sure and self.often(0.012):
            return self.rng.choice(("not known", {"not known": WHY}))
        if self.often(0.08):
            return {"is": node, "assumption": ASSUMPTION}
        return {"is": node, "basis": BASIS} if self.often(0.05) else node

    def amount(self, low: int, high: int, endless: float = 0.0, depth: int = 3) -> Node:
        def leaf() -> Node:
            if self.often(endless):
                return self.dressed("no limit")
            if self.names and self.often(0.3):
                name = self.rng.choice(self.names)
                return self.dressed(f"{self.rng.choice(SHARES)} of {name}" if self.often(0.6) else name)
            return self.dressed(written_amount(self.rng, self.fen(low, high)))

        return self.table(leaf, depth) if self.facts and depth and self.often(0.45) else leaf()

    def rate(self) -> Node:
        def leaf() -> Node:
            return self.dressed(self.rng.choice(RATES))

        return self.table(leaf, 3) if self.facts and self.often(0.5) else leaf()

    def table(self, leaf: Leaf, most: int) -> dict[str, Any]:
        names = self.rng.sample(tuple(self.facts), self.rng.randint(1, min(most, len(self.facts))))
        rows = self.rows(names, leaf)
        made = {"by": names[0] if len(names) == 1 and self.often(0.7) else names, **rows}
        if self.often(0.1):
            made["note"] = {"zh": "一注", "en": "a note"}
        return made | ({"basis": BASIS} if self.often(0.1) else {})

    def rows(self, names: list[str], leaf: Leaf) -> dict[str, Any]:
        keys = self.age_keys() if names[0] == "age" else self.word_keys(names[0])
        deeper = len(names) > 1
        return {key: self.rows(names[1:], leaf) if deeper and not self.often(0.15) else leaf() for key in keys}

    def word_keys(self, fact: str) -> list[str]:
        """Keys that answer for every value of the fact: single, in lists, and `otherwise`."""
        rng, values = self.rng, list(self.facts[fact])
        rng.shuffle(values)
        groups: list[list[str]] = []
        for value in values:
            if groups and self.often(0.25):
                rng.choice(groups).append(value)
            else:
                groups.append([value])
        return self.joined(groups, ", ")

    def joined(self, groups: list[list[str]], sign: str) -> list[str]:
        sign = "、" if self.often(0.1) else sign
        keys = [sign.join(group) for group in groups]
        if self.often(0.4):
            keys[self.rng.randrange(len(keys))] = "otherwise"
        return keys

    def age_keys(self) -> list[str]:
        rng, last = self.rng, int(self.facts["age"].split()[-1])
        cuts = sorted(rng.sample((1, 6, 7, 18, 19, 60, 61, 70), rng.randint(1, 3)))
        ranges = [f"under {cuts[0]}"]
        for low, high in pairwise(cuts):
            ranges.append(f"{low}" if high == low + 1 else f"{low} to {high - 1}")
        ranges.append(f"{cuts[-1]} and over" if self.often(0.6) else f"{cuts[-1]} to {last}")
        return self.joined([[item] for item in ranges], ", ")

    # Layers

    def layer(self, name: str, above: list[str]) -> dict[str, Any]:
        rng = self.rng
        made: dict[str, Any] = {"payer": rng.choice(PAYERS)}
        if self.facts and self.often(0.45):
            made["for"] = self.conditions()
        made["of"] = self.of(above)
        steps = self.steps()
        rng.shuffle(steps)
        made |= dict(steps)
        if self.often(0.5):
            made["pays"] = self.rate()
        else:
            made["pays in bands"] = self.bands()
        periods = ("claim", "month", "quarter", "year", "lifetime")
        for period in rng.sample(periods, rng.choice((0, 1, 1, 2, 3))):
            high = {"claim": 3000, "month": 5000, "quarter": 8000}.get(period, 10_000)
            made[f"at most per {period}"] = self.amount(100, high, endless=0.12)
        if self.often(0.1):
            made["assumption"] = ASSUMPTION
        fills = {"limit": "beyond limit", "pre-pay": "prepaid", "deductible": "deductible", "at most": "over-cap"}
        self.filled[name] = {fills[kind] for key in made for kind in [key.split(" per ")[0]] if kind in fills} | {
            "copay"
        }
        return made | {"basis": BASIS}

    def conditions(self) -> dict[str, Any]:
        rng, lines = self.rng, {}
        for fact in rng.sample(tuple(self.facts), min(len(self.facts), rng.choice((1, 1, 2)))):
            if fact == "age":
                lines[fact] = rng.choice(("under 70", "6 and over", "6 to 69", "18 and over"))
                continue
            chosen = rng.sample(self.facts[fact], rng.randint(max(1, len(self.facts[fact]) - 2), len(self.facts[fact])))
            lines[fact] = chosen[0] if len(chosen) == 1 and self.often(0.5) else chosen
        return lines

    def of(self, above: list[str]) -> Node:
        """Parts of the claim and of the layers above, none twice."""
        rng = self.rng
        names = ["in-scope cost"] if not above or self.often(0.3) else []
        names += [part for part in CLAIM_PARTS[1:] if self.often(0.2)]
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
        return items[0] if len(items) == 1 and self.often(0.5) else items

    def term(self, name: str) -> Node:
        chance = 0.1 if name == "in-scope cost" else 0.5
        if name.startswith("left of ") or not self.often(chance):
            return {"take": name, "basis": BASIS} if self.often(0.05) else name
        more = {"assumption": ASSUMPTION} if self.often(0.2) else {}
        return {"take": name, "share": self.rng.choice(SHARES)} | more

    def steps(self) -> list[tuple[str, Node]]:
        rng, steps = self.rng, []
        periods = ("claim", "month", "quarter", "year")
        for period in rng.sample(periods, rng.choice((0, 0, 1, 1, 2))):
            high = {"claim": 6000, "month": 8000}.get(period, 15_000)
            steps.append((f"limit per {period}", self.amount(300, high, endless=0.1)))
        if self.often(0.35):
            steps.append(("pre-pay", self.table(self.share, 2) if self.facts and self.often(0.4) else self.share()))
        for period in rng.sample(periods, rng.choice((0, 1, 1, 1, 2))):
            steps.append((f"deductible per {period}", self.amount(30, 3000)))
        return steps

    def share(self) -> Node:
        return self.dressed(self.rng.choice(("10%", "5%", "12.5%", "1/3", "50%", "20%", "0%")))

    def bands(self) -> dict[str, Any]:
        rng = self.rng
        low, edges = 0, []
        for n in range(rng.choice((1, 2, 2, 3))):
            low += self.fen(50, 2500) if n == 0 or not self.often(0.1) else 0
            edges.append(low)
        made = []
        varied = rng.randrange(len(edges)) if self.often(0.35) else -1
        for n, edge in enumerate(edges):
            made.append({"up to": self.edge(edge, n == varied), "pays": self.rate()})
        return {
            "counted": rng.choice(("from zero", "from the threshold")),
            "over": rng.choice(("claim", "month", "quarter", "a year", "a year")),
            "bands": [*made, {"above": self.rate()}],
        } | ({"basis": BASIS} if self.often(0.2) else {})

    def edge(self, fen: int, varied: bool) -> Node:
        """A constant; or a table around it, in which it may fall below the edge before."""
        if not (varied and self.facts):
            return written_amount(self.rng, fen)

        def leaf() -> Node:
            if self.names and self.often(0.25):
                return self.rng.choice(self.names)
            if self.names and self.often(0.25):
                return f"{self.rng.choice(SHARES)} of {self.rng.choice(self.names)}"
            return self.dressed(written_amount(self.rng, max(0, fen + self.rng.choice((0, 0, 10_000, -10_000, 1)))))

        return self.table(leaf, 2)


def random_policy(rng: random.Random) -> dict[str, Any]:
    return PolicyMaker(rng).policy()
