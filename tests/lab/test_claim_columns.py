"""What a batch of claims may hold: each gap, wrong word or wrong number is the fault of its row, or a clear refusal."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lab.forms import DERIVED, POLICIES, STAYS, changed, random_claims, replaced
from openyibao import read_policy
from openyibao.lab.claims import CALENDAR, ClaimColumnError, ClaimColumns, needed_columns
from openyibao.lab.stream import BatchSettler
from openyibao.policy.read import read_policy_text
from openyibao.policy.write import write_policy
from openyibao.settlement.columns import RowRule

EARNED = read_policy(POLICIES / "earned.yaml")
SETTLERS = {"stays": BatchSettler(STAYS), "derived": BatchSettler(DERIVED), "earned": BatchSettler(EARNED)}
CLEAN = {name: random_claims(one.rule.policy, 200, 5, bad_share=0.0).batch for name, one in SETTLERS.items()}
ROW = 17


def faults(settler: BatchSettler, batch: Any) -> list[str]:
    """The kind of each row's fault; "" where it was settled."""
    kinds = [fault.kind for fault in settler.rule.plan.program.faults]
    return [kinds[number] if number else "" for number in settler.settle(batch).bills.column("fault").to_pylist()]


@pytest.mark.parametrize(
    ("law", "column", "value", "kind"),
    [
        ("stays", "grade", None, "fact"),
        ("stays", "grade", "a word of another policy", "fact"),
        ("derived", "disease", None, "fact"),
        ("earned", "days", None, "fact"),
        ("earned", "days", 10_000, "fact"),
        ("earned", "days", -7, "fact"),
        ("stays", "in_scope_fen", None, "negative"),
        ("stays", "in_scope_fen", -1, "negative"),
        ("stays", "in_scope_fen", 10**17, "large"),
        ("stays", "total_fen", None, "sum"),
        ("stays", "discharge", date(1999, 12, 31), "date"),
        ("stays", "discharge", date(2099, 12, 31), "date"),
    ],
)
def test_the_fault_of_one_row(law: str, column: str, value: Any, kind: str) -> None:
    settler, batch = SETTLERS[law], CLEAN[law]
    before = faults(settler, batch)
    after, row = before, -1
    while not after[row] == kind != before[row]:  # not every claim needs every fact
        row += 1
        after = faults(settler, changed(batch, column, row, value))
    person = np.array(batch.column("person"))
    others = person != person[row]
    assert (np.array(after)[others] == np.array(before)[others]).all(), "others are settled as before"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("settlement", None, "person {person}: the column 'settlement' holds no day; every claim has one"),
        ("discharge", None, "person {person}: the column 'discharge' holds no day"),
        ("admission", None, "person {person}: the column 'admission' holds no day"),
        ("admission", date(1899, 12, 31), "'admission' holds a day outside the calendar, .* 1900-01-01 to 2099-12-31"),
        ("admission", date(2100, 1, 1), "person {person}: the column 'admission' holds a day outside"),
        ("enrolment", date(9999, 12, 31), "person {person}: the column 'enrolment' holds a day outside"),
        ("episode", None, "person {person}: the column 'episode' holds nothing; expected a whole number from 0"),
        ("stay", -5, "person {person}: the column 'stay' holds -5; expected a whole number from 0"),
        ("last_of_stay", None, "person {person}: the column 'last_of_stay' holds nothing; expected true or false"),
    ],
)
def test_what_stops_the_work(column: str, value: Any, said: str) -> None:
    batch = CLEAN["derived"]
    person = batch.column("person")[ROW].as_py()
    with pytest.raises(ClaimColumnError, match=said.format(person=person)):
        SETTLERS["derived"].settle(changed(batch, column, ROW, value))


def test_days_that_may_lack() -> None:
    """Without a day of charge that of discharge counts; without one of enrolment there is none."""
    settler, batch = SETTLERS["derived"], CLEAN["derived"]
    columns = settler.columns.read(batch)
    for name in ("charge", "enrolment"):
        gaps = batch.column(name).is_null().to_numpy(zero_copy_only=False)
        assert gaps.any() and not gaps.all()
        assert ((columns[name] == -1) == gaps).all()
    days = batch.column("discharge").to_pylist()
    assert columns["discharge"].tolist() == [day.year * 10_000 + day.month * 100 + day.day for day in days]


@pytest.mark.parametrize(
    ("law", "column", "made", "said"),
    [
        ("stays", "total_fen", lambda c: c.cast(pa.float64()), "'total_fen' holds double; expected whole numbers"),
        ("stays", "total_fen", lambda c: c.cast(pa.decimal128(20, 0)), "'total_fen' holds decimal"),
        ("stays", "grade", lambda c: c.indices, "'grade' holds int8; expected words: "),
        ("stays", "grade", lambda c: c.indices.dictionary_encode(), "'grade' holds dictionary<values=int8"),
        ("stays", "settlement", lambda c: c.cast(pa.string()), "'settlement' holds string; expected date32, or"),
        ("stays", "settlement", lambda c: c.cast(pa.timestamp("ms")), "'settlement' holds timestamp"),
        ("derived", "age", lambda c: c.cast(pa.string()), "'age' holds string; expected whole numbers"),
        (
            "derived",
            "disease",
            lambda c: c.cast(pa.float32()),
            "'disease' holds float; expected text, or whole numbers",
        ),
        ("derived", "last_of_stay", lambda c: c.cast(pa.string()), "'last_of_stay' holds string"),
        ("derived", "last_of_stay", lambda c: pa.array([2] * len(c)), "'last_of_stay' holds 2; expected true or false"),
        (
            "stays",
            "person",
            lambda c: pa.array([2**63] * len(c), pa.uint64()),
            "'person': .*2\\^?63|9223372036854775808",
        ),
    ],
)
def test_columns_of_a_wrong_kind(law: str, column: str, made: Any, said: str) -> None:
    batch = CLEAN[law]
    with pytest.raises(ClaimColumnError, match=said):
        SETTLERS[law].settle(replaced(batch, **{column: made(batch.column(column))}))


@pytest.mark.parametrize("law", SETTLERS)
def test_every_column_is_asked_for_by_name(law: str) -> None:
    settler, batch = SETTLERS[law], CLEAN[law]
    needed = needed_columns(settler.rule)
    assert {"person", "settlement", "total_fen"} <= set(needed) <= set(batch.schema.names)
    for name in needed:
        with pytest.raises(ClaimColumnError, match=f"needs the column '{name}'; the claims have "):
            settler.columns.check(replaced(batch, **{name: None}).schema)
    settler.columns.check(batch.schema)
    settler.settle(batch.select([*needed]))
    assert SETTLERS[law].schema(batch.schema).names[:2] == ["claim", "person"]


def test_the_same_column_in_another_form() -> None:
    """Words as text, numbers in fewer bits or without a sign, days as whole numbers: the same bills."""
    for law, settler in SETTLERS.items():
        batch = CLEAN[law]
        changed_columns: dict[str, Any] = {}
        for field in batch.schema:
            column = batch.column(field.name)
            if pa.types.is_dictionary(field.type):
                changed_columns[field.name] = column.cast(pa.large_string())
            elif pa.types.is_date32(field.type):
                changed_columns[field.name] = whole_days(column)
            elif pa.types.is_boolean(field.type):
                changed_columns[field.name] = column.cast(pa.uint8())
            elif field.name in ("age", "episode", "stay"):
                changed_columns[field.name] = column.cast(pa.uint16())
            elif field.name == "disease":
                names = [None if name is None else f"disease {name}" for name in column.to_pylist()]
                changed_columns[field.name] = pa.array(names).dictionary_encode()
        other = replaced(batch, **changed_columns)
        assert settler.settle(other).bills.equals(settler.settle(batch).bills), law


def whole_days(column: Any) -> Any:
    days = [None if day is None else day.year * 10_000 + day.month * 100 + day.day for day in column.to_pylist()]
    return pa.array(days, pa.int32())


@pytest.mark.parametrize("day", [20230229, 20231301, 20230100, 20230431, 0, -2, 18991231, 21000101, 2**31 - 1])
def test_whole_numbers_that_are_no_day(day: int) -> None:
    batch = CLEAN["stays"]
    days = whole_days(batch.column("settlement")).to_pylist()
    days[ROW] = day
    with pytest.raises(ClaimColumnError, match=f"'settlement' holds {day}, no day yyyymmdd of the calendar"):
        SETTLERS["stays"].settle(replaced(batch, settlement=pa.array(days, pa.int32())))


def test_the_calendar() -> None:
    days = [date(1900, 1, 1), date(1970, 1, 1), date(2000, 2, 29), date(2099, 12, 31)]
    batch = replaced(CLEAN["stays"].slice(0, 4), discharge=pa.array(days), settlement=pa.array(days))
    found = ClaimColumns(RowRule(STAYS)).read(batch)
    assert found["discharge"].tolist() == [19000101, 19700101, 20000229, 20991231]
    assert len(CALENDAR) == (date(2100, 1, 1) - date(1900, 1, 1)).days + 1


def test_words_of_which_there_are_many() -> None:
    """More words than fit in eight bits, and a dictionary that holds a gap itself."""
    words = [f"place {number}" for number in range(300)]
    law = json.loads(write_policy(STAYS, "json"))
    law["words"] = [*law.get("words", []), *({"en": word, "zh": f"地点{word[6:]}"} for word in words)]
    law["facts"]["locality"] = words
    reader = ClaimColumns(RowRule(read_policy_text(json.dumps(law, ensure_ascii=False), "x.json")))
    column = pa.DictionaryArray.from_arrays(pa.array([299, 0, 300, None, 301]), [*words, None, "elsewhere"])
    columns = reader.read(replaced(CLEAN["stays"].slice(0, 5), locality=column))
    assert columns["locality"].tolist() == [299, 0, -1, -1, -2]
