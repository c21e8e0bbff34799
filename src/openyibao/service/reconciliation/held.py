"""The platform's settlements of an institution as columns: those of a period (`scope`), and others that are stated."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from django.db import connection

from openyibao.service.reconciliation.rows import HELD
from openyibao.service.reconciliation.scope import MOST_ROWS, PERIOD, SETTLED, Scope, TooManyError

OTHERS = f"{SETTLED} AND s.setl_id IN (SELECT setl_id FROM asked)"
MEMORY = "SET LOCAL work_mem = '128MB'"
"""For joining a month of a large hospital, until the transaction ends."""


def rows(scope: Scope, stated: pa.Table) -> pa.Table:
    """The settlements of the period, and those of other days that are stated all the same (rows.HELD).

    Asks within the transaction of the caller. Raises TooManyError.
    """
    with connection.cursor() as cursor:
        cursor.execute(MEMORY)
        within = _copied(cursor, PERIOD, scope)
        strange = pc.filter(
            stated["setl_id"], pc.invert(pc.is_in(stated["setl_id"], within["setl_id"].combine_chunks()))
        )
        if not len(strange):
            return within
        cursor.execute("DROP TABLE IF EXISTS asked")
        cursor.execute("CREATE TEMPORARY TABLE asked (setl_id text) ON COMMIT DROP")
        with cursor.copy("COPY asked FROM STDIN") as copy:
            for batch in strange.unique().to_pylist():
                copy.write_row((batch,))
        cursor.execute("ANALYZE asked")
        return pa.concat_tables([within, _copied(cursor, OTHERS, scope)])


def _copied(cursor: Any, query: str, scope: Scope) -> pa.Table:
    """The rows of a query as a table."""
    text, count = io.BytesIO(), 0
    with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", scope.values()) as copy:
        for data in copy:
            text.write(data)
            count += bytes(data).count(b"\n")
            if count > MOST_ROWS:
                raise TooManyError
    if not text.tell():
        return HELD.empty_table()
    text.seek(0)
    types = {field.name: field.type for field in HELD}
    return pa.csv.read_csv(
        text,
        pa.csv.ReadOptions(column_names=HELD.names, use_threads=False),
        convert_options=pa.csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, true_values=["t"], false_values=["f"]
        ),
    ).cast(HELD)
