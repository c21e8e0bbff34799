"""Taking back and correcting what was settled: at once where nothing depends on it, else by settling again in order.

    reverse(history, claim_id, at, reason) -> Changed     refused if a later claim depends on it
    resettle(history, series, {claim_id: None | Claim}, at, reason) -> Changed
                                                          take back, or correct, and settle again

A later claim depends on another if it read or changed one of the uses to which the other added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from openyibao.history.messages import HistoryError, error, key_text, listed, say
from openyibao.history.person import (
    CORRECTED,
    RESETTLED,
    REVERSED,
    Entry,
    Event,
    History,
    Settler,
    add,
    aware,
    settled,
)
from openyibao.policy.model import Bilingual
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement import Bill, Claim, ClaimError, Uses
from openyibao.settlement.claim import UseKey


@dataclass(frozen=True, slots=True)
class Change:
    """What one claim was and is: `after` is None for one taken back."""

    before: Entry
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Changed:
    """The new history, and every claim that was taken back, corrected or settled again, in order."""

    history: History
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A later claim, and the uses that it read or changed and the earlier one added to."""

    entry: Entry
    keys: tuple[UseKey, ...]


class ReversalRefusedError(HistoryError):
    """Later claims depend on the one to be reversed; `claims` are these, in the order in which they were settled."""

    def __init__(self, history: History, entry: Entry, claims: tuple[InTheWay, ...]) -> None:
        self.claims = claims
        super().__init__("in the way", _refusal(history, claims, entry))


def in_the_way(history: History, claim: str) -> tuple[InTheWay, ...]:
    """The claims settled after this one that read or changed a use to which it added."""
    entry = history.find(claim)
    found = []
    for number in history.standing[history.standing.index(entry.number) + 1 :]:
        later = history.entry(number)
        if keys := entry.added.keys() & later.touched:
            found.append(InTheWay(later, tuple(sorted(keys, key=repr))))
    return tuple(found)


def dependants(history: History, claim: str) -> tuple[Entry, ...]:
    """Those in the way, those in the way of them, and so on: what has to be reversed first, or settled again."""
    entry = history.find(claim)
    moved, found = set(entry.added), []
    for number in history.standing[history.standing.index(entry.number) + 1 :]:
        later = history.entry(number)
        if moved & later.touched:
            moved |= later.added.keys()
            found.append(later)
    return tuple(found)


def reverse(history: History, claim: str, at: datetime, reason: str) -> Changed:
    """Take back what a claim added to each use. Afterwards each use is as if the claim had never been.

    Raises ReversalRefusedError when a later claim read or changed one of these uses, HistoryError when the claim does
    not count.
    """
    entry = history.find(claim)
    if claims := in_the_way(history, claim):
        raise ReversalRefusedError(history, entry, claims)
    event = Event(len(history.events) + 1, aware(at), REVERSED, claim, reason, entry.number, None)
    after = replace(
        history,
        standing=tuple(number for number in history.standing if number != entry.number),
        events=(*history.events, event),
        uses=add(history.uses, entry.added, -1),
    )
    return Changed(after, (Change(entry, None),))


def resettle(
    history: History,
    settler: Settler,
    wanted: Mapping[str, Claim | None],
    at: datetime,
    reason: str,
    *,
    amended: bool = False,
) -> Changed:
    """Take claims back (None) or replace them by what they should have been, and settle again what depends on them.

    Each claim keeps its place in the order. All or nothing: raises HistoryError when a claim does not count, when one
    cannot be settled any more, and when the policy of one that is settled again only because of another has
    changed since; `amended` allows that.
    """
    _check(history, wanted)
    first = min(n for n, entry in enumerate(history.counted()) if entry.claim.id in wanted)
    later = [history.entry(number) for number in history.standing[first:]]
    uses = history.uses
    for entry in reversed(later):
        uses = add(uses, entry.added, -1)
    entries, standing, changes = list(history.entries), list(history.standing[:first]), list[Change]()
    moved = Moved()
    for old in later:
        asked = old.claim.id in wanted
        if not asked and not moved.reaches(old):
            uses = add(uses, old.added)
            standing.append(old.number)
            continue
        new = None
        if (claim := wanted.get(old.claim.id, old.claim)) is not None:
            new, uses = _again(len(entries) + 1, settler, uses, replace(old, claim=claim), asked or amended)
            entries.append(new)
            standing.append(new.number)
        moved.note(old, new)
        changes.append(Change(old, new))
    events = _events(len(history.events) + 1, changes, wanted, aware(at), reason)
    log = (*history.events, *events)
    after = replace(history, entries=tuple(entries), standing=tuple(standing), events=log, uses=uses)
    return Changed(after, tuple(changes))


class Moved:
    """Uses that stand differently now, and which later claims that reaches.

    A claim whose amounts are carried over looks at all periods that have a use: a period that had none is not among
    what it read. So a use that is new reaches every claim that looked at the same rule, in whatever period.
    """

    def __init__(self) -> None:
        self.keys: set[UseKey] = set()
        self.rules: set[UseKey] = set()

    def note(self, old: Entry, new: Entry | None) -> None:
        """An entry does not count any more; what it added went, what the new one added came."""
        self.keys |= old.added.keys()
        if new is not None:
            self.rules |= {_rule(key) for key in new.added.keys() - old.added.keys()}

    def reaches(self, entry: Entry) -> bool:
        touched = entry.touched
        return not self.keys.isdisjoint(touched) or not self.rules.isdisjoint(map(_rule, touched))


def _rule(key: UseKey) -> UseKey:
    """A use without its period."""
    return key[:1] + key[2:]


def _check(history: History, wanted: Mapping[str, Claim | None]) -> None:
    if not wanted:
        raise error("nothing")
    for name, claim in wanted.items():
        history.find(name)
        if claim is not None and claim.id != name:
            raise error("other id", claim=name, found=claim.id)
        if claim is not None and claim.person != history.person:
            raise error("person", claim=name, found=claim.person, expected=history.person)


def _again(number: int, settler: Settler, uses: Uses, old: Entry, amended: bool) -> tuple[Entry, Uses]:
    """The claim of an entry settled on other uses."""
    try:
        new, after = settled(number, settler, uses, old.claim)
    except ClaimError as found:
        raise HistoryError("failed", say("failed", claim=old.claim.id, why=found.text)) from found
    if not amended and (new.policy, new.digest) != (old.policy, old.digest):
        details = {"policy": old.policy, "old": old.digest, "found": new.policy, "new": new.digest}
        raise error("amended", claim=old.claim.id, **details)
    return new, after


def _events(
    number: int, changes: list[Change], wanted: Mapping[str, Claim | None], at: datetime, reason: str
) -> list[Event]:
    """One event a claim; those settled again because of another name the event of the last one asked for before."""
    events: list[Event] = []
    cause = None
    for change in changes:
        claim, after = change.before.claim.id, change.after
        kind = RESETTLED if claim not in wanted else REVERSED if after is None else CORRECTED
        because = cause if kind == RESETTLED else None
        before, now = change.before.number, after.number if after else None
        events.append(Event(number + len(events), at, kind, claim, reason, before, now, because))
        cause = events[-1].number if kind != RESETTLED else cause
    return events


def vocabulary_of(entries: Iterable[Entry]) -> Vocabulary:
    """The language of policies with the words of the policies of these entries, as far as their bills have them."""
    words: dict[str, Bilingual] = {}
    for entry in entries:
        if isinstance(entry.bill, Bill):
            words |= {word.en: word for word in entry.bill.plan.policy.words}
        else:
            kept = entry.bill.data()
            names = [layer[key] for layer in kept["layers"] for key in ("name", "payer")]
            names += [left["service"] for left in kept.get("leaves", ())]  # bills before version 4 have none
            words |= {name["en"]: Bilingual(name["zh"], name["en"]) for name in names}
    return Vocabulary(words.values())


def _refusal(history: History, claims: tuple[InTheWay, ...], entry: Entry) -> Bilingual:
    vocabulary = vocabulary_of([entry, *(item.entry for item in claims)])
    lines = []
    for item in claims:
        keys = listed(key_text(key, vocabulary) for key in item.keys)
        claim = item.entry.claim
        zh = f"  {claim.id}（{claim.settlement}结算）：{keys.zh}"
        lines.append(Bilingual(zh, f"  {claim.id} (settled {claim.settlement}): {keys.en}"))
    order = listed(Bilingual(e.claim.id, e.claim.id) for e in reversed(dependants(history, entry.claim.id)))
    text = Bilingual("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))
    return say("in the way", claim=entry.claim.id, count=len(claims), claims=text, order=order)
