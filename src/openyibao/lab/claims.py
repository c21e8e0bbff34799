"""Claims as whole numbers: the record batches that the lab settles, and the columns they become.

A batch of claims has `person` (a whole number), the dates `admission`, `discharge` and `settlement` (date32, or whole
numbers yyyymmdd), the amounts `total_fen`, `fully_self_paid_fen`, `over_limit_fen`, `pre_self_paid_fen` and
`in_scope_fen`, and a column for each fact of the policy under the fact's name: words as text or dictionary, numbers as
whole numbers, money as whole numbers under the name with `_fen`. Where the policy needs them, also `charge` and
`enrolment` (dates), `episode` and `stay` (whole numbers), `first_of_stay` and `last_of_stay` (true or false).
A column `claim`, if there is one, is given back with the bills.
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
CLAIM, PERSON = "claim", "person"
FIRST = np.datetime64("1900-01-01")
LAST = np.datetime64("2100-01-01")


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
    """The columns that a batch must have to be settled, `person` first."""
    facts = {fact.name: fact for fact in rule.policy.facts}
    return tuple(column_name(name, facts.get(name)) for name in rule.needs)


class ClaimColumns:
    """Reads batches of claims for one compiled policy. Safe to use from several threads."""

    def __init__(self, rule: RowRule) -> None:
        self.rule = rule
        self.facts = {fact.name: fact for fact in rule.policy.facts}

    def read(self, batch: Any) -> dict[str, Array]:
        """The columns for `RowRule.settle`. Raises ClaimColumnError for a column that is missing or of a wrong kind."""
        return {name: self._column(batch, name) for name in self.rule.needs}

    def _column(self, batch: Any, name: str) -> Array:
        fact = self.facts.get(name)
        header = column_name(name, fact)
        place = batch.schema.get_field_index(header)
        if place < 0:
            found = ", ".join(batch.schema.names)
            raise ClaimColumnError(f"policy {self.rule.policy.id} needs the column {header!r}; the claims have {found}")
        column = batch.column(place)
        if name in DATES:
            return _days(column, header)
        if name in FLAGS:
            column = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
            return _whole(column, header, MISSING)
        if fact is None or name in (PERSON, *NAMES, *MONEY):
            return _whole(column, header, MISSING)
        return self._fact(column, fact, header)

    def _fact(self, column: Any, fact: Fact, header: str) -> Array:
        if "money" in fact.kind:
            return _whole(column, header, MISSING_MONEY)
        if fact.kind == "any":
            return _names(column)
        if fact.range is not None:
            numbers = _whole(column, header, MISSING)
            low, high = fact.range.low or 0, fact.range.high or 0
            outside = ((numbers < low) | (numbers > high)) & (numbers != MISSING)
            return np.where(outside, UNKNOWN, numbers) if outside.any() else numbers
        return _words(column, fact.values, header)


def _whole(column: Any, header: str, missing: int) -> Array:
    """A column of whole numbers, without a copy where it has no gaps."""
    if not pa.types.is_integer(column.type):
        raise ClaimColumnError(f"the column {header!r} holds {column.type}; expected whole numbers")
    if column.null_count:
        column = column.cast(pa.int64()).fill_null(missing)
    numbers: Array = column.to_numpy()
    return numbers


def _calendar() -> npt.NDArray[np.int32]:
    """yyyymmdd of every day from FIRST on, before LAST; one more cell for the days outside, which no policy takes."""
    days = np.arange(FIRST, LAST)
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    numbers = (years.astype(int) + 1970) * 10_000 + ((months - years).astype(int) + 1) * 100
    return np.append(numbers + (days - months).astype(int) + 1, 0).astype(np.int32)


CALENDAR = _calendar()
SHIFT = np.int32((np.datetime64("1970-01-01") - FIRST).astype(int))


def _days(column: Any, header: str) -> Array:
    """yyyymmdd; -1 where there is none, 0 for a day outside the calendar."""
    if not pa.types.is_date32(column.type):
        return _whole(column, header, MISSING)
    gaps = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    days = column.view(pa.int32())
    days = days.fill_null(0) if gaps is not None else days
    numbers: Array = CALENDAR.take(days.to_numpy() + SHIFT, mode="clip")
    if numbers.min(initial=1) <= CALENDAR[0]:  # before the calendar begins
        numbers = np.where(days.to_numpy() < -SHIFT, 0, numbers)
    return numbers if gaps is None else np.where(gaps, MISSING, numbers)


def _words(column: Any, values: tuple[str, ...], header: str) -> Array:
    """The place of each word in the policy's list; UNKNOWN for others, MISSING where there is none."""
    if not pa.types.is_dictionary(column.type):
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            raise ClaimColumnError(f"the column {header!r} holds {column.type}; expected words: {', '.join(values)}")
        column = column.dictionary_encode()
    known = {word: place for place, word in enumerate(values)}
    places = np.array([known.get(word, UNKNOWN) for word in column.dictionary.to_pylist()] or [UNKNOWN], np.int8)
    indices = column.indices
    if indices.null_count:
        gaps = indices.is_null().to_numpy(zero_copy_only=False)
        return np.where(gaps, np.int8(MISSING), places.take(indices.fill_null(0).to_numpy()))
    found: Array = places.take(indices.to_numpy())
    return found


def _names(column: Any) -> Array:
    """Any text: a number for each, the same for the same text; -1 where there is none."""
    if pa.types.is_integer(column.type):
        return _whole(column, "", MISSING)
    column = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    numbers: Array = pc.fill_null(column.dictionary_encode().indices, MISSING).to_numpy(zero_copy_only=False)
    return numbers.astype(np.int64)
