"""Spark: the bills of one claim after the other, wherever the claims stood; torn persons refused; nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lab.forms import DERIVED, STAYS, Claims, random_claims, replaced, single_form
from lab.spark_sessions import lacking, session, standalone, wait_for_executors
from openyibao import find_policy, read_policy
from openyibao.lab.claims import ClaimColumnError
from openyibao.lab.parquet import settle_parquet, write_batches
from openyibao.lab.spark import compiled_settler, refuse_torn, settle_frame, totals
from openyibao.lab.stream import BatchSettler, TornPersonError, settle_stream
from openyibao.policy.write import write_policy
from openyibao.settlement.columns import RowRule

pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking() or "nothing is lacking")
PARTITIONS = 16
SHIPPED = "teaching/willow-county-2026"
CLAIMS = random_claims(STAYS, 1500, 31)


@pytest.fixture(
    scope="module", params=["local[2]", pytest.param("standalone", marks=pytest.mark.long)], ids=["local", "standalone"]
)
def spark(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Every test here runs on two threads of this process; with --long also on a master with two workers."""
    folder = tmp_path_factory.mktemp("spark")
    if request.param != "standalone":
        with session(request.param, folder) as found:
            yield found
        return
    with standalone(folder) as master, session(master, folder) as found:
        wait_for_executors(found, 2)
        yield found


def frame(spark: Any, claims: Claims) -> Any:
    return spark.createDataFrame(pa.Table.from_batches([claims.batch]))


def scattered(spark: Any, claims: Claims, seed: int = 1) -> Any:
    """Every claim in any of 16 partitions, in any order."""
    rows = np.random.default_rng(seed).permutation(claims.rows)
    shuffled = spark.createDataFrame(pa.Table.from_batches([claims.batch.take(pa.array(rows))]))
    return shuffled.repartition(PARTITIONS)


def parts_of(claims: Claims, folder: Path, owner: np.ndarray[Any, Any]) -> str:
    """A folder of Parquet files, one for each owner of rows."""
    for number in np.unique(owner).tolist():
        part = claims.batch.filter(pa.array(owner == number))
        pq.write_table(pa.Table.from_batches([part]), folder / f"part-{number:02}.parquet")
    return str(folder)


def by_claim(bills: Any, headers: list[str]) -> dict[str, list[int]]:
    table = bills.toArrow().sort_by("claim")
    return {header: table.column(header).to_pylist() for header in headers}


@pytest.mark.parametrize("policy", [STAYS, DERIVED, SHIPPED], ids=["stays", "derived", "shipped"])
def test_bit_equal_after_a_shuffle(spark: Any, policy: Any) -> None:
    claims = random_claims(read_policy(find_policy(policy)) if policy == SHIPPED else policy, 1500, 32)
    frame = scattered(spark, claims)
    assert frame.rdd.getNumPartitions() == PARTITIONS
    bills = settle_frame(frame, policy).persist()
    expected = single_form(claims)
    assert by_claim(bills, list(expected)) == expected
    loop = RowRule(claims.policy).settle(BatchSettler(claims.policy).columns.read(claims.batch))
    assert by_claim(bills, ["paid_fen", "fault"]) == {
        "paid_fen": loop.outputs["paid"].tolist(),
        "fault": loop.faults().tolist(),
    }
    receipt = totals(frame, bills)
    bills.unpersist()
    assert (receipt.rows, receipt.settled) == (claims.rows, expected["fault"].count(0))
    assert receipt.total_fen == int(claims.columns["total"].sum())
    assert receipt.unsettled_fen == int(claims.columns["total"][np.array(expected["fault"]) > 0].sum()) > 0
    assert receipt.paid_fen == sum(expected["paid_fen"])


@pytest.mark.parametrize("deal", ["hash", "ranges"])
def test_files_of_whole_persons_stay_where_they_are(spark: Any, deal: str, tmp_path: Path) -> None:
    person = CLAIMS.columns["person"]
    owner = person * 2654435761 % 2**32 % PARTITIONS if deal == "hash" else person * PARTITIONS // 1500
    claims = spark.read.parquet(parts_of(CLAIMS, tmp_path, owner))
    assert claims.rdd.getNumPartitions() == PARTITIONS, "one file, one partition"
    bills = settle_frame(claims, STAYS, together=True)
    assert "Exchange" not in bills._jdf.queryExecution().executedPlan().toString()
    expected = single_form(CLAIMS)
    assert by_claim(bills, list(expected)) == expected
    assert totals(claims, bills).rows == CLAIMS.rows


def test_files_of_the_lab(spark: Any, tmp_path: Path) -> None:
    """Claims and bills as the lab writes them, read by Spark: it settles the one to the other."""
    source, target = tmp_path / "claims.parquet", tmp_path / "bills.parquet"
    write_batches(source, CLAIMS.batch.schema, iter([CLAIMS.batch]))
    settle_parquet(STAYS, source, target)
    claims, bills = spark.read.parquet(str(source)), spark.read.parquet(str(target))
    expected = single_form(CLAIMS)
    assert by_claim(bills, list(expected)) == expected
    assert by_claim(settle_frame(claims, STAYS, together=True), list(expected)) == expected
    assert totals(claims, bills).paid_fen == sum(expected["paid_fen"])


def torn_frame(spark: Any, folder: Path) -> Any:
    """Files that are sorted, but the last claim of one person stands in the next file."""
    person = CLAIMS.columns["person"]
    row = int(np.flatnonzero(np.diff(person) == 0)[400]) + 1
    return spark.read.parquet(parts_of(CLAIMS, folder, (np.arange(CLAIMS.rows) >= row).astype(int)))


def test_a_torn_person_is_refused(spark: Any, tmp_path: Path) -> None:
    claims = torn_frame(spark, tmp_path)
    person = CLAIMS.columns["person"][int(np.flatnonzero(np.diff(CLAIMS.columns["person"]) == 0)[400])]
    said = f"^1 persons stand in two partitions or more, for instance person {person}. "
    with pytest.raises(TornPersonError, match=said):
        settle_frame(claims, STAYS, together=True)
    with pytest.raises(TornPersonError, match=said):
        refuse_torn(claims)
    expected = single_form(CLAIMS)
    assert by_claim(settle_frame(claims, STAYS), list(expected)) == expected, "brought together it is settled"


def test_what_the_refusal_is_for(spark: Any, tmp_path: Path) -> None:
    """A mapInArrow of one's own takes torn persons, conserves every fen, and is wrong without a word."""
    claims = spark.read.parquet(parts_of(CLAIMS, tmp_path, np.arange(CLAIMS.rows) % 2))
    schema = settle_frame(claims, STAYS).schema
    bills = claims.select("claim", *needed()).mapInArrow(naive(), schema).persist()
    expected = single_form(CLAIMS)
    found = by_claim(bills, list(expected))
    assert found["fault"] == expected["fault"]
    assert sum(one != other for one, other in zip(found["paid_fen"], expected["paid_fen"], strict=True)) > 10
    totals(claims, bills)
    bills.unpersist()
    with pytest.raises(TornPersonError):
        refuse_torn(claims)
    with pytest.raises(TornPersonError):
        settle_frame(claims, STAYS, together=True)


def needed() -> list[str]:
    return [name for name in CLAIMS.batch.schema.names if name != "claim"]


def naive() -> Any:
    """Hands each partition to the stream as it is."""
    text = write_policy(STAYS, "json")

    def settle(batches: Iterator[Any]) -> Iterator[Any]:
        return settle_stream(batches, compiled_settler(text))

    return settle


def test_together_claims_must_be_sorted(spark: Any) -> None:
    claims = frame(spark, CLAIMS).coalesce(1).orderBy("total_fen").coalesce(1)
    with pytest.raises(Exception, match=r"TornPersonError: person .* Sort the claims by person and settlement"):
        settle_frame(claims, STAYS, together=True).count()


def test_two_claims_that_have_no_order(spark: Any) -> None:
    twice = frame(spark, CLAIMS).where("person = 8")
    with pytest.raises(Exception, match=r"person 8 has two claims \d+ settled on .*: which came first\?"):
        settle_frame(twice.unionAll(twice), STAYS).count()
    with pytest.raises(Exception, match="a claim has no `claim`"):
        settle_frame(twice.selectExpr("cast(null as bigint) claim", *needed()), STAYS).count()


def test_columns_are_checked_before_any_job(spark: Any) -> None:
    claims = frame(spark, CLAIMS)
    for wrong, said in [
        (claims.drop("grade"), "needs the column 'grade'; the claims have claim, person, "),
        (claims.drop("settlement"), "needs the column 'settlement'"),
        (claims.drop("claim"), "a frame needs the column 'claim', which orders the claims of a day; it has person, "),
        (claims.withColumn("total_fen", claims.total_fen / 100), "'total_fen' holds double; expected whole numbers"),
        (claims.select("*", claims.grade), "the frame has two columns grade"),
    ]:
        with pytest.raises(ClaimColumnError, match=said):
            settle_frame(wrong, STAYS)


def test_the_wrong_row_is_named(spark: Any) -> None:
    claims = frame(spark, CLAIMS).selectExpr("*").withColumn("discharge", _if_person(7))
    with pytest.raises(Exception, match="ClaimColumnError: person 7: the column 'discharge' holds no day"):
        settle_frame(claims, STAYS).count()


def _if_person(person: int) -> Any:
    from pyspark.sql import functions as of

    return of.when(of.col("person") != person, of.col("discharge"))


def test_claims_without_rows(spark: Any) -> None:
    none = frame(spark, CLAIMS).where("person < 0")
    for together in (False, True):
        bills = settle_frame(none, STAYS, together=together)
        assert bills.count() == 0
        assert totals(none, bills).rows == 0


def test_totals_notice_what_is_lost(spark: Any) -> None:
    claims = frame(spark, CLAIMS)
    bills = settle_frame(claims, STAYS).persist()
    totals(claims, bills)
    one = int(np.flatnonzero(np.array(single_form(CLAIMS)["paid_fen"]) > 0)[3])
    for wrong, said in [
        (bills.where(f"claim != {one}"), f"claim {one} of person .* stands in 1 rows and has 0 bills"),
        (bills.unionAll(bills.where(f"claim = {one}")), f"claim {one} of person .* stands in 1 rows and has 2 bills"),
        (bills.withColumn("person", bills.person + 1), "stands in"),
        (bills.withColumn("paid_fen", bills.paid_fen + (bills.claim == one).cast("long")), "fen are not conserved"),
    ]:
        with pytest.raises(AssertionError, match=said):
            totals(claims, wrong)
    bills.unpersist()


def test_ids_may_be_text(spark: Any) -> None:
    """Zero-padded numbers as text: the order of the claims of a day is that of the text."""
    names = pa.array([f"KJ{number:08}" for number in range(CLAIMS.rows)])
    text = Claims(STAYS, CLAIMS.columns, replaced(CLAIMS.batch, claim=names))
    expected = single_form(CLAIMS)
    assert by_claim(settle_frame(scattered(spark, text), STAYS), list(expected)) == expected
