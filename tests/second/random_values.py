"""Random values of the documented language: facts, named amounts, statistics, tables, shares, groups.

Amounts come from a small pool, so that claims (see `random_claims.py`) can meet thresholds, edges and caps exactly.
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
    ("pool one", "共用一"),
    ("pool two", "共用二"),
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
NUMBERS = {  # how often a policy has it, its ranges, and where tables cut them
    "age": (0.4, ("0 to 130", "0 to 99", "0 to 120"), (1, 6, 7, 18, 19, 60, 61, 70)),
    "days": (0.35, ("0 to 45", "0 to 30"), (1, 2, 7, 10, 15, 30)),
    "items": (0.35, ("0 to 20", "0 to 5"), (1, 2, 3, 5)),
    "admission number": (0.0, ("0 to 99", "0 to 3"), (1, 2, 3)),
    "continuous enrolment years": (0.2, ("0 to 60", "0 to 20"), (1, 2, 4, 5)),
    "zero-claim years": (0.2, ("0 to 60", "0 to 10"), (1, 2, 3)),
}
QUANTITY_SHARES = ("10%", "20%", "45%", "50%", "12.5%", "1/3", "5%", "100%", "150%")
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


class ValueMaker:
    """Values of one random policy. `facts` are those it declares; `names` the named amounts, `constants` those of them
    that are the same for everybody, in fen; `quantities` what the layer that is being made may take shares of.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.facts: dict[str, Any] = {}
        self.names: list[str] = []
        self.constants: dict[str, int] = {}
        self.quantities: list[str] = []
        self.quantity_shares = QUANTITY_SHARES
        self.sure = rng.random() < 0.4  # no gaps in this one, so that histories run to their end

    def often(self, chance: float) -> bool:
        return self.rng.random() < chance

    def make_facts(self) -> None:
        rng = self.rng
        for name in rng.sample(tuple(FACTS), rng.choice((0, 1, 2, 2, 3, 3, 4))):
            values = FACTS[name]
            self.facts[name] = rng.sample(values, rng.randint(min(2, len(values)), len(values)))
        for name, (chance, listed, _) in NUMBERS.items():
            if self.often(chance):
                self.facts[name] = rng.choice(listed)

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
                made = self.constant_amount(name, kind == "table" and bool(self.facts))
            amounts[name] = made | {"basis": BASIS}
        self.names = names
        used = {made.get("of") for made in amounts.values()}
        return {name: rows for name, rows in statistics.items() if name in used}, amounts

    def constant_amount(self, name: str, in_table: bool) -> dict[str, Any]:
        if in_table:
            return self.table(lambda: written_amount(self.rng, self.fen(30, 3000)), 2)
        self.constants[name] = self.fen(30, 3000)
        return {"is": written_amount(self.rng, self.constants[name])}

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
            if self.quantities and self.often(0.25):
                return self.share_of_quantity()
            if self.names and self.often(0.3):
                name = self.rng.choice(self.names)
                return self.dressed(f"{self.rng.choice(SHARES)} of {name}" if self.often(0.6) else name)
            return self.dressed(self.written(low, high))

        return self.table(leaf, depth) if self.facts and depth and self.often(0.45) else leaf()

    def written(self, low: int, high: int) -> Node:
        return written_amount(self.rng, self.fen(low, high))

    def share_of_quantity(self) -> Node:
        """`20% of total cost`, now and then with a least and a most, which is not below the least."""
        rng, share = self.rng, self.rng.choice(self.quantity_shares)
        made: dict[str, Any] = {"is": f"{share} of {rng.choice(self.quantities)}"}
        least = self.fen(30, 2000) if self.often(0.35) else 0
        if least:
            made["least"] = written_amount(rng, least)
        if self.often(0.35):
            made["most"] = written_amount(rng, max(least, self.fen(50, 5000)))
        if len(made) == 1:
            return self.dressed(made["is"])
        return made | ({"assumption": ASSUMPTION} if self.often(0.1) else {})

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
        keys = self.number_keys(names[0]) if names[0] in NUMBERS else self.word_keys(names[0])
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

    def number_keys(self, fact: str) -> list[str]:
        rng, last = self.rng, int(self.facts[fact].split()[-1])
        cuts = sorted(rng.sample(NUMBERS[fact][2], rng.randint(1, 3)))
        ranges = [f"under {cuts[0]}"]
        for low, high in pairwise(cuts):
            ranges.append(f"{low}" if high == low + 1 else f"{low} to {high - 1}")
        ranges.append(f"{cuts[-1]} and over" if self.often(0.6) else f"{cuts[-1]} to {last}")
        return self.joined([[item] for item in ranges], ", ")
