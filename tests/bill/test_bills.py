"""10,000 random bills: an independent script redoes every amount and follows every use from bill to bill.

Both languages carry the same numbers.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from openyibao import ClaimError, Rule, Uses, find_policy, policy_ids, read_policy
from openyibao.bench.claims import as_claims, random_columns
from openyibao.settlement.bill_text import bill_text

ROOT = Path(__file__).parent.parent.parent
SEED = int(os.environ.get("YIBAO_SEED", "20261122"))
BILLS = 10_000
EVERY_FEATURE = str(ROOT / "tests" / "policies" / "every-feature.yaml")
SHARED = str(ROOT / "tests" / "policies" / "shared-and-fixed.yaml")
POLICIES = [*policy_ids(), EVERY_FEATURE, SHARED]
SCHEMA_EVERY = 50
FEWER = 300


@pytest.fixture(scope="module")
def recompute() -> ModuleType:
    spec = importlib.util.spec_from_file_location("recompute", Path(__file__).with_name("recompute.py"))
    assert spec is not None and spec.loader is not None
    module = sys.modules["recompute"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_bills(name: str, count: int) -> Iterator[dict[str, Any]]:
    """Bills as they are after a journey through JSON text, each person on the uses of the bills before."""
    rule = Rule(read_policy(find_policy(name)))
    uses: dict[str, Uses] = {}
    made = 0
    for claim in as_claims(rule.policy, random_columns(rule.policy, count * 3, SEED)):
        try:
            bill, uses[claim.person] = rule.settle(uses.get(claim.person, Uses()), claim)
        except ClaimError:  # a gap of the policy
            continue
        form = json.loads(json.dumps(bill.data()))
        if made % SCHEMA_EVERY == 0:
            assert json.loads(bill.to_json()) == form
        yield form
        made += 1
        if made == count:
            return


@pytest.mark.parametrize("name", POLICIES)
def test_every_amount_recomputed(name: str, recompute: ModuleType) -> None:
    schema = json.loads((ROOT / "docs" / "bill.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    print(f"seed {SEED}")
    count = -(-BILLS // len(POLICIES))
    bills = list(random_bills(name, count))
    assert len(bills) == count
    for number, bill in enumerate(bills):
        assert recompute.recompute(bill) == []
        if number % SCHEMA_EVERY == 0:
            validator.validate(bill)
        assert numbers(bill_text(bill, "zh")) == numbers(bill_text(bill, "en"))
    for history in histories(bills):
        assert recompute.recompute_history(history) == []


def histories(bills: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The bills of each person, in the order in which they were settled."""
    persons: dict[str, list[dict[str, Any]]] = {}
    for bill in bills:
        persons.setdefault(bill["claim"]["person"], []).append(bill)
    return list(persons.values())


def test_histories_carry_uses_over_and_drop_them(recompute: ModuleType) -> None:
    """The chain is tight only if the random bills of a person share a period, and also leave it."""
    carried, dropped = set(), set()
    for history in histories(list(random_bills(EVERY_FEATURE, FEWER))):
        last: dict[str, dict[str, Any]] = {}
        for use in (use for bill in history for use in bill["uses"]):
            before = last.get(use["group"], use)
            if before["after_fen"] and before["period_key"] != use["period_key"]:
                dropped.add(use["period"])
            elif use["before_fen"]:
                carried.add(use["period"])
            last[use["group"]] = use
    assert carried == {"month", "quarter", "year", "lifetime"}
    assert dropped == carried - {"lifetime"}


@pytest.mark.parametrize("name", [EVERY_FEATURE, SHARED])
def test_a_forgotten_bill_breaks_the_history(name: str, recompute: ModuleType) -> None:
    """Whatever a claim added, the next bill of its period would show if it were lost."""
    tried = 0
    for history in histories(list(random_bills(name, FEWER))):
        for number, bill in enumerate(history):
            rest = history[number + 1 :]
            seen = {(use["group"], use["period_key"]) for later in rest for use in later["uses"]}
            grown = {(u["group"], u["period_key"]) for u in bill["uses"] if u["after_fen"] > u["before_fen"]}
            if grown & seen:
                tried += 1
                assert recompute.recompute_history(history[:number] + rest) != []
    assert tried > 20


def test_claims_settled_each_by_itself_break_the_history(recompute: ModuleType) -> None:
    rule = Rule(read_policy(find_policy("xx-district/resident-2013")))
    claims = list(as_claims(rule.policy, random_columns(rule.policy, FEWER, SEED)))
    bills = [rule.settle(Uses(), claim)[0].data() for claim in claims]
    assert all(recompute.recompute(bill) == [] for bill in bills)
    assert any(recompute.recompute_history(history) for history in histories(bills))


def numbers(text: str) -> list[str]:
    """Every amount, percentage and fraction of a text, sorted: another language may say them in another order."""
    return sorted(re.findall(r"\d{1,3}(?:,\d{3})*\.\d{2}(?!\d)|\d+(?:\.\d+)?%|\d+/\d+", text))


def test_schema_is_a_schema_and_closed() -> None:
    schema = json.loads((ROOT / "docs" / "bill.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    bill = next(random_bills("xx-district/resident-2013", 1))
    bill["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bill, schema)


def test_text_changes_when_a_number_does() -> None:
    bill = next(random_bills("xx-district/resident-2013", 1))
    before = numbers(bill_text(bill, "en"))
    bill["layers"][0]["paid_fen"] += 1
    assert numbers(bill_text(bill, "en")) != before
