"""The same arithmetic on many machines: PySpark hands each partition to `settle_stream`.

Needs the extra `spark` (`pip install openyibao[spark]`) and Java; every worker must be able to import openyibao. A
claim's bill depends on the earlier claims of its person, so all claims of a person must stand in one partition, in
order. `settle_frame` sees to that, or refuses; a plain `mapInArrow` of one's own does neither. See docs/lab-engines.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openyibao.lab.claims import CLAIM, PERSON, SETTLEMENT, ClaimColumnError, column_name, needed_columns
from openyibao.lab.stream import FAULT, BatchSettler, Receipt, TornPersonError, settle_stream
from openyibao.policy import find_policy, read_policy
from openyibao.policy.model import Policy
from openyibao.policy.read import read_policy_text
from openyibao.policy.write import write_policy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ORDER = (PERSON, SETTLEMENT, CLAIM)
PARTITION = "partition"
KEPT_POLICIES = 8
EXACT = "decimal(38,0)"
"""What sums are made in: they cannot overflow unseen."""
SETTINGS = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "500000",
    "spark.sql.files.maxPartitionBytes": "1g",  # no file is split into several partitions
    "spark.sql.files.openCostInBytes": "1g",  # no two files are packed into one
    "spark.sql.session.timeZone": "UTC",
}
"""Settings for a session that settles claims: large batches; with files of whole persons, each is one partition."""


def settle_frame(claims: DataFrame, policy: str | Policy, *, together: bool = False) -> DataFrame:
    """The bills of a frame of claims: `claim`, `person`, each output as `NAME_fen`, `fault` (see `BatchSettler`).

    claims: the columns of `lab.claims` that the policy needs, and `claim`, whose order decides between claims settled
    on one day. policy: an id, a file, or a policy. Without `together` claims are brought together by person and sorted
    (a shuffle). With it they stay where they are: partitions that hold whole persons, sorted; they are then pinned
    (`localCheckpoint`) and looked through at once, and a person in two of them is refused.

    Raises ClaimColumnError for columns that are missing or of a wrong kind, TornPersonError with `together`. What is
    wrong in single rows is raised by the job that takes the bills. Bills are made anew each time they are asked for:
    write them, or persist them.
    """
    law = read_policy(find_policy(policy)) if isinstance(policy, str) else policy
    settler = BatchSettler(law)
    wanted = [CLAIM, *(name for name in needed_columns(settler.rule) if name != CLAIM)]
    check_columns(claims, settler)
    chosen = claims.select(*wanted)
    if together:
        chosen = chosen.localCheckpoint(eager=True)  # what is looked through now is what is settled later
        refuse_torn(chosen)
    else:
        chosen = chosen.repartition(PERSON).sortWithinPartitions(*ORDER)
    return chosen.mapInArrow(_partition_settler(write_policy(law, "json")), bills_schema(chosen, settler))


def check_columns(claims: DataFrame, settler: BatchSettler) -> None:
    """Raise ClaimColumnError where a frame lacks a column that the policy needs, or has one of a wrong kind."""
    from pyspark.sql.pandas.types import to_arrow_schema

    if CLAIM not in claims.columns:
        found = ", ".join(claims.columns)
        raise ClaimColumnError(f"a frame needs the column {CLAIM!r}, which orders the claims of a day; it has {found}")
    twice = sorted({name for name in claims.columns if claims.columns.count(name) > 1})
    if twice:
        raise ClaimColumnError(f"the frame has two columns {', '.join(twice)}")
    settler.columns.check(to_arrow_schema(claims.schema))


def refuse_torn(claims: DataFrame) -> None:
    """Raise TornPersonError where claims of a person stand in two partitions. Runs a job that counts them."""
    from pyspark.sql import functions as of

    places = claims.select(PERSON, of.spark_partition_id().alias(PARTITION))
    ends = of.min(PARTITION).alias("low"), of.max(PARTITION).alias("high")
    torn = places.groupBy(PERSON).agg(*ends).where("low != high")
    found = torn.agg(of.count("*").alias("persons"), of.min(PERSON).alias("first")).first()
    if found is not None and found["persons"]:
        raise TornPersonError(
            f"{found['persons']} persons stand in two partitions or more, for instance person {found['first']}. "
            "Partition the claims by person, or leave out together=True."
        )


def bills_schema(claims: DataFrame, settler: BatchSettler) -> Any:
    """The schema of the bills of claims."""
    from pyspark.sql.types import IntegerType, LongType, StructField, StructType

    amounts = [StructField(f"{name}_fen", LongType(), False) for name in settler.rule.outputs]
    return StructType([claims.schema[CLAIM], claims.schema[PERSON], *amounts, StructField(FAULT, IntegerType(), False)])


def _partition_settler(text: str) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """What a worker does with a partition; the policy travels as text."""

    def settle(batches: Iterable[Any]) -> Iterator[Any]:
        return settle_stream(in_one_order(batches), compiled_settler(text))

    return settle


@lru_cache(KEPT_POLICIES)
def compiled_settler(text: str) -> BatchSettler:
    """The settler of a policy's text, made once in each worker process; its machine code is kept between them."""
    return BatchSettler(read_policy_text(text, "policy.json"))


def in_one_order(batches: Iterable[Any]) -> Iterator[Any]:
    """The same batches. Raises ClaimColumnError for claims without a `claim`, and for two that have no order."""
    last: Any = None
    for batch in batches:
        if batch.column(batch.schema.get_field_index(CLAIM)).null_count:
            raise ClaimColumnError("a claim has no `claim`; give each one its own, which orders the claims of a day")
        rows = pa.Table.from_batches([batch.select([*ORDER])])
        rows = rows if last is None else pa.concat_tables([last, rows])
        same = np.ones(max(0, rows.num_rows - 1), bool)
        for name in ORDER:
            column = rows.column(name).combine_chunks()
            same &= pc.fill_null(pc.equal(column[:-1], column[1:]), False).to_numpy(zero_copy_only=False)
        if same.any():
            row = rows.slice(int(np.flatnonzero(same)[0]), 1).to_pylist()[0]
            raise ClaimColumnError(
                f"person {row[PERSON]} has two claims {row[CLAIM]!r} settled on {row[SETTLEMENT]}: which came first? "
                "Give each claim its own `claim`."
            )
        last = rows.slice(max(0, rows.num_rows - 1))
        yield batch


def totals(claims: DataFrame, bills: DataFrame) -> Receipt:
    """The receipt of claims and their bills, checked: every row has one bill, every fen is in one place.

    Runs some jobs over both frames; write or persist the bills first. Raises AssertionError where a claim has no bill
    or two, a bill no claim, or fen are lost.
    """
    from pyspark.sql import functions as of

    def summed(frame: DataFrame, *columns: str) -> tuple[int, ...]:
        sums = [of.sum(of.col(name).cast(EXACT)) for name in columns]
        row = frame.agg(of.count("*"), *sums).first()
        return tuple(int(value or 0) for value in row or ())

    cost = column_name("total")
    rows, total = summed(claims, cost)
    settled, paid, personal = summed(bills.where(f"{FAULT} = 0"), "paid_fen", "personal_fen")
    counted = bills.where(f"{FAULT} != 0").groupBy(FAULT).count().collect()
    keys = claims.select(CLAIM, PERSON, of.lit(1).alias("claims"), of.lit(0).alias("bills"))
    also = bills.select(CLAIM, PERSON, of.lit(0).alias("claims"), of.lit(1).alias("bills"))
    counts = [of.sum(name).alias(name) for name in ("claims", "bills")]
    pairs = keys.unionAll(also).groupBy(CLAIM, PERSON).agg(*counts)
    unequal = pairs.where("claims != bills").first()
    if unequal is not None:
        raise AssertionError(
            f"claim {unequal[CLAIM]!r} of person {unequal[PERSON]} stands in {unequal['claims']} rows and has "
            f"{unequal['bills']} bills"
        )
    without = bills.where(f"{FAULT} != 0").select(CLAIM, PERSON).distinct()
    (_, unsettled) = summed(claims.join(without, [CLAIM, PERSON], "left_semi"), cost)
    faults = {int(row[FAULT]): int(row["count"]) for row in counted}
    receipt = Receipt(rows, settled, total, unsettled, paid, personal, faults)
    receipt.check()
    return receipt
