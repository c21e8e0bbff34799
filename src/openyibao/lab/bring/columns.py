"""Columns of the lab: claims as whole numbers, days and words in Arrow; from a block of a table, and to a policy.

A claim is `claim` (its row), `claim_id`, `person` (numbered), three days (date32), five amounts (int64 fen), and the
facts: words as dictionary<int8, string>, numbers as int16, int32 or int64, money as int64 fen. Null: not stated.
Names of facts have `_` for blanks. A person's rows stand together, in the order of settlement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openyibao.policy.model import Fact, Policy
from openyibao.settlement.columns import RowRule
from openyibao.settlement.lowering import MISSING, MISSING_MONEY, UNKNOWN
from openyibao.tables.block import Block
from openyibao.tables.cells import NO_DAY, Numbers
from openyibao.tables.names import DATES, MONEY, kind_of, wanted_facts
from openyibao.tables.reader import FLAGS, OTHER_DATES, TEXTS, Reader

INT8_MOST, INT16_MOST, INT32_MOST = 2**7 - 1, 2**15 - 1, 2**31 - 1
MONEY_KINDS = ("money", "signed money")


def fen(name: str) -> str:
    """The column of an amount.

    >>> fen("pre_self_paid"), fen("account balance")
    ('pre_self_paid_fen', 'account_balance_fen')
    """
    return f"{name.replace(' ', '_')}_fen"


def fact_column(fact: Fact) -> str:
    """The column of a fact."""
    return fen(fact.name) if kind_of(fact) in MONEY_KINDS else fact.name.replace(" ", "_")


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
    fields += [(fen(name), pa.int64()) for name in MONEY]
    fields += [(name, pa.date32()) for name in OTHER_DATES if name in reader.columns.read]
    fields += [(name, pa.bool_()) for name in FLAGS if name in reader.columns.read]
    fields += [(name, pa.string()) for name in TEXTS if name in reader.columns.read]
    facts = [reader.facts[name].fact for name in reader.facts if name in reader.columns.read]
    return pa.schema(fields + [(fact_column(fact), fact_type(fact)) for fact in facts])


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
    made |= {fen(name): pa.array(numbers[name].astype(np.int64)) for name in MONEY}
    made |= {name: pa.array(numbers[name] != 0) for name in FLAGS if name in numbers}
    made |= {name: _texts(block.texts[name].take(rows)) for name in TEXTS if name in block.texts}
    for name, reads in reader.facts.items():
        column = block.texts[name].take(rows) if name in block.texts else numbers[name]
        made[fact_column(reads.fact)] = _fact(reads.fact, column)
    return pa.RecordBatch.from_arrays([made[name] for name in schema.names], schema=schema)


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


def day_numbers(column: Any) -> Numbers:
    """date32 as yyyymmdd; null is NO_DAY.

    >>> from datetime import date
    >>> day_numbers(pa.array([date(2024, 2, 29), None])).tolist()
    [20240229, -1]
    """
    days = column.cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    numbers = (years.astype(np.int32) + 1970) * 10_000 + ((months - years).astype(np.int32) + 1) * 100
    numbers += (days - months).astype(np.int32) + 1
    return np.where(column.is_null().to_numpy(zero_copy_only=False), NO_DAY, numbers).astype(np.int32)


def policy_columns(rule: RowRule, claims: Any, facts: Mapping[str, str | int] | None = None) -> dict[str, Numbers]:
    """The columns that `RowRule.settle` takes, of a table of the lab; so other policies can be tried on it.

    claims: an Arrow table or batch as this room makes it, rows in its order. facts: what stands for all claims, such
    as `{"grade": "secondary"}`; a column of the same name goes before. Words that the policy does not have become
    UNKNOWN, and the claims that need them are not settled.
    Raises ValueError where the table lacks a column that the policy needs, and says which.
    """
    table = claims if isinstance(claims, pa.Table) else pa.Table.from_batches([claims])
    table = table.combine_chunks()
    held = {name: _one(table[name]) for name in table.column_names}
    stated, rows, policy = dict(facts or {}), table.num_rows, rule.policy
    made: dict[str, Numbers] = {"person": held["person"].to_numpy(zero_copy_only=False)}
    for name in DATES:
        made[name] = day_numbers(held[name])
    made |= {name: held[fen(name)].to_numpy(zero_copy_only=False) for name in MONEY}
    for name in OTHER_DATES:
        made[name] = day_numbers(held[name]) if name in held else np.full(rows, NO_DAY, np.int32)
    for name in FLAGS:
        made[name] = _flags(held[name]) if name in held else np.ones(rows, np.int32)
    made |= _stays(held, rows)
    lacking = []
    for name, fact in wanted_facts(policy).items():
        column = held.get(fact_column(fact))
        if column is None and name in stated:
            column = pa.array([stated[name]] * rows)
        if column is not None:
            made[name] = _fact_numbers(fact, column)
        elif name in rule.needs:
            lacking.append(name)
    if lacking:
        raise ValueError(
            f"policy {policy.id} asks {_facts_of(policy, lacking)}; the claims have no such column. "
            "Add the column, or state one value for all claims."
        )
    return made


def _facts_of(policy: Policy, names: list[str]) -> str:
    return "; ".join(
        f"{fact.name} ({', '.join(fact.values) or kind_of(fact)})" for fact in policy.facts if fact.name in names
    )


def _one(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _flags(column: Any) -> Numbers:
    flags: Numbers = column.fill_null(True).to_numpy(zero_copy_only=False).astype(np.int32)
    return flags


def _stays(held: Mapping[str, Any], rows: int) -> dict[str, Numbers]:
    """A claim without a stay is one of its own; one without an episode is of its stay's."""
    own = pa.array(np.arange(rows)).cast(pa.string())
    own = pc.binary_join_element_wise("claim", own, " ")
    stay = pc.coalesce(held["stay"], own) if "stay" in held else own
    episode = pc.coalesce(held["episode"], stay) if "episode" in held else stay
    return {name: _codes(column) for name, column in (("stay", stay), ("episode", episode))}


def _codes(texts: Any) -> Numbers:
    codes: Numbers = texts.dictionary_encode().indices.fill_null(MISSING).to_numpy(zero_copy_only=False)
    return codes.astype(np.int64)


def _fact_numbers(fact: Fact, column: Any) -> Numbers:
    kind = kind_of(fact)
    if kind == "any":
        return _codes(column.cast(pa.string()))
    if kind in MONEY_KINDS:
        money: Numbers = column.cast(pa.int64()).fill_null(MISSING_MONEY).to_numpy(zero_copy_only=False)
        return money
    if kind == "words":
        words = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        places = [fact.values.index(word) if word in fact.values else UNKNOWN for word in words.dictionary.to_pylist()]
        indices = words.indices.cast(pa.int64()).fill_null(len(places)).to_numpy(zero_copy_only=False)
        found: Numbers = np.array([*places, MISSING], np.int32)[indices]
        return found
    low, high = (fact.range.low or 0, fact.range.high or 0) if fact.range else (0, 0)
    numbers = column.cast(pa.int64()).fill_null(MISSING).to_numpy(zero_copy_only=False)
    return np.where((numbers != MISSING) & ((numbers < low) | (numbers > high)), UNKNOWN, numbers).astype(np.int32)
