"""State files: written whole, read back to the same, and refused with the place where something is not right."""

from __future__ import annotations

import importlib.util
import json
import os
import random
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import openyibao
from openyibao import Claim, read_claims
from openyibao.history import (
    History,
    HistoryError,
    State,
    StateFileError,
    load_series,
    read_state,
    resettle,
    reverse,
    save_state,
    settle,
    settle_all,
    state_hash,
)
from openyibao.history.data import claim_data
from openyibao.history.hashes import digest
from openyibao.history.state_read import CLAIM, claim_of
from openyibao.settlement import ClaimError
from openyibao.settlement.claim import Held

SPEC = importlib.util.spec_from_file_location("people", Path(__file__).with_name("random_people.py"))
assert SPEC and SPEC.loader
people = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(people)

AT = datetime(2026, 12, 1, 10, tzinfo=timezone(timedelta(hours=8)))
WILLOW = load_series(["teaching/willow-county-2026"])
CLAIMS = read_claims(Path(openyibao.__file__).parent / "examples" / "willow-year.yaml", WILLOW.reader())
KEY = ("999999", "resident", "example-4")


def state() -> State:
    history = settle_all(History("example-4"), WILLOW, CLAIMS, AT)
    history = resettle(history, WILLOW, {"W-2": None}, AT, "错人").history
    return State().put(KEY, settle(history, WILLOW, CLAIMS[1], AT))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "state.json"
    save_state(path, state())
    return path


def test_what_is_written_reads_back_to_the_same(file: Path) -> None:
    found = read_state(file)
    assert state_hash(found.histories) == state_hash(state().histories)
    old, new = state().histories[KEY], found.histories[KEY]
    assert (new.standing, new.events, new.uses, new.opening) == (old.standing, old.events, old.uses, old.opening)
    assert [(e.number, e.claim, e.read, e.added) for e in new.entries] == [
        (e.number, e.claim, e.read, e.added) for e in old.entries
    ]
    text = file.read_text(encoding="utf-8")
    save_state(file, found)
    assert file.read_text(encoding="utf-8") == text


def test_a_history_goes_on_after_loading(file: Path) -> None:
    """Reversing, settling again and settling on give the same whether or not the history went through a file."""
    loaded, kept = read_state(file).histories[KEY], state().histories[KEY]
    for history in (loaded, kept):
        with pytest.raises(HistoryError, match="W-2"):
            reverse(history, "W-1", AT, "x")
    done = [resettle(history, WILLOW, {"W-1": None}, AT, "x").history for history in (loaded, kept)]
    assert state_hash({KEY: done[0]}) == state_hash({KEY: done[1]})


def test_random_states_survive_a_file(tmp_path: Path) -> None:
    path, found = tmp_path / "state.json", State()
    for number, policy in enumerate(people.policies()):
        series = load_series([policy.file])
        history = History(f"{number}")
        for claim in people.Person(random.Random(f"{people.SEED}/{number}"), policy, f"{number}").claims():
            try:
                history = settle(history, series, claim, AT)
            except ClaimError:
                continue
        found = found.put((policy.region, policy.scheme, f"{number}"), history)
    saved = save_state(path, found)
    assert state_hash(read_state(path).histories) == state_hash(found.histories)
    assert read_state(path).digest == saved.digest


def test_a_new_file_is_for_its_owner_only_and_an_old_one_keeps_its_rights(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    save_state(file, read_state(file))
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_another_program_wrote_meanwhile_is_not_overwritten(file: Path) -> None:
    mine, other = read_state(file), read_state(file)
    history = other.histories[KEY]
    save_state(file, other.put(KEY, reverse(history, "W-2", AT, "x").history))
    text = file.read_text(encoding="utf-8")
    with pytest.raises(HistoryError) as found:
        save_state(file, mine)
    assert found.value.kind == "meanwhile" and file.read_text(encoding="utf-8") == text
    with pytest.raises(HistoryError):
        save_state(file, State())


def test_a_failed_write_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = file.read_text(encoding="utf-8")
    loaded = read_state(file)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        save_state(file, loaded.put(KEY, reverse(loaded.histories[KEY], "W-2", AT, "x").history))
    assert file.read_text(encoding="utf-8") == text
    assert list(file.parent.iterdir()) == [file]


def test_a_file_changed_by_hand_is_refused_unless_told(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"错人"', '"另有原因"'), encoding="utf-8")
    with pytest.raises(HistoryError) as found:
        read_state(file)
    assert found.value.kind == "changed" and str(file) in found.value.text.zh
    assert read_state(file, accept_changed=True).histories[KEY].events[3].reason == "另有原因"
    file.write_text(text.replace("\n", " "), encoding="utf-8")  # other spaces are no other content
    read_state(file)


def test_every_changed_byte_that_matters_is_noticed(file: Path) -> None:
    """Any letter or digit replaced by another: refused, but for the digest itself, where it is refused too."""
    text = file.read_text(encoding="utf-8")
    rng = random.Random(f"{people.SEED}/bytes")
    places = [n for n, letter in enumerate(text) if letter.isalnum() and letter.isascii()]
    for place in rng.sample(places, 300):
        other = rng.choice([c for c in "0123456789abcxyz" if c != text[place]])
        file.write_text(text[:place] + other + text[place + 1 :], encoding="utf-8")
        with pytest.raises((HistoryError, StateFileError)):
            read_state(file)


def changed(file: Path, *path: Any) -> dict[str, Any]:
    """The file with the last of `path` at the place before it, and a digest that fits."""
    data = json.loads(file.read_text(encoding="utf-8"))
    at = data
    for step in path[:-2]:
        at = at[step]
    if path[-1] is DELETED:
        del at[path[-2]]
    else:
        at[path[-2]] = path[-1]
    data["digest"] = digest({name: value for name, value in data.items() if name != "digest"})
    file.write_text(json.dumps(data), encoding="utf-8")
    return data


DELETED = object()
FIRST = ("histories", 0, "entries", 0)
WRONG: list[tuple[tuple[Any, ...], str]] = [
    (("format", "other"), 'format: found "other"; expected "openyibao state"'),
    (("version", 2), "version: found 2; expected 1"),
    (("histories", {}), "histories: found {}; expected a list"),
    (("more", 1), "more: found"),
    (("histories", 0, "uses", DELETED), "histories[0].uses: found nothing"),
    (("histories", 0, "uses", 0, "fen", 1), "histories[0].uses: found"),
    (("histories", 0, "uses", 0, "fen", 1.5), "histories[0].uses[0].fen: found 1.5; expected whole fen"),
    (("histories", 0, "uses", 0, "use", [2026]), "uses[0].use: found [2026]; expected a list of texts"),
    (("histories", 0, "opening", [{"use": ["x", 1], "fen": 5}]), "histories[0].uses: found"),
    (("histories", 0, "person", "B"), "histories[0].entries[0].claim.person"),
    ((*FIRST, "number", 7), "entries[0].number: found 7"),
    ((*FIRST, "digest", "0"), "entries[0].bill: found"),
    ((*FIRST, "claim", "in_scope_fen", -1), "claim.in_scope_fen: found -1; expected whole fen from 0"),
    ((*FIRST, "claim", "in_scope_fen", 1), "entries[0].bill: found"),
    ((*FIRST, "claim", "discharge", "2026-02-30"), 'claim.discharge: found "2026-02-30"; expected a day'),
    ((*FIRST, "claim", "discharge", "2026-12-30"), "entries[0].claim: found"),
    ((*FIRST, "claim", "facts", "grade", 1.0), "facts.grade: found 1.0; expected a text, a whole number"),
    ((*FIRST, "claim", "facts", []), "facts: found []; expected facts"),
    ((*FIRST, "claim", "first_of_stay", 1), "first_of_stay: found 1; expected true or false"),
    ((*FIRST, "added", 0, "fen", 0), "added[0].fen: found 0"),
    ((*FIRST, "added", 0, "fen", 1), "histories[0].uses: found"),
    ((*FIRST, "bill", "layers", 0, "paid_fen", 1), "entries[0].bill: found"),
    ((*FIRST, "bill", {}), "entries[0].bill: found {}"),
    (("histories", 0, "events", 3, "kind", "lost"), 'events[3].kind: found "lost"; expected one of settled'),
    (("histories", 0, "events", 3, "kind", "settled"), "events[3].before: found 2"),
    (("histories", 0, "events", 3, "claim", "W-1"), "events[3].claim: found"),
    (("histories", 0, "events", 3, "number", 9), "events[3].number: found 9"),
    (("histories", 0, "events", 4, "cause", 5), "events[4].cause: found 5"),
    (("histories", 0, "events", 0, "time", "2026-12-01T10:00:00"), "events[0].time: found"),
    (("histories", 0, "events", 0, "after", "paid_fen", 1), "events[0].after: found"),
    (("histories", 0, "events", 0, "after", "entry", 0), "events[0].after.entry: found 0"),
    (("histories", 0, "events", 5, DELETED), "histories[0].events: found nothing"),
    (("histories", 0, "events", 0, DELETED), "histories[0].events[0]"),
]


@pytest.mark.parametrize(("path", "expected"), WRONG, ids=[expected[:40] for _, expected in WRONG])
def test_what_is_wrong_is_told_with_its_place(file: Path, path: tuple[Any, ...], expected: str) -> None:
    """The digest fits: somebody made it fit, or another program wrote the file."""
    changed(file, *path)
    with pytest.raises(StateFileError) as found:
        read_state(file)
    assert expected in found.value.text.en, found.value.text.en
    assert found.value.text.en.startswith(str(file)) and "应为" in found.value.text.zh
    assert len(found.value.text.en.splitlines()) == 1


def test_a_person_twice(file: Path) -> None:
    data = json.loads(file.read_text(encoding="utf-8"))
    changed(file, "histories", data["histories"] * 2)
    with pytest.raises(StateFileError, match="each person once"):
        read_state(file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1: found"),
        ("{", "expected JSON"),
        ('{"format": 1, "format": 2}', 'found "a second time"'),
        ("[]", "found []; expected an object with format, version, digest, histories"),
        ('{"format": "openyibao state", "version": 1, "histories": []}', "digest: found nothing"),
    ],
)
def test_what_is_no_state_file(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StateFileError) as found:
        read_state(path)
    assert expected in found.value.text.en


def test_every_field_of_a_claim_is_kept() -> None:
    """A field that claims get later must be kept too."""
    assert set(CLAIM) == set(Claim.__dataclass_fields__)
    values = (Held("destitute", date(2026, 1, 1), date(2027, 1, 1)), Held("ordinary"))
    days = [date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 3)]
    claim = Claim(
        *("1", "A", *days, 1, 2, 3, 4, {"class": values, "age": 7, "grade": "primary"}, "E", days[0], days[1], "S"),
        first_of_stay=False,
        last_of_stay=False,
    )
    assert claim_of(json.loads(json.dumps(claim_data(claim))), "claim") == claim


def test_whose_claim_it_is() -> None:
    two = state().put(("999999", "employee", "B"), state().histories[KEY])
    assert two.find("W-1", None, ("999999", "resident")) == KEY
    for claim, person, kind in (("W-1", None, "whose"), ("W-7", None, "unknown"), ("W-1", "C", "unknown")):
        with pytest.raises(HistoryError) as found:
            two.find(claim, person)
        assert found.value.kind == kind


def test_times_keep_their_zone(file: Path) -> None:
    assert read_state(file).histories[KEY].events[0].time == AT
    assert datetime(2026, 12, 1, 10, tzinfo=UTC) != AT
