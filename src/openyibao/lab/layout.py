"""The tables and columns that the loop of the generator works on, and how random words are numbered.

Counter of a draw: (person low 32 bits, person high 32 bits | stream << 16, event, purpose). Each kind of event has a
stream of its own; a further kind, or a further purpose, leaves all other draws as they were.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

PURPOSES = ("rotations", "person", "household", "counts", "prevalence", "event")
MAX_CLAIMS = 4096
"""Claims of a person and year: the number of a claim is person * 4096 + its place in the person's year."""


class PeopleTables(NamedTuple):
    """Households and their members. `*_below` are thresholds of words: the choice is how many are <= the word."""

    score: Whole  # normal scores of words, see quantiles.score_table
    first: Whole  # household of the cluster -> its first person
    size: Whole  # household of the cluster -> its persons
    role: Whole  # person of the cluster -> role
    urban_below: Whole  # [1]: of the first rotation
    tier_below: Whole  # place, tier: of the second rotation
    age_below: Whole  # role, age group
    age_low: Whole
    age_width: Whole
    men_below: Whole  # age group, of 16 bits
    frailty_score: Whole  # frailty class
    mean_score: Whole  # household size -> 2^20 / sqrt(size)
    income_mix: Whole  # [2]: of frailty, of its own; 2^-20
    quintile_score: Whole  # [4]: fifths of the income score, within urban or rural
    class_below: Whole  # quintile, assistance class
    income: Whole  # place, curve: fen a head and year


class EventTables(NamedTuple):
    """Kinds of events. Correlations come in pairs (of the given score, of a new one) in units of 2^-20."""

    stream: Whole  # kind
    rate_row: Whole  # kind, profile ((age * 2 + sex) * 2 + place), frailty class -> row of counts
    row_start: Whole  # row of counts -> its first threshold
    guide: Whole  # row of counts, highest 4 bits of the word -> lowest count
    thresholds: Whole
    prevalence: Whole  # kind -> whether only some persons have it
    prevalence_mix: Whole  # kind, 2
    prevalence_score: Whole  # kind, age group: those at or above it have it
    severity_mix: Whole  # kind, 2
    grades: Whole  # kind -> how many
    grade_below: Whole  # kind, place, severity bin, 3: of 16 bits
    grade_code: Whole  # kind, 4 -> grade of the population
    cost: Whole  # kind, grade, curve: fen
    cost_by_age: Whole  # kind, age group: 2^-16
    scope: Whole  # kind, grade, 3: logit, slope on severity, spread; 2^-20
    logistic: Whole  # logit -> share of 2^24
    rest: Whole  # kind, 3: fully self-paid, its width, pre-self-paid of what remains; 2^-16
    stay: Whole  # kind -> whether it lasts
    days: Whole  # kind, grade, curve: 2^-10 days
    days_mix: Whole  # kind, 2
    dates: Whole  # day of the year -> yyyymmdd


TABLES = tuple(dict.fromkeys((*PeopleTables._fields, *EventTables._fields)))
"""The tables in the order in which they lie in the flat array."""


def flat_tables(people: PeopleTables, events: EventTables) -> Whole:
    """One array: where each table begins, how many there are of some things (see `kernel`), then the tables."""
    tables = {**people._asdict(), **events._asdict()}
    sizes = (
        len(people.first),
        people.tier_below.shape[1],
        people.age_below.shape[1],
        people.class_below.shape[1],
        len(events.stream),
        len(events.dates),
    )
    parts = [tables[name].ravel() for name in TABLES]
    head = len(TABLES) + len(sizes)
    starts = np.cumsum([head, *(len(part) for part in parts[:-1])])
    return np.concatenate([starts, np.array(sizes), *parts]).astype(np.int64)


class Columns(NamedTuple):
    """Claims, one a row; given arrays are filled from the front. Money in fen, days as yyyymmdd, words as codes."""

    person: Column
    number: Column  # place in the person's year
    admission: Column
    discharge: Column
    settlement: Column
    total: Column
    fully_self_paid: Column
    over_limit: Column
    pre_self_paid: Column
    in_scope: Column
    kind: Column
    grade: Column
    tier: Column
    class_: Column
    age: Column
    sex: Column
    residence: Column
    quintile: Column


class People(NamedTuple):
    """Persons, one a row. sex: 0 men, 1 women. residence: 0 urban, 1 rural. frailty: class, rising."""

    person: Column
    household: Column
    age: Column
    sex: Column
    residence: Column
    tier: Column
    class_: Column
    quintile: Column
    role: Column
    frailty: Column
    income: Column  # fen a head and year of the household


class Room(NamedTuple):
    """Where the loop works on one household and one person: arrays that the caller holds, one set a thread."""

    members: Whole
    words: Whole
    order: Whole
    done: Whole


def empty_room() -> Room:
    shapes = ((60, 3), (MAX_CLAIMS, 4), (MAX_CLAIMS,), (MAX_CLAIMS, 9))
    return Room(*(np.empty(shape, np.int64) for shape in shapes))


_OTHER = {"number": np.int16, "admission": np.int32, "discharge": np.int32, "settlement": np.int32, "frailty": np.int16}
_WIDE = ("person", "household", "income", "total", "fully_self_paid", "over_limit", "pre_self_paid", "in_scope")


def _kind_of(name: str) -> Any:
    return np.int64 if name in _WIDE else _OTHER.get(name, np.int8)


def empty_columns(rows: int) -> Columns:
    """Columns to be filled, again and again if wished."""
    return Columns(*(np.empty(rows, _kind_of(name)) for name in Columns._fields))


def empty_people(rows: int) -> People:
    return People(*(np.empty(rows, _kind_of(name)) for name in People._fields))
