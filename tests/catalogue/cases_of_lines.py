"""The cases in `cases/*.yaml`: a snippet of a catalogue, fee lines, and what they come to.

What a snippet leaves out is filled in here: an item without `versions` is one version since 2000; titles, units and
bases are the same for all. `expect` names the parts of the claim in yuan, those of nothing left out; `refused` is a
piece of the one message with which the lines are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openyibao.catalogue import Catalogue, read_catalogue_text
from openyibao.policy import Policy, find_policy, read_policy
from openyibao.policy.nodes import Mapping, Node, Text, parse_bytes, parse_file
from openyibao.policy.values import parse_fen
from openyibao.settlement.claim_file import lined_claims_of
from openyibao.settlement.claim_stay import LinedClaim

FOLDER = Path(__file__).parent / "cases"
POLICY = read_policy(find_policy("teaching/willow-county-2026"))
PARTS = ("in-scope cost", "pre-self-paid cost", "over-limit cost", "fully self-paid cost")
DAY = "2026-03-02"
BASIS = {"document": "list", "article": "1", "source": "made up for this test", "sure": "low"}
HEAD = {
    "catalogue": "test/snippet",
    "title": {"zh": "例", "en": "example"},
    "region": "999999",
    "documents": {
        "list": {"title": {"zh": "例", "en": "list"}, "number": "1", "date": "not identified", "source": "made up"}
    },
}
ITEM = {"title": {"zh": "项目", "en": "an item"}, "kind": "drug", "unit": {"zh": "件", "en": "piece"}}
VERSION_KEYS = {
    *("catalogue class", "price limit", "pre-pay share", "pre-pay in bands"),
    *("收费项目等级", "定价上限金额", "自付比例", "分段自付"),
}


@dataclass(frozen=True)
class Case:
    """One case: its file, its name, and what stands below it."""

    file: Path
    name: str
    text: dict[str, Any]
    catalogue: Catalogue


def plain(node: Node | None) -> Any:
    """A tree as dictionaries, lists and texts."""
    if node is None or isinstance(node, Text):
        return node.value if node else None
    if isinstance(node, Mapping):
        return {key.value: plain(value) for key, value in node}
    return [plain(item) for item in node]


def item_of(snippet: dict[str, Any]) -> dict[str, Any]:
    snippet = dict(snippet)
    if "versions" not in snippet:
        version = {key: snippet.pop(key) for key in list(snippet) if key in VERSION_KEYS}
        snippet["versions"] = [{"from": "2000-01-01", **version}]
    versions = [{"basis": BASIS, **version} for version in snippet.pop("versions")]
    return {**ITEM, **snippet, "versions": versions}


def catalogue_of_snippet(snippet: dict[str, Any]) -> Catalogue:
    items = {code: item_of(item) for code, item in snippet["items"].items()}
    rest = {key: value for key, value in snippet.items() if key != "items"}
    return read_catalogue_text(json.dumps({**HEAD, **rest, "catalogue items": items}), "snippet.json")


def all_cases() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.yaml")):
        file = plain(parse_file(path))
        assert set(file) == {"about", "catalogue", "cases"}, path.name
        catalogue = catalogue_of_snippet(file["catalogue"])
        for case in file["cases"]:
            assert {"case", "lines"} <= set(case) <= {"case", "source", "facts", "scheme", "lines", "expect", "refused"}
            yield Case(path, case["case"], case, catalogue)


def settled_as(case: Case, policy: Policy = POLICY) -> list[LinedClaim]:
    """The claims of a case, read as a claim file is. Raises FileError."""
    text = case.text
    lines = [line if {"date", "日期"} & set(line) else {"date": DAY, **line} for line in text["lines"]]
    days = [line.get("date", line.get("日期")) for line in lines]
    claim = {
        "claim id": "T-1",
        "person": "test",
        "admission": min(days),
        "discharge": max(days),
        "settlement": max(days),
        "facts": text.get("facts", {}),
        "lines": lines,
    }
    policy = replace(policy, scheme=text.get("scheme", policy.scheme))
    node = parse_bytes(json.dumps(claim).encode(), "lines.json")
    return lined_claims_of(node, "lines.json", policy, case.catalogue)


def expected_fen(case: Case) -> dict[str, int | None]:
    assert set(case.text["expect"]) <= set(PARTS)
    return {part: parse_fen(case.text["expect"].get(part, "0")) for part in PARTS}


def found_fen(lined: LinedClaim) -> dict[str, int]:
    claim = lined.claim
    found = (claim.in_scope_fen, claim.pre_self_paid_fen, claim.over_limit_fen, claim.fully_self_paid_fen)
    return dict(zip(PARTS, found, strict=True))
