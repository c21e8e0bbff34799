"""Random histories with sub-parts of divided parts, and with claims that gather.

Gathering claims follow others at the edges of the window: a benefit year later, some months to the day, a day more or
less. Some come twice, some have money of their own, which they must not.
"""

import random
from datetime import date, timedelta
from typing import Any

from second import gathering, parts
from second.random_claims import Claim
from second.random_histories import TimeHistoryMaker

LAST_DAY = date(2026, 12, 31)
LARGE = 10**9


class GatheringHistoryMaker(TimeHistoryMaker):
    """Histories under one policy."""

    def history(self) -> list[Claim]:
        claims = super().history()
        services = gathering.services(self.policy)
        if not services or self.often(0.1):
            return claims
        early = [claim for claim in claims if claim["settlement"] < "2026"] or claims
        for _ in range(self.rng.choice((1, 2, 2, 3))):
            service = self.rng.choice(tuple(services))
            claims.append(self.gathering_claim(self.rng.choice(early), service, services[service]["of"]))
            if self.often(0.3):
                again = max(claims[-1]["settlement"], self.rng.choice(claims)["settlement"])
                claims.append(claims[-1] | {"settlement": again})
        claims.sort(key=lambda claim: claim["settlement"])
        return [claim | {"claim id": f"c{n}"} for n, claim in enumerate(claims)]

    def gathering_claim(self, one: Claim, service: str, of: str) -> Claim:
        """A claim of the service that may meet the other one at an edge of its window."""
        rng = self.rng
        settled, discharged = date.fromisoformat(one["settlement"]), date.fromisoformat(one["discharge"])
        if of == gathering.YEAR:
            day = rng.choice((date(settled.year + 1, 1, 1), later(settled, 12), date(settled.year + 1, 9, 1)))
            day += timedelta(days=rng.choice((-1, 0, 0, 0, 1, 40)))
        else:
            day = later(discharged, int(of.split()[1])) + timedelta(days=rng.choice((-40, -1, 0, 0, 0, 1)))
        day = min(day, LAST_DAY)
        last = min(max(day, settled) + timedelta(days=rng.choice((0, 0, 0, 1, 20))), max(day, LAST_DAY))
        days = {"admission": day - timedelta(days=rng.choice((0, 0, 3))), "discharge": day, "settlement": last}
        made: Claim = {name: its.isoformat() for name, its in days.items()}
        made |= {"enrolment": one["enrolment"]} if "enrolment" in one else {}
        made |= {"episode": rng.choice(("e1", "e2", "c0"))} if self.often(0.2) else {}
        dated = [{"is": service, "from": rng.choice(("2024-01-01", made["settlement"]))}]
        facts = self.varied(one["facts"]) | {"service": dated if self.often(0.1) else service}
        return made | {"facts": facts | dict.fromkeys(parts.sub_parts(self.policy), 0), "money": self.no_money()}

    def no_money(self) -> dict[str, int]:
        if self.often(0.015):
            return {"total cost": 100, "over-limit cost": 100}
        return {"total cost": 0} | ({"in-scope cost": 0} if self.often(0.5) else {})

    def money(self) -> dict[str, int]:
        """No claims so large that what is gathered of them is too much: that is a case by hand."""
        made = super().money()
        while gathering.services(self.policy) and max(made.values()) > LARGE:
            made = super().money()
        return made

    def value(self, fact: str) -> Any:
        """Services that gather have claims of their own."""
        listed = self.policy["facts"][fact]
        if fact != "service" or not gathering.services(self.policy):
            return super().value(fact)
        return self.rng.choice([service for service in listed if service not in gathering.services(self.policy)])

    # Sub-parts

    def claim(self, person: dict[str, Any], start: date) -> Claim:
        return self.divide(super().claim(person, start))

    def parts(self, claim: Claim, stay: str) -> list[Claim]:
        return [self.divide(part) for part in super().parts(claim, stay)]

    def divide(self, claim: Claim) -> Claim:
        """Sub-parts that add up, but for a few."""
        facts = dict(claim["facts"])
        for part, names in parts.divided(self.policy).items():
            whole = max(0, claim["money"].get(part, 0))
            cuts = sorted(self.cut(whole) for _ in names[1:])
            stated = [high - low for low, high in zip([0, *cuts], [*cuts, whole], strict=True)]
            if self.often(0.02):
                stated[-1] = max(0, stated[-1] + self.rng.choice((-1, 1, 5000)))
            facts |= dict(zip(names, stated, strict=True))
            if self.often(0.01):
                del facts[self.rng.choice(names)]
        return claim | {"facts": facts}

    def cut(self, whole: int) -> int:
        return min(whole, self.rng.choice((0, whole, whole // 2, whole // 3, self.cost(), self.rng.randint(0, whole))))


def later(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError("a month has a first day")


def random_histories(rng: random.Random, policy: dict[str, Any], values: Any, count: int) -> list[list[Claim]]:
    maker = GatheringHistoryMaker(rng, policy, values)
    return [maker.history() for _ in range(count)]
