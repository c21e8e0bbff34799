"""Bills of random histories with divided parts, shared positions and claims that gather, each redone from its print.

And a short history by hand, in which every wrong figure of what was left and gathered is found.
"""

from __future__ import annotations

import copy
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from second import (
    by_hand,
    by_hand_amounts,
    by_hand_gathered,
    by_hand_gathering,
    by_hand_parts,
    product,
    random_gathered,
    random_gathering,
    values,
)

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("YIBAO_SEED", "20261122"))
POLICIES = 40
SCHEMA_EVERY = 40
Obj = dict[str, Any]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "bill.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def bills_of(made: product.Product, claims: list[Obj]) -> list[Obj]:
    """The bills of a history as they are after a journey through JSON text; a claim that fails has none."""
    uses, found = product.Uses(), []
    for claim in claims:
        outcome, uses = made.settle(uses, claim)
        if outcome.bill:
            found.append(json.loads(json.dumps(outcome.bill.data())))
    return found


def random_bills() -> Iterator[list[Obj]]:
    for number in range(POLICIES):
        rng = Random(f"{SEED}/bills/{number}")
        policy = random_gathering.random_policy(rng)
        made = product.Product(json.dumps(policy, ensure_ascii=False))
        for claims in random_gathered.random_histories(rng, policy, values, 5):
            yield bills_of(made, claims)


def test_random_bills(recompute: ModuleType, validator: jsonschema.Draft202012Validator) -> None:
    print(f"seed {SEED}")
    seen: Counter[str] = Counter()
    for history in random_bills():
        for bill in history:
            assert recompute.recompute(bill) == []
            if seen["bills"] % SCHEMA_EVERY == 0:
                validator.validate(bill)
            seen["bills"] += 1
            seen["divided"] += bool(bill["claim"]["divided"])
            seen["gathered"] += bool(bill["gathered"] and bill["gathered"]["fen"])
            seen["gathered and paid"] += bool(bill["gathered"] and bill["totals"]["paid_fen"])
            seen["left something"] += bool(bill["leaves"])
        assert recompute.recompute_history(history) == []
    print(dict(seen))
    assert seen["bills"] > 500 and min(seen.values()) > 10, seen


MODULES = {by_hand_amounts.__name__, by_hand_parts.__name__, by_hand_gathering.__name__, by_hand_gathered.__name__}
CASES = [one for one in by_hand.CASES if one.__module__ in MODULES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_cases_by_hand(case: Any, recompute: ModuleType, validator: jsonschema.Draft202012Validator) -> None:
    one = case()
    bills = bills_of(product.Product(json.dumps(one.policy, ensure_ascii=False)), one.claims)
    assert [line for bill in bills for line in recompute.recompute(bill)] == []
    assert recompute.recompute_history(bills) == []
    for bill in bills:
        validator.validate(bill)


# Wrong figures are found --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def right() -> list[Obj]:
    """Two stays of 2024 (one of a child, which is not gathered), a supplement in 2025, and one that finds nothing.

    Half of class A is open, of class B a deductible of 20 and half of the rest. The supplement looks at both and at
    class B as far as it is left, borne as it is 10 % of a sum.
    """
    law = by_hand_gathering.gathering(
        by_hand_gathering.HALF
        | {"of": ["class A cost", {"take": "class B cost", "share": "50%"}]}
        | {"deductible per claim": 20},
        by_hand_gathering.FOR_YEAR
        | {"of": [f"left of {by_hand_gathering.BASIC}", "class B cost"], "deductible per claim": "10% of sum"},
        services=by_hand_gathering.of_year(service="inpatient", age="18 and over"),
        facts={"age": "0 to 130", **by_hand_parts.SUB_PARTS},
        divided_parts={"in-scope cost": list(by_hand_parts.SUB_PARTS)},
        quantities={"sum": {"of": ["in-scope cost", "class A cost"], "less": f"{by_hand_gathering.BASIC}'s paid"}},
    )
    old, young = {"age": 40} | by_hand_gathering.STAY, {"age": 17} | by_hand_gathering.STAY
    claims = by_hand_gathering.history(
        by_hand_parts.of_classes("2024-03-01", 100, 60, old),
        by_hand_parts.of_classes("2024-04-01", 200, 0, young),
        by_hand_parts.of_classes("2024-05-01", 50, 10, old),
        by_hand_gathering.refund("2025-01-05", {"age": 40}),
        by_hand_gathering.refund("2025-01-06", {"age": 40}),
    )
    return bills_of(product.Product(json.dumps(law, ensure_ascii=False)), claims)


def test_the_history_is_right(right: list[Obj], recompute: ModuleType) -> None:
    """First stay: 100 + 30 - 20 = 110, of which 55 are paid; 75 and 30 of class B are open. Second one: 35 / 2 = 17.50.

    Open of the two: 75 + 37.50 and 30 + 5 = 147.50. Sum: 160 + 100 - 55 and 60 + 50 - 17.50, together 297.50.
    """
    assert [bill["totals"]["paid_fen"] for bill in right] == [5500, 9000, 1750, 14750 - 2975, 0]
    assert [bill["totals"]["personal_fen"] for bill in right] == [10500, 11000, 4250, 2975 - 14750, 0]
    assert [bool(bill["leaves"]) for bill in right] == [True, False, True, False, False]
    assert right[3]["gathered"]["fen"] == 14750
    assert [line for bill in right for line in recompute.recompute(bill)] == []
    assert recompute.recompute_history(right) == []


def figures(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all amounts below a node."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(child, dict | list):
            yield from figures(child, (*path, key))
        elif isinstance(key, str) and key.endswith("fen") and child is not None:
            yield (*path, key)


def changed(bills: list[Obj], number: int, path: tuple[Any, ...], value: Any) -> list[Obj]:
    wrong = copy.deepcopy(bills)
    node: Any = wrong[number]
    for step in path[:-1]:
        node = node[step]
    assert node[path[-1]] != value
    node[path[-1]] = value
    return wrong


def found(bills: list[Obj], recompute: ModuleType) -> list[str]:
    return [line for bill in bills for line in recompute.recompute(bill)] + recompute.recompute_history(bills)


def test_every_wrong_amount_is_found(right: list[Obj], recompute: ModuleType) -> None:
    places = [
        (number, (key, *path))
        for number, bill in enumerate(right)
        for key in ("claim", "gathered", "leaves", "totals", "parts_at_end", "layers")
        if bill[key]
        for path in figures(bill[key])
    ]
    assert len(places) > 200
    for number, path in places:
        node: Any = right[number]
        for step in path:
            node = node[step]
        assert found(changed(right, number, path, node + 1), recompute), (number, path)


WORD = {"zh": "别的", "en": "other"}
WRONG: list[tuple[int, tuple[Any, ...], Any]] = [
    (0, ("claim", "divided", 0, "part"), "pre_self_paid"),
    (0, ("claim", "divided", 0, "into", 0, "part"), "in_scope.class C cost"),
    (0, ("claim", "divided"), []),
    (0, ("leaves",), []),
    (0, ("leaves", 0, "period_key"), "2025"),
    (0, ("leaves", 0, "service"), WORD),
    (0, ("leaves", 0, "parts"), []),
    (0, ("leaves", 0, "quantities"), []),
    (0, ("gathered",), {}),
    (1, ("claim", "facts", 0, "value"), {"zh": "18", "en": "18"}),
    (3, ("gathered",), None),
    (3, ("gathered", "service"), WORD),
    (3, ("gathered", "from"), "2023"),
    (3, ("gathered", "to"), "2025"),
    (3, ("gathered", "of"), "months before"),
    (3, ("gathered", "months"), 12),
    (3, ("gathered", "where"), []),
    (3, ("gathered", "where", 1, "range", "low"), 17),
    (3, ("gathered", "where", 0, "accepts"), []),
    (3, ("gathered", "parts", 0, "part"), "prepaid"),
    (3, ("gathered", "parts", 0, "layer"), by_hand_gathering.CRITICAL),
    (3, ("gathered", "quantities"), []),
    (3, ("leaves",), [{"service": WORD, "period_key": "2025", "parts": [], "quantities": []}]),
    (4, ("gathered", "parts"), []),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_other_wrong_words_are_found(number: int, right: list[Obj], recompute: ModuleType) -> None:
    assert found(changed(right, *WRONG[number]), recompute)


@pytest.mark.parametrize("number", [0, 2, 3])
def test_a_forgotten_bill_is_found(number: int, right: list[Obj], recompute: ModuleType) -> None:
    """Of a stay that was gathered. Without the supplement the next one should have found what it took."""
    assert recompute.recompute_history(right[:number] + right[number + 1 :])


def test_what_is_gathered_though_no_layer_may_run_is_found(recompute: ModuleType) -> None:
    """The supplement of an ordinary person finds nothing; the next one, of a destitute person, all of the 50."""
    one = by_hand_gathering.nothing_is_gathered_where_no_layer_applies()
    bills = bills_of(product.Product(json.dumps(one.policy, ensure_ascii=False)), one.claims)
    assert [bill["gathered"]["fen"] for bill in bills[1:]] == [0, 5000]
    wrong = copy.deepcopy(bills)
    wrong[1]["gathered"] |= {"parts": bills[2]["gathered"]["parts"], "fen": 5000}
    assert any("though no layer may run" in line for line in recompute.recompute(wrong[1]))
    assert any("gathered" in line for line in recompute.recompute_history(wrong))
    late = copy.deepcopy(bills)
    late[2]["gathered"] = copy.deepcopy(bills[1]["gathered"])
    assert any("gathered" in line for line in recompute.recompute_history(late))
