"""Random policies with the words of time and history: periods, people, carry-over, rates as the law writes them.

Each policy has some of the groups of words in `SORTS`, a few have none, so that they meet in many ways.
"""

import random
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from second.random_policies import Node, PolicyMaker, with_key
from second.random_rates import RateMaker
from second.random_values import BASIS, DATES, NUMBERS, SHARES, written_amount

SORTS = ("periods", "year", "charge", "per", "maximum", "carry", "money", "admissions", "identity", "rates", "figures")
PERIODS = ("claim", "day", "episode", "month", "quarter", "year", "calendar year", "lifetime")
CARRIED = ("month", "quarter", "year", "calendar year")
BANDS = ("claim", "day", "episode", "month", "quarter", "a year", "a calendar year", "a lifetime")
STARTS = ("09-01", "07-01", "04-01", "12-31", "01-02", "01-01")
PER = {
    "disease": ("hypertension", "diabetes", "asthma"),
    "institution": ("county hospital", "town clinic"),
    "item group": ("dialysis", "surgery"),
}
MONEY = {"account balance": "money", "cap addition": "signed money"}
WORDS = (
    ("hypertension", "高血压"),
    ("diabetes", "糖尿病"),
    ("asthma", "哮喘"),
    ("county hospital", "县医院"),
    ("town clinic", "卫生院"),
    ("dialysis", "透析"),
    ("surgery", "手术"),
)


@dataclass
class Group:
    """What all rules of a group have in common; a carried amount is the same in all of them, once it is made."""

    period: str
    beside: dict[str, Any]
    amount: list[Node] = field(default_factory=list)


class TimeMaker(RateMaker, PolicyMaker):
    """One random policy. `declared` are facts that stand in no table; `sorts` the words that it uses."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.sure = self.sure or rng.random() < 0.5
        self.sorts = {sort for sort in SORTS if self.often(0.4)} if self.often(0.9) else set()
        self.declared: dict[str, str] = {}
        self.shared: dict[str, dict[str, Group]] = {}
        self.derived: dict[str, dict[str, Any]] = {}  # facts that are worked out: no use is kept for each value of one

    # Facts

    def make_facts(self) -> None:
        super().make_facts()
        rng = self.rng
        if "per" in self.sorts:
            for name in rng.sample(tuple(PER), rng.choice((1, 1, 2))):
                if self.often(0.4):
                    self.declared[name] = "any"
                else:
                    self.facts[name] = list(PER[name])
        if "money" in self.sorts:
            self.declared |= {name: MONEY[name] for name in rng.sample(tuple(MONEY), rng.choice((1, 2)))}
        if "admissions" in self.sorts:
            self.facts["service"] = ["inpatient", *rng.sample(("outpatient", "chronic outpatient"), rng.choice((0, 1)))]
            self.facts["admission number"] = rng.choice(NUMBERS["admission number"][1])
        if "identity" in self.sorts and "class" not in self.facts:
            self.facts["class"] = ["ordinary", "destitute", "low-income edge"]
        self.identities = [name for name in ("class", "status", "tier") if name in self.facts and self.often(0.6)]
        for kind in ("limit", "deductible", "at most"):
            words = rng.sample(("pool one", "pool two"), rng.choice((0, 1, 1, 2)))
            self.shared[kind] = {word: self.group(kind) for word in words}

    def group(self, kind: str) -> Group:
        plain = ("month", "quarter", "year", "lifetime") if kind == "at most" else ("month", "quarter", "year")
        period = self.rng.choice(("claim", "claim", *PERIODS) if "periods" in self.sorts else plain)
        return Group(period, self.beside(kind, period))

    def beside(self, kind: str, period: str) -> dict[str, Any]:
        """For which values a use is kept, and whether it is carried over."""
        rng, found = self.rng, {}
        facts = [name for name in PER if name in self.facts or name in self.declared]
        if facts and self.often(0.2):
            facts += [name for name in self.facts if name not in PER and name not in self.derived]
        if facts and self.often(0.6):
            found["per"] = rng.choice(facts) if self.often(0.7) else rng.sample(facts, min(len(facts), 3))
        if "carry" in self.sorts and kind != "deductible" and period in CARRIED and self.often(0.8):
            found["carry over"] = rng.choice(("all", "one"))
            if self.often(0.6):
                found["earned from"] = rng.choice(("enrolment", "enrolment", "first claim"))
            found |= self.plus()
        return found

    def plus(self) -> dict[str, str]:
        money = [name for name in MONEY if name in self.declared]
        return {"plus": self.rng.choice(money)} if money and self.often(0.5) else {}

    def pays(self) -> dict[str, Any]:
        """Where stays are parted, more often an amount for each claim."""
        if "charge" in self.sorts and self.often(0.2):
            return {"pays fixed": self.amount(50, 3000)}
        return super().pays()

    # Amounts

    def money_amount(self) -> Node | None:
        if "account balance" not in self.declared or not self.often(0.2):
            return None
        return "account balance" if self.often(0.7) else "50% of account balance"

    def written(self, low: int, high: int) -> Node:
        return self.money_amount() or super().written(low, high)

    def ruled(self, kind: str, periods: Any, counts: Any, bounds: Any) -> dict[str, Any]:
        """Rules of one kind, each for a period of its own; those of a group have what the group has in common."""
        found = {}
        if "carry" in self.sorts and "periods" not in self.sorts:
            periods = (*periods[:4], "month", "year")
        every = PERIODS if "periods" in self.sorts else tuple(dict.fromkeys(periods))
        groups = dict(self.shared[kind])
        periods = self.rng.sample(every, self.rng.choice(counts))
        periods += [its.period for its in groups.values() if self.often(0.3)]
        for period in dict.fromkeys(periods):
            name = next((name for name, its in groups.items() if its.period == period), None)
            if name and self.often(0.75):
                group = groups.pop(name)
                node = self.group_amount(group, *bounds(period))
                beside = group.beside | {"group": name}
            else:
                beside = self.beside(kind, period)
                node = self.carried_amount(beside, *bounds(period))
            if kind != "deductible" and "carry over" not in beside:
                beside = beside | self.plus()
            if kind == "deductible" and "maximum" in self.sorts and self.often(0.7):
                beside = beside | {"annual maximum": self.maximum()}
            for key, word in beside.items():
                node = with_key(node, key, word)
            found[f"{kind} per {period}"] = node
        return found

    def carried_amount(self, beside: dict[str, Any], low: int, high: int, endless: float) -> Node:
        if "carry over" not in beside:
            return self.amount(low, high, endless=endless)
        return self.amount(low // 4, high // 6)

    def group_amount(self, group: Group, low: int, high: int, endless: float) -> Node:
        """A carried amount is one that every layer can give: it names no quantity of a layer."""
        if "carry over" not in group.beside:
            return self.amount(low, high, endless=endless)
        if not group.amount:
            known, self.quantities = self.quantities, ["total cost", "in-scope cost"]
            group.amount.append(self.carried_amount(group.beside, low, high, endless))
            self.quantities = known
        return group.amount[0]

    def maximum(self) -> Node:
        def leaf() -> Node:
            return self.rng.choice(self.names) if self.names and self.often(0.1) else self.some_maximum()

        return self.table(leaf, 2) if self.facts and self.often(0.4) else leaf()

    def some_maximum(self) -> Node:
        return written_amount(self.rng, self.fen(40, 2000))

    def bands(self) -> dict[str, Any]:
        made = super().bands()
        if "periods" in self.sorts:
            made["over"] = self.rng.choice(BANDS)
        return made

    # Statistics

    def named_amounts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        statistics, amounts = super().named_amounts()
        for made in amounts.values():
            if "of" in made and "figures" in self.sorts:
                if self.facts and self.often(0.6):
                    made["share"] = self.table(lambda: self.rng.choice(("5%", "25%", "1/3", "2.5%", "120%", "10%")), 2)
                if self.often(0.5):
                    made["year"] = "the last published"
        names = list(amounts)
        for above, name in pairwise(names):
            if "figures" in self.sorts and self.often(0.3):
                amounts[name] = {"is": f"{self.rng.choice(SHARES)} of {above}", "basis": BASIS}
                self.constants.pop(name, None)
        used = {made.get("of") for made in amounts.values()}
        return {name: rows for name, rows in statistics.items() if name in used}, amounts

    # The policy

    def policy(self) -> dict[str, Any]:
        made = super().policy()
        rng = self.rng
        if self.often(0.7):
            made["in force"]["from"] = rng.choice(("2023-01-01", "2024-07-01"))
        made["words"] += [{"en": en, "zh": zh} for en, zh in WORDS]
        if self.sorts and self.often(0.6):
            made["period of the date of"] = rng.choice(DATES)
        if "carry" in self.sorts and self.often(0.7):  # so that claims come late for their period
            made["period of the date of"] = made["year of the date of"] = rng.choice(("discharge", "admission"))
            made["rule of the date of"] = "settlement"
        if "charge" in self.sorts:
            made["year of the date of"] = "charge"
            if self.often(0.6):
                made["amounts per claim in"] = rng.choice(("the earlier year", "the later year", "the later year"))
        if "year" in self.sorts:
            made["benefit year from"] = self.benefit_year()
        made["facts"] = made["facts"] | self.declared | {name: self.identity(name) for name in self.identities}
        return made

    def benefit_year(self) -> dict[str, Any]:
        rng = self.rng
        names = [name for name in self.facts if name != "admission number"]
        if names and self.often(0.5):
            names = rng.sample(names, min(len(names), rng.choice((1, 1, 2))))
            return {"by": names, **self.rows(names, lambda: rng.choice(STARTS)), "basis": BASIS}
        return {"is": rng.choice(STARTS), "basis": BASIS}

    def identity(self, name: str) -> dict[str, Any]:
        values = self.rng.sample(self.facts[name], len(self.facts[name]))
        made: dict[str, Any] = {self.rng.choice(("order", "order", "values")): values}
        if self.often(0.7):
            made["as of"] = self.rng.choice((*DATES, "enrolment"))
        return made


def random_policy(rng: random.Random) -> dict[str, Any]:
    return TimeMaker(rng).policy()
