"""T17: more in-scope cost never lowers what is paid, a better class never raises what the person bears.

True of the policies of the program but for those that monotonic.yaml names; it says how policies can be written of
which it is not.
`YIBAO_HISTORY_SEED` takes the seed that a run printed.
"""

from __future__ import annotations

import dataclasses
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from history import random_people as people
from openyibao.policy import Policy, policy_ids, read_policy_text
from openyibao.policy.model import Bands, ShareOfQuantity
from openyibao.policy.values import money
from openyibao.settlement import Bill, Claim, ClaimError, Rule, Uses
from service.figures import figure

DATA = YAML(typ="safe").load(Path(__file__).with_name("monotonic.yaml").read_text(encoding="utf-8"))
DOCUMENT = Path(__file__).parents[2] / "docs" / "histories.md"
SHIPPED = [policy for policy in people.policies() if policy.id in policy_ids()]
OTHERS = [policy for policy in people.policies() if policy.id not in policy_ids()]


def rank(policy: Policy, name: str) -> int | None:
    """How high a class stands, 0 the highest; None for one that is in no order."""
    fact = next(fact for fact in policy.facts if fact.name == "class")
    order = [[value] for value in fact.values] if fact.order else DATA["order"]
    return next((n for n, names in enumerate(order) if name in names), None)


def better(policy: Policy, claim: Claim) -> Iterator[Claim]:
    """The claim in each class that stands higher than its own."""
    fact = next((fact for fact in policy.facts if fact.name == "class"), None)
    own = claim.facts.get("class")
    if fact is None or not isinstance(own, str):
        return
    mine = rank(policy, own)
    for name in fact.values:
        other = rank(policy, name)
        if mine is not None and other is not None and other < mine:
            yield dataclasses.replace(claim, facts={**claim.facts, "class": name})


Pair = tuple[str, Bill, Bill]


def pairs(rng: random.Random, policy: Policy, rule: Rule) -> Iterator[Pair]:
    """Pairs of bills of one person at one moment of a random year: more cost, and better classes."""
    person, uses = people.Person(rng, policy), Uses()
    *before, last = sorted(person.claims(4), key=lambda claim: claim.settlement)
    for claim in before:
        uses = settled(rule, uses, claim)[1]
    own, _ = settled(rule, uses, last)
    if own is None:
        return
    more = last.in_scope_fen + rng.choice((1, 2, 100, person.fen() or 1))
    others = [("cost", dataclasses.replace(last, in_scope_fen=more))]
    others += [("class", claim) for claim in better(policy, last)]
    for kind, claim in others:
        if (bill := settled(rule, uses, claim)[0]) is not None:
            yield kind, own, bill


def settled(rule: Rule, uses: Uses, claim: Claim) -> tuple[Bill | None, Uses]:
    try:
        return rule.settle(uses, claim)
    except ClaimError:
        return None, uses


def breaks(kind: str, old: Bill, new: Bill) -> bool:
    return new.paid_fen < old.paid_fen if kind == "cost" else new.personal_fen > old.personal_fen


def scan(policies: Iterable[Policy], number: int, seed: str) -> tuple[Counter[tuple[str, str]], list[tuple[str, Pair]]]:
    """`number` pairs of each policy: how many of each kind, and those that break the rule."""
    count, broken = Counter[tuple[str, str]](), []
    for policy in policies:
        rule, n, found = Rule(policy), 0, 0
        while found < number:
            for kind, old, new in pairs(random.Random(f"{seed}/{policy.id}/{n}"), policy, rule):
                found += 1
                count[policy.id, kind] += 1
                if breaks(kind, old, new):
                    broken.append((f"{seed}/{policy.id}/{n}", (kind, old, new)))
            n += 1
            assert n < 100 * (found + 100), f"{policy.id}: no claim of random people can be settled"
    return count, broken


def check(policies: list[Policy], number: int, seed: str) -> Counter[tuple[str, str]]:
    """Scan; each pair that breaks the rule must be explained by an exception that its policy is allowed."""
    start = time.monotonic()
    count, broken = scan(policies, number // len(policies) + 1, seed)
    explained = Counter[tuple[str, str]]()
    for where, (kind, old, new) in broken:
        policy = old.plan.policy.id
        found = reasons(kind, old, new) & set(DATA["allowed"].get(policy, ()))
        assert found, (where, kind, old.claim, new.claim)
        explained.update((policy, name) for name in found)
    total = {kind: sum(n for (_, k), n in count.items() if k == kind) for kind in ("cost", "class")}
    print(f"\nT17: seed {seed}: {total} pairs, {len(broken)} exceptions {dict(explained)}, ", end="")
    print(f"{time.monotonic() - start:.1f} s: { ({f'{policy}, {kind}': n for (policy, kind), n in count.items()}) }")
    assert sum(total.values()) >= number
    figure(pairs=sum(total.values()), explained=len(broken), unexplained=0, policies=len(policies), seed=seed)
    return explained


@pytest.mark.reliability("T17", "policies of the library")
def test_policies_of_the_program_have_no_other_exception() -> None:
    check(SHIPPED, 5_000, f"{people.SEED}/pairs")


@pytest.mark.reliability("T17", "policies of the library")
@pytest.mark.long
def test_policies_of_the_program_have_no_other_exception_in_100_000_pairs() -> None:
    explained = check(SHIPPED, 100_000, f"{people.SEED + 1}/pairs")
    assert set(explained) == {(name, why) for name in policy_ids() for why in DATA["allowed"].get(name, ())}


@pytest.mark.reliability("T17", "policies for tests, which show every exception")
def test_what_the_policies_for_tests_show_is_explained() -> None:
    explained = check(OTHERS, 6_000, f"{people.SEED}/others")
    others = [names for policy, names in DATA["allowed"].items() if policy not in policy_ids()]
    assert {name for _, name in explained} == {name for names in others for name in names}


def reasons(kind: str, old: Bill, new: Bill) -> set[str]:
    """The exceptions by which a pair may be explained."""
    found = set()
    for mine, layer in zip(old.plan.layers, old.plan.policy.layers, strict=True):
        groups = {step.kept.group for step in layer.steps if step.kind == "limit"} - {None}
        lost = new.named[mine.reimbursable] < old.named[mine.reimbursable]
        if kind == "cost" and groups and lost and new.named[mine.base] >= old.named[mine.base]:
            found.add("shared limit")
        applies = [bill.named[mine.applies] for bill in (old, new)]
        if kind == "class" and applies[0] != applies[1]:
            found.add("taken and paid less")
        bands = layer.pays.bands if isinstance(layer.pays, Bands) else ()
        tables = [band.up_to for band in bands if band.up_to] + [cap.table for cap in layer.caps]
        if kind == "class" and any("class" in table.by for table in tables):
            found.add("table that gives less")
        shares = [cell.value for step in layer.steps if step.kind == "deductible" for cell in step.table.cells]
        if kind == "cost" and any(isinstance(value, ShareOfQuantity) for value in shares):
            found.add("share of a cost that is not looked at")
        values = [[bill.named[one.found] for one in mine.derived if one.derived.quantity] for bill in (old, new)]
        if kind == "cost" and values[0] != values[1]:
            found.add("line on money")
    return found


# The exceptions in their smallest form

FRAME: dict[str, Any] = {
    "policy": "exception",
    "title": {"zh": "例外", "en": "An exception"},
    "region": "999999",
    "scheme": "resident",
    "in force": {"from": "2026-01-01", "before": "2027-01-01"},
    "rule of the date of": "settlement",
    "words": [
        {"en": "quota", "zh": "额度"},
        {"en": "second aid", "zh": "第二救助"},
        {"en": "donor", "zh": "捐赠人"},
        {"en": "burden", "zh": "负担"},
        {"en": "small", "zh": "小额"},
        {"en": "large", "zh": "大额"},
    ],
    "documents": {},
    "facts": {"grade": ["primary", "tertiary"], "class": ["destitute", "ordinary"]},
}
BASIS = {"document": "not identified", "article": "not identified", "source": "tests", "sure": "low"}
PARTS = {"in-scope cost": "in_scope_fen", "pre-self-paid cost": "pre_self_paid_fen"}


def policy_of(exception: dict[str, Any]) -> Policy:
    layers = [{name: {**layer, "basis": BASIS}} for item in exception["layers"] for name, layer in item.items()]
    derived = {name: {**one, "basis": BASIS} for name, one in exception.get("derived facts", {}).items()}
    more = {"derived facts": derived} if derived else {}
    text = json.dumps({**FRAME, **more, "layers": layers}, default=str)
    return read_policy_text(text, "exception.json")


def outcome(rule: Rule, stays: list[dict[str, Any]]) -> tuple[int, int]:
    """What is paid, and what the person bears, of one claim or of the claims of a year together; fen."""
    uses, paid, personal = Uses(), 0, 0
    for number, stay in enumerate(stays):
        day = date(2026, 3, 1 + number)
        parts = {field: stay.get(name, 0) * 100 for name, field in PARTS.items()}
        facts = {"grade": "primary", "class": "ordinary"} | {k: stay[k] for k in ("grade", "class") if k in stay}
        bill, uses = rule.settle(uses, Claim(f"{number}", "A", day, day, day, **parts, facts=facts))
        paid, personal = paid + bill.paid_fen, personal + bill.personal_fen
    return paid, personal


@pytest.mark.parametrize("exception", DATA["exceptions"], ids=[item["name"] for item in DATA["exceptions"]])
def test_an_exception_in_its_smallest_form(exception: dict[str, Any]) -> None:
    """The figures are right, they do break the rule, and the document explains them."""
    rule = Rule(policy_of(exception))
    name = "personal" if exception["of"] == "class" else "paid"
    found, said = [], []
    for claim in exception["claims"]:
        stays = claim if isinstance(claim, list) else [claim]
        found.append(outcome(rule, stays)[name == "personal"])
        said.append(stays[-1][name] * 100)
    assert found == said
    assert (found[1] > found[0]) == (name == "personal")
    section = DOCUMENT.read_text(encoding="utf-8").partition(f"| {exception['name']} |")[2].partition("\n")[0]
    for fen in found:
        assert money(fen).removesuffix(".00") in section, (exception["name"], money(fen))
