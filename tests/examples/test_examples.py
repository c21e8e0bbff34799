"""Published worked examples: each ID.yaml holds what the source states, its claims, and the amounts it printed.

The policy of a file says only what the example says; `policy_of` puts the header before it that every policy needs. The
ids are those of `survey.csv`, the list of a survey of such examples with its verdict on each; `left-out.yaml` says of
each id without a file why. A file of the kind `wrong` holds figures that cannot be: beside each stands what the product
computes, and the check that the published one breaks.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs.arithmetic import sums
from openyibao import Policy, Rule, Uses, find_policy, read_policy
from openyibao.policy import read_policy_text, write_policy
from openyibao.policy.nodes import Mapping, Node, Place, Sequence, Text, parse_bytes, parse_file
from openyibao.policy.read import read_tree
from openyibao.policy.values import parse_fen
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
HEADER = """
policy: {id}
title: {title}
region: 999999
scheme: resident
in force: {{from: 1990-01-01, before: 2100-01-01}}
rule of the date of: settlement
words: [{{en: the source, zh: 原始出处}}]
documents:
  the source: {{title: {title}, number: not identified, date: {day}, source: {source}}}
gaps: [{{zh: 只含该例写明的内容, en: Holds only what the example states}}]
"""
BASIS = "{{document: the source, article: not identified, source: {source}, sure: {sure}}}"


def mapping(node: Node | None) -> Mapping:
    assert isinstance(node, Mapping)
    return node


def text(node: Node | None) -> str:
    assert isinstance(node, Text)
    return node.value


def fen(node: Node | None) -> int:
    amount = parse_fen(text(node))
    assert amount is not None, node
    return amount


def plain(node: Node | None) -> Any:
    """The tree as dicts, lists and strings."""
    if isinstance(node, Mapping):
        return {key.value: plain(value) for key, value in node}
    return [plain(item) for item in node] if isinstance(node, Sequence) else text(node)


def key(name: str) -> Text:
    return Text(name, Place(1, 1))


def example(path: Path) -> Mapping:
    root = mapping(parse_file(path))
    found = {name.value for name, _ in root}
    assert KEYS <= found <= KEYS | {"policy", "library policy", "published"}, path.name
    assert ("policy" in found) != ("library policy" in found)
    assert text(root.get("example")) == path.stem
    assert text(root.get("kind")) in KINDS
    return root


def policy_of(root: Mapping, path: Path, without: str = "nothing") -> Policy:
    """The policy of an example: one of the library, or its own few keys under the common header.

    The region, the time in force and, where the file names none, the scheme are the header's, not the source's.
    `without` leaves away the keys of layers that begin with these words.
    """
    if library := root.get("library policy"):
        return read_policy(find_policy(text(library)))
    said = {name: json.dumps(plain(root.get(name)), ensure_ascii=False) for name in ("title", "source", "sure")}
    date = text(root.get("date"))
    day = date if re.fullmatch(r"\d{4}-\d\d-\d\d", date) else "not identified"
    header = HEADER.format(id=json.dumps(f"examples/{path.stem}".lower()), day=day, **said)
    basis = parse_bytes(BASIS.format(**said).encode(), path.name)
    tree = {name.value: value for name, value in mapping(parse_bytes(header.encode(), path.name))}
    own = {name.value: value for name, value in mapping(root.get("policy"))}
    if "words" in own:
        own["words"] = listed(own["words"], *items(tree["words"]))
    if "amounts" in own:
        amounts = mapping(own["amounts"])
        own["amounts"] = Mapping(tuple((name, with_basis(value, basis)) for name, value in amounts), amounts.place)
    layers = items(own["layers"])
    if "derived facts" in own:
        derived = mapping(own["derived facts"])
        own["derived facts"] = Mapping(tuple((n, with_basis(v, basis)) for n, v in derived), derived.place)
    own["layers"] = Sequence(tuple(layer_of(item, basis, without) for item in layers), own["layers"].place)
    return read_tree(Mapping(tuple((key(name), value) for name, value in (tree | own).items()), root.place), path.name)


def items(node: Node) -> tuple[Node, ...]:
    assert isinstance(node, Sequence)
    return node.items


def listed(node: Node, *more: Node) -> Node:
    return Sequence((*items(node), *more), node.place)


def layer_of(item: Node, basis: Node, without: str) -> Node:
    ((name, layer),) = mapping(item)
    kept = tuple((n, v) for n, v in mapping(layer) if not n.value.startswith(without))
    return Mapping(((name, with_basis(Mapping(kept, layer.place), basis)),), item.place)


def with_basis(node: Node, basis: Node) -> Node:
    return Mapping((*mapping(node).items, (key("basis"), basis)), node.place)


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


def layer(bill: Bill, name: str) -> dict[str, Any]:
    return next(one for one in bill.data()["layers"] if one["layer"] == name)


def quantity(bill: Bill, name: str) -> int:
    """A quantity of a bill by its words: a layer (what it paid), a part of it, `paid`, `personal`, ..."""
    if name == "year":
        (year,) = {use["period_key"] for use in bill.data()["uses"] if use["period"] == "year"}
        return int(year)
    if name.endswith(" before caps"):
        return int(layer(bill, name.removesuffix(" before caps"))["reimbursement"]["fen"])
    if "'s " in name:
        owner, part = name.rsplit("'s ", 1)
        return int(layer(bill, owner)["parts"][part.replace(" ", "_").replace("-", "_")])
    totals = {"paid": bill.paid_fen, "personal": bill.personal_fen}
    return totals[name] if name in totals else bill.paid_by_layer_fen()[name]


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
                found = sum(quantity(bill, name.value) for bill in bills.values())
            else:
                found = quantity(bills[claim.value], name.value)
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
        assert said > min(cap["amount"]["fen"] for cap in layer(bill, name)["caps"]) == quantity(bill, name)


def breaks_deductible(bill: Bill, says: Says, without_deductible: Bill, own: int) -> None:
    """The published payment is what would be paid if there were no deductible."""
    for name, said in says.items():
        assert said == quantity(without_deductible, name) > quantity(bill, name)


def breaks_bands(bill: Bill, says: Says, without_deductible: Bill, own: int) -> None:
    """The published payment is more than its own bands give, even if there were no deductible."""
    for name, said in says.items():
        assert layer(bill, name)["reimbursement"]["kind"] == "bands"
        reimbursable = layer(bill, name)["reimbursable_fen"]
        assert said > min(quantity(without_deductible, name), reimbursable) and said > quantity(bill, name)


def breaks_rate(bill: Bill, says: Says, without_deductible: Bill, own: int) -> None:
    """A published step is not the rate times the cost behind the deductible; a cap hides it from what is paid."""
    for name, said in says.items():
        found = layer(bill, name.removesuffix(" before caps"))
        assert found["reimbursement"]["kind"] == "flat" and any(cap["bound"] for cap in found["caps"])
        assert said != quantity(bill, name)


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
