"""The stream that tables rest on: persons carried over, a person who comes again refused, rows and fen conserved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from openyibao.bench.claim_tables import claim_table
from openyibao.bench.claims import random_columns
from openyibao.tables import TableError
from openyibao.tables.bills import Tally
from openyibao.tables.ids import seen_ids
from openyibao.tables.reader import Reader
from openyibao.tables.stream import check_persons, settle_stream
from tables.making import PLAIN, SEED


def batches_of(table: Any, reader: Reader, size: int) -> list[Any]:
    """The table as a source gives it."""
    columns = [table[header] for header in reader.headers().values()]
    named = pa.table([pa.array(np.arange(table.num_rows)), *columns], names=["row", *reader.headers()])
    return named.combine_chunks().to_batches(max_chunksize=size)


def settled(reader: Reader, batches: list[Any], **options: Any) -> tuple[Any, list[Any], Tally]:
    tally, rejected = Tally(), []
    bills = list(settle_stream(batches, reader, rejected.append, tally, **options))
    return pa.Table.from_batches(bills), rejected, tally


def test_batches_in_batches_out() -> None:
    """The bills of whatever batches are the same; no batch of bills parts a person."""
    table = claim_table(PLAIN, random_columns(PLAIN, 100, SEED, bad_share=0.1))
    reader = Reader(PLAIN, "claims", table.schema.names)
    whole, rejected, tally = settled(reader, batches_of(table, reader, table.num_rows))
    assert tally.rows == table.num_rows == whole.num_rows + sum(batch.num_rows for batch in rejected)
    assert tally.paid_fen == sum(whole["paid_yuan"].to_pylist())
    assert tally.total_fen == tally.paid_fen + sum(whole["personal_yuan"].to_pylist())
    for size in (1, 2, 5, 64):
        again, _, counted = settled(reader, batches_of(table, reader, size))
        assert again.equals(whole) and counted == tally
    persons: set[str] = set()
    for batch in settle_stream(batches_of(table, reader, 3), reader, lambda _: None, Tally()):
        found = set(batch["person"].to_pylist())
        assert not found & persons
        persons |= found


def test_a_person_who_comes_again_is_refused(tmp_path: Path) -> None:
    table = claim_table(PLAIN, random_columns(PLAIN, 30, SEED))
    reader = Reader(PLAIN, "claims", table.schema.names)
    torn = pa.concat_tables([table, table.slice(0, 1)])
    with pytest.raises(TableError, match="claims: the rows of a person do not stand together"):
        settled(reader, batches_of(torn, reader, 7))
    seen = seen_ids(tmp_path)
    half = table.num_rows // 2
    while table["person"][half] == table["person"][half - 1]:
        half += 1
    settled(reader, batches_of(table.slice(0, half), reader, 7), seen=seen)
    settled(reader, batches_of(table.slice(half), reader, 7), seen=seen)
    check_persons(seen, "claims")  # two streams with persons of their own
    seen = seen_ids(tmp_path)
    for part in (table.slice(0, half), table.slice(half - 1)):
        settled(reader, batches_of(part, reader, 7), seen=seen)
    with pytest.raises(TableError, match="do not stand together"):
        check_persons(seen, "claims")


def test_no_batches_no_bills() -> None:
    table = claim_table(PLAIN, random_columns(PLAIN, 3, SEED))
    reader = Reader(PLAIN, "claims", table.schema.names)
    tally = Tally()
    assert list(settle_stream([], reader, lambda _: None, tally)) == [] and tally == Tally()
    tally.rows = 1
    with pytest.raises(AssertionError, match="not conserved"):
        tally.check()
