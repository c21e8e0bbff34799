"""Reading the histories of a state file: what does not hang together is refused.

The log is played again: it must lead to the claims that count, and these to the uses.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from openyibao.history.data import outcome_data, uses_data
from openyibao.history.person import CORRECTED, RESETTLED, REVERSED, SETTLED, Entry, Event, History, KeptBill, add
from openyibao.history.state_check import (
    Wrong,
    day,
    each,
    expect,
    fen,
    key_of,
    number_of,
    text,
    time,
    uses_of,
    yes_or_no,
)
from openyibao.settlement import Claim, Uses
from openyibao.settlement.claim import MAX_USE_FEN, FactValue, Held


def _added(data: Any, place: str) -> int:
    if type(data) is not int or not data or abs(data) > MAX_USE_FEN:
        raise Wrong(place, data, "added")
    return data


def _fact(data: Any, place: str) -> FactValue:
    if type(data) in (str, int):
        return data  # type: ignore[no-any-return]
    if not isinstance(data, list):
        raise Wrong(place, data, "fact")
    return tuple(each(data, place, _held))


def _held(data: Any, place: str) -> Held:
    names = [name for name in ("from", "before") if isinstance(data, dict) and name in data]
    fields = expect(data, place, ("is", *names))
    days = {name: day(fields[name], f"{place}.{name}") for name in names}
    return Held(text(fields["is"], f"{place}.is"), days.get("from"), days.get("before"))


CLAIM: dict[str, Callable[[Any, str], Any]] = {
    "id": text,
    "person": text,
    "admission": day,
    "discharge": day,
    "settlement": day,
    "in_scope_fen": fen,
    "pre_self_paid_fen": fen,
    "over_limit_fen": fen,
    "fully_self_paid_fen": fen,
    "facts": lambda data, place: {name: _fact(value, f"{place}.{name}") for name, value in _facts(data, place).items()},
    "episode": text,
    "enrolment": day,
    "charge": day,
    "stay": text,
    "first_of_stay": yes_or_no,
    "last_of_stay": yes_or_no,
}
"""How each field of a claim is read; all but enrolment and charge must be stated."""


def _facts(data: Any, place: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Wrong(place, data, "facts")
    return data


def claim_of(data: Any, place: str) -> Claim:
    fields = expect(data, place, CLAIM)
    values: dict[str, Any] = {}
    for name, read in CLAIM.items():
        given = fields[name] is not None or name not in ("enrolment", "charge")
        values[name] = read(fields[name], f"{place}.{name}") if given else None
    try:
        return Claim(**values)
    except (ValueError, TypeError) as error:
        raise Wrong(place, fields["id"], "claim", names=error) from None


def _bill(data: Any, place: str, claim: Claim, policy: str, digest: str) -> KeptBill:
    try:
        about = (data["claim"]["id"], data["policy"]["id"], data["policy"]["digest"], data["totals"]["total_fen"])
        totals = (data["totals"]["paid_fen"], data["totals"]["personal_fen"])
        paid = sum(layer["paid_fen"] for layer in data["layers"])
        names = all(len(layer[name]) == 2 for layer in data["layers"] for name in ("name", "payer"))
    except (KeyError, TypeError):
        raise Wrong(place, data, "bill") from None
    if about != (claim.id, policy, digest, claim.total_fen) or (paid, claim.total_fen - paid) != totals or not names:
        raise Wrong(place, f"{about} {totals}", "bill")
    return KeptBill(MappingProxyType(data))


def entry_of(data: Any, place: str) -> Entry:
    fields = expect(data, place, ("number", "policy", "digest", "claim", "read", "added", "bill"))
    claim = claim_of(fields["claim"], f"{place}.claim")
    policy, digest = text(fields["policy"], f"{place}.policy"), text(fields["digest"], f"{place}.digest")
    return Entry(
        number_of(fields["number"], f"{place}.number"),
        claim,
        policy,
        digest,
        _bill(fields["bill"], f"{place}.bill", claim, policy, digest),
        frozenset(each(fields["read"], f"{place}.read", key_of)),
        MappingProxyType(uses_of(fields["added"], f"{place}.added", _added)),
    )


def _event(data: Any, place: str) -> tuple[Event, Any]:
    """An event, and what the file says of its figures."""
    fields = expect(data, place, ("number", "time", "kind", "claim", "reason", "cause", "before", "after"))
    kinds = (SETTLED, REVERSED, RESETTLED, CORRECTED)
    if fields["kind"] not in kinds:
        raise Wrong(f"{place}.kind", fields["kind"], "kind", names=", ".join(kinds))
    numbers = {name: _outcome(fields[name], f"{place}.{name}") for name in ("before", "after")}
    cause = fields["cause"]
    event = Event(
        number_of(fields["number"], f"{place}.number"),
        time(fields["time"], f"{place}.time"),
        fields["kind"],
        text(fields["claim"], f"{place}.claim"),
        text(fields["reason"], f"{place}.reason", "any text"),
        numbers["before"],
        numbers["after"],
        None if cause is None else number_of(cause, f"{place}.cause"),
    )
    return event, {name: fields[name] for name in numbers}


def _outcome(data: Any, place: str) -> int | None:
    if data is None:
        return None
    return number_of(expect(data, place, ("entry", "paid_fen", "personal_fen"))["entry"], f"{place}.entry")


def history_of(data: Any, place: str) -> tuple[tuple[str, str, str], History]:
    """The history of one person, with region, scheme and person. Raises Wrong at the first problem."""
    fields = expect(data, place, ("region", "scheme", "person", "opening", "uses", "entries", "events"))
    region, scheme, person = (text(fields[name], f"{place}.{name}") for name in ("region", "scheme", "person"))
    opening = Uses(uses_of(fields["opening"], f"{place}.opening"))
    entries = tuple(each(fields["entries"], f"{place}.entries", entry_of))
    for number, entry in enumerate(entries):
        where = f"{place}.entries[{number}]"
        if entry.number != number + 1:
            raise Wrong(f"{where}.number", entry.number, "order")
        if entry.claim.person != person:
            raise Wrong(f"{where}.claim.person", entry.claim.person, person)
    log = each(fields["events"], f"{place}.events", _event)
    history = History(person, opening, entries, (), tuple(event for event, _ in log))
    standing = _replay(history, f"{place}.events")
    for number, (event, said) in enumerate(log):
        for name, entry_number in (("before", event.before), ("after", event.after)):
            right = outcome_data(history, entry_number)
            if said[name] != right:
                raise Wrong(f"{place}.events[{number}].{name}", said[name], "figures", names=right)
    uses = opening
    for entry_number in standing:
        try:
            uses = add(uses, history.entry(entry_number).added)
        except ValueError as error:
            raise Wrong(f"{place}.entries[{entry_number - 1}].added", str(error), "added") from None
    _check_uses(uses_of(fields["uses"], f"{place}.uses"), uses, f"{place}.uses")
    return (region, scheme, person), History(person, opening, entries, standing, history.events, uses)


def _replay(history: History, place: str) -> tuple[int, ...]:
    """The entries that count after all events. Each entry comes from one event, in the order of the log."""
    standing: list[int] = []
    made, most = 0, len(history.entries)
    for number, event in enumerate(history.events):
        where = f"{place}[{number}]"
        if event.number != number + 1:
            raise Wrong(f"{where}.number", event.number, "order")
        if event.cause is not None and (event.kind != RESETTLED or event.cause >= event.number):
            raise Wrong(f"{where}.cause", event.cause, "order")
        if (event.before is None) != (event.kind == SETTLED) or (event.before or 0) not in (*standing, 0):
            raise Wrong(f"{where}.before", event.before, "order")
        if event.after != (None if event.kind == REVERSED else made + 1) or made + 1 > most + (event.after is None):
            raise Wrong(f"{where}.after", event.after, "order")
        made += event.after is not None
        named = {history.entry(entry).claim.id for entry in (event.before, event.after) if entry is not None}
        others = {history.entry(entry).claim.id for entry in standing if entry != event.before}
        if named != {event.claim} or named & others:
            raise Wrong(f"{where}.claim", event.claim, "order")
        now = [] if event.after is None else [event.after]
        at = len(standing) if event.before is None else standing.index(event.before)
        standing[at : at + (event.before is not None)] = now
    if made != most:
        raise Wrong(place, None, "order")
    return tuple(standing)


def _check_uses(said: dict[Any, int], uses: Uses, place: str) -> None:
    found = {key: fen for key, fen in said.items() if fen}
    if found != dict(uses.values):
        wrong = {key: fen for key, fen in found.items() if uses.values.get(key) != fen}
        right = {key: fen for key, fen in uses.values.items() if found.get(key) != fen}
        raise Wrong(place, uses_data(wrong), "sum", names=uses_data(right))
