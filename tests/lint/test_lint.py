"""Every national rule has a policy that conforms, one that departs and one of which it cannot be told."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from openyibao.lint import ANSWERS, Finding, lint, national_rules
from openyibao.lint.report import Teller, as_json, as_sarif
from openyibao.policy import find_policy, policy_ids, read_policy, read_policy_text

HERE = Path(__file__).parent
YAML_ = YAML(typ="safe", pure=True)
CASES: list[dict[str, Any]] = YAML_.load((HERE / "cases.yaml").read_text(encoding="utf-8"))
BANDS = {"counted": "from the threshold", "over": "claim"}


def at(tree: Any, path: str) -> tuple[Any, Any]:
    """The node above a place, and the key or number of the place in it."""
    *above, last = path.split("/")
    for step in above:
        tree = tree[int(step) if isinstance(tree, list) else step]
    return tree, int(last) if isinstance(tree, list) else last


def policy_of(case: dict[str, Any]) -> Any:
    tree = YAML_.load((HERE / f"{case.get('model', 'resident')}.yaml").read_text(encoding="utf-8"))
    for path in case.get("drop", ()):
        node, key = at(tree, path)
        del node[key]
    for path, value in {**case.get("set", {}), **case.get("also", {})}.items():
        node, key = at(tree, path)
        node[key] = value
    critical = tree["layers"][1]["critical illness insurance"] if len(tree["layers"]) > 1 else {}
    if bands := case.get("bands"):
        del critical["pays"]
        critical["pays in bands"] = BANDS | {"bands": [{"up to": 50000, "pays": bands[0]}, {"above": bands[1]}]}
    if fixed := case.get("fixed"):
        assistance = tree["layers"][2]["medical assistance"]
        del assistance["pays"]
        assistance["pays fixed"] = fixed
    stream = io.StringIO()
    YAML().dump(tree, stream)
    return read_policy_text(stream.getvalue(), "case.yaml")


def finding_of(case: dict[str, Any]) -> Finding:
    (rule,) = [rule for rule in national_rules() if rule.id == case["rule"]]
    (found,) = lint(policy_of(case), (rule,))
    return found


@pytest.mark.parametrize("case", CASES, ids=[f"{case['rule']}-{case['answer']}" for case in CASES])
def test_each_case(case: dict[str, Any]) -> None:
    found = finding_of(case)
    assert found.answer == case["answer"], Teller("en").lines(found)
    if by := case.get("by"):
        number, unit = by.split(" ")
        assert found.by == Fraction(number) * {"yuan": 100, "points": Fraction(1, 100), "months": 1}[unit]
    if why := case.get("why"):
        assert found.missing is not None and why in found.missing.en
    for lang in ("zh", "en"):
        assert all(Teller(lang).lines(found))


def test_every_rule_has_its_three_cases() -> None:
    for rule in national_rules():
        answers = {case["answer"] for case in CASES if case["rule"] == rule.id}
        assert {"conforms", "departs", "cannot tell"} <= answers, rule.id


def test_a_policy_is_judged_by_the_law_of_its_time() -> None:
    old = {finding.rule.id for finding in lint(policy_of({"model": "resident-2016"}))}
    assert old == {"critical-rate-2012", "assistance-rate-2015"}
    assert lint(read_policy(find_policy("xx-district/resident-2007"))) == []


def test_the_model_county_conforms_to_all() -> None:
    found = {finding.rule.id: finding.answer for finding in lint(policy_of({}))}
    assert set(found.values()) <= {"conforms", "within about"}
    assert len(found) == sum(1 for r in national_rules() if r.scheme in ("resident", "all") and r.end is None)


CRITICAL, BASIC = "layers/1/critical illness insurance", "layers/0/basic insurance"


def lines_of(rule: str, lang: str, **changes: object) -> str:
    return "\n".join(Teller(lang).lines(finding_of({"rule": rule, **changes})))


def test_no_cap_stated_is_not_said_to_be_unlimited() -> None:
    """The one rule bounds the caps together from below, the other forbids a cap."""
    cap = f"{BASIC}/at most per year"
    silent = finding_of({"rule": "cap-of-residents", "drop": [cap]})
    assert silent.answer == "cannot tell" and silent.missing is not None
    assert silent.missing.zh == "政策未写明“基本医疗保险”的封顶线"
    assert silent.missing.en == "the policy states no cap of basic insurance"
    unlimited = {"set": {cap: "no limit", f"{CRITICAL}/at most per year": "no limit"}}
    assert finding_of({"rule": "cap-of-residents", **unlimited}).answer == "conforms"
    assert "本地为不封顶（" in lines_of("cap-of-residents", "zh", **unlimited)
    assert "here no cap (" in lines_of("cap-of-residents", "en", **unlimited)
    rule, dropped = "critical-cap-of-the-poor", {"drop": [f"{CRITICAL}/at most per year"]}
    assert "本地为不封顶，国家规定为不封顶" in lines_of(rule, "zh", **unlimited)
    assert "本地未写明封顶线，国家规定为不封顶" in lines_of(rule, "zh", **dropped)
    assert "here no cap is stated, wanted no cap" in lines_of(rule, "en", **dropped)


def test_what_cannot_be_told_says_nothing_of_a_claim_to_settle() -> None:
    told = "".join(Teller("zh").text({"x": lint(read_policy(find_policy("guangzhou/resident-2022")))}))
    assert "没有数值：政策文件写明“未知”" in told
    assert "本单" not in told and "方可结算" not in told


def test_the_whole_library_is_judged_in_three_forms() -> None:
    found = {name: lint(read_policy(find_policy(name))) for name in policy_ids()}
    for lang in ("zh", "en"):
        assert Teller(lang).text(found).count("\n") > len(found)
    data = json.loads(as_json(found))
    assert {one["answer"] for one in data["findings"]} <= set(ANSWERS)
    sarif = json.loads(as_sarif(found, "zh"))
    jsonschema.validate(sarif, SARIF)
    results = sarif["runs"][0]["results"]
    told = [one for findings in found.values() for one in findings if one.measured is not None]
    assert len(results) == len(told)
    assert sum(result["level"] == "warning" for result in results) == sum(one.answer == "departs" for one in told)


SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "results": {
                        "items": {
                            "required": ["ruleId", "message", "locations", "kind", "level"],
                            "properties": {
                                "kind": {"enum": ["pass", "fail"]},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                            },
                        }
                    }
                },
            },
        },
    },
}
"""The part of the SARIF 2.1.0 schema that the report uses."""
