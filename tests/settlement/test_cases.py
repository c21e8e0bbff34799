"""The cases in `tests/cases/`: claims under a policy of the library, and what each layer pays, to the fen."""

from __future__ import annotations

from pathlib import Path

import pytest

from openyibao import Rule, Uses, find_policy, read_policy
from openyibao.policy.nodes import Mapping, Node, Text, parse_file
from openyibao.policy.values import parse_fen
from openyibao.settlement.claim_file import claims_of

CASES = sorted((Path(__file__).parent.parent / "cases").glob("*.yaml"))


def text(node: Node | None) -> str:
    assert isinstance(node, Text)
    return node.value


def signed_fen(said: str) -> int:
    """An amount in fen; below 0 where a claim lowers what the person bore."""
    fen = parse_fen(said.removeprefix("-"))
    assert fen is not None, said
    return -fen if said.startswith("-") else fen


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_case(path: Path) -> None:
    root = parse_file(path)
    assert isinstance(root, Mapping)
    assert {key.value for key, _ in root} == {"case", "source", "policy", "claims", "expect"}
    rule = Rule(read_policy(find_policy(text(root.get("policy")))))
    claims = root.get("claims")
    assert claims is not None
    uses: dict[str, Uses] = {}
    found = {}
    for claim in claims_of(claims, str(path), rule.policy):
        bill, uses[claim.person] = rule.settle(uses.get(claim.person, Uses()), claim)
        found[claim.id] = {**bill.paid_by_layer_fen(), "personal": bill.personal_fen}
        assert bill.paid_fen + bill.personal_fen == claim.total_fen
    expected = root.get("expect")
    assert isinstance(expected, Mapping)
    wanted = {
        key.value: {name.value: signed_fen(text(amount)) for name, amount in amounts}
        for key, amounts in expected
        if isinstance(amounts, Mapping)
    }
    assert found == wanted


def test_there_are_cases() -> None:
    assert len(CASES) >= 5
