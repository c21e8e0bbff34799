"""What the verbs about histories do. Errors are raised; the command line says them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from rich.console import Console

from openyibao.history.changes import Change, ReversalRefusedError, resettle, reverse
from openyibao.history.figures import differences
from openyibao.history.messages import HistoryError, error
from openyibao.history.person import KeptBill, aware, settle
from openyibao.history.series import Series, load_series, read_series_claims
from openyibao.history.state import Person, State, read_state, save_state
from openyibao.history.text import print_differences, print_history, words
from openyibao.settlement import Bill, Claim, ClaimError

WIDTH = 118


def moment(text: str | None) -> datetime:
    """The time for the log: as given, or now."""
    try:
        return aware(datetime.fromisoformat(text) if text else datetime.now().astimezone())
    except ValueError:
        raise error("time", found=text) from None


def open_state(path: Path, accept_changed: bool, *, new: bool = False) -> State:
    """The state of a file; where `new` is allowed and there is none, an empty one."""
    return State() if new and not path.exists() else read_state(path, accept_changed=accept_changed)


def settle_kept(
    state: State, series: Series, claims: Iterable[Claim], at: datetime, lang: str
) -> tuple[State, list[Bill | KeptBill], list[ClaimError]]:
    """Settle claims after all that a state holds of their persons. A claim that fails leaves no trace.

    One that counts already and is the same is not settled again: its bill is given, as it was.
    """
    histories = dict(state.histories)
    bills: list[Bill | KeptBill] = []
    errors: list[ClaimError] = []
    for claim in claims:
        person = (series.region, series.scheme, claim.person)
        history = histories.get(person) or state.of(person)
        same = next((entry for entry in history.counted() if entry.claim == claim), None)
        if same is not None:
            print(words("repeated", lang, claim=claim.id), file=sys.stderr)
            bills.append(same.bill)
            continue
        try:
            histories[person] = settle(history, series, claim, at)
        except ClaimError as found:
            errors.append(found)
        except HistoryError as found:
            errors.append(ClaimError(claim.id, found.kind, found.text))
        else:
            bills.append(histories[person].entries[-1].bill)
    return replace(state, histories=MappingProxyType(histories)), bills, errors


def close_state(path: Path, before: State, state: State, save: bool, lang: str, *, accepted: bool = False) -> None:
    """Save a state that has changed, or say that it was a trial, or that nothing changed since it was read (`before`).

    One that was changed by hand, and `accepted`, is saved all the same: then its digest is right again.
    """
    changed = state.histories != before.histories or (save and accepted)
    if changed and save:
        save_state(path, state)
    print(words(("saved" if save else "unsaved") if changed else "unchanged", lang, file=path), file=sys.stderr)


def show(path: Path, person: str | None, claim: str | None, log: bool, lang: str, accept_changed: bool) -> None:
    """Print what counts for all persons of a state, or one; or one claim's bill, explained."""
    state = open_state(path, accept_changed)
    console = _console()
    if claim is not None:
        from openyibao.settlement.bill_text import bill_text
        from openyibao.settlement.bill_view import print_bill

        data = state.of(state.find(claim, person)).find(claim).bill.data()
        print_bill(data, lang, console)
        print(bill_text(data, lang))
        return
    found = [key for key in sorted(state.histories) if person in (None, key[2])]
    if person is not None and not found:
        raise error("nobody", person=person)
    for key in found:
        print_history(key, state.histories[key], lang, log, console)


def reverse_claim(
    path: Path, claim: str, person: str | None, reason: str, time: str | None, save: bool, lang: str, accept: bool
) -> None:
    """Reverse one claim of a state, or say what is in the way (exit code 1)."""
    state = open_state(path, accept)
    key = state.find(claim, person)
    try:
        changed = reverse(state.histories[key], claim, moment(time), reason)
    except ReversalRefusedError as refused:
        print(getattr(refused.text, lang), file=sys.stderr)
        raise SystemExit(1) from None
    print_differences(differences(changed.changes), lang, _console())
    close_state(path, state, state.put(key, changed.history), save, lang)


def resettle_claims(
    path: Path,
    policies: list[str],
    without: list[str],
    file: Path | None,
    reason: str,
    time: str | None,
    save: bool,
    lang: str,
    accept: bool,
    amended: bool,
) -> None:
    """Take claims back and correct those of a file, and settle again what depends on them."""
    before, at = open_state(path, accept), moment(time)
    series = load_series(policies)
    wanted: dict[Person, dict[str, Claim | None]] = {}
    for name in without:
        wanted.setdefault(before.find(name, None, (series.region, series.scheme)), {})[name] = None
    for claim in [lined.claim for lined in read_series_claims(file, series)] if file else ():
        wanted.setdefault((series.region, series.scheme, claim.person), {})[claim.id] = claim
    if not wanted:
        raise error("nothing")
    state, changes = before, list[Change]()
    for key, asked in wanted.items():
        changed = resettle(state.of(key), series, asked, at, reason, amended=amended)
        state = state.put(key, changed.history)
        changes += changed.changes
    print_differences(differences(changes), lang, _console())
    close_state(path, before, state, save, lang)


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)
