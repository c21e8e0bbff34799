"""The product against a second calculator, on random policies of the documented language and random histories.

`YIBAO_SECOND_POLICIES` and `YIBAO_SECOND_SEED` change how many policies and which. Everything must be equal: each
quantity of each layer, each part at the end, each use, each failure; in the form for one claim and in the loop. A
reversal that either side allows at once must leave what there would be without the claim.

Not covered: `days` above 45 where a fixed amount for each day is a share of a quantity (`Rule` refuses the policy with
an OverflowError); fee lines; several policies on one person's history; facts of a policy's own; own shares in tables
over facts that have a value in common (by hand only).
"""

import json
import os
import random
from pathlib import Path

import pytest

from openyibao.policy import find_policy, policy_ids, read_policy
from openyibao.policy.write import write_policy
from second import calculator, compare, product, random_gathered, random_gathering, smaller, values
from second.coverage import CONSTRUCTS, Tally
from service.figures import figure

SEED = int(os.environ.get("YIBAO_SECOND_SEED", "20260101"))
POLICIES = int(os.environ.get("YIBAO_SECOND_POLICIES", "112"))
MANY = int(os.environ.get("YIBAO_SECOND_POLICIES", "2000"))
HISTORIES = {"ordinary": 12, "long": 50}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops of random policies are not kept."""
    monkeypatch.setenv("YIBAO_CACHE", str(tmp_path))


def settle_many(policies: int, histories: int, seed: int, closely: int) -> None:
    print(f"\nseed {seed}")
    tally = Tally()
    for number in range(policies):
        rng = random.Random(f"{seed}/{number}")
        policy = random_gathering.random_policy(rng)
        claims = random_gathered.random_histories(rng, policy, values, histories)
        found = compare.compare(policy, claims, tally, closely)
        if found:
            pytest.fail(f"seed {seed}, policy {number}: {smaller.smallest(found, 30)}", pytrace=False)
    print(f"{policies} policies, {policies * histories} histories, {dict(tally.counts)}")
    print(f"{'construct':50}{'claims':>9}{'decisive':>10}")
    for name in CONSTRUCTS:
        print(f"{name:50}{tally.seen[name]:>9}{tally.decisive[name]:>10}")
    never = [name for name in CONSTRUCTS if not tally.decisive[name]]
    assert not never, f"seed {seed}: never decisive: {', '.join(never)}"
    unknown = set(tally.seen) - set(CONSTRUCTS)
    assert not unknown, f"not in the table: {sorted(unknown)}"
    figure(policies=policies, cases=policies * histories, differences=0, seed=seed)


@pytest.mark.reliability("T15", "random policies and random histories")
def test_product_equals_the_second_calculator() -> None:
    settle_many(POLICIES, HISTORIES["ordinary"], SEED, 5)


@pytest.mark.reliability("T15", "random policies and random histories")
@pytest.mark.long
def test_product_equals_the_second_calculator_on_many_policies() -> None:
    settle_many(MANY, HISTORIES["long"], SEED + 1, 2)


@pytest.mark.parametrize("name", policy_ids())
def test_policies_of_the_program(name: str) -> None:
    """The shipped policies, as `yibao policy show --format json` prints them."""
    rng = random.Random(f"{SEED}/{name}")
    policy = calculator.load(write_policy(read_policy(find_policy(name)), "json"))
    found = compare.compare(policy, random_gathered.random_histories(rng, policy, values, 200), Tally())
    assert not found, str(found)


@pytest.mark.parametrize("days", compare.OUT_OF_ORDER)
def test_days_out_of_order_in_a_csv_table(days: dict[str, str], tmp_path: Path) -> None:
    """A row for each is rejected; the claim class and the reader of claim files are asked in every history."""
    policy = read_policy(find_policy("chongqing/resident-2023"))
    assert product.rejected_in_csv(policy, days, tmp_path) == 1


def test_claims_in_a_file_are_the_claims_of_the_class() -> None:
    """Episodes, stays, dates, dated values and money facts, as a file of claims states them."""
    read, refused = 0, 0
    for number in range(20):
        rng = random.Random(f"{SEED}/file/{number}")
        policy = random_gathering.random_policy(rng)
        made = product.Product(json.dumps(policy, ensure_ascii=False))
        for claim in (one for history in random_gathered.random_histories(rng, policy, values, 3) for one in history):
            try:
                found = made.from_file(claim)
            except product.FileError:
                refused += 1
                continue
            facts = {name: value for name, value in claim["facts"].items() if name in policy["facts"]}
            assert found == product.made_claim(claim | {"facts": facts}), f"seed {SEED}, policy {number}"
            read += 1
    assert read > 10 * refused


def test_what_the_product_writes_means_the_same() -> None:
    """A policy read and written again gives the calculator the same answers."""
    for number in range(30):
        rng = random.Random(f"{SEED}/written/{number}")
        policy = random_gathering.random_policy(rng)
        text = json.dumps(policy, ensure_ascii=False)
        written = calculator.load(write_policy(product.read_policy_text(text, "x.json"), "json"))
        for history in random_gathered.random_histories(rng, policy, values, 5):
            assert answers(policy, history) == answers(written, history), f"seed {SEED}, policy {number}"


def answers(policy: dict, history: list) -> list:
    uses: dict = {}
    found = []
    for claim in history:
        answer = calculator.settle(policy, uses, claim)
        uses = answer.uses
        found.append((answer.layers, answer.parts, answer.uses, answer.problems))
    return found
