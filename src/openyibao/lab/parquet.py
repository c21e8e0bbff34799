"""Claims of the lab in Parquet: settled from file to file, in memory for a few batches."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openyibao.lab.claims import CLAIM, PERSON, ClaimColumnError, needed_columns
from openyibao.lab.stream import FAULT, BatchSettler, Receipt, settle_stream
from openyibao.policy.model import Policy
from openyibao.tables.pipeline import ahead
from openyibao.tables.settle import Progress, silent

BATCH_ROWS = 131_072
GROUP_ROWS = 1_048_576
THREADS = 2


@dataclass(frozen=True)
class Sizes:
    """How much is worked on at once: rows of a batch, threads (0: none besides one's own)."""

    batch_rows: int = BATCH_ROWS
    threads: int = THREADS


def settle_parquet(
    policy: Policy,
    source: Path,
    target: Path,
    *,
    outputs: tuple[str, ...] = (),
    sizes: Sizes = Sizes(),
    progress: Progress = silent,
) -> Receipt:
    """Settle a Parquet table of claims (`lab.claims`), sorted by person, into one of bills; the receipt of both.

    The target appears when it is complete; what was there is replaced. Stopped before, nothing is left.
    Raises ValueError where the claims are not what the policy needs, or not sorted.
    """
    if source.resolve() == target.resolve():
        raise ValueError(f"{target}: the bills would replace the claims. Name another file.")
    if not target.parent.is_dir():
        raise ValueError(f"{target}: there is no folder {target.parent}")
    if target.is_dir():
        raise ValueError(f"{target}: this is a folder; the bills need the name of a file")
    settler = BatchSettler(policy, outputs)
    receipt = Receipt()
    scratch = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    file = open_claims(source)
    settler.columns.check(file.schema_arrow)
    rows = file.metadata.num_rows
    try:
        with _pool(sizes.threads) as pool:
            batches = read_batches(file, settler, sizes.batch_rows)
            bills = settle_stream(ahead(batches) if pool else batches, settler, receipt, pool=pool)
            schema = settler.schema(file.schema_arrow)
            write_batches(scratch, schema, _counted(bills, rows, progress))
        if receipt.rows != rows:
            raise AssertionError(f"{source}: {rows} rows, of which {receipt.rows} were read")
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
    return receipt


def open_claims(path: Path) -> Any:
    """A Parquet file of claims. Raises ClaimColumnError where there is none."""
    if not path.is_file():
        raise ClaimColumnError(f"{path}: there is no such file")
    try:
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=1_000_000)
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # a right that is lacking, a disk that fails
            raise
        raise ClaimColumnError(f"{path}: this is no Parquet file ({error})") from None


def read_batches(file: Any, settler: BatchSettler, rows: int = BATCH_ROWS) -> Iterator[Any]:
    """Batches of the columns that the policy needs, words kept as dictionaries."""
    names = set(file.schema_arrow.names)
    wanted = [name for name in (CLAIM, *needed_columns(settler.rule)) if name in names]
    yield from file.iter_batches(batch_size=rows, columns=wanted, use_threads=False)


def write_batches(path: Path, schema: Any, batches: Iterator[Any]) -> None:
    """Write bills, or claims, as the lab keeps them: whole numbers as they are, words in dictionaries."""
    words = [field.name for field in schema if pa.types.is_dictionary(field.type) or pa.types.is_string(field.type)]
    waiting: list[Any] = []
    with pq.ParquetWriter(path, schema, **writer_options(schema, words)) as writer:
        for batch in batches:
            waiting.append(batch)
            if sum(one.num_rows for one in waiting) >= GROUP_ROWS // 4:
                writer.write_table(pa.Table.from_batches(waiting, schema), row_group_size=GROUP_ROWS)
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema), row_group_size=GROUP_ROWS)


def writer_options(schema: Any, words: list[str]) -> dict[str, Any]:
    """How the lab writes Parquet: what is quickest to write and read while it is small; Spark reads it too.

    Ids rise, and amounts of bills are often 0: differences are small. Amounts of claims are packed instead.
    """
    bills = FAULT in schema.names
    whole = [field.name for field in schema if pa.types.is_int64(field.type)]
    rising = [name for name in whole if bills or name in (CLAIM, PERSON)]
    return {
        "use_dictionary": [*words, FAULT] if bills else words,
        "compression": "NONE" if bills else "LZ4",
        "column_encoding": dict.fromkeys(rising, "DELTA_BINARY_PACKED"),
        "write_statistics": False,
    }


def _counted(bills: Iterator[Any], rows: int, progress: Progress) -> Iterator[Any]:
    done = 0
    for batch in bills:
        yield batch
        done += batch.num_rows
        progress("settle", done, rows)


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor | None]:
    """Threads that, when the work is stopped, begin nothing more."""
    if not threads:
        yield None
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="yibao-lab")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
