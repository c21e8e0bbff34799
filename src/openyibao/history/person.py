"""The history of a person: what was settled, under which policy, what it read and what it added to which use.

    settle(history, series, claim, at) -> History     one claim, after all that was settled before
    settle_all(history, series, claims, at)           several, in settlement order

A history does not change: each function gives a new one, and an error leaves none. Nothing is ever taken out of
`entries` and `events`; what still counts stands in `standing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from openyibao.history.messages import error
from openyibao.settlement import Bill, Claim, Uses
from openyibao.settlement.claim import OPEN, UseKey

SETTLED, REVERSED, RESETTLED, CORRECTED = "settled", "reversed", "resettled", "corrected"


class Settler(Protocol):
    """What settles claims: a `Series`, or the `Rule` of one policy."""

    def settle_touching(self, uses: Uses, claim: Claim) -> tuple[Bill, Uses, frozenset[UseKey]]: ...


@dataclass(frozen=True, slots=True)
class KeptBill:
    """A bill that was read from a state file: the data, without the compiled policy that made it."""

    kept: Mapping[str, Any]

    @property
    def paid_fen(self) -> int:
        return int(self.kept["totals"]["paid_fen"])

    @property
    def personal_fen(self) -> int:
        return int(self.kept["totals"]["personal_fen"])

    def data(self) -> dict[str, Any]:
        return dict(self.kept)


@dataclass(frozen=True, slots=True)
class Entry:
    """One settling of one claim. `number` counts all settlings of the person from 1 and is never used again.

    `policy` and `digest` say by which text of which policy. `read` are the uses that were looked at, changed or not;
    `added` is by how many fen each use changed (never 0; below 0 where a policy restates a use).
    """

    number: int
    claim: Claim
    policy: str
    digest: str
    bill: Bill | KeptBill
    read: frozenset[UseKey]
    added: Mapping[UseKey, int]

    @property
    def touched(self) -> frozenset[UseKey]:
        """All uses that were read or changed, but for those that were only added to, to be gathered later."""
        return self.read | {key for key in self.added if not str(key[0]).endswith(OPEN)}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log.

    `kind`: `settled`, `reversed`, `resettled` (settled again because another claim changed) or `corrected` (settled
    again with other facts). `before` and `after` are the numbers of the entries that counted before and count now.
    `cause` is the number of the event because of which this one happened, None for what was asked for.
    """

    number: int
    time: datetime
    kind: str
    claim: str
    reason: str
    before: int | None
    after: int | None
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of one person under one scheme.

    `opening` are uses taken over from elsewhere, without claims. `entries[n - 1]` has the number n. `standing` are the
    numbers of the entries that count, in the order in which they are settled. `uses` is `opening` plus what they added.
    """

    person: str
    opening: Uses = field(default_factory=Uses)
    entries: tuple[Entry, ...] = ()
    standing: tuple[int, ...] = ()
    events: tuple[Event, ...] = ()
    uses: Uses = field(default_factory=Uses)

    def entry(self, number: int) -> Entry:
        return self.entries[number - 1]

    def counted(self) -> tuple[Entry, ...]:
        """The entries that count, in the order in which they are settled."""
        return tuple(self.entries[number - 1] for number in self.standing)

    def find(self, claim: str) -> Entry:
        """The entry that counts for a claim. Raises HistoryError when there is none."""
        entries = self.counted()
        for entry in entries:
            if entry.claim.id == claim:
                return entry
        raise error("unknown", claim=claim, found=", ".join(entry.claim.id for entry in entries) or "-")


def opened(person: str, uses: Uses) -> History:
    """The history of a person whose uses so far come from elsewhere."""
    return History(person, opening=uses, uses=uses)


def settle(history: History, settler: Settler, claim: Claim, at: datetime, reason: str = "") -> History:
    """Settle a claim after all that counts so far: a late one too is settled when it arrives.

    `at` is the time for the log, with its zone; `reason` a remark for it. The bill is that of `entries[-1]`. Raises
    ClaimError when the claim cannot be settled, HistoryError when it belongs to another person or counts already.
    """
    if claim.person != history.person:
        raise error("person", claim=claim.id, found=claim.person, expected=history.person)
    if any(entry.claim.id == claim.id for entry in history.counted()):
        time = next(event.time for event in reversed(history.events) if event.claim == claim.id)
        raise error("again", claim=claim.id, time=time.isoformat(" ", "seconds"))
    entry, uses = settled(len(history.entries) + 1, settler, history.uses, claim)
    event = Event(len(history.events) + 1, aware(at), SETTLED, claim.id, reason, None, entry.number)
    return replace(
        history,
        entries=(*history.entries, entry),
        standing=(*history.standing, entry.number),
        events=(*history.events, event),
        uses=uses,
    )


def settle_all(history: History, settler: Settler, claims: Iterable[Claim], at: datetime) -> History:
    """Settle claims that arrived together: by settlement date, then as they stand. All of them, or an error."""
    for claim in sorted(claims, key=lambda claim: claim.settlement):
        history = settle(history, settler, claim, at)
    return history


def settled(number: int, settler: Settler, uses: Uses, claim: Claim) -> tuple[Entry, Uses]:
    """A claim settled on uses, as an entry, and the uses after it."""
    bill, after, read = settler.settle_touching(uses, claim)
    old, new = uses.values, after.values
    keys = old.keys() | new.keys()
    added = {key: new.get(key, 0) - old.get(key, 0) for key in keys if new.get(key, 0) != old.get(key, 0)}
    policy = bill.plan.policy
    return Entry(number, claim, policy.id, policy.digest, bill, read, MappingProxyType(added)), after


def add(uses: Uses, added: Mapping[UseKey, int], times: int = 1) -> Uses:
    """Uses with what an entry added (times -1: taken back). Raises ValueError where a use would fall below 0."""
    values = dict(uses.values)
    for key, fen in added.items():
        values[key] = values.get(key, 0) + times * fen
    return Uses(values)


def aware(at: datetime) -> datetime:
    """A time for the log; raises HistoryError for one without a zone, which would mean another moment elsewhere."""
    if at.tzinfo is None:
        raise error("time", found=at.isoformat())
    return at
