"""Claims as record batches of Arrow, with words for codes: for files, and for engines that take such batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from openyibao.lab.generate import BLOCK_PERSONS, Generator
from openyibao.lab.layout import MAX_CLAIMS, Columns
from openyibao.lab.population import Population

AMOUNTS = ("total", "fully_self_paid", "over_limit", "pre_self_paid", "in_scope")
DATES = ("admission", "discharge", "settlement")
WORDS = ("service", "grade", "tier", "class", "sex", "residence")
EPOCH_YEAR = 1970

Progress = Callable[[int, int], None]


def schema(population: Population) -> Any:
    """The columns of a batch: numbers, dates, amounts in fen, words of a few values."""
    word = pa.dictionary(pa.int8(), pa.string())
    fields = [("claim", pa.int64()), ("person", pa.int64())]
    fields += [(name, pa.date32()) for name in DATES]
    fields += [(f"{name}_fen", pa.int64()) for name in AMOUNTS]
    fields += [(name, word) for name in WORDS]
    fields += [("age", pa.int8()), ("quintile", pa.int8())]
    about = {"population": population.name, "year": str(population.year)}
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in fields], metadata=about)


def words_of(population: Population) -> dict[str, tuple[str, ...]]:
    """The words behind the codes of each column."""
    return {
        "service": tuple(kind.word for kind in population.kinds),
        "grade": population.grades,
        "tier": population.tiers,
        "class": population.classes,
        "sex": ("male", "female"),
        "residence": population.places,
    }


def record_batch(population: Population, claims: Columns) -> Any:
    """A batch of claims; `claim` is person * 4096 + the place in the person's year."""
    sources = {"service": claims.kind, "class": claims.class_}
    arrays = [pa.array(claims.person * MAX_CLAIMS + claims.index), pa.array(claims.person)]
    arrays += [pa.array(_days(getattr(claims, name)), pa.date32()) for name in DATES]
    arrays += [pa.array(getattr(claims, name)) for name in AMOUNTS]
    for name, words in words_of(population).items():
        codes = pa.array(sources.get(name, getattr(claims, name, None)))
        arrays.append(pa.DictionaryArray.from_arrays(codes, pa.array(words)))
    arrays += [pa.array(claims.age), pa.array(claims.quintile + np.int8(1))]
    return pa.RecordBatch.from_arrays(arrays, schema=schema(population))


def _days(dates: Any) -> Any:
    """yyyymmdd as days since 1970."""
    found = dates.astype(np.int64)
    months = (found // 10000 - EPOCH_YEAR) * 12 + found // 100 % 100 - 1
    return (months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + found % 100 - 1).astype(np.int32)


def claims_batch(generator: Generator, first: int, last: int) -> Any:
    """All claims of the persons first..last-1 as one record batch."""
    return record_batch(generator.population, generator.claims(first, last))


def write_claims(
    generator: Generator, first: int, last: int, out: Path, progress: Progress = lambda _done, _rows: None
) -> int:
    """Claims of the persons first..last-1 into a Parquet file, block by block: how many. Nothing half-written stays.

    progress is told how many persons are done, and how many claims are written.
    """
    scratch = out.with_name(out.name + ".part")
    rows = 0
    about = schema(generator.population)
    about = about.with_metadata({**about.metadata, "seed": str(generator.seed), "tables": generator.tables.digest})
    try:
        with pq.ParquetWriter(str(scratch), about, compression="zstd") as writer:
            for start in range(first, last, BLOCK_PERSONS):
                end = min(start + BLOCK_PERSONS, last)
                batch = claims_batch(generator, start, end)
                writer.write_batch(batch.replace_schema_metadata(about.metadata))
                rows += batch.num_rows
                progress(end - first, rows)
        scratch.replace(out)
    finally:
        scratch.unlink(missing_ok=True)
    return rows
