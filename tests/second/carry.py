"""Carry-over of a limit or a cap: what a claim finds of what its periods earned and others did not take."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from second.periods import number

Entry = tuple[str, int, int, int]  # claim, number of its period, amount on its facts, start of earning on its facts


@dataclass(frozen=True)
class Chain:
    """The periods of one carried amount as the current claim sees them.

    `entries` are the claims to which the rule applied, in the order of settlement, the current one last.
    """

    entries: tuple[Entry, ...]
    used: dict[int, int]
    start: int
    one: bool  # used in the next period at the latest

    def earned(self, period: int) -> tuple[int, int]:
        """The amount of a period, and the period of the claim that it comes from.

        A claim gives amounts only to periods from the start that it sees itself, and its own amount to itself.
        """
        entries = [entry for entry in self.entries if entry[3] <= period]
        own = [entry for entry in self.entries[-1:] if entry[1] == period]
        own = own or [entry for entry in entries if entry[1] == period]
        source = own[-1:] or [entry for entry in entries if entry[1] > period][:1]
        return (source[0][2], source[0][1]) if source else (0, period)

    def open_to(self, period: int) -> range:
        """The periods whose money a period may use."""
        return range(max(self.start, period - 1) if self.one else self.start, period + 1)

    def seen_from(self, here: int) -> range:
        """The periods that matter to a claim: those after the next take nothing of its money if it is carried once."""
        last = max([here, *self.used])
        return range(self.start, (min(last, here + 1) if self.one else last) + 1)

    def left(self, here: int, on: Callable[[str], bool]) -> int:
        """What a claim in period `here` finds. `on` tells whether a rule is switched on (see `Desk.on`)."""
        if here < self.start:
            return max(0, self.earned(here)[0] - self.used.get(here, 0))
        seen = self.seen_from(here)
        left = {period: self.earned(period)[0] for period in seen}
        for period in seen:
            if not any(entry[1] == period for entry in self.entries) and not on("a period without a claim"):
                left[period] = 0
        for period in seen:
            need = self.used.get(period, 0)
            if need and period > here and not on("drawn by a later period"):
                break
            for source in self.in_order(self.open_to(period), on):
                taken = min(need, left[source])
                left[source], need = left[source] - taken, need - taken
        return sum(left[period] for period in self.open_to(here))

    def in_order(self, sources: range, on: Callable[[str], bool]) -> list[int]:
        several = len(sources) > 1
        return list(sources) if not several or on("oldest first") else list(reversed(sources))


def left(turn: Any, rule: str, amount: int) -> int | None:
    """What the claim of this turn finds of a carried amount; None if nothing says when earning starts."""
    owner, _, period, values = turn.key(rule)
    kind, ledger = turn.kind(rule), turn.ledger
    here, place = number(period), ("earned by " + owner, rule, (), values)
    earlier = [entry for entry in ledger.now.get(place, ()) if entry[0] != ledger.claim]
    start = started(turn, rule, kind)
    if start is None:
        return None
    if len(earlier) == len(ledger.now.get(place, ())):
        ledger.enter(place, here, amount, start, touched=(*place, here))
    uses = {key: number(key[2]) for key in ledger.now if key[:2] == (owner, rule) and key[3] == values}
    one = turn.beside(rule, "carry over") == "one"
    chain = Chain(
        (*earlier, (ledger.claim, here, amount, start)),
        {n: ledger.now[key] for key, n in uses.items()},
        start,
        one if turn.desk.on("all or one") else not one,
    )
    seen = {*chain.seen_from(here), here}
    ledger.read |= {key for key, n in uses.items() if n in seen}
    ledger.read |= {(*place, chain.earned(n)[1]) for n in seen}
    return chain.left(here, turn.desk.on)


def started(turn: Any, rule: str, kind: str) -> int | None:
    """The period with which earning starts."""
    first = turn.ledger.entries(("start", kind, (), ()))[0][1]
    if turn.beside(rule, "earned from") != "enrolment":
        return int(first)
    if "enrolment" not in turn.desk.claim:
        return None
    found: int = turn.calendar.number_of(kind, date.fromisoformat(turn.desk.claim["enrolment"]))
    return found if turn.desk.on("earned from: enrolment") else int(first)
