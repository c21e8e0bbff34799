"""Random claims as tables: what a hospital or an agency would hand in, for benchmarks and for tests of tables."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from openyibao.bench.claims import Columns
from openyibao.policy.model import Fact, Policy
from openyibao.settlement.lowering import MISSING_MONEY
from openyibao.tables.names import DATES, IDS, MONEY, names_of, wanted_facts
from openyibao.tables.targets import parquet_options, yuan

TEXTS = ("episode", "stay")
FLAGS = ("first_of_stay", "last_of_stay")
OTHER_DATES = ("charge", "enrolment")
ROW_GROUP = 262_144


def claim_table(policy: Policy, columns: Columns, needs: Collection[str] = (), first: int = 0) -> Any:
    """An Arrow table of the columns of `random_columns`, under English names; the first claim has the id `first`.

    needs: which of the columns that a table may do without to write; none named: all of them.
    """
    rows = len(columns["person"])
    wanted = [name for name in (*OTHER_DATES, *TEXTS, *FLAGS) if name in needs or not needs]
    ids = pa.array(np.arange(first, first + rows)).cast(pa.string())
    table: dict[str, Any] = {"claim_id": ids, "person": pa.array(columns["person"]).cast(pa.string())}
    table |= {name: _dates(columns[name]) for name in (*DATES, *OTHER_DATES) if name in DATES or name in wanted}
    table |= {f"{name}_yuan": yuan(pa.array(columns[name])) for name in MONEY}
    table |= {name: _texts(columns[name], name) for name in TEXTS if name in wanted}
    table |= {name: pa.array(columns[name].astype(np.int8)) for name in FLAGS if name in wanted}
    table |= {names_of(name, fact)[0].text: _fact(fact, columns[name]) for name, fact in wanted_facts(policy).items()}
    return pa.table(table)


def options_of(table: Any) -> dict[str, Any]:
    """Parquet as bills are written, with words in dictionaries."""
    names, kinds = table.schema.names, table.schema.types
    amounts = [name for name, kind in zip(names, kinds, strict=True) if pa.types.is_decimal(kind)]
    return parquet_options(names, amounts, [name for name in names if name not in (*amounts, *IDS)])


def write_parquet(table: Any, path: Path) -> None:
    pq.write_table(table, path, row_group_size=ROW_GROUP, **options_of(table))


def write_csv(table: Any, path: Path) -> None:
    pa_csv.write_csv(table, path)


def write_xlsx(table: Any, path: Path) -> None:
    """As a person types it: amounts are numbers, dates are dates, ids are text."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for place, name in enumerate(table.schema.names):
            sheet.write_string(0, place, name)
        dates = [pa.types.is_date(field.type) for field in table.schema]
        for row, cells in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), 1):
            for place, cell in enumerate(cells):
                if cell is None:
                    continue
                if dates[place]:
                    sheet.write_datetime(row, place, cell, day)
                elif isinstance(cell, str):
                    sheet.write_string(row, place, cell)
                else:
                    sheet.write_number(row, place, float(cell))


def _dates(numbers: Any) -> Any:
    """Dates of yyyymmdd; what is not positive is missing."""
    missing = numbers <= 0
    real = np.where(missing, 19700101, numbers)
    months = (real // 10_000 - 1970) * 12 + real // 100 % 100 - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + real % 100 - 1
    return pa.array(days.astype(np.int32), pa.int32(), mask=missing).cast(pa.date32())


def _texts(numbers: Any, word: str) -> Any:
    return pa.array([f"{word} {number}" for number in numbers.tolist()])


def _fact(fact: Fact, numbers: Any) -> Any:
    if "money" in fact.kind:
        missing = pa.array(numbers == MISSING_MONEY)
        return pc.if_else(missing, None, yuan(pa.array(np.where(numbers == MISSING_MONEY, 0, numbers))))
    if fact.kind == "any":
        return pc.if_else(pa.array(numbers < 0), None, _texts(numbers, "name"))
    if fact.range is not None:
        return pa.array(numbers.astype(np.int32), mask=numbers < 0)
    indices = pa.array(numbers.astype(np.int32), mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(indices, list(fact.values)).cast(pa.string())
