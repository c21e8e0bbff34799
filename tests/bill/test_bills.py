"""10,000 random bills: an independent script redoes every amount and follows every use from bill to bill.

Both languages carry the same numbers.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
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
TIME = str(ROOT / "tests" / "policies" / "time.yaml")
SPLIT = str(ROOT / "tests" / "policies" / "split.yaml")
DERIVED = str(ROOT / "tests" / "policies" / "derived.yaml")
EARNED = str(ROOT / "tests" / "policies" / "earned.yaml")
POLICIES = [*policy_ids(), EVERY_FEATURE, SHARED, TIME, SPLIT, DERIVED, EARNED]
SCHEMA_EVERY = 50
FEWER = 300


def new_year(claim: dict[str, Any]) -> str:
    return "01-01"


def by_status(claim: dict[str, Any]) -> str:
    status = next(fact["value"]["en"] for fact in claim["facts"] if fact["fact"]["en"] == "status")
    return {"active": "01-01", "retired": "09-01"}[status]


STARTS = {TIME: by_status, SPLIT: lambda _: "07-01"}
"""When the benefit year of a claim starts, as the policies say; bills do not repeat it."""


def random_bills(name: str, count: int, late: bool = False) -> Iterator[dict[str, Any]]:
    """Bills as they are after a journey through JSON text, each person on the uses of the bills before.

    late: claims come in any order, so that many belong to a period that later ones have followed.
    """
    rule = Rule(read_policy(find_policy(name)))
    uses: dict[str, Uses] = {}
    made = 0
    claims = list(as_claims(rule.policy, random_columns(rule.policy, count if late else count * 3, SEED)))
    if late:
        Random(SEED).shuffle(claims)
    for claim in claims:
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
    starts, words = STARTS.get(name, new_year), own_words(name)
    for number, bill in enumerate(bills):
        assert recompute.recompute(bill, starts) == []
        if number % SCHEMA_EVERY == 0:
            validator.validate(bill)
        assert numbers(bill_text(bill, "zh"), words) == numbers(bill_text(bill, "en"), words)
    for history in histories(bills):
        assert recompute.recompute_history(history, starts) == []


@pytest.mark.parametrize("name", [TIME, SPLIT, EVERY_FEATURE])
def test_claims_may_come_in_any_order(name: str, recompute: ModuleType) -> None:
    starts, bills = STARTS.get(name, new_year), list(random_bills(name, FEWER * 2, late=True))
    assert len(bills) == FEWER * 2
    assert [line for bill in bills for line in recompute.recompute(bill, starts)] == []
    found = [line for history in histories(bills) for line in recompute.recompute_history(history, starts)]
    assert found == []
    missed = [line for history in histories(bills) for line in recompute.recompute_history(history[1:], starts)]
    assert len(missed) > len(found) + FEWER / 10


def test_other_benefit_years_than_those_of_the_policies_are_found(recompute: ModuleType) -> None:
    for name in (TIME, SPLIT):
        bills = list(random_bills(name, FEWER))
        assert any(recompute.recompute(bill, lambda _: "10-01") for bill in bills)
        assert any(recompute.recompute_history(history, lambda _: "10-01") for history in histories(bills))


def histories(bills: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The bills of each person, in the order in which they were settled."""
    persons: dict[str, list[dict[str, Any]]] = {}
    for bill in bills:
        persons.setdefault(bill["claim"]["person"], []).append(bill)
    return list(persons.values())


def place(use: dict[str, Any]) -> tuple[str, str, str]:
    return use["group"], use["period_key"], json.dumps(use["per"])


PERIODS = {
    EVERY_FEATURE: {"month", "quarter", "year", "lifetime"},
    TIME: {"quarter", "year", "calendar year", "lifetime"},
    SPLIT: {"claim", "episode", "month", "year"},
}
"""The periods in which random bills of a person meet; of days, months and some diseases there are too many."""


@pytest.mark.parametrize("name", PERIODS)
def test_histories_carry_uses_over_and_drop_them(name: str, recompute: ModuleType) -> None:
    """The chain is tight only if the random bills of a person share a period, and also leave it."""
    carried, dropped = set(), set()
    for history in histories(list(random_bills(name, 3 * FEWER))):
        last: dict[str, dict[str, Any]] = {}
        for use in (use for bill in history for use in bill["uses"]):
            before = last.get(use["group"], use)
            if before["after_fen"] and place(before) != place(use):
                dropped.add(use["period"])
            elif use["before_fen"]:
                carried.add(use["period"])
            last[use["group"]] = use
    assert carried >= PERIODS[name]
    assert dropped >= PERIODS[name] - {"lifetime"}


@pytest.mark.parametrize("name", [EVERY_FEATURE, SHARED, TIME, SPLIT])
def test_a_forgotten_bill_breaks_the_history(name: str, recompute: ModuleType) -> None:
    """Whatever a claim added, the next bill of its period would show if it were lost."""
    tried = 0
    for history in histories(list(random_bills(name, FEWER))):
        for number, bill in enumerate(history):
            rest = history[number + 1 :]
            seen = {place(use) for later in rest for use in later["uses"]}
            grown = {place(use) for use in bill["uses"] if use["after_fen"] > use["before_fen"]}
            if grown & seen:
                tried += 1
                assert recompute.recompute_history(history[:number] + rest) != []
    assert tried > 20


def test_what_the_random_bills_show(recompute: ModuleType) -> None:
    """Each of the ways in which other claims change an amount is met, and binds."""
    seen: set[str] = set()
    for bill in (bill for late in (False, True) for name in (TIME, SPLIT) for bill in random_bills(name, FEWER, late)):
        layers = [layer for layer in bill["layers"] if layer["applies"]]
        for item in (item for layer in layers for item in [*layer["reductions"], *layer["caps"]]):
            own, amount, carry = item["left_fen"], item["amount"]["fen"], item["carry_over"]
            seen |= {f"{word} {item['period']}" for word in ("plus", "per") if item[word]}
            if carry:
                late = carry["periods"][-1]["period_key"] > carry["here"]
                seen.add(f"{carry['how']}, {'late' if late else 'last'}")
                seen |= {"before the start"} if carry["here"] < carry["from"] else set()
                seen |= {"more than its own"} if own > amount + (item["plus"] or {"fen": 0})["fen"] else set()
                seen |= {"eaten by another period"} if own < amount - item["used_before_fen"] else set()
            maximum = item.get("annual_maximum")
            seen |= {"annual maximum"} if maximum and maximum["left_fen"] == own < amount else set()
            seen |= {"later part"} if not item["belongs_here"] else set()
            seen |= {"layers above"} if item["period_key"] is None and item["used_before_fen"] else set()
    assert seen >= {"plus month", "per month", "per year", "per lifetime", "all, last", "all, late", "one, last"}
    assert seen >= {"before the start", "more than its own", "eaten by another period"}
    assert seen >= {"annual maximum", "later part", "layers above"}


def test_claims_settled_each_by_itself_break_the_history(recompute: ModuleType) -> None:
    rule = Rule(read_policy(ROOT / "tests" / "policies" / "stays-only.yaml"))
    claims = list(as_claims(rule.policy, random_columns(rule.policy, FEWER, SEED)))
    bills = []
    for claim in claims:
        with contextlib.suppress(ClaimError):  # a gap of the policy
            bills.append(rule.settle(Uses(), claim)[0].data())
    assert all(recompute.recompute(bill) == [] for bill in bills)
    assert any(recompute.recompute_history(history) for history in histories(bills))


TOLD = ("Gap", "缺口", "Assumption", "假设", "依据（", "Basis of")


def numbers(text: str, words: tuple[str, ...] = ()) -> list[list[str]]:
    """The numbers of each line, sorted: another language may say them in another order.

    A tier named by a number in English (cat 1) is none, nor is one in a word of the policy; gaps, assumptions and
    titles of documents are told in the words of the policy.
    """
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    lines = [re.sub(r"cat \d", "", line) for line in text.splitlines()]
    lines = ["" if line.strip().startswith(TOLD) else line for line in lines]
    return [sorted(re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?%?", line)) for line in lines]


def own_words(name: str) -> tuple[str, ...]:
    """The words of a policy in which a number stands."""
    words = [text for word in read_policy(find_policy(name)).words for text in (word.zh, word.en)]
    return tuple(word for word in words if re.search(r"\d", word))


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


@pytest.mark.parametrize("kind", ["plus", "carry_over", "annual_maximum"])
def test_text_says_what_other_claims_and_the_person_add(kind: str) -> None:
    bills = [bill for name in (TIME, SPLIT) for bill in random_bills(name, 60)]
    tried = 0
    for bill in bills:
        before = numbers(bill_text(bill, "en"))
        for layer in (layer for layer in bill["layers"] if layer["applies"]):
            for item in (item[kind] for item in [*layer["reductions"], *layer["caps"]] if item.get(kind)):
                for part in [item, *item.get("periods", ())]:
                    for name in (name for name in part if name.endswith("fen")):
                        part[name] += 1
                        assert numbers(bill_text(bill, "en")) != before
                        part[name] -= 1
                        tried += 1
    assert tried > 10


def test_the_text_says_what_is_used_of_a_fixed_payment() -> None:
    """300.00, of which earlier parts of the stay used all, come to 0.00."""
    items = [(bill, layer["reimbursement"]) for bill in random_bills(SPLIT, FEWER) for layer in bill["layers"]]
    bill, item = next(pair for pair in items if pair[1] and pair[1]["kind"] == "fixed" and pair[1]["used_before_fen"])
    before = numbers(bill_text(bill, "en"))
    item["used_before_fen"] += 1
    assert numbers(bill_text(bill, "en")) != before
