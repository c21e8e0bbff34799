"""The recomputation finds each wrong number of a derived fact and of a sum, on a bill of the product."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from openyibao import Claim, Rule, Uses, read_policy

ROOT = Path(__file__).parents[2]
LAYER = ("layers", 1, "derived", 0)
WRONG: list[tuple[tuple[str | int, ...], Any]] = [
    ((*LAYER, "number"), 200_001),
    ((*LAYER, "value"), {"zh": "小额", "en": "small"}),
    ((*LAYER, "fact"), {"zh": "别的", "en": "other"}),
    ((*LAYER, "reaches", 0, "included"), True),
    ((*LAYER, "reaches", 0, "edge", "fen"), 100_001),
    ((*LAYER, "reaches", 1, "edge", "fen"), 90_000),
    ((*LAYER, "quantity"), None),
    (("layers", 0, "derived", 0, "number"), 29),
    (("layers", 0, "derived", 1, "value"), {"zh": "第二次", "en": "second time"}),
    (("layers", 0, "derived", 0, "per", 0, "value"), {"zh": "y", "en": "y"}),
    (("layers", 0, "derived", 2, "reaches", 0, "number"), 0),
    (("sums", 0, "fen"), 100_001),
    (("sums", 0, "plus"), []),
    (("sums", 0, "minus"), []),
    (("sums", 1, "fen"), 1),
]


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    """The second stay, 28 days after the first: no deductible, 50 %, an own burden of exactly half the line."""
    rule = Rule(read_policy(ROOT / "tests" / "policies" / "derived.yaml"))
    facts = {"service": "inpatient", "grade": "primary", "class": "destitute", "disease": "x", "age": 40}
    first, second = (date(2024, 1, 1), date(2024, 1, 3)), (date(2024, 1, 31), date(2024, 2, 2))
    _, uses = rule.settle(Uses(), Claim("1", "A", *first, first[1], 500_000, facts=facts, enrolment=date(2024, 1, 1)))
    claim = Claim("2", "A", *second, second[1], 500_000, 100_000, facts=facts, enrolment=date(2024, 1, 1))
    found: dict[str, Any] = json.loads(rule.settle(uses, claim)[0].to_json())
    return found


def test_the_bill_is_right(bill: dict[str, Any], recompute: ModuleType) -> None:
    """5,000 x 50 % = 2,500; own burden 2,500 + 1,000 - 2,500 = 1,000, which is not below 50 % of 2,000."""
    assert recompute.recompute(bill) == []
    jsonschema.validate(bill, json.loads((ROOT / "docs" / "bill.schema.json").read_text(encoding="utf-8")))
    assert [(one["name"]["en"], one["fen"]) for one in bill["sums"]] == [
        ("own burden", 100_000),
        ("burden after all", 0),
    ]
    values = {fact["fact"]["en"]: fact["value"]["en"] for layer in bill["layers"] for fact in layer["derived"]}
    assert values == {
        "pause": "soon",
        "number of the stay": "first time",
        "membership": "new member",
        "size": "large",
        "helped before": "first time",
    }
    assert [layer["paid_fen"] for layer in bill["layers"]] == [250_000, 150_000, 50_000]


@pytest.mark.parametrize("wrong", range(len(WRONG)))
def test_each_wrong_number_is_found(wrong: int, bill: dict[str, Any], recompute: ModuleType) -> None:
    path, value = WRONG[wrong]
    changed = copy.deepcopy(bill)
    node: Any = changed
    for step in path[:-1]:
        node = node[step]
    assert node[path[-1]] != value
    node[path[-1]] = value
    assert recompute.recompute(changed)
