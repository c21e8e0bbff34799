"""Random histories of one person under a policy: claims as plain dictionaries, in settlement order.

Costs are drawn from the policy's own amounts, their sums and quotients by its rates, and the fen beside them, so that
thresholds, edges and caps are met exactly; days cluster at the ends of months, quarters and years. Some claims lack a
fact, have parts that do not add up, or lie outside the policy's dates.
"""

import random
import re
from datetime import date, timedelta
from typing import Any

from second import derived

CLAIM_PARTS = ("in-scope cost", "pre-self-paid cost", "over-limit cost", "fully self-paid cost")
TURNS = tuple(
    date(year, month, 1) for year in (2025, 2026, 2027) for month in (1, 2, 4, 7, 10) if (year, month) <= (2027, 1)
)
AGES = (0, 1, 5, 6, 7, 17, 18, 19, 59, 60, 61, 69, 70, 71, 98, 99)
ASSUMED = frozenset(
    (
        *("basis", "assumption", "note", "payer", "for", "of", "counted", "over", "group", "for each"),
        *("over-cap counted in", "per", "carry over", "earned from", "plus", "points"),
    )
)

Claim = dict[str, Any]


def thresholds(policy: dict[str, Any], values: Any) -> list[int]:
    """Every amount in fen that the policy's layers name, as far as it needs no fact."""
    found: set[int] = set()
    years = range(int(policy["in force"]["from"][:4]), 2027)

    def walk(node: Any) -> None:
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            if key in ASSUMED:
                continue
            if isinstance(child, dict | list):
                walk(child)
            elif " x " in str(child) and "%" not in str(child):
                each = values.fen(str(child).partition(" x ")[0])
                found.update((each, 2 * each, 3 * each))
            elif not re.fullmatch(r"[+-]?[\d./]+%|\d+/\d+", str(child)):
                for year in years:
                    try:
                        found.add(values.Desk(policy, {"facts": {}}, year).amount(child))
                    except (ValueError, KeyError, values.Stop):
                        continue

    walk(policy["layers"])
    facts = policy.get("derived facts", {}).values()
    walk([fact["values"] for fact in facts if fact["of"] not in derived.NUMBERS])
    return sorted(fen for fen in found if fen)


class HistoryMaker:
    """Histories under one policy."""

    def __init__(self, rng: random.Random, policy: dict[str, Any], values: Any) -> None:
        self.rng, self.policy = rng, policy
        self.pool = thresholds(policy, values) or [100_000]

    def often(self, chance: float) -> bool:
        return self.rng.random() < chance

    def history(self) -> list[Claim]:
        rng = self.rng
        person = {name: self.value(name) for name in self.policy["facts"]}
        start = rng.choice(TURNS[:-2] if self.often(0.3) else TURNS[1:-3]) + timedelta(days=rng.randint(-25, 30))
        claims = [self.claim(person, start) for _ in range(rng.randint(2, 6))]
        claims.sort(key=lambda claim: claim["settlement"])
        return [{"claim id": f"c{n}"} | claim for n, claim in enumerate(claims)]

    def value(self, fact: str) -> str | int:
        listed = self.policy["facts"][fact]
        if isinstance(listed, str):
            last = int(listed.split()[-1])
            return self.rng.choice((*AGES, last) if fact == "age" else (0, 1, 1, 2, 3, 5, min(7, last), last))
        chosen: str = self.rng.choice(listed)
        return chosen

    def claim(self, person: dict[str, Any], start: date) -> Claim:
        rng = self.rng
        facts = dict(person)
        for name in ("service", "grade", "locality", "district", "days", "items"):
            if name in facts and self.often(0.4):
                facts[name] = self.value(name)
        self.spoil(facts)
        settlement = self.day(start)
        discharge = settlement - timedelta(days=rng.choice((0, 0, 0, 1, 5, 30, 45, 100)))
        admission = discharge - timedelta(days=rng.choice((0, 1, 3, 10, 25)))
        if self.often(0.004):
            discharge = settlement + timedelta(days=1)
        if self.often(0.006):
            admission = rng.choice((date(1899, 12, 31), date(1900, 1, 1)))
            discharge = rng.choice((discharge, admission))
        days = {"admission": admission, "discharge": discharge, "settlement": settlement}
        return {name: day.isoformat() for name, day in days.items()} | {"facts": facts, "money": self.money()}

    def spoil(self, facts: dict[str, Any]) -> None:
        """Now and then a fact is missing, or has a value that the policy does not list."""
        if not facts or not self.often(0.025):
            return
        name = self.rng.choice(tuple(facts))
        if self.often(0.6):
            del facts[name]
        else:
            listed = self.policy["facts"][name]
            facts[name] = int(listed.split()[-1]) + 1 if isinstance(listed, str) else "nowhere"

    def day(self, start: date) -> date:
        """Near the start of the history, around the next turns of periods, seldom outside the dates of the policy."""
        rng = self.rng
        if self.often(0.02):
            return rng.choice((date(2024, 12, 31), date(2027, 1, 1), date(2024, 11, 5)))
        if self.often(0.5):
            return start + timedelta(days=rng.randint(0, 25))
        later = [turn for turn in TURNS if turn >= start][:3] or [TURNS[-1]]
        return rng.choice(later) + timedelta(days=rng.choice((-1, 0, 0, 1, 14)))

    def cost(self) -> int:
        rng, pool = self.rng, self.pool
        base = rng.choice(pool)
        kind = rng.randrange(10)
        if kind == 0:
            return rng.choice((0, 1, 2, 3, 4, 7, 99, 150))
        if kind in (1, 2):
            return base + rng.choice((-1, 0, 1))
        if kind in (3, 4):
            return base + rng.choice(pool) + rng.choice((0, 0, 0, 1, 4))
        if kind == 5:
            return base * 2 + rng.choice(pool)
        if kind == 6:
            return base * rng.choice((100, 100, 200, 300)) // rng.choice((50, 60, 70, 85, 25)) + rng.choice(pool)
        return rng.randint(1, 3 * pool[-1] if self.often(0.3) else 800_000)

    def money(self) -> dict[str, int]:
        money = {"in-scope cost": max(0, self.cost())}
        for part in CLAIM_PARTS[1:]:
            if self.often(0.45):
                money[part] = max(0, self.cost() // self.rng.choice((1, 2, 5)))
        if self.often(0.004):
            money["in-scope cost"] = -1 - money["in-scope cost"]
        if self.often(0.006):
            money["in-scope cost"] = 10**11 - sum(money.values()) + money["in-scope cost"] + self.rng.choice((0, 0, 1))
        off = self.rng.choice((-1, 1, 100)) if self.often(0.008) else 0
        return {"total cost": sum(money.values()) + off} | money


def random_histories(rng: random.Random, policy: dict[str, Any], values: Any, count: int) -> list[list[Claim]]:
    maker = HistoryMaker(rng, policy, values)
    return [maker.history() for _ in range(count)]
