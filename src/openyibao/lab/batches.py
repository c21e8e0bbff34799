"""Claims as record batches of Arrow, with words for codes: for files, and for engines that take such batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from openyibao.lab.bridge import Bridge
from openyibao.lab.bring.columns import fact_type
from openyibao.lab.generate import BLOCK_PERSONS, Generator
from openyibao.lab.layout import MAX_CLAIMS, Columns
from openyibao.lab.parquet import write_batches
from openyibao.lab.population import Population
from openyibao.settlement.columns import MONEY
from openyibao.tables.settle import Progress, silent

DATES = ("admission", "discharge", "settlement")
WORDS = ("service", "grade", "tier", "class", "sex", "residence")
EPOCH_YEAR = 1970
SEXES = ("male", "female")


@dataclass(frozen=True)
class Writer:
    """Makes record batches of claims, all with one schema.

    With a bridge, the facts stand under the names and in the words of its policy, as `yibao lab settle` takes them;
    without, as the population words them (WORDS), with age and quintile (1 the poorest within urban or rural) as
    numbers.
    """

    population: Population
    bridge: Bridge | None = None

    @property
    def schema(self) -> Any:
        """Numbers, dates, amounts in fen, words of a few values."""
        word = pa.dictionary(pa.int8(), pa.string())
        fields = [("claim", pa.int64()), ("person", pa.int64())]
        fields += [(name, pa.date32()) for name in DATES]
        fields += [(f"{name}_fen", pa.int64()) for name in MONEY]
        if self.bridge is None:
            fields += [(name, word) for name in WORDS]
            fields += [("age", pa.int8()), ("quintile", pa.int8())]
        else:
            fields += [(fact.name, fact_type(fact)) for fact in self.bridge.facts]
        about = {"population": self.population.name, "year": str(self.population.year)}
        return pa.schema([pa.field(name, kind) for name, kind in fields], metadata=about)

    def batch(self, claims: Columns) -> Any:
        """A batch of claims; `claim` is person * 4096 + the place in the person's year."""
        arrays = [pa.array(claims.person * MAX_CLAIMS + claims.number), pa.array(claims.person)]
        arrays += [pa.array(_days(getattr(claims, name)), pa.date32()) for name in DATES]
        arrays += [pa.array(getattr(claims, name)) for name in MONEY]
        arrays += self._words(claims) if self.bridge is None else self._facts(claims, self.bridge)
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _words(self, claims: Columns) -> list[Any]:
        population = self.population
        words = {
            "service": (claims.kind, tuple(kind.word for kind in population.kinds)),
            "grade": (claims.grade, population.grades),
            "tier": (claims.tier, population.tiers),
            "class": (claims.class_, population.classes),
            "sex": (claims.sex, SEXES),
            "residence": (claims.residence, population.places),
        }
        arrays = [pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names)) for codes, names in words.values()]
        return [*arrays, pa.array(claims.age), pa.array(claims.quintile + np.int8(1))]

    def _facts(self, claims: Columns, bridge: Bridge) -> list[Any]:
        columns = bridge.columns(claims, tuple(fact.name for fact in bridge.facts))
        arrays = []
        for fact in bridge.facts:
            codes, kind = columns[fact.name], fact_type(fact)
            if fact.values:
                known = pa.array(codes, kind.index_type, mask=codes < 0)
                arrays.append(pa.DictionaryArray.from_arrays(known, pa.array(fact.values)))
            else:
                arrays.append(pa.array(codes, kind, mask=codes < 0))
        return arrays


def _days(dates: Any) -> Any:
    """yyyymmdd as days since 1970."""
    found = dates.astype(np.int64)
    months = (found // 10000 - EPOCH_YEAR) * 12 + found // 100 % 100 - 1
    return (months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + found % 100 - 1).astype(np.int32)


def claims_batch(generator: Generator, first: int, last: int, bridge: Bridge | None = None) -> Any:
    """All claims of the persons first..last-1 as one record batch."""
    return Writer(generator.population, bridge).batch(generator.claims(first, last))


def write_claims(
    generator: Generator, first: int, last: int, out: Path, bridge: Bridge | None = None, progress: Progress = silent
) -> int:
    """Claims of the persons first..last-1 into a Parquet file, block by block: how many. Nothing half-written stays.

    With a bridge, claims of kinds that its policy does not know are left out. progress is told the stage, how many
    persons are done, and how many there are.
    """
    writer = Writer(generator.population, bridge)
    notes = {**writer.schema.metadata, "seed": str(generator.seed), "tables": generator.tables.digest}
    about = writer.schema.with_metadata(notes)
    rows = 0

    def batches() -> Iterator[Any]:
        nonlocal rows
        for start in range(first, last, BLOCK_PERSONS):
            end = min(start + BLOCK_PERSONS, last)
            batch = writer.batch(kept(generator.claims(start, end), bridge)).replace_schema_metadata(about.metadata)
            rows += batch.num_rows
            yield batch
            progress("write", end - first, last - first)

    if not out.parent.is_dir():
        raise ValueError(f"{out}: there is no folder {out.parent}")
    scratch = out.with_name(out.name + ".part")
    try:
        write_batches(scratch, about, batches())
        scratch.replace(out)
    finally:
        scratch.unlink(missing_ok=True)
    return rows


def kept(claims: Columns, bridge: Bridge | None) -> Columns:
    """The claims of kinds that the policy of a bridge knows."""
    if bridge is None or not bridge.left_out:
        return claims
    words = [kind.word for kind in bridge.population.kinds]
    rows = ~np.isin(claims.kind, [words.index(word) for word in bridge.left_out])
    return Columns(*(column[rows] for column in claims))
