"""Random histories with what time adds to a claim: episodes, stays in parts, dates, dated identities, money facts.

Few days, few diseases, few episodes, so that claims meet; late claims whose admission and discharge lie far back.
"""

import random
from datetime import date, timedelta
from typing import Any

from second.random_claims import Claim, HistoryMaker

MEETINGS = tuple(
    date.fromisoformat(day)
    for day in (
        *(
            "2025-01-01",
            "2025-01-02",
            "2025-01-31",
            "2025-02-01",
            "2025-02-28",
            "2025-03-31",
            "2025-04-01",
            "2025-06-30",
            "2025-07-01",
        ),
        *(
            "2025-08-31",
            "2025-09-01",
            "2025-12-30",
            "2025-12-31",
            "2026-01-01",
            "2026-01-02",
            "2026-04-01",
            "2026-06-30",
        ),
        *("2026-07-01", "2026-09-01", "2026-10-01", "2026-12-30"),
    )
)
ENROLLED = (
    "2024-06-01",
    "2024-11-30",
    "2025-01-01",
    "2025-01-02",
    "2025-01-31",
    "2025-03-15",
    "2025-08-31",
    "2025-09-01",
    "2026-01-01",
)
TURNS = ("2025-01-01", "2025-07-01", "2025-09-01", "2026-01-01", "2026-04-01")
TEXTS = {
    "disease": ("hypertension", "E11.9", "糖尿病"),
    "institution": ("H1", "H2", "县 医院"),
    "item group": ("dialysis", "x/y"),
}
BALANCES = (0, 1, 5000, 12345, 30000, 100_000)
ADDITIONS = (0, -2000, 3000, 10_050, -50_000, 100_000)


class TimeHistoryMaker(HistoryMaker):
    """Histories of three to eight claims under one policy."""

    def history(self) -> list[Claim]:
        rng = self.rng
        self.days = sorted(rng.sample(MEETINGS, rng.choice((2, 3, 4))))
        person = {name: self.value(name) for name in self.policy["facts"] if name != "admission number"}
        enrolment = rng.choice(ENROLLED) if self.often(0.96) else None
        claims: list[Claim] = []
        while len(claims) < 3 or (len(claims) < 8 and self.often(0.55)):
            claim = self.claim(person, self.days[0])
            if enrolment:
                claim["enrolment"] = rng.choice(ENROLLED) if self.often(0.08) else enrolment
            chance = 0.3 if self.policy.get("year of the date of") == "charge" else 0.05
            claims += self.parts(claim, f"s{len(claims)}") if self.often(chance) else [self.alone(claim)]
        claims.sort(key=lambda claim: claim["settlement"])
        return [{"claim id": f"c{n}"} | claim for n, claim in enumerate(claims)]

    def claim(self, person: dict[str, Any], start: date) -> Claim:
        """As in short histories, but at few days, some of them late, and with facts that change more often."""
        rng = self.rng
        changed = {name: self.value(name) for name in person if name not in ("grade", "locality") and self.often(0.25)}
        claim = super().claim(person | changed, start)
        late = (0, 1, 2, 5, 31, 45, 100, 200, 370) if self.often(0.5) else (0, 0, 0, 0, 1)
        settlement = date.fromisoformat(claim["settlement"])
        if claim["admission"] <= claim["discharge"] <= claim["settlement"] and claim["admission"] > "1901":
            discharge = settlement - timedelta(days=rng.choice(late))
            if self.often(0.5) and discharge != settlement:
                discharge = max(day for day in (*self.days, date(2025, 1, 1), discharge) if day <= discharge)
            claim["discharge"] = discharge.isoformat()
            claim["admission"] = (discharge - timedelta(days=rng.choice((0, 0, 1, 3, 25)))).isoformat()
        if self.often(0.3):
            claim["episode"] = rng.choice(("e1", "e2", "c0"))
        return claim

    def day(self, start: date) -> date:
        if self.often(0.25):
            return super().day(start)
        return self.rng.choice(self.days) + timedelta(days=self.rng.choice((0, 0, 0, 0, 1)))

    def alone(self, claim: Claim) -> Claim:
        """A claim that is no part of a stay; now and then with a day on which its costs arose."""
        if claim["admission"] <= claim["discharge"] and self.often(0.5):
            first, last = date.fromisoformat(claim["admission"]), date.fromisoformat(claim["discharge"])
            claim["charge"] = self.rng.choice((first, last)).isoformat()
        return claim

    def parts(self, claim: Claim, stay: str) -> list[Claim]:
        """A stay over the turn of a year in two claims, or three; they may be settled on different days."""
        rng = self.rng
        turn = date.fromisoformat(rng.choice(TURNS))
        discharge = turn + timedelta(days=rng.choice((0, 1, 5)))
        days = {
            "admission": (turn - timedelta(days=rng.choice((1, 2, 20)))).isoformat(),
            "discharge": discharge.isoformat(),
        }
        charges = [turn - timedelta(days=1), *([turn] if self.often(0.2) else []), discharge]
        settled = discharge + timedelta(days=rng.choice((0, 0, 0, 10, 60)))
        found = []
        for n, charge in enumerate(charges):
            part = claim | days | {"settlement": settled.isoformat(), "charge": charge.isoformat(), "stay": stay}
            part |= {"first of stay": "no"} if n else {}
            part |= {"last of stay": "no"} if n < len(charges) - 1 else {}
            found.append(part | ({} if n == 0 else {"money": self.money(), "facts": self.varied(claim["facts"])}))
            settled += timedelta(days=rng.choice((0, 0, 1, 40)))
        return found

    def varied(self, facts: dict[str, Any]) -> dict[str, Any]:
        return facts | {name: self.value(name) for name in facts if self.often(0.1) and name in self.policy["facts"]}

    # Facts

    def value(self, fact: str) -> Any:
        listed = self.policy["facts"][fact]
        if listed == "any":
            return self.rng.choice(TEXTS[fact])
        if listed in ("money", "signed money"):
            return self.rng.choice(BALANCES if listed == "money" else ADDITIONS)
        if isinstance(listed, dict) or (isinstance(listed, list) and self.often(0.04)):
            return self.identity(listed if isinstance(listed, dict) else {"values": listed})
        return super().value(fact)

    def identity(self, listed: dict[str, Any]) -> Any:
        """One name, several, or names with their time."""
        rng, names = self.rng, next(listed[key] for key in ("order", "values") if key in listed)
        kind = rng.randrange(10)
        if kind < 3:
            return rng.choice(names)
        if kind == 3 and ("order" in listed or self.often(0.1)):
            return rng.sample((*names, "nowhere") if "order" in listed else names, min(2, len(names)))
        turn = rng.choice(self.days).isoformat()
        before, after = rng.choice(names), rng.choice(names)
        if kind < 7:
            return [{"is": before, "before": turn}, {"is": after, "from": turn}]
        dated: dict[str, Any] = {"is": before, "from": turn}
        others = [name for name in names if name != before] or ["nowhere"]
        if self.often(0.5):
            dated["before"] = rng.choice([day for day in ("2026-01-01", "2027-01-01") if day > turn])
        if kind < 9 and "order" in listed:
            return [dated, rng.choice(others)]
        return [dated] if self.often(0.3) else [{"is": before, "from": "2024-01-01"}]

    def spoil(self, facts: dict[str, Any]) -> None:
        """Now and then a fact is missing, or has a value that the policy does not list."""
        if not facts or not self.often(0.03):
            return
        name = self.rng.choice(tuple(facts))
        listed = self.policy["facts"][name]
        if self.often(0.6) or listed in ("any", "money", "signed money"):
            del facts[name]
        elif isinstance(listed, str):
            facts[name] = int(listed.split()[-1]) + 1
        else:
            facts[name] = ["nowhere"] if isinstance(listed, dict) else "nowhere"


def random_histories(rng: random.Random, policy: dict[str, Any], values: Any, count: int) -> list[list[Claim]]:
    maker = TimeHistoryMaker(rng, policy, values)
    return [maker.history() for _ in range(count)]
