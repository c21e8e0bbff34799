"""10,000 random bills: an independent script redoes every amount; both languages carry the same numbers."""

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
        yield json.loads(bill.to_json())
        made += 1
        if made == count:
            return


@pytest.mark.parametrize("name", POLICIES)
def test_every_amount_recomputed(name: str, recompute: ModuleType) -> None:
    schema = json.loads((ROOT / "docs" / "bill.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    print(f"seed {SEED}")
    count = -(-BILLS // len(POLICIES))
    checked = 0
    for number, bill in enumerate(random_bills(name, count)):
        assert recompute.recompute(bill) == []
        if number % SCHEMA_EVERY == 0:
            validator.validate(bill)
        assert numbers(bill_text(bill, "zh")) == numbers(bill_text(bill, "en"))
        checked += 1
    assert checked == count


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
