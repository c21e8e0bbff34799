"""Random claims as the lab keeps them: record batches of whole numbers, and a large Parquet file of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.bench.claims import MEAN_CLAIMS, Columns, random_columns
from openyibao.lab.claims import CALENDAR, CLAIM, FLAGS, NAMES, SHIFT, column_name
from openyibao.lab.claims import DATES as ALL_DATES
from openyibao.lab.parquet import write_batches
from openyibao.policy.model import Fact, Policy
from openyibao.settlement.columns import MONEY
from openyibao.settlement.lowering import MISSING_MONEY

CHUNK_ROWS = 500_000
UNASKED = (*NAMES, *FLAGS, "charge", "enrolment")
"""What few policies ask for, and large tables do without."""


def claim_batch(policy: Policy, columns: Columns, first: int = 0) -> Any:
    """A record batch of the columns of `random_columns`; the first claim has the number `first`."""
    rows = len(columns["person"])
    facts = {fact.name: fact for fact in policy.facts}
    made: dict[str, Any] = {CLAIM: pa.array(np.arange(first, first + rows)), "person": pa.array(columns["person"])}
    made |= {name: _days(columns[name]) for name in ALL_DATES if name in columns}
    made |= {column_name(name): pa.array(columns[name]) for name in MONEY}
    made |= {name: pa.array(columns[name]) for name in NAMES if name in columns}
    made |= {name: pa.array(columns[name] != 0) for name in FLAGS if name in columns}
    made |= {column_name(name, fact): _fact(fact, columns[name]) for name, fact in facts.items() if name in columns}
    return pa.RecordBatch.from_pydict(made)


def _days(numbers: Any) -> Any:
    """date32 of yyyymmdd; none where it is not positive."""
    place = np.zeros(CALENDAR.max() % 10**8 + 1, np.int32)
    place[CALENDAR[:-1]] = np.arange(len(CALENDAR) - 1) - SHIFT
    return pa.array(place[np.maximum(numbers, 0)], pa.int32(), mask=numbers <= 0).cast(pa.date32())


def _fact(fact: Fact, numbers: Any) -> Any:
    if "money" in fact.kind:
        return pa.array(numbers, mask=numbers == MISSING_MONEY)
    if fact.kind == "any":
        return pa.array(numbers, mask=numbers < 0)
    if fact.range is not None:
        return pa.array(numbers.astype(np.int32), mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int8), mask=numbers < 0), list(fact.values))


def lives(policy: Policy, columns: Columns, seed: int, weights: dict[str, list[float]]) -> Columns:
    """The same claims, but a person's age and named facts (except service and grade) are the same all year."""
    random = np.random.default_rng(seed)
    start = np.r_[True, np.diff(columns["person"]) != 0]
    person = np.cumsum(start) - 1
    persons = int(person[-1]) + 1 if len(person) else 0
    changed = dict(columns)
    for fact in policy.facts:
        if fact.values and fact.kind == "words" and fact.name not in ("service", "grade"):
            drawn = random.choice(len(fact.values), persons, p=weights.get(fact.name))
            changed[fact.name] = drawn.astype(np.int64)[person]
        elif fact.name == "age":
            changed[fact.name] = random.integers(0, 95, persons)[person]
    return changed


def write_claims(policy: Policy, path: Path, rows: int, seed: int, weights: dict[str, list[float]]) -> None:
    """Write a Parquet file of so many claims, chunk after chunk, sorted by person."""
    batches = _chunks(policy, rows, seed, weights)
    first = next(batches)

    def all_of_them() -> Iterator[Any]:
        yield first
        yield from batches

    write_batches(path, first.schema, all_of_them())


def _chunks(policy: Policy, rows: int, seed: int, weights: dict[str, list[float]]) -> Iterator[Any]:
    written, persons = 0, 0
    while written < rows:
        size = min(CHUNK_ROWS, rows - written)
        columns = random_columns(policy, CHUNK_ROWS // MEAN_CLAIMS + 5000, seed + persons, weights)
        columns = lives(policy, {name: column[:size] for name, column in columns.items()}, seed + persons, weights)
        columns["person"] = columns["person"] + persons
        yield claim_batch(policy, {name: columns[name] for name in columns if name not in UNASKED}, written)
        written += size
        persons = int(columns["person"][-1]) + 1
