"""Columns of the lab: claims as whole numbers, days and words in Arrow; from a block of a table, and to a policy.

The form is that of `openyibao.lab.claims`, which settles it: `claim` (its row), `claim_id`, `person` (numbered), three
days (date32), five amounts (int64 fen), and the facts under their names: words as dictionary<int8, string>, numbers as
int16, int32 or int64, money as int64 fen under the name with `_fen`. Null: not stated. A person's rows stand together,
in the order of settlement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openyibao.lab.claims import ClaimColumns, column_name
from openyibao.policy.model import Fact
from openyibao.settlement.columns import RowRule
from openyibao.settlement.lowering import MISSING_MONEY
from openyibao.tables.block import Block
from openyibao.tables.cells import NO_DAY, Numbers
from openyibao.tables.names import DATES, MONEY, kind_of
from openyibao.tables.reader import FLAGS, OTHER_DATES, TEXTS, Reader

INT8_MOST, INT16_MOST, INT32_MOST = 2**7 - 1, 2**15 - 1, 2**31 - 1
MONEY_KINDS = ("money", "signed money")


def fact_type(fact: Fact) -> Any:
    """The Arrow type of a fact's column."""
    kind = kind_of(fact)
    if kind in MONEY_KINDS:
        return pa.int64()
    if kind == "any":
        return pa.string()
    if kind == "words":
        return pa.dictionary(pa.int8() if len(fact.values) <= INT8_MOST else pa.int16(), pa.string())
    most = (fact.range.high if fact.range else None) or 0
    return pa.int16() if most <= INT16_MOST else pa.int32() if most <= INT32_MOST else pa.int64()


def claim_schema(reader: Reader) -> Any:
    """The columns of the claims that a reader brings."""
    fields = [("claim", pa.int64()), ("claim_id", pa.string()), ("person", pa.int64())]
    fields += [(name, pa.date32()) for name in DATES]
    fields += [(column_name(name), pa.int64()) for name in MONEY]
    needs = reader.rule.needs
    fields += [(name, pa.date32()) for name in OTHER_DATES if name in needs]
    fields += [(name, pa.bool_()) for name in FLAGS if name in needs]
    fields += [(name, pa.int64()) for name in TEXTS if name in needs]
    facts = [reads.fact for reads in reader.facts.values()]
    return pa.schema(fields + [(column_name(fact.name, fact), fact_type(fact)) for fact in facts])


def claim_batch(reader: Reader, schema: Any, block: Block, chosen: Numbers, person: Numbers) -> Any:
    """The chosen rows of a block as a batch of the schema. person: the number of each chosen row's person."""
    rows = pa.array(chosen)
    numbers = {name: column[chosen] for name, column in block.numbers.items()}
    made: dict[str, Any] = {
        "claim": pa.array(block.rows[chosen]),
        "claim_id": block.claim.texts.take(rows),
        "person": pa.array(person.astype(np.int64)),
    }
    made |= {name: days_column(numbers[name]) for name in (*DATES, *OTHER_DATES) if name in numbers}
    made |= {column_name(name): pa.array(numbers[name].astype(np.int64)) for name in MONEY}
    made |= {name: pa.array(numbers[name] != 0) for name in FLAGS if name in numbers}
    made |= {name: column.take(rows) for name, column in _stays(block).items()}
    for name, reads in reader.facts.items():
        column = block.texts[name].take(rows) if name in block.texts else numbers[name]
        made[column_name(name, reads.fact)] = _fact(reads.fact, column)
    return pa.RecordBatch.from_arrays([made[name] for name in schema.names], schema=schema)


def _stays(block: Block) -> dict[str, Any]:
    """Stays and episodes as numbers. A claim without a stay is its own; one without an episode is of its stay's."""
    made: dict[str, Any] = {}
    texts = block.claim.texts
    for name in ("stay", "episode"):
        if name in block.texts:
            texts = pc.if_else(pc.equal(block.texts[name], ""), texts, block.texts[name])
            made[name] = texts.dictionary_encode().indices.cast(pa.int64())
    return made


def _texts(column: Any) -> Any:
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _fact(fact: Fact, column: Any) -> Any:
    kind, wanted = kind_of(fact), fact_type(fact)
    if kind == "any":
        return _texts(column)
    if kind == "words":
        indices = pa.array(column.astype(np.int64), mask=column < 0).cast(wanted.index_type)
        return pa.DictionaryArray.from_arrays(indices, pa.array(fact.values, pa.string()))
    none = column <= MISSING_MONEY if kind in MONEY_KINDS else column < 0
    return pa.array(np.where(none, 0, column).astype(np.int64), mask=none).cast(wanted)


def days_column(days: Numbers) -> Any:
    """Days yyyymmdd as date32; NO_DAY is null.

    >>> days_column(np.array([20240229, -1])).to_pylist()
    [datetime.date(2024, 2, 29), None]
    """
    none = days == NO_DAY
    real = np.where(none, 19700101, days).astype(np.int64)
    months = (real // 10_000 - 1970) * 12 + real // 100 % 100 - 1
    since = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + real % 100 - 1
    return pa.array(since.astype(np.int32), mask=none).cast(pa.date32())


def policy_columns(rule: RowRule, claims: Any, facts: Mapping[str, str | int] | None = None) -> dict[str, Numbers]:
    """The columns that `RowRule.settle` takes, of claims brought for this policy or for another.

    claims: an Arrow table of the lab. facts: one value for all claims, as `{"tier": "cat 1"}`, of facts that the table
    lacks. What another policy asks and a table may do without is answered as for `yibao settle`: each claim a stay of
    its own, first and last of it; charges on the day of discharge. Words that the policy does not have are UNKNOWN.
    Raises ClaimColumnError, a ValueError, where a column is missing or of a wrong kind.
    """
    columns = {name: claims[name] for name in claims.schema.names}
    rows = claims.num_rows
    own: dict[str, Any] = {name: pa.nulls(rows, pa.date32()) for name in OTHER_DATES}
    own |= {name: pa.repeat(True, rows) for name in FLAGS}
    own |= {name: pa.array(np.arange(rows)) for name in TEXTS}
    own |= {name: pa.repeat(value, rows) for name, value in (facts or {}).items()}
    columns |= {name: column for name, column in own.items() if name not in columns}
    whole = pa.table(columns).combine_chunks()
    batches = whole.to_batches() or [pa.RecordBatch.from_pylist([], schema=whole.schema)]
    return ClaimColumns(rule).read(batches[0])
