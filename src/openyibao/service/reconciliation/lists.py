"""A list as an institution would upload it, made from columns: for tests, benchmarks and examples."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from openyibao.service.reconciliation.rows import MONEY, Malformed
from openyibao.service.reconciliation.sheet_rows import COLUMNS

HEADING = (*COLUMNS, "refd_setl_flag", "setl_date")


def text_of(stated: pa.Table, malformed: Sequence[Malformed] = (), seed: int = 0) -> bytes:
    """A tab separated text with a heading; rows that can't be read stand at places drawn by the seed."""
    columns = [
        *(stated[name] for name in ("psn_no", "mdtrt_id", "setl_id")),
        *(_yuan(stated[name]) for name in MONEY),
        pc.if_else(stated["reversed"], "1", "0"),
        pc.if_else(stated["day"].is_valid(), stated["day"].cast(pa.string()), ""),
    ]
    text = io.BytesIO()
    options = pa.csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    pa.csv.write_csv(pa.table(columns, names=list(HEADING)), text, options)
    rows = text.getvalue().splitlines(keepends=True) if malformed else [text.getvalue()]
    chance = random.Random(seed)
    for row in malformed:
        cells = ["P", row.mdtrt_id or "V", row.setl_id, "12.3O", "0", "0", "0", "0", ""]
        rows.insert(chance.randrange(len(rows) + 1), "\t".join(cells).encode() + b"\n")
    return "\t".join(HEADING).encode() + b"\n" + b"".join(rows)


def zip_of(text: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("settlements.txt", text)
    return content.getvalue()


def _yuan(fen: pa.ChunkedArray) -> pa.Array:
    """Fen as yuan with two decimals, as text; nothing for null."""
    numbers = fen.fill_null(0).to_numpy()
    words = np.stack([numbers, numbers >> 63], axis=1)
    amounts = pa.Array.from_buffers(pa.decimal128(20, 2), len(numbers), [None, pa.py_buffer(words.tobytes())])
    return pc.if_else(pc.is_valid(fen.combine_chunks()), amounts.cast(pa.string()), "")
