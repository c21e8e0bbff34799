"""The recomputation finds each wrong number of an amount for each one and of an amount that is a sum."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from openyibao import Claim, ClaimError, Rule, Uses, read_policy
from openyibao.settlement.bill_text import bill_text

ROOT = Path(__file__).parents[2]
CAP = ("layers", 0, "caps", 0, "amount", "derived_from")
REWARD = (*CAP, "sum", "plus", 1, "derived_from")
LAPSE = (*CAP, "sum", "minus", 0, "derived_from", "table", "for_each")
FIXED = ("layers", 1, "reimbursement", "amount", "for_each")
WRONG: list[tuple[tuple[str | int, ...], Any]] = [
    ((*CAP, "amount_fen"), 2_163_304),
    ((*CAP, "sum"), None),
    ((*CAP, "table"), "the sum's first term"),
    ((*CAP, "sum", "minus"), []),
    ((*CAP, "sum", "plus", 0, "fen"), 2_133_301),
    ((*CAP, "sum", "minus", 1, "for_each", "beyond"), 58),
    ((*CAP, "sum", "most"), "the sum's first term"),
    ((*REWARD, "sum", "plus", 0, "for_each", "fen"), 70_000),
    ((*REWARD, "sum", "plus", 0, "for_each", "value"), 8),
    ((*REWARD, "sum", "plus", 0, "for_each", "fact"), {"zh": "零报销年数", "en": "zero-claim years"}),
    ((*REWARD, "sum", "plus", 0, "fen"), 210_004),
    ((*REWARD, "sum", "most"), "the reward's second term"),
    ((*LAPSE, "value"), 2),
    ((*FIXED, "beyond"), 0),
]
FACTS = {"service": "inpatient", "class": "ordinary", "age": 62, "days": 10}
YEARS = {"continuous enrolment years": 7, "zero-claim years": 3, "lapsed years": 1}


def settled(facts: dict[str, Any]) -> Any:
    day = date(2025, 5, 1)
    rule = Rule(read_policy(ROOT / "tests" / "policies" / "earned.yaml"))
    return rule.settle(Uses(), Claim("1", "A", day, day, day, 4_000_000, facts=facts))[0]


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(settled(FACTS | YEARS).to_json())
    return found


def test_the_bill_is_right(bill: dict[str, Any], recompute: ModuleType) -> None:
    """The cap: 21333 + 700.01 x 3 + 500 x 3 - 3000 - 100 x 3 = 21633.03.

    The quota: 30 x 42 - 1500 is below 0, so that the least counts, 200.50; a third of it is 66.83. The deductible:
    300 + 66.83 + 620 = 986.83. The bands: 200.50 x 50 % + 21432.53 x 60 % + 17380.14 x 70 % = 25125.87, cut to the cap.
    """
    assert recompute.recompute(bill) == []
    jsonschema.validate(bill, json.loads((ROOT / "docs" / "bill.schema.json").read_text(encoding="utf-8")))
    basic, critical = bill["layers"]
    assert basic["caps"][0]["amount"]["fen"] == 2_163_303
    assert basic["reductions"][1]["amount"]["fen"] == 98_683
    assert basic["reimbursement"]["fen"] == 2_512_587
    assert (basic["paid_fen"], critical["paid_fen"]) == (2_163_303, 80_000)


def node_at(bill: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        bill = bill[step]
    return bill


@pytest.mark.parametrize("wrong", range(len(WRONG)))
def test_each_wrong_number_is_found(wrong: int, bill: dict[str, Any], recompute: ModuleType) -> None:
    path, value = WRONG[wrong]
    named = {
        "the sum's first term": (*CAP, "sum", "plus", 0),
        "the reward's second term": (*REWARD, "sum", "plus", 1),
    }
    if isinstance(value, str):
        value = copy.deepcopy(node_at(bill, named[value]))
    changed = copy.deepcopy(bill)
    node = node_at(changed, path[:-1])
    assert node[path[-1]] != value
    node[path[-1]] = value
    assert recompute.recompute(changed)


def test_the_text_names_every_term(bill: dict[str, Any]) -> None:
    for lang in ("zh", "en"):
        text = bill_text(bill, lang)
        for number in ("21,333.00 + 3,600.03 - 3,000.00 - 300.00", "2,100.03 + 1,500.00", "1,260.00 - 1,500.00"):
            assert number in text, lang
    assert "假设一" in bill_text(bill, "zh")


@pytest.mark.parametrize("fact", list(YEARS))
def test_a_claim_that_lacks_a_fact_is_not_settled(fact: str) -> None:
    with pytest.raises(ClaimError, match=f"{fact}.*: the claim does not state it"):
        settled({name: value for name, value in (FACTS | YEARS).items() if name != fact})
