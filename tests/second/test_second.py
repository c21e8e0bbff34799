"""The product against a second calculator, on random policies of the documented language and random histories.

`YIBAO_SECOND_POLICIES` and `YIBAO_SECOND_SEED` change how many policies and which. Everything must be equal: each
quantity of each layer, each part at the end, each use, each failure; in the form for one claim and in the loop.

Not covered: `days` above 45 where a fixed amount for each day is a share of a quantity (`Rule` refuses the policy with
an OverflowError).
"""

import importlib.util
import json
import os
import random
from pathlib import Path
from types import ModuleType

import pytest

from openyibao.policy import find_policy, policy_ids, read_policy
from openyibao.policy.write import write_policy


def sibling(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"second_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


compare = sibling("compare")
random_policies = sibling("random_policies")
random_claims = sibling("random_claims")

SEED = int(os.environ.get("YIBAO_SECOND_SEED", "20260101"))
POLICIES = int(os.environ.get("YIBAO_SECOND_POLICIES", "360"))
HISTORIES = 25
PERIODS = ("claim", "month", "quarter", "year")
CLAIM_PARTS = ("in-scope cost", "pre-self-paid cost", "over-limit cost", "fully self-paid cost")
OPEN_PARTS = ("beyond limit", "prepaid", "deductible", "over-cap", "copay")
KINDS = ("limit", "deductible", "at most")
SHARED = tuple(f"shared {kind}{where}" for kind in KINDS for where in ("", " on one claim"))
QUANTITIES = (
    "total cost",
    *CLAIM_PARTS,
    "this layer's base",
    *(f"a layer's {x}" for x in ("base", "paid", *OPEN_PARTS)),
)
CONSTRUCTS = (
    *(f"{kind} per {period}" for kind in KINDS for period in PERIODS),
    "at most per lifetime",
    *(f"several: {kind}" for kind in KINDS),
    *("pre-pay", "pays", "pays in bands", "from zero", "from the threshold", "deductible inside"),
    *(f"over {period}" for period in ("claim", "month", "quarter", "a year")),
    *("crossed", "went on", "on an edge", "exact", "met a use", "only the difference", "late claim", "half fen"),
    *(*CLAIM_PARTS, "share", "left of", *OPEN_PARTS),
    *("table over 1", "table over 2", "table over 3", "range", "comma list", "otherwise", "early answer"),
    *(f"range of {fact}" for fact in ("age", "days", "items")),
    *("condition", "condition on a range", "no limit", "assumption", "value with more to say"),
    *("fraction", "percent with decimals", "share of a named amount"),
    *("named amount", "named constant", "named table", "statistic"),
    *(f"statistic of {year}" for year in random_policies.YEARS),
    *(f"statistic {rounded or 'unrounded'}" for rounded in random_policies.ROUNDED),
    *(f"{what} of the date of: {day}" for what in ("rule", "year") for day in random_policies.DATES),
    *(*SHARED, "one name for groups of two kinds"),
    *(f"quantity: {name}" for name in QUANTITIES),
    "quantity of a layer that does not apply",
    *(f"share in {rule}" for rule in (*KINDS, "at least", "pays fixed", "pays in bands")),
    *("raised to least", "cut to most"),
    *("pays fixed", "for each claim", "for each days", "for each items", "no units", "fixed, cut by the cost"),
    *("at least", "lifted by the floor", "out of the deductible", "floor, cut by the cost", "floor, then cap"),
    *(f"floor over {rule}" for rule in ("pays", "pays in bands", "pays fixed")),
    *("floor from a table", "floor above the cost, cut in payments"),
    *("cut in payments", "cut in fees", "fees of a rate", "fees of bands", "fees: over an edge"),
    *("fees: no cost gives it", "fees: more than there is", "fees: nothing paid", "fees: rounded to the fen"),
    *("fees: behind a band that pays nothing", "fees: where a band that pays nothing begins"),
    *(f"fails: {kind}" for kind in ("fact", "gap", "statistic", "edges", "date", "sum", "negative", "dates")),
    *("fails: day", "fails: large"),
)


def settle_many(policies: int, seed: int) -> None:
    tally = compare.Tally()
    for number in range(policies):
        rng = random.Random(f"{seed}/{number}")
        policy = random_policies.random_policy(rng)
        histories = random_claims.random_histories(rng, policy, compare.calculator.values, HISTORIES)
        found = compare.compare(policy, histories, tally)
        if found:
            pytest.fail(f"seed {seed}, policy {number}: {compare.smallest(found, 30)}", pytrace=False)
    print(f"\nseed {seed}: {policies} policies, {policies * HISTORIES} histories, {dict(tally.counts)}")
    print(f"{'construct':42}{'claims':>9}{'decisive':>10}")
    for name in CONSTRUCTS:
        print(f"{name:42}{tally.seen[name]:>9}{tally.decisive[name]:>10}")
    never = [name for name in CONSTRUCTS if not tally.decisive[name]]
    assert not never, f"seed {seed}: never decisive: {', '.join(never)}"
    unknown = set(tally.seen) - set(CONSTRUCTS)
    assert not unknown, f"not in the table: {sorted(unknown)}"


def test_product_equals_the_second_calculator() -> None:
    settle_many(POLICIES, SEED)


@pytest.mark.long
def test_product_equals_the_second_calculator_on_many_policies() -> None:
    settle_many(4000, SEED + 1)


@pytest.mark.parametrize("name", policy_ids())
def test_policies_of_the_program(name: str) -> None:
    """The shipped policies, as `yibao policy show --format json` prints them."""
    rng = random.Random(f"{SEED}/{name}")
    policy = compare.calculator.load(write_policy(read_policy(find_policy(name)), "json"))
    histories = random_claims.random_histories(rng, policy, compare.calculator.values, 300)
    found = compare.compare(policy, histories, compare.Tally())
    assert not found, str(found)


@pytest.mark.parametrize("days", compare.OUT_OF_ORDER)
def test_days_out_of_order_in_a_csv_table(days: dict[str, str], tmp_path: Path) -> None:
    """A row for each is rejected; the claim class and the reader of claim files are asked in every history."""
    policy = read_policy(find_policy(policy_ids()[0]))
    assert compare.product.rejected_in_csv(policy, days, tmp_path) == 1


def test_what_the_product_writes_means_the_same() -> None:
    """A policy read and written again gives the calculator the same answers."""
    for number in range(30):
        rng = random.Random(f"{SEED}/written/{number}")
        policy = random_policies.random_policy(rng)
        text = json.dumps(policy, ensure_ascii=False)
        written = compare.calculator.load(write_policy(compare.product.read_policy_text(text, "x.json"), "json"))
        for history in random_claims.random_histories(rng, policy, compare.calculator.values, 5):
            assert answers(policy, history) == answers(written, history), f"seed {SEED}, policy {number}"


def answers(policy: dict, history: list) -> list:
    uses: dict = {}
    found = []
    for claim in history:
        answer = compare.calculator.settle(policy, uses, claim)
        uses = answer.uses
        found.append((answer.layers, answer.parts, answer.uses, answer.problems))
    return found
