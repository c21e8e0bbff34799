"""Published worked examples: each ID.yaml holds what the source states, its claims, and the amounts it printed.

The policy of a file says only what the example says; `policy_of` puts the header before it that every policy needs. The
ids are those of `survey.csv`, the list of a survey of such examples with its verdict on each; `left-out.yaml` says of
each id without a file why. A file of the kind `wrong` holds figures that cannot be: beside each stands what the product
computes, and the check that the published one breaks.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from constructs.arithmetic import sums
from openyibao import Policy, Rule, Uses, find_policy, read_policy
from openyibao.constructs.header import Stated, small_policy
from openyibao.constructs.running import amount, layer_of
from openyibao.constructs.trees import both, fen, items, mapping, plain, text
from openyibao.policy import read_policy_text, write_policy
from openyibao.policy.nodes import Mapping, Node, Sequence, parse_bytes, parse_file
from openyibao.settlement.bill import Bill
from openyibao.settlement.claim_file import claims_of

HERE = Path(__file__).parent
LEFT_OUT = HERE / "left-out.yaml"
FILES = sorted(path for path in HERE.glob("*.yaml") if path != LEFT_OUT)
KINDS = {
    "full formula": "the source prints the rule and the result, and the one gives the other",
    "rates inferred": "the source prints the results; some of the rule is inferred from them",
    "fixed amount": "the source prints a fixed payment and what is left",
    "rule only": "the source states a rule without amounts",
    "textbook": "an exam question, a question-and-answer site, a made-up example; its sums hold",
    "enrolment aid": "the contribution is the cost, and the aid a layer on it",
    "rule without money": "the source states when cover begins",
    "wrong": "what the source prints cannot be",
    "stated in part": "not in the survey of examples: the survey of constructs states one quantity of it",
}
REASONS = {"cash allowance", "arithmetic only", "truncated source"}
NO_BILL = {"cash allowance"}
KEYS = {"example", "kind", "title", "says", "source", "date", "sure", "stated to", "made up", "claims", "expect"}


def example(path: Path) -> Mapping:
    root = mapping(parse_file(path))
    found = {name.value for name, _ in root}
    assert KEYS <= found <= KEYS | {"policy", "library policy", "published"}, path.name
    assert ("policy" in found) != ("library policy" in found)
    assert text(root.get("example")) == path.stem
    assert text(root.get("kind")) in KINDS
    return root


def policy_of(root: Mapping, path: Path, without: str = "nothing") -> Policy:
    """The policy of an example: one of the library, or its own few keys under the header of small policies.

    `without` leaves away the keys of layers that begin with these words.
    """
    if library := root.get("library policy"):
        return read_policy(find_policy(text(library)))
    stated = Stated(both(root.get("title")), *(text(root.get(name)) for name in ("source", "date", "sure")))
    own = mapping(root.get("policy"))
    layers = Sequence(tuple(layer_without(item, without) for item in items(own.get("layers"))), own.place)
    kept = tuple((name, layers if name.value == "layers" else value) for name, value in own)
    return small_policy(Mapping(kept, own.place), f"examples/{path.stem}".lower(), stated)


def layer_without(item: Node, without: str) -> Node:
    ((name, layer),) = mapping(item)
    kept = tuple((n, v) for n, v in mapping(layer) if not n.value.startswith(without))
    return Mapping(((name, Mapping(kept, layer.place)),), item.place)


def settled(root: Mapping, path: Path, without: str = "nothing") -> dict[str, Bill]:
    """The bills of an example's claims, by claim."""
    rule = Rule(policy_of(root, path, without))
    claims = root.get("claims")
    assert claims is not None
    uses: dict[str, Uses] = {}
    bills = {}
    for claim in claims_of(claims, path.name, rule.policy):
        bills[claim.id], uses[claim.person] = rule.settle(uses.get(claim.person, Uses()), claim)
        assert bills[claim.id].paid_fen + bills[claim.id].personal_fen == claim.total_fen
    return bills


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_example(path: Path) -> None:
    """Every amount that the source states comes out, in the unit in which it states it."""
    root = example(path)
    bills = settled(root, path)
    unit = fen(parse_bytes(text(root.get("stated to")).removesuffix(" yuan").encode(), path.name))
    checked = 0
    for claim, amounts in mapping(root.get("expect")):
        for name, wanted in mapping(amounts):
            if claim.value == "together":
                found = sum(amount(bill, name.value) for bill in bills.values())
            else:
                found = amount(bills[claim.value], name.value)
            if name.value == "year":
                assert str(found) == text(wanted), f"{claim.value} / {name.value}"
            else:
                assert (2 * found + unit) // (2 * unit) * unit == fen(wanted), f"{claim.value} / {name.value}"
            checked += 1
    assert checked
    published = root.get("published")
    assert (published is not None) >= (text(root.get("kind")) == "wrong")
    for item in published if isinstance(published, Sequence) else ():
        said = mapping(item)
        claim_id, broken = text(said.get("claim")), text(said.get("breaks"))
        says = {name.value: fen(amount) for name, amount in mapping(said.get("says"))}
        own = fen(said.get("account")) if said.get("account") else 0
        CHECKS[broken](bills[claim_id], says, settled(root, path, "deductible")[claim_id], own)


Says = dict[str, int]


def breaks_conservation(bill: Bill, says: Says, without_deductible: Bill, own: int) -> None:
    """The published amounts together are more than the bill."""
    assert sum(says.values()) > bill.claim.total_fen


def breaks_cap(bill: Bill, says: Says, without_deductible: Bill, own: int) -> None:
    """The published payment is more than the cap, which binds."""
    for name, said in says.items():
        assert said > min(cap["amount"]["fen"] for cap in layer_of(bill, name)["caps"]) == amount(bill, name)


def breaks_deductible(bill: Bill, says: Says, without_deductible: Bill, own: int) -> None:
    """The published payment is what would be paid if there were no deductible."""
    for name, said in says.items():
        assert said == amount(without_deductible, name) > amount(bill, name)


def breaks_bands(bill: Bill, says: Says, without_deductible: Bill, own: int) -> None:
    """The published payment is more than its own bands give, even if there were no deductible."""
    for name, said in says.items():
        assert layer_of(bill, name)["reimbursement"]["kind"] == "bands"
        reimbursable = layer_of(bill, name)["reimbursable_fen"]
        assert said > min(amount(without_deductible, name), reimbursable) and said > amount(bill, name)


def breaks_rate(bill: Bill, says: Says, without_deductible: Bill, own: int) -> None:
    """A published step is not the rate times the cost behind the deductible; a cap hides it from what is paid."""
    for name, said in says.items():
        found = layer_of(bill, name.removesuffix(" before caps"))
        assert found["reimbursement"]["kind"] == "flat" and any(cap["bound"] for cap in found["caps"])
        assert said != amount(bill, name)


def breaks_own_money(bill: Bill, says: Says, without_deductible: Bill, own: int) -> None:
    """The published reimbursement is what the layers pay and the person's own account on top: more than the bill."""
    assert says["paid"] == bill.paid_fen + own
    assert says["paid"] + bill.personal_fen > bill.claim.total_fen


CHECKS: dict[str, Callable[[Bill, Says, Bill, int], None]] = {
    "conservation": breaks_conservation,
    "cap": breaks_cap,
    "deductible": breaks_deductible,
    "bands": breaks_bands,
    "rate": breaks_rate,
    "own money": breaks_own_money,
}


def test_every_id_is_accounted_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the 57 of the survey each has a file or a reason; a consistent full formula about a bill has a file."""
    with (HERE / "survey.csv").open(encoding="utf-8", newline="") as stream:
        survey = {row["id"]: row for row in csv.DictReader(stream)}
    left = plain(parse_file(LEFT_OUT))
    reasons = {name: line["reason"] for name, line in left["left out"].items()}
    kinds = {path.stem: text(example(path).get("kind")) for path in FILES}
    in_part = {name for name, kind in kinds.items() if kind == "stated in part"}
    assert len(survey) == 57
    assert set(reasons.values()) == REASONS and all(line["what"] for line in left["left out"].values())
    assert not set(reasons) & set(kinds)
    assert set(reasons) | (set(kinds) - in_part) == set(survey)
    assert not (in_part | set(left["named without a record"])) & set(survey)
    for name, row in survey.items():
        if row["strength"] == "full_formula" and row["status"].startswith("reproduces"):
            assert kinds.get(name) in ("full formula", "textbook", "enrolment aid") or reasons[name] in NO_BILL
        assert (row["status"] == "INCONSISTENT") == (kinds.get(name) == "wrong")
        assert (row["real_policy"] == "yes") != (kinds.get(name) in ("textbook", "wrong"))
    for name, line in left["left out"].items():
        assert bool(list(sums(line.get("holds", "")))) == (line["reason"] != "truncated source"), name
        assert all(right for _, right in sums(line.get("holds", ""))), name
    run, told = Counter(kinds.values()), Counter(reasons.values())
    with capsys.disabled():
        print(f"\n{len(survey)} published examples, {len(kinds) - len(in_part)} run, {len(reasons)} left out")
        for kind, meaning in KINDS.items():
            print(f"  {run[kind]:3}  {kind}: {meaning}")
        for reason in sorted(REASONS):
            print(f"  {told[reason]:3}  left out: {reason}")


@pytest.mark.parametrize("form", ["en", "zh"])
def test_examples_read_back(form: str) -> None:
    for path in FILES:
        policy = policy_of(example(path), path)
        assert read_policy_text(write_policy(policy, form), f"{path.stem}.yaml") == policy, path.stem
