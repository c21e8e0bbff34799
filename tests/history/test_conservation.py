"""T13: every fen is in one place: total = paid by each payer + borne by the person, in each layer and in the whole.

Volume goes through the loop over columns; a sample is settled as single claims too, and their published data is added
up. `YIBAO_HISTORY_SEED` takes the seed that a run printed.
"""

from __future__ import annotations

import random
import time
from collections import Counter

import numba
import numpy as np
import pytest

from history import random_people as people
from openyibao.bench.claims import random_columns
from openyibao.history import figures
from openyibao.settlement import Bill, Claim, ClaimError, Rule, Uses
from openyibao.settlement.columns import RowRule, Settled
from service.figures import figure

PERSONS = 4_000
FEW_PERSONS = 200


def conserved(rule: RowRule, bills: Settled) -> int:
    """Check every settled row of a block; gives how many there are.

    What a claim gathers is no longer in the claims that it was gathered from, and lies in its own parts.
    """
    out = {name: column[bills.fault == 0] for name, column in bills.outputs.items()}
    paid = sum(out[layer.paid] for layer in rule.plan.layers)
    personal = sum(out[name] for name in rule.plan.claim_left.values())
    for layer in rule.plan.layers:
        parts = [out[layer.paid], *(out[name] for name in layer.parts.values())]
        applies = out[layer.applies] == 1
        assert np.array_equal(sum(parts), np.where(applies, out[layer.base], 0)), layer.name
        assert all((part >= 0).all() for part in parts), layer.name
        for part, left in layer.left.items():
            assert (out[left] <= out[layer.parts[part]]).all() and (out[left] >= 0).all(), (layer.name, part)
        personal = personal + sum(out[name] for name in layer.left.values())
    for gathers in rule.plan.gathers:
        assert (out[gathers.total] >= 0).all()
        personal = personal - out[gathers.total]
    assert np.array_equal(paid, out["paid"]) and np.array_equal(personal, out["personal"])
    return len(out["paid"])


def volume(number: int, seed: int, persons: int) -> None:
    """`number` bills of the policies, in blocks of so many persons."""
    start, count = time.monotonic(), Counter[str]()
    policies = people.policies()
    for policy in policies:
        rule, block = RowRule(policy, RowRule.ALL), 0
        while count[policy.id] < number / len(policies):
            columns = random_columns(policy, persons, seed + block)
            bills = rule.settle(columns)
            good = bills.fault == 0
            total = columns["total"][good]
            assert np.array_equal(total, bills.outputs["paid"][good] + bills.outputs["personal"][good])
            count[policy.id] += conserved(rule, bills)
            block += 1
            assert block < 100 + number, f"{policy.id}: no random claim can be settled"
    print(
        f"\nT13, columns: seed {seed}: {count.total()} bills, 0 breaks, {time.monotonic() - start:.1f} s: {dict(count)}"
    )
    assert count.total() >= number
    figure(bills=count.total(), breaks=0, policies=len(policies), seed=seed)


@pytest.mark.reliability("T13", "bills of columns")
def test_every_fen_of_columns_is_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's text run by Python itself: compiling takes some seconds a policy, and `--long` does it (below)."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    volume(25_000, people.SEED, FEW_PERSONS)


@pytest.mark.reliability("T13", "bills of columns")
@pytest.mark.long
def test_every_fen_of_a_million_bills_is_in_one_place() -> None:
    volume(1_000_000, people.SEED + 1, PERSONS)


def check_bill(claim: Claim, bill: Bill) -> None:
    """The bill's published data adds up, layer by layer, payer by payer, part by part; so do the figures of a log."""
    data = bill.data()
    totals, layers = data["totals"], data["layers"]
    parts = ("fully_self_paid_fen", "over_limit_fen", "pre_self_paid_fen", "in_scope_fen")
    assert claim.total_fen == totals["total_fen"] == sum(data["claim"][part] for part in parts)
    assert claim.total_fen == totals["paid_fen"] + totals["personal_fen"]
    assert totals["paid_fen"] == sum(payer["fen"] for payer in totals["by_payer"])
    assert totals["paid_fen"] == sum(layer["paid_fen"] for layer in layers)
    assert totals["personal_fen"] == sum(part["fen"] for part in data["parts_at_end"])
    for layer in layers:
        base = layer["base"]["fen"] if layer["applies"] else 0
        assert base == layer["paid_fen"] + sum(layer["parts"].values()), layer["layer"]
    found = figures(bill)
    assert sum(found.paid.values()) == found.total_fen == claim.total_fen
    assert (found.paid_fen, found.personal_fen) == (bill.paid_fen, bill.personal_fen)


def single(number: int, seed: str) -> None:
    """The same of single claims and their published data."""
    start, count = time.monotonic(), Counter[str]()
    policies = people.policies()
    for policy in policies:
        rule, n = Rule(policy), 0
        while count[policy.id] < number / len(policies):
            uses = Uses()
            for claim in people.Person(random.Random(f"{seed}/{policy.id}/{n}"), policy).claims():
                try:
                    bill, uses = rule.settle(uses, claim)
                except ClaimError:
                    continue
                check_bill(claim, bill)
                count[policy.id] += 1
            n += 1
    print(
        f"\nT13, claims: seed {seed}: {count.total()} bills, 0 breaks, {time.monotonic() - start:.1f} s: {dict(count)}"
    )
    figure(bills=count.total(), breaks=0, policies=len(policies), seed=seed)


@pytest.mark.reliability("T13", "single claims with their published data")
def test_every_fen_of_single_claims_is_in_one_place() -> None:
    single(1_500, f"{people.SEED}/bills")


@pytest.mark.reliability("T13", "single claims with their published data")
@pytest.mark.long
def test_every_fen_of_20_000_single_claims_is_in_one_place() -> None:
    single(20_000, f"{people.SEED + 1}/bills")
