"""A history as plain data, as it stands in a state file: claims, uses, entries, events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from openyibao.history.figures import figures
from openyibao.history.person import Entry, Event, History
from openyibao.settlement import Claim
from openyibao.settlement.claim import FactValue, Held, UseKey

Data = dict[str, Any]


def keys_data(keys: Iterable[UseKey]) -> list[list[str | int]]:
    """Keys in one order, whatever the order in which they came."""
    return sorted((list(key) for key in keys), key=_by_kind)


def uses_data(uses: Mapping[UseKey, int]) -> list[Data]:
    return [{"use": key, "fen": uses[tuple(key)]} for key in keys_data(uses)]


def _by_kind(key: list[str | int]) -> list[tuple[bool, str | int]]:
    """Numbers and texts may stand in the same place of two keys: numbers first."""
    return [(isinstance(item, str), item) for item in key]


def fact_data(value: FactValue) -> Any:
    if not isinstance(value, tuple):
        return value
    return [_held_data(held) for held in value]


def _held_data(held: Held) -> Data:
    times = {"from": held.start, "before": held.end}
    return {"is": held.value} | {name: day.isoformat() for name, day in times.items() if day is not None}


def claim_data(claim: Claim) -> Data:
    """A claim under the names of its fields; what is not stated is null."""
    return {
        "id": claim.id,
        "person": claim.person,
        "admission": claim.admission.isoformat(),
        "discharge": claim.discharge.isoformat(),
        "settlement": claim.settlement.isoformat(),
        "in_scope_fen": claim.in_scope_fen,
        "pre_self_paid_fen": claim.pre_self_paid_fen,
        "over_limit_fen": claim.over_limit_fen,
        "fully_self_paid_fen": claim.fully_self_paid_fen,
        "facts": {name: fact_data(claim.facts[name]) for name in sorted(claim.facts)},
        "episode": claim.episode,
        "enrolment": claim.enrolment.isoformat() if claim.enrolment else None,
        "charge": claim.charge.isoformat() if claim.charge else None,
        "stay": claim.stay,
        "first_of_stay": claim.first_of_stay,
        "last_of_stay": claim.last_of_stay,
    }


def entry_data(entry: Entry) -> Data:
    return {
        "number": entry.number,
        "policy": entry.policy,
        "digest": entry.digest,
        "claim": claim_data(entry.claim),
        "read": keys_data(entry.read),
        "added": uses_data(entry.added),
        "bill": entry.bill.data(),
    }


def event_data(event: Event, history: History) -> Data:
    return {
        "number": event.number,
        "time": event.time.isoformat(),
        "kind": event.kind,
        "claim": event.claim,
        "reason": event.reason,
        "cause": event.cause,
        "before": outcome_data(history, event.before),
        "after": outcome_data(history, event.after),
    }


def outcome_data(history: History, number: int | None) -> Data | None:
    """An entry as the log names it: its number and what was paid and left to the person."""
    if number is None:
        return None
    sums = figures(history.entry(number).bill)
    return {"entry": number, "paid_fen": sums.paid_fen, "personal_fen": sums.personal_fen}


def history_data(history: History) -> Data:
    return {
        "person": history.person,
        "opening": uses_data(history.opening.values),
        "uses": uses_data(history.uses.values),
        "entries": [entry_data(entry) for entry in history.entries],
        "events": [event_data(event, history) for event in history.events],
    }
