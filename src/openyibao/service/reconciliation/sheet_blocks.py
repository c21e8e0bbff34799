"""Many rows of an institution's list at once, by Arrow. A block with anything unusual is left to `sheet_rows`."""

from __future__ import annotations

import io
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from openyibao.service.reconciliation.rows import STATED
from openyibao.service.reconciliation.sheet_rows import AMOUNT, AMOUNTS, DAY, FLAGS, LONGEST, NEEDED, TAKEN_BACK, TEXTS

USUAL = re.compile(rb"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*")
YUAN = pa.decimal128(20, 2)


def read_block(block: bytes, columns: tuple[str, ...], first: int) -> pa.Table | None:
    """The rows of a block as rows.STATED, numbered from `first`; None if they have to be read one by one."""
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


def _stated(table: pa.Table, first: int) -> pa.Table | None:
    """The values of a table of texts; None if one of them is unusual."""
    cells = {name: pc.utf8_trim_whitespace(table[name]) for name in table.column_names}
    for name in TEXTS:
        length = pc.min_max(pc.utf8_length(cells[name])).as_py()
        if not 0 < length["min"] <= length["max"] <= LONGEST:
            return None
    money = []
    for name in AMOUNTS:
        if name not in cells:
            money.append(pa.nulls(table.num_rows, pa.int64()))
            continue
        fits = pc.match_substring_regex(cells[name], f"^{AMOUNT}$")
        if not pc.all(fits).as_py():
            return None
        money.append(_fen(cells[name]))
    flag, day = cells.get("refd_setl_flag"), cells.get("setl_date")
    if flag is not None and not pc.all(pc.is_in(flag, pa.array(FLAGS))).as_py():
        return None
    if day is not None:
        if not pc.all(pc.match_substring_regex(day, f"^{DAY}")).as_py():
            return None
        day = pc.utf8_slice_codeunits(day, 0, 10).cast(pa.date32())
    rows = table.num_rows
    return pa.table(
        [
            pa.array(np.arange(first, first + rows)),
            *(cells[name] for name in ("setl_id", "mdtrt_id", "psn_no")),
            *money,
            pc.equal(flag, TAKEN_BACK) if flag is not None else pa.repeat(pa.scalar(False), rows),
            day if day is not None else pa.nulls(rows, pa.date32()),
        ],
        schema=STATED,
    )


def _fen(texts: pa.ChunkedArray) -> pa.Array:
    """Yuan as fen: the whole number that a decimal of two places is kept as."""
    found = texts.cast(YUAN).combine_chunks()
    array = found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)
    whole = np.frombuffer(array.buffers()[1], np.int64)[::2]
    return pa.array(whole[array.offset : array.offset + len(array)].copy())
