"""The contract of the engine: whoever cuts the batches, the bills are the same, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.forms import DERIVED, STAYS, Claims, bills_of, cut, random_claims, replaced, single_form
from openyibao import Policy
from openyibao.lab.claims import ClaimColumnError
from openyibao.lab.stream import BatchSettler, Receipt, TornPersonError, exact_sum, join_receipts, settle_stream
from openyibao.settlement.columns import RowRule

SEED = 20261122
CLAIMS = random_claims(STAYS, 700, SEED)
SETTLER = BatchSettler(STAYS)
EXPECTED = single_form(CLAIMS)


def settle_all(batches: list[Any], settler: BatchSettler = SETTLER, **options: Any) -> tuple[list[Any], Receipt]:
    receipt = Receipt()
    return list(settle_stream(batches, settler, receipt, **options)), receipt


def own_dictionaries(batch: Any) -> Any:
    """Words in the order in which this batch meets them, as files hold them row group by row group."""
    kinds = {field.name: field.type for field in batch.schema if pa.types.is_dictionary(field.type)}
    return replaced(batch, **{name: batch.column(name).cast(pa.string()).dictionary_encode() for name in kinds})


@pytest.fixture(scope="module", params=[STAYS, DERIVED], ids=["stays", "derived"])
def law(request: pytest.FixtureRequest) -> tuple[Claims, BatchSettler, dict[str, list[int]]]:
    policy: Policy = request.param
    claims = random_claims(policy, 700, SEED + 1)
    return claims, BatchSettler(policy), single_form(claims)


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("sizes", [(1,), (7,), (1000,), (10**6,), (1, 2, 3, 0, 0, 500, 1, 0, 40)], ids=str)
def test_the_same_bills_however_claims_are_cut(
    law: tuple[Claims, BatchSettler, dict[str, list[int]]], sizes: tuple[int, ...], threads: int
) -> None:
    claims, settler, expected = law
    if sizes == (1,):
        claims = Claims(claims.policy, claims.columns, claims.batch.slice(0, 300))
        expected = {name: column[:300] for name, column in expected.items()}
    batches = [own_dictionaries(batch) for batch in cut(claims.batch, *sizes)]
    if threads:
        with ThreadPoolExecutor(threads) as pool:
            bills, receipt = settle_all(batches, settler, pool=pool)
    else:
        bills, receipt = settle_all(batches, settler)
    assert bills_of(bills, expected) == expected
    assert bills_of(bills, ["claim", "person"]) == bills_of([claims.batch], ["claim", "person"])
    assert any(expected["fault"]) and not all(expected["fault"])
    assert receipt.rows == claims.rows
    assert receipt.count == len(np.unique(claims.columns["person"][: claims.rows]))
    assert sum(receipt.faults.values()) == sum(map(bool, expected["fault"]))
    assert receipt.total_fen == int(claims.columns["total"][: claims.rows].sum())
    assert (receipt.paid_fen, receipt.personal_fen) == (sum(expected["paid_fen"]), sum(expected["personal_fen"]))
    assert len(settler.rule.loop.signatures) == 1, "one compilation serves batches with and without gaps"


def test_the_same_bills_as_columns_in_one_piece() -> None:
    found = RowRule(STAYS).settle(CLAIMS.columns)
    bills, _ = settle_all(cut(CLAIMS.batch, 13))
    outputs = {f"{name}_fen": column.tolist() for name, column in found.outputs.items()}
    assert bills_of(bills, [*outputs, "fault"]) == outputs | {"fault": found.faults().tolist()}


@settings(deadline=None, max_examples=60)
@given(sizes=st.lists(st.integers(0, 60), min_size=1, max_size=30), part=st.integers(1, 400))
def test_any_cutting(sizes: list[int], part: int) -> None:
    batches = cut(CLAIMS.batch.slice(0, part), *sizes, 50)
    bills, receipt = settle_all(batches)
    assert bills_of(bills, EXPECTED) == {name: column[:part] for name, column in EXPECTED.items()}
    assert receipt.rows == part


@settings(deadline=None, max_examples=30)
@given(owners=st.lists(st.integers(0, 3), min_size=700, max_size=700), step=st.integers(1, 200))
def test_any_partition_by_person(owners: list[int], step: int) -> None:
    """Persons dealt out to four streams: the same bills, one receipt."""
    mine = np.array(owners)[CLAIMS.columns["person"]]
    receipts: list[Receipt] = []
    found: dict[int, tuple[int, ...]] = {}
    for owner in range(4):
        part = CLAIMS.batch.filter(pa.array(mine == owner))
        bills, receipt = settle_all(cut(part, step), keep_persons=True)
        receipts.append(receipt)
        columns = bills_of(bills, ["claim", *EXPECTED]) if bills else {}
        found |= {row[0]: row[1:] for row in zip(*columns.values(), strict=True)}
    assert [found[claim] for claim in sorted(found)] == list(zip(*EXPECTED.values(), strict=True))
    whole = join_receipts(receipts)
    assert (whole.rows, whole.count) == (CLAIMS.rows, 700)
    assert whole.total_fen == int(CLAIMS.columns["total"].sum())


def test_a_person_over_many_batches_waits_for_the_end() -> None:
    rows = np.flatnonzero(np.bincount(CLAIMS.columns["person"])[CLAIMS.columns["person"]] >= 3)
    first = int(rows[0])
    sizes = [batch.num_rows for batch in settle_all(cut(CLAIMS.batch, first + 1, 1, 1, 10**6))[0]]
    assert sizes[0] == first, "nobody of the person is settled before the last claim is there"
    assert sum(sizes) == CLAIMS.rows


def test_no_rows() -> None:
    for batches in ([], [CLAIMS.batch.slice(0, 0)] * 3):
        bills, receipt = settle_all(batches)
        assert (bills, receipt) == ([], Receipt())


# A person in two places


@pytest.mark.parametrize("size", [1, 50, 10**6])
def test_a_person_who_comes_again_is_refused(size: int) -> None:
    person = CLAIMS.columns["person"].copy()
    person[-1] = 3
    batch = replaced(CLAIMS.batch, person=pa.array(person))
    with pytest.raises(TornPersonError, match=r"person 3 comes after person 69[0-9]"):
        settle_all(cut(batch, size))


def test_persons_need_numbers() -> None:
    for column, found in [
        (pa.array(-1 - CLAIMS.columns["person"][::-1]), "numbers from 0"),
        (pa.array(CLAIMS.columns["person"]).cast(pa.string()), "whole numbers without gaps; found string"),
        (pa.array([None, *CLAIMS.columns["person"][1:].tolist()]), "1 gaps"),
        (None, "found none"),
    ]:
        with pytest.raises(ValueError, match=found):
            settle_all([replaced(CLAIMS.batch, person=column)])


@pytest.mark.parametrize("size", [2, 10**6])
def test_claims_out_of_order_are_refused(size: int) -> None:
    columns = dict(CLAIMS.columns)
    row = int(np.flatnonzero(np.diff(columns["person"]) == 0)[5])
    days = CLAIMS.batch.column("settlement").to_pylist()
    days[row] = days[row + 1].replace(year=days[row + 1].year + 1)
    batch = replaced(CLAIMS.batch, settlement=pa.array(days))
    person = int(columns["person"][row])
    persons = f"persons {person} to {person}" if size == 2 else "persons 0 to 69"
    with pytest.raises(ValueError, match=f"among the {persons}.*settled before the row above it"):
        settle_all(cut(batch, size))


def receipts_of(*parts: slice, keep: bool) -> list[Receipt]:
    return [settle_all([CLAIMS.batch.slice(p.start, p.stop - p.start)], keep_persons=keep)[1] for p in parts]


def test_parts_that_lie_apart_need_no_persons() -> None:
    starts = np.flatnonzero(np.diff(CLAIMS.columns["person"])) + 1
    middle = int(starts[300])
    second, first = receipts_of(slice(middle, CLAIMS.rows), slice(0, middle), keep=False)
    whole = join_receipts([second, Receipt(), first])
    assert (whole.rows, whole.count, whole.first, whole.last) == (CLAIMS.rows, 700, 0, 699)
    assert whole == replace(settle_all([CLAIMS.batch])[1], persons=[])


def test_parts_that_share_a_person_are_refused() -> None:
    row = int(np.flatnonzero(np.diff(CLAIMS.columns["person"]) == 0)[200]) + 1
    parts = slice(0, row), slice(row, CLAIMS.rows)
    with pytest.raises(TornPersonError, match=f"1 persons .* person {CLAIMS.columns['person'][row]}"):
        join_receipts(receipts_of(*parts, keep=True))
    with pytest.raises(ValueError, match="keep_persons"):
        join_receipts(receipts_of(*parts, keep=False))


def test_mixed_parts_that_share_a_person_are_refused() -> None:
    even = CLAIMS.columns["person"] % 2 == 0
    halves = [CLAIMS.batch.filter(pa.array(half)) for half in (even, ~even)]
    receipts = [settle_all(cut(half, 11), keep_persons=True)[1] for half in halves]
    assert join_receipts(receipts).count == 700
    also_one = np.append(np.flatnonzero(~even), np.flatnonzero(even)[-1:])
    torn = settle_all([CLAIMS.batch.take(pa.array(np.sort(also_one)))], keep_persons=True)[1]
    with pytest.raises(TornPersonError, match="1 persons stand in two parts, for instance person 698"):
        join_receipts([receipts[0], torn])
    without = settle_all([halves[1]])[1]
    with pytest.raises(ValueError, match="settle them with keep_persons"):
        join_receipts([receipts[0], without])


# Nothing is lost


class LosingSettler(BatchSettler):
    """Loses what a test takes away."""

    lost: dict[str, int]

    def settle(self, batch: Any) -> Any:
        settled = super().settle(batch)
        return replace(settled, **{name: getattr(settled, name) - count for name, count in self.lost.items()})


@pytest.mark.parametrize("name", ["settled", "paid_fen", "personal_fen", "unsettled_fen"])
def test_a_lost_row_or_fen_is_noticed(name: str) -> None:
    settler = LosingSettler(STAYS)
    settler.lost = {name: 1}
    with pytest.raises(AssertionError, match="not conserved"):
        settle_all(cut(CLAIMS.batch, 300), settler)


class ForgettingSettler(BatchSettler):
    """Settles all rows of a batch but the last."""

    def settle(self, batch: Any) -> Any:
        return super().settle(batch.slice(0, batch.num_rows - 1))


def test_a_row_that_never_comes_out_is_noticed() -> None:
    with pytest.raises(AssertionError, match="not conserved"):
        settle_all(cut(CLAIMS.batch, 300), ForgettingSettler(STAYS))


def test_amounts_that_cannot_be_are_counted_exactly() -> None:
    """Rows that nobody settles may hold anything: their sums must not wrap around."""
    total = CLAIMS.columns["total"].copy()
    total[::3] = 2**63 - 1
    bills, receipt = settle_all(cut(replaced(CLAIMS.batch, total_fen=pa.array(total)), 400))
    assert receipt.total_fen == sum(total.tolist()) > 2**64
    faults = bills_of(bills, ["fault"])["fault"]
    assert all(faults[::3]) and not all(faults)


def test_a_missing_amount_is_its_rows_fault_and_counts_as_nothing() -> None:
    totals = CLAIMS.batch.column("total_fen").to_pylist()
    totals[5] = None
    bills, receipt = settle_all([replaced(CLAIMS.batch, total_fen=pa.array(totals, pa.int64()))])
    assert bills_of(bills, ["fault"])["fault"][5]
    assert receipt.total_fen == sum(fen or 0 for fen in totals)


def test_sums_do_not_wrap() -> None:
    for column in ([], [-(2**63)] * 3, [2**63 - 1, 1], [5, -7]):
        assert exact_sum(np.array(column, np.int64)) == sum(column)
    assert exact_sum(np.full(1000, 2**31 - 1, np.int32)) == 1000 * (2**31 - 1)


def test_what_goes_wrong_in_a_thread_comes_out() -> None:
    batch = replaced(CLAIMS.batch, total_fen=pa.array(CLAIMS.columns["total"].astype(float)))
    with ThreadPoolExecutor(2) as pool, pytest.raises(ClaimColumnError, match="'total_fen' holds double"):
        settle_all(cut(batch, 100), pool=pool)


def test_batches_of_two_kinds_are_refused() -> None:
    other = replaced(CLAIMS.batch.slice(10), person=pa.array(CLAIMS.columns["person"][10:].astype(np.int32)))
    with pytest.raises(ClaimColumnError, match=r"the same columns; after .*person: int64.* came .*person: int32"):
        settle_all([CLAIMS.batch.slice(0, 10), other])


def test_bills_are_asked_for_in_time() -> None:
    """A stream is worked on while it is read: no batch waits for the last one."""
    read: list[int] = []

    def batches() -> Iterator[Any]:
        for number, batch in enumerate(cut(CLAIMS.batch, 100)):
            read.append(number)
            yield batch

    next(settle_stream(batches(), SETTLER))
    assert read == [0]


def test_bills_show_that_no_fen_is_lost() -> None:
    with pytest.raises(ValueError, match="`paid` and `personal`"):
        BatchSettler(STAYS, ("paid",))
    with pytest.raises(KeyError, match="no quantity nonsense"):
        BatchSettler(STAYS, ("paid", "personal", "nonsense"))
