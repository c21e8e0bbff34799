"""Rows that were not settled: where each stands, what was found there, and why, in Chinese and English.

A table may have millions of them, so each sentence is made once for all rows that it is true of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openyibao.settlement.claim import Claim
from openyibao.settlement.emit import CELLS
from openyibao.settlement.faults import claim_error
from openyibao.settlement.ir import Fault
from openyibao.tables.block import Block
from openyibao.tables.cells import NO_DAY, Numbers
from openyibao.tables.names import DATES, MONEY
from openyibao.tables.problems import REASONS
from openyibao.tables.reader import FLAGS, OTHER_DATES, ROW, TEXTS, TORN, Reader

COLUMNS = (ROW, "claim_id", "person", "column", "found", "reason_zh", "reason_en")
REJECTS = pa.schema([(name, pa.int64() if name == ROW else pa.string()) for name in COLUMNS])
FOUND_LETTERS = 200


@dataclass(frozen=True)
class _Part:
    """Some of the rejected rows, which have a problem in one column: cells as found, and sentences with the choice."""

    rows: Numbers
    header: str
    found: Any
    sentences: list[tuple[str, str]]
    choice: Numbers


def rejected(reader: Reader, block: Block, rows: Numbers, fault: Numbers, reasons: Counter[tuple[str, str]]) -> Any:
    """The REJECTS of the rows of a block that were not settled, in order; `reasons` counts them.

    rows: which ones. fault: for each row of the block what `RowRule.settle` reported.
    """
    parts = [*_problems(reader, block, rows, reasons), *_faults(reader, block, rows, fault, reasons)]
    places = np.concatenate([part.rows for part in parts])
    back = pa.array(np.argsort(places, kind="stable"))
    taken = pa.array(places)
    arrays = [pa.array(block.rows).take(taken), block.claim.texts.take(taken), block.person.texts.take(taken)]
    arrays.append(_joined(pa.array([part.header or None], pa.string()).take(_zeros(part.rows)) for part in parts))
    arrays.append(_joined(part.found for part in parts))
    for language in range(2):
        arrays.append(
            _joined(pa.array([both[language] for both in p.sentences]).take(pa.array(p.choice)) for p in parts)
        )
    return pa.RecordBatch.from_arrays(arrays, schema=REJECTS).take(back)


def _joined(arrays: Iterable[Any]) -> Any:
    return pa.concat_arrays(list(arrays))


def _zeros(rows: Numbers) -> Any:
    return pa.array(np.zeros(len(rows), np.int64))


def _problems(reader: Reader, block: Block, rows: Numbers, reasons: Counter[tuple[str, str]]) -> Iterable[_Part]:
    """What the table itself is wrong in."""
    problems = block.problem[rows]
    for number in np.unique(problems[problems > 0]).tolist():
        key, name = reader.problem(number)
        header, name = ("", TORN) if key == TORN else (reader.columns.header(name), name)
        here = rows[problems == number]
        reasons[header, key] += len(here)
        yield _Part(here, header, _cells(block, name, here), [REASONS[key]], np.zeros(len(here), np.int64))


def _faults(
    reader: Reader, block: Block, rows: Numbers, fault: Numbers, reasons: Counter[tuple[str, str]]
) -> Iterable[_Part]:
    """What the policy says of claims: the sentences of `Rule.settle`."""
    plan = reader.rule.plan
    rows = rows[block.problem[rows] == 0]
    for number in np.unique(fault[rows]).tolist():
        found, here = plan.program.faults[number // CELLS], rows[fault[rows] == number]
        name = {"date": plan.policy.rule_date, "day": plan.policy.year_date}.get(found.kind) or found.fact
        named = name in reader.columns.read
        header = reader.columns.header(name) if named else ""
        reasons[header or found.layer, found.kind] += len(here)
        cells = _cells(block, name, here) if named else pa.nulls(len(here), pa.string())
        first, choice = _alike(reader, block, here, found, cells)
        sentences = []
        for row in here[first].tolist():
            text = claim_error(plan, claim_of(reader, block.slice(row, row + 1)), number // CELLS, number % CELLS).text
            sentences.append((text.zh, text.en))
        yield _Part(here, header, cells, sentences, choice)


def _alike(reader: Reader, block: Block, rows: Numbers, fault: Fault, cells: Any) -> tuple[Numbers, Numbers]:
    """Rows of which one fault says the same: for each sentence a row it is true of, and for each row its sentence."""
    if fault.kind == "fact":  # names the cell
        encoded = cells.dictionary_encode().indices
        keys = encoded.fill_null(-1).to_numpy(zero_copy_only=False)
    elif fault.kind == "gap":  # names what has no value, the facts that are missing, and perhaps a year
        keys = block.numbers[reader.policy.rule_date][rows].astype(np.int64) // 10_000
        for name in reader.facts:
            keys = 2 * keys + block.batch[name].take(pa.array(rows)).is_null().to_numpy(zero_copy_only=False)
    elif fault.kind in ("date", "day"):  # names a date
        days = np.stack([block.numbers[name][rows] for name in (*DATES, *OTHER_DATES) if name in block.numbers])
        _, first, choice = np.unique(days, axis=1, return_index=True, return_inverse=True)
        return first, choice.reshape(-1)
    else:  # names layer and rule only; or the money, of which nothing is wrong that the reader has not found
        keys = np.arange(len(rows)) if fault.kind in ("negative", "sum", "large") else np.zeros(len(rows), np.int64)
    _, first, choice = np.unique(keys, return_index=True, return_inverse=True)
    return first, choice


def claim_of(reader: Reader, block: Block) -> Claim:
    """The first row of a block, with which nothing is wrong, as a claim."""
    numbers = {name: int(column[0]) for name, column in block.numbers.items()}
    more: dict[str, Any] = {name: _day(numbers[name]) for name in DATES}
    more |= {name: _day(numbers[name]) for name in OTHER_DATES if numbers.get(name, NO_DAY) != NO_DAY}
    more |= {name: bool(numbers[name]) for name in FLAGS if name in numbers}
    more |= {f"{name}_fen": numbers[name] for name in MONEY if name != "total"}
    more |= {name: block.texts[name][0].as_py() for name in TEXTS if name in block.texts}
    cells = {name: _cells(block, name, np.zeros(1, np.int64))[0].as_py() or "" for name in reader.facts}
    facts = {name: fact.value(cells[name]) for name, fact in reader.facts.items()}
    stated = {name: value for name, value in facts.items() if value is not None}
    return Claim(id=block.claim.text(0), person=block.person.text(0), facts=stated, **more)


def _day(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def _cells(block: Block, name: str, rows: Numbers) -> Any:
    """Cells of a column as they read, shortened where they are long; null where they are empty."""
    cells = block.batch[name].take(pa.array(rows))
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    return pc.utf8_slice_codeunits(cells.cast(pa.string()), 0, FOUND_LETTERS)
