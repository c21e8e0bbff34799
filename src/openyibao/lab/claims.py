"""Claims as whole numbers: the record batches that the lab settles, and the columns they become.

A batch of claims has `person` (a whole number), the dates `admission`, `discharge` and `settlement` (date32, or whole
numbers yyyymmdd), the amounts `total_fen`, `fully_self_paid_fen`, `over_limit_fen`, `pre_self_paid_fen` and
`in_scope_fen`, and a column for each fact of the policy under the fact's name: words as text or dictionary, numbers as
whole numbers, money as whole numbers under the name with `_fen`. Where the policy needs them, also `charge` and
`enrolment` (dates, or none), `episode` and `stay` (whole numbers from 0), `first_of_stay` and `last_of_stay` (true or
false). A column `claim`, if there is one, is given back with the bills.

A fact or an amount that a row lacks is the fault of that row. Persons, days, episodes, stays and flags are what claims
are put in order and counted by: one that is lacking, or a day outside the calendar, stops the work.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from openyibao.policy.model import Fact
from openyibao.settlement.columns import MONEY, RowRule
from openyibao.settlement.lowering import MISSING, MISSING_MONEY, UNKNOWN

Array = npt.NDArray[Any]
DATES = ("admission", "discharge", "settlement", "charge", "enrolment")
FLAGS = ("first_of_stay", "last_of_stay")
NAMES = ("episode", "stay")
MAY_LACK = ("charge", "enrolment")
CLAIM, PERSON, SETTLEMENT = "claim", "person", "settlement"
FIRST = np.datetime64("1900-01-01")
LAST = np.datetime64("2100-01-01")
CALENDAR_IS = f"the calendar, which goes from {FIRST} to {LAST - 1}"


class ClaimColumnError(ValueError):
    """A batch that cannot be read: which column, what was found, what was expected."""


def column_name(name: str, fact: Fact | None = None) -> str:
    """What a column of the loop is called in a batch.

    >>> column_name("total"), column_name("discharge")
    ('total_fen', 'discharge')
    """
    money = name in MONEY if fact is None else "money" in fact.kind
    return f"{name}_fen" if money else name


def needed_columns(rule: RowRule) -> tuple[str, ...]:
    """The columns that a batch must have to be settled, `person` and `settlement` (their order) first."""
    facts = {fact.name: fact for fact in rule.policy.facts}
    return tuple(dict.fromkeys(column_name(name, facts.get(name)) for name in (PERSON, SETTLEMENT, *rule.needs)))


class ClaimColumns:
    """Reads batches of claims for one compiled policy. Safe to use from several threads."""

    def __init__(self, rule: RowRule) -> None:
        self.rule = rule
        self.facts = {fact.name: fact for fact in rule.policy.facts}
        self.names = tuple(dict.fromkeys((PERSON, SETTLEMENT, *rule.needs)))

    def check(self, schema: Any) -> None:
        """Raise ClaimColumnError where claims of a schema cannot be read: a column missing, or of a wrong kind."""
        self.read(pa.RecordBatch.from_pylist([], schema=schema))

    def read(self, batch: Any) -> dict[str, Array]:
        """The columns for `RowRule.settle`. Raises ClaimColumnError, which names the column, and the person.

        The types of the columns depend on the schema of the batch alone, not on what stands in it: the loop is
        compiled once for a schema.
        """
        columns = {}
        for name in self.names:
            try:
                columns[name] = self._column(batch, name)
            except _BadRowError as error:
                person = batch.column(batch.schema.get_field_index(PERSON))[error.row].as_py()
                raise ClaimColumnError(f"person {person}: {error}") from None
            columns[name].flags.writeable = False  # as columns without gaps are, which are not copied
        return columns

    def _column(self, batch: Any, name: str) -> Array:
        fact = self.facts.get(name)
        header = column_name(name, fact)
        place = batch.schema.get_field_index(header)
        if place < 0:
            found = ", ".join(batch.schema.names)
            raise ClaimColumnError(f"policy {self.rule.policy.id} needs the column {header!r}; the claims have {found}")
        column = batch.column(place)
        if name in DATES:
            return _days(column, header, optional=name in MAY_LACK)
        if name in FLAGS:
            column = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
            return _known(_whole(column, header, MISSING), header, "true or false", last=1)
        if name in NAMES:
            return _known(_whole(column, header, MISSING), header, "a whole number from 0")
        if fact is None or name in (PERSON, *MONEY):
            return _whole(column, header, MISSING)
        return self._fact(column, fact, header)

    def _fact(self, column: Any, fact: Fact, header: str) -> Array:
        if "money" in fact.kind:
            return _whole(column, header, MISSING_MONEY)
        if fact.kind == "any":
            return _names(column, header)
        if fact.range is not None:
            numbers = _whole(column, header, MISSING)
            low, high = fact.range.low or 0, fact.range.high or 0
            outside = ((numbers < low) | (numbers > high)) & (numbers != MISSING)
            return np.where(outside, UNKNOWN, numbers) if outside.any() else numbers
        return _words(column, fact.values, header)


class _BadRowError(Exception):
    """What is wrong in one row of a batch."""

    def __init__(self, row: int, text: str) -> None:
        super().__init__(text)
        self.row = row


def _whole(column: Any, header: str, missing: int) -> Array:
    """A column of whole numbers, without a copy where it has no gaps. Signed ones keep their width, money is wide."""
    if not pa.types.is_integer(column.type):
        raise ClaimColumnError(f"the column {header!r} holds {column.type}; expected whole numbers")
    if missing == MISSING_MONEY or pa.types.is_unsigned_integer(column.type):
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise ClaimColumnError(f"the column {header!r}: {error}") from None
    column = column.fill_null(missing) if column.null_count else column
    numbers: Array = column.to_numpy()
    return numbers


def _known(numbers: Array, header: str, expected: str, last: int | None = None) -> Array:
    """The same numbers, none of which is negative or above the last."""
    if len(numbers) and (numbers.min() < 0 or (last is not None and numbers.max() > last)):
        row = int(np.flatnonzero((numbers < 0) | (False if last is None else numbers > last))[0])
        found = "nothing" if numbers[row] == MISSING else int(numbers[row])
        raise _BadRowError(row, f"the column {header!r} holds {found}; expected {expected}")
    return numbers


def _calendar() -> npt.NDArray[np.int32]:
    """yyyymmdd of every day from FIRST on, before LAST; one more cell, for what is not a day."""
    days = np.arange(FIRST, LAST)
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    numbers = (years.astype(int) + 1970) * 10_000 + ((months - years).astype(int) + 1) * 100
    return np.append(numbers + (days - months).astype(int) + 1, 0).astype(np.int32)


CALENDAR = _calendar()
SHIFT = np.int32((np.datetime64("1970-01-01") - FIRST).astype(int))
NO_DAY = len(CALENDAR) - 1
OFFSET = int(CALENDAR[0]) - 1
IS_DAY = np.zeros(int(CALENDAR.max()) + 2 - OFFSET, bool)
IS_DAY[CALENDAR[:NO_DAY] - OFFSET] = True
"""Whether OFFSET + n is a day as yyyymmdd."""


def _days(column: Any, header: str, *, optional: bool) -> Array:
    """yyyymmdd of dates, or of whole numbers that are so already; -1 where an optional one is missing."""
    gaps = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    if gaps is not None and not optional:
        raise _BadRowError(int(np.flatnonzero(gaps)[0]), f"the column {header!r} holds no day; every claim has one")
    if not pa.types.is_date32(column.type):
        return _written_days(column, header, optional)
    days = column.view(pa.int32())
    days = (days.fill_null(0) if gaps is not None else days).to_numpy()
    if len(days) and (days.min() < -SHIFT or days.max() >= NO_DAY - SHIFT):
        row = int(np.flatnonzero((days < -SHIFT) | (days >= NO_DAY - SHIFT))[0])
        raise _BadRowError(row, f"the column {header!r} holds a day outside {CALENDAR_IS}")
    numbers: Array = CALENDAR.take(days + SHIFT, mode="clip")
    return numbers if gaps is None else np.where(gaps, np.int32(MISSING), numbers)


def _written_days(column: Any, header: str, optional: bool) -> Array:
    if not pa.types.is_integer(column.type):
        raise ClaimColumnError(f"the column {header!r} holds {column.type}; expected date32, or whole numbers yyyymmdd")
    numbers = _whole(column, header, MISSING)
    wrong = ~IS_DAY.take(np.clip(numbers.astype(np.int64) - OFFSET, 0, len(IS_DAY) - 1))
    wrong &= (numbers != MISSING) | (not optional)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise _BadRowError(row, f"the column {header!r} holds {int(numbers[row])}, no day yyyymmdd of {CALENDAR_IS}")
    return numbers


def _words(column: Any, values: tuple[str, ...], header: str) -> Array:
    """The place of each word in the policy's list; UNKNOWN for others, MISSING where there is none."""
    found = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not _is_text(found):
        raise ClaimColumnError(f"the column {header!r} holds {column.type}; expected words: {', '.join(values)}")
    column = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    known: dict[str | None, int] = {word: place for place, word in enumerate(values)} | {None: MISSING}
    kind = np.int8 if len(values) <= np.iinfo(np.int8).max else np.int16
    places = np.array([known.get(word, UNKNOWN) for word in column.dictionary.to_pylist()] or [UNKNOWN], kind)
    indices = column.indices
    if indices.null_count:
        gaps = indices.is_null().to_numpy(zero_copy_only=False)
        return np.where(gaps, kind(MISSING), places.take(indices.fill_null(0).to_numpy()))
    numbers: Array = places.take(indices.to_numpy())
    return numbers


def _names(column: Any, header: str) -> Array:
    """Any text: a number for each, the same for the same text; -1 where there is none."""
    if pa.types.is_integer(column.type):
        return _whole(column, header, MISSING)
    column = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    if not _is_text(column.type):
        raise ClaimColumnError(f"the column {header!r} holds {column.type}; expected text, or whole numbers from 0")
    numbers: Array = pc.fill_null(column.dictionary_encode().indices, MISSING).to_numpy(zero_copy_only=False)
    return numbers.astype(np.int64)


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
