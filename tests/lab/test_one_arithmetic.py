"""One claim after the other, the loop, the stream in 1, 2 and 16 partitions, files and Spark: equal to the last bit.

The ordinary test takes 5 policies of the library and 5 random ones of the second calculator, whose loops are compiled
soon. The long ones take 20 and 200, on 1,000,000 claims in all, in shares that may run beside each other.
`YIBAO_REPORT=FILE` collects a line of JSON for each policy; `YIBAO_ONE_CLAIMS` and `YIBAO_ONE_RANDOM` set how many
claims and random policies, `YIBAO_SEED` which.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lab.forms import Claims, cut, random_claims, single_form
from lab.spark_sessions import lacking, session
from openyibao import Policy, find_policy, policy_ids, read_policy
from openyibao.bench.claims import MEAN_CLAIMS
from openyibao.lab.parquet import Sizes, settle_parquet
from openyibao.lab.spark import settle_frame, totals
from openyibao.lab.stream import BatchSettler, Receipt, join_receipts, settle_stream
from openyibao.policy.read import read_policy_text
from second import random_gathering

SEED = int(os.environ.get("YIBAO_SEED", "20261122"))
CLAIMS = int(os.environ.get("YIBAO_ONE_CLAIMS", "1000000"))
RANDOM = int(os.environ.get("YIBAO_ONE_RANDOM", "200"))
LIBRARY, SHARES = 20, 20
FEW_CLAIMS, FEW_SEED = 50_000, 20261122
SMALL = (12, 48, 55, 59, 3)
"""Random policies of FEW_SEED whose loops are compiled in two or three seconds each; some take half a minute."""
SHORT = (
    *("beijing/resident-2007", "guangzhou/employee-2022", "teaching/willow-county-2026", "wuhan/employee-2012"),
    "xx-district/resident-2013",
)
BATCH = 997
HASH = 2654435761  # Knuth's multiplicative hash of 32 bits


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops of random policies are not kept."""
    monkeypatch.setenv("YIBAO_CACHE", str(tmp_path / "cache"))


def random_policy(number: int, seed: int) -> Policy:
    made = random_gathering.random_policy(random.Random(f"{seed}/{number}"))
    return read_policy_text(json.dumps(made, ensure_ascii=False), f"random-{seed}-{number}.json")


def owners(claims: Claims, parts: int, deal: str) -> Any:
    """Which partition each row goes to: by a hash of its person, or in ranges of persons."""
    person = claims.columns["person"]
    if deal == "hash":
        return (person * HASH % 2**32) * parts >> 32
    return person * parts // (int(person[-1]) + 1)


def partitioned(settler: BatchSettler, claims: Claims, parts: int, deal: str) -> tuple[Any, Receipt]:
    """The bills of all partitions, each a stream of its own, in the order of the claims; the receipt of the whole."""
    owner = owners(claims, parts, deal)
    found: list[Any] = []
    receipts: list[Receipt] = []
    with ThreadPoolExecutor(2) as pool:
        for number in range(parts):
            receipts.append(Receipt())
            batches = cut(claims.batch.filter(pa.array(owner == number)), BATCH - number)
            threads = pool if number % 2 else None
            found += settle_stream(batches, settler, receipts[-1], pool=threads, keep_persons=deal == "hash")
    return pa.Table.from_batches(found).sort_by("claim"), join_receipts(receipts)


def differing(bills: Any, expected: dict[str, list[int]]) -> int:
    """In how many rows any amount or fault differs."""
    assert bills.column("claim").to_pylist() == list(range(len(expected["fault"])))
    wrong = np.zeros(bills.num_rows, bool)
    for name, column in expected.items():
        wrong |= bills.column(name).to_numpy() != np.array(column)
    return int(wrong.sum())


def check(policy: Policy, claims: Claims, folder: Path) -> dict[str, Any]:
    """Settle the claims in every form; the line of the report."""
    start = time.perf_counter()
    settler = BatchSettler(policy)
    loop = settler.settle(claims.batch)
    compiled = time.perf_counter()
    expected = single_form(claims)
    single = time.perf_counter()
    forms = {"the loop": differing(pa.Table.from_batches([loop.bills]), expected)}
    for parts, deal in [(1, "ranges"), (2, "hash"), (2, "ranges"), (16, "hash"), (16, "ranges")]:
        bills, receipt = partitioned(settler, claims, parts, deal)
        forms[f"{parts} by {deal}"] = differing(bills, expected)
        assert (receipt.rows, receipt.count) == (claims.rows, len(np.unique(claims.columns["person"])))
        assert receipt.total_fen == int(claims.columns["total"].sum())
        assert (receipt.paid_fen, receipt.personal_fen) == (loop.paid_fen, loop.personal_fen)
        assert receipt.faults == loop.faults
    pq.write_table(pa.Table.from_batches([claims.batch]), folder / "claims.parquet", row_group_size=BATCH)
    settle_parquet(policy, folder / "claims.parquet", folder / "bills.parquet", sizes=Sizes(BATCH))
    forms["Parquet"] = differing(pq.read_table(folder / "bills.parquet"), expected)
    return {
        "policy": policy.id,
        "claims": claims.rows,
        "settled": loop.settled,
        "paid_fen": loop.paid_fen,
        "differing": forms,
        "seconds": {"compile and loop": compiled - start, "single": single - compiled, "rest": clock() - single},
    }


def clock() -> float:
    return time.perf_counter()


def check_all(policies: list[tuple[str, Policy]], rows: int, seed: int, folder: Path) -> None:
    """Check every policy on its part of the claims; no form may differ in any row."""
    print(f"\nseed {seed}; another: YIBAO_SEED=...")
    lines = []
    for number, (name, policy) in enumerate(policies):
        claims = random_claims(policy, rows // MEAN_CLAIMS + 20, seed + number)
        lines.append({"seed": seed, "name": name, **check(policy, claims, folder)})
        report(lines[-1])
    wrong = [line for line in lines if any(line["differing"].values())]
    settled, count = (sum(line[key] for line in lines) for key in ("settled", "claims"))
    print(f"{len(lines)} policies, {count:,} claims, {settled:,} settled, {len(wrong)} policies differ")
    assert not wrong, json.dumps(wrong, indent=1)
    assert settled > 0.2 * count


def report(line: dict[str, Any]) -> None:
    """Add a line to the report that was asked for; it is written in one piece."""
    line["seconds"] = {name: round(seconds, 2) for name, seconds in line["seconds"].items()}
    text = json.dumps(line, ensure_ascii=False)
    print(text)
    if "YIBAO_REPORT" in os.environ:
        with Path(os.environ["YIBAO_REPORT"]).open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def test_one_arithmetic_on_10_policies(tmp_path: Path) -> None:
    policies = [(name, read_policy(find_policy(name))) for name in SHORT]
    policies += [(f"random {number}", random_policy(number, FEW_SEED)) for number in SMALL]
    assert len(policies) == 10
    check_all(policies, FEW_CLAIMS // len(policies), SEED, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("share", range(SHARES))
def test_one_arithmetic_on_220_policies(share: int, tmp_path: Path) -> None:
    names = policy_ids()
    library = [names[number * len(names) // LIBRARY] for number in range(LIBRARY)]
    policies = [(name, read_policy(find_policy(name))) for name in library[share::SHARES]]
    policies += [(f"random {n}", random_policy(n, SEED)) for n in range(RANDOM)[share::SHARES]]
    check_all(policies, CLAIMS // (LIBRARY + RANDOM), SEED, tmp_path)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with session("local[2]", tmp_path_factory.mktemp("spark")) as found:
        yield found


@pytest.mark.long
@pytest.mark.skipif(bool(lacking()), reason=lacking() or "nothing is lacking")
@pytest.mark.parametrize("name", ["chongqing/resident-2023", "beijing/employee-2023", 0])
def test_spark_after_a_shuffle(spark: Any, name: str | int) -> None:
    """Two policies of the library and a random one, each claim in any of 16 partitions."""
    policy = random_policy(name, SEED) if isinstance(name, int) else read_policy(find_policy(name))
    claims = random_claims(policy, CLAIMS // (LIBRARY + RANDOM), SEED + 1)
    rows = np.random.default_rng(SEED).permutation(claims.rows)
    frame = spark.createDataFrame(pa.Table.from_batches([claims.batch.take(pa.array(rows))])).repartition(16)
    bills = settle_frame(frame, policy).persist()
    start = clock()
    wrong = differing(bills.toArrow().sort_by("claim"), single_form(claims))
    receipt = totals(frame, bills)
    seconds = {"Spark and single": clock() - start}
    report({"seed": SEED, "name": f"Spark, {name}", "claims": claims.rows, "seconds": seconds, "differing": wrong})
    assert wrong == 0
    assert receipt.rows == claims.rows
