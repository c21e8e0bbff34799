"""Cells of a table as whole numbers: amounts in fen, days as yyyymmdd. Exactly, or with the reason why not.

What cannot be read gets a number that no cell can have; `reason` names it. No amount passes through a float: a cell
that is one already is taken for an amount with two decimals if it is the binary number nearest to it, else refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from openyibao.policy.values import MAX_AMOUNT_FEN, parse_fen
from openyibao.tables.ids import is_text
from openyibao.tables.problems import TableError

Numbers = npt.NDArray[Any]
EMPTY = -(2**62)
NOT_AN_AMOUNT, DECIMALS, NEGATIVE, LARGE = (EMPTY + n for n in range(1, 5))
WRONG = EMPTY + 10
"""Amounts below this are none: the cell is empty, or cannot be read."""
REASONS = {EMPTY: "empty", NOT_AN_AMOUNT: "amount", DECIMALS: "decimals", NEGATIVE: "negative", LARGE: "large"}
NO_DAY, NOT_A_DAY = -1, 0
SECONDS_PER_DAY = 86_400
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
FIRST_YEAR = 1900
FIRST_DAY, LAST_DAY = (np.datetime64(day, "D").astype(int) for day in ("1900-01-01", "9999-12-31"))

PLAIN_AMOUNT = r"^[0-9]{1,10}(\.[0-9]{1,2})?$"
MORE_DECIMALS = re.compile(r"[0-9]+\.[0-9]{2}([0-9]+)", re.ASCII)
MANY_DIGITS = re.compile(r"[0-9]{11,}(\.[0-9]*)?", re.ASCII)
DAY = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|(\d\d)(\d\d))", re.ASCII)
TIME = re.compile(r"[ T](\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?", re.ASCII)


def per_text(column: Any, number: Callable[[str], int], missing: int, dtype: Any = np.int64) -> Numbers:
    """A number for each cell of text; each distinct text is looked at once. `missing` stands for empty cells."""
    if not pa.types.is_dictionary(column.type):
        column = (column if is_text(column.type) else column.cast(pa.string())).dictionary_encode()
    texts = column.dictionary.cast(pa.string()).to_pylist()
    numbers = [missing if text is None or not text.strip() else number(text.strip()) for text in texts]
    indices = column.indices.fill_null(len(texts)) if column.null_count else column.indices
    found: Numbers = np.array([*numbers, missing], dtype=dtype)[indices.to_numpy(zero_copy_only=False)]
    return found


def read_amounts(column: Any, name: str, *, signed: bool = False) -> Numbers:
    """Whole fen of a column of text, decimals or whole numbers, all in yuan. Raises TableError for other types."""
    kind = column.type
    if pa.types.is_dictionary(kind) and is_text(kind.value_type):
        return per_text(column, lambda text: amount_of(text, signed), EMPTY)
    if is_text(kind):
        return _amounts_of_text(column, signed)
    if pa.types.is_decimal(kind):
        fen = _amounts_of_decimals(column)
    elif pa.types.is_integer(kind):
        fen = _amounts_of_decimals(column.cast(pa.decimal128(20, 0)))
    elif pa.types.is_float64(kind):
        fen = _amounts_of_floats(column)
    elif pa.types.is_null(kind):
        return np.full(len(column), EMPTY, np.int64)
    else:
        raise TableError(
            f"the column {name} holds {kind}; expected amounts in yuan as decimal(16,2), whole numbers or text."
        )
    if not len(fen) or signed or fen.min() >= 0:
        return fen
    return np.where((fen < 0) & (fen > WRONG), NEGATIVE, fen)


def amount_of(text: str, signed: bool = False) -> int:
    """The fen of one text, or why it is none. Understood is what a claim file may say: 8450.50, 1,300 yuan, 8万.

    >>> amount_of("8450.50"), amount_of("1,300"), amount_of("-3", signed=True)
    (845050, 130000, -300)
    >>> [REASONS[amount_of(text)] for text in ("1.005", "-3", "1e3", "99999999999")]
    ['decimals', 'negative', 'amount', 'large']
    """
    size = text[1:] if text[:1] in "-−" else text
    fen = parse_fen(size)
    if fen is None:
        if found := MORE_DECIMALS.fullmatch(size):
            return DECIMALS if found[1].strip("0") else amount_of(text[: -len(found[1])], signed)
        return LARGE if MANY_DIGITS.fullmatch(size) else NOT_AN_AMOUNT
    if fen > MAX_AMOUNT_FEN:
        return LARGE
    if size == text:
        return fen
    return -fen if signed or not fen else NEGATIVE


def _amounts_of_text(column: Any, signed: bool) -> Numbers:
    column = column.cast(pa.string()).fill_null("")
    plain = pc.match_substring_regex(column, PLAIN_AMOUNT)
    exact = pc.cast(pc.if_else(plain, column, "0"), pa.decimal128(14, 2))
    fen = _halves(exact)[:, 0].copy()
    fen[fen > MAX_AMOUNT_FEN] = LARGE
    odd = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
    if len(odd):
        fen[odd] = per_text(column.take(pa.array(odd)), lambda text: amount_of(text, signed), EMPTY)
    return fen


def _halves(column: Any) -> Numbers:
    """The two 64-bit halves of each 128-bit decimal, the low one first."""
    _, content = column.buffers()
    pairs = np.frombuffer(content, np.int64, count=2 * (column.offset + len(column))).reshape(-1, 2)
    halves: Numbers = pairs[column.offset :]
    return halves


def _amounts_of_decimals(column: Any) -> Numbers:
    kind, over, empty = column.type, None, None
    if pa.types.is_decimal256(kind):
        return _amounts_of_text(column.cast(pa.string()), signed=True)
    if column.null_count:
        empty = column.is_null().to_numpy(zero_copy_only=False)
        column = column.fill_null(0)
    if kind.scale > 2:
        cut = pc.round(column, 2, round_mode="towards_zero")
        over = pc.not_equal(cut, column).to_numpy(zero_copy_only=False)
        column, kind = cut.cast(pa.decimal128(38, 2)), pa.decimal128(38, 2)
    if not pa.types.is_decimal128(kind):
        column = column.cast(pa.decimal128(kind.precision, kind.scale))
    halves = _halves(column)
    fen, high = halves[:, 0], halves[:, 1]
    largest = MAX_AMOUNT_FEN // 10 ** (2 - kind.scale)
    large = (high != fen >> 63) | (fen > largest) | (fen < -largest)
    if kind.scale < 2:
        fen = np.where(large, 0, fen) * 10 ** min(2 - kind.scale, 18)
    found: Numbers = fen
    for wrong, reason in ((large, LARGE), (over, DECIMALS), (empty, EMPTY)):
        if wrong is not None and wrong.any():
            found = np.where(wrong, reason, found)
    return found


def _amounts_of_floats(column: Any) -> Numbers:
    """The float nearest to an amount is that amount: dividing whole fen by 100 gives it, exactly rounded."""
    yuan = column.fill_null(np.nan).to_numpy(zero_copy_only=False)
    bounded = np.abs(yuan) <= MAX_AMOUNT_FEN / 100
    fen = np.rint(np.where(bounded, yuan, 0) * 100)
    found: Numbers = np.where(fen / 100 == yuan, fen.astype(np.int64), DECIMALS)
    found[~bounded] = LARGE
    found[np.isnan(yuan)] = EMPTY
    return found


def read_days(column: Any, name: str) -> tuple[Numbers, Numbers | None]:
    """Days as yyyymmdd (NOT_A_DAY, NO_DAY if empty), and the second of the day where the column tells the time.

    Understood are dates, times without a zone, whole numbers 20230131, and the texts of `day_of`.
    """
    kind = column.type
    if pa.types.is_date(kind):
        return _numbers(_whole(column.cast(pa.date32()).cast(pa.int32())), column), None
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            raise TableError(
                f"the column {name} holds times with a zone ({kind.tz}); make them local times without one."
            )
        seconds = _whole(column.cast(pa.int64())) // PER_SECOND[kind.unit]
        return _numbers(seconds // SECONDS_PER_DAY, column), seconds % SECONDS_PER_DAY
    dictionary = pa.types.is_dictionary(kind) and is_text(kind.value_type)
    if not (dictionary or is_text(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
        raise TableError(f"the column {name} holds {kind}; expected dates, or text such as 2023-01-31.")
    both = per_text(column, day_of, NO_DAY * SECONDS_PER_DAY)
    return both // SECONDS_PER_DAY, both % SECONDS_PER_DAY


@lru_cache(maxsize=100_000)
def day_of(text: str) -> int:
    """yyyymmdd x SECONDS_PER_DAY + the second of the day; NOT_A_DAY if it is none.

    >>> divmod(day_of("2023-01-31 08:30:00"), SECONDS_PER_DAY), day_of("2023/1/31") == day_of("20230131")
    ((20230131, 30600), True)
    >>> day_of("2023-02-30"), day_of("31.01.2023"), day_of("44957")
    (0, 0, 0)
    """
    found = DAY.match(text)
    if not found:
        return NOT_A_DAY
    year, month, day = (int(group) for group in found.groups() if group)
    try:
        date(year, month, day)
    except ValueError:
        return NOT_A_DAY
    seconds = _seconds(text[found.end() :])
    if seconds is None or year < FIRST_YEAR:
        return NOT_A_DAY
    return (year * 10_000 + month * 100 + day) * SECONDS_PER_DAY + seconds


def _seconds(text: str) -> int | None:
    if not text:
        return 0
    found = TIME.fullmatch(text)
    if not found:
        return None
    hours, minutes, seconds = (int(group or 0) for group in found.groups())
    return hours * 3600 + minutes * 60 + seconds if hours < 24 and minutes < 60 and seconds < 60 else None


def _whole(column: Any) -> Numbers:
    numbers: Numbers = (column.fill_null(0) if column.null_count else column).to_numpy(zero_copy_only=False)
    return numbers


def _numbers(days: Numbers, column: Any) -> Numbers:
    """yyyymmdd of days counted from 1970-01-01, by a table over the days that they span."""
    if not len(days):
        return days.astype(np.int32)
    low, high = int(days.min()), int(days.max())
    if low < FIRST_DAY or high > LAST_DAY:
        inside = np.clip(days, FIRST_DAY, LAST_DAY)
        numbers: Numbers = _table(FIRST_DAY, LAST_DAY)[inside - FIRST_DAY]
        numbers[inside != days] = NOT_A_DAY
    else:
        numbers = _table(low, high)[days - low]
    if column.null_count:
        numbers[column.is_null().to_numpy(zero_copy_only=False)] = NO_DAY
    return numbers


def _table(first: int, last: int) -> Numbers:
    """yyyymmdd of each day from the first to the last, both counted from 1970-01-01."""
    days = np.arange(first, last + 1).astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    numbers: Numbers = (years.astype(np.int32) + 1970) * 10_000
    numbers += ((months - years).astype(np.int32) + 1) * 100 + (days - months).astype(np.int32) + 1
    return numbers


YES, NO = {"yes", "是", "1", "true", "y"}, {"no", "否", "0", "false", "n"}
NEITHER = -1


def read_flags(column: Any) -> Numbers:
    """1 for yes, also for an empty cell; 0 for no; NEITHER."""

    def flag(text: str) -> int:
        word = text.casefold()
        return 1 if word in YES else 0 if word in NO else NEITHER

    return per_text(column, flag, 1)
