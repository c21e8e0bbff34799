"""Many rows of an institution's list at once, by Arrow. A block with anything unusual is left to `sheet_rows`."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from openyibao.service.reconciliation.rows import STATED
from openyibao.service.reconciliation.sheet_rows import AMOUNT, AMOUNTS, DAY, FLAGS, LONGEST, NEEDED, TAKEN_BACK, TEXTS

USUAL = re.compile(rb"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*")
YUAN = pa.decimal128(20, 2)


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of a block as rows.STATED, without those at the places `unusual`."""

    stated: pa.Table
    unusual: list[int]


def read_block(block: bytes, columns: tuple[str, ...], first: int) -> Block | None:
    """The rows of a block, numbered from `first`; None if they have to be read one by one."""
    width = block[: block.find(b"\n") + 1 or None].count(b"\t") + 1
    body = block.rstrip(b"\n")
    plain = not body.startswith(b"\n") and b"\n\n" not in body and b"\n\r" not in body and not body.startswith(b"\r")
    if not plain or not USUAL.fullmatch(block) or block.count(b"\r") != block.count(b"\r\n"):
        return None
    names = [*columns[:width], *(f"further {place}" for place in range(width - len(columns)))]
    used = [name for name in names if name in (*NEEDED, *AMOUNTS, "refd_setl_flag", "setl_date")]
    if any(name not in used for name in NEEDED):
        return None
    try:
        table = pa.csv.read_csv(
            io.BytesIO(block),
            pa.csv.ReadOptions(use_threads=False, column_names=names, block_size=len(block) + 1),
            pa.csv.ParseOptions(delimiter="\t", quote_char=False, newlines_in_values=False),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(used, pa.string()), include_columns=used, strings_can_be_null=False
            ),
        )
        return _stated(table, first) if table.num_rows == block.count(b"\n") + (block[-1:] != b"\n") else None
    except pa.ArrowInvalid:
        return None


def _stated(table: pa.Table, first: int) -> Block:
    """The values of a table of texts, without its unusual rows."""
    numbers = pa.array(np.arange(first, first + table.num_rows))
    table = pa.table({name: pc.utf8_trim_whitespace(table[name]) for name in table.column_names})
    tests = []
    for name in table.column_names:
        if name in TEXTS:
            length = pc.utf8_length(table[name])
            tests.append(pc.and_(pc.greater(length, 0), pc.less_equal(length, LONGEST)))
        elif name == "refd_setl_flag":
            tests.append(pc.is_in(table[name], pa.array(FLAGS)))
        else:
            tests.append(pc.match_substring_regex(table[name], f"^{DAY}" if name == "setl_date" else f"^{AMOUNT}$"))
    usual = reduce(pc.and_, tests)
    unusual = np.flatnonzero(~usual.to_numpy()).tolist()
    if unusual:
        table, numbers = table.filter(usual), numbers.filter(usual.combine_chunks())
    rows, flag, day = table.num_rows, "refd_setl_flag", "setl_date"
    columns = [
        numbers,
        *(table[name] for name in ("setl_id", "mdtrt_id", "psn_no")),
        *(_fen(table[name]) if name in table.column_names else pa.nulls(rows, pa.int64()) for name in AMOUNTS),
        pc.equal(table[flag], TAKEN_BACK) if flag in table.column_names else pa.repeat(pa.scalar(False), rows),
        pc.utf8_slice_codeunits(table[day], 0, 10).cast(pa.date32())
        if day in table.column_names
        else pa.nulls(rows, pa.date32()),
    ]
    return Block(pa.table(columns, schema=STATED), unusual)


def _fen(texts: pa.ChunkedArray) -> pa.Array:
    """Yuan as fen: the whole number that a decimal of two places is kept as."""
    found = texts.cast(YUAN).combine_chunks()
    array = found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)
    whole = np.frombuffer(array.buffers()[1], np.int64)[::2]
    return pa.array(whole[array.offset : array.offset + len(array)].copy())
